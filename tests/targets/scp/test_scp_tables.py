"""The emitted tables, compiled and read as the firmware reads them, say what the model says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from targets.scp.scp_boards import BOARDS, COMPLETE, emit
from targets.scp.scp_build import (
    HERE,
    SANITIZE,
    build,
    compile_command,
    configuration_of,
    modules,
    run,
    sources,
    walk,
    write,
)
from targets.scp.scp_expected import Expected
from targets.scp.scp_values import undecided, values
from turns import only

from scmigen.diagnostics import has_errors


def emitted(name: str) -> dict[str, str]:
    files, diagnostics = emit(BOARDS[name]())
    assert not has_errors(diagnostics)
    return {file.path: file.content.decode() for file in files}


#: By default clang compiles those that have every table together.
CLANG = only(((board, "clang") for board in COMPLETE), [(board, "clang") for board in BOARDS])


@pytest.mark.parametrize(("board", "compiler"), [*((board, "gcc") for board in BOARDS), *CLANG])
def test_tables_say_what_the_model_says(
    board: str, compiler: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    files = emitted(board)
    folder = write(tmp_path, files)
    done = build(tool(compiler), folder, *(SANITIZE if compiler == "gcc" else ()))
    assert not done.stderr
    said, platform = walk(folder), BOARDS[board]()
    wanted = Expected(platform, modules(files["Firmware.cmake"])).lines()
    assert sorted(said) == sorted(wanted)
    assert values(said, configuration_of(platform)) == []


#: ``config_…`` for the framework; ranges, which armclang has; masks in fields of an enumeration.
TOLERATED = ("missing-variable-declarations", "gnu-designator", "assign-enum", "padded")


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["arm-none-eabi -mcpu=cortex-m3", "aarch64-none-elf"])
@pytest.mark.parametrize("board", BOARDS)
def test_the_compiler_that_armclang_is_made_from_warns_of_nothing(
    board: str, machine: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """The flags are those of SCP-firmware's ``ArmClang-Baremetal.cmake``, and every warning."""
    folder = write(tmp_path, emitted(board))
    flags = "-ffunction-sections -fdata-sections -Weverything"
    if machine.startswith("arm"):
        flags += " -mfloat-abi=soft"
    command = compile_command(f"{tool('clang')} --target={machine} {flags}", folder)
    here = f"-I{HERE / 'include'}"
    command[command.index(here)] = here.replace("-I", "-isystem")
    command += [f"-Wno-{word}" for word in TOLERATED]
    for source in sources(folder):
        assert not run([*command, "-fsyntax-only", str(source)]).stderr


def test_every_field_of_the_runtime_configuration_is_compared_or_has_a_reason() -> None:
    assert not [*undecided()]


#: What the walker would print of tables with another value, and the field that is wrong then.
OTHER_VALUES = {
    " latency=251 ": (" latency=0 ", "latency of performance domain 0"),
    "rates 2 boot=600000000": ("rates 2 boot=100000000", "rate of clock 2 at boot"),
    "rates 0 boot=24000000 24": ("rates 0 boot=24000000 23", "rates of clock 0"),
    "850000 alarm": ("700000 alarm", "supply of performance domain 0 at boot"),
    " 600000 1000000 12500": (" 600000 1000000 25000", "levels of voltage domain 2"),
    "600000/850/600000/0": ("600000/851/600000/0", "voltage of level 600000"),
    "300000/812/300000/0": ("300000/812/300000/1", "power of level 300000"),
    "clock=element:3:2 ": ("clock=element:3:4 ", "clock of performance domain 0"),
    "vendor name=73636d6967656e": ("vendor name=73", "vendors"),
    "agent 1 type=2": ("agent 1 type=3", "type of linux"),
}


def test_another_value_is_told(tool: Callable[[str], str], tmp_path: Path) -> None:
    files = emitted("scaled")
    folder = write(tmp_path, files)
    assert not build(tool("gcc"), folder).stderr
    said, configuration = "\n".join(walk(folder)), configuration_of(BOARDS["scaled"]())
    index = modules(files["Firmware.cmake"]).index("clock")
    for right, (wrong, field) in OTHER_VALUES.items():
        right, wrong = (text.replace("element:3:", f"element:{index}:") for text in (right, wrong))
        assert right in said, right
        found = values(said.replace(right, wrong).splitlines(), configuration)
        assert any(text.startswith(field) for text in found), (field, found)


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
