"""An agent that goes, is reset or loses a device takes its votes along, all at once: nothing that
is on before and after is switched off in between, and nothing that is off is switched on."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scmi_wire import BASE, CLOCK, OFF, ON, POWER, SUCCESS, VOLTAGE, Wire
from server_running import strict_server

from scmigen import runtime
from scmigen.server.simulator import Recorder

A1, A2, TRUSTED = 1, 2, 3
LISTS = {"power": "power_domains", "clock": "clocks", "voltage": "voltage_domains"}
WAYS = ["disconnect", "reset", "reset with permissions", "deny"]


def grants(voted):
    """Grants of state, and of a clock's parent, on (kind, number) pairs."""
    found = {}
    for kind, number in voted:
        operations = ["state", "read"] + ["parent"] * (kind == "clock")
        row = {"id": number, "resource": number, "operations": operations}
        found.setdefault(kind, []).append(row)
    return found


def platform(resources, votes, held=()):
    """A server with a recorder; ``votes``: agent → its (kind, number) pairs. a1 needs what is in
    ``held`` for device 0, which it has at boot."""
    board = {
        "format": "scmigen-runtime-1",
        "name": "leaving",
        "agents": [
            {"id": A1, "name": "a1", "role": "vm", "grants": grants(votes[A1])},
            {"id": A2, "name": "a2", "role": "vm", "grants": grants(votes[A2])},
            {"id": TRUSTED, "name": "trusted", "role": "hypervisor", "permissions": True},
        ],
        "devices": [
            {"id": 0, "name": "dev", "node": "/dev", "agents": [A1]}
            | {"resources": [{"kind": kind, "id": number} for kind, number in held]}
        ],
    }
    for kind, items in resources.items():
        plain = {"clock": {"rates": [1], "rate": 1}, "voltage": {"levels": [1], "level": 1}}
        board[LISTS[kind]] = [
            {"id": number, "name": f"{kind}{number}", "node": ""} | plain.get(kind, {}) | item
            for number, item in enumerate(items)
        ]
    recorder = Recorder(lambda _: None)
    return strict_server(runtime.decode(json.dumps(board).encode()), backend=recorder), recorder


def vote(server, agent, kind, number, on):
    wire = Wire(server.agents[agent])
    message = {
        "power": (POWER, 4, 0, number, ON if on else OFF),
        "clock": (CLOCK, 7, number, int(on), 0),
        "voltage": (VOLTAGE, 5, number, 7 if on else 0),
    }
    assert wire.status(*message[kind]) == SUCCESS


def leave(server, way):
    """a1's votes are withdrawn."""
    trusted = Wire(server.agents[TRUSTED])
    if way == "disconnect":
        server.agents[A1].disconnect()
    elif way == "deny":
        assert trusted.status(BASE, 9, A1, 0, 0) == SUCCESS
    else:
        assert trusted.status(BASE, 0xB, A1, int(way != "reset")) == SUCCESS


def transitions(recorder, before):
    return [str(effect) for effect in recorder.effects[before:]]


@pytest.mark.parametrize("way", WAYS)
def test_a_domain_in_use_is_not_switched_off_and_on_again(way):
    """a1 holds "parent" on through "child", against its own vote for off; boot would have it on."""
    voted = [("power", 0), ("power", 1)]
    server, recorder = platform(
        {"power": [{"parent": 1}, {"enabled": True}], "clock": [{"power": 1}]},
        {A1: voted, A2: [("power", 1), ("clock", 0)]},
        held=[("power", 0)],
    )
    a2 = Wire(server.agents[A2])
    vote(server, A1, "power", 0, True)
    vote(server, A1, "power", 1, False)
    vote(server, A2, "power", 1, False)
    vote(server, A2, "clock", 0, True)
    assert a2.status(POWER, 6, 1, 1) == SUCCESS
    before = len(recorder.effects)
    if way == "deny":  # takes child alone: a1's vote for parent stays
        vote(server, A1, "power", 1, True)
    leave(server, way)
    assert transitions(recorder, before) == ["power 0 (power0) state 0"]
    assert server.agents[A2].take_events() == ()


