"""The trees of the agents of 24 real boards: compiled again, and judged by dtc.

What a tree asks for is what the platform gives its agent, by the same numbers, and ``check
--against`` has nothing to say. Names of resources are not compared, but for supplies: no binding of
SCMI has any, so the compiler takes them from the consumers that are left.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from consumer_oracle import emitted, judge, judged_by_dtc

import scmigen

#: Boards, with their agents if not one; those marked slow are large.
SMALL = (
    "juno-scmi linux vm1",
    "k3-am625-sk",
    "stm32mp157c-dk2-scmi",
    "s32g399a-rdb3",
    "sky1-orion-o6",
)
LARGE = (
    "fvp-base-revc",
    "hi3660-hikey960",
    "imx8mp-evk linux media rtos",
    "imx8qm-mek",
    "imx95-19x19-evk",
    "jh7110-starfive-visionfive-2-v1.3b",
    "juno-r1-scmi",
    "k3-am62l3-evm",
    "monaco-arduino-monza",
    "morello-sdp",
    "mt8195-cherry-tomato-r2",
    "r8a779g0-white-hawk",
    "rk3588-rock-5b linux vm1 secure",
    "sm8550-mtp",
    "stm32mp135f-dk",
    "stm32mp257f-ev1",
    "t8103-j274",
    "tegra234-p3737-0000_p3701-0000",
    "zynqmp-zcu102-rev1.0",
)
BOARDS = [
    *(pytest.param(line, id=line.split()[0]) for line in SMALL),
    *(pytest.param(line, id=line.split()[0], marks=pytest.mark.slow) for line in LARGE),
]

#: What a tree cannot say: this CPU shares its domain with the other agent's, which owns the level.
#: With a reference it would be asked for, so there is none, and the limits are left unused.
EXCEPTIONS = {"performance 1 (cpu-100): granted and not asked for": ("juno-scmi", "vm1")}


@cache
def compiled(corpus: Path, board: str) -> scmigen.Result:
    """A board with its agents file, if it has one."""
    agents = corpus / "agents" / f"{board}.yaml"
    return scmigen.compile(corpus / f"{board}.dts", agents=[agents] if agents.exists() else [])


@pytest.mark.parametrize("line", BOARDS)
def test_a_tree_asks_for_what_the_platform_gives_its_agent(
    line: str, corpus: Path, tmp_path: Path
) -> None:
    board, *agents = line.split()
    for platform in compiled(corpus, board).platforms:
        files, errors = emitted(platform)
        assert errors == []
        assert [agent.name for agent in platform.agents] == (agents or ["ospm"])
        for agent in platform.agents:
            found = judge(platform, agent.name, files, tmp_path)
            assert found.ids
            assert [
                fault
                for fault in found.faults
                if EXCEPTIONS.get(fault.partition(": ")[2]) != (board, agent.name)
            ] == []
            assert [name for name in found.renamed if name.startswith("voltage")] == []


@pytest.mark.parametrize("line", BOARDS)
def test_dtc_makes_the_same_blob_and_warns_of_nothing_that_the_board_does_not_have(
    line: str, corpus: Path, tool: Callable[[str], str]
) -> None:
    board, *_ = line.split()
    source = (corpus / f"{board}.dts").read_bytes()
    for platform in compiled(corpus, board).platforms:
        files, _ = emitted(platform)
        for agent in platform.agents:
            assert judged_by_dtc(tool("dtc"), source, agent.name, files) == []


def test_the_judges_see_what_is_wrong(
    corpus: Path, tool: Callable[[str], str], tmp_path: Path
) -> None:
    board = "k3-am625-sk"
    (platform,) = compiled(corpus, board).platforms
    files, _ = emitted(platform)
    text = files["ospm.dts"].decode()
    clocks = "&{/firmware/scmi/protocol@14}"
    more = f"""
/ {{ x@1 {{ clocks = <{clocks} 0>, <{clocks} 9999>; assigned-clocks = <{clocks} 0>;
           assigned-clock-rates = <1>; }}; }};
"""
    text = files["ospm.dts"].decode().replace("\tresets = ", "\tlost = ") + more
    damaged = {**files, "ospm.dts": text.encode()}
    found = judge(platform, "ospm", damaged, tmp_path, ["dts"]).faults
    kinds = ("granted and not asked for", "asked for and not granted", "became", "id-unserved")
    assert [kind for kind in (*kinds, "grant-missing") if not any(kind in f for f in found)] == []
    source = (corpus / f"{board}.dts").read_bytes()
    assert judged_by_dtc(tool("dtc"), source, "ospm", damaged) == [
        "dts: dtc makes another blob of it",
        "dts: Warning (unit_address_vs_reg): /x@1: node has a unit name, but no reg or ranges "
        "property",
    ]
