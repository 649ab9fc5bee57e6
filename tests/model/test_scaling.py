"""What an OPP table means: a performance domain, or rates and levels of the agent."""

import pytest
from support import grants, model_of, numbers, soc, soc_model, told, tree_of

from scmigen import Model
from scmigen.checks.registry import run_checks

T = "t: t { %s o1 { opp-hz = <0 500>; %s }; o2 { opp-hz = <0 900>; %s }; };"
RATES = T % ("", "", "")
SHARED = T % ("opp-shared;", "", "")
VOLTS = T % ("", "opp-microvolt = <700>;", "opp-microvolt = <900>;")
LEVELS = T % ("", "opp-level = <1>;", "opp-level = <2>;")
VOTES = T % ("", "required-opps = <&o>;", "") + "o: o { };"
UFS = "t: t { o1 { opp-hz = <0 500>, <0 0>, <0 7>; }; o2 { opp-hz = <0 900>, <0 0>, <0 0>; }; };"
PMIC = 'i2c { compatible = "acme,i2c"; buck: buck { regulator-min-microvolt = <1>; regulator-max-microvolt = <900>; }; };'  # noqa: E501
CPU = "operating-points-v2 = <&t>; clocks = <&cc 1>;"
DOMAIN = "performance /d"
FULL = "level limits read"

# The table, what stands in device d → its grants.
MEANINGS = [
    # The platform reaches the clock, and there is no supply, or a fixed or managed one.
    (RATES, CPU, {DOMAIN: FULL, "clock cc 1": "state read"}),
    (
        VOLTS,
        f"{CPU} cpu-supply = <&vdd>;",
        {DOMAIN: FULL, "clock cc 1": "state read", "voltage vdd": "state read"},
    ),
    (VOLTS, f"{CPU} cpu-supply = <&rail>;", {DOMAIN: FULL, "clock cc 1": "state read"}),
    # The agent has the supply itself: it scales its clock.
    (VOLTS, f"{CPU} cpu-supply = <&buck>;", {"clock cc 1": "state rate read"}),
    # OPPs that only vote on a power domain: rate on the clock, level on the supply …
    (VOTES, CPU, {"clock cc 1": "state rate read"}),
    (
        VOTES.replace("required-opps", "opp-microvolt = <1>; required-opps"),
        f"{CPU} a-supply = <&vdd>;",
        {"clock cc 1": "state rate read", "voltage vdd": "state level read"},
    ),
    # … never on a supply that cannot change, or without a minimum.
    (
        VOTES.replace("required-opps", "opp-microvolt = <1>; required-opps"),
        f"{CPU} a-supply = <&vio>; b-supply = <&vmax>;",
        {
            "clock cc 1": "state rate read",
            "voltage vio": "state read",
            "voltage vmax": "state read",
        },
    ),
    (
        VOTES,
        f"{CPU} a-supply = <&vdd>;",
        {"clock cc 1": "state rate read", "voltage vdd": "state read"},
    ),
    # Levels without voltages vote on somebody else's domain; a PCIe table holds link speeds.
    (LEVELS, CPU, {"clock cc 1": "state read"}),
    (RATES, f'device_type = "pci"; {CPU}', {"clock cc 1": "state read"}),
    # Only the clocks that some OPP gives a rate: a table may have one value a clock.
    (
        UFS,
        "operating-points-v2 = <&t>; clocks = <&cc 1>, <&cc 2>, <&cc 3>; a-supply = <&buck>;",
        {
            "clock cc 1": "state rate read",
            "clock cc 2": "state read",
            "clock cc 3": "state rate read",
        },
    ),
    # And assigned clocks with a rate.
    (
        VOLTS,
        f"{CPU} a-supply = <&buck>;assigned-clocks = <&cc 9>, <&cc 8>; assigned-clock-rates = <5>;",
        {"clock cc 1": "state rate read", "clock cc 9": "rate read"},
    ),
    # A domain takes rate and parent over; state and read stay, but not for a parent.
    (
        VOLTS,
        f"{CPU} a-supply = <&vdd>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"
        "assigned-clock-parents = <&cc 2>;",
        {
            DOMAIN: FULL,
            "clock cc 1": "state read",
            "voltage vdd": "state read",
        },
    ),
    # What the driver of an SD host switches is no supply of operating points: it keeps its level.
    *[
        (
            table,
            f"{CPU} {supplies}",
            {DOMAIN: FULL, "clock cc 1": "state read", "voltage vdd": "state level read"},
        )
        for table in (RATES, VOLTS)
        for supplies in ("vqmmc-supply = <&vdd>;", "vmmc-supply = <&vdd>; vqmmc-supply = <&vdd>;")
    ],
    # A clock that is only assigned a rate is the domain's, too.
    (
        RATES,
        f"{CPU} assigned-clocks = <&cc 9>; assigned-clock-rates = <5>;",
        {DOMAIN: FULL, "clock cc 1": "state read"},
    ),
    # The first version of the binding.
    (
        "",
        "operating-points = <1 700>, <2 900>; clocks = <&cc 1>;",
        {DOMAIN: FULL, "clock cc 1": "state read"},
    ),
    # No clock at all.
    (RATES, "operating-points-v2 = <&t>;", {}),
]


