"""The reset of a provider stops all that it provides: who may assert it decides for its users."""

import json
from pathlib import Path

import pytest
from support import scmigen, written

#: &x of a has the reset of Q, which provides what &z of b needs: itself, by a clock of its own, or
#: by a nested domain.
PLAIN = """/dts-v1/; / {
    rr: rr { compatible = "acme,rr"; #reset-cells = <1>; };
    Q: Q { compatible = "acme,p"; #clock-cells = <1>; resets = <&rr 1>; };
    x: x { compatible = "acme,u"; resets = <&rr 1>; };
    z: z { compatible = "acme,u"; clocks = <&Q 1>; };
};
"""
CHILD = """/dts-v1/; / {
    rr: rr { compatible = "acme,rr"; #reset-cells = <1>; };
    Q: Q { compatible = "acme,p"; #clock-cells = <1>; resets = <&rr 1>; };
    R: R { compatible = "acme,p"; #clock-cells = <1>; clocks = <&Q 1>; };
    x: x { compatible = "acme,u"; resets = <&rr 1>; };
    z: z { compatible = "acme,u"; clocks = <&R 1>; };
};
"""
NESTED = """/dts-v1/; / {
    rr: rr { compatible = "acme,rr"; #reset-cells = <1>; };
    pmu { compatible = "acme,pmu", "syscon"; pds: power-controller {
        compatible = "rockchip,rk3568-power-controller"; #power-domain-cells = <1>;
        #address-cells = <1>; #size-cells = <0>;
        power-domain@5 { reg = <5>; resets = <&rr 1>; #power-domain-cells = <0>; };
        power-domain@6 { reg = <6>; #power-domain-cells = <0>; };
    }; };
    x: x { compatible = "acme,u"; resets = <&rr 1>; };
    z: z { compatible = "acme,u"; power-domains = <&pds 5>; };
};
"""
AGENTS = """domains:
  a: {id: 1, default: true, scmi: {role: other}}
  b: {id: 2, scmi: {role: other}, access: [{dev: "&z"}]}
"""
OWNER = 'platform: {owners: [{reset: "&rr 1", agent: a}]}\n'


def errors(tmp_path: Path, board: str, agents: str) -> list[str]:
    written(tmp_path / "b.dts", board)
    written(tmp_path / "a.yaml", agents)
    done = scmigen("check", "b.dts", "-a", "a.yaml", "--format", "json", cwd=tmp_path)
    return [
        f"{item['id']}: {item['message']}"
        for item in json.loads(done.stdout)
        if item["severity"] == "error"
    ]


SHARED = "reset-shared: reset <&rr 1>: it is asserted by a while b depends on it"


@pytest.mark.parametrize("board", [PLAIN, CHILD, NESTED])
def test_who_asserts_the_reset_of_a_provider_decides_for_all_it_serves(
    tmp_path: Path, board: str
) -> None:
    assert errors(tmp_path, board, AGENTS) == [SHARED]
    assert errors(tmp_path, board, AGENTS + OWNER) == []


def test_the_reset_of_a_nested_domain_is_not_that_of_the_one_beside_it(tmp_path: Path) -> None:
    assert errors(tmp_path, NESTED.replace("<&pds 5>", "<&pds 6>"), AGENTS) == []


def test_the_platform_may_depend_on_it_as_well(tmp_path: Path) -> None:
    agents = AGENTS.replace(', access: [{dev: "&z"}]', "") + 'platform: {devices: ["&z"]}\n'
    (found,) = errors(tmp_path, PLAIN, agents)
    assert found == SHARED.replace("b depends", "the platform depends")


def test_a_reset_is_no_way_to_a_rate(tmp_path: Path) -> None:
    """The controller of the reset is fed by a clock of a: its rate is not that of &z's clock."""
    board = PLAIN.replace(
        "#reset-cells = <1>; };",
        '#reset-cells = <1>; clocks = <&cc 1>; };\n    cc: cc { compatible = "acme,cc"; '
        "#clock-cells = <1>; };",
    ).replace(
        "x: x {",
        "x: x { clocks = <&cc 1>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;",
    )
    assert errors(tmp_path, board, AGENTS + OWNER) == []


#: The gate of a domain has the resets of what is in it, as Tegra's have: of &x, and of &z.
GATE = """/dts-v1/; / {
    rr: rr { compatible = "acme,rr"; #reset-cells = <1>; };
    g: g { compatible = "acme,g"; #power-domain-cells = <0>; resets = <&rr 1>, <&rr 2>; };
    x: x { compatible = "acme,u"; power-domains = <&g>; resets = <&rr 1>; };
    z: z { compatible = "acme,u"; power-domains = <&g>; resets = <&rr 2>; };
};
"""


def told_without_errors(tmp_path: Path, board: str) -> str:
    assert errors(tmp_path, board, AGENTS) == []
    done = scmigen("check", "b.dts", "-a", "a.yaml", cwd=tmp_path)
    return done.stdout + done.stderr


def test_of_several_resets_of_a_domain_each_may_be_for_anything_in_it(tmp_path: Path) -> None:
    told = told_without_errors(tmp_path, GATE)
    assert "warning[feeds-others]: &g serves several agents, and it may feed them from " in told
    assert "reset <&rr 1>, reset <&rr 2>" in told


#: What resets the controller of the gate's resets; nobody has these themselves.
BEHIND = """/dts-v1/; / {
    rr: rr { compatible = "acme,rr"; #reset-cells = <1>; };
    r2: r2 { compatible = "acme,r2"; #reset-cells = <1>; resets = <&rr 1>; };
    g: g { compatible = "acme,g"; #power-domain-cells = <0>; resets = <&r2 1>, <&r2 2>; };
    x: x { compatible = "acme,u"; resets = <&rr 1>; };
    z: z { compatible = "acme,u"; power-domains = <&g>; };
};
"""


def test_what_resets_a_reset_controller_may_stop_what_that_resets(tmp_path: Path) -> None:
    told = told_without_errors(tmp_path, BEHIND)
    assert "warning[feeds-others]: &g serves several agents" in told
    assert "it may feed them from reset <&rr 1>" in told
