"""What is assumed of resources: values, the rate at boot, and how files say so."""

import json
from pathlib import Path

import pytest
from support import SOC as CONTROLLERS
from support import model_of, scmigen, soc, source, written

from scmigen.checks.values import assume_unfit
from scmigen.model.platform import Model, Resource
from scmigen.runtime import encode
from scmigen.scmi.protocols import Kind
from scmigen.targets.runtime.configuration import to_runtime

AGENTS = """
domains: {a: {id: 1, default: true, scmi: {role: ospm}}}
platform:
  assume: {%s}
"""
DEVICE = "d { clocks = <&cc 1>; vdd-supply = <&vdd>; vio-supply = <&vio>; %s };"
ASSIGNED = "assigned-clocks = <&cc 1>; assigned-clock-rates = <6000000>;"
OPPS = """t: t { o1 { opp-hz = <0 500>; opp-microvolt = <725000>; };
    o2 { opp-hz = <0 900>; opp-microvolt = <850000>; }; };"""


def made(entry: str, more: str = "", body: str = "", rate: str = "clock-rate: 100000000") -> Model:
    said = AGENTS % f"{rate}, values: [{{{entry}}}]"
    return model_of(soc(body + DEVICE % more), said)


def resource(model: Model, kind: Kind, name: str = "") -> Resource:
    return next(r for r in model.platforms[0].resources[kind] if name in r.node.name)


# The entry, more of the device → rates, step and boot as the server describes them.
CLOCKS = [
    pytest.param("rates: [5000000]", ASSIGNED, [5_000_000, 6_000_000], None, 6_000_000, id="rates"),
    pytest.param(
        "range: [1000000, 9000000, 500000]",
        ASSIGNED,
        [1_000_000, 9_000_000],
        500_000,
        6_000_000,
        id="range, a rate of the tree at boot",
    ),
    pytest.param(
        "range: [30000000, 200000000, 30000000]".replace("200", "210"),
        "",
        [30_000_000, 210_000_000],
        30_000_000,
        90_000_000,
        id="range, the nearest below the assumed rate at boot",
    ),
    pytest.param(
        "range: [200000000, 210000000, 1]",
        "",
        [200_000_000, 210_000_000],
        1,
        200_000_000,
        id="range above the assumed rate",
    ),
    pytest.param("rates: [1, 7]", "", [1, 7], None, 7, id="rates below the assumed rate"),
]


@pytest.mark.parametrize(("entry", "more", "rates", "step", "boot"), CLOCKS)
def test_rates_of_a_clock(
    entry: str, more: str, rates: list[int], step: int | None, boot: int
) -> None:
    (clock,) = runtime(made(f"clock: '&cc *', {entry}", more))["clocks"]
    assert (clock["rates"], clock.get("step"), clock["rate"]) == (rates, step, boot)
    assert "rates" in clock["assumed"]


def runtime(model: Model) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads(encode(to_runtime(model.platforms[0])))
    return found


# The limits in the tree are 700 to 900 mV, and OPPs ask for 725 and 850 mV.
SUPPLIES = [
    pytest.param(
        "levels: [800000]", [700_000, 725_000, 800_000, 850_000, 900_000], None, id="list"
    ),
    pytest.param("range: [600000, 900000, 25000]", [600_000, 900_000], 25_000, id="range"),
    pytest.param("step: 25000", [700_000, 900_000], 25_000, id="a step between the limits"),
    pytest.param("step: 12500", [700_000, 900_000], 12_500, id="a smaller step"),
    pytest.param("step: 5000", [700_000, 900_000], 5_000, id="the smallest step"),
]


@pytest.mark.parametrize(("entry", "levels", "step"), SUPPLIES)
def test_levels_of_a_supply(entry: str, levels: list[int], step: int | None) -> None:
    more = "operating-points-v2 = <&t>;"
    supplies = runtime(made(f"voltage: '&vdd', {entry}", more, OPPS))["voltage_domains"]
    (supply,) = [item for item in supplies if item["name"] == "vdd"]
    assert (supply["levels"], supply.get("step")) == (levels, step)
    assert supply["level"] == levels[0]
    assert supply["assumed"] == ["levels"]


def test_a_step_that_does_not_divide_the_limits_ends_below_the_upper_one() -> None:
    supplies = runtime(made("voltage: '&vdd', step: 30000"))["voltage_domains"]
    (supply,) = [item for item in supplies if item["name"] == "vdd"]
    assert (supply["levels"], supply["step"]) == ([700_000, 880_000], 30_000)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("'&vdd', step: 300000", "voltage <&vdd>, which has 700000 to 900000 µV in the tree"),
        ("'*', step: 300000", "voltage <&vdd>, which has 700000 to 900000 µV in the tree"),
        ("'&vio', step: 25000", "voltage <&vio>, which has only 1800000 µV"),
        ("'&vdd', step: 200000", None),
        ("'*', step: 25000", None),
    ],
)
def test_a_step_for_which_there_is_no_room_is_an_error(entry: str, said: str | None) -> None:
    found = [item.message for item in assume_unfit(made(f"voltage: {entry}"))]
    step = entry.split()[-1]
    assert found == ([] if said is None else [f"a step of {step} µV is nothing to {said}"])


