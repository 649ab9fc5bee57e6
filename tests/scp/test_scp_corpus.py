"""Every real board within the limits, for one, two and five agents, compiles without a warning."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from scp.scp_boards import divided
from scp.scp_build import compile_command, run, sources, write

from scmigen.compile import Request, compile_board
from scmigen.diagnostics import has_errors
from scmigen.emit.scp import emit
from scmigen.model.platform import Platform
from scmigen.resources import directory

SHARED = directory("templates").parent.parent / "shared"
BOARDS = sorted(
    path.stem for path in (SHARED / "corpus").glob("*.dtb") if not path.stem.endswith(".symbols")
)


#: The compiler for microcontrollers takes its turns where it is installed.
CROSS = [found for found in [shutil.which("arm-none-eabi-gcc")] if found]


@cache
def platforms(path: Path) -> tuple[Platform, ...]:
    return compile_board(Request(path)).model.platforms


def compiles(compiler: str, platform: Platform, folder: Path) -> None:
    made, diagnostics = emit(platform)
    if has_errors(diagnostics):
        assert {item.id for item in diagnostics if has_errors([item])} == {"scp-limit"}
        return
    files = {file.path: file.content.decode() for file in made}
    write(folder, files)
    done = run([*compile_command(compiler, folder, *sources(folder)), "-fsyntax-only"])
    assert not done.stderr


@pytest.mark.parametrize("board", BOARDS)
def test_real_boards_compile(
    board: str, corpus: Path, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """The compilers take turns, so that each sees one, two and five agents on many boards."""
    compilers = [tool("gcc"), tool("clang"), *CROSS]
    turn = BOARDS.index(board)
    for platform in platforms(corpus / f"{board}.dtb"):
        for index, count in enumerate((1, 2, 5)):
            compiler = compilers[(turn + index) % len(compilers)]
            compiles(compiler, divided(platform, count), tmp_path / f"{platform.name}-{count}")
