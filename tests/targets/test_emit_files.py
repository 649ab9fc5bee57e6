"""Output gets to disk all or nothing, only where it changed, and without leftovers."""

import json
import os
from pathlib import Path

import pytest

from scmigen.diagnostics import InputError
from scmigen.targets.common.files import MANIFEST, File, write, write_one


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


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file and folder, hidden ones too, with content and time stamp."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.lstat().st_mtime_ns if path.is_file() else 0,
        )
        for path in folder.rglob("*")
    }


def test_a_file_beside_may_take_the_place_of_one_of_the_last_run(tmp_path: Path) -> None:
    write(tmp_path, [File("x", b"made")])
    assert write(tmp_path, [], [(tmp_path / "x", b"lock")]).removed == ()
    assert (tmp_path / "x").read_bytes() == b"lock"
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "x"]


def test_files_beside_the_folder_go_with_it(tmp_path: Path) -> None:
    lock, rule = tmp_path / "a.ids", tmp_path / "new" / "a.d"
    lock.write_bytes(b"old")
    lock.chmod(0o640)
    write(tmp_path / "out", [File("a.txt", b"1")], [(lock, b"new"), (rule, b"rule")])
    assert (lock.read_bytes(), rule.read_bytes()) == (b"new", b"rule")
    assert lock.stat().st_mode & 0o777 == 0o640
    assert listing(tmp_path) == {"out/a.txt", "a.ids", "new/a.d"}


@pytest.mark.parametrize("last", ["file/rule.d", "folder", "out/a.txt", "out/a.txt/rule.d"])
def test_where_the_last_one_cannot_be_written_nothing_is(tmp_path: Path, last: str) -> None:
    """A file in place of a folder, a folder in place of a file, one file for two things."""
    out = tmp_path / "out"
    write(out, [File("a.txt", b"old"), File("gone.txt", b"old")])
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()
    (tmp_path / "lock").write_text("old")
    before = everything(tmp_path)
    beside = [(tmp_path / "lock", b"new"), (tmp_path / last, b"new")]
    with pytest.raises(InputError) as raised:
        write(out, [File("a.txt", b"new"), File("deep/er/b.txt", b"new")], beside)
    (found,) = raised.value.diagnostics
    assert found.id == "output-unwritable"
    assert last in str(found.position)
    assert everything(tmp_path) == before


def test_what_fails_on_the_way_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails when all but the last file are in place already."""
    write(tmp_path, [File("a.txt", b"old"), File("b.txt", b"old"), File("gone.txt", b"old")])
    before = everything(tmp_path)
    unlink = Path.unlink

    def fails(path: Path, missing_ok: bool = False) -> None:
        if path.name == "gone.txt":
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", fails)
    with pytest.raises(InputError, match=r"gone\.txt: Permission denied"):
        write(tmp_path, [File("a.txt", b"new"), File("b.txt", b"old"), File("new/c.txt", b"new")])
    assert everything(tmp_path) == before


def test_a_link_of_the_user_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/ids")
    write_one(tmp_path / "link", b"1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/ids").read_bytes() == b"1"


def test_a_link_in_the_output_leads_nowhere_else(tmp_path: Path) -> None:
    """Neither does writing follow it, nor does a manifest reach through it."""
    out, precious = tmp_path / "out", tmp_path / "precious"
    precious.mkdir()
    (precious / "a.txt").write_text("mine")
    out.mkdir()
    (out / "a.txt").symlink_to("../precious/a.txt")
    (out / "away").symlink_to("../precious")
    (out / MANIFEST).write_text(json.dumps({"files": ["away/a.txt"]}))
    write(out, [File("a.txt", b"1")])
    assert (precious / "a.txt").read_text() == "mine"
    assert (out / "a.txt").read_bytes() == b"1"


def test_devices_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        write_one(tmp_path / "pipe", b"1")
