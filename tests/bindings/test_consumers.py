"""What a node consumes: every property, with index, name and the operations it needs."""

import pytest
from support import inventory_of, needs, tree_of

from scmigen.devicetree.tree import DeviceTree

PROVIDERS = """
    c: c { #clock-cells = <1>; }; c0: c0 { #clock-cells = <0>; };
    p: p { #power-domain-cells = <1>; }; r: r { #reset-cells = <1>; };
    r2: r2 { #reset-cells = <2>; };
    f: f { #performance-domain-cells = <1>; }; q: q { #freq-domain-cells = <1>; #clock-cells = <1>; };
    t: t { #thermal-sensor-cells = <1>; }; io: io { #io-channel-cells = <1>; };
    v: v { regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; };
    v1: v1 { regulator-min-microvolt = <1>; regulator-max-microvolt = <1>; };
    v0: v0 { regulator-max-microvolt = <1>; };
    ti: ti { compatible = "ti,sci-pm-domain"; #power-domain-cells = <2>; };
    scmi { compatible = "arm,scmi";
        pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
        perf: protocol@13 { reg = <0x13>; #clock-cells = <1>; };
        perfpd: protocol@93 { reg = <0x13>; #power-domain-cells = <1>; };
        protocol@17 { reg = <0x17>; regulators {
            sv: regulator@9 { reg = <3>; }; }; };
    };
    rpmhpd: rpmhpd { #power-domain-cells = <1>; operating-points-v2 = <&tbl>; };
    tbl: tbl { };
    req: req { o { opp-hz = <0 5>; required-opps = <&tbl>; }; };
    lvl: lvl { o { opp-hz = <0 5>; opp-level = <2>; }; };
    lvlv: lvlv { o { opp-hz = <0 5>; opp-level = <2>; opp-microvolt-slow = <3>; }; };
"""  # noqa: E501 (a node a line reads better)

# What stands in node d → (property, index, resource, operations) of each use.
USES = [
    ("clocks = <&c 1>;", [("clocks", 0, "clock c 1", "state read")]),
    (
        "clocks = <&c0>, <0>, <&c 2>;",
        [("clocks", 0, "clock c0", "state read"), ("clocks", 2, "clock c 2", "state read")],
    ),
    ("power-domains = <&p 5>;", [("power-domains", 0, "power p 5", "state read")]),
    ("resets = <&r 5>;", [("resets", 0, "reset r 5", "reset")]),
    ("resets = <&r2 0x20 8>;", [("resets", 0, "reset r2 32 8", "reset")]),
    ("vdd-supply = <&v>;", [("vdd-supply", 0, "voltage v", "state read")]),
    ("vmmc-supply = <&v>;", [("vmmc-supply", 0, "voltage v", "state read")]),
    # Cards change their I/O voltage: `level`, where the regulator can change at all.
    ("vqmmc-supply = <&v>;", [("vqmmc-supply", 0, "voltage v", "state level read")]),
    ("vqmmc-supply = <&v1>;", [("vqmmc-supply", 0, "voltage v1", "state read")]),
    ("vqmmc-supply = <&v0>;", [("vqmmc-supply", 0, "voltage v0", "state read")]),
    ("thermal-sensors = <&t 2>;", [("thermal-sensors", 0, "sensor t 2", "config read")]),
    ("io-channels = <&io 2>;", [("io-channels", 0, "sensor io 2", "config read")]),
    # The flag cell of TISCI domains (exclusive or shared) is not identity.
    ("power-domains = <&ti 5 1>;", [("power-domains", 0, "power ti 5", "state read")]),
    # SCMI: the protocol's reg decides, not its unit address; a voltage is its regulator's reg.
    ("power-domains = <&pd 5>;", [("power-domains", 0, "power pd 5", "state read")]),
    ("x-supply = <&sv>;", [("x-supply", 0, "voltage /scmi/protocol@17 3", "state read")]),
    # Performance: SCMI by either kind of cells, DVFS hardware, or a domain with an OPP table.
    ("clocks = <&perf 1>;", [("clocks", 0, "performance perf 1", "limits read")]),
    ("power-domains = <&perfpd 1>;", [("power-domains", 0, "performance perfpd 1", "limits read")]),
    (
        "performance-domains = <&f 1>;",
        [("performance-domains", 0, "performance f 1", "limits read")],
    ),
    ("qcom,freq-domain = <&q 1>;", [("qcom,freq-domain", 0, "performance q 1", "limits read")]),
    ("clocks = <&q 1>;", [("clocks", 0, "performance q 1", "limits read")]),
    ("power-domains = <&rpmhpd 1>;", [("power-domains", 0, "performance rpmhpd 1", "limits read")]),
    # … `level` too for CPUs and devices with a table, but only votes on somebody else's domain.
    (
        'device_type = "cpu"; clocks = <&perf 1>;',
        [("clocks", 0, "performance perf 1", "level limits read")],
    ),
    (
        "operating-points-v2 = <&tbl>; performance-domains = <&f 1>;",
        [("performance-domains", 0, "performance f 1", "level limits read")],
    ),
    (
        "operating-points-v2 = <&tbl>; power-domains = <&rpmhpd 1>;",
        [("power-domains", 0, "performance rpmhpd 1", "limits read")],
    ),
    # Assigned clocks: a rate, a parent, both; zeros and missing trailing entries give nothing.
    (
        "assigned-clocks = <&c 1>; assigned-clock-rates = <100>;",
        [("assigned-clocks", 0, "clock c 1", "rate read")],
    ),
    (
        "assigned-clocks = <&c 1>; assigned-clock-parents = <&c 2>;",
        [
            ("assigned-clocks", 0, "clock c 1", "parent read"),
            ("assigned-clock-parents", 0, "clock c 2", "read"),
        ],
    ),
    (
        "assigned-clocks = <&c 1>, <&c 2>, <&c 3>; assigned-clock-rates = <0 7>;"
        "assigned-clock-parents = <0>, <0>, <&c0>;",
        [
            ("assigned-clocks", 1, "clock c 2", "rate read"),
            ("assigned-clocks", 2, "clock c 3", "parent read"),
            ("assigned-clock-parents", 2, "clock c0", "read"),
        ],
    ),
    (
        "assigned-clocks = <0>, <&c 2>; assigned-clock-rates = <5 7>;",
        [("assigned-clocks", 1, "clock c 2", "rate read")],
    ),
    ("assigned-clocks = <&c 1>;", []),
    ("assigned-clocks = <&c 1>; assigned-clock-rates = <0>;", []),
    ("assigned-clock-rates = <7>;", []),
    (
        "assigned-clocks = <&c 1>, <&c 2>, <&c 3>; assigned-clock-rates-u64 = <0 0>, <1 0>, <0 7>;",
        [
            ("assigned-clocks", 1, "clock c 2", "rate read"),
            ("assigned-clocks", 2, "clock c 3", "rate read"),
        ],
    ),
    ('clock-frequency = <7>; supply = <&v>; clock-names = "x";', []),
]

