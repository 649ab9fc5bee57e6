"""Each change of a described server is found, at the row that was changed."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from against_build import compare
from msgspec import structs

import scmigen
from scmigen import Diagnostic, Result
from scmigen.runtime import Served, ServedAgent, ServedGrant, SystemPower, decode, served_of
from scmigen.scmi.operations import OPERATIONS
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import make


@pytest.fixture(scope="module")
def board(examples: Path) -> Result:
    return scmigen.compile(examples / "orrery-board.dts", agents=examples / "agents.yaml")


def described(board: Result) -> Served:
    """What the board's runtime.json has, each row with a place of its own: ``config.c:LINE``."""
    (runtime,) = (f for f in make(board.platform, "runtime")[0] if f.path.endswith("runtime.json"))
    served = served_of(decode(runtime.content))
    line = iter(range(10, 100_000))
    agents = []
    for agent in served.agents:
        grants = {
            kind: tuple(structs.replace(row, source=f"config.c:{next(line)}") for row in rows)
            for kind, rows in agent.grants.items()
        }
        agents.append(structs.replace(agent, grants=grants, source=f"config.c:{next(line)}:3"))
    return structs.replace(served, agents=tuple(agents))


@pytest.fixture(scope="module")
def server(board: Result) -> Served:
    return described(board)


def rows(server: Served) -> list[tuple[ServedAgent, Kind, ServedGrant]]:
    return [
        (agent, kind, row)
        for agent in server.agents
        for kind, found in agent.grants.items()
        for row in found
    ]


def changed(server: Served, agent: str, kind: Kind, old: ServedGrant, **new: Any) -> Served:
    """The server with other fields in one row."""
    agents = []
    for one in server.agents:
        if one.name == agent:
            found = tuple(
                structs.replace(row, **new) if row is old else row for row in one.grants[kind]
            )
            one = structs.replace(one, grants={**one.grants, kind: found})
        agents.append(one)
    return structs.replace(server, agents=tuple(agents))


Found = Callable[[Served], list[Diagnostic]]


@pytest.fixture(scope="module")
def found(board: Result, server: Served) -> Found:
    """What is found of a server that is not found of the board's own."""
    before = frozenset(compare(board.model, server, "config.c"))
    return lambda changed: [
        item for item in compare(board.model, changed, "config.c") if item not in before
    ]


def places(item: Diagnostic) -> set[str]:
    every = [item.position, *(each.position for each in item.related)]
    return {str(place) for place in every if place is not None}


def test_the_server_of_the_board_itself_fits(board: Result, server: Served) -> None:
    ids = {item.id for item in compare(board.model, server, "config.c")}
    assert ids == set()


@pytest.mark.parametrize("seed", range(40))
def test_a_permission_that_is_removed_is_found_at_its_row(
    found: Found, server: Served, seed: int
) -> None:
    random = Random(seed)
    agent, kind, row = random.choice(rows(server))
    gone = random.choice(row.operations)
    left = tuple(each for each in row.operations if each is not gone)
    (item,) = found(changed(server, agent.name, kind, row, operations=left))
    assert (item.id, item.severity.word) == ("grant-missing", "error")
    assert f"{agent.name} needs {gone} on {kind} {row.id} " in item.message
    assert row.source in places(item)


@pytest.mark.parametrize("seed", range(40))
def test_a_permission_that_is_added_is_found_at_its_row(
    found: Found, server: Served, seed: int
) -> None:
    random = Random(seed)
    fewer = [each for each in rows(server) if len(each[2].operations) < len(OPERATIONS[each[1]])]
    agent, kind, row = random.choice(fewer)
    more = random.choice([each for each in OPERATIONS[kind] if each not in row.operations])
    (item,) = found(changed(server, agent.name, kind, row, operations=(*row.operations, more)))
    assert (item.id, str(item.position)) == ("grant-unused", row.source)
    assert f"{more} on {kind} {row.id}" in item.message


@pytest.mark.parametrize("seed", range(40))
def test_an_id_that_moved_is_found_where_it_is_now(found: Found, server: Served, seed: int) -> None:
    agent, kind, row = Random(seed).choice(rows(server))
    now = max(each.id for each in agent.grants[kind]) + 7
    told = found(changed(server, agent.name, kind, row, id=now))
    assert {item.id for item in told} <= {"id-unserved", "grant-unused", "protocol-unserved"}
    unserved = next(item for item in told if item.id != "grant-unused")
    assert row.source in places(unserved)
    assert f" {kind} {now}" in (unserved.hint or "")


@pytest.mark.parametrize("seed", range(20))
def test_names_that_are_swapped_are_found_at_both_rows(
    found: Found, server: Served, seed: int
) -> None:
    random = Random(seed)
    many = [each for each in rows(server) if len(each[0].grants[each[1]]) > 1]
    agent, kind, row = random.choice(many)
    other = random.choice([each for each in agent.grants[kind] if each is not row])
    names = {one.id: one.name for one in server.resources[kind]}
    swap = {row.resource: names[other.resource], other.resource: names[row.resource]}
    resources = tuple(
        structs.replace(one, name=swap.get(one.id, one.name)) for one in server.resources[kind]
    )
    told = found(structs.replace(server, resources={**server.resources, kind: resources}))
    mine = [item for item in told if item.id == "name-differs" and row.source in places(item)]
    assert mine
    assert any(other.source in places(item) for item in mine)


