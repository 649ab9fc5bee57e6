"""Whatever comes in: no exception, an answer of the right length, nobody else's state changed."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scmi_wire import (
    BASE,
    CLOCK,
    OFF,
    ON,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SUCCESS,
    VOLTAGE,
    Wire,
    request,
)

from scmigen.scmi.protocols import Profile
from scmigen.server import Server

#: Words of a successful response behind the status, of messages with a fixed reply (profile 3.2).
#: A name is 4 words, an extended name 16 and a flags word.
REPLY_WORDS = {
    BASE: {0: 1, 1: 1, 2: 1, 3: 4, 4: 4, 5: 1, 7: 5, 8: 0, 9: 0, 0xA: 0, 0xB: 0},
    POWER: {0: 1, 1: 4, 2: 1, 3: 5, 4: 0, 5: 1, 6: 0, 7: 0, 8: 17},
    0x12: {0: 1, 1: 1, 2: 1, 3: 0, 5: 0},
    PERFORMANCE: {0: 1, 1: 4, 2: 1, 3: 8, 5: 0, 6: 2, 7: 0, 8: 1, 9: 0, 0xA: 0, 0xB: 11, 0xC: 17},
    CLOCK: {0: 1, 1: 1, 2: 1, 3: 6, 5: 0, 6: 2, 7: 0, 8: 17, 9: 0, 0xA: 0, 0xB: 3, 0xD: 0, 0xE: 1}
    | {0xF: 1},
    SENSOR: {0: 1, 1: 4, 2: 1, 4: 0, 5: 0, 9: 1, 0xA: 0, 0xB: 0, 0xC: 17},
    RESET: {0: 1, 1: 1, 2: 1, 3: 6, 4: 0, 5: 0, 6: 17},
    VOLTAGE: {0: 1, 1: 1, 2: 1, 3: 5, 5: 0, 6: 1, 7: 0, 8: 1, 9: 17},
    POWERCAP: {0: 1, 1: 1, 2: 1, 3: 14, 4: 1, 5: 0, 6: 1, 7: 0, 8: 17, 9: 2, 0xA: 0, 0xB: 0}
    | {0xC: 11},
    PINCTRL: {0: 1, 1: 2, 2: 1, 3: 5, 6: 0, 7: 0, 8: 0, 9: 17},
}
NEGOTIATE = 0x10
#: Words before the entries of multi-part replies, bytes of an entry, and the bits of the count,
#: which is in the last of those words.
ENTRIES = {
    (BASE, 6): (1, 1, 32),
    (PERFORMANCE, 4): (1, 20, 12),
    (CLOCK, 4): (1, 8, 12),
    (CLOCK, 0xC): (1, 4, 8),
    (SENSOR, 8): (1, 4, 12),
    (SENSOR, 0xD): (1, 68, 6),
    (VOLTAGE, 4): (1, 4, 12),
    (PINCTRL, 4): (1, 2, 12),
    (PINCTRL, 5): (2, 8, 8),
}
#: Entries of these differ in length, and a reading has 4 words for each axis.
UNEVEN = {(SENSOR, 3), (SENSOR, 7), (SENSOR, 6)}


def check(sent, frames):
    """The frames answer ``sent`` as a platform may."""
    if len(sent) < 4:
        assert frames == ()
        return
    (frame,) = frames
    assert frame[:4] == sent[:4]
    assert len(frame) <= 4 + 132
    assert len(frame) % 4 == 0
    (word,) = struct.unpack("<I", sent[:4])
    (status,) = struct.unpack("<i", frame[4:8])
    assert -11 <= status <= 0
    values = frame[8:]
    message, protocol = word & 0xFF, word >> 10 & 0xFF
    if status != SUCCESS or message == NEGOTIATE:
        assert values == b""
    elif (protocol, message) in ENTRIES:
        before, size, bits = ENTRIES[protocol, message]
        words = struct.unpack(f"<{before}I", values[: 4 * before])
        count = words[-1] & (1 << bits) - 1
        assert len(values) == 4 * before + (size * count + 3) // 4 * 4
    elif (protocol, message) in UNEVEN:
        assert values
    else:
        assert len(values) == 4 * REPLY_WORDS[protocol][message]


small = st.integers(0, 6)
word = st.one_of(
    small, st.sampled_from([ON, OFF, 0xFFFF_FFFF, 0x8000_0000]), st.integers(0, 2**32 - 1)
)
protocol = st.integers(0x10, 0x1A)
plausible = st.builds(
    lambda p, m, values, token: request(p, m, *values, token=token),
    protocol,
    st.integers(0, 0x11),
    st.lists(word, max_size=5),
    st.integers(0, 0x3FF),
)
mutated = st.builds(
    lambda message, at, bits, size: bytes(
        b ^ bits if i == at else b for i, b in enumerate(message)
    )[:size],
    plausible,
    st.integers(0, 23),
    st.integers(1, 255),
    st.integers(0, 24),
)
anything = st.one_of(plausible, mutated, st.binary(max_size=200))


@pytest.mark.parametrize("agent", ["linux", "vm1", "hypervisor"])
@given(messages=st.lists(anything, max_size=30))
@settings(max_examples=120, deadline=None)
def test_any_bytes_get_a_proper_answer(board, agent, messages):
    end = Server(board).agent(agent)
    for message in messages:
        check(message, end.handle(message))


@pytest.mark.parametrize("agent", ["linux", "vm1"])
@given(messages=st.lists(anything, max_size=40))
@settings(max_examples=120, deadline=None)
def test_any_bytes_get_a_proper_answer_where_there_is_everything(full_board, agent, messages):
    server = Server(full_board)
    end = server.agent(agent)
    for message in messages:
        check(message, end.handle(message))
        server.tick()
        for event in end.take_events():
            kind = event[1] & 3
            assert kind in (2, 3)
            assert len(event) % 4 == 0


@given(messages=st.lists(anything, max_size=30))
@settings(max_examples=120, deadline=None)
def test_any_bytes_get_some_answer_in_2_0(board, messages):
    end = Server(board, Profile.V2_0).agent("linux")
    for message in messages:
        frames = end.handle(message)
        assert len(frames) == (len(message) >= 4)
        for frame in frames:
            assert frame[:4] == message[:4]
            assert 8 <= len(frame) <= 136
            assert len(frame) % 4 == 0


def what_linux_sees(linux):
    """All that is linux's alone: answers to every question that changes nothing."""
    questions = [(CLOCK, 6, 0), (CLOCK, 6, 4), (CLOCK, 0xE, 4), (POWER, 5, 3), (VOLTAGE, 8, 0)]
    questions += [(CLOCK, 0xB, clock, 0) for clock in (0, 4, 5)]
    questions += [(VOLTAGE, 6, 0), (SENSOR, 6, 1, 0), (SENSOR, 9, 1), (BASE, 6, 0), (BASE, 1)]
    questions += [(CLOCK, 3, 2), (CLOCK, 6, 2), (RESET, 3, 0), (PERFORMANCE, 8, 0)]
    return [linux.ask(*question) for question in questions]


@given(messages=st.lists(anything, max_size=40))
@settings(max_examples=120, deadline=None)
def test_vm1_cannot_touch_what_is_linuxs(board, messages):
    server = Server(board)
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
    server = Server(board)
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
