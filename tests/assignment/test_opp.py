"""``platform.opp`` of an agents file: which chip is there."""

import pytest
from support import BOARD, model_of, source

from scmigen.bindings.opp_bins import OppBin
from scmigen.checks.registry import run_checks
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Kind

TABLE = """
opps: opp-table {
  o1 { opp-hz = <0 500000000>; opp-microvolt-slow = <900000>; opp-microvolt-fast = <850000>;
       opp-supported-hw = <0x3>; };
  o2 { opp-hz = <0 800000000>; opp-microvolt-fast = <950000>; opp-supported-hw = <0x2>; };
};
vdd: vdd { compatible = "regulator-fixed"; };
cc: cc { compatible = "acme,cc"; reg = <1 1>; #clock-cells = <1>; };
gpu: gpu { operating-points-v2 = <&opps>; clocks = <&cc 1>; };
"""
LINUX = "domains: {linux: {id: 1, default: true}}\nplatform: {opp: %s}\n"


def model(opp: str) -> Model:
    return model_of(read_source(source(TABLE), BOARD), LINUX % opp)


def levels(opp: str) -> list[tuple[int, int | None]]:
    (platform,) = model(opp).platforms
    (domain,) = platform.resources[Kind.PERFORMANCE]
    return [(point.rates[0] // 10**6, point.voltage) for point in domain.facts.points]


@pytest.mark.parametrize(
    ("opp", "points"),
    [
        ("[]", [(500, 900_000)]),
        ('[{table: "&opps", name: slow}]', [(500, 900_000)]),
        ('[{table: "&opps", name: fast, supported-hw: [0x2]}]', [(500, 850_000), (800, 950_000)]),
        ("[{table: /opp-table, supported-hw: [1]}]", [(500, 900_000)]),
    ],
)
def test_the_levels_are_those_of_the_chip(opp: str, points: list[tuple[int, int]]) -> None:
    assert levels(opp) == points


@pytest.mark.parametrize(
    ("opp", "message", "hint"),
    [
        ('[{table: "&opsp", name: slow}]', "no label &opsp", "did you mean &opps?"),
        ('[{table: "&gpu", name: slow}]', "/gpu is no OPP table", "operating-points-v2"),
        ('[{table: "&opps", name: slwo}]', "no OPP of /opp-table has opp-microvolt-slwo", "slow"),
        ('[{table: "&opps", supported-hw: [1, 2]}]', "has 1 mask, and this is 2 words", "as many"),
        ('[{table: "&opps", supported-hw: [4]}]', "no OPP for this chip", "slow, fast"),
        ('[{table: "&opps"}]', "needs name or supported-hw", "which chip"),
        ("[{name: slow}]", "needs a table", "&LABEL"),
        ('[{table: "&opps", nmae: slow}]', "has no key 'nmae'", "did you mean name"),
        ('[{table: "&opps", name: slow}, {table: "&opps", name: fast}]', "chosen already", "at "),
        ("{table: x}", "opp must be a list", "- item"),
    ],
)
def test_a_wrong_choice_is_told_where_it_is(opp: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        model(opp)
    every = raised.value.diagnostics
    found = [item for item in every if message in item.message]
    assert found, [item.message for item in every]
    assert hint in str(found[0].hint)
    assert found[0].position is not None
    assert found[0].position.line == 2


#: The first has a plain voltage that is not its highest, and no mask is common to all.
MIXED = """
opps: opp-table {
  o1 { opp-hz = <0 100000000>; opp-microvolt = <800000>; opp-microvolt-fast = <900000>;
       opp-supported-hw = <0x3 0x1>; };
  o2 { opp-hz = <0 200000000>; opp-microvolt-fast = <950000>;
       opp-microvolt-slow = <1000000 990000 1010000>; opp-supported-hw = <0x2 0x1>, <0x4 0x2>; };
  o3 { opp-hz = <0 300000000>; opp-microvolt = <1100000>; opp-supported-hw = <0x8 0x8>; };
};
vdd: vdd { compatible = "regulator-fixed"; };
cc: cc { compatible = "acme,cc"; reg = <1 1>; #clock-cells = <1>; };
gpu: gpu { operating-points-v2 = <&opps>; clocks = <&cc 1>; };
"""


def test_of_an_unknown_name_the_highest_voltage_is_of_all() -> None:
    chosen = '[{table: "&opps", supported-hw: [0x3, 0x1]}]'
    found = model_of(read_source(source(MIXED), BOARD), LINUX % chosen)
    (domain,) = found.platforms[0].resources[Kind.PERFORMANCE]
    assert [point.voltage for point in domain.facts.points] == [900_000, 1_000_000]
    (warning,) = [it for it in run_checks(found) if it.id == "opp-bin"]
    assert warning.message.endswith(
        "voltages for fast and slow; each voltage is the highest one of its OPP"
    )


def test_a_name_that_leaves_no_opp_for_certain_is_wrong() -> None:
    with pytest.raises(InputError) as raised:
        model_of(read_source(source(MIXED), BOARD), LINUX % '[{table: "&opps", name: fast}]')
    (told,) = raised.value.diagnostics
    assert told.message == "/opp-table has no OPP that every chip of this name has"
    assert told.hint == "say which chip it is with supported-hw as well, such as [0x2, 0x1]"


def test_an_operating_system_that_scales_itself_knows_its_chip() -> None:
    """The rates of all bins are there where a device sets its clock itself."""
    scmi = 'scmi { compatible = "arm,scmi-virtio"; clk: protocol@14 { reg = <0x14>; '
    text = TABLE.replace("<&cc 1>", "<&clk 1>") + scmi + "#clock-cells = <1>; }; };"
    (platform,) = model_of(read_source(source(text), BOARD), LINUX % "[]").platforms
    (clock,) = platform.resources[Kind.CLOCK]
    assert clock.facts.rates == (500_000_000, 800_000_000)


def test_the_chosen_chip_is_an_option_of_the_platform() -> None:
    found = model('[{table: "&opps", name: fast}]').assignment.options.bins
    assert found == {"/opp-table": OppBin("fast")}
