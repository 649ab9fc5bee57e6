"""A tree that was made is a board: it asks of its server what the agent was given, and no more."""

from pathlib import Path

import pytest
from support import scmigen, source, written

BOARD = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    rails { compatible = "acme,rails"; vdd: vdd { regulator-min-microvolt = <700000>;
            regulator-max-microvolt = <900000>; }; };
    table: table { compatible = "operating-points-v2"; slow { opp-hz = /bits/ 64 <100000000>; }; };
    dev@2000 { compatible = "snps,dw-wdt"; reg = <0x2000>; clocks = <&cc 4>; core-supply = <&vdd>;
        assigned-clocks = <&cc 9>, <&cc 5>; assigned-clock-rates = <100000000>, <5>; };
    gpu@2800 { compatible = "snps,dw-wdt"; reg = <0x2800>; clocks = <&cc 2>;
               operating-points-v2 = <&table>; };
    uart@4000 { compatible = "snps,dw-apb-uart"; reg = <0x4000>; clocks = <&cc 7>; };
    their: their@3000 { compatible = "snps,dw-wdt"; reg = <0x3000>; clocks = <&cc 4>, <&cc 5>; };
    wdt@7000 { compatible = "w"; reg = <0x7000>; clocks = <&cc 8>; status = "disabled";
               secure-status = "okay"; };
"""
AGENTS = """
domains:
  linux: {id: 1, scmi: {role: ospm, transport: {type: virtio}}, default: true}
  vm: {id: 2, scmi: {role: vm, transport: {type: virtio}}, access: [{dev: "&their"}]}
  tee: {id: 3, scmi: {role: secure, transport: {type: optee, channel: 0}}}
platform: {owners: [{clock: "&cc 5", agent: vm}]}
"""


@pytest.mark.parametrize("form", ["dts", "dtb"])
@pytest.mark.parametrize("numbering", ["shared", "per-agent"])
@pytest.mark.parametrize("agent", ["linux", "vm", "tee"])
def test_it_fits_the_server(tmp_path: Path, agent: str, numbering: str, form: str) -> None:
    board = written(tmp_path / "board.dts", source(BOARD))
    agents = written(tmp_path / "agents.yaml", AGENTS)
    out = tmp_path / "out"
    done = scmigen(
        *("build", board, "-a", agents, "--numbering", numbering, "-o", out, "-q"),
        *("--emit", "consumer,runtime"),
    )
    assert done.returncode == 0, done.stderr
    if agent == "linux":
        # What a driver sets counts, on this side as on the other.
        told = scmigen("why", agent, "&cc 7", board, "-a", agents).stdout
        assert told.startswith("linux: state rate read on clock ")
    tree, server = out / "consumer" / f"{agent}.{form}", out / "runtime" / "runtime.json"
    checked = scmigen("check", tree, "--against", server, "--as", agent)
    assert (checked.returncode, checked.stdout) == (0, f"{tree}: no problems found\n")
