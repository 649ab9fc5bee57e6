"""Tables for other versions of SCP-firmware, compiled with the declarations of each.

The declarations in ``include`` were written from the headers of v2.14.0-242-gb34e5ceb, v2.16.0 and
57bb4a30. With those of another version than their own, tables do not compile, where they compile
with SCP-firmware itself and mean something else there.
"""

import re
from collections.abc import Callable, Mapping
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner
from targets.scp.scp_boards import BOARDS, COMPLETE, emit, with_options
from targets.scp.scp_build import SANITIZE, build, configuration_of, modules, walk, write
from targets.scp.scp_expected import Expected
from targets.scp.scp_values import values
from turns import only

from scmigen.cli.build import build as build_command
from scmigen.cli.main import cli
from scmigen.cli.values import OneOf
from scmigen.diagnostics import has_errors
from scmigen.model.platform import Platform
from scmigen.targets.option_types import Words, options_of
from scmigen.targets.scp.options import ScpOptions
from scmigen.targets.scp.version import VERSIONS

NUMBERS = {"2.14": 214, "2.16": 216, "2025-11": 202511}


def declared(version: str) -> str:
    return f"-DSCP_VERSION={NUMBERS[version]}"


def of(board: str, version: str) -> tuple[Platform, Mapping[str, str]]:
    platform = with_options(BOARDS[board](), version=version)
    files, diagnostics = emit(platform)
    assert not has_errors(diagnostics)
    return platform, {file.path: file.content.decode() for file in files}


#: By default those of `COMPLETE` in both versions, and others in turn.
TURNS = [(board, version) for board in BOARDS for version in ("2.16", "2025-11")]
CHOSEN = [turn for number, turn in enumerate(TURNS) if turn[0] in COMPLETE or number % 5 == 0]


@pytest.mark.parametrize(("board", "version"), only(CHOSEN, TURNS))
def test_tables_of_each_version_say_what_the_model_says(
    board: str, version: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    platform, files = of(board, version)
    folder = write(tmp_path, files)
    done = build(tool("gcc"), folder, declared(version), *SANITIZE)
    assert not done.stderr
    said = walk(folder)
    assert sorted(said) == sorted(Expected(platform, modules(files["Firmware.cmake"])).lines())
    assert values(said, configuration_of(platform)) == []


@pytest.mark.parametrize(("version", "other"), [*permutations(NUMBERS, 2)])
def test_tables_of_another_version_do_not_compile(
    version: str, other: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    _, files = of("two_agents", version)
    assert build(tool("gcc"), write(tmp_path, files), declared(other)).returncode


@pytest.mark.parametrize("version", NUMBERS)
def test_a_build_with_views_of_power_domains_is_stopped(
    version: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    _, files = of("two_agents", version)
    folder = write(tmp_path, files)
    done = build(tool("gcc"), folder, declared(version), "-DBUILD_HAS_AGENT_LOGICAL_DOMAIN")
    assert '#error "SCP_ENABLE_AGENT_LOGICAL_DOMAIN reads past' in done.stderr


_BOARD = """/dts-v1/;
/ {
    compatible = "acme,board";
    #address-cells = <1>;
    #size-cells = <1>;
    cru: clocks { compatible = "acme,cru"; #clock-cells = <1>; };
    serial@0 { compatible = "acme,uart"; reg = <0 1>; clocks = <&cru 0>; };
};
"""

#: What the text of a file may be damaged to; all are about what a version changes.
DAMAGE = {
    "an agent's clocks are another's": (
        "config_scmi_clock.c",
        r"\[SCMI_AGENT_IDX_LINUX\] = \{",
        "[SCMI_AGENT_IDX_PLATFORM] = {",
    ),
    "one clock less": (
        "config_scmi_clock.c",
        r"= FWK_ARRAY_SIZE\(clock_table_linux\)",
        "= FWK_ARRAY_SIZE(clock_table_linux) - 1",
    ),
    "a row in place of another": (
        "config_resource_perms.c",
        "MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX",
        "MOD_RES_PERMS_SCMI_CLOCK_RATE_SET_IDX",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_tables_are_told(damage: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    platform, files = of("two_agents", "2025-11")
    name, old, new = DAMAGE[damage]
    damaged = {**files, name: re.sub(old, new, files[name], count=1)}
    assert damaged[name] != files[name]
    folder = write(tmp_path, damaged)
    if build(tool("gcc"), folder, declared("2025-11")).returncode == 0:
        wanted = Expected(platform, modules(files["Firmware.cmake"])).lines()
        assert sorted(walk(folder)) != sorted(wanted)


@pytest.mark.parametrize("version", NUMBERS)
def test_every_file_names_the_version(version: str) -> None:
    _, files = of("two_agents", version)
    banner = f"and SCP-firmware {version}. Do not edit."
    lines = {path: re.sub(r"\s+(?:[*#]\s+)?", " ", text) for path, text in files.items()}
    assert [path for path, text in lines.items() if banner not in text] == []


def test_the_words_of_options_and_command_line_are_the_versions() -> None:
    (words,) = (it.type for it in options_of(ScpOptions) if it.name == "version")
    assert isinstance(words, Words)
    (option,) = (it for it in build_command.parameters if it.name == "scp_version")
    assert isinstance(option.read, OneOf)
    known = list(VERSIONS)
    assert list(words.words) == list(option.read.words) == known == list(NUMBERS)


@pytest.mark.parametrize("output", ["scp", "scp-optee"])
def test_the_command_line_says_the_version_of_each_output(output: str, tmp_path: Path) -> None:
    board = tmp_path / "board.dts"
    board.write_text(_BOARD)
    arguments = [str(board), "-o", str(tmp_path), "--emit", output, "--scp-version", "2.16"]
    CliRunner().invoke(cli, ["build", *arguments], catch_exceptions=False)
    assert "SCP-firmware 2.16" in (tmp_path / output / "config_scmi.c").read_text()


def test_an_unknown_version_is_an_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    board = tmp_path / "board.dts"
    board.write_text('/dts-v1/;\n/ { compatible = "acme,board"; };\n')
    (tmp_path / "agents.yaml").write_text(
        "domains:\n  linux: {compatible: 'openamp,domain-v1', id: 1, default: true,\n"
        "    scmi: {role: ospm, transport: {type: virtio}}}\n"
        "outputs: {scp: {version: 2.15}}\n"
    )
    arguments = [str(board), "-o", str(tmp_path / "out"), "--emit", "scp"]
    done = CliRunner().invoke(cli, ["build", *arguments, "--scp-version", "2.15"])
    assert done.exit_code == 2
    assert "'2.14', '2.16', '2025-11'" in done.output
    done = CliRunner().invoke(cli, ["build", *arguments, "-a", str(tmp_path / "agents.yaml")])
    assert done.exit_code == 1
    assert "one of 2.14, 2.16, 2025-11" in done.output
