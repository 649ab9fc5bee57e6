"""Boards with several SCMI nodes: an agent never speaks through the channel of another one."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from consumer_trees import cells_of, emitted, refers, status, told

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.tree import DeviceTree

#: Two servers; linux has the channels that the nodes have.
BOARD = """
    reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
    shm: sram@9000 { compatible = "arm,scmi-shmem"; reg = <0x9000 0x1000>; };
    shm2: sram@a000 { compatible = "arm,scmi-shmem"; reg = <0xa000 0x1000>; };
    shm3: sram@b000 { compatible = "arm,scmi-shmem"; reg = <0xb000 0x1000>; }; };
    firmware {
        scmi2: scmi-2 { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000012>; shmem = <&shm3>;
            #address-cells = <1>; #size-cells = <0>;
            rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; }; };
        scmi: scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000010>; shmem = <&shm>;
            #address-cells = <1>; #size-cells = <0>;
            clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
    };
    mine@2000 { compatible = "d"; reg = <0x2000>; clocks = <&clk 1>; resets = <&rst 4>; };
"""
CLOCKED = 'their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&clk 2>; };'
RESET = 'their@4000 { compatible = "d"; reg = <0x4000>; resets = <&rst 5>; };'
AGENTS = """
domains:
  linux:
    id: 1
    scmi: {role: ospm, transport: {type: smc, smc-id: 0x82000010, shmem: "&shm"}}
    default: true
  vm:
    id: 2
    scmi: {role: vm, transport: {type: smc, smc-id: 0x82000011, shmem: "&shm2"}}
    access: [{dev: "*their*"}]
