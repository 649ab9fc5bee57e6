"""Built grammars are kept, but only read from where nobody else can write."""

import os
import pickle
from pathlib import Path

import pytest

from scmigen.devicetree import grammar_cache, grammars

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX owners")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scmigen"


def kept(depends_on: str = "d") -> bytes | None:
    found = grammar_cache.read("n", depends_on)
    return None if found is None else found.read()


def test_kept(folder: Path) -> None:
    assert kept() is None
    grammar_cache.write("n", "d", b"data")
    assert kept() == b"data"
    assert kept("other") is None
    assert folder.stat().st_mode & 0o077 == 0


def test_not_read_where_others_may_write(folder: Path) -> None:
    grammar_cache.write("n", "d", b"data")
    folder.chmod(0o777)
    assert kept() is None


def test_not_written_where_others_may_write(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    grammar_cache.write("n", "d", b"data")
    assert list(folder.iterdir()) == []


def test_no_file_that_others_may_write(folder: Path) -> None:
    grammar_cache.write("n", "d", b"data")
    (file,) = folder.iterdir()
    file.chmod(0o666)
    assert kept() is None


def test_no_folder_behind_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    grammar_cache.write("n", "d", b"data")
    assert kept() is None
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nowhere_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    grammar_cache.write("n", "d", b"data")
    assert kept() is None


def parses(grammar: grammars.Grammar) -> bool:
    tree = grammar.parser.parse("/dts-v1/; / { p; };", start="source")
    return [item.data for item in tree.children] == ["header", "root"]


@pytest.fixture
def fresh(folder: Path):  # noqa: ARG001 - sets where grammars are kept
    """Grammars built or read as in a new process."""
    grammars.structure.cache_clear()
    yield grammars.structure
    grammars.structure.cache_clear()


def test_a_kept_grammar_is_the_same(folder: Path, fresh) -> None:
    built = fresh()
    fresh.cache_clear()
    read = fresh()
    assert parses(built)
    assert parses(read)
    assert built.terminals == read.terminals
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"junk", pickle.dumps(1), pickle.dumps({"data": 1})])
def test_a_damaged_one_is_built_anew(folder: Path, fresh, damage: bytes) -> None:
    fresh()
    fresh.cache_clear()
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert parses(fresh())
    assert file.read_bytes() != damage
