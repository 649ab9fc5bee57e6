"""Servers that are not what the URL says, or that go away."""

import itertools
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from patience import PATIENCE, open_files
from server_running import Running, serving

from scmigen import runtime
from scmigen.client import Client, ClientError, wire
from scmigen.scmi.protocols import Protocol

BOARD = Path(__file__).parent.parent / "server" / "board.json"
CLIENT = "import sys; from scmigen.cli.front import main; sys.argv.insert(1, 'client'); main()"
KINDS = {
    "unix": socket.SOCK_SEQPACKET,
    "unix-stream": socket.SOCK_STREAM,
    "unix-dgram": socket.SOCK_DGRAM,
}


@pytest.fixture(scope="module")
def board():
    return runtime.decode(BOARD.read_bytes())


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Looks whether the server is still there come soon."""
    monkeypatch.setattr(wire, "_LOOK", 0.01)


@pytest.mark.parametrize(
    "url",
    [
        "unix:{}",
        "unix-stream:{}",
        "unix-dgram:{}",
        "smt:{}",
        "smt:{},ring=eventfd",
        "smt:memfd,ring=eventfd,doorbell={}",
    ],
)
def test_a_client_that_waits_sees_that_the_server_has_gone(board, tmp_path, url):
    url = url.format(tmp_path / "linux")
    with Running(board, {"linux": url}).running():
        client = Client(url)
        assert client.clock_rate(0) == 24_000_000
    with client, pytest.raises(ClientError, match="closed"):
        client.next_event(60)


def test_a_vote_that_is_held_ends_with_the_server(tmp_path):
    command = [sys.executable, "-c", CLIENT, f"unix:{tmp_path}/s", "power", "set", "0", "on"]
    with serving(BOARD, "--listen", f"linux=unix:{tmp_path}/s") as server:
        process = subprocess.Popen(
            [*command, "--hold", "600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "power domain 0: on\n"
        server.kill()
    assert process.communicate(timeout=60)[1] == (
        f"Error: unix:{tmp_path}/s: the server closed the connection\n"
    )
    assert process.returncode == 1


@pytest.mark.parametrize("there", ["nothing", "another"])
def test_a_datagram_server_that_was_killed_has_gone(tmp_path, there):
    """Its socket file is left."""
    path = tmp_path / "s"
    server = bound(path, socket.SOCK_DGRAM)
    with Client(f"unix-dgram:{path}") as client:
        assert client.next_event(0.05) is None
        server.close()
        if there == "another":
            path.rename(tmp_path / "old")
            server = bound(path, socket.SOCK_DGRAM)
        with pytest.raises(ClientError, match="the server has closed or replaced its socket"):
            client.next_event(60)
        server.close()


def bound(path, kind):
    """A socket there, of a server or of one that is gone (if it is closed)."""
    found = socket.socket(socket.AF_UNIX, kind)
    found.bind(str(path))
    if kind != socket.SOCK_DGRAM:
        found.listen()
    return found


def refusal(url):
    with pytest.raises(ClientError) as found:
        Client(url, PATIENCE)
    return str(found.value)


WORDS = {
    "unix": "a seqpacket socket, whose URL is unix:{}",
    "unix-stream": "a stream socket, whose URL is unix-stream:{}, or that of a virtual machine",
    "unix-dgram": "a datagram socket, whose URL is unix-dgram:{}",
}


@pytest.mark.parametrize(("given", "there"), [*itertools.permutations(KINDS, 2)])
def test_a_socket_of_another_kind_is_told_with_its_url(tmp_path, given, there):
    path = tmp_path / "s"
    with bound(path, KINDS[there]):
        words = WORDS[there].format(path)
        assert refusal(f"{given}:{path}") == f"no server at {given}:{path}: it is {words}"
        assert refusal(f"smt:{path}") == f"no server at smt:{path}: {path} is {words}"


@pytest.mark.parametrize("scheme", ["unix", "unix-dgram"])
def test_a_doorbell_is_told_from_other_sockets(board, tmp_path, scheme):
    with Running(board, {"linux": f"smt:{tmp_path}/memory"}).running():
        assert refusal(f"{scheme}:{tmp_path}/memory.doorbell").endswith(
            f"it is the doorbell of shared memory, whose URL is smt:{tmp_path}/memory"
        )


@pytest.mark.parametrize("url", ["smt:{0}/s,doorbell={0}/linux", "vhost-user:{0}/linux"])
def test_a_stream_socket_that_does_not_answer_may_be_of_another_kind(board, tmp_path, url):
    given = f"unix-stream:{tmp_path}/linux"
    with (
        Running(board, {"linux": url.format(tmp_path)}).running(),
        Client(given, timeout=0.2) as client,
        pytest.raises(ClientError) as found,
    ):
        client.version(Protocol.CLOCK)
    assert str(found.value).endswith(
        "; or it belongs to shared memory (smt:) or to a virtual machine (vhost-user:)"
    )


@pytest.mark.parametrize("scheme", KINDS)
def test_what_is_no_socket_is_told(tmp_path, scheme):
    (tmp_path / "file").write_bytes(bytes(512))
    os.mkfifo(tmp_path / "fifo")
    bound(tmp_path / "left", KINDS[scheme]).close()
    for name, words in {
        "file": f"it is a file, not a socket; shared memory has the URL smt:{tmp_path}/file",
        "fifo": "it is a device or FIFO, not a socket",
        "": "it is a directory, not a socket",
        "left": "a server was listening there, and does so no longer",
        "none": "No such file or directory",
    }.items():
        url = f"{scheme}:{tmp_path / name}"
        assert refusal(url) == f"no server at {url}: {words}"


def test_a_doorbell_that_is_missing_or_none_is_named(tmp_path):
    memory, bell = tmp_path / "memory", tmp_path / "memory.doorbell"
    memory.write_bytes(bytes(512))
    url = f"smt:{memory}"
    assert refusal(url) == f"no server at {url}: doorbell {bell}: No such file or directory"
    with bound(bell, socket.SOCK_SEQPACKET):
        assert refusal(url).endswith(
            f": doorbell {bell}: it is a seqpacket socket, whose URL is unix:{bell}"
        )


@pytest.mark.parametrize("scheme", ["unix", "unix-stream"])
def test_files_that_come_with_answers_are_not_kept(tmp_path, scheme):
    length = b"\x0c\0\0\0" if scheme == "unix-stream" else b""
    listener = bound(tmp_path / "s", KINDS[scheme])

    def serve():
        connection, _ = listener.accept()
        with connection:
            while message := connection.recv(200):
                answer = length + message[len(length) :] + bytes(8)
                socket.send_fds(connection, [answer], [connection.fileno()] * 50)

    thread = threading.Thread(target=serve)
    thread.start()
    with listener, Client(f"{scheme}:{tmp_path}/s") as client:
        assert client.command(0x14, 0) == (0, bytes(4))
        before = open_files()
        for _ in range(20):
            assert client.command(0x14, 0) == (0, bytes(4))
            assert open_files() <= before
    thread.join()
