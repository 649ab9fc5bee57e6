"""Built grammars are kept, but only read from where nobody else can write."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scmigen.devicetree import grammar_cache, grammars
from scmigen.devicetree.lalr import Parser, Tables

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX owners")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scmigen"


DATA = Tables({"A": "a"}, ["A"], [], [("r", [True])], [{"A": 1}], [{"r": 2}], {"r": [0, 2]})


def kept(depends_on: str = "d") -> Tables | None:
    return grammar_cache.read("n", depends_on)


def as_json(tables: Tables) -> Tables:
    """JSON has lists only."""
    return tables._replace(rules=[list(rule) for rule in tables.rules])


def test_kept(folder: Path) -> None:
    assert kept() is None
    grammar_cache.write("n", "d", DATA)
    assert kept() == as_json(DATA)
    assert kept("other") is None
    assert folder.stat().st_mode & 0o077 == 0


def test_not_read_where_others_may_write(folder: Path) -> None:
    grammar_cache.write("n", "d", DATA)
    folder.chmod(0o777)
    assert kept() is None


def test_not_written_where_others_may_write(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    grammar_cache.write("n", "d", DATA)
    assert list(folder.iterdir()) == []


def test_no_file_that_others_may_write(folder: Path) -> None:
    grammar_cache.write("n", "d", DATA)
    (file,) = folder.iterdir()
    file.chmod(0o666)
    assert kept() is None


def test_no_folder_behind_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    grammar_cache.write("n", "d", DATA)
    assert kept() is None
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nowhere_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    grammar_cache.write("n", "d", DATA)
    assert kept() is None


def parses(grammar: Parser) -> bool:
    tokens = grammar.accept("/dts-v1/; / { p; };", "source")
    return [kind for kind, _, _ in tokens] == ["V1", "ROOT", "_CLOSE"]


@pytest.fixture
def fresh(folder: Path):  # noqa: ARG001 - sets where grammars are kept
    """Grammars compiled or read as in a new process."""
    grammars.structure.cache_clear()
    yield grammars.structure
    grammars.structure.cache_clear()


def test_a_kept_grammar_is_the_same(folder: Path, fresh) -> None:
    built = fresh()
    fresh.cache_clear()
    read = fresh()
    assert parses(built)
    assert parses(read)
    assert as_json(built.tables) == read.tables
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"junk", b"1", b"{}", b"00000000\n{}", b"\xff" * 9])
def test_a_damaged_one_is_built_anew(folder: Path, fresh, damage: bytes) -> None:
    fresh()
    fresh.cache_clear()
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert parses(fresh())
    assert file.read_bytes() != damage


def test_one_wrong_byte_is_found(folder: Path, fresh) -> None:
    fresh()
    (file,) = folder.iterdir()
    data = bytearray(file.read_bytes())
    data[data.index(b"LEAVES")] ^= 1
    file.write_bytes(data)
    assert grammar_cache.read("dts", grammars.grammar_text("dts")) is None


def test_a_kept_grammar_needs_no_lark(folder: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """Nor anything else that a run can do without."""
    source = tmp_path / "a.dts"
    source.write_text("/dts-v1/; / { p = <(1 + 2)>; };")
    program = (
        "import sys; from pathlib import Path; from scmigen.devicetree.load import load\n"
        f"print(load(Path({str(source)!r})).root.properties['p'].cells())\n"
        "print([name for name in ('lark', 'fdt', 'pcpp', 'subprocess') if name in sys.modules])"
    )
    for expected in ("['lark'", "[]"):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("(3,)\n" + expected)
