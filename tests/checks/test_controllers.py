"""Devices that work through a controller of another agent."""

import pytest
from support import diagnostics, grants, model_of, soc, soc_model

from scmigen.checks.registry import run_checks
from scmigen.model.platform import Model

#: Linux's I2C controller works through the DMA controller of the real-time core.
DMA = """
edma: dma-controller@3000 { compatible = "acme,edma"; reg = <0x3000>; #dma-cells = <1>;
    clocks = <&cc 1>; resets = <&rc 1>; };
i2c@4000 { compatible = "acme,i2c"; clocks = <&cc 2>; dmas = <&edma 4>, <&edma 5>; };
"""
M7 = """
domains:
  linux: {id: 1, scmi: {role: ospm}, default: true}
  m7: {id: 2, scmi: {role: %s}, access: [{dev: "&edma"}%s]}
"""


def told(model: Model) -> list[tuple[str, str]]:
    found = diagnostics(model, "depends-foreign")
    return [(item.severity.word, item.message) for item in found]


def test_a_dma_controller_of_another_agent() -> None:
    model = model_of(soc(DMA), M7 % ("other", ""))
    (found,) = diagnostics(model, "depends-foreign")
    assert found.severity.word == "warning"
    assert found.message == (
        "/i2c@4000 of linux works through &edma (dmas), which is m7's: m7 may turn off clock "
        "<&cc 1> and assert reset <&rc 1>, and linux has no grant for them"
    )
    assert [related.message for related in found.related] == [
        "/i2c@4000 dmas[1]",
        "m7 may turn off clock <&cc 1>: /dma-controller@3000 clocks[0]",
        "m7 may assert reset <&rc 1>: /dma-controller@3000 resets[0]",
    ]
    assert found.position is not None
    assert found.position.line == 4


def test_one_warning_per_controller_and_agent_with_the_count_of_devices() -> None:
    body = DMA + "s@5 { dmas = <&edma 1>; }; s@6 { dmas = <&edma 2>; };"
    ((severity, message),) = told(model_of(soc(body), M7 % ("other", "")))
    assert severity == "warning"
    assert message.startswith("3 devices of linux work through &edma (dmas), which is m7's")


def test_shared_it_is_no_matter() -> None:
    agents = (M7 % ("other", "")).replace('"&edma"', '"&edma", flags: {shared: true}')
    assert told(model_of(soc(DMA), agents)) == []


def test_a_vote_of_its_own_leaves_the_reset() -> None:
    agents = (M7 % ("other", "")).replace(
        "default: true", "default: true, grant: [{clock: '&cc 1', operations: [state]}]"
    )
    ((_, message),) = told(model_of(soc(DMA), agents))
    assert "m7 may assert reset <&rc 1>, and linux has no grant for it" in message


@pytest.mark.parametrize("needs", ["", "assigned-clocks = <&cc 1>;"], ids=["nothing", "no-rate"])
def test_what_cannot_be_switched_off_is_a_note(needs: str) -> None:
    body = f"""x: pins {{ compatible = "acme,pins"; {needs} p: p {{ }}; }};
    e: e {{ clocks = <&cc 2>; pinctrl-0 = <&p>; }}; f: f {{ pinctrl-0 = <&p>; }};"""
    model = soc_model(body, '    access: [{dev: "&e"}, {dev: "&f"}]')
    assert told(model) == [
        ("note", "devices of b work through &x (pinctrl-0), which a drives"),
    ]


def test_one_note_per_pair_of_agents() -> None:
    body = """x: pins { compatible = "acme,pins"; p: p { }; };
    y: gpio { compatible = "acme,gpio"; #gpio-cells = <1>; };
    e: e { clocks = <&cc 2>; pinctrl-0 = <&p>; reset-gpios = <&y 1>; };"""
    model = soc_model(body, '    access: [{dev: "&e"}]')
    assert told(model) == [
        ("note", "devices of b work through &x (pinctrl-0) and 1 other controller, which a drives"),
    ]


def test_a_clock_that_is_always_on_cannot_be_turned_off() -> None:
    rail = 'v: buck { regulator-min-microvolt = <1>; regulator-always-on; regulator-name = "v"; };'
    body = f"""x: dma {{ compatible = "acme,dma"; #dma-cells = <1>; x-supply = <&v>; }};
    e: e {{ clocks = <&cc 2>; dmas = <&x 1>; }}; {rail}"""
    ((severity, _),) = told(soc_model(body, '    access: [{dev: "&e"}]'))
    assert severity == "note"
    ((severity, _),) = told(
        soc_model(body.replace("regulator-always-on; ", ""), '    access: [{dev: "&e"}]')
    )
    assert severity == "warning"


