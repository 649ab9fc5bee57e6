"""Devices that change together through one OPP table, whichever of them names the clock."""

import pytest
from support import diagnostics, grants, numbers, soc_model, told

TABLE = "t: t { %s o1 { opp-hz = <0 500>; %s }; o2 { opp-hz = <0 900>; %s }; };"
SHARED = TABLE % ("opp-shared;", "", "")
SHARED_VOLTS = TABLE % ("opp-shared;", "opp-microvolt = <700>;", "opp-microvolt = <900>;")
OWN = TABLE % ("", "", "")
#: A supply of the agent itself: the CPUs scale their clock, no performance domain is made.
PMIC = "i2c { buck: buck { regulator-min-microvolt = <1>; regulator-max-microvolt = <2>; }; };"
CPU = 'compatible = "acme,cpu"; device_type = "cpu"; %s'
CPUS = f"c0: c0 {{ {CPU} }}; c1: c1 {{ {CPU} }};"
USES = "operating-points-v2 = <&t>;"
CLOCK = "clocks = <&cc 1>;"
B_HAS_C1 = '    access: [{dev: "&c1"}]'
FULL = "level limits read"


def _errors(body: str, agents: str = B_HAS_C1) -> list[str]:
    return [word for severity, word in told(soc_model(body, agents)) if severity == "error"]


def test_a_cpu_without_a_clock_is_part_of_the_domain_of_its_table() -> None:
    model = soc_model(SHARED + CPUS % (USES + CLOCK, USES))
    assert grants(model, "ospm") == {"performance c0": FULL}
    assert [d.node.path for d in model.platforms[0].devices] == ["/c0", "/c1"]


def test_a_cpu_that_comes_first_without_a_clock_names_the_domain() -> None:
    model = soc_model(SHARED + CPUS % (USES, USES + CLOCK))
    assert grants(model, "ospm") == {"performance c0": FULL}


@pytest.mark.parametrize("clock", ["", CLOCK], ids=["no clock of its own", "a clock of its own"])
def test_cpus_of_two_agents_in_one_domain_need_an_owner(clock: str) -> None:
    body = SHARED + CPUS % (USES + CLOCK, USES + clock)
    assert _errors(body) == ["level-shared"]
    owned = B_HAS_C1 + "\nplatform: {owners: [{performance: '/c0', agent: a}]}"
    assert _errors(body, owned) == []
    model = soc_model(body, owned)
    assert grants(model, "b")["performance c0"] == "limits read"


@pytest.mark.parametrize(
    "second", ["", f"{CLOCK} cpu-supply = <&buck>;"], ids=["nothing of its own", "its own"]
)
def test_cpus_of_two_agents_that_scale_one_clock_need_an_owner(second: str) -> None:
    body = PMIC + SHARED_VOLTS + CPUS % (f"{USES} {CLOCK} cpu-supply = <&buck>;", USES + second)
    assert "rate-shared" in _errors(body)
    (found,) = diagnostics(soc_model(body, B_HAS_C1), "rate-shared")
    assert "a" in found.message
    assert "b" in found.message
    assert grants(soc_model(body), "ospm")["clock cc 1"] == "state rate read"


def test_two_clocks_that_one_table_ties_together_are_one_to_two_agents() -> None:
    """opp-shared says that they change together, though each CPU names another clock."""
    second = "clocks = <&cc 2>;"
    body = PMIC + SHARED_VOLTS + CPUS % (f"{USES} {CLOCK} cpu-supply = <&buck>;", USES + second)
    assert _errors(body) == ["rate-shared", "rate-shared"]
    # Each scales the one it names.
    assert grants(soc_model(body), "ospm") == {
        "clock cc 1": "state rate read",
        "clock cc 2": "state rate read",
    }


def test_a_table_that_is_not_shared_leaves_each_device_its_own_clock() -> None:
    body = OWN + CPUS % (USES + CLOCK, USES + "clocks = <&cc 2>;")
    assert _errors(body) == []
    model = soc_model(body, B_HAS_C1)
    assert grants(model, "a") == {"performance c0": FULL}
    assert grants(model, "b") == {"performance c1": FULL}


def test_a_cpu_that_a_domain_scales_needs_nothing_of_its_clock() -> None:
    """Linux takes the first of a CPU's clocks for its domain; other devices keep state and read."""
    body = OWN + f"c0 {{ {CPU % (USES + CLOCK)} }}; d {{ {USES} {CLOCK} }};"
    assert grants(soc_model(body), "ospm") == {
        "performance /c0": FULL,
        "performance /d": FULL,
        "clock cc 1": "state read",
    }


def test_what_only_a_domain_of_cpus_uses_keeps_its_number() -> None:
    cpu = f"{USES} clocks = <&cc 1>, <&cc 3>; cpu-supply = <&vdd>;"
    body = SHARED + CPUS % (cpu, USES) + "d { clocks = <&cc 0>, <&cc 2>; };"
    model = soc_model(body)
    assert grants(model, "ospm") == {
        "performance c0": FULL,
        "clock cc 0": "state read",
        "clock cc 2": "state read",
    }
    assert numbers(model) == {
        "performance c0": 0,
        "clock cc 0": 0,
        "clock cc 1": 1,
        "clock cc 2": 2,
        "clock cc 3": 3,
        "voltage vdd": 0,
    }


def test_two_domains_that_set_one_clock_are_one_to_two_agents() -> None:
    """The tables are not shared, but the clock is: setting one level sets the other's."""
    body = OWN + CPUS % (USES + CLOCK, USES + CLOCK)
    assert _errors(body) == ["level-shared", "level-shared"]


def test_a_domain_changes_the_clock_of_another_agent_too() -> None:
    body = OWN + f"c0: c0 {{ {USES} {CLOCK} }}; c1: c1 {{ {CLOCK} }};"
    assert _errors(body) == ["level-shared"]
    assert grants(soc_model(body), "ospm") == {"performance c0": FULL, "clock cc 1": "state read"}


SCMI = """
scmi { compatible = "arm,scmi"; mboxes = <&m>; shmem = <&s>;
    perf: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; }; };
m: m { #mbox-cells = <0>; }; s: s { };
"""


def test_a_cpu_follows_the_performance_domain_that_another_names() -> None:
    body = SCMI + SHARED + CPUS % (f"{USES} power-domains = <&perf 3>;", USES)
    assert "level-shared" in _errors(body)
    model = soc_model(body)
    assert grants(model, "ospm") == {"performance perf 3": FULL}


OLD = "operating-points = <1 700>, <2 900>;"

OLD_TABLES = [
    pytest.param(f"{OLD} {CLOCK}", "", id="the first CPU has the table"),
    pytest.param("", f"{OLD} {CLOCK}", id="the second CPU has the table"),
    pytest.param(f"{OLD} {CLOCK}", OLD, id="both have a table, the first a clock"),
]


@pytest.mark.parametrize(("first", "second"), OLD_TABLES)
def test_cpus_change_together_by_the_first_version_of_the_binding(first: str, second: str) -> None:
    body = CPUS % (first, second)
    assert grants(soc_model(body), "ospm") == {"performance c0": FULL}
    assert _errors(body) == ["level-shared"]


def test_another_device_does_not_follow_the_table_of_a_cpu() -> None:
    body = f'c0 {{ device_type = "cpu"; {OLD} {CLOCK} }}; c1: c1 {{ }};'
    assert _errors(body) == []
    assert grants(soc_model(body, B_HAS_C1), "b") == {}
