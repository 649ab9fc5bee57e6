"""Who drives a provider once the user and the ownership of devices have been heard."""

import pytest
from support import classes, diagnostics, grants, model_of, numbers, soc, soc_model, told, tree_of

PMIC = """
i2c: i2c@1 { compatible = "acme,i2c"; reg = <1>;
    pmic: pmic@2 { compatible = "acme,pmic"; reg = <2>; #clock-cells = <0>; regulators {
        buck: buck { regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; };
        ldo: ldo { regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; }; }; }; };
"""
SCMI = (
    'scmi { compatible = "arm,scmi-virtio";'
    " clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };"
)

# What follows TWO_AGENTS (agent b's entries, platform) → classes of some providers.
CLASSES = [
    ("", {"cc": "managed", "buck": "local"}),
    # platform.* names a node and all below it; a deeper entry wins.
    ('platform: {managed: ["&pmic"]}', {"pmic": "managed", "buck": "managed", "ldo": "managed"}),
    ('platform: {managed: ["&i2c"]}', {"buck": "managed"}),
    (
        'platform: {managed: ["&pmic"], fixed: ["&ldo"]}',
        {"pmic": "managed", "buck": "managed", "ldo": "fixed"},
    ),
    ('platform: {local: ["&cc"]}', {"cc": "local", "rc": "managed"}),
    ('platform: {fixed: ["*-controller@*"]}', {"cc": "fixed", "rc": "fixed", "buck": "local"}),
    # A local provider whose owner is the platform is managed.
    ('platform: {devices: ["&i2c"]}', {"pmic": "managed", "buck": "managed"}),
    # Naming a node exactly as a device makes it that agent's; a pattern never does.
    ('    access: [{dev: "&cc"}]', {"cc": "local", "rc": "managed"}),
    ('    access: [{dev: "clock-controller@1000"}]', {"cc": "local"}),
    ('    access: [{dev: "clock-controller@*"}]', {"cc": "managed"}),
    # … with what is part of it for want of a compatible, and no further.
    ('    access: [{dev: "/rails"}]', {"vdd": "local", "cc": "managed"}),
    ('    access: [{dev: "/block@9"}]', {"gate": "managed"}),
    # platform.managed beats the naming.
    ('    access: [{dev: "&cc"}]\nplatform: {managed: ["&cc"]}', {"cc": "managed"}),
]
BLOCK = (
    'block@9 { compatible = "acme,b"; gate: g { compatible = "acme,g"; #clock-cells = <0>; }; };'
)


@pytest.mark.parametrize(("agents", "expected"), CLASSES)
def test_final_class(agents: str, expected: dict[str, str]) -> None:
    body = "d { clocks = <&cc 1>, <&pmic>, <&gate>; resets = <&rc 1>; a-supply = <&buck>;"
    model = soc_model(f"{body} b-supply = <&ldo>; c-supply = <&vdd>; }};{PMIC}{BLOCK}", agents)
    found = classes(model)
    assert {name: found.get(name) for name in expected} == expected


def test_a_fixed_provider_stays_fixed_when_it_is_named() -> None:
    body = 'o: osc { compatible = "fixed-clock"; #clock-cells = <0>; }; d { clocks = <&o>; };'
    assert classes(soc_model(body, '    access: [{dev: "&o"}]'))["o"] == "fixed"


def test_what_a_managed_provider_consumes_is_the_platforms() -> None:
    """Its inputs, its own assigned clocks, and what its parts without compatible consume."""
    model = soc_model(
        """
        blk: block@5 { compatible = "acme,blk"; #clock-cells = <1>; clocks = <&cc 1>;
            assigned-clocks = <&cc 2>; assigned-clock-rates = <5>; resets = <&rc 1>;
            part { power-domains = <&pc 1>; };
            dev: device { compatible = "acme,d"; clocks = <&cc 3>; }; };
        d { clocks = <&blk 7>; };
        """
    )
    assert grants(model, "ospm") == {"clock blk 7": "state read", "clock cc 3": "state read"}


