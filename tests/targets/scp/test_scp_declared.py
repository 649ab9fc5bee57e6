"""Elements that an agents file declares, in SCP-firmware's tables; and what a product denies."""

import re

import pytest
from model.test_elements import SCMI
from support import model_of, tree_of

from scmigen.diagnostics import Diagnostic
from scmigen.targets.make import make, option_problems

CPUS = """
cpus { #address-cells = <1>; #size-cells = <0>;
	cpu@0 { device_type = "cpu"; reg = <0>; };
	cpu@1 { device_type = "cpu"; reg = <1>; };
	cpu@100 { device_type = "cpu"; reg = <0x100>; };
	cpu-map {
		cluster0 { core0 { }; core1 { }; };
		cluster1 { core0 { }; }; };
};
"""
#: Without any power domain.
CLOCKS = re.sub(r"\t\tpd: .*\n", "", SCMI).replace("power-domains = <&pd 9>;", "")
CLOCKS = re.sub(r"\tdbg: .*\n", "", CLOCKS)


def agents(psci: str = "", elements: str = "", clock: str = "element: number") -> str:
    return f"""
domains:
  linux: {{id: 1, default: true, scmi: {{role: ospm}}}}
  psci: {{id: 2, scmi: {{role: psci}}{psci}}}
platform: {{elements: {{{elements}}}}}
outputs:
  scp:
    target: product
    drivers:
      "arm,scmi-virtio":
        power: {{module: power-domain, header: acme_power.h, element: number}}
        clock: {{module: clock, header: acme_clock.h, {clock}}}
      system:
        "doorbell linux": {{module: mhu, element: 0, mailbox: "= ACME_MAILBOX"}}
        "doorbell psci": {{module: mhu, element: 1, mailbox: "= ACME_PSCI_MAILBOX"}}
"""


def product(board: str, text: str) -> tuple[dict[str, str], list[Diagnostic]]:
    """The files of a product by path, and the findings that are not about system power."""
    (platform,) = model_of(tree_of(board), text).platforms
    files, found = make(platform, "scp")
    told = [item for item in found if item.id in ("scp-denied", "scp-driver", "scp-element")]
    return {file.path: file.content.decode() for file in files}, told


def words(table: str, agent: str, message: str) -> str:
    """What the permissions say of one message to an agent."""
    rows = table.split(f"[AGENT_ROW(SCMI_AGENT_IDX_{agent})] = {{")[1:]
    (found,) = (row for row in rows if message in row.split("AGENT_ROW")[0])
    return found.split(message)[1].split("*/")[0]


def test_an_agent_is_allowed_the_numbers_that_it_is_granted() -> None:
    files, told = product(SCMI + CPUS, agents(', grant: [{protocol: power, id: "0-7"}]'))
    assert [item.message for item in told if "power" in item.message] == []
    table = files["config_resource_perms.c"]
    assert "allowed: 0-7" in words(table, "PSCI", "POWER_DOMAIN_STATE_SET_IDX")
    assert "allowed: 8-9" in words(table, "LINUX", "POWER_DOMAIN_STATE_SET_IDX")
    assert "POWER_DOMAIN_IDX_POWER_7 = 7" in files["scmi_idx.h"]
    assert "declared, agents.yaml */" in files["scmi_idx.h"], "no line, which any edit changes"
    assert "POWER_DOMAIN_IDX_RESERVED" not in files["scmi_idx.h"]


def test_enumerators_are_those_of_the_product() -> None:
    files, told = product(
        SCMI,
        agents(
            ', grant: [{protocol: power}, {protocol: clock, id: "0, 3"}]',
            "power: {0-7: , 0: {name: CPU0, enumerator: ACME_PD_CPU0}}, "
            "clock: {0: {name: i2s, enumerator: ACME_CLOCK_I2S}, "
            "3: {enumerator: ACME_CLOCK_PIXEL}, 1-2: }",
        ),
    )
    assert told == []
    power = files["config_scmi_power_domain.c"]
    assert '#include "acme_power.h"' in power
    assert '_Static_assert(ACME_PD_CPU0 == 0, "SCMI number 0");' in power
    rows = re.findall(
        r"\[(\d)\] = \{.*?FWK_MODULE_IDX_CLOCK,\s*(\w+)\)", files["config_scmi_clock.c"], re.S
    )
    assert ("0", "ACME_CLOCK_I2S") in rows
    assert ("3", "ACME_CLOCK_PIXEL") in rows


def test_a_product_without_enumerators_has_no_asserts() -> None:
    files, _ = product(SCMI, agents(', grant: [{protocol: power, id: "0-7"}]'))
    assert "acme_power.h" not in files["config_scmi_power_domain.c"]
    assert "_Static_assert" not in files["config_scmi_power_domain.c"]


