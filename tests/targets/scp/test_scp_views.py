"""Power domains that agents have by numbers of their own: tables, and the check before the module.

Without the check SCP-firmware's module reads the agent's table at any number, before it compares it
with the table's length: built so, and asked for the number 4294967295, it is stopped by the
sanitizer.
"""

import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from targets.scp.scp_boards import emit, views, with_options
from targets.scp.scp_build import HERE, SANITIZE, build, compile_command, run, walk, write
from targets.scp.scp_expected import Expected
from turns import one_in

from scmigen.targets.scp.version import VERSIONS

GUARD = "module/scmi_power_domain/src/mod_scmi_power_domain_guard.c"
TABLES = "config_scmi_power_domain.c"
#: Bytes of messages 0x0 to 0x7 of the power domain protocol.
SIZES = (0, 0, 4, 4, 12, 4, 8, 8)
FOUND, NOT_FOUND, PROTOCOL_ERROR = "0", "-4", "-10"


def files_of(**options: object) -> Mapping[str, str]:
    return {file.path: file.content.decode() for file in emit(with_options(views(), **options))[0]}


@pytest.fixture(params=["gcc", "clang"], scope="module")
def ask(
    request: pytest.FixtureRequest,
    tool: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., list[str]]:
    """Sends messages (agent, message, bytes, two words) and tells what the guard said."""
    folder = write(tmp_path_factory.mktemp("guard"), files_of())
    sources = (folder / GUARD, folder / TABLES, HERE / "guard_numbers.c")
    defined = (
        "-DGUARD_BIND=scmi_power_domain_guard_bind",
        "-DGUARDED=MOD_SCMI_PROTOCOL_ID_POWER_DOMAIN",
        f"-DSIZES={','.join(map(str, SIZES))}",
    )
    command = compile_command(tool(request.param), folder, *sources)
    done = run([*command, *defined, *SANITIZE, "-o", str(folder / "guard")])
    assert not done.stderr

    def asked(*messages: tuple[int, int, int, int, int]) -> list[str]:
        text = "".join(" ".join(map(str, message)) + "\n" for message in messages)
        said = subprocess.run(
            [str(folder / "guard")], input=text, capture_output=True, text=True, check=True
        )
        assert said.stdout.splitlines()[:2] == ["bind 0", "other 0 1"]
        return said.stdout.splitlines()[2:]

    return asked


#: Of the board `views`: linux has 0 to 3, vm 0 to 4, the third agent none.
LENGTHS = {1: 4, 2: 5, 3: 0}
ASKED = (0, 1, 3, 4, 5, 19, 0xFFFF, 0x10000, 0x4000_0000, 0xFFFF_FFFF)


@pytest.mark.parametrize("message", [3, 5, 6, 7])
def test_numbers_end_with_the_table_of_the_agent(
    message: int, ask: Callable[..., list[str]]
) -> None:
    for agent, length in LENGTHS.items():
        said = ask(*((agent, message, SIZES[message], number, 1) for number in ASKED))
        assert said == [FOUND if number < length else NOT_FOUND for number in ASKED]


def test_the_number_of_a_request_is_its_second_word(ask: Callable[..., list[str]]) -> None:
    said = ask(*((1, 4, 12, 99, number) for number in ASKED))
    assert said == [FOUND if number < 4 else NOT_FOUND for number in ASKED]


def test_what_scmi_refuses_is_not_looked_at(ask: Callable[..., list[str]]) -> None:
    assert ask((1, 5, 0, 0, 0), (1, 9, 4, 0, 0)) == [PROTOCOL_ERROR, NOT_FOUND]
    assert ask((3, 0, 0, 0, 0), (3, 2, 4, 99, 0)) == [FOUND, FOUND]
    assert ask((0, 5, 4, 0, 0)) == [NOT_FOUND]  # a service of no agent


def test_the_build_takes_the_guarded_module_and_the_views() -> None:
    files = files_of()
    listed = files["Firmware.cmake"]
    assert "set(SCP_ENABLE_AGENT_LOGICAL_DOMAIN TRUE)" in listed
    assert '"${CMAKE_SOURCE_DIR}/module/scmi_power_domain")' in listed
    assert '"${CMAKE_CURRENT_LIST_DIR}/module/scmi_power_domain")' in listed
    made = files["module/scmi_power_domain/CMakeLists.txt"]
    assert '"fwk_module_bind=scmi_power_domain_guard_bind"' in made


@pytest.mark.parametrize("defined", ["BUILD_HAS_MOD_DEBUG", None])
def test_a_build_that_would_not_hold_is_stopped(
    defined: str | None, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """With the module debug a debug domain is needed; without the option there are no views."""
    files = dict(files_of())
    if defined is None:
        files["Firmware.cmake"] = files["Firmware.cmake"].replace("AGENT_LOGICAL_DOMAIN", "OTHER")
    done = build(tool("gcc"), write(tmp_path, files), *([f"-D{defined}"] if defined else []))
    assert "#error" in done.stderr


#: What damage of a view is: text of the table, and what it becomes.
DAMAGE = {
    "two rows swapped": (r"\[0\] = (\w+PD7),((?s:.*?))\[1\] = (\w+PD0),", r"[0] = \3,\2[1] = \1,"),
    "a hole that names a domain": (r"= POWER_DOMAIN_IDX_SYSTOP,", "= POWER_DOMAIN_IDX_PD5,"),
    "one domain less": (r"= FWK_ARRAY_SIZE\(domains_vm\),", "= FWK_ARRAY_SIZE(domains_vm) - 1,"),
    "another agent's": (r"= domains_linux,", "= domains_vm,"),
    "a row dropped": (r"    \[3\] = \w+,\n", ""),
}


TURNS = [(damage, version) for damage in DAMAGE for version in VERSIONS]


@pytest.mark.parametrize(("damage", "version"), one_in(2, TURNS))
def test_damaged_views_are_told(
    damage: str, version: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    platform = with_options(views(), version=version)
    files = dict(files_of(version=version))
    old, new = DAMAGE[damage]
    text = re.sub(old, new, files[TABLES], count=1)
    assert text != files[TABLES]
    folder = write(tmp_path, {**files, TABLES: text})
    number = {"2.14": 214, "2.16": 216, "2025-11": 202511}[version]
    if build(tool("gcc"), folder, f"-DSCP_VERSION={number}").returncode == 0:
        listed = re.findall(r'^list\(APPEND SCP_MODULES "(.*)"\)$', files["Firmware.cmake"], re.M)
        assert sorted(walk(folder)) != sorted(Expected(platform, listed).lines())
