"""Damaged trees, descriptions and domains give diagnostics, never another exception."""

import random
from contextlib import suppress

import pytest
from support import BOARD, SOC

from scmigen.assignment.sources import Sources, assign
from scmigen.checks.registry import run_checks
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError
from scmigen.model.build import build
from scmigen.runtime import Numbering

TEXT = (
    """/dts-v1/; / {
d: d@1 { compatible = "acme,d"; clocks = <&cc 1>; x-supply = <&vdd>; };
e: e@2 { compatible = "acme,e"; clocks = <&cc 2>; resets = <&rc 1>; status = "disabled"; };
cpus: cpus { };
m: shm@9 { compatible = "arm,scmi-shmem"; reg = <9 128>; };
firmware { scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>; shmem = <&m>;
 arm,smc-id = <1>; mboxes = <&d 0>; protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; };
server { compatible = "optee,scmi-server";
 agent@1 { compatible = "linaro,scmi-optee"; reg = <1>; scmi-channel-id = <0>;
  protocol@14 { reg = <0x14>; clocks {
   c@0 { reg = <0>; domain-name = "ck"; clocks = <&cc 9>; flags = <3>; };
   c@1 { reg = <1>; clocks = <&cc 2>; }; }; };
  protocol@17 { reg = <0x17>; regulators { r@3 { reg = <3>; v-supply = <&vdd>; }; }; };
  protocol@16 { reg = <0x16>; resets { r@0 { reg = <0>; resets = <&rc 1>; }; }; }; }; };
domains { a { compatible = "openamp,domain-v1"; id = <1>; cpus = <&cpus 1 0>; access = <&e>;
  b { compatible = "openamp,domain-v1"; id = <2>; #access-flags-cells = <1>;
   access-implicit-default = <1>; access = <&e 1>; scmigen,role = "vm"; }; }; };
"""
    + SOC
    + "};\n"
)
WORDS = [
    "<1>", "<2>", "<0>", "<>", "<0xffffffff>", "<1 2 3 4>", '"x"', '""', "[00]", "<&cc>", "<&e 1>",
    "<0x14>", '"openamp,domain-v1"', '"optee,scmi-server"', '"linaro,scmi-optee"', '"okay"',
]  # fmt: skip


def damaged(random_: random.Random) -> str:
    """The text with the values of some properties replaced, and some lines gone."""
    lines = TEXT.split("\n")
    text = "\n".join(line for line in lines if "{" in line or random_.random() > 0.05)
    parts = text.split(";")
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(parts))
        name, equals, _ = parts[at].rpartition("=")
        if equals:
            parts[at] = f"{name}= {random_.choice(WORDS)}"
    return ";".join(parts)


def test_the_text_itself_is_read() -> None:
    board = read_source(TEXT, BOARD)
    inventory, assignment = assign(board, Sources())
    assert [agent.name for agent in assignment.agents] == ["a", "b"]
    assert len(assignment.grants) == 4
    assert run_checks(build(inventory, assignment))


@pytest.mark.parametrize("seed", range(150))
def test_damaged(seed: int) -> None:
    random_ = random.Random(seed)
    with suppress(InputError):
        board = read_source(damaged(random_), BOARD)
        trees = {"a": read_source(damaged(random_), "own.dts")} if seed % 2 else {}
        run_checks(build(*assign(board, Sources((), trees)), None, list(Numbering)[seed % 2]))