@pytest.mark.parametrize(
    ("board", "line", "why"),
    [
        pytest.param(SCMI, 'power, id: "0-7"', "", id="below the highest number"),
        pytest.param(CLOCKS + CPUS, 'power, id: "0-4"', "3 CPUs in 2 clusters", id="by the CPUs"),
        pytest.param(CLOCKS, 'power, id: "0"', "", id="nothing known"),
    ],
)
def test_psci_is_denied_power_domains(board: str, line: str, why: str) -> None:
    """The hint is a line that, copied to where it says, removes the finding."""
    _, told = product(board, agents())
    (found,) = (item for item in told if "power domain" in item.message)
    assert (found.id, found.severity.word) == ("scp-denied", "warning")
    assert found.message.startswith("psci is denied every power domain")
    assert str(found.position) == "agents.yaml:4:9"
    hint, _, place = (found.hint or "").partition(" in the domain psci")
    assert hint == f"grant: [{{protocol: {line}}}]"
    assert why in place
    _, told = product(board, agents(f", {hint}"))
    assert not [item for item in told if "power domain" in item.message]


def test_numbers_that_are_denied_to_everyone() -> None:
    """Where the firmware has the table, it has elements of these numbers."""
    _, told = product(SCMI, agents(", grant: [{protocol: power, id: 5}]"))
    found = {item.message: (item.severity.word, item.hint) for item in told}
    (power,) = (item for item in found if "power" in item)
    (clock,) = (item for item in found if "clock" in item)
    # The drivers say that the firmware has the tables.
    lines = agents().splitlines()
    for item in told:
        line = lines[item.position.line - 1] if item.position else ""
        assert line.strip().startswith("clock: {module" if "clock" in item.message else "power: {")
    assert power.startswith("the firmware's power domains 0-4, 6-7, which the tree does not name, ")
    severity, hint = found[power]
    assert severity == "warning"
    line = 'grant: [{protocol: power, id: "0-4, 6-7"}]'
    assert (hint or "").startswith(f"{line} in the domain psci")
    assert clock.startswith("the firmware's clocks 0-2, which ")
    assert found[clock][0] == "note"
    _, told = product(
        SCMI, agents(', grant: [{protocol: power, id: 5}, {protocol: power, id: "0-4, 6-7"}]')
    )
    assert not [item for item in told if "power" in item.message]


def test_the_host_denies_what_the_tree_does_not_name() -> None:
    (platform,) = model_of(tree_of(SCMI), agents().partition("outputs:")[0]).platforms
    files, found = make(platform, "scp")
    assert files
    assert not [item for item in found if item.id == "scp-denied"]


def test_a_header_without_enumerators_has_no_effect() -> None:
    header = "header has no effect"
    for elements, expected in (("power: [A]", 1), ("power: [{enumerator: PD_A}]", 0)):
        model = model_of(tree_of(SCMI), agents(elements=elements))
        found = [item for item in option_problems(model) if header in item.message]
        assert len(found) == expected


def test_enumerators_of_performance_domains() -> None:
    board = SCMI.replace("clk: protocol", "perf: protocol@13 { reg = <0x13>; };\n\t\tclk: protocol")
    text = agents(
        ", grant: [{protocol: performance, id: 0}]",
        "performance: [{name: big, enumerator: ACME_DVFS_BIG, levels: [800000000]}]",
    ).replace(
        "        power: {",
        "        performance-supply: {module: dvfs, header: acme_dvfs.h}\n        power: {",
    )
    files, _ = product(board, text)
    assert '#include "acme_dvfs.h"' in files["config_scmi_perf.c"]
    assert '_Static_assert(ACME_DVFS_BIG == 0, "SCMI number 0");' in files["config_scmi_perf.c"]


def test_a_hint_declares_what_a_grant_alone_would_not() -> None:
    """Where others are declared, a number that is not would be an error of the grant."""
    declared = agents(elements="power: [A, B]")
    _, told = product(SCMI, declared)
    (found,) = (item for item in told if item.message.startswith("psci is denied"))
    line = 'platform: {elements: {power: {2-7: }}}, and grant: [{protocol: power, id: "2-7"}]'
    assert (found.hint or "").startswith(f"{line} in the domain psci")
    assert "their names are power-2 and so on, and 2: NAME declares another" in (found.hint or "")
    both = agents(', grant: [{protocol: power, id: "2-7"}]', "power: {0: A, 1: B, 2-7: }")
    _, told = product(SCMI, both)
    assert not [item for item in told if "power" in item.message]


def test_a_board_without_an_scmi_node() -> None:
    """The driver is that of the board, and the tree has no power domains with other numbers."""
    board = 'compatible = "acme,board"; uart@1000 { compatible = "acme,uart"; };'
    text = agents().replace("arm,scmi-virtio", "acme,board")
    (platform,) = model_of(tree_of(board), text).platforms
    (found,) = (item for item in make(platform, "scp").diagnostics if item.id == "scp-denied")
    hint, _, _ = (found.hint or "").partition(" in the domain psci")
    granted = agents(f", {hint}").replace("arm,scmi-virtio", "acme,board")
    files, told = product(board, granted)
    assert told == []
    assert "allowed: 0 " in words(files["config_resource_perms.c"], "PSCI", "STATE_SET_IDX") + " "
