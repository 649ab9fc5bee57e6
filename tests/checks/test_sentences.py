"""Single sentences of the model that no other test stands for, each on the smallest board."""

import pytest
from support import (
    AGENTS,
    diagnostics,
    grants,
    inventory_of,
    model_of,
    needs,
    numbers,
    soc,
    soc_model,
    told,
    tree_of,
    wrong,
)

from scmigen.assignment.sources import Sources, assign
from scmigen.checks.registry import run_checks
from scmigen.diagnostics import Severity
from scmigen.model.build import build

B_HAS_E = '    access: [{dev: "&e"}]'


def test_always_on_comes_after_scmi_and_disabled_and_before_the_switched_parts() -> None:
    rail = "regulator-always-on;"
    scmi = f"""
    scmi {{ compatible = "arm,scmi-virtio"; protocol@17 {{ reg = <0x17>; regulators {{
        r1: regulator@1 {{ reg = <1>; {rail} }}; }}; }}; }};
    r2: r2 {{ {rail} status = "disabled"; }};
    r3: r3 {{ compatible = "regulator-fixed"; gpio = <1 2>; {rail} }};
    d {{ a-supply = <&r1>; b-supply = <&r2>; c-supply = <&r3>; }};
    """
    rules = {path: p.rule for path, p in inventory_of(scmi).providers.items()}
    assert rules == {"/scmi/protocol@17": "R1", "/r2": "R2", "/r3": "ALWAYS_ON"}


def test_all_cells_of_a_specifier_are_identity() -> None:
    """Register and bit: two bits of one register are two resets, so two agents may have them."""
    body = "r: r { #reset-cells = <2>; }; d { resets = <&r 32 3>; }; e: e { resets = <&r 32 4>; };"
    model = soc_model(body, B_HAS_E)
    assert (grants(model, "a"), grants(model, "b")) == (
        {"reset r 32 3": "reset"},
        {"reset r 32 4": "reset"},
    )
    assert told(model) == []


def test_nothing_follows_from_a_flag_cell() -> None:
    """Exclusive for both: one domain, a vote each, and no word of it."""
    body = """
    ti: ti { compatible = "ti,sci-pm-domain"; #power-domain-cells = <2>; };
    d { power-domains = <&ti 7 1>; }; e: e { power-domains = <&ti 7 0>; };
    """
    model = soc_model(body, B_HAS_E)
    assert grants(model, "a") == grants(model, "b") == {"power ti 7": "state read"}
    assert told(model) == []


def test_a_list_of_adc_channels_reads_sensors() -> None:
    """hwmon: `iio-hwmon` names channels as `io-channels`."""
    body = """
    adc: adc { #io-channel-cells = <1>; };
    hwmon { compatible = "iio-hwmon"; io-channels = <&adc 0>, <&adc 3>; };
    """
    assert [use[1:] for use in needs(inventory_of(body))] == [
        ("io-channels", 0, "sensor adc 0", "config read"),
        ("io-channels", 1, "sensor adc 3", "config read"),
    ]


def test_a_disabled_sensor_is_missed_by_devices_only() -> None:
    """Neither a thermal zone nor a list of channels is a device; keys on an ADC are."""
    body = """
    adc: adc { #io-channel-cells = <1>; #thermal-sensor-cells = <0>; status = "disabled"; };
    zones { z { thermal-sensors = <&adc>; }; };
    hwmon { compatible = "iio-hwmon"; io-channels = <&adc 0>; };
    """
    assert told(soc_model(body)) == []
    body += 'keys { compatible = "adc-keys"; io-channels = <&adc 1>; };'
    assert told(soc_model(body)) == [("warning", "provider-disabled")]


