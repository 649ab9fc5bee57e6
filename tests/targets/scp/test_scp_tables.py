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


def test_a_domain_and_the_agents_know_one_clock_and_one_supply(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Rates, levels and latency by hand; a clock that nobody knows comes after the others."""
    files = emitted("scaled")
    folder = write(tmp_path, files)
    assert not build(tool("gcc"), folder).stderr
    index = modules(files["Firmware.cmake"]).index("clock")
    said = walk(folder)
    assert "rates 2 boot=600000000 100000000 300000000 600000000 800000000" in said
    assert "rates 3 boot=500000000 1000000 200000000 500000000 900000000" in said
    assert "rates 4 boot=400000000 400000000" in said
    (levels,) = (line for line in said if line.startswith("levels 1 "))
    assert " boot=850000 " in levels
    assert levels.endswith(" 700000 812000 850000 900000")
    (levels,) = (line for line in said if line.startswith("levels 2 "))
    assert " type=1 boot=725000 " in levels
    assert levels.endswith(" 600000 1000000 12500")
    dvfs = [line for line in said if line.startswith("dvfs ")]
    # Number 1 is a hole, and does as the first domain.
    clocks = [2, 2, 3, 4]
    for line, clock, latency in zip(dvfs, clocks, (251, 251, 0, 0), strict=True):
        assert f"clock=element:{index}:{clock} " in line
        assert f" latency={latency} " in line


def test_runs_are_byte_for_byte_alike() -> None:
    first, second = emit(BOARDS["two_agents"]())[0], emit(BOARDS["two_agents"]())[0]
    assert first == second
