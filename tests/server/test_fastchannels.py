"""FastChannels: what the words in the memory mean, read and written as an agent would."""

import fcntl
import os
import struct
from importlib import import_module
from pathlib import Path

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
    request,
    words,
)
from server_running import Running
from smt_client import Areas, EventAreas

from scmigen import runtime
from scmigen.cli.problems import UsageError
from scmigen.server.device_permissions import Permissions
from scmigen.server.fastchannels import PERIOD, FastChannelError, Window, users
from scmigen.server.port import Port

ADDRESS = 0x1000_0000
CPU = 0
LINUX, VM1 = 1, 2
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


@pytest.fixture
def full(full_with, tmp_path):
    platform = full_with(fastchannels={LINUX: Window(tmp_path / "memory", ADDRESS, 0x1000)})
    yield platform
    platform.server.fastchannels.close()


@pytest.fixture
def memory(full, tmp_path):
    found = Memory(tmp_path / "memory", full)
    yield found
    found.file.close()


def test_a_memfd_that_the_server_has_inherited_is_such_a_file(full_with):
    """Sealed by who made it, before the server starts: nobody can shorten it."""
    made = os.memfd_create("channels", os.MFD_ALLOW_SEALING)
    os.ftruncate(made, 0x1000)
    fcntl.fcntl(made, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    file = Path(f"/dev/fd/{made}")
    full = full_with(fastchannels={LINUX: Window(file, ADDRESS, 0x1000)})
    memory = Memory(file, full)
    memory.write(PERFORMANCE, CPU, LEVEL_SET, 30)
    assert memory.read(PERFORMANCE, CPU, LEVEL_GET) == 30
    full.server.fastchannels.close()
    memory.file.close()
    os.close(made)
    with pytest.raises(FastChannelError, match="No such file"):
        full_with(fastchannels={LINUX: Window(file, ADDRESS, 0x1000)})


def test_attributes_announce_the_channels(full, memory):
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


def test_without_memory_there_are_none(full_with):
    full = full_with()
    data = full.linux.ask(PERFORMANCE, 3, CPU)[1]
    assert not int.from_bytes(data[:4], "little") & 1 << 27
    assert full.linux.status(PERFORMANCE, 0xB, CPU, LEVEL_GET) == NOT_SUPPORTED


def test_get_channels_hold_the_current_values(full, memory):
    assert memory.read(PERFORMANCE, CPU, LEVEL_GET) == 20
    assert memory.read(PERFORMANCE, CPU, LIMITS_GET) == (30, 10)
    full.linux.status(PERFORMANCE, 7, CPU, 30)
    full.linux.status(PERFORMANCE, 5, CPU, 30, 20)
    assert memory.read(PERFORMANCE, CPU, LEVEL_GET) == 30
    assert memory.read(PERFORMANCE, CPU, LIMITS_GET) == (30, 20)


def test_a_rung_doorbell_is_handled_as_the_message(full, memory):
    full.linux.status(PERFORMANCE, 0xA, CPU, 1)
    memory.write(PERFORMANCE, CPU, LEVEL_SET, 10)
    assert full.linux.words(PERFORMANCE, 8, CPU) == [10]
    assert full.events(full.linux) == (notification(PERFORMANCE, 1, 1, CPU, 10),)
    memory.write(PERFORMANCE, CPU, LIMITS_SET, 30, 20)
    assert full.linux.words(PERFORMANCE, 6, CPU) == [30, 20]
    memory.write(PERFORMANCE, CPU, LEVEL_SET, 11)  # is no level
    assert full.linux.words(PERFORMANCE, 8, CPU) == [20]


def test_channels_of_an_agent_that_is_gone_rest(full, memory):
    """Whether it wrote and was killed before the server looked, or somebody writes for it."""
    *_, set_at, _, bell, ring, _ = memory.channel(PERFORMANCE, CPU, LIMITS_SET)

    def post(maximum, minimum):
        for at, data in ((set_at, words(maximum, minimum)), (bell, words(ring))):
            memory.file.seek(at - ADDRESS)
            memory.file.write(data)

    post(30, 20)
    full.linux.agent.disconnect()
    full.wait(PERIOD)
    post(20, 20)
    full.wait(PERIOD)
    assert full.linux.words(PERFORMANCE, 6, CPU) == [30, 10]
    memory.channel(PERFORMANCE, CPU, LIMITS_SET)
    full.wait(PERIOD)
    assert full.linux.words(PERFORMANCE, 6, CPU) == [30, 10]
    memory.write(PERFORMANCE, CPU, LIMITS_SET, 30, 20)
    assert full.linux.words(PERFORMANCE, 6, CPU) == [30, 20]


def test_what_the_client_before_wrote_over_is_shown_again(full, memory):
    """Found by the soak: a level that does not change is not announced either."""
    _, _, shown_at, *_ = memory.channel(PERFORMANCE, CPU, LEVEL_GET)
    full.linux.agent.disconnect()
    memory.file.seek(shown_at - ADDRESS)
    memory.file.write(words(77, 77, 77, 77))
    assert memory.read(PERFORMANCE, CPU, LEVEL_GET) == 20
    assert memory.read(PERFORMANCE, CPU, LIMITS_GET) == (30, 10)


def test_power_caps_are_read_and_written_through_channels(full, memory):
    assert memory.read(POWERCAP, 0, 4) == 9000
    memory.write(POWERCAP, 0, 5, 3000)
    memory.write(POWERCAP, 0, 7, 20)
    assert memory.read(POWERCAP, 0, 4) == 3000
    assert memory.read(POWERCAP, 0, 6) == 20
    assert full.linux.words(POWERCAP, 4, 0) == [3000]


def test_channels_hold_the_values_of_the_version_in_use(full, memory):
    """Before 2.0 of the protocol there is always a cap; before 4.0 levels have no indices."""
    assert full.linux.status(POWERCAP, 5, 0, 0, 0) == SUCCESS
    assert memory.read(POWERCAP, 0, 4) == 0
    assert full.linux.status(POWERCAP, 0x10, 0x10000) == SUCCESS
    assert memory.read(POWERCAP, 0, 4) == 9000
    assert full.linux.status(POWERCAP, 0x10, 0x20000) == SUCCESS
    assert memory.read(POWERCAP, 0, 4) == 0


def test_levels_in_channels_are_indices_only_from_4_0_on(full_board, full_with, tmp_path):
    cpu, indexed = full_board.performance_domains
    replace = msgspec.structs.replace
    domains = (cpu, replace(indexed, fastchannels=True))
    board = replace(full_board, performance_domains=domains)
    full = full_with(
        board=board, fastchannels={LINUX: Window(tmp_path / "memory", ADDRESS, 0x1000)}
    )
    memory = Memory(tmp_path / "memory", full)
    assert full.linux.status(PERFORMANCE, 7, 1, 1) == SUCCESS
    assert memory.read(PERFORMANCE, 1, LEVEL_GET) == 1
    assert memory.read(PERFORMANCE, 1, LIMITS_GET) == (1, 0)
    assert full.linux.status(PERFORMANCE, 0x10, 0x30000) == SUCCESS
    assert memory.read(PERFORMANCE, 1, LEVEL_GET) == 205
    assert memory.read(PERFORMANCE, 1, LIMITS_GET) == (205, 100)
    memory.write(PERFORMANCE, 1, LEVEL_SET, 100)
    assert memory.read(PERFORMANCE, 1, LEVEL_GET) == 100
    memory.file.close()
    full.server.fastchannels.close()


@pytest.fixture
def shared(full_board):
    """vm1 may set the domain of linux, as its domain 5."""
    linux, vm1 = full_board.agents
    grant = msgspec.structs.replace(linux.grants["performance"][CPU], id=5)
    vm1 = msgspec.structs.replace(vm1, grants=vm1.grants | {"performance": (grant,)})
    return msgspec.structs.replace(full_board, agents=(linux, vm1))


def test_an_agent_speaks_through_its_own_file_only(shared, full_with, tmp_path):
    """Both files are at one address, in the memory of different guests."""
    windows = {agent: Window(tmp_path / str(agent), ADDRESS, 0x1000) for agent in (LINUX, VM1)}
    full = full_with(board=shared, fastchannels=windows, state_readers=())
    for wire, domain in ((full.linux, CPU), (full.vm1, 5)):
        assert wire.ask(PERFORMANCE, 0xB, domain, LIMITS_SET)[0] == SUCCESS
    for agent, maximum in ((VM1, 20), (LINUX, 10)):
        with windows[agent].path.open("r+b", buffering=0) as file:
            file.seek(8)
            file.write(struct.pack("<III", maximum, 10, 1))
        full.wait(PERIOD)
    assert full.vm1.words(PERFORMANCE, 6, 5) == [20, 10]
    assert full.linux.words(PERFORMANCE, 6, CPU) == [10, 10]
    full.vm1.agent.disconnect()
    assert full.linux.words(PERFORMANCE, 6, CPU) == [10, 10]
    full.linux.agent.disconnect()
    assert full.server.state["performance"][CPU].maximum == 30
    full.server.fastchannels.close()


def test_one_file_that_is_cut_short_stops_no_other(shared, full_with, tmp_path):
    windows = {agent: Window(tmp_path / str(agent), ADDRESS, 0x1000) for agent in (LINUX, VM1)}
    full = full_with(board=shared, fastchannels=windows)
    assert full.linux.ask(PERFORMANCE, 0xB, CPU, LEVEL_SET)[0] == SUCCESS
    assert full.vm1.ask(PERFORMANCE, 0xB, 5, LEVEL_SET)[0] == SUCCESS
    os.truncate(windows[LINUX].path, 0)
    with windows[VM1].path.open("r+b", buffering=0) as file:
        file.write(struct.pack("<II", 10, 1))
    full.wait(PERIOD)
    assert full.vm1.words(PERFORMANCE, 8, 5) == [10]
    full.server.fastchannels.close()


@pytest.mark.parametrize("link", [False, True], ids=["one name", "two names"])
def test_two_agents_cannot_have_one_file(shared, full_with, tmp_path, link):
    mine = theirs = tmp_path / "memory"
    if link:
        mine.touch()
        theirs = tmp_path / "link"
        theirs.symlink_to(mine)
    windows = {LINUX: Window(mine, ADDRESS, 0x1000), VM1: Window(theirs, ADDRESS, 0x1000)}
    with pytest.raises(FastChannelError, match="linux and vm1 need a file each"):
        full_with(board=shared, fastchannels=windows)


def test_the_agent_must_be_named_where_two_have_channels(full_board, shared, tmp_path):
    options = import_module("scmigen.cli.serve_options")

    def windows(board, wanted):
        return options.windows(board, "--fastchannel", users(board), wanted)

    window = Window(tmp_path / "memory", ADDRESS, 0x1000)
    assert windows(full_board, (("", window),)) == {LINUX: window}
    with pytest.raises(UsageError, match=r"give AGENT=.*:0x10000000:0x1000\. .*: linux, vm1"):
        windows(shared, (("", window),))
    assert windows(shared, (("vm1", window),)) == {VM1: window}


def test_an_agent_without_memory_has_no_channels(shared, full_with, tmp_path):
    full = full_with(board=shared, fastchannels={LINUX: Window(tmp_path / "m", ADDRESS, 0x1000)})
    assert full.linux.status(PERFORMANCE, 0xB, CPU, LEVEL_SET) == SUCCESS
    assert full.vm1.status(PERFORMANCE, 0xB, 5, LEVEL_SET) == NOT_SUPPORTED
    assert full.vm1.words(PERFORMANCE, 2, LEVEL_GET) == [0]
    full.server.fastchannels.close()


def test_memory_that_is_too_small_is_an_error(full_with, tmp_path):
    with pytest.raises(FastChannelError, match="0x40 bytes are too few: linux needs 0x80"):
        full_with(fastchannels={LINUX: Window(tmp_path / "small", ADDRESS, 64)})


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


def set_level(memory, level):
    """Write to the channel, and to its doorbell, without waiting."""
    address = memory.channel(PERFORMANCE, CPU, LEVEL_SET)[2] - ADDRESS
    memory.file.seek(address)
    memory.file.write(struct.pack("<II", level, 1))


def polls(full, microseconds):
    """How often a server wakes up in this time."""
    count, end = 0, full.time.now + microseconds * 1000
    while full.time.now + full.server.timers.next_due() <= end:
        full.time.now += full.server.timers.next_due()
        full.server.tick()
        count += 1
    return count


def test_idle_channels_are_polled_less_and_less(full, memory):
    """Every 2 ms for a second, then after 2, 4, 8, 16, 32 and each 50 ms."""
    assert polls(full, 1_000_000) == 500
    assert polls(full, 62_000) == 5
    assert polls(full, 10_000_000) == 200
    set_level(memory, 30)
    full.wait(50_000)
    assert full.linux.words(PERFORMANCE, 8, CPU) == [30]
    set_level(memory, 10)
    full.wait(2_000)
    assert full.linux.words(PERFORMANCE, 8, CPU) == [10]
    assert polls(full, 900_000) == 450


def test_the_interval_of_idle_channels_can_be_chosen(full_with, tmp_path):
    for idle, count in ((2_000, 5000), (1_000_000, 10)):
        full = full_with(fastchannels={LINUX: Window(tmp_path / "memory", ADDRESS, 0x1000, idle)})
        full.wait(10_000_000)
        assert polls(full, 10_000_000) == count
        full.server.fastchannels.close()


def test_an_agent_that_rings_is_noticed_at_once(full, memory):
    """Without any time passing, and every 2 ms from then on."""
    full.wait(10_000_000)
    set_level(memory, 30)
    Port(full.linux.agent).ring()
    assert full.linux.words(PERFORMANCE, 8, CPU) == [30]
    set_level(memory, 10)
    full.wait(2_000)
    assert full.linux.words(PERFORMANCE, 8, CPU) == [10]


def test_ringing_without_channels_does_nothing(full_with):
    Port(full_with().linux.agent).ring()


@pytest.mark.parametrize("kind", [Areas, EventAreas])
def test_the_doorbell_of_shared_memory_is_one_of_channels_too(full_board, tmp_path, kind):
    window = Window(tmp_path / "memory", ADDRESS, 0x1000)
    ring = "eventfd" if kind.eventfd else "socket"
    urls = {"linux": f"smt:{tmp_path}/shmem,ring={ring}"}
    running = Running(full_board, urls, fastchannels={LINUX: window})
    running.server.fastchannels._timer.cancel()  # nothing is polled until it rings
    with running.running(), kind(tmp_path / "shmem") as areas, window.path.open("r+b", 0) as file:
        areas.post(request(PERFORMANCE, 0xB, CPU, LEVEL_SET))
        offset = int.from_bytes(areas.answer()[16:20], "little") - ADDRESS
        areas.put(4, words(1))
        file.seek(offset)
        file.write(struct.pack("<II", 30, 1))
        areas.ring()
        shown = offset + 24
        areas.until(lambda: os.pread(file.fileno(), 4, shown) == words(30))


def test_memory_for_channels_that_no_agent_has_is_an_error(serve, tmp_path):
    with pytest.raises(FastChannelError, match="linux has no domain with FastChannels"):
        serve(fastchannels={LINUX: Window(tmp_path / "x", ADDRESS, 0x1000)})