def test_what_is_no_device_goes_to_the_default_agent() -> None:
    """A thermal zone reads its sensor for the default agent, whoever has the CPUs."""
    body = """
    fw { tmu: tmu { #thermal-sensor-cells = <1>; }; };
    thermal-zones { cpu { thermal-sensors = <&tmu 1>; }; };
    cpus { e: cpu { device_type = "cpu"; clocks = <&cc 1>; }; };
    """
    model = soc_model(body, B_HAS_E)
    assert grants(model, "a") == {"sensor tmu 1": "config read"}
    assert grants(model, "b") == {"clock cc 1": "state read"}


FUSES = """
g: g { #clock-cells = <1>; protected-clocks = <3>; };
d { compatible = "%s"; clocks = <&g 3>; clock-names = "%s"; };
"""


@pytest.mark.parametrize(
    ("compatible", "name", "severity"),
    [
        ("acme,fuses", "core", "error"),
        ("qcom,qfprom", "core", "note"),
        ("qcom,qfprom", "iface", "error"),
    ],
)
def test_a_protected_clock_is_nobodys_and_an_error(
    compatible: str, name: str, severity: str
) -> None:
    """… but where the driver does without: fuses are read without their clock."""
    model = soc_model(FUSES % (compatible, name))
    assert grants(model, "ospm") == {}
    assert told(model) == [(severity, "clock-protected")]


def test_parents_that_nobody_can_set_are_compared_too() -> None:
    """Two displays want one clock from either of two PHYs; neither has an SCMI id."""
    body = """
    p0: p0 { #clock-cells = <0>; #phy-cells = <0>; }; p1: p1 { #clock-cells = <0>; #phy-cells = <0>; };
    d0 { assigned-clocks = <&cc 1>; assigned-clock-parents = <&p0>; };
    d1 { assigned-clocks = <&cc 1>; assigned-clock-parents = <&p1>; };
    """  # noqa: E501
    assert set(told(soc_model(body))) == {
        ("warning", "parent-unnamed"),
        ("warning", "parent-twice"),
    }
    assert ("warning", "parent-twice") not in told(
        soc_model(body.replace("&p1>; };\n", "&p0>; };\n"))
    )


def test_what_an_agents_own_tree_asks_is_not_read_from_the_boards_node() -> None:
    """The board asks 5 Hz of cc 1; the agent's tree asks 7 Hz of cc 2 in that place."""
    board = soc(
        'd: d@5 { compatible = "acme,d"; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>; };'
        'e: e@6 { compatible = "acme,e"; assigned-clocks = <&cc 2>; assigned-clock-rates = <7>; };'
    )
    own = soc(
        'd: d@5 { compatible = "acme,d"; assigned-clocks = <&cc 2>; assigned-clock-rates = <7>; };'
    )
    files = [(AGENTS, "domains: {a: {id: 1, default: true}, b: {id: 2}}")]
    inventory, assignment = assign(board, Sources(files, {"b": own}))
    found = run_checks(build(inventory, assignment))
    assert "rate-twice" not in {item.id for item in found}


BOTH = """
rcc: rcc@1 { reg = <1>; #clock-cells = <1>; #reset-cells = <1>; };
scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <%s>;
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; }; };
uart { compatible = "acme,uart"; clocks = <&clk 3>; resets = <&rst 1>; };
server { compatible = "optee,scmi-server";
    agent@1 { compatible = "linaro,scmi-optee"; reg = <1>; scmi-channel-id = <0>;
        protocol@14 { reg = <0x14>; clocks { c@3 { reg = <3>; clocks = <&rcc 30>; }; }; };
        protocol@16 { reg = <0x16>; resets { r@1 { reg = <1>; resets = <&rcc 7>; }; }; }; };
    %s };
"""
SECOND = """agent@2 { compatible = "linaro,scmi-optee"; reg = <2>; scmi-channel-id = <1>;
    protocol@14 { reg = <0x14>; clocks { c@3 { reg = <3>; clocks = <&rcc 31>; }; }; }; };"""