#: What a table with voltages for one grade of the chip or another has reported besides.
BIN_UNKNOWN = [("warning", "opp-bin")]


@pytest.mark.parametrize(("table", "body", "expected"), MEANINGS)
def test_meaning(table: str, body: str, expected: dict[str, str]) -> None:
    rails = 'rail: rail { compatible = "regulator-fixed"; };'
    rails += 'x { compatible = "acme,x"; vmax: vmax { regulator-max-microvolt = <5>; }; };'
    model = soc_model(f"{table} {rails} {PMIC} d {{ {body} }};")
    assert grants(model, "ospm") == expected
    # The voltages of these tables are not those of the supplies, which `UNREACHED` is about.
    assert {word for word, name in told(model) if name != "opp-voltage"} <= {"note"}


def test_one_domain_a_device_or_one_a_shared_table() -> None:
    """Named after the device with the lowest path."""
    two = f"d2 {{ {CPU} }}; d1 {{ {CPU} }};"
    assert set(grants(soc_model(RATES + two), "ospm")) == {
        "performance /d1", "performance /d2", "clock cc 1",
    }  # fmt: skip
    assert set(grants(soc_model(SHARED + two), "ospm")) == {"performance /d1", "clock cc 1"}


def test_the_points_of_a_domain_are_those_of_its_table() -> None:
    (domain,) = soc_model(VOLTS + f"d {{ {CPU} }};").platforms[0].resources["performance"]
    assert [(p.rates, p.voltage) for p in domain.facts.points] == [((500,), 700), ((900,), 900)]


def test_the_rates_of_a_clock_that_an_agent_scales() -> None:
    body = f"{VOLTS}{PMIC} d {{ {CPU} cpu-supply = <&buck>; }};"
    (clock,) = soc_model(body).platforms[0].resources["clock"]
    assert clock.facts.rates == (500, 900)


#: OPP, supplies → the levels in µV of each supply.
BUCKS = """
pmic { compatible = "acme,pmic";
    wide: wide { regulator-min-microvolt = <550>; regulator-max-microvolt = <950>; };
    fix: fix { regulator-min-microvolt = <750>; regulator-max-microvolt = <750>; };
    open: open { };
    some: some { compatible = "regulator-gpio"; states = <700 0>, <800 1>; };
};
"""
LEVELS_OF = [
    pytest.param("opp-microvolt = <675>;", "wide", {"wide": (550, 675, 950)}, id="one value"),
    pytest.param(
        "opp-microvolt = <675 600 850>;", "wide", {"wide": (550, 675, 950)}, id="a triplet"
    ),
    pytest.param(
        "opp-microvolt = <500 400 600>;", "wide", {"wide": (550, 950)}, id="only its limit fits"
    ),
    pytest.param(
        "opp-microvolt-fast = <800>; opp-microvolt-slow = <700>;",
        "wide",
        {"wide": (550, 700, 800, 950)},
        id="named variants",
    ),
    pytest.param("opp-microvolt = <750>;", "fix", {"fix": (750,)}, id="a fixed supply"),
    pytest.param("opp-microvolt = <710 700 720>;", "some", {"some": (700, 800)}, id="listed"),
    pytest.param("opp-microvolt = <675>;", "open", {"open": (675,)}, id="no limits"),
    pytest.param(
        "opp-microvolt = <675>, <800>;",
        "wide open",
        {"wide": (550, 675, 800, 950), "open": ()},
        id="two supplies, in no order",
    ),
    pytest.param(
        "opp-microvolt = <675 600 700>, <800 750 850>;",
        "wide fix",
        {"wide": (550, 675, 800, 950), "fix": (750,)},
        id="two triplets",
    ),
]


