"""Tables that scmigen writes for OP-TEE and TF-A are read back as what they were made from."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from mutated_board import AGENTS_OF_TREE, BOARD
from turns import one_in

import scmigen
from scmigen.audit.registry import find
from scmigen.runtime.served import Served

Rights = Mapping[tuple[str, int], tuple[str, frozenset[str]]]
#: What a server of OP-TEE and TF-A has functions for.
_HAS = {
    "optee-msg": {
        "clock": {"state", "rate", "read"},
        "reset": {"reset"},
        "voltage": {"state", "level", "read"},
        "performance": {"level", "read"},
    },
    "tfa-msg": {
        "clock": {"state", "rate", "read"},
        "reset": {"reset"},
        "power": {"state", "read"},
    },
}
#: As many characters of a name as are the same, whatever tells equals apart.
_SAME = 10


def rights(served: Served, has: Mapping[str, set[str]]) -> Rights:
    """Kind and id → the name and the operations, of the only agent with any."""
    names = {(kind, one.id): one.name for kind, found in served.resources.items() for one in found}
    (agent,) = (each for each in served.agents if any(each.grants.values()))
    found = {}
    for kind, grants in agent.grants.items():
        for grant in grants:
            operations = frozenset(map(str, grant.operations)) & has.get(str(kind), set())
            assert not grant.unknown
            if operations:
                name = names[kind, grant.resource].partition("~")[0][:_SAME]
                found[str(kind), grant.id] = (name, operations)
    return found


def check(board: Path, output: str, folder: Path, mocks: str = "true") -> int:
    """Writes and reads the tables of a board; how many rows there are."""
    options = folder / "options.yaml"
    options.write_text(f"outputs:\n  {output}: {{mocks: {mocks}}}\n")
    result = scmigen.compile(board, agents=[options])
    scmigen.emit(result, (output, "runtime")).write(folder / "out")
    has = _HAS[output]
    audit = find("scmi-msg").read(folder / "out" / output)
    assert [item.message for item in audit.diagnostics] == []
    found = rights(audit.served, has)
    assert found == rights(scmigen.read_server(folder / "out/runtime/runtime.json"), has)
    return len(found)


REAL = ("imx8mp-evk", "juno-r1-scmi", "stm32mp257f-ev1")
TURNS = [(board, output) for board in REAL for output in ("optee-msg", "tfa-msg")]


@pytest.mark.parametrize(("board", "output"), one_in(3, TURNS))
def test_real_boards_are_read_back(board: str, output: str, corpus: Path, tmp_path: Path) -> None:
    assert check(corpus / f"{board}.dtb", output, tmp_path) > 0


@pytest.mark.parametrize("output", ["optee-msg", "tfa-msg"])
def test_a_weak_function_that_drivers_replace_denies_nothing(
    output: str, corpus: Path, tmp_path: Path
) -> None:
    assert check(corpus / "k3-am62l3-evm.dtb", output, tmp_path, mocks="false") > 0


def test_each_agent_of_tables_without_addresses_of_memory_is_read(tmp_path: Path) -> None:
    """TF-A serves no agent whose memory is at 0, which is what the build does not say."""
    (tmp_path / "board.dts").write_text(BOARD)
    (tmp_path / "agents.yaml").write_text(AGENTS_OF_TREE)
    result = scmigen.compile(tmp_path / "board.dts", agents=tmp_path / "agents.yaml")
    scmigen.emit(result, "tfa-msg").write(tmp_path / "out")
    served = scmigen.read_server(tmp_path / "out/tfa-msg")
    assert [
        (agent.name, {str(kind): [row.id for row in rows] for kind, rows in agent.grants.items()})
        for agent in served.agents
    ] == [
        ("channel0", {"power": [0], "clock": [1, 2, 3, 4], "reset": [1]}),
        ("channel1", {"power": [1], "clock": [0], "reset": [0]}),
    ]
