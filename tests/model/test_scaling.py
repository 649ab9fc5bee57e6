"""What an OPP table means: a performance domain, or rates and levels of the agent."""

import pytest
from support import grants, model_of, numbers, soc_model, told, tree_of

T = "t: t { %s o1 { opp-hz = <0 500>; %s }; o2 { opp-hz = <0 900>; %s }; };"
RATES = T % ("", "", "")
SHARED = T % ("opp-shared;", "", "")
VOLTS = T % ("", "opp-microvolt = <700>;", "opp-microvolt = <900>;")
LEVELS = T % ("", "opp-level = <1>;", "opp-level = <2>;")
VOTES = T % ("", "required-opps = <&o>;", "") + "o: o { };"
UFS = "t: t { o1 { opp-hz = <0 500>, <0 0>, <0 7>; }; o2 { opp-hz = <0 900>, <0 0>, <0 0>; }; };"
PMIC = 'i2c { compatible = "acme,i2c"; buck: buck { regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; }; };'  # noqa: E501
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
    # A domain takes rate, parent and level over; state and read stay.
    (
        VOLTS,
        f"{CPU} vqmmc-supply = <&vdd>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"
        "assigned-clock-parents = <&cc 2>;",
        {
            DOMAIN: FULL,
            "clock cc 1": "state read",
            "clock cc 2": "read",
            "voltage vdd": "state read",
        },
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


@pytest.mark.parametrize(("table", "body", "expected"), MEANINGS)
def test_meaning(table: str, body: str, expected: dict[str, str]) -> None:
    rails = 'rail: rail { compatible = "regulator-fixed"; };'
    rails += 'x { compatible = "acme,x"; vmax: vmax { regulator-max-microvolt = <5>; }; };'
    model = soc_model(f"{table} {rails} {PMIC} d {{ {body} }};")
    assert grants(model, "ospm") == expected
    assert [word for word, _ in told(model)] in ([], ["note"])


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
