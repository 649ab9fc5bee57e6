"""What agents dump of a live server, alone and together."""

import json
from pathlib import Path
from typing import Any

import pytest
from server_running import Running

import scmigen
from scmigen import InputError, Result
from scmigen.client import Client
from scmigen.client.dump import dump
from scmigen.runtime import Runtime, Served, decode
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import make


@pytest.fixture(scope="module")
def board(examples: Path) -> Result:
    return scmigen.compile(examples / "orrery-board.dts", agents=examples / "agents.yaml")


@pytest.fixture(scope="module")
def runtime(board: Result) -> Runtime:
    files = make(board.platform, "runtime")[0]
    return decode(next(f.content for f in files if f.path.endswith("runtime.json")))


@pytest.fixture(scope="module")
def dumps(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each agent."""
    folder = tmp_path_factory.mktemp("dumps")
    urls = {agent.name: f"unix:{folder / agent.name}.sock" for agent in runtime.agents}
    with Running(runtime, urls).running():
        for name, url in urls.items():
            with Client(url, timeout=20) as client:
                (folder / f"{name}.json").write_text(json.dumps(dump(client), indent=1))
    return folder


Cells = set[tuple[Kind, int, Operation]]


def cells(served: Served, name: str, field: str) -> Cells:
    (agent,) = (each for each in served.agents if each.name == name)
    return {
        (kind, row.id, operation)
        for kind, rows in agent.grants.items()
        for row in rows
        for operation in getattr(row, field)
    }


def granted(runtime: Runtime, name: str) -> Cells:
    (agent,) = (each for each in runtime.agents if each.name == name)
    return {
        (kind, row.id, operation)
        for kind, rows in agent.grants.items()
        for row in rows
        for operation in row.operations
    }


NAMES = ["linux", "optee", "vm1", "vm2", "hypervisor"]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_dump_knows_is_what_is_granted(
    board: Result, runtime: Runtime, dumps: Path, name: str
) -> None:
    served = scmigen.read_server(dumps / f"{name}.json")
    known, unknown = cells(served, name, "operations"), cells(served, name, "unknown")
    wanted = granted(runtime, name)
    assert known <= wanted
    # An assignable device that another agent has is denied now.
    later = {(g.kind, g.id, o) for g in board.platform.grants(name) for o in g.operations - g.boot}
    assert wanted - known <= unknown | later
    # Whether a domain may be switched or reset is tried by nobody.
    assert {kind for kind, _, _ in unknown} <= {"power", "reset", "voltage", "sensor"}
    clocks = {place for place in wanted if place[0] is Kind.CLOCK}
    assert clocks - later <= known


@pytest.mark.parametrize("name", NAMES)
def test_the_ids_and_names_are_those_of_the_server(
    runtime: Runtime, dumps: Path, name: str
) -> None:
    served = scmigen.read_server(dumps / f"{name}.json")
    (agent,) = (each for each in runtime.agents if each.name == name)
    wanted = {
        (kind, row.id, next(r.name for r in runtime.resources(kind) if r.id == row.resource))
        for kind, rows in agent.grants.items()
        for row in rows
    }
    assert {(k, r.id, r.name) for k, found in served.resources.items() for r in found} == wanted


def test_all_dumps_together_fit_the_board(board: Result, dumps: Path) -> None:
    servers = [f"{name}={dumps / name}.json" for name in NAMES]
    before = {item.id for item in board.diagnostics}
    held = scmigen.compile(
        board.model.inventory.tree, agents=str(Path("examples/dts/agents.yaml")), against=servers
    )
    assert {item.id for item in held.diagnostics} - before == {"operation-unknown"}
    assert held.ok
    assert set(held.files) >= {str(dumps / f"{name}.json") for name in NAMES}


def test_one_dump_says_nothing_of_other_agents(board: Result, dumps: Path) -> None:
    held = scmigen.compile(
        board.model.inventory.tree,
        agents=str(Path("examples/dts/agents.yaml")),
        against=str(dumps / "linux.json"),
    )
    told = [item.message for item in held.diagnostics if item.id == "kind-undescribed"]
    assert [message.split(" for ")[1].split(":")[0] for message in told] == NAMES[1:]
    assert held.ok


def test_a_row_has_its_line(dumps: Path) -> None:
    path = dumps / "linux.json"
    (agent,) = (a for a in scmigen.read_server(path).agents if a.name == "linux")
    lines = path.read_text().splitlines()
    for rows in agent.grants.values():
        for row in rows:
            line = int((row.source or "").split(":")[1])
            assert json.loads(lines[line].strip().rstrip(",").join(("{", "}"))) == {"id": row.id}


def test_what_is_denied_is_not_unknown(tmp_path: Path) -> None:
    data: dict[str, Any] = {
        "vendor": "x",
        "implementation_version": 1,
        "agent": 1,
        "agents": {"1": "linux", "0": "platform", "2": "vm"},
        "protocols": {"clock": "2.0", "power": "3.0"},
        "clock": [{"id": 3, "name": "a", "refused": ["rate"]}, {"id": 4, "name": "b"}],
        "power": [{"id": 0, "name": "p", "state": "on"}],
    }
    path = tmp_path / "d.json"
    path.write_text(json.dumps(data))
    served = scmigen.read_server(path)
    linux, vm = served.agents
    refused, silent = linux.grants[Kind.CLOCK]
    assert Operation.READ not in (*refused.operations, *refused.unknown)
    assert silent.unknown == OPERATIONS[Kind.CLOCK]
    assert linux.grants[Kind.POWER][0].operations == (Operation.READ,)
    assert (vm.name, vm.kinds, vm.grants) == ("vm", (), {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"clock": [{"id": -1}]},
        {"clock": [{"id": 1}, {"id": 1}]},
        {"agents": ["a"]},
        {"protocols": 1},
        {"clock": {}},
    ],
)
def test_a_wrong_dump_is_an_error(tmp_path: Path, wrong: dict[str, Any]) -> None:
    good = {"vendor": "x", "implementation_version": 1, "agents": {}, "protocols": {}}
    path = tmp_path / "d.json"
    path.write_text(json.dumps(good | wrong))
    with pytest.raises(InputError) as caught:
        scmigen.read_server(path)
    assert caught.value.diagnostics[0].id == "dump-invalid"


def test_two_dumps_with_other_names_for_one_id_have_numbers_of_their_own(tmp_path: Path) -> None:
    for name, clocks in (("a", ["x", "y"]), ("b", ["y", "z"])):
        items = [{"id": n, "name": clock, "rate": 5} for n, clock in enumerate(clocks)]
        data = {
            "vendor": "v", "implementation_version": 1, "agents": {}, "agent": None,
            "protocols": {"clock": "3.0"}, "clock": items,
        }  # fmt: skip
        (tmp_path / f"{name}.json").write_text(json.dumps(data))
    served = scmigen.read_server(f"linux={tmp_path / 'a.json'}", f"vm={tmp_path / 'b.json'}")
    assert served.numbering == "per-agent"
    names = {one.id: one.name for one in served.resources[Kind.CLOCK]}
    seen = {
        agent.name: {row.id: names[row.resource] for row in agent.grants[Kind.CLOCK]}
        for agent in served.agents
    }
    assert seen == {"linux": {0: "x", 1: "y"}, "vm": {0: "y", 1: "z"}}
    assert sorted(agent.id for agent in served.agents) == [1, 2]


def test_one_agent_twice_is_an_error(tmp_path: Path, dumps: Path) -> None:
    one = dumps / "linux.json"
    other = tmp_path / "again.json"
    other.write_bytes(one.read_bytes())
    with pytest.raises(InputError) as caught:
        scmigen.read_server(one, other)
    assert caught.value.diagnostics[0].id == "servers-differ"