@pytest.mark.parametrize("way", WAYS)
def test_what_nobody_wants_is_not_switched_on_for_a_moment(way):
    """a1 wants a clock, but has switched off its domain, which goes on when a1 is gone."""
    voted = [("power", 0), ("clock", 0)]
    server, recorder = platform(
        {"power": [{"enabled": True}], "clock": [{"power": 0}]},
        {A1: voted, A2: voted},
        held=[("clock", 0)],
    )
    vote(server, A2, "power", 0, False)
    vote(server, A1, "power", 0, False)
    vote(server, A1, "clock", 0, True)
    before = len(recorder.effects)
    leave(server, way)
    expected = [] if way == "deny" else ["power 0 (power0) state 1"]
    assert transitions(recorder, before) == expected


def test_a_clock_that_changes_parents_keeps_what_both_are_fed_from():
    """0 feeds 1 and 2; 3 moves from 1 to 2. 0 is on before and after."""
    below = {"parent": 0, "parents": [0]}
    clocks = [{}, below, below, {"parent": 1, "parents": [1, 2]}]
    server, recorder = platform({"clock": clocks}, {A1: [("clock", n) for n in range(4)], A2: []})
    vote(server, A1, "clock", 3, True)
    before = len(recorder.effects)
    assert Wire(server.agents[A1]).status(CLOCK, 0xD, 3, 2) == SUCCESS
    assert transitions(recorder, before) == [
        "clock 3 (clock3) parent 2",
        "clock 1 (clock1) state 0",
        "clock 2 (clock2) state 1",
    ]


@st.composite
def boards(draw):
    """Supplies, domains and clocks below and beside each other."""

    def above(number):
        return draw(st.none() | st.integers(0, number - 1)) if number else None

    def item(kind, number, links):
        found = {"parent": above(number), "enabled": draw(st.booleans())}
        for name, count in links.items():
            found[name] = draw(st.none() | st.integers(0, count - 1)) if count else None
        if kind == "clock" and found["parent"] is not None:
            found["parents"] = [found["parent"]]
        return {key: value for key, value in found.items() if value is not None}

    supplies, domains, clocks = (draw(st.integers(0, most)) for most in (2, 4, 4))
    resources = {
        "voltage": [item("voltage", n, {}) for n in range(supplies)],
        "power": [item("power", n, {"supply": supplies}) for n in range(domains)],
        "clock": [item("clock", n, {"supply": supplies, "power": domains}) for n in range(clocks)],
    }
    every = [(kind, number) for kind, items in resources.items() for number in range(len(items))]
    some = st.lists(st.sampled_from(every), unique=True) if every else st.just([])
    votes = {A1: sorted(draw(some)), A2: sorted(draw(some))}
    can = [(agent, *voted) for agent, pairs in votes.items() for voted in pairs]
    one = st.tuples(st.sampled_from(can), st.booleans()) if can else st.none()
    return resources, votes, draw(some), draw(st.lists(one, max_size=12 if can else 0))


@given(board=boards(), way=st.sampled_from(WAYS))
@settings(max_examples=int(os.environ.get("SCMIGEN_FUZZ", "50")), deadline=None)
def test_nothing_is_switched_to_and_fro_when_an_agent_leaves(board, way):
    resources, votes, held, cast = board
    server, recorder = platform(resources, votes, held)
    for (agent, kind, number), on in cast:
        vote(server, agent, kind, number, on)
    before = len(recorder.effects)
    leave(server, way)
    moved = [effect[:2] for effect in recorder.effects[before:]]
    assert len(moved) == len(set(moved)), transitions(recorder, before)
    last = {effect[:2]: effect.values == (1,) for effect in recorder.effects}
    for kind, items in resources.items():
        for number in range(len(items)):
            found = server.state[kind][number]
            assert found.on == last.get((kind, number), False)
            assert found.on == (found.wanted and all(gate.on for gate in found.gates))
