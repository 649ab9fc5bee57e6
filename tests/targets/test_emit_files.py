"""Output gets to disk all or nothing, only where it changed, and without leftovers."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from scmigen.diagnostics import InputError
from scmigen.targets.common import exclusive
from scmigen.targets.common.change import Change
from scmigen.targets.common.files import Beside, File, OvertakenError
from scmigen.targets.common.manifest import MANIFEST
from scmigen.targets.common.replace import write_one
from scmigen.targets.common.write import write


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


@pytest.mark.parametrize(("first", "second"), [("out/a", "out"), ("out", "out/a")])
@pytest.mark.parametrize("there", [False, True])
def test_a_build_into_a_folder_of_another_build_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str, there: bool
) -> None:
    """Each holds all folders that it writes to: files it has prepared are not swept."""
    files = {
        "out/a": [File("b.txt", b"inner")],
        "out": [File("a/c.txt", b"o"), File("d.txt", b"o")],
    }
    if there:
        for name in ("out", "out/a"):
            write(tmp_path / name, [replace(file, content=b"before") for file in files[name]])
    monkeypatch.setattr(exclusive, "PATIENCE", 0.1)
    apply, calls = Change.apply, []

    def applied(change: Change) -> None:
        calls.append(change)
        if len(calls) == 2:  # the manifest is written, the outputs are prepared
            with pytest.raises(InputError, match="locked"):
                write(tmp_path / second, files[second])
        apply(change)

    monkeypatch.setattr(Change, "apply", applied)
    write(tmp_path / first, files[first])
    write(tmp_path / second, files[second])
    assert listing(tmp_path / "out") == {"a/b.txt", "a/c.txt", "d.txt"}
    assert (tmp_path / "out/a/b.txt").read_bytes() == b"inner"
    assert (tmp_path / "out/a/c.txt").read_bytes() == b"o"


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
    assert write(tmp_path, [], [Beside(tmp_path / "x", b"lock")]).removed == ()
    assert (tmp_path / "x").read_bytes() == b"lock"
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "x"]


def test_files_beside_the_folder_go_with_it(tmp_path: Path) -> None:
    lock, rule = tmp_path / "a.ids", tmp_path / "new" / "a.d"
    lock.write_bytes(b"old")
    lock.chmod(0o640)
    write(tmp_path / "out", [File("a.txt", b"1")], [Beside(lock, b"new"), Beside(rule, b"rule")])
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
    beside = [Beside(tmp_path / "lock", b"new"), Beside(tmp_path / last, b"new")]
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
    with pytest.raises(InputError, match="not of scmigen"):
        write(out, [File("a.txt", b"1")])
    write(out, [File("a.txt", b"1")], force=True)
    assert (precious / "a.txt").read_text() == "mine"
    assert (out / "a.txt").read_bytes() == b"1"
    assert not (out / "a.txt").is_symlink()


def test_devices_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        write_one(tmp_path / "pipe", b"1")


def made(*names: str, content: bytes = b"made") -> list[File]:
    return [File(name, content) for name in names]


def test_a_file_of_somebody_else_is_not_replaced_without_force(tmp_path: Path) -> None:
    """All of them are named at once; one that has the same content is no obstacle."""
    for name, text in (("a.txt", "mine"), ("b.txt", "mine too"), ("same.txt", "made")):
        (tmp_path / name).write_text(text)
    before = everything(tmp_path)
    files = made("a.txt", "b.txt", "same.txt", "new/c.txt")
    with pytest.raises(InputError) as raised:
        write(tmp_path, files)
    found = [(item.id, str(item.position)) for item in raised.value.diagnostics]
    assert found == [("output-foreign", str(tmp_path / name)) for name in ("a.txt", "b.txt")]
    assert everything(tmp_path) == before
    assert write(tmp_path, files, force=True).changed == ("a.txt", "b.txt", "new/c.txt")


def test_what_was_edited_is_neither_replaced_nor_removed(tmp_path: Path) -> None:
    write(tmp_path, made("kept.txt", "a/stale.txt", "a/edited.txt"))
    (tmp_path / "a/edited.txt").write_text("edited")
    written = write(tmp_path, made("kept.txt"))
    assert written.removed == ("a/stale.txt",)
    (left,) = written.diagnostics
    assert (left.id, [item.message for item in left.related]) == ("output-left", ["a/edited.txt"])
    assert listing(tmp_path) == {"kept.txt", "a/edited.txt"}
    (tmp_path / "kept.txt").write_text("edited")
    with pytest.raises(InputError, match="was changed since scmigen wrote it"):
        write(tmp_path, made("kept.txt", content=b"new"))
    assert (tmp_path / "kept.txt").read_text() == "edited"


def test_a_list_of_an_earlier_version_lets_replace_but_not_remove(tmp_path: Path) -> None:
    for name in ("a.txt", "stale.txt"):
        (tmp_path / name).write_text("old")
    (tmp_path / MANIFEST).write_text(json.dumps({"files": ["a.txt", "stale.txt"]}))
    written = write(tmp_path, made("a.txt"))
    assert (written.changed, written.removed) == (("a.txt",), ())
    assert [item.message for item in written.diagnostics[0].related] == ["stale.txt"]
    assert write(tmp_path, made("a.txt")).diagnostics == ()


def test_folders_that_get_empty_go(tmp_path: Path) -> None:
    write(tmp_path, made("a/b/c/one.txt", "a/b/two.txt", "d/three.txt"))
    (tmp_path / "d/mine").write_text("mine")
    write(tmp_path, [])
    assert {path.name for path in tmp_path.rglob("*")} == {MANIFEST, "d", "mine"}


def test_a_hidden_file_is_never_removed(tmp_path: Path) -> None:
    """A manifest that came with a repository may know what is in .git/HEAD."""
    write(tmp_path, made(".git/HEAD", "a.txt"))
    assert write(tmp_path, []).removed == ("a.txt",)
    assert (tmp_path / ".git/HEAD").exists()


def test_a_lock_that_another_run_replaced_is_not_lost(tmp_path: Path) -> None:
    lock, out = tmp_path / "ids", tmp_path / "out"
    lock.write_bytes(b"theirs")
    with pytest.raises(OvertakenError):
        write(out, made("a.txt"), [Beside(lock, b"ours", b"old")])
    with pytest.raises(OvertakenError):
        write(out, made("a.txt"), [Beside(lock, b"ours", b"")])
    assert (lock.read_bytes(), out.exists()) == (b"theirs", False)
    write(out, made("a.txt"), [Beside(lock, b"ours", b"theirs")])
    assert lock.read_bytes() == b"ours"


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_something_else_in_place_of_the_manifest_is_named(tmp_path: Path, kind: str) -> None:
    place = tmp_path / MANIFEST
    if kind == "folder":
        place.mkdir()
    elif kind == "link":
        place.symlink_to("/dev/zero")
    else:
        os.mkfifo(place)
    with pytest.raises(InputError) as raised:
        write(tmp_path, made("a.txt"))
    assert [str(item.position) for item in raised.value.diagnostics] == [str(place)]
    assert listing(tmp_path) == set()


def test_a_full_disk_leaves_all_as_it_was(tmp_path: Path) -> None:
    """The limit of a file's size fails as a full disk does: while the content is written."""
    resource = pytest.importorskip("resource")
    lock = tmp_path / "ids"
    write(tmp_path / "out", made("a.txt", "old.txt"), [Beside(lock, b"old")])
    before = everything(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(InputError, match=r"cannot write .*big\.txt: File too large"):
            write(
                tmp_path / "out",
                [*made("a.txt", content=b"new"), File("new/big.txt", bytes(3000))],
                [Beside(lock, b"new")],
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert everything(tmp_path) == before


def test_an_unchanged_build_writes_nothing(tmp_path: Path) -> None:
    """Not even beside its files: the folder keeps its time stamp."""
    write(tmp_path, made("a/b.txt"))
    for folder in (tmp_path, tmp_path / "a"):
        os.utime(folder, ns=(1, 1))
    assert write(tmp_path, made("a/b.txt")).changed == ()
    assert {path.stat().st_mtime_ns for path in (tmp_path, tmp_path / "a")} == {1}


def test_an_unchanged_build_waits_for_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another one holds the folder but has not changed its manifest."""
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(exclusive, "PATIENCE", 0.1)
    out, lock = tmp_path / "out", Beside(tmp_path / "lock", b"1")
    write(out, made("a/b.txt"), [lock])
    handle = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert write(out, made("a/b.txt"), [lock]).changed == ()
        for other in (made("a/c.txt"), made("a/b.txt", "c.txt")):
            with pytest.raises(InputError, match="locked"):
                write(out, other, [lock])
        with pytest.raises(InputError, match="locked"):
            write(out, made("a/b.txt"), [Beside(tmp_path / "lock", b"2", was=b"1")])
        with pytest.raises(InputError, match="locked"):
            write(out, made("a/b.txt"), [lock], stamps=[tmp_path / "stamp"])
    finally:
        os.close(handle)
