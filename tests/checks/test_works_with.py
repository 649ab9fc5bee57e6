"""What a provider works with, and what OPP tables set: policies and checks follow both."""

import json
from pathlib import Path

from support import scmigen, written

#: What &y and &z of b need is provided by what is in a domain, or a reset, that a has with &x.
PROVIDERS = """/dts-v1/; / {
    pd: pd { compatible = "acme,pd"; #power-domain-cells = <1>; };
    rr: rr { compatible = "acme,rr"; #reset-cells = <1>; };
    P: P { compatible = "acme,p"; #reset-cells = <1>; power-domains = <&pd 1>; };
    Q: Q { compatible = "acme,p"; #clock-cells = <1>; resets = <&rr 1>; };
    x: x { compatible = "acme,u"; power-domains = <&pd 1>; resets = <&rr 1>; };
    y: y { compatible = "acme,u"; resets = <&P 1>; };
    z: z { compatible = "acme,u"; clocks = <&Q 1>; };
};
"""
#: &x is scaled by a table: its clock, and with that the supply, which &y has, too.
TABLE = """/dts-v1/; / {
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
    rails {
        compatible = "acme,rails";
        v1: v1 { regulator-min-microvolt = <800000>; regulator-max-microvolt = <1200000>; };
    };
    t: opp-table { compatible = "operating-points-v2"; %s
        o1 { opp-hz = /bits/ 64 <1000>; %s };
        o2 { opp-hz = /bits/ 64 <2000>; %s };
    };
    x: x {
        compatible = "acme,u"; clocks = <&cc 1>; vdd-supply = <&v1>; operating-points-v2 = <&t>;
    };
    y: y { compatible = "acme,u"; foo-supply = <&v1>; };
};
"""
AGENTS = """domains:
  a: {id: 1, default: true, scmi: {role: other}}
  b: {id: 2, scmi: {role: other}, access: [%s]}
policies: [{isolated: [a, b], reason: k}]
%s"""


def found(tmp_path: Path, board: str, devices: str, more: str = "") -> list[tuple[str, list[str]]]:
    """Id, message and steps of errors."""
    written(tmp_path / "b.dts", board)
    written(tmp_path / "a.yaml", AGENTS % (devices, more))
    done = scmigen("check", "b.dts", "-a", "a.yaml", "--format", "json", cwd=tmp_path)
    return [
        (item["id"], [item["message"], *(each["message"] for each in item["related"])])
        for item in json.loads(done.stdout)
        if item["severity"] == "error"
    ]


def test_a_provider_stops_with_its_domain_and_its_reset(tmp_path: Path) -> None:
    told = found(tmp_path, PROVIDERS, '{dev: "&y"}, {dev: "&z"}')
    assert sorted(item for item, _ in told) == ["policy-violated"] * 2 + ["reset-shared"]
    steps = [step for _, texts in told for step in texts]
    assert any("a may turn off power <&pd 1>, which &y depends on" in step for step in steps)
    assert any("a may assert reset <&rr 1>, which &z depends on" in step for step in steps)
    assert "reset <&P 1> works with power <&pd 1>" in steps
    assert "clock <&Q 1> works with reset <&rr 1>" in steps


def test_what_the_platform_keeps_on_stops_nothing(tmp_path: Path) -> None:
    told = found(tmp_path, PROVIDERS, '{dev: "&y"}', 'platform: {always-on: [{power: "&pd 1"}]}\n')
    assert told == []


def volts(low: int, high: int) -> str:
    return TABLE % (
        "opp-shared;",
        f"opp-microvolt = <{low}>;",
        f"opp-microvolt = <{high}>;",
    )


def test_a_performance_domain_sets_the_supply_of_its_table(tmp_path: Path) -> None:
    told = found(tmp_path, volts(900_000, 1_000_000), '{dev: "&y"}')
    assert {item for item, _ in told} == {"level-shared", "policy-violated"}
    steps = [step for _, texts in told for step in texts]
    assert "voltage <&v1> changes with performance <&x>" in steps


def test_a_table_without_voltages_sets_no_supply(tmp_path: Path) -> None:
    assert found(tmp_path, TABLE % ("opp-shared;", "", ""), '{dev: "&y"}') == []
