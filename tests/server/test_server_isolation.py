"""Isolation as a state machine: whatever vm1 does, linux sees and can do what it saw and could.

vm1 has no right to permissions. On full.json it has power domain 1, clock 2 (when it is given the
device "spi"), power cap 1 and pins 1 and 2. What it may change that linux sees too: its vote on
power domain 1, and what follows from that for the domain's supplies; pin 1, unless linux has it.
"""

import struct
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
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
)

from scmigen import runtime
from scmigen.server import Server

BOARD = runtime.decode((Path(__file__).parent / "full.json").read_bytes())
PROTOCOLS = (BASE, POWER, 0x12, PERFORMANCE, CLOCK, SENSOR, RESET, VOLTAGE, POWERCAP, PINCTRL)
word = st.one_of(
    st.integers(0, 4),
    st.sampled_from([ON, OFF, 0xFFFF_FFFF, 1 << 18, 6]),
    st.integers(0, 2**32 - 1),
)
#: The words that each message has, so that most of them are understood.
LENGTHS = st.integers(0, 5)


class Isolation(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 0
        self.server = Server(BOARD, now=lambda: self.now)
        self.linux, self.vm1 = (Wire(self.server.agent(name)) for name in ("linux", "vm1"))
        self.linux.status(PINCTRL, 7, 1, 0)  # linux has pin 1 now
        self.linux.status(VOLTAGE, 5, 0, 7)
        self.linux.status(VOLTAGE, 5, 1, 7)
        self.linux.status(POWER, 4, 0, 1, ON)  # and wants the shared domain on
        self.seen = self.look()

    def look(self):
        """Everything linux can see: each message that only asks, of each id there is."""
        asked = [(BASE, 1), (BASE, 6, 0), (POWER, 1), (CLOCK, 1), (SENSOR, 3, 0), (PINCTRL, 1)]
        for number in range(4):
            asked += [(POWER, m, number) for m in (3, 5)]
            asked += [(PERFORMANCE, m, number) for m in (3, 6, 8)]
            asked += [(PERFORMANCE, 4, number, 0), (CLOCK, 4, number, 0), (CLOCK, 0xB, number, 0)]
            asked += [(CLOCK, m, number) for m in (3, 6, 0xE, 0xF)]
            asked += [(SENSOR, 9, number), (SENSOR, 6, number, 0), (RESET, 3, number)]
            asked += [(VOLTAGE, m, number) for m in (3, 6, 8)]
            asked += [(POWERCAP, m, number) for m in (3, 4, 6, 9)]
            asked += [(PINCTRL, 3, number, kind) for kind in range(3)]
            asked += [(PINCTRL, 5, number, 1 << 18)]
        return {question: self.linux.ask(*question) for question in asked}

    @rule(protocol=st.sampled_from(PROTOCOLS), message=st.integers(0, 0x10), values=st.data())
    def vm1_sends(self, protocol, message, values):
        count = values.draw(LENGTHS)
        payload = [values.draw(word) for _ in range(count)]
        self.vm1.agent.handle(
            struct.pack("<I", message | protocol << 10) + struct.pack(f"<{count}I", *payload)
        )

    @rule(
        message=st.sampled_from([4, 5, 6, 7]),
        number=st.integers(0, 4),
        value=word,
        flags=st.integers(0, 3),
    )
    def vm1_sets(self, message, number, value, flags):
        for protocol in (POWER, CLOCK, VOLTAGE, POWERCAP):
            order = (
                (number, flags, value)
                if protocol in (VOLTAGE, POWERCAP)
                else (flags, number, value)
            )
            self.vm1.agent.handle(struct.pack("<IIII", message | protocol << 10, *order))

    @rule(device=st.integers(0, 1), flags=st.integers(0, 1), agent=st.integers(0, 3))
    def vm1_tries_permissions(self, device, flags, agent):
        assert self.vm1.status(BASE, 9, agent, device, flags) != SUCCESS
        assert self.vm1.status(BASE, 0xA, agent, device, CLOCK, flags) != SUCCESS
        assert self.vm1.status(BASE, 0xB, agent, flags) != SUCCESS

    @rule()
    def vm1_goes(self):
        self.vm1.agent.disconnect()

    @rule(microseconds=st.sampled_from([0, 100, 10_000]))
    def time_passes(self, microseconds):
        self.now += microseconds  # ns: the script of the sensors stays where it is
        self.server.tick()

    @invariant()
    def linux_sees_what_it_saw(self):
        assert self.look() == self.seen
        assert all(event[1] & 3 == 3 for event in self.linux.agent.take_events())

    @invariant()
    def linux_can_do_what_it_could(self):
        assert self.linux.status(CLOCK, 5, 0, 2, 1000, 0) == SUCCESS
        assert self.linux.status(PINCTRL, 6, 1, 0xFFFF_FFFF, 1 << 2, 4, 1) == SUCCESS
        assert self.linux.status(POWERCAP, 5, 0, 0, 9000) == SUCCESS


Isolation.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestIsolation = Isolation.TestCase
