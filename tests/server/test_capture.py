"""``serve --capture``: the blocks of pcapng, read as its specification has them."""

import os
import signal
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scmi_wire import CLOCK, POWER, notification, request
from server_running import serving

from scmigen.client import Client
from scmigen.server.capture import Capture
from scmigen.server.port import Port

RATE_GET = request(CLOCK, 0x6, 0)


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each block; both lengths must agree."""
    while data:
        kind, size = struct.unpack_from("<II", data)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, size - 4) == (size,)
        yield kind, data[8 : size - 4]
        data = data[size:]


def options(data: bytes) -> dict[int, bytes]:
    found = {}
    while True:
        code, size = struct.unpack_from("<HH", data)
        if code == 0:
            assert len(data) == 4
            return found
        found[code] = data[4 : 4 + size]
        data = data[4 + (size + 3) // 4 * 4 :]


def packets(data: bytes) -> list[tuple[str, int, int, bytes]]:
    """Interface, direction flags, time and bytes of each packet."""
    names: list[str] = []
    found = []
    (first, section), *rest = blocks(data)
    assert first == 0x0A0D0D0A
    assert struct.unpack_from("<IHHq", section) == (0x1A2B3C4D, 1, 0, -1)
    assert options(section[16:])[4].startswith(b"scmigen ")
    for kind, body in rest:
        if kind == 1:
            assert struct.unpack_from("<HHI", body) == (147, 0, 0)
            about = options(body[8:])
            assert about[9] == b"\x09", "times are in ns"
            names.append(about[2].decode())
            continue
        assert kind == 6
        interface, high, low, size, length = struct.unpack_from("<IIIII", body)
        assert size == length
        flags = options(body[20 + (size + 3) // 4 * 4 :])[2]
        (direction,) = struct.unpack("<I", flags)
        found.append((names[interface], direction, high << 32 | low, body[20 : 20 + size]))
    return found


@pytest.fixture
def port(platform: Any, tmp_path: Path) -> Iterator[Any]:
    """A function that makes the port of an agent, and the file it is captured to."""
    file = tmp_path / "it.pcapng"
    capture = Capture(file)
    yield lambda name: Port(platform.server.agent(name), [capture]), file
    capture.close()


def test_a_request_and_its_response_are_two_packets(port):
    make, file = port
    (answer,) = make("linux").handle(RATE_GET)
    (one, two) = packets(file.read_bytes())
    # agent 1, direction, the version of the clock protocol in release 3.2
    assert (one[0], one[1], one[3]) == ("linux", 1, bytes.fromhex("0100000000000300") + RATE_GET)
    assert (two[0], two[1], two[3]) == ("linux", 2, bytes.fromhex("0101000000000300") + answer)


def test_times_are_of_the_day_and_in_order(port, monkeypatch):
    make, file = port
    clock = iter([1_800_000_000_123_456_789, 1_800_000_000_123_456_790])
    monkeypatch.setattr("time.time_ns", lambda: next(clock))
    make("linux").handle(RATE_GET)
    times = [time for _, _, time, _ in packets(file.read_bytes())]
    assert times == [1_800_000_000_123_456_789, 1_800_000_000_123_456_790]


def test_each_agent_is_an_interface(port):
    make, file = port
    ports = [make("linux"), make("vm1")]
    for each in (*ports, ports[0]):
        each.handle(RATE_GET)
    names = [name for name, direction, _, _ in packets(file.read_bytes()) if direction == 1]
    assert names == ["linux", "vm1", "linux"]


def test_notifications_are_sent_by_the_platform(port):
    make, file = port
    linux = make("linux")
    linux.agent.session.push_event(notification(POWER, 0, 2, 0, 0))
    linux.take_events()
    ((_, direction, _, data),) = packets(file.read_bytes())
    # the power domain protocol is at 3.1 in release 3.2
    assert (direction, data[:8].hex()) == (2, "0101000001000300")
    assert data[8:] == notification(POWER, 0, 2, 0, 0)


def test_messages_that_cannot_be_taken_apart_are_captured(port):
    make, file = port
    for message in (b"", b"\x01", request(0x7F, 0), request(CLOCK, 0xFF, 1, 2, 3)):
        make("linux").handle(message)
    sent = [data[8:] for _, direction, _, data in packets(file.read_bytes()) if direction == 1]
    assert sent == [b"", b"\x01", request(0x7F, 0), request(CLOCK, 0xFF, 1, 2, 3)]


def test_a_capture_ends_at_its_limit_with_a_whole_block(platform, tmp_path):
    log: list[str] = []
    file = tmp_path / "it.pcapng"
    port = Port(platform.server.agent("linux"), [Capture(file, log.append, most=300)])
    for _ in range(10):
        assert port.handle(RATE_GET)
    assert 0 < len(packets(file.read_bytes())) < 20
    assert file.stat().st_size <= 300
    assert log == ["capture: the file has its greatest size; capturing stops"]


def test_a_reader_that_does_not_read_blocks_nothing(platform, tmp_path):
    log: list[str] = []
    file = tmp_path / "fifo"
    os.mkfifo(file)
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    port = Port(platform.server.agent("linux"), [Capture(file, log.append)])
    for _ in range(2000):  # a pipe has 64 KiB
        assert port.handle(RATE_GET)
    assert log == ["capture: its reader is too slow; capturing stops"]
    os.close(reader)


def test_a_capture_on_a_full_disk_ends_and_stops_nothing(platform):
    log: list[str] = []
    port = Port(platform.server.agent("linux"), [Capture(Path("/dev/full"), log.append)])
    for _ in range(2):
        assert port.handle(RATE_GET)
    assert log == ["capture: No space left on device; capturing stops"]


def test_a_served_session_is_captured_until_the_server_stops(board_path, tmp_path):
    url, file = f"unix:{tmp_path}/linux", tmp_path / "it.pcapng"
    with serving(board_path, "--listen", f"linux={url}", "--capture", file) as server:
        with Client(url) as client:
            assert client.clock_rate(0) == 24_000_000
        sent = packets(file.read_bytes())  # it can be read meanwhile
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    assert (sent[-1][0], sent[-1][3][-8:]) == ("linux", (24_000_000).to_bytes(8, "little"))
    assert packets(file.read_bytes())[: len(sent)] == sent
