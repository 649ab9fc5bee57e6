"""Power caps: tables of 2.16 and 2025-11, permissions before the module, and what is left out."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from targets.scp.scp_boards import READ, STATE, Board, emit, put, with_options
from targets.scp.scp_build import (
    HERE,
    SANITIZE,
    build,
    compile_command,
    configuration_of,
    modules,
    run,
    told,
    walk,
    write,
)
from targets.scp.scp_expected import Expected
from turns import only

from scmigen import runtime
from scmigen.assignment.assignment import Extra, PlatformOptions
from scmigen.diagnostics import Position, Severity, has_errors
from scmigen.model.platform import Platform
from scmigen.runtime import Role
from scmigen.scmi.protocols import Kind

NUMBERS = {"2.16": 216, "2025-11": 202511}
GUARD = "module/scmi_power_capping/src/mod_scmi_power_capping_guard.c"
TABLES = "config_scmi_power_capping.c"
AT = Position("agents.yaml", 9, 3)

#: Two agents share the first cap, one may only read it; 1 is a gap, 3 cannot be set, 4 is nobody's.
CAPS: Mapping[str, Any] = {
    "powercaps": {
        "soc": {
            "id": 0,
            "node": "",
            "minimum_cap": 1000,
            "maximum_cap": 9000,
            "cap_step": 500,
            "unit": "mW",
            "sustainable_power": 5000,
            "readings": [1234],
        },
        "gpu": {
            "id": 2,
            "node": "",
            "minimum_cap": 500,
            "maximum_cap": 4000,
            "cap_step": 500,
            "minimum_pai": 1000,
            "maximum_pai": 10000,
            "pai_step": 1000,
            "pai": 2000,
            "unit": "mW",
            "parent": 0,
        },
        "fixed": {"id": 3, "node": "", "minimum_cap": 7, "maximum_cap": 7, "unit": "abstract"},
        "npu": {"id": 4, "node": "", "minimum_cap": 1, "maximum_cap": 2, "unit": "abstract"},
    },
    "agents": {
        "linux": {
            "grants": {
                "powercap": [
                    {"id": 0, "resource": 0, "operations": ["config", "read"]},
                    {"id": 3, "resource": 3, "operations": ["config"]},
                ]
            }
        },
        "vm": {
            "grants": {
                "powercap": [
                    {"id": 0, "resource": 0, "operations": ["read"]},
                    {"id": 2, "resource": 2, "operations": ["config", "read"]},
                ]
            }
        },
    },
}


COMPILED = [("2.16", "gcc"), ("2025-11", "gcc"), ("2025-11", "clang"), ("2.16", "clang")]
#: A resource of each kind but power domains and caps.
REST = (Kind.CLOCK, Kind.RESET, Kind.VOLTAGE, Kind.PERFORMANCE, Kind.SENSOR)


def capped(
    extra: Mapping[str, Any] = CAPS, kinds: tuple[Kind, ...] = (), **options: object
) -> Platform:
    """A board with power caps; its first agent may read a resource of each of ``kinds`` as well."""
    board = Board("capped")
    linux, vm = board.agent("linux"), board.agent("vm", Role.VM)
    board.agent("idle", Role.VM)
    for number, agent in enumerate((linux, vm)):
        board.grant(agent, board.resource(Kind.POWER, number, f"pd{number}"), STATE, READ)
    for kind in kinds:
        board.grant(linux, board.resource(kind, 0, f"one-{kind}"), READ)
    put(board.node("power-controller@1000"), "compatible", b"acme,pd\0")
    given = Extra(json.dumps(extra).encode(), AT)
    made = board.platform(PlatformOptions({}, {}, {}, extra=given))
    return with_options(made, **({"version": "2025-11"} | options))


def changed(name: str, **fields: object) -> Mapping[str, Any]:
    """The caps with other values of one."""
    made = json.loads(json.dumps(CAPS))
    made["powercaps"][name] |= fields
    return dict(made)


def files_of(platform: Platform) -> Mapping[str, str]:
    files, diagnostics = emit(platform)
    assert not has_errors(diagnostics)
    return {file.path: file.content.decode() for file in files}


def left_out(platform: Platform) -> str:
    """Why the caps are left out; all else is there."""
    files, diagnostics = emit(platform)
    made = {file.path: file.content.decode() for file in files}
    assert TABLES not in made
    assert '"scmi-power-capping"' not in made.get("Firmware.cmake", made.get("scmi.cmake", ""))
    denied = made["config_resource_perms.c"].count("            POWER_CAPPING_PROTOCOL_DENIED")
    assert denied == len(platform.agents)
    (found,) = (item for item in diagnostics if item.id == "scp-kind")
    assert (found.severity, found.position) == (Severity.WARNING, AT)
    said, _, why = found.message.partition(": ")
    assert said == "4 powercap resources are left out, and agents are denied the protocol"
    return why


@pytest.mark.parametrize(("version", "compiler"), only(COMPILED[:-1], COMPILED))
def test_tables_say_what_was_given(
    version: str, compiler: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    platform = capped(version=version)
    files = files_of(platform)
    folder = write(tmp_path, files)
    defined = f"-DSCP_VERSION={NUMBERS[version]}"
    done = build(tool(compiler), folder, defined, *SANITIZE)
    assert not done.stderr
    said = walk(folder)
    assert sorted(said) == sorted(Expected(platform, modules(files["Firmware.cmake"])).lines())


@pytest.mark.parametrize("version", NUMBERS)
def test_an_agent_may_have_all_protocols(
    version: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Linux has a resource of each kind, and is told of system power: nothing is left to deny."""
    files = files_of(capped(kinds=REST, version=version))
    (row,) = re.findall(r"IDX_LINUX\)\] = \{\n *(.*)\n *\},", files["config_resource_perms.c"])[:1]
    assert row == ".protocols = 0,"
    folder = write(tmp_path, files)
    assert not build(tool("gcc"), folder, f"-DSCP_VERSION={NUMBERS[version]}").stderr


