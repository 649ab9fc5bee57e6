"""What power domains are to SCP-firmware: devices, cores and clusters, and what each is under.

That parents come after what is under them, and what a core may be in, is as in the products of
SCP-firmware (``product/juno/scp_ramfw/config_power_domain.c``).
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from model.test_elements import SCMI
from support import model_of, tree_of
from targets.scp.scp_build import compile_command, run, write

from scmigen.diagnostics import Severity, has_errors
from scmigen.pipeline import emit_outputs
from scmigen.targets.make import make, option_problems

CORES = "type: {0-3: core, 4-5: cluster}, parent: {0-1: 4, 2-3: 5}"


def agents(driver: str = CORES, target: str = "product", linux: str = "") -> str:
    """Cores 0 to 3, two clusters, and five devices, two of which the tree names."""
    return f"""
domains:
  linux: {{id: 1, default: true, scmi: {{role: ospm}}{linux}}}
  psci: {{id: 2, scmi: {{role: psci}}, grant: [{{protocol: power, id: "0-7"}}]}}
platform: {{elements: {{power: {{0-7: , 4: {{name: CLUS0}}, 5: {{name: CLUS1}}}}}}}}
outputs:
  scp:
    target: {target}
    drivers:
      "arm,scmi-virtio":
        power: {{module: acme-ppu, element: number, {driver}}}
        clock: {{module: clock, element: number}}
      system:
        top-domain: {{module: acme-ppu, element: 99}}
        "doorbell linux": {{module: mhu, element: 0, mailbox: "= ACME_MAILBOX"}}
        "doorbell psci": {{module: mhu, element: 1, mailbox: "= ACME_PSCI_MAILBOX"}}
