"""What the tree says of the resources themselves: names, rates, parents, voltages, OPPs."""

import pytest
from support import inventory_of, tree_of, word

from scmigen.bindings.describe import stdout_node
from scmigen.bindings.facts import OperatingPoint, ResourceFacts, ResourceKey
from scmigen.scmi.protocols import Kind


def facts(body: str, resource: str) -> ResourceFacts:
    inventory = inventory_of(body)
    return next(f for key, f in inventory.facts.items() if word(inventory.tree, key) == resource)


NAMES = [
    # clock-output-names by position; by clock-indices where there are any.
    ('c: c { #clock-cells = <1>; clock-output-names = "a", "b"; };', "<&c 1>", "clock c 1", ("b",)),
    ('c: c { #clock-cells = <1>; clock-output-names = "a"; };', "<&c 1>", "clock c 1", ()),
    (
        'c: c { #clock-cells = <1>; clock-indices = <4>, <1>; clock-output-names = "a", "b"; };',
        "<&c 1>",
        "clock c 1",
        ("b",),
    ),
    (
        'c: c { #clock-cells = <1>; clock-indices = <4>, <1>; clock-output-names = "a", "b"; };',
        "<&c 0>",
        "clock c 0",
        (),
    ),
    # A provider of one clock has its node's name too.
    ('c: c { #clock-cells = <0>; clock-output-names = "a"; };', "<&c>", "clock c", ("a", "c")),
    ("c: osc@7 { #clock-cells = <0>; };", "<&c>", "clock c", ("osc",)),
    # Two cells: the names are for a flat list, so none is sure.
    ('c: c { #clock-cells = <2>; clock-output-names = "a"; };', "<&c 0 0>", "clock c 0 0", ()),
    # What firmware calls its clocks the tree does not know.
    (
        'scmi { compatible = "arm,scmi"; c: protocol@14 { reg = <0x14>; #clock-cells = <1>;'
        ' clock-output-names = "a"; }; };',
        "<&c 0>",
        "clock c 0",
        (),
    ),
]


@pytest.mark.parametrize(("body", "reference", "resource", "names"), NAMES)
def test_clock_names(body: str, reference: str, resource: str, names: tuple[str, ...]) -> None:
    assert facts(f"{body} d {{ clocks = {reference}; }};", resource).names == names


def test_domain_and_regulator_names() -> None:
    body = (
        'p: p { #power-domain-cells = <0>; label = "gpu-domain"; };'
        'v: v { regulator-name = "vdd"; };'
        "d { power-domains = <&p>; vdd-supply = <&v>; };"
    )
    assert facts(body, "power p").names == ("gpu-domain", "p")
    assert facts(body, "voltage v").names == ("vdd", "v")


def test_the_label_of_a_nested_domain() -> None:
    body = (
        "pc: pc { #power-domain-cells = <1>;"
        ' power-domain@1 { reg = <1>; #power-domain-cells = <0>; label = "isp"; }; };'
        "d { power-domains = <&pc 1>; };"
    )
    assert facts(body, "power pc 1").names == ("isp",)


def test_rates_and_parents_are_what_consumers_ask_for() -> None:
    """In Hz, each once, ascending; a disabled consumer asks for nothing."""
    body = """
    c: c { #clock-cells = <1>; };
    d1 { assigned-clocks = <&c 1>, <&c 2>; assigned-clock-rates = <900 5>;
         assigned-clock-parents = <&c 7>; };
    d2 { assigned-clocks = <&c 1>; assigned-clock-rates-u64 = <1 0>; };
    d3 { assigned-clocks = <&c 1>; assigned-clock-rates = <900>; };
    d4 { assigned-clocks = <&c 1>; assigned-clock-rates = <1>; status = "disabled"; };
    """
    found = facts(body, "clock c 1")
    assert found.rates == (900, 1 << 32)
    assert found.parents == (ResourceKey(Kind.CLOCK, "/c", (7,)),)
    assert facts(body, "clock c 2").rates == (5,)


VOLTAGES = [
    (
        "regulator-min-microvolt = <700>; regulator-max-microvolt = <900>;",
        (700, 900),
        False,
        False,
    ),
    ("regulator-max-microvolt = <900>; regulator-boot-on;", (900,), True, False),
    ("regulator-always-on;", (), True, True),
    ("", (), False, False),
]