def test_the_caps_are_those_of_the_runtime_configuration() -> None:
    """`Expected` reads what was given, as the server does."""
    configuration = configuration_of(capped())
    assert [cap.name for cap in configuration.powercaps] == ["soc", "gpu", "fixed", "npu"]
    assert {
        (agent.name, grant.id): [*grant.operations]
        for agent in configuration.agents
        for grant in agent.grants.get(Kind.POWERCAP, ())
    } == {
        ("linux", 0): ["config", "read"],
        ("linux", 3): ["config"],
        ("vm", 0): ["read"],
        ("vm", 2): ["config", "read"],
    }
    assert isinstance(configuration, runtime.Runtime)


#: What the tables may be damaged to: file, text, and what it becomes.
DAMAGE = {
    "a cap higher": (TABLES, r"\.max_power_cap = 9000U", ".max_power_cap = 90000U"),
    "a parent": (TABLES, r"\.parent_idx = POWERCAP_IDX_SOC", ".parent_idx = UINT32_MAX"),
    "the unit as it is called": (TABLES, r"POWER_CAP_MICROWATT", "POWER_CAP_MILLIWATT"),
    "a reader sets": (TABLES, r"CAP_GET\) \|\n( +\(1U << \w+PAI_GET)", r"CAP_SET) |\n\1"),
    "a cap of another": (TABLES, r"\[POWERCAP_IDX_FIXED\] =\s", "[POWERCAP_IDX_NPU] = "),
    "two agents": (TABLES, r"\[SCMI_AGENT_IDX_VM\] = \{", "[SCMI_AGENT_IDX_IDLE] = {"),
    "a row less": (TABLES, r"\[POWERCAP_IDX_GPU\] = \{(?s:.*?)\n    \},\n", ""),
    "no bound": (TABLES, r"domain_id >= \(uint32_t\)POWERCAP_IDX_COUNT", "agent_id > 99U"),
    "a limiter of another": (
        "config_power_capping.c",
        r"(pid_controller_id = FWK_ID_ELEMENT_INIT\(\s+FWK_MODULE_IDX_MOCK_POWER,\s+\w+)SOC",
        r"\1GPU",
    ),
    "an interval": ("config_mock_power.c", r"\.interval = 2000U", ".interval = 1000U"),
    "the protocol": ("config_resource_perms.c", r" \|\n +POWER_CAPPING_PROTOCOL_DENIED", ""),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_tables_are_told(damage: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    platform = capped()
    files = dict(files_of(platform))
    name, old, new = DAMAGE[damage]
    text = re.sub(old, new, files[name], count=1)
    assert text != files[name]
    folder = write(tmp_path, {**files, name: text})
    assert told(tool("gcc"), folder, platform, "-DSCP_VERSION=202511")


#: Caps that the module cannot have, and a part of the reason.
UNFIT = {
    "microwatts": (changed("gpu", unit="uW"), "gpu (2) is in uW, which agents"),
    "no unit given": (
        {
            **CAPS,
            "powercaps": {
                **CAPS["powercaps"],
                "npu": {"id": 4, "node": "", "minimum_cap": 1, "maximum_cap": 2},
            },
        },
        "npu (4) is in uW",
    ),
    "a step that does not fit": (changed("soc", maximum_cap=9001), "no whole steps of 500"),
    "does not fit": (changed("soc", minimum_cap="much"), "platform.extra does not fit"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_caps_that_do_not_fit_are_left_out_with_the_reason(case: str) -> None:
    extra, reason = UNFIT[case]
    assert reason in left_out(capped(extra))


def test_steps_may_be_any_in_the_version_that_does_not_look_at_them() -> None:
    assert TABLES in files_of(capped(changed("soc", maximum_cap=9001), version="2.16"))


def test_a_name_that_is_too_long_is_told() -> None:
    made = json.loads(json.dumps(CAPS))
    made["powercaps"]["sixteen-bytes-16"] = made["powercaps"].pop("npu")
    assert "needs a name of 1 to 15 bytes" in left_out(capped(made))


def test_numbers_of_an_agents_own_are_told() -> None:
    made = json.loads(json.dumps(CAPS))
    made["agents"]["vm"]["grants"]["powercap"] = [{"id": 0, "resource": 2, "operations": ["read"]}]
    assert "knows power cap 2 as 0" in left_out(capped(made))


def test_the_first_version_lacks_modules() -> None:
    why = left_out(capped(version="2.14"))
    assert "power-allocator, power-coordinator and power-meter" in why
    assert "2.16" in why


def test_optee_does_not_know_the_modules() -> None:
    assert "makefiles" in left_out(capped(target="optee"))


def test_without_a_grant_nobody_has_the_protocol() -> None:
    files = files_of(capped({"powercaps": CAPS["powercaps"]}))
    assert TABLES not in files
    assert "scmi-power-capping" not in files["Firmware.cmake"]


def product(**system: object) -> Platform:
    """A product that has the table of power domains itself."""
    bells = {
        f"doorbell {name}": {"module": "mhu2", "element": n, "mailbox": f"= 0x{n + 1}000"}
        for n, name in enumerate(("linux", "vm", "idle"))
    }
    drivers = {
        "acme,pd": {"power": {"module": "power-domain"}},
        "system": bells | system,
    }
    return capped(target="product", drivers=drivers)


def test_a_product_says_that_it_has_what_applies_caps() -> None:
    files = files_of(product(**{"power-capping": {"module": "power-capping"}}))
    assert TABLES in files
    assert not {"config_power_capping.c", "config_pid_controller.c", "config_mock_power.c"} & {
        *files
    }
    assert '"scmi-power-capping")' in files["scmi.cmake"]
    assert "module/scmi_power_capping" in files["scmi.cmake"]


def test_without_it_caps_are_left_out() -> None:
    assert "power-capping: {module: power-capping}" in left_out(product())


@pytest.fixture(params=["gcc", "clang"], scope="module")
def ask(
    request: pytest.FixtureRequest,
    tool: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., list[str]]:
    """Sends messages (agent, message, bytes, two words) and tells what the guard said."""
    folder = write(tmp_path_factory.mktemp("guard"), files_of(capped()))
    module = folder / "module.c"
    module.write_text(
        "#include <fwk_module.h>\n"
        "extern const struct fwk_module scmi_power_capping_unguarded;\n"
        "const struct fwk_module scmi_power_capping_unguarded = { .api_count = 1 };\n"
    )
    sources = (folder / GUARD, folder / TABLES, module, HERE / "guard_numbers.c")
    defined = (
        "-DSCP_VERSION=202511",
        "-DGUARD_BIND=scmi_power_capping_guard_bind",
        "-DGUARDED=MOD_SCMI_PROTOCOL_ID_POWER_CAPPING",
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


#: Bytes of messages 0x0 to 0xC of the power capping protocol.
SIZES = (0, 0, 4, 4, 4, 12, 4, 12, 4, 4, 8, 16, 8)
OPEN = {
    (1, 0): {3, 4, 5, 6, 7, 9},
    (1, 3): {3, 5, 7},
    (2, 0): {3, 4, 6, 9},
    (2, 2): {3, 4, 5, 6, 7, 9},
}


def test_each_message_about_each_cap(ask: Callable[..., list[str]]) -> None:
    """Notifications are nobody's: the module writes past a table for them."""
    every = [
        (agent, m, n) for agent in range(5) for m in range(3, 13) for n in (*range(6), 1 << 31)
    ]
    said = ask(*((agent, m, SIZES[m], number, 0) for agent, m, number in every))
    for (agent, message, number), answer in zip(every, said, strict=True):
        open_ = message in OPEN.get((agent, number), ())
        refused = "-3" if agent == 0 or number < 5 else "-4"
        assert answer == ("0" if open_ else refused), (agent, message, number)


def test_the_build_takes_the_guarded_module() -> None:
    files = files_of(capped())
    assert '"${CMAKE_CURRENT_LIST_DIR}/module/scmi_power_capping")' in files["Firmware.cmake"]
    made = files["module/scmi_power_capping/CMakeLists.txt"]
    assert '"fwk_module_bind=scmi_power_capping_guard_bind"' in made
    assert '"module_scmi_power_capping=scmi_power_capping_unguarded"' in made
    assert "mod_scmi_power_capping.c" in made
    assert "scmi_power_capping_protocol.c" in made