"""
#: The second node has the channel of the VM.
TWINS = BOARD.replace("<0x82000012>; shmem = <&shm3>", "<0x82000011>; shmem = <&shm2>").replace(
    " resets = <&rst 4>;", ""
)
FIRST, SECOND = "/firmware/scmi", "/firmware/scmi-2"


def trees(body: str, agents: str = AGENTS) -> Mapping[str, DeviceTree]:
    """Platform and agent → the tree."""
    made = emitted(body, agents)
    assert made.files, made.diagnostics
    return {
        f"{path.parts[0]} {path.stem}": read_blob(file.content, "made.dtb")
        for file in made.files
        if (path := Path(file.path)).suffix == ".dtb"
    }


def test_an_scmi_node_with_anothers_channel_is_not_enabled() -> None:
    vm = trees(BOARD + CLOCKED)["scmi vm"]
    assert cells_of(vm, FIRST, "arm,smc-id") == (0x82000011,)
    assert refers(vm, FIRST, "shmem", 0) == [("/reserved-memory/sram@a000",)]
    assert status(vm, FIRST) is None
    assert status(vm, SECOND) == "reserved"


def test_an_scmi_node_with_anothers_channel_is_removed_with_the_rest_of_others() -> None:
    text = AGENTS + "outputs: {consumer: {others: removed}}"
    made = trees(BOARD + CLOCKED, text)
    assert made["scmi vm"].node(SECOND) is None
    assert made["scmi linux"].node(SECOND) is not None


def test_an_agent_has_trees_for_the_platforms_that_serve_it_only() -> None:
    assert set(trees(BOARD + CLOCKED)) == {"scmi linux", "scmi-2 linux", "scmi vm"}
    assert set(trees(BOARD + RESET)) == {"scmi linux", "scmi-2 linux", "scmi-2 vm"}


def test_the_only_channel_of_an_agent_goes_to_the_platform_that_serves_it() -> None:
    vm = trees(BOARD + RESET)["scmi-2 vm"]
    assert cells_of(vm, SECOND, "arm,smc-id") == (0x82000011,)
    assert refers(vm, SECOND, "shmem", 0) == [("/reserved-memory/sram@a000",)]
    assert refers(vm, "/their@4000", "resets", 1) == [(f"{SECOND}/protocol@16", 5)]
    assert status(vm, FIRST) == "reserved"


def test_all_scmi_nodes_of_an_agent_stay_enabled_for_it() -> None:
    made = trees(BOARD + CLOCKED)
    for name in ("scmi linux", "scmi-2 linux"):
        assert [status(made[name], path) for path in (FIRST, SECOND)] == [None, None]
        assert cells_of(made[name], FIRST, "arm,smc-id") == (0x82000010,)
        assert cells_of(made[name], SECOND, "arm,smc-id") == (0x82000012,)


def test_agents_with_an_scmi_node_each_have_that_and_not_the_others() -> None:
    made = trees(TWINS + RESET)
    assert set(made) == {"scmi linux", "scmi-2 vm"}
    linux, vm = made["scmi linux"], made["scmi-2 vm"]
    assert [status(linux, path) for path in (FIRST, SECOND)] == [None, "reserved"]
    assert [status(vm, path) for path in (FIRST, SECOND)] == ["reserved", None]
    assert cells_of(vm, SECOND, "arm,smc-id") == (0x82000011,)


@pytest.mark.parametrize("others", ["reserved", "removed"])
def test_references_into_anothers_scmi_node_are_lost_and_told(others: str) -> None:
    body = BOARD + RESET.replace("resets", "clocks = <&clk 3>; resets")
    text = AGENTS + 'platform: {owners: [{reset: "&rst 5", agent: linux}]}\n'
    text += f"outputs: {{consumer: {{others: {others}}}}}"
    node = trees(body, text)["scmi vm"].node("/their@4000")
    assert node is not None
    assert "clocks" in node
    assert "resets" not in node
    (lost,) = [item for item in told(body, text) if item.id == "consumer-lost"]
    assert lost.message.startswith("/their@4000 resets[0] is reset ")
    assert lost.message.endswith(", to which vm has no access")


def test_one_channel_to_two_platforms_is_an_error_and_no_tree() -> None:
    made = emitted(BOARD + CLOCKED + RESET, AGENTS)
    assert not [file for file in made.files if "vm" in file.path]
    (error,) = [item for item in made.diagnostics if item.id == "consumer-channels"]
    assert error.message == (
        "no source says a channel of vm for each of /firmware/scmi and /firmware/scmi-2, whose"
        " platforms serve it"
    )
    assert error.hint is not None
    assert "access: [{dev: …}]" in error.hint


def test_what_u_boot_cannot_reach_is_not_referred_to() -> None:
    made = trees(BOARD + CLOCKED, AGENTS + "outputs: {consumer: {os: {linux: u-boot}}}")
    wanted = {"scmi linux": ("clocks", SECOND), "scmi-2 linux": ("resets", FIRST)}
    for name, (prop, other) in wanted.items():
        node = made[name].node("/mine@2000")
        assert node is not None
        assert {"clocks", "resets"} & set(node.properties) == {prop}
        assert status(made[name], other) == "disabled"


def test_a_fixed_provider_behind_another_platform_of_the_agent_stays() -> None:
    protocol = "clk2: protocol@14 { reg = <0x14>; #clock-cells = <1>; };"
    body = BOARD.replace("rst: protocol@16", f"{protocol} rst: protocol@16")
    body += """
    half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&clk2 3>;
                 clock-div = <2>; clock-mult = <1>; };
    slow@5000 { compatible = "d"; reg = <0x5000>; clocks = <&half>; };
    """
    made = trees(body + CLOCKED)
    for name in ("scmi linux", "scmi-2 linux"):
        assert status(made[name], "/half") is None
        assert refers(made[name], "/half", "clocks", 1) == [(f"{SECOND}/protocol@14", 3)]
    assert status(made["scmi vm"], "/half") == "reserved"


def test_what_another_platform_serves_is_told_to_be_in_the_tree_for_that() -> None:
    body = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    slow@5000 { compatible = "d"; reg = <0x5000>; clocks = <&cc 7>; };
    """
    text = AGENTS + 'platform: {managed: ["&cc"]}'
    made = trees(BOARD + CLOCKED + body, text)
    # What no SCMI node names is the first one's, by path.
    (entry,) = refers(made["scmi linux"], "/slow@5000", "clocks", 1)
    assert entry is not None
    assert entry[0] == f"{FIRST}/protocol@14"
    (lost,) = [item for item in told(BOARD + CLOCKED + body, text) if item.id == "consumer-lost"]
    assert lost.message.startswith("/slow@5000 clocks[0] is clock ")
    assert lost.message.endswith(f", which linux has through {FIRST}")