def test_a_consumer_and_the_server_it_talks_to_in_one_tree() -> None:
    """Clock 3 of the one is what the other gives that number: one resource, not two."""
    model = model_of(tree_of(BOTH % (0, "")))
    assert grants(model, "agent-1") == {"clock rcc 30": "state read", "reset rcc 7": "reset"}
    assert numbers(model) == {"clock rcc 30": 3, "reset rcc 7": 1}
    assert wrong(model) == []
    (device,) = model.platforms[0].devices
    assert (device.node.name, [agent.name for agent in device.agents]) == ("uart", ["agent-1"])


def test_which_of_several_agents_the_consumer_is() -> None:
    """The one with its channel; it alone has the tree's devices."""
    tree = tree_of((BOTH % (1, SECOND)).replace("resets = <&rst 1>;", ""))
    model = model_of(tree)
    assert [agent.name for agent in model.platforms[0].devices[0].agents] == ["agent-2"]
    assert [use.key.cells for use in model.inventory.uses if use.consumer.name == "uart"] == [(31,)]


def test_a_number_that_the_server_in_the_same_tree_does_not_have() -> None:
    model = model_of(tree_of((BOTH % (0, "")).replace("<&clk 3>", "<&clk 4>")))
    (found,) = diagnostics(model, "id-unserved")
    assert found.severity is Severity.ERROR
    assert found.message == "/uart clocks[0] is clock 4, which the server does not give agent@1"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("reset: '&cc 1'", "reset <&cc 1>, but that node provides clock"),
        ("clock: '&cc 1 2'", "clock <&cc 1 2>, but a clock of that node has 1 cell"),
    ],
)
@pytest.mark.parametrize("what", ["grant", "owner"])
def test_what_a_provider_cannot_have_is_neither_granted_nor_owned(
    written: str, message: str, what: str
) -> None:
    """A slip of the pen would else be a resource of its own, or an owner of nothing."""
    operations = "[reset]" if "reset" in written else "[read]"
    agents = (
        f"    grant: [{{{written}, operations: {operations}}}]"
        if what == "grant"
        else f"platform: {{owners: [{{{written}, agent: b}}]}}"
    )
    (found,) = diagnostics(soc_model("e: e { clocks = <&cc 1>; };", agents), "grant-unmanaged")
    assert (found.severity, found.message) == (Severity.ERROR, f"the {what} names {message}")


#: A node with a clock → whether every agent runs on it.
CRITICAL = [
    ('cpus { cpu { device_type = "cpu"; %s }; };', True),
    ("ddr: memory-controller@9 { %s };", True),
    # The interrupt controller of the whole tree; not one for the interrupts of some pins.
    ("interrupt-parent = <&gic>; gic: gic { interrupt-controller; %s };", True),
    ("interrupt-parent = <&gic>; gic: gic { }; gpio { interrupt-controller; %s };", False),
    ("pmic: interrupt-controller@9 { interrupt-controller; %s };", False),
]


@pytest.mark.parametrize(("body", "critical"), CRITICAL)
def test_what_every_agent_runs_on(body: str, critical: bool) -> None:
    """CPUs, memory and interrupts, where one of several agents may turn them off."""
    model = soc_model(f"{body % 'clocks = <&cc 1>;'} e: e {{ }};", B_HAS_E)
    assert told(model) == ([("warning", "critical-resource")] if critical else [])


def test_what_every_agent_runs_on_is_kept_by_one_device_of_the_platform() -> None:
    """The hint names all devices that need one, and what it proposes ends the warning."""
    body = """
    cpus { #address-cells = <1>; #size-cells = <0>;
        c0: cpu@0 { device_type = "cpu"; reg = <0>; clocks = <&cc 1>; };
        c1: cpu@1 { device_type = "cpu"; reg = <1>; clocks = <&cc 1>; };
    };
    ddr: memory-controller { clocks = <&cc 2>; };
    e: e { };
    """
    (found,) = diagnostics(soc_model(body, B_HAS_E), "critical-resource")
    assert found.hint == 'platform.devices: ["/cpus", "&ddr"] keeps them for the platform'
    kept = f'{B_HAS_E}\nplatform: {{devices: ["&c0", "&ddr"]}}'
    assert told(soc_model(body, kept)) == []
    # Nobody can turn off a supply that is always on.
    rail = 'v: buck { regulator-name = "v"; regulator-min-microvolt = <1>; %s };'
    body = 'cpus { c: cpu { device_type = "cpu"; cpu-supply = <&v>; }; }; e: e { };' + rail
    assert told(soc_model(body % "", B_HAS_E)) == [("warning", "critical-resource")]
    assert told(soc_model(body % "regulator-always-on;", B_HAS_E)) == []