MANAGED = """
domains: {ospm: {id: 1, default: true, scmi: {role: ospm}}}
platform: {managed: [/pmic]}
"""


def supplied(opp: str, supplies: str) -> Model:
    names = "".join(f"{name}-supply = <&{name}>; " for name in supplies.split())
    table = f"t: t {{ o1 {{ opp-hz = <0 500>; {opp} }}; }};"
    return model_of(soc(f"{table} {BUCKS} d {{ {CPU} {names} }};"), MANAGED)


@pytest.mark.parametrize(("opp", "supplies", "expected"), LEVELS_OF)
def test_a_supply_has_the_voltages_that_opps_ask_for(
    opp: str, supplies: str, expected: dict[str, tuple[int, ...]]
) -> None:
    model = supplied(opp, supplies)
    found = model.platforms[0].resources["voltage"]
    assert {item.node.name: item.facts.voltages for item in found} == expected
    assert told(model) in ([], BIN_UNKNOWN)


def test_supplies_in_the_tables_of_the_first_version() -> None:
    body = f"{BUCKS} d {{ operating-points = <500 600>, <900 700>; clocks = <&cc 1>; "
    model = soc_model(body + "cpu-supply = <&wide>; };")
    (supply,) = model.platforms[0].resources["voltage"]
    assert supply.facts.voltages == (550, 600, 700, 950)


def test_named_voltages_are_voltages() -> None:
    """A table with ``opp-microvolt-<name>`` alone makes its agent set the level."""
    opp = "opp-microvolt-fast = <800>; required-opps = <&o>;"
    model = supplied(opp + " }; o: o { ", "wide")
    assert grants(model, "ospm")["voltage wide"] == "state level read"


UNREACHED = [
    pytest.param("opp-microvolt = <540>;", "wide", "540 µV", "550 to 950 µV", id="below"),
    pytest.param("opp-microvolt = <960 951 999>;", "wide", "951 to 999 µV", "550 to", id="above"),
    pytest.param("opp-microvolt = <740>;", "fix", "740 µV", "750 µV", id="fixed"),
    pytest.param("opp-microvolt = <750>;", "some", "750 µV", "700 and 800 µV", id="between"),
    pytest.param(
        "opp-microvolt = <675>, <1200>;", "wide fix", "1200 µV", "550 to 950 µV and", id="two"
    ),
]


@pytest.mark.parametrize(("opp", "supplies", "asked", "has"), UNREACHED)
def test_an_opp_that_its_supply_cannot_reach_is_reported(
    opp: str, supplies: str, asked: str, has: str
) -> None:
    model = supplied(opp, supplies)
    (found,) = [item for item in run_checks(model) if item.id == "opp-voltage"]
    assert f"o1 of &t asks for {asked}; voltage <&" in found.message
    assert f"has {has}" in found.message


@pytest.mark.parametrize(
    "opp",
    [
        pytest.param("opp-microvolt-fast = <960>; opp-microvolt-slow = <900>;", id="of one grade"),
        # As on Tegra: the voltage is that of the power domain.
        pytest.param("opp-microvolt = <960>; required-opps = <&t>;", id="of a power domain"),
    ],
)
def test_an_opp_that_may_be_reached_is_not_reported(opp: str) -> None:
    assert told(supplied(opp, "wide")) in ([], BIN_UNKNOWN)


