"""The guard of system power: SCP-firmware's module denies nothing, the guard does."""

import subprocess
from collections.abc import Callable

import pytest
from targets.scp.scp_boards import all_kinds, emit
from targets.scp.scp_build import HERE, SANITIZE, compile_command, run, write

GUARD = "module/scmi_system_power/src/mod_scmi_system_power_guard.c"
#: Messages of the protocol: PROTOCOL_VERSION to SYSTEM_POWER_STATE_NOTIFY, and one it has not.
MESSAGES = (0, 1, 2, 3, 4, 5, 9)
STATE_SET = 3


@pytest.fixture(params=["gcc", "clang"], scope="module")
def ask(
    request: pytest.FixtureRequest,
    tool: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., list[str]]:
    """Sends messages (agent, message, bytes, flags, state) and tells what came of them."""
    files = {file.path: file.content.decode() for file in emit(all_kinds())[0]}
    folder = write(tmp_path_factory.mktemp("guard"), files)
    sources = (folder / GUARD, HERE / "guard.c")
    command = compile_command(tool(request.param), folder, *sources)
    done = run([*command, *SANITIZE, "-o", str(folder / "guard")])
    assert not done.stderr

    def asked(*messages: tuple[int, int, int, int, int]) -> list[str]:
        text = "".join(" ".join(map(str, message)) + "\n" for message in messages)
        said = subprocess.run(
            [str(folder / "guard")], input=text, capture_output=True, text=True, check=True
        )
        return said.stdout.splitlines()

    return asked


def test_the_module_is_bound_once_and_only_to_scmi(ask: Callable[..., list[str]]) -> None:
    """SCMI takes each binding for a protocol of its own: the guard makes no second one."""
    assert ask() == ["init 0", "bind 0 0", "bound 1", "stranger -5", "protocol 18"]


def test_who_has_the_protocol_reaches_the_module(ask: Callable[..., list[str]]) -> None:
    said = ask(*((1, message, 4, 1, 0) for message in MESSAGES))
    assert said[5:] == [f"handled 1 {message} 4" for message in MESSAGES]


@pytest.mark.parametrize("agent", [2, 0], ids=["denied", "unknown"])
def test_nothing_of_it_reaches_the_module_for_others(
    agent: int, ask: Callable[..., list[str]]
) -> None:
    said = ask(*((agent, message, 8, 0, 0) for message in MESSAGES))
    assert said[5:] == ["refused -3 4"] * len(MESSAGES)


def test_a_state_beyond_the_last_does_not_reach_it(ask: Callable[..., list[str]]) -> None:
    """256 is 0 to an enumeration of one byte, and an index past the module's table."""
    said = ask(*((1, STATE_SET, 8, 0, state) for state in (4, 5, 256, 0xFFFFFFFF)))
    assert said[5:] == ["handled 1 3 8", *["refused -2 4"] * 3]


def test_only_a_whole_request_has_a_state(ask: Callable[..., list[str]]) -> None:
    said = ask((1, STATE_SET, 4, 0, 256), (1, 5, 8, 0, 256))
    assert said[5:] == ["handled 1 3 4", "handled 1 5 8"]


def test_the_build_takes_the_guarded_module() -> None:
    files = {file.path: file.content.decode() for file in emit(all_kinds())[0]}
    listed = files["Firmware.cmake"]
    assert '"${CMAKE_SOURCE_DIR}/module/scmi_system_power")' in listed
    assert '"${CMAKE_CURRENT_LIST_DIR}/module/scmi_system_power")' in listed
    made = files["module/scmi_system_power/CMakeLists.txt"]
    assert "module_scmi_system_power=scmi_system_power_unguarded" in made
    assert "fwk_module_bind=scmi_system_power_guard_bind" in made
