"""Real boards within the limits, for one, two and five agents: compiled, and read cell by cell.

By default the compilers take turns, with boards enough that each meets each number of agents.
``pytest -m slow tests/targets/scp`` has every board with every compiler and number of agents, and
compares every table with the model.
"""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from targets.scp.scp_boards import divided, emit
from targets.scp.scp_build import agree, compile_command, run, sources, write
from turns import only

import scmigen
from scmigen.diagnostics import has_errors
from scmigen.model.platform import Platform
from scmigen.resources import directory

SHARED = directory("templates").parent.parent / "shared"
BOARDS = sorted(
    path.stem for path in (SHARED / "corpus").glob("*.dtb") if not path.stem.endswith(".symbols")
)


def compilers(tool: Callable[[str], str]) -> list[str]:
    """For this machine and for microcontrollers; there gcc too, where it is installed."""
    cross = [found for found in [shutil.which("arm-none-eabi-gcc")] if found]
    clang = tool("clang")
    return [tool("gcc"), clang, f"{clang} --target=arm-none-eabi -mcpu=cortex-m3", *cross]


@cache
def platforms(path: Path) -> tuple[Platform, ...]:
    return scmigen.compile(path).model.platforms


def compiles(compiler: str, platform: Platform, folder: Path) -> None:
    made, diagnostics = emit(platform)
    if has_errors(diagnostics):
        assert {item.id for item in diagnostics if has_errors([item])} == {"scp-limit"}
        return
    files = {file.path: file.content.decode() for file in made}
    write(folder, files)
    done = run([*compile_command(compiler, folder, *sources(folder)), "-fsyntax-only"])
    assert not done.stderr


@pytest.mark.parametrize("board", only(BOARDS[:12], BOARDS))
def test_real_boards_compile(
    board: str, corpus: Path, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """The compilers and one, two and five agents take turns, so that each meets each."""
    every, turn = compilers(tool), BOARDS.index(board)
    compiler, count = every[turn % len(every)], (1, 2, 5)[turn // len(every) % 3]
    for platform in platforms(corpus / f"{board}.dtb"):
        compiles(compiler, divided(platform, count), tmp_path / platform.name)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("board", BOARDS)
def test_every_table_of_every_board(
    board: str, count: int, corpus: Path, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Each compiler takes all files, and the tables that gcc made say what the model says."""
    for platform in platforms(corpus / f"{board}.dtb"):
        shared = divided(platform, count)
        for number, compiler in enumerate(compilers(tool)[1:]):
            compiles(compiler, shared, tmp_path / f"{platform.name}-{number}")
        if not has_errors(emit(shared)[1]):
            agree(shared, tool("gcc"), tmp_path / platform.name)