#: What the device around needs, what the one inside needs → what the first can do to the second.
INSIDE = [
    ("power-domains = <&pc 1>;", "", "can turn off power <&pc 1>"),
    ("clocks = <&cc 1>;", "", "can turn off clock <&cc 1>"),
    ("resets = <&rc 1>;", "", "can assert reset <&rc 1>"),
    # A vote of its own holds what both use.
    ("power-domains = <&pc 1>;", "power-domains = <&pc 1>;", None),
    ("power-domains = <&pc 1>, <&pc 2>;", "power-domains = <&pc 1>;", "turn off power <&pc 2>"),
    ("", "clocks = <&cc 1>;", None),
]


@pytest.mark.parametrize(("outer", "inner", "message"), INSIDE)
def test_a_power_off_or_reset_reaches_the_device_inside(
    outer: str, inner: str, message: str | None
) -> None:
    part = f'e: e {{ compatible = "acme,e"; {inner} }};'
    body = f'block {{ compatible = "acme,block"; {outer} {part} }};'
    found = diagnostics(soc_model(body, B_HAS_E), "depends-foreign")
    assert [message in item.message for item in found if message] == ([True] if message else [])
    assert len(found) == (message is not None)
    # One agent may do to itself what it likes.
    assert diagnostics(soc_model(body, ""), "depends-foreign") == []
    # What is disabled depends on nothing.
    off = body.replace("e: e {", 'e: e { status = "disabled";')
    assert diagnostics(soc_model(off, B_HAS_E), "depends-foreign") == []


def test_a_vote_granted_by_hand_holds_what_the_device_around_could_turn_off() -> None:
    body = 'w: wrap { compatible = "acme,w"; clocks = <&cc 1>; e: e { compatible = "acme,e"; }; };'
    (found,) = diagnostics(soc_model(body, B_HAS_E), "depends-foreign")
    assert found.hint == (
        'give both to one agent, or grant: [{clock: "&cc 1", operations: [state]}] in b'
    )
    vote = "    grant: [{clock: '&cc 1', operations: [state]}]"
    assert diagnostics(soc_model(body, f"{B_HAS_E}\n{vote}"), "depends-foreign") == []


def test_a_supply_of_another_agent_through_a_fixed_one_is_found() -> None:
    """The rail has no switch; the PMIC above it, which a drives, can be turned off all the same."""
    body = """
    i2c: i2c { compatible = "acme,i2c"; buck: buck { }; };
    rail: rail { compatible = "regulator-fixed"; vin-supply = <&buck>; };
    e: e { vcc-supply = <&rail>; };
    """
    (found,) = diagnostics(soc_model(body, B_HAS_E), "local-foreign")
    assert found.message.startswith("&buck belongs to a, but 1 use by other agents needs it")
    assert [item.message for item in found.related] == ["b: /e vcc-supply[0] through /rail"]
    # What is always on needs nobody.
    always = body.replace("buck { }", "buck { regulator-always-on; }")
    assert told(soc_model(always, B_HAS_E)) == []


def test_the_rate_above_a_fixed_factor_reaches_who_uses_it() -> None:
    """a sets the rate that feeds b's clock through a divider: no rate of its own, but the same."""
    body = """
    half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&cc 1>; };
    d { assigned-clocks = <&cc 1>; assigned-clock-rates = <5>; }; e: e { clocks = <&half>; };
    """
    model = soc_model(body, B_HAS_E)
    assert grants(model, "b") == {"clock cc 1": "state read"}
    assert wrong(model) == ["rate-shared"]