@pytest.mark.parametrize(("body", "voltages", "on", "always_on"), VOLTAGES)
def test_regulators(body: str, voltages: tuple[int, ...], on: bool, always_on: bool) -> None:
    found = facts(f"v: v {{ {body} }}; d {{ x-supply = <&v>; }};", "voltage v")
    assert (found.voltages, found.on, found.always_on) == (voltages, on, always_on)


LISTED = [
    pytest.param(
        """compatible = "regulator-gpio"; regulator-min-microvolt = <1800000>;
        regulator-max-microvolt = <3300000>; states = <3300000 0>, <1800000 1>;""",
        (1_800_000, 3_300_000),
        id="GPIO",
    ),
    pytest.param(
        """compatible = "regulator-gpio"; regulator-min-microvolt = <1>;
        regulator-max-microvolt = <9>; states = <3 1>, <5 0>, <11 2>;""",
        (3, 5),
        id="GPIO, one outside of the limits",
    ),
    pytest.param(
        """compatible = "regulator-gpio"; regulator-type = "current"; states = <3 1>, <5 0>;""",
        (),
        id="currents",
    ),
    pytest.param(
        """compatible = "pwm-regulator"; regulator-min-microvolt = <1016000>;
        regulator-max-microvolt = <1114000>;
        voltage-table = <1114000 0>, <1095000 10>, <1056000 50>, <1016000 100>;""",
        (1_016_000, 1_056_000, 1_095_000, 1_114_000),
        id="PWM",
    ),
    pytest.param(
        """compatible = "acme,ldo"; regulator-min-microvolt = <1>; regulator-max-microvolt = <9>;
        states = <3 1>;""",
        (1, 9),
        id="another binding's property",
    ),
]


@pytest.mark.parametrize(("body", "voltages"), LISTED)
def test_regulators_that_select_one_of_some_voltages(body: str, voltages: tuple[int, ...]) -> None:
    """Bindings/regulator/gpio-regulator.yaml and pwm-regulator.yaml, their examples among these."""
    assert facts(f"v: v {{ {body} }}; d {{ x-supply = <&v>; }};", "voltage v").voltages == voltages


def test_an_scmi_voltage_is_described_by_the_regulator_with_its_reg() -> None:
    body = """scmi { compatible = "arm,scmi"; sv: protocol@17 { reg = <0x17>; regulators {
        regulator@3 { reg = <4>; regulator-max-microvolt = <1>; };
        v: regulator@4 { reg = <3>; regulator-max-microvolt = <2>; regulator-boot-on; }; }; }; };
        d { x-supply = <&v>; };"""
    found = facts(body, "voltage sv 3")
    assert (found.voltages, found.on) == ((2,), True)


PARENTS = [
    # power-domains of a provider: all its domains are below that one.
    (
        "p: p { #power-domain-cells = <1>; power-domains = <&q>; };",
        "<&p 3>",
        "power p 3",
        "power q",
    ),
    ("p: p { #power-domain-cells = <0>; };", "<&p>", "power p", None),
    # power-domains-child-ids says which of them.
    (
        "p: p { #power-domain-cells = <1>; power-domains = <&q>; power-domains-child-ids = <3>; };",
        "<&p 3>",
        "power p 3",
        "power q",
    ),
    (
        "p: p { #power-domain-cells = <1>; power-domains = <&q>; power-domains-child-ids = <3>; };",
        "<&p 4>",
        "power p 4",
        None,
    ),
    # Several without ids: nobody can tell which is above which.
    (
        "p: p { #power-domain-cells = <1>; power-domains = <&q>, <&q2>; };",
        "<&p 4>",
        "power p 4",
        None,
    ),
]


@pytest.mark.parametrize(("body", "reference", "resource", "parent"), PARENTS)
def test_the_domain_above(body: str, reference: str, resource: str, parent: str | None) -> None:
    body += "q: q { #power-domain-cells = <0>; }; q2: q2 { #power-domain-cells = <0>; };"
    inventory = inventory_of(f"{body} d {{ power-domains = {reference}; }};")
    found = {word(inventory.tree, key): facts.parent for key, facts in inventory.facts.items()}
    above = found[resource]
    assert (word(inventory.tree, above) if above else None) == parent


