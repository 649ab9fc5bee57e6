"""The timeout holds whatever the platform does, over every transport."""

import contextlib
import os
import re
import signal
import socket
import struct
import threading
import time

import pytest
from click.testing import CliRunner
from scmi_wire import CLOCK, notification, request, words

from scmigen.cli.main import cli
from scmigen.client import Client, ClientError
from scmigen.scmi.protocols import Protocol

SHORT = 0.15
#: After this long a server gives up, and the test fails: the client has not.
WATCHDOG = 30
OTHER = request(CLOCK, 6, 0, token=0x3FF)
EVENT = notification(CLOCK, 0, 1, 2, 3, 4)


@pytest.fixture
def hostile(tmp_path):
    """``hostile(kind, act)`` listens and calls ``act(connection)`` again and again for the first
    client, until it is gone. Returns the path."""
    threads = []

    def start(kind, act, first=None):
        path = tmp_path / "hostile"
        listener = socket.socket(socket.AF_UNIX, kind)
        listener.bind(str(path))
        if kind != socket.SOCK_DGRAM:
            listener.listen()

        def run():
            with listener, contextlib.suppress(OSError):
                if kind == socket.SOCK_DGRAM:
                    _, peer = listener.recvfrom(100)
                    listener.connect(peer)
                    connection = listener
                else:
                    connection, _ = listener.accept()
                with connection:
                    if first is not None:
                        first(connection)
                    end = time.monotonic() + WATCHDOG
                    while time.monotonic() < end:
                        act(connection)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return path

    yield start
    for thread in threads:
        thread.join(2 * WATCHDOG)
        assert not thread.is_alive()


def framed(data, length=None):
    return struct.pack("<I", len(data) if length is None else length) + data


def sending(data, pause=0.0):
    def act(connection):
        connection.send(data)
        time.sleep(pause)

    return act


def silent(connection):
    """Until the client is gone."""
    connection.settimeout(WATCHDOG)
    if not connection.recv(100):
        raise OSError


PACKETS, STREAM, DATAGRAMS = socket.SOCK_SEQPACKET, socket.SOCK_STREAM, socket.SOCK_DGRAM
LATE = rf"^unix.*: no answer within {SHORT:g} s; "
#: On a machine with much to do, not even the first answer may have come.
OVER = rf"(not done within {SHORT:g} s, after \d+ messages|no answer within {SHORT:g} s); "


@pytest.mark.parametrize(
    ("scheme", "kind", "act", "told"),
    [
        ("unix", PACKETS, silent, LATE),
        ("unix", PACKETS, sending(EVENT), LATE),
        ("unix", PACKETS, sending(OTHER), LATE),
        ("unix", PACKETS, sending(EVENT.ljust(4097, b"\0")), "a message of more than 4096 bytes"),
        ("unix-dgram", DATAGRAMS, sending(EVENT), LATE),
        ("unix-dgram", DATAGRAMS, sending(OTHER), LATE),
        ("unix-stream", STREAM, sending(framed(EVENT)), LATE),
        ("unix-stream", STREAM, sending(framed(OTHER)), LATE),
        ("unix-stream", STREAM, sending(framed(b"", 0)), "a message without a header"),
        ("unix-stream", STREAM, sending(framed(b"", 4097)), "a message of 4097 bytes"),
        ("unix-stream", STREAM, sending(b"\xff\xff\xff\xff"), "a message of 4294967295 bytes"),
    ],
    ids=[
        "packets: nothing",
        "packets: events without end",
        "packets: other tokens without end",
        "packets: a long one",
        "datagrams: events without end",
        "datagrams: other tokens without end",
        "stream: events without end",
        "stream: other tokens without end",
        "stream: empty frames",
        "stream: a frame that is too long",
        "stream: the longest length",
    ],
)
def test_a_command_ends(hostile, scheme, kind, act, told):
    url = f"{scheme}:{hostile(kind, act)}"
    patience = SHORT if told in (LATE, OVER) else WATCHDOG
    with Client(url, patience) as client, pytest.raises(ClientError, match=told):
        client.version(Protocol.CLOCK)
    assert len(client.events) <= 1024