DOMAINS = """
    gpc: gpc@3 { compatible = "acme,gpc"; reg = <3>;
        pgc { #address-cells = <1>; #size-cells = <0>;
            p1: power-domain@1 { reg = <1>; #power-domain-cells = <0>; clocks = <&cc 1>; };
            p2: power-domain@2 { reg = <2>; #power-domain-cells = <0>; clocks = <&cc 2>;
                power-domains = <&p1>; assigned-clocks = <&cc 3>; assigned-clock-rates = <5>; };
        }; };
    v: video@9 { compatible = "acme,v"; reg = <9>; power-domains = <&p1>; };
    n: npu@8 { compatible = "acme,n"; reg = <8>; power-domains = <&p2>; %s };
"""


def test_disabling_the_user_of_a_power_domain_gives_nobody_what_the_domain_consumes() -> None:
    """A domain that is a node of its controller is the platform's, with or without a user."""
    assert grants(soc_model(DOMAINS % ""), "ospm") == {
        "power p1": "state read",
        "power p2": "state read",
    }
    off = soc_model(DOMAINS % 'status = "disabled";')
    assert grants(off, "ospm") == {"power p1": "state read"}


def test_a_power_controller_that_an_agent_names_is_a_device_of_it() -> None:
    """Then its domains are switched by the agent, and it needs what they consume."""
    off = DOMAINS % 'status = "disabled";'
    assert grants(soc_model(off, '    access: [{dev: "&gpc"}]'), "b") == {
        "clock cc 1": "state read",
        "clock cc 2": "state read",
        "clock cc 3": "rate read",
    }


def test_the_parent_of_managed_regulators_is_the_platforms() -> None:
    """RPMh: ``regulators-0`` has the supplies of its children."""
    model = soc_model(
        """
        regulators-0 { compatible = "acme,rpmh"; vin-supply = <&vdd>; out: ldo1 { }; };
        d { vdd-supply = <&out>; };
        """
    )
    assert grants(model, "ospm") == {"voltage out": "state read"}


def test_an_output_nobody_uses_classifies_nothing() -> None:
    """An Ethernet MAC with a clock output that has no consumer is a device like another."""
    body = "mac@5 { #clock-cells = <0>; clocks = <&cc 1>; };"
    assert grants(soc_model(body), "ospm") == {"clock cc 1": "state read"}


def test_an_scmi_clock_of_a_managed_provider_keeps_its_number_and_is_nobodys() -> None:
    tree = tree_of(
        SCMI + 'rcc: rcc@1 { compatible = "st,rcc"; reg = <1>; #clock-cells = <1>;'
        " clocks = <&clk 3>; }; d { clocks = <&rcc 7>, <&clk 5>; };"
    )
    agents = 'domains: {a: {id: 1, default: true}}\nplatform: {managed: ["&rcc"]}'
    model = model_of(tree, agents)
    assert grants(model, "a") == {"clock rcc 7": "state read", "clock clk 5": "state read"}
    assert numbers(model) == {"clock clk 3": 3, "clock clk 5": 5, "clock rcc 7": 6}


def test_psci_domains_are_fixed_and_pass_nothing_on() -> None:
    body = """
    psci { compatible = "arm,psci-1.0"; cl: cluster { #power-domain-cells = <0>;
        power-domains = <&pc 1>; }; };
    d { power-domains = <&cl>; };
    """
    model = soc_model(body)
    assert grants(model, "ospm") == {}
    assert classes(model)["cl"] == "fixed"


def test_a_disabled_provider_drops_the_use() -> None:
    body = 'o: osc { status = "disabled"; #clock-cells = <0>; }; d { clocks = <&o>, <&cc 1>; };'
    model = soc_model(body)
    assert grants(model, "ospm") == {"clock cc 1": "state read"}
    assert told(model) == [("warning", "provider-disabled")]