ENTRY = "power-domains = <&perfpd 1>;"
PERF = f'{ENTRY} power-domain-names = "perf";'
CPU = 'device_type = "cpu";'

# What stands in node d → the operations on its performance domain. Linux's scmi-cpufreq looks for
# the name "perf"; OPPs with required-opps, or levels, are votes.
PERFORMANCE = [
    pytest.param(PERF, "level limits read", id="a device with the name of its domain"),
    pytest.param(f"{CPU} {PERF}", "level limits read", id="a CPU with it"),
    pytest.param(f"{CPU} {ENTRY}", "level limits read", id="a CPU without"),
    pytest.param(
        f'{CPU} {ENTRY} power-domain-names = "cpr";', "limits read", id="a CPU with another name"
    ),
    pytest.param(
        f'operating-points-v2 = <&tbl>; {ENTRY} power-domain-names = "mx";',
        "limits read",
        id="a table and another name",
    ),
    pytest.param(
        f"operating-points-v2 = <&tbl>; {ENTRY}", "level limits read", id="a table of its own"
    ),
    pytest.param(
        "operating-points = <1 2>; performance-domains = <&f 1>;",
        "level limits read",
        id="a table of the first version",
    ),
    pytest.param(
        f"operating-points-v2 = <&req>; {PERF}", "limits read", id="a table that requires points"
    ),
    pytest.param(
        f"{CPU} operating-points-v2 = <&req>; {PERF}", "limits read", id="a CPU with such a table"
    ),
    pytest.param(f"required-opps = <&tbl>; {PERF}", "limits read", id="a point that it requires"),
    pytest.param(
        f"operating-points-v2 = <&lvl>; {ENTRY}", "limits read", id="a table of levels alone"
    ),
    pytest.param(
        f"operating-points-v2 = <&lvlv>; {ENTRY}", "limits read", id="levels and voltages"
    ),
    pytest.param(
        "operating-points-v2 = <&lvl>; performance-domains = <&f 1>;",
        "level limits read",
        id="levels of DVFS hardware",
    ),
    pytest.param(
        'clocks = <&perf 1>; clock-names = "perf";', "limits read", id="a name of a clock"
    ),
    pytest.param(
        'power-domains = <&rpmhpd 1>; power-domain-names = "perf";',
        "limits read",
        id="a domain that only takes votes",
    ),
]