"""


def files(text: str) -> dict[str, str]:
    (platform,) = model_of(tree_of(SCMI), text).platforms
    made, found = make(platform, "scp")
    assert not has_errors(found), found
    return {file.path: file.content.decode() for file in made}


def told(text: str) -> list[tuple[Severity, str, str | None]]:
    """What is said of types, and of options without effect."""
    model = model_of(tree_of(SCMI), text)
    found = [*option_problems(model), *make(model.platforms[0], "scp").diagnostics]
    ids = ("scp-domain", "option-unused", "output-option")
    return [(item.severity, item.message, item.hint) for item in found if item.finding.id in ids]


def rows(text: str) -> list[tuple[str, str, str, str]]:
    """Index, type, parent and table of states of each power domain."""
    return re.findall(
        r"\[POWER_DOMAIN_IDX_(\w+)\] = \{.*?pd_type = MOD_PD_TYPE_(\w+),.*?parent_idx = "
        r"POWER_DOMAIN_IDX_(\w+),.*?mask_table = (\w+)_allowed_states,",
        files(text)["config_power_domain.c"],
        re.S,
    )


def test_cores_are_under_clusters() -> None:
    found = rows(agents())
    assert found[:6] == [
        ("POWER_0", "CORE", "CLUS0", "core"),
        ("POWER_1", "CORE", "CLUS0", "core"),
        ("POWER_2", "CORE", "CLUS1", "core"),
        ("POWER_3", "CORE", "CLUS1", "core"),
        ("CLUS0", "CLUSTER", "SYSTOP", "device"),
        ("CLUS1", "CLUSTER", "SYSTOP", "device"),
    ]
    assert {row[1:] for row in found[6:-1]} == {("DEVICE", "SYSTOP", "device")}


def test_cores_sleep_and_nobody_votes_for_them() -> None:
    made = files(agents())
    assert (
        "[MOD_PD_STATE_OFF] = MOD_PD_STATE_OFF_MASK | MOD_PD_STATE_SLEEP_MASK,"
        in (made["config_power_domain.c"])
    )
    assert "config->attributes.pd_type != MOD_PD_TYPE_DEVICE" in made["scmi_power_domain_policy.c"]


def test_all_of_one_type() -> None:
    assert {row[1:3] for row in rows(agents("type: device-debug"))[:-1]} == {
        ("DEVICE_DEBUG", "SYSTOP")
    }
    assert "pd_type" not in files(agents("type: device-debug"))["scmi_power_domain_policy.c"]


@pytest.mark.parametrize(
    ("driver", "message", "hint"),
    [
        (
            "parent: {6: 99}",
            "power-6 (number 6) is under power domain 99, which there is not",
            "power domains have the numbers 0 to 9",
        ),
        (
            "parent: {6: 2}",
            "power-6 (number 6) is under number 2: SCP-firmware asks for states from the highest "
            "number down, and would take the domain for off at boot",
            "give the domain above the higher number",
        ),
        (
            "type: {0: core}, parent: {0: 6}",
            "power-0 (number 0) is a core, and number 6 above it a device",
            "type: {6: cluster}",
        ),
        (
            "type: {0: core, 1-3: cluster}, parent: {0: 1, 1: 2, 2: 3}",
            "power-0 (number 0) has 3 domains and SYSTOP above it; a state of SCP-firmware has 4 "
            "levels",
            "leave out levels between",
        ),
    ],
)
def test_what_cannot_be(driver: str, message: str, hint: str) -> None:
    assert told(agents(driver)) == [(Severity.ERROR, message, hint)]


def test_nodes_of_one_compatible_have_one_driver_and_numbers_of_their_own() -> None:
    """The second node has power domain 1 alone; what both have word for word is told once."""
    other = SCMI.split("firmware {")[1].split("gpu:")[0].replace("scmi: scmi", "scmi2")
    other = other.replace("pd:", "pd2:").replace("clk:", "clk2:")
    tree = SCMI.replace("firmware {", "more {" + other + "firmware {")
    text = agents("type: {1: core, 4: cluster}, parent: {1: 4}").replace(
        ', grant: [{protocol: power, id: "0-7"}]',
        ', grant: [{power: "&pd 1", operations: [read]}, {power: "&pd2 1", operations: [read]}]',
    )
    model = model_of(tree_of(tree), text)
    found = emit_outputs(model, ["scp"], explicit=True).diagnostics
    (missing,) = [item for item in found if item.finding.id == "scp-domain"]
    assert missing.severity is Severity.WARNING
    assert missing.message.endswith("which there is not on scmi2: it is under SYSTOP")
    said = [(item.message, item.position) for item in found]
    assert len(said) == len({*said})


def test_only_psci_sets_cores() -> None:
    ((severity, message, _),) = told(
        agents(linux=', grant: [{protocol: power, id: "0", operations: [state]}]')
    )
    assert severity is Severity.WARNING
    assert message.startswith("linux may set power-0 (number 0), and SCP-firmware answers NOT_SUPP")


@pytest.mark.parametrize(
    ("driver", "message"),
    [
        ("type: {0-3: core, 77: cluster}", 'no power of "arm,scmi-virtio" has the number 77'),
        ("parent: {77: 78}", 'no power of "arm,scmi-virtio" has the number 77'),
        ("type: {x: core}", "'x' is not a number"),
        ("type: {0-3: core, 2-4: cluster}", "0-3 and 2-4 name the same number"),
        ("type: {0: cpu}", "type.0 must be one of device, device-debug, core, cluster"),
    ],
)
def test_maps_are_checked(driver: str, message: str) -> None:
    assert any(message in said for _, said, _ in told(agents(driver))), told(agents(driver))


def test_where_the_firmware_has_the_table_it_says_what_they_are() -> None:
    text = agents().replace("module: acme-ppu, element: number", "module: power-domain")
    assert [message for _, message, _ in told(text) if "effect" in message] == [
        "type has no effect: the table of power-domain is the firmware's own",
        "parent has no effect: the table of power-domain is the firmware's own",
    ]


def test_types_are_of_power_domains() -> None:
    text = agents().replace("module: clock, element", "module: clock, type: core, element")
    assert [message for _, message, _ in told(text) if "clock" in message] == [
        "type has no effect: it is of power domains, not of clock"
    ]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_tables_compile(tool: Callable[[str], str], compiler: str, tmp_path: Path) -> None:
    needed = ("power-domain", "acme-ppu", "scmi-power-domain", "scmi")
    firmware = "".join(f'list(APPEND SCP_MODULES "{name}")\n' for name in needed)
    folder = write(tmp_path, files(agents()) | {"Firmware.cmake": firmware})
    command = compile_command(tool(compiler), folder)
    for name in ("config_power_domain.c", "scmi_power_domain_policy.c"):
        done = run([*command, "-fsyntax-only", str(folder / name)])
        assert not done.stderr
