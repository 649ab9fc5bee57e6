"""FastChannels: what the words in the memory mean, read and written as an agent would."""

import struct
from contextlib import contextmanager

import msgspec
import pytest
from scmi_wire import (
    BASE,
    NOT_FOUND,
    NOT_SUPPORTED,
    PERFORMANCE,
    POWERCAP,
    SUCCESS,
    notification,
)

from scmigen import runtime
from scmigen.server.fastchannels import PERIOD, FastChannelError, FastChannels
from scmigen.server.permissions import Permissions

ADDRESS = 0x1000_0000
CPU = 0
LIMITS_SET, LIMITS_GET, LEVEL_SET, LEVEL_GET = 5, 6, 7, 8


class Memory:
    """The agent's side: words at the addresses that the platform describes."""

    def __init__(self, path, full):
        self.file = path.open("r+b", buffering=0)
        self.full = full

    def channel(self, protocol, domain, message):
        """attributes, rate limit, address, size, doorbell address, set, preserve."""
        describe = {PERFORMANCE: 0xB, POWERCAP: 0xC}[protocol]
        status, data = self.full.linux.ask(protocol, describe, domain, message)
        assert status == SUCCESS
        return struct.unpack("<IIQIQQQ", data)

    def read(self, protocol, domain, message):
        attributes, _, address, size, *_ = self.channel(protocol, domain, message)
        assert attributes == 0, "what is read has no doorbell"
        self.file.seek(address - ADDRESS)
        found = struct.unpack(f"<{size // 4}I", self.file.read(size))
        return found if len(found) > 1 else found[0]

    def write(self, protocol, domain, message, *values):
        attributes, _, address, size, doorbell, ring, preserve = self.channel(
            protocol, domain, message
        )
        assert (attributes, size, ring, preserve) == (1 | 2 << 1, 4 * len(values), 1, 0)
        self.file.seek(address - ADDRESS)
        self.file.write(struct.pack(f"<{len(values)}I", *values))
        self.file.seek(doorbell - ADDRESS)
        self.file.write(struct.pack("<I", ring))
        self.full.wait(PERIOD)


@contextmanager
def channels(full, path, size=0x1000):
    full.server.fastchannels = FastChannels(full.server, path, ADDRESS, size)
    memory = Memory(path, full)
    try:
        yield memory
    finally:
        memory.file.close()
        full.server.fastchannels.close()


@pytest.fixture
def memory(full, tmp_path):
    with channels(full, tmp_path / "memory") as found:
        yield found


def test_what_is_told(full, memory):
    status, data = full.linux.ask(PERFORMANCE, 3, CPU)
    assert status == SUCCESS
    assert int.from_bytes(data[:4], "little") & 1 << 27
    assert full.linux.words(PERFORMANCE, 2, LEVEL_SET) == [1]
    assert full.linux.words(PERFORMANCE, 2, 3) == [0]
    assert memory.channel(PERFORMANCE, CPU, LEVEL_GET)[1] == 700  # the rate limit
    assert full.linux.status(PERFORMANCE, 0xB, CPU, 3) == NOT_SUPPORTED
    assert full.linux.status(PERFORMANCE, 0xB, CPU, 0x77) == NOT_FOUND
    assert full.linux.status(PERFORMANCE, 0xB, 1, LEVEL_GET) == NOT_SUPPORTED
    assert full.linux.status(PERFORMANCE, 0xB, 9, LEVEL_GET) == NOT_FOUND


def test_without_memory_there_are_none(full):
    data = full.linux.ask(PERFORMANCE, 3, CPU)[1]
    assert not int.from_bytes(data[:4], "little") & 1 << 27
    assert full.linux.status(PERFORMANCE, 0xB, CPU, LEVEL_GET) == NOT_SUPPORTED


