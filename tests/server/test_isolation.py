"""Isolation as a state machine: whatever vm1 does, linux sees and can do what it saw and could, and
nothing changes that vm1 was not granted, except what that is below.

The board is full.json, with something of every kind for vm1 alone (ISOLATED): a clock below linux's
pll, a supply below linux's buck, a domain below slow, which both may switch. linux wants all these
on, so that vm1 letting go of them must change nothing. vm1 has no right to permissions, and writes
what it likes into its FastChannels. Meanwhile linux gives it a device, and takes it away again.
"""

import json
import os
import struct
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from scmi_messages import a_change, anything, word
from scmi_shapes import PROTOCOLS, REQUEST_WORDS, check, check_event
from scmi_wire import (
    BASE,
    CLOCK,
    DENIED,
    ON,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SUCCESS,
    SYSTEM,
    VOLTAGE,
    Wire,
)
from server_running import strict_server

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server.fastchannels import PERIOD, Window

#: vm1 sends some 200 messages in an example: SCMIGEN_FUZZ says how many in all.
EXAMPLES = max(20, int(os.environ.get("SCMIGEN_FUZZ", "0")) // 200)
#: The script of a sensor stays where it is for 100 ms, and a step takes up to a PERIOD.
STEPS = 25
assert STEPS * PERIOD < 100_000


def grant(number, *operations):
    return {"id": number, "resource": number, "operations": operations}


ISOLATED = {
    "clocks": {
        "vclk": {"id": 4, "node": "", "rates": [1000, 2000], "rate": 1000}
        | {"parents": [0, 2], "parent": 0, "asynchronous": True, "latency": 90},
        "ranged": {"latency": 90},
    },
    "power_domains": {"vpd": {"id": 2, "node": "", "parent": 1}},
    "voltage_domains": {
        "vldo": {"id": 2, "node": "", "levels": [1, 2], "level": 1, "parent": 0}
        | {"asynchronous": True, "latency": 90}
    },
    "reset_domains": {"vblock": {"id": 1, "node": "", "asynchronous": True, "latency": 90}},
    "performance_domains": {
        "vcpu": {"id": 2, "node": "", "fastchannels": True, "clock": 4, "supply": 2}
        | {"levels": [{"level": 1, "frequency": 1}, {"level": 2, "frequency": 2, "voltage": 2}]}
    },
    "sensors": {
        "vsensor": {"id": 3, "node": "", "asynchronous": True, "trip_points": 2, "updates": True}
    },
    "powercaps": {"gpu": {"fastchannels": True}},
    "agents": {
        "vm1": {
            "grants": {
                "clock": [
                    grant(2, "state", "rate", "read"),
                    grant(4, "state", "rate", "parent", "read"),
                ],
                "power": [grant(1, "state", "read"), grant(2, "state", "read")],
                "voltage": [grant(2, "state", "level", "read")],
                "reset": [grant(1, "reset")],
                "performance": [grant(2, "level", "limits", "read")],
                "sensor": [grant(3, "config", "read")],
            }
        }
    },
}
BOARD = runtime.decode(
    runtime.overlay(
        (Path(__file__).parent / "full.json").read_bytes(), json.dumps(ISOLATED).encode()
    )
)
LINUX, VM1, SPI = 1, 2, 0
#: What vm1 was granted, and what that is below; pin 1 it shares with linux, which has asked for it.
TOUCHED = {
    Kind.CLOCK: {4, 0, 2},
    Kind.POWER: {1, 2},
    Kind.VOLTAGE: {2, 0, 1},
    Kind.RESET: {1},
    Kind.PERFORMANCE: {2},
    Kind.SENSOR: {3},
    Kind.POWERCAP: {1},
    Kind.PIN: {2},
}
#: The messages that ask and change nothing, of one resource; and their further words.
ASKING = {
    POWER: (3, 5, 8),
    PERFORMANCE: (3, 4, 6, 8, 0xB, 0xC),
    CLOCK: (3, 4, 6, 8, 0xB, 0xC, 0xE, 0xF),
    SENSOR: (6, 7, 8, 9, 0xC, 0xD),
    RESET: (3, 6),
    VOLTAGE: (3, 4, 6, 8, 9),
    POWERCAP: (3, 4, 6, 8, 9, 0xC),
}
#: The messages that ask for notifications of one resource.
TELLING = {
    POWER: (6, 7),
    PERFORMANCE: (9, 0xA),
    CLOCK: (9, 0xA),
    SENSOR: (4, 0xB),
    RESET: (5,),
    POWERCAP: (0xA,),
}
#: What a state is made of.
FIELDS = ["on", "rate", "parent_number", "level", "maximum", "minimum", "asserted", "config"]
FIELDS += ["trip_points", "cap", "pai", "settings", "function", "owner", "busy"]


def questions():
    asked = [(BASE, 3), (BASE, 4), (BASE, 5), (BASE, 6, 0), (SYSTEM, 4)]
    asked += [(BASE, 7, agent) for agent in (0, 1, 2, 3, 0xFFFF_FFFF)]
    for protocol in PROTOCOLS:
        asked += [(protocol, 0), (protocol, 1)]
        asked += [(protocol, 2, message) for message in (*REQUEST_WORDS[protocol], 0x11)]
    for protocol, messages in ASKING.items():
        for message in messages:
            more = [0] * (REQUEST_WORDS[protocol][message] - 1)
            asked += [(protocol, message, number, *more) for number in range(5)]
    asked += [(SENSOR, 3, 0), (SENSOR, 3, 3)]
    for number in range(4):
        for kind in range(3):
            asked += [(PINCTRL, 3, number, kind), (PINCTRL, 9, number, kind)]
            asked += [(PINCTRL, 4, number, kind, 0), (PINCTRL, 5, number, 1 << 18 | kind << 16)]
    return asked


QUESTIONS = questions()


class Isolation(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 0
        descriptor, path = tempfile.mkstemp()
        os.close(descriptor)
        self.memory = Path(path)
        linuxs = self.memory.with_suffix(".linux")
        windows = {LINUX: Window(linuxs, 0, 0x1000), VM1: Window(self.memory, 0, 0x1000)}
        self.server = strict_server(BOARD, now=lambda: self.now, fastchannels=windows)
        linuxs.unlink()
        self.linux, self.vm1 = (Wire(self.server.agent(name)) for name in ("linux", "vm1"))
        self.given = False
        linux = self.linux.status
        assert linux(PINCTRL, 7, 1, 0) == SUCCESS  # linux has pin 1 now
        for wanted in (
            [(VOLTAGE, 5, supply, 7) for supply in (0, 1)]
            + [(CLOCK, 7, clock, 1, 0) for clock in (0, 2)]
            + [(VOLTAGE, 7, 1, 0, 700_000), (POWER, 4, 0, 1, ON), (BASE, 8, 1), (SYSTEM, 5, 1)]
            + [(POWERCAP, 0xB, 0, 1, 0, 9)]
        ):
            assert linux(*wanted) == SUCCESS
        for protocol, messages in TELLING.items():
            for message in messages:
                for number in range(4):
                    linux(protocol, message, number, 1)
        self.remember()

    def teardown(self):
        self.server.fastchannels.close()
        self.memory.unlink()

    def remember(self):
        self.linux.agent.take_events()
        self.seen, self.state = self.look(), self.untouched()

    def look(self):
        """Everything linux can see: each message that only asks, of each id there is."""
        return {question: self.linux.ask(*question) for question in QUESTIONS}

    def untouched(self):
        """The state of all that vm1 has no grant on, and that is above none of its grants."""
        found = {}
        for kind, resources in self.server.state.items():
            for number, resource in resources.items():
                if number in TOUCHED[kind]:
                    continue
                for field in FIELDS:
                    value = getattr(resource, field, None)
                    found[kind, number, field] = (
                        sorted(value.items()) if isinstance(value, dict) else repr(value)
                    )
        return found

    @rule(message=anything)
    def vm1_sends(self, message):
        check(message, self.vm1.agent.handle(message))

    @rule(seed=st.integers(0, 1 << 32))
    def vm1_changes(self, seed):
        random = Random(seed)
        for _ in range(60):
            message = a_change(random)
            check(message, self.vm1.agent.handle(message))

    @rule(device=st.integers(0, 1), flags=st.integers(0, 1), agent=st.integers(0, 3))
    def vm1_tries_permissions(self, device, flags, agent):
        assert self.vm1.status(BASE, 9, agent, device, flags) == DENIED
        assert self.vm1.status(BASE, 0xA, agent, device, CLOCK, flags) == DENIED
        assert self.vm1.status(BASE, 0xB, agent, flags) == DENIED
        assert self.vm1.status(PINCTRL, 0xA, agent, device, flags << 2) == DENIED

    @rule(at=st.integers(0, 31), value=word, bells=st.booleans())
    def vm1_writes_into_its_channels(self, at, value, bells):
        assert self.vm1.status(PERFORMANCE, 0xB, 2, 7) == SUCCESS
        with self.memory.open("r+b") as file:
            file.seek(4 * at)
            file.write(struct.pack("<I", value))
            if bells:
                for offset in (4, 16, 64 + 4, 64 + 12):
                    file.seek(offset)
                    file.write(struct.pack("<I", 1))
        self.time_passes(PERIOD)

    @rule()
    def vm1_goes(self):
        self.vm1.agent.disconnect()

    @rule(given=st.booleans())
    def linux_moves_the_device(self, given):
        """linux may; what vm1 has set while it had the clock stays, until linux sets its own
        rate."""
        assert self.linux.status(BASE, 9, LINUX if given else VM1, SPI, 0) == SUCCESS
        assert self.linux.status(BASE, 9, VM1 if given else LINUX, SPI, 1) == SUCCESS
        self.given = given
        if not given:
            assert self.linux.status(CLOCK, 5, 0, 2, 1000, 0) == SUCCESS
            assert self.linux.status(CLOCK, 7, 2, 1, 0) == SUCCESS
        self.remember()

    @rule()
    def linux_resets_vm1(self):
        assert self.linux.status(BASE, 0xB, VM1, 0) == SUCCESS

    @rule(microseconds=st.sampled_from([0, 50, 1000, PERIOD]))
    def time_passes(self, microseconds):
        self.now += 1000 * microseconds
        self.server.tick()

    @invariant()
    def nothing_has_happened(self):
        """What linux does comes last: it would mend what it ought to find."""
        self.what_vm1_was_not_granted_is_as_it_was()
        self.linux_sees_what_it_saw()
        self.linux_hears_only_of_what_it_shares()
        self.linux_can_do_what_it_could()

    def linux_sees_what_it_saw(self):
        assert self.look() == self.seen

    def what_vm1_was_not_granted_is_as_it_was(self):
        assert self.untouched() == self.state

    def linux_hears_only_of_what_it_shares(self):
        """vm1's requests for the domain of both; measurements (of the platform, 0)."""
        for event in self.linux.agent.take_events():
            check_event(event)
            head, cause, *about = struct.unpack_from("<3I", event)
            protocol, kind = head >> 10 & 0xFF, head >> 8 & 3
            assert kind == 3
            if cause == VM1:
                assert (protocol, about[0]) == (POWER, 1)
            else:
                assert cause == 0
                assert protocol in (SENSOR, POWERCAP)

    def linux_can_do_what_it_could(self):
        status = self.linux.status
        assert status(POWER, 4, 0, 1, ON) == SUCCESS
        assert status(PERFORMANCE, 7, 0, 20) == SUCCESS
        assert status(CLOCK, 5, 0, 1, 100_000_000, 0) == SUCCESS
        assert status(CLOCK, 7, 0, 1, 0) == SUCCESS
        assert status(CLOCK, 0xD, 1, 0) == SUCCESS
        assert status(SENSOR, 0xA, 1, 1) == SUCCESS
        assert status(RESET, 4, 0, 0, 0) == SUCCESS
        assert status(VOLTAGE, 7, 0, 0, 800_000) == SUCCESS
        assert status(VOLTAGE, 7, 1, 0, 700_000) == SUCCESS
        assert status(POWERCAP, 5, 0, 0, 9000) == SUCCESS
        assert status(PINCTRL, 6, 1, 0xFFFF_FFFF, 1 << 2, 4, 1) == SUCCESS
        assert status(BASE, 9, LINUX, SPI, 1) == (DENIED if self.given else SUCCESS)
        if not self.given:
            assert status(CLOCK, 5, 0, 2, 1000, 0) == SUCCESS


class TestIsolation(Isolation.TestCase):
    settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)


@pytest.mark.more
class TestMoreIsolation(Isolation.TestCase):
    settings = settings(max_examples=3 * EXAMPLES, stateful_step_count=STEPS, deadline=None)