IOMMU = """
edma: iommu { compatible = "acme,smmu"; #iommu-cells = <1>; clocks = <&cc 1>; };
d { clocks = <&cc 2>; iommus = <&edma 1>; };
"""


@pytest.mark.parametrize(("role", "severity"), [("hypervisor", "note"), ("other", "warning")])
def test_an_iommu_of_a_hypervisor_is_meant_to_serve_guests(role: str, severity: str) -> None:
    assert [word for word, _ in told(model_of(soc(IOMMU), M7 % (role, "")))] == [severity]


def test_nobody_is_told_to_share_an_iommu() -> None:
    """Who has its registers reaches the memory of all others; the platform can keep it on."""
    agents = 'domains: {linux: {id: 1, default: true}, vm: {id: 2, access: [{dev: "&dev"}]}}\n'
    body = IOMMU.replace("d {", 'dev: dev { compatible = "acme,dev";')
    (item,) = [
        each for each in run_checks(model_of(soc(body), agents)) if each.id == "depends-foreign"
    ]
    assert item.hint is not None
    assert item.hint.startswith('platform.devices: ["&edma"] keeps it for the platform')
    keeps = agents + 'platform: {devices: ["&edma"]}\n'
    assert told(model_of(soc(body), keeps)) == []


def test_a_dma_controller_of_a_hypervisor_is_not() -> None:
    ((severity, _),) = told(model_of(soc(DMA), M7 % ("hypervisor", "")))
    assert severity == "warning"


def test_hardware_spinlocks_are_there_for_several_agents() -> None:
    body = DMA.replace("#dma-cells", "#hwlock-cells").replace("dmas =", "hwlocks =")
    ((severity, _),) = told(model_of(soc(body), M7 % ("other", "")))
    assert severity == "note"


def test_what_the_platform_keeps_is_no_other_agents() -> None:
    agents = M7 % ("other", "") + 'platform: {devices: ["&edma"]}\n'
    assert told(model_of(soc(DMA), agents.replace(', access: [{dev: "&edma"}]', ""))) == []


def test_a_rate_that_the_other_agent_sets() -> None:
    body = DMA.replace(
        "clocks = <&cc 1>; resets = <&rc 1>;",
        "assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;",
    )
    ((severity, message),) = told(model_of(soc(body), M7 % ("other", "")))
    assert severity == "warning"
    assert "m7 may set the rate of clock <&cc 1>" in message


def test_what_the_owner_withdrew_is_not_told() -> None:
    agents = M7 % ("other", "") + "platform: {owners: [{reset: '&rc 1', agent: linux}]}\n"
    model = model_of(soc(DMA), agents)
    assert "reset rc 1" not in grants(model, "m7")
    ((_, message),) = told(model)
    assert "reset" not in message


def test_a_controller_behind_a_bus_of_the_other_agent() -> None:
    """It stops when the bus does, and cannot be shared without it."""
    body = """bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>;
        gpio: gpio@20 { compatible = "acme,gpio"; reg = <0x20>; #gpio-cells = <1>; }; };
    d { clocks = <&cc 2>; reset-gpios = <&gpio 3>; };"""
    (found,) = diagnostics(soc_model(body, '    access: [{dev: "&bus"}]'), "depends-foreign")
    assert (
        "/d of a works through &gpio (reset-gpios), which is b's: b may turn off" in found.message
    )
    assert found.hint == "give &gpio and what works through it to one agent"


def test_a_disabled_controller_is_not_told() -> None:
    body = DMA.replace("#dma-cells", 'status = "disabled"; #dma-cells')
    assert told(model_of(soc(body), M7 % ("other", ""))) == []


def test_one_agent_alone_has_everything() -> None:
    assert told(model_of(soc(DMA))) == []


def test_pins_below_an_scmi_node_are_no_other_agents() -> None:
    """Each agent reaches the platform's pins through an SCMI node of its own."""
    body = """scmi { compatible = "arm,scmi-virtio";
        protocol@19 { reg = <0x19>; pins: pins { }; }; };
        dev: dev { compatible = "acme,dev"; pinctrl-0 = <&pins>; };"""
    assert diagnostics(soc_model(body, "    access: [{dev: /dev}]"), "depends-foreign") == []


def test_an_entry_that_is_there_gets_the_flag() -> None:
    body = """dma: dma { compatible = "acme,dma"; #dma-cells = <1>; clocks = <&cc 1>; };
        i2c { compatible = "acme,i2c"; dmas = <&dma 1>; };"""
    (found,) = diagnostics(soc_model(body, '    access: [{dev: "&dma"}]'), "depends-foreign")
    assert found.hint is not None
    assert found.hint.startswith("flags: {shared: true} beside &dma in access of b shares it; or")