UNMANAGED = [
    ("operating-points-v2 = <&t>; clocks = <&osc>;", [("note", "opp-undriven")]),
    ("operating-points-v2 = <&t>;", [("note", "opp-undriven")]),
    ("operating-points-v2 = <&t>; clocks = <&osc>; device_type = \"pci\";", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), UNMANAGED)
def test_no_managed_clock_no_domain(body: str, expected: list[tuple[str, str]]) -> None:
    osc = 'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };'
    model = soc_model(f"{RATES}{osc} d {{ {body} }};")
    assert told(model) == expected
    assert grants(model, "ospm") == {}


def test_a_supply_that_is_local_to_another_agent() -> None:
    """One error, which names the way out."""
    body = f"{VOLTS}{PMIC} d: d {{ {CPU} cpu-supply = <&buck>; }};"
    model = soc_model(body, '    access: [{dev: "&d"}]')
    assert told(model) == [("error", "local-foreign")]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", {"clock cc 1": 0, "clock cc 2": 1, "voltage vdd": 0, "performance /cpus/cpu": 0}),
        ("\nplatform: {devices: ['*']}", {"clock cc 2": 0}),
    ],
)
def test_what_a_domain_has_for_cpus_has_a_number_if_an_agent_has_them(
    rest: str, expected: dict[str, int]
) -> None:
    """Of CPUs that the platform runs itself nothing is for an agent, and nothing is numbered."""
    cpu = f'cpus {{ cpu {{ device_type = "cpu"; {CPU} cpu-supply = <&vdd>; }}; }};'
    body = f"{VOLTS}{cpu} e: e {{ clocks = <&cc 2>; }};"
    assert numbers(soc_model(body, f'    access: [{{dev: "&e"}}]{rest}')) == expected


SCMI = """
scmi { compatible = "arm,scmi-virtio";
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    perf: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; };
    protocol@17 { reg = <0x17>; regulators { sv: regulator@0 { reg = <2>;
        regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; }; }; }; };
cru: cru { #clock-cells = <1>; };
"""

#: What an operating system has of a regulator that it only registers.
REGISTERED = {"voltage /scmi/protocol@17 2": "state read"}

IN_THE_TREE = [
    # The tree has an SCMI clock or supply already: rate and level, no domain.
    ("clocks = <&clk 1>;", {"clock clk 1": "state rate read", **REGISTERED}),
    (
        "clocks = <&clk 1>; cpu-supply = <&sv>;",
        {"clock clk 1": "state rate read", "voltage /scmi/protocol@17 2": "state level read"},
    ),
    # rk3588's GPU: the native clock comes first, the SCMI clock is assigned a rate.
    (
        "clocks = <&cru 1>; assigned-clocks = <&clk 5>; assigned-clock-rates = <7>;",
        {"clock clk 5": "rate read", **REGISTERED},
    ),
    # A performance provider is named: that one, and no second (the clock stays state, read).
    (
        "clocks = <&clk 1>; power-domains = <&perf 3>;",
        {"performance perf 3": "level limits read", "clock clk 1": "state read", **REGISTERED},
    ),
    # One that takes the device's votes is named: the device scales its clock itself.
    (
        'clocks = <&clk 1>; power-domains = <&perf 3>; power-domain-names = "mx";',
        {"performance perf 3": "limits read", "clock clk 1": "state rate read", **REGISTERED},
    ),
]


@pytest.mark.parametrize(("body", "expected"), IN_THE_TREE)
def test_scmi_in_the_tree(body: str, expected: dict[str, str]) -> None:
    tree = tree_of(f"{VOLTS}{SCMI} d {{ operating-points-v2 = <&t>; {body} }};")
    assert grants(model_of(tree), "ospm") == expected