def test_a_local_provider_serves_its_owner_only() -> None:
    body = (
        PMIC + "d1 { vdd-supply = <&buck>; }; d2: d2 { vdd-supply = <&buck>; x-supply = <&ldo>; };"
    )
    assert told(soc_model(body, "")) == []
    model = soc_model(body, '    access: [{dev: "&d2"}]')
    assert told(model) == [("error", "local-foreign")] * 2
    # With the bus, the PMIC is b's, and a's devices are the foreign ones: one error a provider.
    model = soc_model(body, '    access: [{dev: "&i2c"}]')
    buck, ldo = diagnostics(model, "local-foreign")
    assert buck.message.startswith("&buck belongs to b, but 2 uses by other agents need it")
    assert ldo.message.startswith("&ldo belongs to b, but 1 use by other agents needs it")
    assert "platform.managed" in str(buck.hint)


BUSES = [
    # Nothing but the PMIC: the whole bus can be handed to the platform. An EEPROM cannot.
    ("", True),
    ('eeprom@50 { compatible = "acme,eeprom"; };', False),
]


@pytest.mark.parametrize(("beside", "whole"), BUSES)
def test_the_hint_where_a_supply_is_anothers(beside: str, whole: bool) -> None:
    bus = PMIC.replace("pmic: pmic", beside + " pmic: pmic")
    model = soc_model(bus + "d: d { x-supply = <&buck>; };", '    access: [{dev: "&d"}]')
    (found,) = diagnostics(model, "local-foreign")
    assert 'platform.managed: ["&pmic"]' in str(found.hint)
    assert ('platform.devices: ["&i2c"]' in str(found.hint)) == whole


def test_the_agents_of_a_foreign_use_are_the_others() -> None:
    model = soc_model(
        PMIC + "d: d { x-supply = <&buck>; };", '    access: [{dev: "&d", flags: {shared: true}}]'
    )
    (found,) = diagnostics(model, "local-foreign")
    assert [related.message for related in found.related] == ["b: /d x-supply[0]"]


def test_naming_an_scmi_protocol_changes_nothing() -> None:
    tree = tree_of(SCMI + "d: d { clocks = <&clk 1>; };")
    model = model_of(tree, 'domains: {a: {id: 1, access: [{dev: "&clk"}, {dev: "&d"}]}}')
    assert classes(model)["clk"] == "managed"
    assert grants(model, "a") == {"clock clk 1": "state read"}


SWITCHED = """
gpio: gpio@5 { compatible = "acme,gpio"; gpio-controller; #gpio-cells = <2>; clocks = <&cc 1>; };
vcc: regulator-vcc { compatible = "regulator-fixed"; gpio = <&gpio 3 0>; vin-supply = <&vdd>; };
d: d { vcc-supply = <&vcc>; };
"""

# Agent b's entries → whether a's device can use the switched regulator, and who pays for its input.
SWITCHES = [
    ('    access: [{dev: "&d"}, {dev: "&gpio"}]', [], "b"),
    ('    access: [{dev: "&d"}]', [("error", "local-foreign")], "a"),
    ('    access: [{dev: "&gpio"}]', [("error", "local-foreign")], "b"),
    # An entry of its own beats that; the GPIO is a's all the same, with its clock.
    ('    access: [{dev: "&d"}, {dev: "&vcc"}]', [("warning", "depends-foreign")], "b"),
]


@pytest.mark.parametrize(("agents", "expected", "owner"), SWITCHES)
def test_a_switched_part_is_its_switchs(
    agents: str, expected: list[tuple[str, str]], owner: str
) -> None:
    """A regulator on a GPIO belongs to the owner of the GPIO controller, and is its device."""
    model = soc_model(SWITCHED, agents)
    assert told(model) == expected
    assert "voltage vdd" in grants(model, owner)