@pytest.mark.parametrize(("body", "operations"), PERFORMANCE)
def test_a_performance_domain_scales_its_consumer_or_takes_its_votes(
    body: str, operations: str
) -> None:
    inventory = inventory_of(f"{PROVIDERS} d {{ {body} }};")
    assert [use[4] for use in needs(inventory) if use[0] == "d"] == [operations]


@pytest.mark.parametrize(("body", "expected"), USES)
def test_uses(body: str, expected: list[tuple[str, int, str, str]]) -> None:
    inventory = inventory_of(f"{PROVIDERS} d {{ {body} }};")
    assert not inventory.diagnostics
    assert [use[1:] for use in needs(inventory) if use[0] == "d"] == expected


def test_names_stand_at_their_index() -> None:
    inventory = inventory_of(
        PROVIDERS + 'd { clocks = <&c 1>, <0>, <&c 3>; clock-names = "a", "b", "c";'
        'power-domains = <&p 1>, <&perfpd 2>; power-domain-names = "psci", "perf";'
        'resets = <&r 1>, <&r 2>; reset-names = "only-one"; };'
    )
    assert {
        (use.prop, use.index, use.name) for use in inventory.uses if use.consumer.name == "d"
    } == {
        ("clocks", 0, "a"),
        ("clocks", 2, "c"),
        ("power-domains", 0, "psci"),
        ("power-domains", 1, "perf"),
        ("resets", 0, "only-one"),
        ("resets", 1, None),
    }


def test_the_position_of_a_use_is_that_of_its_entry() -> None:
    """Over several lines, with empty entries, several in one pair of brackets, and of each list."""
    inventory = inventory_of(
        """c: c { #clock-cells = <1>; };
d {
  clocks = <&c 1>, <0>,
           <&c 2
            &c 3>;
  assigned-clocks = <0>, <&c 1>;
  assigned-clock-parents = <0>,
    <&c 2>; };"""
    )
    places = [(u.prop, u.index, str(u.position)) for u in inventory.uses]
    assert places == [
        ("clocks", 0, "board.dts:3:13"),
        ("clocks", 2, "board.dts:4:13"),
        ("clocks", 3, "board.dts:5:13"),
        ("assigned-clocks", 1, "board.dts:6:27"),
        ("assigned-clock-parents", 1, "board.dts:8:6"),
    ]


NESTED = """
    pmu { pc: power-controller { #power-domain-cells = <1>;
        power-domain@8 { reg = <8>; #power-domain-cells = <0>;
            gpu: power-domain@c { reg = <9>; #power-domain-cells = <0>; clocks = <&c 1>; }; };
        isp: power-domain@a { reg = <10>; #power-domain-cells = <0>; }; }; };
    pgc { pd0: power-domain@0 { reg = <0>; #power-domain-cells = <0>; power-domains = <&pd1>; };
        pd1: power-domain@1 { reg = <1>; #power-domain-cells = <0>; }; };
    c: c { #clock-cells = <1>; };
"""


@pytest.mark.parametrize(
    ("reference", "provider", "cells", "parent"),
    [
        # A nested domain is (controller, reg), by whichever way it is named; its unit address
        # means nothing. It is a child of the node it nests in.
        ("<&gpu>", "/pmu/power-controller", (9,), (8,)),
        ("<&pc 9>", "/pmu/power-controller", (9,), (8,)),
        ("<&isp>", "/pmu/power-controller", (10,), None),
        ("<&pc 11>", "/pmu/power-controller", (11,), None),
        # Where the node above takes no specifiers (i.MX8MP's pgc), domains are nodes of their own.
        ("<&pd0>", "/pgc/power-domain@0", (), ()),
        ("<&pd1>", "/pgc/power-domain@1", (), None),
    ],
)
def test_nested_power_domains(
    reference: str, provider: str, cells: tuple[int, ...], parent: tuple[int, ...] | None
) -> None:
    inventory = inventory_of(NESTED + f"d {{ power-domains = {reference}; }};")
    (key,) = {use.key for use in inventory.uses if use.consumer.name == "d"}
    assert (key.kind, key.provider, key.cells) == ("power", provider, cells)
    above = inventory.facts[key].parent
    assert (above.cells if above else None) == parent


def test_the_inventory_of_a_tree_without_anything() -> None:
    tree: DeviceTree = tree_of("")
    assert not tree.root.children
    inventory = inventory_of("")
    assert not inventory.uses
    assert not inventory.providers
    assert not inventory.diagnostics
