"""Tables that scmigen writes for SCP-firmware are read back as what they were made from."""

from collections.abc import Mapping
from pathlib import Path

import pytest

import scmigen
from scmigen.audit.registry import find
from scmigen.runtime.served import Served

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


@pytest.mark.parametrize(
    "board", ["juno-r1-scmi", "imx8mp-evk", "stm32mp257f-ev1", "mt8195-cherry-tomato-r2"]
)
def test_real_boards_are_read_back(board: str, corpus: Path, tmp_path: Path) -> None:
    assert check(corpus / f"{board}.dtb", [], tmp_path) > 0