def test_it_shows_the_present(full, memory):
    assert memory.read(PERFORMANCE, CPU, LEVEL_GET) == 20
    assert memory.read(PERFORMANCE, CPU, LIMITS_GET) == (30, 10)
    full.linux.status(PERFORMANCE, 7, CPU, 30)
    full.linux.status(PERFORMANCE, 5, CPU, 30, 20)
    assert memory.read(PERFORMANCE, CPU, LEVEL_GET) == 30
    assert memory.read(PERFORMANCE, CPU, LIMITS_GET) == (30, 20)


def test_what_is_written_is_as_a_message(full, memory):
    full.linux.status(PERFORMANCE, 0xA, CPU, 1)
    memory.write(PERFORMANCE, CPU, LEVEL_SET, 10)
    assert full.linux.words(PERFORMANCE, 8, CPU) == [10]
    assert full.events(full.linux) == (notification(PERFORMANCE, 1, 1, CPU, 10),)
    memory.write(PERFORMANCE, CPU, LIMITS_SET, 30, 20)
    assert full.linux.words(PERFORMANCE, 6, CPU) == [30, 20]
    memory.write(PERFORMANCE, CPU, LEVEL_SET, 11)  # is no level
    assert full.linux.words(PERFORMANCE, 8, CPU) == [20]


def test_power_caps(full, memory):
    assert memory.read(POWERCAP, 0, 4) == 9000
    memory.write(POWERCAP, 0, 5, 3000)
    memory.write(POWERCAP, 0, 7, 20)
    assert memory.read(POWERCAP, 0, 4) == 3000
    assert memory.read(POWERCAP, 0, 6) == 20
    assert full.linux.words(POWERCAP, 4, 0) == [3000]


def test_agents_have_parts_of_their_own(full_with, tmp_path):
    """vm1 gets a grant on the same domain: its words are in another page."""
    full = full_with()
    view = full.server.agents[2].views["performance"]
    view.named[5] = full.server.state["performance"][CPU]
    with channels(full, tmp_path / "memory", 0x2000) as memory:
        mine = memory.channel(PERFORMANCE, CPU, LEVEL_GET)[2]
        theirs = full.server.fastchannels.describe(full.server.agents[2], PERFORMANCE, 5, LEVEL_GET)
        assert struct.unpack_from("<IIQ", theirs)[2] - mine >= 0x1000 - 64
    with pytest.raises(FastChannelError, match="too few"):
        FastChannels(full.server, tmp_path / "small", ADDRESS, 64)


def test_what_an_agent_may_not_read_is_not_shown(full, memory):
    """linux holds the domain by a device, which is taken away."""
    board = full.server.configuration
    cpu = runtime.DeviceResource("performance", CPU)
    device = msgspec.structs.replace(board.devices[0], agents=(1,), resources=(cpu,))
    full.server.permissions = Permissions(msgspec.structs.replace(board, devices=(device,)))
    full.linux.agent.refresh()
    level = memory.channel(PERFORMANCE, CPU, LEVEL_GET)[2] - ADDRESS
    assert full.linux.status(BASE, 9, 1, 0, 0) == SUCCESS
    memory.file.seek(level)
    assert memory.file.read(16) == bytes(16)
    full.server.state["performance"][CPU].set_level(30)
    full.server.publish(0)
    memory.file.seek(level)
    assert memory.file.read(16) == bytes(16)
    assert full.linux.status(BASE, 9, 1, 0, 1) == SUCCESS
    assert memory.read(PERFORMANCE, CPU, LEVEL_GET) == 30


def test_a_file_that_becomes_shorter_harms_nobody(full, memory):
    memory.file.truncate(0)
    full.wait(10 * PERIOD)
    assert full.linux.status(PERFORMANCE, 7, CPU, 30) == SUCCESS


def test_no_domain_has_any(serve, tmp_path):
    with pytest.raises(FastChannelError, match="no agent has"):
        FastChannels(serve().server, tmp_path / "x", ADDRESS, 0x1000)
