"""Sources that would make a preprocessor take all memory or never end."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scmigen.devicetree import preprocess
from scmigen.diagnostics import InputError

#: Eight to the power of ten words.
BOMB = "\n".join(
    ["#define A0 x", *(f"#define A{n} {' '.join([f'A{n - 1}'] * 8)}" for n in range(1, 11)), "A10"]
)


@pytest.fixture(params=["gcc", "clang", "pcpp"])
def preprocessed(
    request: pytest.FixtureRequest,
    tool: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], str]:
    """What a preprocessor says of a source."""
    command = None
    if request.param != "pcpp":
        command = (tool(request.param), "-E")
    monkeypatch.setattr(preprocess, "find_preprocessor", lambda: command)
    monkeypatch.setattr(preprocess, "TIME_LIMIT", 1)

    def run(text: str) -> str:
        source = tmp_path / "board.dts"
        source.write_text(text)
        with pytest.raises(InputError) as problem:
            preprocess.preprocess(source)
        return problem.value.diagnostics[0].message

    return run


def test_a_device_without_an_end(preprocessed: Callable[[str], str]) -> None:
    said = preprocessed('#include "/dev/zero"\n')
    assert any(words in said for words in ("/dev/zero", "512 MiB", "more than 1 seconds"))


def test_a_file_that_never_comes(preprocessed: Callable[[str], str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.h")
    said = preprocessed('#include "fifo.h"\n')
    assert "more than 1 seconds" in said or "fifo.h" in said


def test_macros_that_grow(preprocessed: Callable[[str], str]) -> None:
    said = preprocessed(BOMB)
    assert any(words in said for words in ("more than", "exceeds"))


def test_a_source_that_includes_itself(preprocessed: Callable[[str], str]) -> None:
    assert preprocessed('#include "board.dts"\n')


def test_messages_without_an_end(
    preprocessed: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go to a file, which is bounded as what is read of it is."""
    monkeypatch.setattr(preprocess, "TIME_LIMIT", 20)
    said = preprocessed(f"#warning {'x' * 200_000}\n" + '#include "board.dts"\n' * 2)
    assert "seconds" not in said


#: Sources beyond a bound of pcpp's, and what is said of them.
SOURCES = {
    "macros": (BOMB, "there are more than 2000 macros to expand"),
    "macros in #if": (
        BOMB.replace(" x", " +1").replace("\nA10", "\n#if A10\n#endif"),
        "there are more than 2000 macros to expand",
    ),
    "arguments": (
        "#define F(x) x x\n#define G(x) F(x)\n" + "G(" * 20 + "1" + ")" * 20,
        "arguments of macros have more than 30000 characters",
    ),
    "a line that grows": (
        "#define F(x) x x\n" + "F(" * 20 + "1" + ")" * 20,
        "a line of macros becomes more than 40000 tokens",
    ),
    "a long line": (f"#define X {'1 ' * 30_000}\nX\n", "it reads more than 50000 characters"),
    "a header again and again": (
        '#include "long.h"\n' * 30,
        "it reads more than 50000 characters",
    ),
    "itself": (
        '#include "board.dts"\n' * 2,
        "#include is nested more than 200 deep",
    ),
    "open parentheses": (
        f"#if {'(' * 2000}1\n#endif\n",
        f"this is not an expression: {'(' * 200}…",
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_pcpp_says_what_is_too_much(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound, value in {
        "EXPANSIONS": 2000,
        "ARGUMENTS": 30_000,
        "TEXT": 50_000,
        "TOKENS": 40_000,
    }.items():
        monkeypatch.setattr(f"scmigen.devicetree.pcpp_run.MAX_{bound}", value)
    text, told = SOURCES[name]
    (tmp_path / "long.h").write_text(f"/* {'x' * 10_000} */\n")
    (tmp_path / "board.dts").write_text(text)
    with pytest.raises(InputError) as problem:
        preprocess.preprocess_with_pcpp(tmp_path / "board.dts", (), ())
    (said, *_) = problem.value.diagnostics
    assert said.message == f"preprocessor: {told}"
    assert said.position is not None
    assert said.position.file == str(tmp_path / "board.dts")


@pytest.mark.parametrize(
    "text",
    [
        "#if " + "(" * 2000 + "1" + ")" * 2000,
        "#if " + "- " * 2000 + "1",
        "#if 1\n" * 2000 + "#endif\n" * 1999,
        "#if " + "1?" * 2000 + "1" + ":1" * 2000,
    ],
    ids=["parentheses", "signs", "conditions", "choices"],
)
def test_nesting_that_pcpp_takes(text: str, tmp_path: Path) -> None:
    (tmp_path / "board.dts").write_text(f"{text}\nyes\n#endif\n")
    made = preprocess.preprocess_with_pcpp(tmp_path / "board.dts", (), ())
    assert "yes" in made.text.split()


@pytest.mark.parametrize(
    "condition",
    [
        "(1 << 8000000000) == 0 && (1U << 64) == 0",  # as gcc has it
        "(1 << 3) == 8 && (1 << 63) < 0 && (-1 << 4) == -16",
        "||".join(['__has_include("board.dts")'] * 2000),
        "(__has_include) + 1 " + "|| !(1)" * 2000,
    ],
    ids=["far", "near", "calls", "no call"],
)
def test_expressions_that_pcpp_takes(condition: str, tmp_path: Path) -> None:
    """In no more memory and time than their size asks for."""
    (tmp_path / "board.dts").write_text(f"#if {condition}\nyes\n#endif\n")
    assert "yes" in preprocess.preprocess_with_pcpp(tmp_path / "board.dts", (), ()).text