@pytest.mark.parametrize("what", ["grant", "owner", "always-on entry"])
def test_what_is_given_of_a_node_that_provides_nothing_is_an_error(what: str) -> None:
    """A grant of it alone made a resource that no firmware has."""
    agents = {
        "grant": "    grant: [{clock: '&x', operations: [read]}]",
        "owner": "platform: {owners: [{clock: '&x', agent: a}]}",
        "always-on entry": "platform: {always-on: [{clock: '&x'}]}",
    }[what]
    (found,) = diagnostics(soc_model("x: x { };", agents), "grant-unmanaged")
    assert found.message == f"the {what} names clock <&x>, but that node provides nothing"


def test_a_performance_domain_of_an_opp_table_has_no_provider_and_can_be_granted() -> None:
    body = (
        "t: t { o { opp-hz = <0 5>; }; }; d: d { operating-points-v2 = <&t>; clocks = <&cc 1>; };"
    )
    model = soc_model(body, "    grant: [{performance: '&d', operations: [read]}]")
    assert diagnostics(model, "grant-unmanaged") == []


def test_what_everybody_runs_on_must_not_be_slowed_down_either() -> None:
    """The memory's OPP table makes a performance domain of the agent that has the controller."""
    body = """
    ddr: memory-controller { clocks = <&cc 10>; operating-points-v2 = <&opp>; };
    opp: opp-table { o1 { opp-hz = <0 800000000>; }; o2 { opp-hz = <0 1600000000>; }; };
    d: d { clocks = <&cc 1>; };
    """
    (found,) = diagnostics(soc_model(body, '    access: [{dev: "&ddr"}]'), "critical-resource")
    assert found.message == (
        "b may turn off clock <&cc 10>, set the level of performance <&ddr> and set the limits of "
        "performance <&ddr>, on which /memory-controller and so every agent runs"
    )


def test_cpus_are_scaled_by_the_system_that_runs_on_them() -> None:
    body = """
    cpus { cpu { device_type = "cpu"; %s power-domains = <&pc 1>; }; };
    t: t { o { opp-hz = <0 5>; }; }; e: e { clocks = <&cc 2>; };
    """
    body %= "clocks = <&cc 1>; cpu-supply = <&vdd>; operating-points-v2 = <&t>;"
    (found,) = diagnostics(soc_model(body, B_HAS_E), "critical-resource")
    # The clock and the supply are those of the domain that scales them.
    assert found.message.startswith("a may turn off power <&pc 1>, on which")
    # Were they the platform's, nobody could scale them.
    assert found.hint == (
        "a scales the CPUs, so that they stay a's: "
        'platform.always-on: [{power: "&pc 1"}] keeps on what they run on'
    )
    kept = soc_model(body, f'{B_HAS_E}\nplatform: {{always-on: [{{power: "&pc 1"}}]}}')
    assert told(kept) == []
    assert grants(kept, "a")["performance /cpus/cpu"] == "level limits read"
    vote = '\n    grant: [{power: "&pc 1", operations: [state]}]'
    owner = '\nplatform: {owners: [{performance: "/cpus/cpu", agent: a}]}'
    model = soc_model(body, f"{B_HAS_E}{vote}{owner}")
    # Nobody alone may turn it off, but both systems give up their votes for what no driver uses.
    assert told(model) == [("warning", "boot-gate"), ("note", "grant-unused")]
    assert grants(model, "a")["performance /cpus/cpu"] == "level limits read"
    # The vote of one of two others is not enough.
    third = "\n  c: {id: 3, access: [{dev: '&f'}]}"
    model = soc_model(f"{body} f: f {{ clocks = <&cc 3>; }};", f"{B_HAS_E}{vote}{third}{owner}")
    assert ("warning", "critical-resource") in told(model)