def test_a_clock_on_a_pwm_is_the_pwms() -> None:
    body = """
    pwm: pwm@5 { compatible = "acme,pwm"; #pwm-cells = <2>; };
    clk: clock-out { compatible = "pwm-clock"; #clock-cells = <0>; pwms = <&pwm 0 5>; };
    d: d { clocks = <&clk>; };
    """
    agents = '    access: [{dev: "&d"}, {dev: "&pwm"}]'
    assert told(soc_model(body, agents)) == []
    assert told(soc_model(body, '    access: [{dev: "&d"}]')) == [("error", "local-foreign")]


# What switches the part besides GPIOs and PWMs: another regulator, a clock, a power domain.
FURTHER = [
    'vcc: v { compatible = "vctrl-regulator"; ctrl-supply = <&ctrl>; };'
    'ctrl: c { compatible = "pwm-regulator"; pwms = <&pwm 0 5>; };',
    'vcc: v { compatible = "regulator-fixed-clock"; clocks = <&gate>; };'
    'gate: g { compatible = "gpio-gate-clock"; #clock-cells = <0>; enable-gpios = <&pwm 1 0>; };',
    'vcc: v { compatible = "regulator-fixed-domain"; power-domains = <&pwm>; };',
    'vcc: v { compatible = "regulator-gpio"; enable-gpios = <&pwm 1 0>; };',
]


@pytest.mark.parametrize("part", FURTHER)
def test_a_part_switched_by_another_part_is_that_ones_switchs(part: str) -> None:
    body = f"""
    pwm: pwm@5 {{ compatible = "acme,pwm"; #pwm-cells = <2>; #gpio-cells = <2>;
        #power-domain-cells = <0>; reset-gpios = <&gpio 3 0>; }};
    gpio: gpio@6 {{ compatible = "acme,gpio"; #gpio-cells = <2>; }};
    {part} d: d {{ vcc-supply = <&vcc>; }};
    """
    model = soc_model(body, '    access: [{dev: "&d"}, {dev: "&pwm"}]')
    assert [agent.name for agent in model.owners.of(model.inventory.tree.labels["vcc"]).agents] == [
        "b"
    ]
    # The reset of the switch is on another agent's GPIO.
    assert told(model) == [("note", "depends-foreign")]
    assert [i for _, i in told(soc_model(body, '    access: [{dev: "&d"}]'))] == ["local-foreign"]


def test_what_scmi_makes_local_is_said_once() -> None:
    """Those that only the SCMI node made local, not what is local or fixed anyhow."""
    tree = soc(
        SCMI + PMIC + "d { clocks = <&clk 1>, <&cc 1>; resets = <&rc 1>; a-supply = <&buck>; };"
    )
    model = model_of(tree)
    assert told(model) == [("note", "scmi-native")]
    (found,) = diagnostics(model, "scmi-native")
    assert found.message.startswith("&cc, &rc: agents drive these natively")
    assert grants(model, "ospm") == {"clock clk 1": "state read"}


FED = [
    ("clocks = <&phy>;", "note"),
    ("domain-supply = <&buck>;", "warning"),
    ("vin-supply = <&buck>;", "warning"),
    ("power-supply = <&buck>;", "warning"),
    ("vdd-supply = <&buck>;", "note"),
]


@pytest.mark.parametrize(("feed", "severity"), FED)
def test_a_managed_provider_may_consume_a_local_one(feed: str, severity: str) -> None:
    body = (
        f"{PMIC} phy: phy@5 {{ #clock-cells = <0>; #phy-cells = <0>; }};"
        f"mux: mux@6 {{ #clock-cells = <0>; {feed} }}; d {{ clocks = <&mux>; }};"
    )
    model = soc_model(body)
    assert told(model) == [(severity, "managed-consumes-local")]
    assert grants(model, "ospm") == {"clock mux": "state read"}
