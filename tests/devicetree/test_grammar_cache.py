"""Compiled grammars are kept for later runs, which then do without Lark."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scmigen.devicetree import grammar_source, grammars
from scmigen.devicetree.lalr import Parser

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX owners")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scmigen"


@pytest.fixture
def in_new_run(folder: Path) -> Iterator[Callable[[], Parser]]:  # noqa: ARG001 - sets where grammars are kept
    """The grammar of the structure, compiled or read as in a new process."""

    def made() -> Parser:
        grammars.structure.cache_clear()
        return grammars.structure()

    yield made
    grammars.structure.cache_clear()


def parses(grammar: Parser) -> bool:
    tokens = grammar.accept("/dts-v1/; / { p; };", "source")
    return [kind for kind, _, _ in tokens] == ["V1", "ROOT", "_CLOSE"]


def test_a_kept_grammar_is_the_compiled_one(folder: Path, in_new_run: Callable[[], Parser]) -> None:
    built, read = in_new_run(), in_new_run()
    assert parses(built)
    assert parses(read)
    # JSON has lists only.
    rules = [list(rule) for rule in built.tables.rules]
    assert read.tables == built.tables._replace(rules=rules)
    assert len(list(folder.iterdir())) == 1


def test_another_grammar_is_kept_beside_the_first(
    folder: Path, in_new_run: Callable[[], Parser], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_new_run()
    text = grammar_source.grammar_text("dts")
    monkeypatch.setattr(grammar_source, "grammar_text", lambda _: f"{text}// changed\n")
    in_new_run()
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    "damage",
    [b"", b"junk", b"00000000\n{}", b"\xff" * 9],
    ids=["empty", "junk", "other format", "not text"],
)
def test_a_damaged_one_is_compiled_anew(
    folder: Path, in_new_run: Callable[[], Parser], damage: bytes
) -> None:
    in_new_run()
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert parses(in_new_run())
    assert file.read_bytes() != damage


def test_a_grammar_has_the_same_tables_in_each_process() -> None:
    """Lark numbers its states as its sets are ordered; a wheel is made again byte for byte."""
    program = "from scmigen.devicetree.grammar_source import module_source; print(module_source())"
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "01"
    }
    assert len(made) == 1


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
