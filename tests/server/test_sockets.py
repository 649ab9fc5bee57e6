"""The server behind real sockets, as other programs meet it."""

import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest
from patience import PATIENCE
from scmi_wire import CLOCK, DENIED, OFF, ON, POWER, notification, request, words
from server_running import Running, serving

from scmigen.server.transports import TransportError
from scmigen.server.transports import sockets as transport

RATE_GET = request(CLOCK, 6, 0)
RATE = RATE_GET[:4] + words(0, 24_000_000, 0)
TYPES = {"unix": socket.SOCK_SEQPACKET, "unix-stream": socket.SOCK_STREAM}


@pytest.fixture
def sockets(tmp_path):
    return {name: tmp_path / f"{name}.sock" for name in ("linux", "vm1")}


@pytest.fixture(params=["unix", "unix-stream"])
def scheme(request):
    return request.param


@pytest.fixture
def service(board, sockets, scheme):
    urls = {name: f"{scheme}:{path}" for name, path in sockets.items()}
    with Running(board, urls).running() as running:
        yield running


class Peer:
    """A bare client: frames as the transport has them, nothing else."""

    def __init__(self, scheme, path):
        self.socket = socket.socket(socket.AF_UNIX, TYPES[scheme])
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.stream = scheme == "unix-stream"

    def framed(self, message):
        return words(len(message)) + message if self.stream else message

    def send(self, message):
        self.socket.sendall(self.framed(message))

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            assert part, "closed"
            data += part
        return data

    def receive(self):
        if not self.stream:
            return self.socket.recv(4096)
        return self.exactly(int.from_bytes(self.exactly(4), "little"))

    def ask(self, message):
        self.send(message)
        return self.receive()

    def closed(self):
        """Whether the server has ended the connection."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.mark.usefixtures("service")
def test_each_path_is_one_agent(sockets, scheme):
    with Peer(scheme, sockets["linux"]) as linux, Peer(scheme, sockets["vm1"]) as vm1:
        assert linux.ask(RATE_GET) == RATE
        refused = vm1.ask(request(CLOCK, 7, 2, 1, 0))
        assert refused[4:] == words(0)
        assert vm1.ask(request(CLOCK, 5, 0, 1, 5, 0))[4:] == words(DENIED)


@pytest.mark.usefixtures("service")
def test_many_messages_at_once_are_answered_in_order(sockets, scheme):
    messages = [request(CLOCK, 6, 0, token=number) for number in range(100)]
    with Peer(scheme, sockets["linux"]) as linux:
        for message in messages:
            linux.send(message)
        for message in messages:
            assert linux.receive() == message[:4] + RATE[4:]


@pytest.mark.parametrize("busy", [True, False])
def test_a_server_of_one_agent_ends_when_it_is_told(board_path, sockets, scheme, busy):
    """The server waits for that agent alone: while messages come one after the other, and when they
    no longer do."""
    with (
        serving(board_path, "--listen", f"linux={scheme}:{sockets['linux']}") as process,
        Peer(scheme, sockets["linux"]) as linux,
    ):
        for _ in range(100):
            assert linux.ask(RATE_GET) == RATE
        process.send_signal(signal.SIGTERM)
        with suppress(AssertionError, OSError):
            while busy and process.poll() is None:
                assert linux.ask(RATE_GET) == RATE
        assert process.wait(PATIENCE) == 0


def test_a_kernel_that_limits_no_wait(monkeypatch, board, sockets, scheme):
    """It takes no time of this form: 0 s and 2,000,000 µs."""
    monkeypatch.setattr(transport, "_MOMENT", 2_000_000)
    with (
        Running(board, {"linux": f"{scheme}:{sockets['linux']}"}).running(),
        Peer(scheme, sockets["linux"]) as linux,
    ):
        for _ in range(3):
            assert linux.ask(RATE_GET) == RATE


@pytest.mark.usefixtures("service")
def test_a_flood_does_not_starve_the_other(sockets, scheme):
    """One client sends for ever and reads nothing; the other is served."""
    with Peer(scheme, sockets["linux"]) as flood, Peer(scheme, sockets["vm1"]) as vm1:
        flood.socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                flood.socket.send(flood.framed(RATE_GET))
        for _ in range(20):
            assert vm1.ask(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
        # and what was asked is answered, once it is read
        flood.socket.settimeout(PATIENCE)
        for _ in range(50):
            assert flood.receive() == RATE


@pytest.mark.usefixtures("service")
def test_votes_end_with_the_connection(sockets, scheme):
    with Peer(scheme, sockets["vm1"]) as vm1:
        with Peer(scheme, sockets["linux"]) as linux:
            assert linux.ask(request(POWER, 4, 0, 0, ON))[4:] == words(0)
            assert vm1.ask(request(POWER, 6, 0, 1))[4:] == words(0)
        assert vm1.receive() == notification(POWER, 0, 1, 0, OFF)


@pytest.mark.usefixtures("service")
def test_a_second_client_waits_for_the_first(sockets, scheme):
    with Peer(scheme, sockets["linux"]) as first:
        assert first.ask(request(POWER, 4, 0, 0, ON))[4:] == words(0)
        second = Peer(scheme, sockets["linux"])
        second.send(request(POWER, 5, 0))
        assert first.ask(request(POWER, 5, 0))[4:] == words(0, ON)
    with second:
        assert second.receive()[4:] == words(0, OFF)  # the first one's vote is gone


@pytest.mark.parametrize("size", [1, 3, 133, 5000])
def test_a_wrong_length_ends_that_connection_only(service, sockets, scheme, size):
    with Peer(scheme, sockets["linux"]) as linux, Peer(scheme, sockets["vm1"]) as vm1:
        assert vm1.ask(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
        linux.send(bytes(size))
        assert linux.closed()
        assert vm1.ask(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
    what = "a packet that is not 4 to 132 bytes long" if scheme == "unix" else None
    assert service.logged(f"linux: sent {what or 'a length that is not 4 to 132'}")
    with Peer(scheme, sockets["linux"]) as again:
        assert again.ask(RATE_GET) == RATE


@pytest.mark.parametrize("scheme", ["unix-stream"], indirect=True)
def test_a_stream_may_come_in_pieces(service, sockets, scheme):
    framed = words(len(RATE_GET)) + RATE_GET
    with Peer(scheme, sockets["linux"]) as linux:
        for at in range(len(framed)):
            linux.socket.sendall(framed[at : at + 1])
            time.sleep(0.002)
        assert linux.receive() == RATE
        linux.socket.sendall(framed + framed[:6])
        assert linux.receive() == RATE
    assert service.logged("linux: closed in the middle of a message")


def test_socket_files_are_for_the_owner_and_go(board, sockets, scheme):
    urls = {name: f"{scheme}:{path}" for name, path in sockets.items()}
    with Running(board, urls).running():
        for path in sockets.values():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(path.exists() for path in sockets.values())


def test_a_stale_socket_file_is_replaced(board, sockets, scheme):
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(sockets["linux"]))
    left.close()
    running = Running(board, {"linux": f"{scheme}:{sockets['linux']}"})
    with running.running(), Peer(scheme, sockets["linux"]) as linux:
        assert linux.ask(RATE_GET) == RATE


@pytest.mark.parametrize("other", list(TYPES.values()), ids=list(TYPES))
def test_a_socket_somebody_listens_at_is_left_alone(board, sockets, scheme, other):
    with socket.socket(socket.AF_UNIX, other) as listener:
        listener.bind(str(sockets["linux"]))
        listener.listen()
        with pytest.raises(TransportError, match="another server is listening there"):
            Running(board, {"linux": f"{scheme}:{sockets['linux']}"})
        assert sockets["linux"].exists()


def test_a_file_that_is_no_socket_is_left_alone(board, sockets, scheme):
    sockets["vm1"].write_text("mine")
    urls = {name: f"{scheme}:{path}" for name, path in sockets.items()}
    with pytest.raises(TransportError, match="exists and is not a socket"):
        Running(board, urls)
    assert sockets["vm1"].read_text() == "mine"
    assert not sockets["linux"].exists()  # what was opened before is closed again


@pytest.mark.parametrize(
    "url",
    ["linux", "tcp:1", "unix:", "unix:" + "x" * 200, "unix:a\0b"],
    ids=["no scheme", "unknown scheme", "no path", "path too long", "path with a NUL"],
)
def test_an_invalid_url_is_refused_without_a_file(board, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TransportError):
        Running(board, {"linux": url})


# The command line

SERVE = "import sys; from scmigen.cli.front import main; sys.argv.insert(1, 'serve'); main()"


@contextmanager
def command(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_its_agents_and_cleans_up_on_a_signal(board_path, tmp_path, number):
    directory = tmp_path / "sockets"
    stream = tmp_path / "vm1"
    options = ["--directory", directory, "--listen", f"2=unix-stream:{stream}"]
    with command(board_path, *options) as process:
        lines = []
        while not lines or lines[-1] != "ready\n":
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        assert [line.split(":")[0] for line in lines] == [
            "vm1 (agent 2) at unix-stream",
            "linux (agent 1) at unix",
            "hypervisor (agent 3) at unix",
            "ready\n",
        ]
        assert {path.name for path in directory.iterdir()} == {"hypervisor.sock", "linux.sock"}
        with Peer("unix-stream", stream) as vm1, Peer("unix", directory / "linux.sock") as linux:
            assert linux.ask(RATE_GET) == RATE
            assert vm1.ask(request(CLOCK, 5, 0, 1, 5, 0))[4:] == words(DENIED)
            process.send_signal(number)
            _, log = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "refused: vm1: CLOCK_RATE_SET on clock 1 (bus): DENIED\n" in log
        assert not list(directory.iterdir())
        assert not stream.exists()


@pytest.mark.parametrize(
    ("arguments", "status", "words_of_the_error"),
    [
        ([], 2, "nowhere to listen"),
        (["--listen", "nobody=unix:x"], 2, "known: linux, vm1, hypervisor"),
        (["--listen", "linux=unix:x", "--listen", "1=unix:y"], 2, "already has a URL"),
        (["--listen", "linux=unix:x", "--listen", "vm1=unix:x"], 2, "another agent"),
        (
            ["--listen", "linux=tcp:x"],
            2,
            "known: unix:PATH, unix-stream:PATH, unix-dgram:PATH",
        ),
        (["--listen", "linux=unix:/no/such/place/x"], 1, "No such file or directory"),
    ],
    ids=[
        "no URL",
        "unknown agent",
        "two URLs for one agent",
        "one URL for two agents",
        "unknown scheme",
        "no such directory",
    ],
)
def test_serve_refuses_wrong_usage_with_its_exit_status(
    board_path, arguments, status, words_of_the_error, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with command(board_path, *arguments) as process:
        _, log = process.communicate(timeout=PATIENCE)
        assert process.returncode == status
        assert words_of_the_error in log
        assert "Traceback" not in log


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[" * 100_000, b"\xff\xfe"],
    ids=["empty", "no content", "nested", "not UTF-8"],
)
def test_serve_refuses_an_invalid_configuration(content, tmp_path):
    path = tmp_path / "runtime.json"
    path.write_bytes(content)
    with command(path, "--listen", f"linux=unix:{tmp_path}/x") as process:
        _, log = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert log.startswith("Error: ")
        assert "Traceback" not in log
