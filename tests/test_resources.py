"""What is kept between runs is read only where this user alone can have written it, undamaged."""

import os
import time
from pathlib import Path

import pytest

from scmigen.resources import MAX_KEPT, UNUSED, keep, kept

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX owners")

CONTENT = b"what an earlier run made"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scmigen"


def test_what_was_kept_is_read_under_its_name_alone(folder: Path) -> None:
    assert kept("a") is None
    keep("a", CONTENT)
    assert kept("a") == CONTENT
    assert kept("b") is None
    assert folder.stat().st_mode & 0o077 == 0


def test_what_was_kept_last_counts(folder: Path) -> None:
    keep("a", b"first")
    keep("a", CONTENT)
    assert kept("a") == CONTENT
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_a_flipped_byte_is_found(folder: Path) -> None:
    keep("a", CONTENT)
    good = (folder / "a").read_bytes()
    for at in range(len(good)):
        for flip in (1, 0x80, 0xFF):
            bad = good[:at] + bytes((good[at] ^ flip,)) + good[at + 1 :]
            (folder / "a").write_bytes(bad)
            assert kept("a") is None


def aged(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_what_is_not_used_for_long_is_removed(folder: Path) -> None:
    """A run that keeps something new looks; what is used is young again."""
    folder.mkdir(mode=0o700)
    for name in ("old", "young", "tmpof_a_killed_run"):
        (folder / name).write_bytes(b"")
        aged(folder / name, UNUSED + 100)
    aged(folder / "young", UNUSED - 100)
    (folder / "a folder").mkdir()
    aged(folder / "a folder", UNUSED + 100)
    keep("a", CONTENT)
    assert {path.name for path in folder.iterdir()} == {"young", "a folder", "a"}


def test_what_is_read_counts_as_used(folder: Path) -> None:
    keep("a", CONTENT)
    aged(folder / "a", UNUSED - 100)
    assert kept("a") == CONTENT
    assert time.time() - (folder / "a").stat().st_mtime < UNUSED / 2


@pytest.mark.parametrize("end", [0, 1, 3, 4, 5, -1])
def test_a_truncated_file_is_not_read(folder: Path, end: int) -> None:
    keep("a", CONTENT)
    (folder / "a").write_bytes((folder / "a").read_bytes()[:end])
    assert kept("a") is None


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    keep("a", bytes(MAX_KEPT))
    assert folder.is_dir()
    assert kept("a") is None


def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    keep("a", CONTENT)
    folder.chmod(0o777)
    assert kept("a") is None
    keep("b", CONTENT)
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_a_file_that_others_may_write_to_is_not_read(folder: Path) -> None:
    keep("a", CONTENT)
    (folder / "a").chmod(0o666)
    assert kept("a") is None


def test_a_folder_behind_a_link_is_not_used(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    keep("a", CONTENT)
    assert kept("a") is None
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_where_nothing_can_be_written_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    keep("a", CONTENT)
    assert kept("a") is None