@pytest.mark.parametrize("pause", [0.0005, 0.03], ids=["fast", "slow"])
def test_a_frame_that_comes_byte_by_byte(hostile, pause):
    """4096 bytes of a frame: neither ends the command, nor is waited for."""
    path = hostile(STREAM, sending(b"\0", pause), sending(struct.pack("<I", 4096)))
    with Client(f"unix-stream:{path}", SHORT) as client, pytest.raises(ClientError, match=LATE):
        client.version(Protocol.CLOCK)


def test_half_a_frame_and_the_end(hostile):
    def half(connection):
        connection.send(framed(OTHER)[:6])
        connection.shutdown(socket.SHUT_WR)

    path = hostile(STREAM, silent, half)
    told = "the server closed the connection"
    with Client(f"unix-stream:{path}", WATCHDOG) as client, pytest.raises(ClientError, match=told):
        client.version(Protocol.CLOCK)


@pytest.fixture
def memory(tmp_path):
    """Shared memory with a free command slot."""
    path = tmp_path / "memory"
    path.write_bytes(words(0, 1).ljust(0x200, b"\0"))
    return path


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (words(0, 1), f"no answer within {SHORT:g} s"),
        (words(0, 0), f"no answer within {SHORT:g} s"),
        (b"", "the shared memory was truncated"),
    ],
    ids=["rings without end", "a slot that is never free", "no memory"],
)
def test_shared_memory_that_rings_for_ever(hostile, memory, contents, told):
    memory.write_bytes(contents.ljust(0x200, b"\0") if contents else b"")
    path = hostile(STREAM, sending(b"S", 0.0005))
    url = f"smt:{memory},p2a=none,doorbell={path}"
    with Client(url, SHORT) as client, pytest.raises(ClientError, match=told):
        client.version(Protocol.CLOCK)


@pytest.mark.parametrize("count", [0, 2**64 - 2], ids=["rings without end", "full counter"])
def test_eventfds(hostile, memory, count):
    """The server decides that writing blocks."""
    to_server, from_server = files = [os.eventfd(0) for _ in range(2)]
    os.eventfd_write(to_server, count)

    def send_files(connection):
        socket.send_fds(connection, [b"S"], files)
        connection.setblocking(False)

    def ring(connection):
        os.eventfd_write(from_server, 1)
        time.sleep(0.0005)
        with contextlib.suppress(BlockingIOError):
            if not connection.recv(1):
                raise OSError

    path = hostile(STREAM, ring, send_files)
    url = f"smt:{memory},ring=eventfd,p2a=none,doorbell={path}"
    told = f"no answer within {SHORT:g} s"
    with Client(url, WATCHDOG) as client:
        client.timeout = SHORT  # the files have come
        with pytest.raises(ClientError, match=told):
            client.version(Protocol.CLOCK)


@pytest.mark.parametrize("kinds", ["mp", "pe", "em", ""], ids=str)
def test_files_that_might_block_are_refused(hostile, memory, kinds):
    """m: a memfd, e: an eventfd, p: a pipe; two eventfds are expected, or a memfd."""
    made = {
        "m": lambda: os.memfd_create("x"),
        "e": lambda: os.eventfd(0),
        "p": lambda: os.pipe()[0],
    }
    files = [made[kind]() for kind in kinds]
    path = hostile(STREAM, silent, lambda it: socket.send_fds(it, [b"S"], files) if files else None)
    told = "sent a doorbell that is not an eventfd" if kinds else "sent 0 files in place of 2"
    url = f"smt:{memory},ring=eventfd,p2a=none,doorbell={path}"
    with pytest.raises(ClientError, match=told):
        Client(url, WATCHDOG if kinds else SHORT)
    for file in files:
        os.close(file)


def test_memory_that_might_block_is_refused(hostile):
    here, there = os.pipe()
    path = hostile(STREAM, silent, lambda it: socket.send_fds(it, [b"S"], [here]))
    with pytest.raises(ClientError, match="sent memory that is not a memfd"):
        Client(f"smt:memfd,p2a=none,doorbell={path}", WATCHDOG)
    os.close(here)
    os.close(there)


