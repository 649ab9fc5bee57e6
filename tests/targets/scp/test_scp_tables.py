"""The emitted tables, compiled and read as the firmware reads them, say what the model says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from targets.scp.scp_boards import BOARDS, emit
from targets.scp.scp_build import SANITIZE, build, modules, walk, write
from targets.scp.scp_expected import Expected

from scmigen.diagnostics import has_errors


def emitted(name: str) -> dict[str, str]:
    files, diagnostics = emit(BOARDS[name]())
    assert not has_errors(diagnostics)
    return {file.path: file.content.decode() for file in files}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("board", BOARDS)
def test_tables_say_what_the_model_says(
    board: str, compiler: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    files = emitted(board)
    folder = write(tmp_path, files)
    done = build(tool(compiler), folder, *(SANITIZE if compiler == "gcc" else ()))
    assert not done.stderr
    said = walk(folder)
    wanted = Expected(BOARDS[board](), modules(files["Firmware.cmake"])).lines()
    assert sorted(said) == sorted(wanted)


def test_runs_are_byte_for_byte_alike() -> None:
    first, second = emit(BOARDS["two_agents"]())[0], emit(BOARDS["two_agents"]())[0]
    assert first == second
