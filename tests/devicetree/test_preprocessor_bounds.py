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
    assert any(words in said for words in ("more than", "exceeds", "too many macros"))


def test_a_source_that_includes_itself(preprocessed: Callable[[str], str]) -> None:
    assert preprocessed('#include "board.dts"\n')


def test_messages_without_an_end(
    preprocessed: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go to a file, which is bounded as what is read of it is."""
    monkeypatch.setattr(preprocess, "TIME_LIMIT", 20)
    said = preprocessed(f"#warning {'x' * 200_000}\n" + '#include "board.dts"\n' * 2)
    assert "seconds" not in said