def test_a_power_domain_with_a_table_takes_votes() -> None:
    """rpmhpd: a vote for a minimum aggregates, so two agents may have one."""
    body = """
    rpmhpd: rpmhpd { #power-domain-cells = <1>; operating-points-v2 = <&t>; };
    d { power-domains = <&rpmhpd 2>; operating-points-v2 = <&t>; };
    e: e { power-domains = <&rpmhpd 2>; };
    """
    model = soc_model(LEVELS + body, '    access: [{dev: "&e"}]')
    assert grants(model, "a") == grants(model, "b") == {"performance rpmhpd 2": "limits read"}
    assert told(model) == []
    assert numbers(model) == {"performance rpmhpd 2": 0}


def test_dvfs_hardware_gives_levels_to_cpus_and_devices_with_a_table() -> None:
    body = """
    hw: hw { #freq-domain-cells = <1>; #clock-cells = <1>; };
    cpu { device_type = "cpu"; qcom,freq-domain = <&hw 0>; clocks = <&hw 0>; };
    d { qcom,freq-domain = <&hw 1>; operating-points-v2 = <&t>; };
    e { qcom,freq-domain = <&hw 2>; };
    """
    assert grants(soc_model(RATES + body), "ospm") == {
        "performance hw 0": "level limits read",
        "performance hw 1": "level limits read",
        "performance hw 2": "limits read",
    }


def test_the_tree_with_the_domain_of_a_table_gives_what_the_table_gave() -> None:
    """A table behind an SCMI domain is not named: the name of the domain stands for it."""
    native = grants(soc_model(f"{RATES} d {{ {CPU} }};"), "ospm")
    consumer = f"{SCMI} d {{ clocks = <&clk 1>; power-domains = <&perf 0>; %s }};"
    named = tree_of(consumer % 'power-domain-names = "perf";')
    assert grants(model_of(named), "ospm") == {
        "performance perf 0": native[DOMAIN],
        "clock clk 1": native["clock cc 1"],
        **REGISTERED,
    }


#: As on Tegra, whose voltages are those of the domain.
LEVELS_AND_VOLTS = T % ("", "opp-level = <1>; opp-microvolt = <1>;", "opp-level = <2>;")


@pytest.mark.parametrize(
    "points", [VOTES, LEVELS, LEVELS_AND_VOLTS], ids=["of a table", "as levels", "with voltages"]
)
@pytest.mark.parametrize(
    "domain", ["rpmhpd", "perf"], ids=["of a power controller", "of an SCMI domain"]
)
def test_a_device_that_votes_on_a_performance_domain_scales_its_own_clock(
    points: str, domain: str
) -> None:
    """As sdm630's GPU: ``opp-level`` asks its domain, ``opp-hz`` is its clock."""
    body = f"d {{ clocks = <&clk 1>; power-domains = <&{domain} 3>; operating-points-v2 = <&t>; }};"
    rpmhpd = "rpmhpd: rpmhpd { #power-domain-cells = <1>; operating-points-v2 = <&r>; }; r: r { };"
    agents = """
domains: {ospm: {id: 1, default: true, scmi: {role: ospm}}}
platform: {managed: ["&rpmhpd"]}
"""
    model = model_of(tree_of(f"{points} {SCMI} {rpmhpd} {body}"), agents)
    found = grants(model, "ospm")
    assert found[f"performance {domain} 3"] == "limits read"
    assert found["clock clk 1"] == "state rate read"


@pytest.mark.parametrize(
    ("shared", "other"), [("", "state read"), ("opp-shared;", "state rate read")]
)
def test_levels_of_another_device_are_no_votes_of_this_one(shared: str, other: str) -> None:
    """Of one table, unless its devices change together: one names the domain that takes votes."""
    table = LEVELS.replace("t: t {", f"t: t {{ {shared}")
    body = """
    d { clocks = <&clk 1>; power-domains = <&perf 3>; operating-points-v2 = <&t>; };
    e { clocks = <&clk 2>; operating-points-v2 = <&t>; };
    """
    found = grants(model_of(tree_of(f"{table} {SCMI} {body}")), "ospm")
    assert found["clock clk 1"] == "state rate read"
    assert found["clock clk 2"] == other
