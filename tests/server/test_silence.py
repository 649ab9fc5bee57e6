"""Clients that send nothing, or half a message. The loop is turned by hand, and so is the clock."""

import io
import socket
from pathlib import Path

import pytest
from patience import PATIENCE
from scmi_wire import CLOCK, request, words
from server_running import Running
from smt_client import Areas
from vhost_front_end import FrontEnd

from scmigen.server.port import Trace
from scmigen.server.transports import UrlError
from scmigen.server.transports.address import Address
from scmigen.server.transports.silence import Rest

SECOND = 1_000_000_000
RATE_GET = request(CLOCK, 6, 1)
FRAME = words(len(RATE_GET)) + RATE_GET
RATE = RATE_GET[:4] + words(0, 200_000_000, 0)


class Hosted:
    """A server whose loop and clock a test turns. A turn must have something to do."""

    def __init__(self, board, url, records):
        self.now = SECOND
        self.running = Running(board, {"linux": url}, records, now=lambda: self.now)
        self.turn = self.running.service.loop.turn

    def after(self, seconds):
        self.now += int(seconds * SECOND)

    @property
    def last(self):
        return self.running.log[-1]


@pytest.fixture
def hosted(board):
    started = []

    def start(url, records=()):
        started.append(Hosted(board, url, records))
        return started[-1]

    yield start
    for it in started:
        it.running.service.close()


def connect(path, kind):
    found = socket.socket(socket.AF_UNIX, kind)
    if kind == socket.SOCK_DGRAM:
        found.bind("")
    found.settimeout(PATIENCE)
    found.connect(str(path))
    return found


@pytest.fixture
def stream(hosted, tmp_path):
    """A server with a client on a stream."""
    server = hosted(f"unix-stream:{tmp_path}/s")
    with connect(tmp_path / "s", socket.SOCK_STREAM) as client:
        server.turn()
        server.client = client
        yield server


def sent(server, data):
    server.client.sendall(data)
    server.turn()


def test_half_a_message_ends_the_connection(stream, tmp_path):
    """5 s after its beginning, even if bytes go on coming; then the agent is free again."""
    for byte in FRAME[:4]:
        sent(stream, bytes([byte]))
        stream.after(1)
    sent(stream, FRAME[4:5])
    stream.after(1)
    stream.turn()
    assert stream.client.recv(10) == b""
    assert stream.last == "linux: sent half a message, and not the rest within 5 s"
    with connect(tmp_path / "s", socket.SOCK_STREAM) as client:
        stream.turn()
        client.sendall(FRAME)
        stream.turn()
        assert client.recv(100)[4:] == RATE


def test_what_follows_a_message_is_one_too(stream):
    sent(stream, FRAME + FRAME[:3])
    assert stream.client.recv(100)[4:] == RATE
    stream.after(5)
    stream.turn()
    assert stream.client.recv(10) == b""


def test_a_message_may_come_in_pieces(stream):
    for _ in range(3):
        sent(stream, FRAME[:3])
        stream.after(4)
        sent(stream, FRAME[3:] + FRAME[:1])
        assert stream.client.recv(100)[4:] == RATE
        stream.after(4)
        sent(stream, FRAME[1:])
        assert stream.client.recv(100)[4:] == RATE
    stream.after(86_400)  # between messages a client may be silent
    sent(stream, FRAME)
    assert stream.client.recv(100)[4:] == RATE


def test_how_long_the_rest_may_take_can_be_chosen(hosted, tmp_path):
    server = hosted(f"unix-stream:{tmp_path}/s,partial=0.5")
    with connect(tmp_path / "s", socket.SOCK_STREAM) as server.client:
        server.turn()
        sent(server, b"a")
        server.after(0.5)
        server.turn()
        assert server.last == "linux: sent half a message, and not the rest within 0.5 s"


def test_a_client_that_is_not_read_from_is_not_late():
    class Loop:
        def later(self, _, call):
            self.call = call

    loop, reasons, blocked = Loop(), [], True
    rest = Rest(loop, 5_000_000, reasons.append, lambda: blocked)
    rest.expect()
    for _ in range(3):
        loop.call()
    assert not reasons
    blocked = False
    loop.call()
    assert len(reasons) == 1


