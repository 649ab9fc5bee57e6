"""``platform.assume.values``: how entries name resources, and what they may say."""

import pytest
from assigned import assigned
from support import SOC, TWO_AGENTS, model_of, soc, tree_of

from scmigen.assignment.assignment import Assumption
from scmigen.bindings.facts import OperatingPoint, ResourceKey
from scmigen.checks.registry import run_checks
from scmigen.diagnostics import InputError
from scmigen.scmi.protocols import Kind

TREE = (
    SOC
    + """
soc { cc2: clock-controller@9000 { #clock-cells = <1>; osc: osc { #clock-cells = <0>; }; }; };
scmi { compatible = "arm,scmi-virtio"; volts: protocol@17 { reg = <0x17>; regulators {
    r7: regulator@7 { reg = <7>; }; }; }; };
"""
)


def read(entries: str) -> tuple[Assumption, ...]:
    text = f"platform: {{assume: {{values: [{entries}]}}}}"
    return assigned(tree_of(TREE), TWO_AGENTS, text).options.assumptions


def clock(provider: str, *cells: int) -> ResourceKey:
    return ResourceKey(Kind.CLOCK, provider, cells)


CC, CC2 = "/clock-controller@1000", "/soc/clock-controller@9000"
VOLTAGE = ResourceKey(Kind.VOLTAGE, "/rails/vdd", ())
SERVED = ResourceKey(Kind.VOLTAGE, "/scmi/protocol@17", (7,))

COVERED = [
    pytest.param("clock: '&cc 1'", {clock(CC, 1)}, id="one clock"),
    pytest.param("clock: '&cc *'", {clock(CC, 1), clock(CC, 2)}, id="all of a provider"),
    pytest.param(
        "clock: '/soc *'", {clock(CC2, 1), clock(f"{CC2}/osc")}, id="all at and below a node"
    ),
    pytest.param(
        "clock: 'clock-controller@* *'",
        {clock(CC, 1), clock(CC, 2), clock(CC2, 1), clock(f"{CC2}/osc")},
        id="all of a pattern",
    ),
    pytest.param("clock: 'clock-controller@* 1'", {clock(CC, 1), clock(CC2, 1)}, id="one of each"),
    pytest.param(
        "clock: '*'",
        {clock(CC, 1), clock(CC, 2), clock(CC2, 1), clock(f"{CC2}/osc")},
        id="all clocks",
    ),
    pytest.param("voltage: '&vdd'", {VOLTAGE}, id="a regulator"),
    pytest.param("voltage: '&r7'", {SERVED}, id="a regulator of SCMI"),
    pytest.param("voltage: '&volts 7'", {SERVED}, id="an SCMI number"),
    pytest.param("voltage: '*'", {VOLTAGE, SERVED}, id="all supplies"),
]


@pytest.mark.parametrize(("named", "expected"), COVERED)
def test_an_entry_covers(named: str, expected: set[ResourceKey]) -> None:
    (found,) = read(f"{{{named}, range: [1, 9, 1]}}")
    every = {clock(CC, 1), clock(CC, 2), clock(CC2, 1), clock(f"{CC2}/osc"), VOLTAGE, SERVED}
    assert {key for key in every if found.covers(key)} == expected


def test_a_path_that_begins_alike_is_not_below() -> None:
    (found,) = read("{clock: '/soc *', rates: [1]}")
    assert not found.covers(clock("/soc2/clock-controller@9000", 1))


SAYS = [
    pytest.param("clock: '&cc 1', rates: [9, 5, 5]", (5, 9), None, id="rates"),
    pytest.param("clock: '&cc 1', range: [5, 11, 3]", (5, 11), 3, id="range of rates"),
    pytest.param("clock: '&cc 1', rates: [6_000_000_000]", (6_000_000_000,), None, id="64 bits"),
    pytest.param("voltage: '&vdd', levels: [700000]", (700_000,), None, id="levels"),
    pytest.param("voltage: '&vdd', range: [0x10, 0x20, 4]", (16, 32), 4, id="range of voltages"),
    pytest.param("voltage: '&vdd', step: 12500", (), 12_500, id="step"),
]


@pytest.mark.parametrize(("entry", "values", "step"), SAYS)
def test_an_entry_says(entry: str, values: tuple[int, ...], step: int | None) -> None:
    (found,) = read(f"{{{entry}}}")
    assert (found.values, found.step, found.points) == (values, step, ())


def test_levels_of_performance_are_operating_points() -> None:
    """In the units of OPP tables: Hz, µV and µW."""
    (found,) = read(
        "{performance: /soc, levels: [1000, {frequency: 2000, voltage: 3, power: 4, level: 5}]}"
    )
    assert found.points == (
        OperatingPoint((1000,), None, None),
        OperatingPoint((2000,), 3, 5, None, 4),
    )


MISTAKES = [
    pytest.param("{range: [1, 2, 1]}", "name one resource", id="no resource"),
    pytest.param("{clock: '&cc 1'}", "a clock needs one of: rates, range", id="no values"),
    pytest.param("{clock: '&cc 1', levels: [1]}", "a clock needs one of", id="another kind's"),
    pytest.param("{clock: '&cc 1', rates: [1], range: [1, 2, 1]}", "needs one of", id="two"),
    pytest.param("{reset: '&rc 1', rates: [1]}", "has no key 'reset'", id="a reset"),
    pytest.param("{clock: '&cc 1', range: [1, 2]}", "[lowest, highest, step]", id="no step"),
    pytest.param("{clock: '&cc 1', range: [2, 1, 1]}", "[lowest, highest, step]", id="reversed"),
    pytest.param(
        "{clock: '&cc 1', range: [1, 6, 2]}", "[lowest, highest, step]", id="off the grid"
    ),
    pytest.param("{clock: '&cc 1', rates: [0]}", "must be a number from 1", id="zero"),
    pytest.param("{voltage: '&vdd', levels: [0x80000000]}", "to 2147483647", id="32 bits"),
    pytest.param("{clock: '&none *', rates: [1]}", "no label &none", id="no node"),
    pytest.param("{clock: '&none 1', rates: [1]}", "no label &none", id="no provider"),
    pytest.param("{performance: /soc, levels: [{power: 1}]}", "needs a frequency", id="no Hz"),
    pytest.param(
        "{clock: '&cc 1', rates: [1]}, {clock: '&cc 0x1', rates: [1]}",
        "this clock is assumed already",
        id="twice",
    ),
]


@pytest.mark.parametrize(("entries", "message"), MISTAKES)
def test_mistakes_are_reported(entries: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        read(entries)
    assert message in raised.value.diagnostics[0].message


def test_the_entry_that_names_a_resource_holds_else_the_first() -> None:
    agents = (
        "domains: {a: {id: 1, default: true}}\n"
        "platform: {assume: {values: [{clock: '&cc *', range: [1, 9, 1]},"
        " {clock: '*', range: [1, 99, 1]}, {clock: '&cc 2', range: [1, 5, 1]}]}}"
    )
    model = model_of(soc("d { clocks = <&cc 1>, <&cc 2>; };"), agents)
    assert [item.facts.rates for item in model.platforms[0].resources["clock"]] == [(1, 9), (1, 5)]
    assert [item.id for item in run_checks(model)] == []
