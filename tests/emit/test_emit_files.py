"""Output gets to disk all or nothing, only where it changed, and without leftovers."""

import json
import os
from pathlib import Path

import pytest

from scmigen.diagnostics import InputError
from scmigen.emit.files import MANIFEST, File, write


def listing(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_files_are_written_below_the_folder(tmp_path: Path) -> None:
    written = write(tmp_path / "out", [File("a/b.txt", b"1"), File("c.txt", b"2")])
    assert written.changed == ("a/b.txt", "c.txt")
    assert (tmp_path / "out/a/b.txt").read_bytes() == b"1"
    assert listing(tmp_path / "out") == {"a/b.txt", "c.txt"}


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    files = [File("a.txt", b"1")]
    write(tmp_path, files)
    os.utime(tmp_path / "a.txt", ns=(1, 1))
    assert write(tmp_path, files).changed == ()
    assert (tmp_path / "a.txt").stat().st_mtime_ns == 1


def test_what_is_not_made_any_more_goes_and_foreign_files_stay(tmp_path: Path) -> None:
    write(tmp_path, [File("old.txt", b"1"), File("kept.txt", b"1")])
    (tmp_path / "mine.txt").write_text("not of scmigen")
    written = write(tmp_path, [File("kept.txt", b"2")])
    assert written.removed == ("old.txt",)
    assert listing(tmp_path) == {"kept.txt", "mine.txt"}


@pytest.mark.parametrize("path", ["../victim.txt", "/etc/victim", "a/../../victim.txt", 7, None])
def test_a_forged_manifest_removes_nothing_outside(tmp_path: Path, path: object) -> None:
    out = tmp_path / "out"
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    out.mkdir()
    (out / MANIFEST).write_text(json.dumps({"files": [path]}))
    write(out, [File("a.txt", b"1")])
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("text", ["", "[", '{"files": 3}', '{"files": {}}', "[" * 100_000])
def test_a_broken_manifest_is_no_manifest(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    assert write(tmp_path, [File("a.txt", b"1")]).changed == ("a.txt",)


def test_where_one_file_cannot_be_written_none_changes(tmp_path: Path) -> None:
    write(tmp_path, [File("a.txt", b"old")])
    (tmp_path / "b").write_text("a file where a folder is wanted")
    with pytest.raises(InputError, match="cannot write"):
        write(tmp_path, [File("a.txt", b"new"), File("b/c.txt", b"new")])
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert listing(tmp_path) == {"a.txt", "b"}
