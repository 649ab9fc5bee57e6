"""The log: what it has a line for, and what an agent can make of it."""

import os
import signal
from contextlib import contextmanager

import msgspec
import pytest
from scmi_wire import CLOCK, DENIED, NOT_FOUND, request
from server_running import serving, strict_server

from scmigen.client import Client
from scmigen.scmi import messages
from scmigen.scmi.protocols import Profile, Protocol
from scmigen.server.log import BURST, LONGEST, PACE, RARE, REFUSALS, SUBJECTS, Log

HIDDEN = "refused: vm1: CLOCK_RATE_GET on clock 0 (uart): NOT_FOUND"


class Reader:
    """A log on a pipe, at a time of its own."""

    def __init__(self):
        self.now = 0
        self.read, self.write = os.pipe()
        self.log = Log(self.write, lambda: self.now)

    def lines(self):
        """The lines so far; what is in the pipe has to fit into it (64 KiB)."""
        os.write(self.write, b"end\n")
        text = b""
        while not text.endswith(b"end\n"):
            text += os.read(self.read, 1 << 16)
        return text.decode().splitlines()[:-1]


@pytest.fixture
def reader():
    reader = Reader()
    yield reader
    os.close(reader.read)
    os.close(reader.write)


def test_each_source_has_a_limit(reader):
    for _ in range(BURST // 100 + 30):
        reader.log("x" * 99, "vm1")
    reader.log("another", "linux")
    reader.log("of nobody")
    assert reader.lines() == ["x" * 99] * (BURST // 100) + ["another", "of nobody"]
    reader.now += 2 * PACE
    reader.log("later", "vm1")  # after the count, which is more than two bytes
    reader.log("too early", "vm1")
    reader.log("of nobody")
    assert reader.lines() == ["(30 lines about vm1 suppressed)", "later", "of nobody"]


def test_a_line_that_is_written_pays_for_the_count_before_it(reader):
    for _ in range(BURST // 100 + 7):
        reader.log("x" * 99, "vm1")
    reader.lines()
    reader.now += 100 * PACE
    reader.log("x" * 99, "vm1")
    count = "(7 lines about vm1 suppressed)"
    assert reader.lines() == [count, "x" * 99]
    reader.now += len(count) * PACE  # a byte less than the count with its newline
    reader.log("x", "vm1")
    assert reader.lines() == []
    reader.now += 2 * PACE
    reader.log("y", "vm1")
    assert reader.lines() == ["(1 lines about vm1 suppressed)", "y"]


def test_a_reload_does_not_give_a_new_limit(reader):
    for _ in range(BURST // 100 + 7):
        reader.log("x" * 99, "vm1")
    reader.lines()
    reader.log.settle()
    reader.log("too early", "vm1")
    assert reader.lines() == ["(7 lines about vm1 suppressed)"]


def test_who_tries_many_resources_does_not_hide_which(reader):
    """As far as a line goes, and as far as they are remembered."""
    for number in range(BURST // 100 + 30):
        reader.log("x" * 99, "vm1", RARE, f"clock {number}")
    reader.lines()
    reader.log.settle()
    told = ", ".join(f"clock {number}" for number in range(BURST // 100, BURST // 100 + 30))
    assert reader.lines() == [f"(30 lines about vm1 suppressed: on {told})"]
    for number in range(1000):
        reader.log("x" * 99, "vm1", RARE, f"clock {number % SUBJECTS if number < 900 else number}")
    reader.log.settle()
    (line,) = reader.lines()
    assert line.startswith("(1000 lines about vm1 suppressed: on clock 0, clock 1, ")
    assert line.endswith(f"clock {SUBJECTS - 1}, and more)")
    for _ in range(2):
        reader.log("x", "vm1", RARE, "é" * LONGEST)
    reader.log.settle()
    (line,) = reader.lines()
    assert line.endswith(" …)")
    assert LONGEST - 10 < len(line.encode()) <= LONGEST


@contextmanager
def refusing(board_path, tmp_path):
    """vm1 has asked 200 times for a clock of linux, and has set a rate that it may not set."""
    url = f"unix:{tmp_path}/vm1"
    with serving(board_path, "--listen", f"vm1={url}") as process:
        with Client(url) as vm1:
            for _ in range(200):
                assert vm1.command(CLOCK, 6, bytes(4))[0] == NOT_FOUND
            assert vm1.command(CLOCK, 5, bytes([0] * 4 + [1] + [0] * 11))[0] == DENIED
        yield process


def suppressed(lines):
    """The line that counts those which are not there."""
    count = 200 - lines.count(HIDDEN)
    about = "vm1: CLOCK_RATE_GET NOT_FOUND"
    return f"({count} lines about {about} suppressed: on clock 0 (uart))"


def test_no_message_hides_another(board_path, tmp_path):
    with refusing(board_path, tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        lines = process.communicate(timeout=60)[1].splitlines()
    assert "refused: vm1: CLOCK_RATE_SET on clock 1 (bus): DENIED" in lines
    assert 0 < lines.count(HIDDEN) < 200
    assert lines[-1] == suppressed(lines)


def test_a_reload_tells_how_many_lines_are_suppressed(board_path, tmp_path):
    with refusing(board_path, tmp_path) as process:
        process.send_signal(signal.SIGHUP)
        lines = [line.strip() for line in iter(process.stderr.readline, "reloaded\n")]
    assert suppressed(lines) in lines


#: Messages that only ask what there is, by the specification.
DISCOVERY = {
    *("POWER_DOMAIN_ATTRIBUTES", "POWER_DOMAIN_NAME_GET"),
    *("PERFORMANCE_DOMAIN_ATTRIBUTES", "PERFORMANCE_DESCRIBE_LEVELS"),
    "PERFORMANCE_DOMAIN_NAME_GET",
    *("CLOCK_ATTRIBUTES", "CLOCK_DESCRIBE_RATES", "CLOCK_NAME_GET"),
    *("CLOCK_POSSIBLE_PARENTS_GET", "CLOCK_GET_PERMISSIONS"),
    *("RESET_DOMAIN_ATTRIBUTES", "RESET_DOMAIN_NAME_GET"),
    *("VOLTAGE_DOMAIN_ATTRIBUTES", "VOLTAGE_DESCRIBE_LEVELS", "VOLTAGE_DOMAIN_NAME_GET"),
    *("POWERCAP_DOMAIN_ATTRIBUTES", "POWERCAP_DOMAIN_NAME_GET"),
    *("SENSOR_LIST_UPDATE_INTERVALS", "SENSOR_NAME_GET"),
    *("SENSOR_AXIS_DESCRIPTION_GET", "SENSOR_AXIS_NAME_GET"),
    *("PINCTRL_ATTRIBUTES", "PINCTRL_LIST_ASSOCIATIONS", "PINCTRL_NAME_GET"),
}


#: Some of those that read or change what it does now.
CHANGING = {
    *("POWER_STATE_SET", "POWER_STATE_GET", "POWER_STATE_NOTIFY", "PERFORMANCE_LEVEL_SET"),
    *("PERFORMANCE_LIMITS_GET", "CLOCK_RATE_SET", "CLOCK_CONFIG_SET", "VOLTAGE_LEVEL_GET"),
    *("SENSOR_READING_GET", "SENSOR_CONFIG_SET", "POWERCAP_CAP_SET", "PINCTRL_REQUEST"),
}


@pytest.mark.parametrize("profile", Profile)
def test_discovery_of_what_is_hidden_leaves_no_line(full_board, profile):
    """vm1 has number 1 of each kind, and sends every message with number 0, which is of linux."""
    linux, vm1 = full_board.agents
    grants = {kind: of[1:2] for kind, of in linux.grants.items() if len(of) > 1}
    vm1 = msgspec.structs.replace(vm1, grants=grants)
    board, log = msgspec.structs.replace(full_board, agents=(linux, vm1)), []
    agent = strict_server(board, profile, refused=log.append).agent("vm1")
    silent, told = set(), set()
    for protocol in agent.session.protocols[1:]:
        for row in messages.commands(protocol, agent.session.offered[protocol]).values():
            log.clear()
            agent.handle(request(protocol, row.id) + bytes(row.request.size))
            (told if log else silent).add(row.name)
    assert not told & DISCOVERY
    assert len(silent & DISCOVERY) > 4
    assert {name for name in CHANGING if name in silent | told} <= told
    assert len(told & CHANGING) > 4


def names():
    """The sources of all refusals of an agent: messages, and protocols for those without a name."""
    known = {name.partition(".")[2] or name for name in messages.names()}
    known |= {protocol.name.lower() for protocol in Protocol}
    return {f"{name} {status}" for name in known for status in ("DENIED", "NOT_FOUND")}


@pytest.mark.parametrize("profile", Profile)
def test_an_agent_does_not_choose_the_names_of_sources(serve, profile):
    found = set()
    platform = serve(
        profile=profile, refused=lambda refusal: found.add(refusal.source.removeprefix("vm1: "))
    )
    sizes = range(0, 64, 4)
    for protocol in (0x0F, *range(0x10, 0x1A), 0x80):
        for message in range(0x100):
            for size in sizes if message < 0x20 else sizes[:1]:
                platform.vm1.agent.handle(request(protocol, message) + bytes(size))
    assert {"reset DENIED", "BASE_SET_DEVICE_PERMISSIONS DENIED"} <= found
    assert len(found) > 15
    assert found <= names()


def test_whatever_an_agent_does_a_day_of_it_takes_less_than_10_mb(tmp_path):
    """All its sources are at their limits, with lines of every length, for a day."""
    now, minute = 0, 60 * 10**9
    sources = [f"{'x' * 63}: {name}" for name in names()]
    assert len(sources) <= REFUSALS
    with (tmp_path / "log").open("wb") as file:
        log = Log(file.fileno(), lambda: now)
        for turn in range(24 * 60):
            now = turn * minute
            for size in (LONGEST, 100, 10) * 4:
                log("x" * size, "x")
            for source in sources if turn % 20 == 0 else ():
                log("x" * LONGEST, source, RARE)
                log("x" * 100, source, RARE)
    assert 5_000_000 < (tmp_path / "log").stat().st_size < 10_000_000


def test_the_log_waits_for_nobody(reader):
    for _ in range(2000):  # a pipe holds 64 KiB
        reader.log("x" * 100)


def test_a_reader_that_is_gone_is_no_error():
    read, write = os.pipe()
    os.close(read)
    Log(write)("nobody reads this")
    os.close(write)


def test_control_characters_are_shown_not_sent(reader):
    reader.log("a\x1b[31mb\nc\x00")
    assert reader.lines() == ["a\\x1b[31mb\\nc\\x00"]