def test_half_a_request_of_a_virtual_machine(hosted, tmp_path):
    server = hosted(f"vhost-user:{tmp_path}/v")
    for half in (b"\1\0\0", words(3, 1, 8), words(3, 1, 8) + b"abc"):
        with connect(tmp_path / "v", socket.SOCK_STREAM) as server.client:
            server.turn()
            sent(server, half)
            server.after(5)
            server.turn()
            assert server.client.recv(10) == b""
            assert server.last == "linux: sent half a message, and not the rest within 5 s"


def packets(path):
    return connect(path, socket.SOCK_SEQPACKET)


def a_stream(path):
    return connect(path, socket.SOCK_STREAM)


def datagrams(path):
    found = connect(path, socket.SOCK_DGRAM)
    found.send(RATE_GET)  # its first message connects it
    return found


@pytest.mark.parametrize(
    ("scheme", "client"),
    [
        ("unix", packets),
        ("unix-stream", a_stream),
        ("unix-dgram", datagrams),
        ("smt", Areas),
        ("vhost-user", FrontEnd),
    ],
)
def test_a_silent_client_is_disconnected_if_the_url_says_so(hosted, tmp_path, scheme, client):
    """And leaves the agent to the next one."""
    server = hosted(f"{scheme}:{tmp_path}/s,idle=600")
    for _ in range(2):
        connected = client(tmp_path / "s")
        server.turn()
        server.after(600)
        server.turn()
        assert server.last == "linux: sent nothing for 600 s"
        connected.close()


@pytest.mark.parametrize("records", [(), [Trace(io.StringIO())]], ids=["", "traced"])
def test_every_message_counts(hosted, tmp_path, records):
    server = hosted(f"unix:{tmp_path}/s,idle=600", records)
    with packets(tmp_path / "s") as server.client:
        server.turn()
        for _ in range(5):
            server.after(599)
            sent(server, RATE_GET)
            assert server.client.recv(100) == RATE
        assert server.last.startswith("linux: connected")
        server.after(600)
        server.turn()
        assert server.last == "linux: sent nothing for 600 s"


def test_by_default_silence_is_fine(hosted, tmp_path):
    server = hosted(f"unix:{tmp_path}/s")
    with packets(tmp_path / "s") as server.client:
        server.turn()
        server.after(7 * 86_400)
        sent(server, RATE_GET)
        assert server.client.recv(100) == RATE


def test_a_client_without_room_is_tried_less_and_less(hosted, tmp_path):
    """After 2, 4, 8, 16, 32 and each 50 ms. When it reads, it gets everything, and the server is as
    quick as before."""
    server = hosted(f"unix-dgram:{tmp_path}/s")
    loop = server.running.service.loop

    def tries(seconds):
        count, end = 0, server.now + int(seconds * SECOND)
        while (left := loop._own.next_due()) is not None and server.now + left <= end:
            server.now += left
            server.turn()
            count += 1
        return count

    with connect(tmp_path / "s", socket.SOCK_DGRAM) as server.client:
        for _ in range(2):
            sends = 0
            while loop._own.next_due() is None:  # its receive queue has room
                sent(server, RATE_GET)
                sends += 1
            assert tries(0.062) == 5
            assert tries(10) == 200
            for _ in range(sends - 1):
                assert server.client.recv(100) == RATE
            assert tries(0.05) == 1
            assert server.client.recv(100) == RATE


@pytest.mark.parametrize("key", ["idle", "partial"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "nan", "inf", "86401"])
def test_a_time_is_some_seconds(key, value):
    with pytest.raises(UrlError, match=f"^{key}={value}: give seconds, 0.001 to 86400$"):
        Address.of("/a", {key: value})


def test_options_are_those_of_the_url():
    options = {"partial": "2.5", "idle": "60", "mode": "0660"}
    assert Address.of("/a,b", options) == Address(Path("/a,b"), 0o660, None, 60_000_000, 2_500_000)