@pytest.mark.parametrize("index", range(5))
def test_an_agent_that_is_missing_is_found(found: Found, server: Served, index: int) -> None:
    gone = server.agents[index]
    rest = tuple(agent for agent in server.agents if agent is not gone)
    told = found(structs.replace(server, agents=rest))
    assert [(item.id, item.position.file) for item in told if item.position] == [
        ("agent-unserved", "config.c")
    ]
    assert gone.name in told[0].message


@pytest.mark.parametrize("field", ["unchecked", "unknown"])
@pytest.mark.parametrize("seed", range(10))
def test_what_is_not_checked_or_not_known_is_told_and_no_error(
    found: Found, server: Served, field: str, seed: int
) -> None:
    random = Random(seed)
    agent, kind, row = random.choice(rows(server))
    moved = random.choice(row.operations)
    left = tuple(each for each in row.operations if each is not moved)
    new = {"operations": left, field: (moved,)}
    (item,) = found(changed(server, agent.name, kind, row, **new))
    assert (item.id, item.severity.word) == (f"operation-{field}", "note")
    assert str(item.position) == row.source
    assert f"{moved} on {kind} {row.id}" in item.message


def test_of_kinds_that_the_description_is_not_about_nothing_is_missed(
    found: Found, server: Served
) -> None:
    agents = tuple(
        structs.replace(
            agent, grants={kind: found for kind, found in agent.grants.items() if kind == "clock"}
        )
        for agent in server.agents
    )
    told = found(structs.replace(server, agents=agents, kinds=(Kind.CLOCK,)))
    assert {item.id for item in told} == {"kind-undescribed"}
    errors = found(structs.replace(server, agents=agents))
    assert {item.id for item in errors} >= {"id-unserved"}


def test_what_a_trace_did_not_see_is_not_unserved(found: Found, server: Served) -> None:
    linux = server.agents[0]
    clocks = {Kind.CLOCK: linux.grants[Kind.CLOCK][:3]}
    seen = (structs.replace(linux, grants=clocks),)
    told = found(structs.replace(server, agents=seen, complete=False))
    assert {item.id for item in told} == {"operation-unknown", "kind-undescribed"}
    assert {item.severity.word for item in told} == {"note"}
    denied = structs.replace(clocks[Kind.CLOCK][0], operations=())
    seen = (structs.replace(linux, grants={Kind.CLOCK: (denied,)}),)
    told = found(structs.replace(server, agents=seen, complete=False))
    assert "grant-missing" in {item.id for item in told}


def test_agents_can_be_called_otherwise(board: Result, server: Served) -> None:
    names = {agent.name: f"FW_{agent.name.upper()}" for agent in server.agents}
    agents = tuple(structs.replace(agent, name=names[agent.name]) for agent in server.agents)
    server = structs.replace(server, agents=agents)
    assert len(compare(board.model, server, "config.c")) == len(names)
    assert compare(board.model, server, "config.c", None, names) == ()


def evil(server: Served, **more: Any) -> Served:
    """The server with an agent that the board does not have."""
    agent = ServedAgent(id=200, name="evil", **more)
    return structs.replace(server, agents=(*server.agents, agent))


def test_an_agent_that_the_board_does_not_have_is_told_by_what_it_may_do(
    found: Found, server: Served
) -> None:
    (item,) = found(evil(server, permissions=True, system_power=SystemPower.SET))
    assert (item.id, item.severity.word) == ("agent-extra", "warning")
    assert "may change what others may do and sets the power of the system" in item.message
    grants = {Kind.CLOCK: server.agents[0].grants[Kind.CLOCK][:2]}
    (item,) = found(evil(server, grants=grants))
    assert (item.id, item.severity.word) == ("agent-extra", "note")
    assert "evil (200) with 2 clock" in item.message
    assert found(evil(server)) == []


def test_an_agent_more_is_told_where_one_is_called_otherwise_too(
    found: Found, server: Served
) -> None:
    agents = [structs.replace(a, name="vm2x") if a.name == "vm2" else a for a in server.agents]
    renamed = structs.replace(server, agents=tuple(agents))
    assert "agent-extra" not in {item.id for item in found(renamed)}
    told = found(evil(renamed, permissions=True))
    assert {item.id for item in told} >= {"agent-unserved", "agent-extra"}


def test_a_server_without_devices_is_told(found: Found, server: Served) -> None:
    (item,) = found(structs.replace(server, devices=()))
    assert item.id == "device-differs"
    assert "lacks device 0" in item.message
    assert found(structs.replace(server, devices=(), all_devices=False)) == []