@pytest.mark.parametrize(
    ("name", "levels"), [("vio", [1_800_000]), ("listed", [1_800_000, 3_300_000])]
)
def test_a_step_leaves_alone_what_has_no_range(name: str, levels: list[int]) -> None:
    body = """pmic { compatible = "acme,pmic"; listed: listed { compatible = "regulator-gpio";
        states = <1800000 0>, <3300000 1>; }; };"""
    said = AGENTS % "values: [{voltage: '*', step: 25000}]" + "  managed: [/pmic]\n"
    supplies = runtime(model_of(soc(body + DEVICE % "x-supply = <&listed>;"), said))
    (supply,) = [item for item in supplies["voltage_domains"] if item["name"] == name]
    assert (supply["levels"], supply.get("step")) == (levels, None)
    assert "assumed" not in supply


def with_cpu(tmp_path: Path, entry: str) -> None:
    """A board with a CPU of 600 and 1200 MHz, whose clock has the assumed range ``entry``."""
    body = """cpus { cpu { device_type = "cpu"; clocks = <&cc 1>; operating-points-v2 = <&t>; }; };
        t: t { compatible = "operating-points-v2"; o1 { opp-hz = <0 600000000>; };
        o2 { opp-hz = <0 1200000000>; }; };"""
    written(tmp_path / "board.dts", source(body + CONTROLLERS))
    written(tmp_path / "agents.yaml", AGENTS % f"values: [{{clock: '&cc 1', {entry}}}]")


BUILD = ("build", "board.dts", "-a", "agents.yaml", "-o", "out", "--emit", "runtime")


def test_a_clock_that_a_performance_domain_sets_keeps_its_range(tmp_path: Path) -> None:
    with_cpu(tmp_path, "range: [600000000, 1200000000, 100000000]")
    scmigen(*BUILD, cwd=tmp_path)
    served = json.loads((tmp_path / "out/runtime/runtime.json").read_text())
    (clock,) = served["clocks"]
    assert clock["rates"] == [600_000_000, 1_200_000_000]
    assert (clock["step"], clock["rate"]) == (100_000_000, 1_200_000_000)


def test_a_range_without_the_rates_of_the_levels_is_refused(tmp_path: Path) -> None:
    with_cpu(tmp_path, "range: [600000000, 1200000001, 600000001]")
    done = scmigen(*BUILD, cwd=tmp_path)
    assert "the range of clock <&cc 1> lacks 1200000000 Hz, which the tree asks for" in done.stderr


def test_operating_points_of_a_domain_without_a_table() -> None:
    """With the power of its device: 100 µW per MHz and V² at 1 GHz and 1 V are 100 mW."""
    body = """scmi { compatible = "arm,scmi-virtio";
        perf: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; }; };
        cpus { cpu { device_type = "cpu"; power-domains = <&perf 0>;
        dynamic-power-coefficient = <100>; }; };"""
    entry = "performance: '&perf 0', levels: [500000000, {frequency: 1000000000, voltage: 1000000}]"
    (domain,) = runtime(made(entry, body=body))["performance_domains"]
    assert domain["levels"] == [
        {"level": 500_000, "frequency": 500_000},
        {"level": 1_000_000, "frequency": 1_000_000, "voltage": 1_000_000, "power": 100_000},
    ]
    assert domain["assumed"] == ["levels"]


def test_a_build_counts_what_is_assumed(tmp_path: Path) -> None:
    """cc 1 has no rate in the tree, cc 2 one; vdd gets levels; a supply without any has one."""
    body = (
        DEVICE % ""
        + """e { clocks = <&cc 2>; x-supply = <&open>; assigned-clocks = <&cc 2>;
        assigned-clock-rates = <5>; }; rails2 { compatible = "acme,rails"; open: open { }; };"""
    )
    written(tmp_path / "board.dts", source(body + CONTROLLERS))
    written(tmp_path / "agents.yaml", AGENTS % "values: [{voltage: '&vdd', step: 25000}]")
    words = ("build", "board.dts", "-a", "agents.yaml", "-o", "out", "--emit", "runtime")
    lines = scmigen(*words, cwd=tmp_path).stdout.splitlines()
    assert lines[1] == "scmi: assumed values: 1 clock, 2 voltage (platform.assume)"
    # Of what has no rates and levels, nothing is assumed.
    several = scmigen(*words[:-1], "ids,headers", cwd=tmp_path).stdout
    assert "assumed" not in several
    assert lines[1] in scmigen(*words[:-1], "ids,runtime", cwd=tmp_path).stdout

    written(tmp_path / "board.dts", source("d { resets = <&rc 1>; };" + CONTROLLERS))
    written(tmp_path / "agents.yaml", AGENTS % "clock-rate: 5")
    assert "assumed" not in scmigen(*words, cwd=tmp_path).stdout
