"""Tables that scmigen writes for SCP-firmware are read back as what they were made from."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from turns import one_in

import scmigen
from scmigen.audit.registry import find
from scmigen.runtime.served import Served
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.scp.version import VERSIONS

#: What SCP-firmware has no messages for.
_ABSENT = ("clock", "parent")
#: How many characters of a name are the same, whatever tells equals apart.
_SAME = 10
Rights = Mapping[tuple[str, str, int], tuple[str, tuple[str, ...]]]


def rights(served: Served) -> Rights:
    """Agent, kind and id → the name and the operations."""
    names = {(kind, one.id): one.name for kind, found in served.resources.items() for one in found}
    found = {}
    for agent in served.agents:
        for kind, grants in agent.grants.items():
            for grant in grants:
                assert not grant.unknown
                said = map(str, (*grant.operations, *grant.unchecked))
                operations = tuple(each for each in said if (str(kind), each) != _ABSENT)
                if operations:
                    name = names[kind, grant.resource].partition("~")[0][:_SAME]
                    found[agent.name, str(kind), grant.id] = (name, operations)
    return found


def check(board: Path, agents: list[Path], folder: Path) -> int:
    """Writes and reads the tables of a board; how many rows there are."""
    result = scmigen.compile(board, agents=agents)
    scmigen.emit(result, ("scp", "runtime")).write(folder)
    rows = 0
    for tables in folder.glob("**/scp/Firmware.cmake"):
        audit = find("scp").read(tables.parent)
        assert [item.message for item in audit.diagnostics] == []
        found = rights(audit.served)
        runtime = tables.parent.parent / "runtime/runtime.json"
        assert found == rights(scmigen.read_server(runtime))
        rows += len(found)
    return rows


@pytest.mark.parametrize("board", ["minimal.dts", "orrery-board.dts"])
def test_examples_are_read_back(board: str, examples: Path, tmp_path: Path) -> None:
    assert check(examples / board, [], tmp_path) > 0


REAL = ("juno-r1-scmi", "imx8mp-evk", "stm32mp257f-ev1", "mt8195-cherry-tomato-r2")


@pytest.mark.parametrize("board", one_in(2, REAL))
def test_real_boards_are_read_back(board: str, corpus: Path, tmp_path: Path) -> None:
    assert check(corpus / f"{board}.dtb", [], tmp_path) > 0


#: Two agents with power domains of their own by numbers of their own.
_BOARD = """/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>; compatible = "acme,views";
    pd: pd@1000 { compatible = "acme,pd"; reg = <0x1000 0x100>; #power-domain-cells = <1>; };
    cc: cc@2000 { compatible = "acme,cc"; reg = <0x2000 0x100>; #clock-cells = <1>; };
    gpu@3000 { compatible = "d"; reg = <0x3000 1>; clocks = <&cc 3>; power-domains = <&pd 2>; };
    vpu@4000 { compatible = "d"; reg = <0x4000 1>; clocks = <&cc 4>; power-domains = <&pd 0>; };
    usb@5000 { compatible = "d"; reg = <0x5000 1>; clocks = <&cc 5>; power-domains = <&pd 5>; };
};
"""
_AGENTS = """
domains:
  linux: {id: 1, default: true, scmi: {role: ospm, transport: {type: virtio}}}
  vm: {id: 2, scmi: {role: vm, transport: {type: virtio}}, access: [{dev: "/vpu@4000"}]}
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_numbers_of_an_agents_own_are_read_back(version: str, tmp_path: Path) -> None:
    """Permissions of power domains are by elements, and clocks of one version are elements."""
    (tmp_path / "board.dts").write_text(_BOARD)
    agents = scmigen.Text("agents.yaml", f"{_AGENTS}outputs: {{scp: {{version: '{version}'}}}}\n")
    result = scmigen.compile(tmp_path / "board.dts", agents=agents, numbering="per-agent")
    scmigen.emit(result, ("scp", "runtime")).write(tmp_path)
    audit = find("scp").read(tmp_path / "scp")
    assert [item.message for item in audit.diagnostics] == []
    found = rights(audit.served)
    assert {key for key in found if key[1] == "power"} == {
        *(("linux", "power", number) for number in (0, 1)),
        ("vm", "power", 0),
    }
    assert found == rights(scmigen.read_server(tmp_path / "runtime/runtime.json"))


CAPS = """
domains:
  ospm: {id: 1, default: true, scmi: {role: ospm}}
  vm1: {id: 2, scmi: {role: vm}}
platform:
  extra:
    powercaps: {soc: {id: 0, node: "", minimum_cap: 100, maximum_cap: 900, unit: mW}}
    agents: {ospm: {grants: {powercap: [{id: 0, resource: 0, operations: [config, read]}]}}}
outputs: {scp: {version: "2.16"}}
"""


def test_what_a_check_of_power_caps_decides_is_unknown_and_told(
    examples: Path, tmp_path: Path
) -> None:
    """The module has no permissions of its own; a function with a table of its own has them."""
    (tmp_path / "agents.yaml").write_text(CAPS)
    result = scmigen.compile(examples / "minimal.dts", agents=tmp_path / "agents.yaml")
    scmigen.emit(result, "scp").write(tmp_path / "out")
    audit = find("scp").read(tmp_path / "out/scp")
    assert {item.id for item in audit.diagnostics} == {"tables-unread"}
    for agent in audit.served.agents:
        (row,) = agent.grants[Kind.POWERCAP]
        assert (row.operations, row.unchecked) == ((), ())
        assert row.unknown == (Operation.CONFIG, Operation.READ)


def test_where_there_are_no_devices_nobody_may_give_any(examples: Path, tmp_path: Path) -> None:
    result = scmigen.compile(examples / "minimal.dts")
    scmigen.emit(result, "scp").write(tmp_path)
    served = find("scp").read(tmp_path / "scp").served
    assert {agent.permissions for agent in served.agents} == {False}