def points(table: str) -> tuple[OperatingPoint, ...]:
    inventory = inventory_of(f"t: t {{ {table} }}; d {{ operating-points-v2 = <&t>; }};")
    return inventory.tables[0].points


def test_points_of_a_table() -> None:
    """64-bit Hz; the first of µV triplets is the target; ascending whatever the order."""
    assert points(
        """
        opp-2 { opp-hz = <0x1 0x2>; opp-microvolt = <900 850 950>; opp-level = <7>; };
        opp-1 { opp-hz = <0 500>; };
        opp-0 { opp-level = <1>; };
        opp-none { opp-microvolt = <1>; };
        """
    ) == (
        OperatingPoint((), None, 1),
        OperatingPoint((500,), None, None),
        OperatingPoint(((1 << 32) + 2,), 900, 7),
    )


def test_disabled_points_are_left_out() -> None:
    """As in ``_of_add_opp_table_v2`` of Linux: for each available child."""
    body = 'a { opp-hz = <0 5>; status = "disabled"; }; b { opp-hz = <0 6>; status = "okay"; };'
    assert points(body) == (OperatingPoint((6,), None, None),)


def test_points_with_a_frequency_for_each_clock() -> None:
    assert points("o { opp-hz = <0 5>, <0 0>, <0 7>; };") == (
        OperatingPoint((5, 0, 7), None, None),
    )


def test_points_of_the_first_version() -> None:
    """``operating-points``: pairs of kHz and µV in the device itself."""
    inventory = inventory_of("cpu { operating-points = <1200 900000>, <600 800000>; };")
    (table,) = inventory.tables
    assert table.points == (
        OperatingPoint((600_000,), 800_000, None),
        OperatingPoint((1_200_000,), 900_000, None),
    )
    assert (table.node.path, [node.path for node in table.consumers]) == ("/cpu", ["/cpu"])


def test_tables() -> None:
    """Each with its enabled devices, in the order of their paths."""
    inventory = inventory_of(
        """
        t: t { opp-shared; o { opp-hz = <0 5>; }; };
        u: u { o { opp-hz = <0 5>; required-opps = <&t>; }; };
        d2 { operating-points-v2 = <&t>; };
        d1 { operating-points-v2 = <&t>; };
        d0 { operating-points-v2 = <&t>; status = "disabled"; };
        e { operating-points-v2 = <&u>; };
        """
    )
    assert [
        (t.node.name, t.shared, t.requires, [n.name for n in t.consumers]) for t in inventory.tables
    ] == [("t", True, False, ["d1", "d2"]), ("u", False, True, ["e"])]


def test_damaged_tables_are_read_as_far_as_they_make_sense() -> None:
    assert points("o { opp-hz = [00 01]; }; p { opp-hz = <5>; };") == ()


SERIAL = "serial@1 { };"


@pytest.mark.parametrize(
    ("body", "console"),
    [
        ('chosen { stdout-path = "/serial@1"; };', "/serial@1"),
        ('aliases { s0 = "/serial@1"; }; chosen { stdout-path = "s0:115200n8"; };', "/serial@1"),
        ('chosen { stdout-path = "/serial@2"; };', None),
        ('chosen { stdout-path = ""; };', None),
        ("chosen { };", None),
        ("", None),
    ],
)
def test_the_console(body: str, console: str | None) -> None:
    found = stdout_node(tree_of(body + SERIAL))
    assert (found.path if found else None) == console


def test_scmi_instances() -> None:
    inventory = inventory_of(
        """
        scmi-1 { compatible = "x", "arm,scmi-smc"; protocol@11 { reg = <0x11>; };
                 protocol@99 { reg = <0x14>; }; other@15 { reg = <0x15>; }; };
        scmi { compatible = "arm,scmi"; };
        scmi-2 { compatible = "arm,scmi"; status = "disabled"; };
        """
    )
    assert [
        (i.node.path, i.transport.compatible, sorted(i.protocols)) for i in inventory.instances
    ] == [
        ("/scmi", "arm,scmi", []),
        ("/scmi-1", "arm,scmi-smc", [0x11, 0x14]),
    ]
