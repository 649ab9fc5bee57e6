"""Whatever comes in: no exception, an answer of the right length, nobody else's state changed."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scmi_messages import anything
from scmi_shapes import check, check_event
from scmi_wire import (
    BASE,
    CLOCK,
    OFF,
    ON,
    PERFORMANCE,
    POWER,
    RESET,
    SENSOR,
    VOLTAGE,
    Wire,
    request,
)
from server_running import strict_server

from scmigen.scmi.protocols import Profile


@pytest.mark.parametrize("agent", ["linux", "vm1", "hypervisor"])
@given(messages=st.lists(anything, max_size=30))
@settings(max_examples=120, deadline=None)
def test_any_bytes_get_a_proper_answer(board, agent, messages):
    end = strict_server(board).agent(agent)
    for message in messages:
        check(message, end.handle(message))


@pytest.mark.parametrize("agent", ["linux", "vm1"])
@given(messages=st.lists(anything, max_size=40))
@settings(max_examples=120, deadline=None)
def test_any_bytes_get_a_proper_answer_where_there_is_everything(full_board, agent, messages):
    server = strict_server(full_board)
    end = server.agent(agent)
    for message in messages:
        check(message, end.handle(message))
        server.tick()
        for event in end.take_events():
            check_event(event)


@given(messages=st.lists(anything, max_size=30))
@settings(max_examples=120, deadline=None)
def test_any_bytes_get_some_answer_in_2_0(board, messages):
    end = strict_server(board, Profile.V2_0).agent("linux")
    for message in messages:
        frames = end.handle(message)
        assert len(frames) == (len(message) >= 4)
        for frame in frames:
            assert frame[:4] == message[:4]
            assert 8 <= len(frame) <= 136
            assert len(frame) % 4 == 0


GPU = 2


def what_linux_sees(linux):
    """All that is linux's alone: answers to every question that changes nothing."""
    questions = [(CLOCK, 6, 0), (CLOCK, 6, 4), (CLOCK, 0xE, 4), (POWER, 5, 3), (VOLTAGE, 8, 0)]
    questions += [(CLOCK, 0xB, clock, 0) for clock in (0, 4, 5)]
    questions += [(VOLTAGE, 6, 0), (SENSOR, 6, 1, 0), (SENSOR, 9, 1), (BASE, 6, 0), (BASE, 1)]
    questions += [(CLOCK, 6, 2), (CLOCK, 3, GPU), (RESET, 3, 0), (PERFORMANCE, 8, 0)]
    return [linux.ask(*question) for question in questions]


@given(messages=st.lists(anything, max_size=40))
@example(messages=[request(CLOCK, 7, GPU, 1, 0)])
@settings(max_examples=120, deadline=None)
def test_vm1_cannot_touch_what_is_linuxs(board, messages):
    """gpu is vm1's. linux may be given it and so may describe it, and sees nothing there of what
    vm1 does."""
    server = strict_server(board)
    linux, vm1 = Wire(server.agent("linux")), server.agent("vm1")
    linux.status(CLOCK, 7, 4, 1, 0)
    linux.status(PERFORMANCE, 5, 0, 1200, 1200)  # vm1 may vote: the level stays within linux's
    before = what_linux_sees(linux)
    asserted = [domain.asserted for domain in server.state["reset"].values()]
    for message in messages:
        vm1.handle(message)
    seen = what_linux_sees(linux)
    assert seen[:-1] == before[:-1]
    assert seen[-1][1] <= before[-1][1]
    vm1.disconnect()
    assert what_linux_sees(linux) == before
    assert [domain.asserted for domain in server.state["reset"].values()] == asserted


VOTERS = {"linux": (0, 1), "vm1": (0, 2)}
vote = st.sampled_from(
    [(agent, domain, on) for agent, ds in VOTERS.items() for domain in ds for on in (True, False)]
    + [("linux", None, False), ("vm1", None, False)]
)


@given(steps=st.lists(vote, max_size=30))
@settings(max_examples=150, deadline=None)
def test_power_domains_follow_the_votes(board, steps):
    """gpu (2) in media (1) in soc (0): a domain is on iff a vote for it or below it says so."""
    server = strict_server(board, state_readers=range(256))
    wires = {name: Wire(server.agent(name)) for name in VOTERS}
    wanted = set()
    for agent, domain, on in steps:
        if domain is None:
            wires[agent].agent.disconnect()
            wanted = {item for item in wanted if item[0] != agent}
        else:
            wires[agent].status(POWER, 4, 0, domain, ON if on else OFF)
            (wanted.add if on else wanted.discard)((agent, domain))
        lowest = max((domain for _, domain in wanted), default=-1)
        states = [
            wires["linux"].words(POWER, 5, 0)[0],
            wires["linux"].words(POWER, 5, 1)[0],
            wires["vm1"].words(POWER, 5, 2)[0],
        ]
        assert states == [ON if domain <= lowest else OFF for domain in range(3)]