def test_a_full_backlog_is_waited_for(tmp_path):
    """The kernel says "try again" at once, and no event tells when."""
    path = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX, PACKETS) as listener:
        listener.bind(path)
        listener.listen(0)
        with socket.socket(socket.AF_UNIX, PACKETS) as first:
            first.connect(path)
            told = f"unix:{path}: no connection within {SHORT:g} s: too many clients"
            with pytest.raises(ClientError, match=told):
                Client(f"unix:{path}", SHORT)
            accepting = threading.Timer(0.05, lambda: listener.accept()[0].close())
            accepting.start()
            Client(f"unix:{path}", WATCHDOG).close()
            accepting.join()


def honest_but_large(message):
    """65535 clocks, and every notification is granted."""
    word = int.from_bytes(message[:4], "little")
    protocol, number = word >> 10 & 0xFF, word & 0xFF
    if number == 0:
        return [message[:4] + words(0, 0x20000)]
    if number == 1:
        return [message[:4] + (words(0, 1) if protocol == 0x10 else words(0, 0xFFFF))]
    if (protocol, number) == (0x10, 6):
        return [message[:4] + words(0, 1, CLOCK)]
    if (protocol, number) == (CLOCK, 6):
        return [message[:4] + words(0, 1000, 0)]
    if (protocol, number) == (CLOCK, 3):
        return [message[:4] + words(0, 0, "clock", 0)]
    return [message[:4] + words(0)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--timeout", f"{SHORT}", "URL", "clock", "list"],
        ["--timeout", f"{SHORT}", "URL", "watch"],
        ["URL", "watch", "--seconds", f"{SHORT}"],
    ],
    ids=["a list", "watch", "watch for some seconds"],
)
def test_the_timeout_is_of_the_whole_command(scripted, arguments):
    """Each answer comes in time, all of them do not."""
    url = scripted(honest_but_large)
    arguments = [url if it == "URL" else it for it in arguments]
    result = CliRunner().invoke(cli, ["client", *arguments])
    assert result.exit_code == 1
    assert re.search(OVER, result.stderr)
    assert result.stderr.count("\n") == 1


def test_events_do_not_prolong_a_watch(scripted):
    """To print an event, the version of its protocol is needed; the platform does not say it."""

    def answer(message):
        word = int.from_bytes(message[:4], "little")
        if word >> 10 & 0xFF == CLOCK:
            return []
        values = {0: words(0, 0x20000), 1: words(0, 0), 8: words(0)}[message[0]]
        return [message[:4] + values] + ([EVENT] if message[0] == 8 else [])

    for seconds in (1, 8, 60):  # long enough to subscribe on a machine with much to do
        arguments = [scripted(answer), "watch", "--seconds", str(seconds)]
        result = CliRunner().invoke(cli, ["client", *arguments])
        if not re.search("not done within|no answer within", result.stderr):
            break
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == 1


def test_replay_ends(scripted, tmp_path):
    """Events without end in place of a response."""
    trace = tmp_path / "trace"
    asked = request(CLOCK, 6, 0)
    answered = asked[:4] + words(0, 1000, 0)
    trace.write_text(f"0.0 linux > {asked.hex(' ', -4)}\n0.1 linux < {answered.hex(' ', -4)}\n")
    path = scripted(lambda _: [EVENT] * 3)
    result = CliRunner().invoke(
        cli, ["client", "--timeout", f"{SHORT}", path, "replay", str(trace)]
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: line 1: ")
    assert re.search(OVER, result.stderr)


def test_signals_do_not_disturb_waiting(scripted):
    """A handler that returns neither ends waiting nor prolongs it."""
    seen = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    try:
        url = scripted(lambda _: [])
        with Client(url, SHORT) as client, pytest.raises(ClientError, match=LATE):
            client.version(Protocol.CLOCK)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen


def test_an_interrupt_ends_waiting(scripted):
    here = threading.get_ident()
    timer = threading.Timer(0.05, signal.pthread_kill, [here, signal.SIGINT])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Client(scripted(lambda _: []), WATCHDOG) as client:
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                client.next_event(WATCHDOG)
    finally:
        signal.signal(signal.SIGINT, before)
