"""Clients that do what they should not: their connection ends, or waits; nobody else notices."""

import array
import os
import resource
import socket
import struct
import threading
from contextlib import contextmanager, suppress

import pytest
from patience import PATIENCE, eventually, open_files
from scmi_wire import CLOCK, request, words
from server_running import Running, strict_server
from smt_client import Areas, EventAreas, MemoryAreas

from scmigen.server.service import Service
from scmigen.server.timers import Timers
from scmigen.server.transports.sockets import PATIENCE as READS_WITHIN

RATE_GET = request(CLOCK, 6, 1)
RATE = RATE_GET[:4] + words(0, 200_000_000, 0)
TYPES = {
    "unix": socket.SOCK_SEQPACKET,
    "unix-stream": socket.SOCK_STREAM,
    "unix-dgram": socket.SOCK_DGRAM,
}
BELL = {"smt": ".doorbell"}
ALL = [*TYPES, "smt", "vhost-user"]


@pytest.fixture(params=["unix", "unix-stream"])
def scheme(request):
    return request.param


def connected(scheme, path):
    client = socket.socket(socket.AF_UNIX, TYPES.get(scheme, socket.SOCK_STREAM))
    if scheme == "unix-dgram":
        client.bind("")
    client.connect(f"{path}{BELL.get(scheme, '')}")
    client.settimeout(PATIENCE)
    return client


def framed(scheme, message):
    return words(len(message)) + message if scheme == "unix-stream" else message


@contextmanager
def serving(board, tmp_path, scheme):
    """vm1 on packets, well-behaved; linux at ``scheme``. vm1 is answered before, meanwhile by
    ``running.fine``, and after."""
    urls = {"linux": f"{scheme}:{tmp_path}/linux", "vm1": f"unix:{tmp_path}/vm1"}
    with Running(board, urls).running() as running, connected("unix", tmp_path / "vm1") as vm1:

        def fine():
            vm1.sendall(RATE_GET)
            assert vm1.recv(200) == RATE

        running.fine = fine
        fine()
        yield running
        fine()
        assert not [line for line in running.log if line.startswith("vm1: ") and "pid" not in line]


# Garbage


GARBAGE = {
    "text": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    "half": b"\x08",
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "vhost-user"])
def test_garbage_ends_the_connection(board, tmp_path, scheme, data):
    with serving(board, tmp_path, scheme) as running:
        with connected(scheme, tmp_path / "linux") as linux:
            linux.sendall(data)
            running.fine()
            linux.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                while linux.recv(4096):
                    pass
        assert running.logged_like("linux: connected (pid ")
        # and the log says how it ended
        assert eventually(lambda: sum(line.startswith("linux: ") for line in running.log) > 1)


def test_answers_that_nobody_waits_for(board, tmp_path, scheme):
    """A hundred messages, and gone before the first answer."""
    with serving(board, tmp_path, scheme) as running:
        for _ in range(20):
            with connected(scheme, tmp_path / "linux") as linux:
                for _ in range(100):
                    linux.sendall(framed(scheme, request(CLOCK, 6, 0)))
            running.fine()
        with connected(scheme, tmp_path / "linux") as linux:
            linux.sendall(framed(scheme, request(CLOCK, 6, 0)))
            assert linux.recv(200).endswith(words(0, 24_000_000, 0))


# Very many


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "smt", "vhost-user"])
def test_a_thousand_connections_at_once(board, tmp_path, scheme):
    """One is served, some wait, the rest is turned away by the kernel; all of them go again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    path = f"{tmp_path}/linux{BELL.get(scheme, '')}"
    try:
        with serving(board, tmp_path, scheme) as running:
            many = []
            for _ in range(1000):
                client = socket.socket(socket.AF_UNIX, TYPES.get(scheme, socket.SOCK_STREAM))
                client.setblocking(False)
                many.append(client)
                with suppress(BlockingIOError):
                    client.connect(path)
                    client.send(b"\x01\x02")
            running.fine()
            for client in many:
                client.close()
            running.fine()
            with connected(scheme, tmp_path / "linux"):
                running.fine()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "smt", "vhost-user"])
def test_a_thousand_connections_one_after_the_other(board, tmp_path, scheme):
    with serving(board, tmp_path, scheme) as running:
        with connected(scheme, tmp_path / "linux"):
            running.until_connected("linux", 1)
            before = open_files().total()
        for _ in range(1000):
            connected(scheme, tmp_path / "linux").close()
        # the last one is served after all others are gone, and holds what the first one did
        with connected(scheme, tmp_path / "linux"):
            running.until_connected("linux", 1002)
            # a thread closes what clients shared with the server
            assert eventually(lambda: open_files().total() <= before)


def test_no_file_is_left_for_a_connection(board, tmp_path, scheme):
    """Without a free descriptor nobody can be let in: the server goes on, and does not spin."""
    urls = {name: f"{scheme}:{tmp_path}/{name}" for name in ("linux", "vm1")}
    log = []
    server = strict_server(board)
    agents = {server.agent(name): url for name, url in urls.items()}
    with (
        Service(server, agents, lambda line, _: log.append(line)) as service,
        connected(scheme, tmp_path / "vm1") as vm1,
        connected(scheme, tmp_path / "linux"),
    ):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            service.loop.turn()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert sorted(log[:2]) == [
            f"{name}: cannot accept connections: Too many open files" for name in ("linux", "vm1")
        ]
        # The listeners are ready still. A loop that looked at them would turn without end.
        turns = []
        threading.Timer(0.1, lambda: service.loop.interrupt(lambda: turns.append(0))).start()
        while 0 not in turns:
            service.loop.turn()
            turns.append(1)
        assert len(turns) < 10
        while "vm1: connected" not in "".join(log):
            service.loop.turn()
        vm1.sendall(framed(scheme, RATE_GET))
        vm1.setblocking(False)
        answer = b""
        while not answer:
            service.loop.turn()
            with suppress(BlockingIOError):
                answer = vm1.recv(200)
        assert answer.endswith(RATE)


@pytest.mark.parametrize("scheme", ALL)
def test_files_that_come_with_a_message_are_closed(board, tmp_path, scheme):
    """SCM_RIGHTS where no files are expected: the kernel refuses the message or closes them, or the
    server does."""
    with serving(board, tmp_path, scheme) as running:
        before = open_files().total()
        for _ in range(20):
            read, write = os.pipe()
            with connected(scheme, tmp_path / "linux") as linux:
                rights = array.array("i", [write] * 100)
                ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
                with suppress(PermissionError):
                    linux.sendmsg([framed(scheme, RATE_GET)], ancillary)
                os.close(write)
                assert os.read(read, 1) == b""  # nobody has the other end any more
            os.close(read)
        running.fine()
        assert eventually(lambda: open_files().total() <= before + 2)


SO_PASSRIGHTS = 83  # include/uapi/asm-generic/socket.h


def refuses_files():
    """Whether this kernel can keep files out of messages (Linux 6.16)."""
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, SO_PASSRIGHTS, 0)
        return True
    return False


@contextmanager
def lingering():
    """A connected socket with unsent data, whose last close takes 100 s."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        other, _ = server.accept()
        with other:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 100))
            client.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    client.send(bytes(1 << 16))
            yield client
            # with unread data, closing it resets the connection, which ends the wait
    client.close()


if refuses_files():  # Linux 6.16

    @pytest.mark.parametrize("scheme", ALL)
    @pytest.mark.parametrize("read", [True, False], ids=["read", "unread"])
    def test_a_file_whose_last_close_blocks(board, tmp_path, scheme, read):
        """Whoever closes it last waits: the server is not to be that one."""
        with serving(board, tmp_path, scheme) as running, lingering() as file:
            with connected(scheme, tmp_path / "linux") as linux:
                running.until_connected("linux", 1) if scheme != "unix-dgram" else None
                if not read:  # the first message ends the connection, before the second is read
                    linux.send(framed(scheme, b"\x01"))
                try:
                    socket.send_fds(linux, [framed(scheme, RATE_GET)], [file.fileno()])
                except (PermissionError, BrokenPipeError):  # the test itself is the last
                    file.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes(8))
                file.close()
                running.fine()
            running.fine()


# Slow readers


class Time:
    """A clock that stands still until it is told to move."""

    def __init__(self):
        self.now = 1_000_000_000

    def __call__(self):
        return self.now


@pytest.mark.parametrize("scheme", TYPES)
def test_who_never_reads_is_not_read_from_and_then_ended(board, tmp_path, scheme):
    urls = {"linux": f"{scheme}:{tmp_path}/linux", "vm1": f"unix:{tmp_path}/vm1"}
    log = []
    now = Time()
    server = strict_server(board, now=now)
    agents = {server.agent(name): url for name, url in urls.items()}
    with Service(server, agents, lambda line, _: log.append(line)) as service:
        with connected("unix", tmp_path / "vm1") as vm1, connected(scheme, tmp_path / "linux") as c:
            service.loop.turn()

            def fine():
                vm1.sendall(RATE_GET)
                service.loop.turn()
                assert vm1.recv(200) == RATE

            c.setblocking(False)
            sent, refused = 0, 0
            while refused < 100:  # until neither side has room
                try:
                    c.send(framed(scheme, RATE_GET))
                    sent += 1
                    refused = 0
                except BlockingIOError:
                    refused += 1
                now.now += 10_000
                fine()
            assert sent < 20_000
            now.now += READS_WITHIN * 1000 - 20_000_000
            fine()
            assert not [line for line in log if "did not read" in line]
            now.now += 40_000_000
            fine()
            assert "linux: did not read for 30 s" in log
            fine()
        with connected(scheme, tmp_path / "linux") as again:
            again.setblocking(False)
            for _ in range(5000):  # what the one before has left is taken first
                now.now += 10_000_000
                service.loop.interrupt(lambda: None)
                service.loop.turn()
                with suppress(BlockingIOError):
                    again.send(framed(scheme, RATE_GET))
                with suppress(BlockingIOError):
                    assert again.recv(200)
                    return
            raise AssertionError("nobody is served any more")


def test_timers_that_are_cancelled_do_not_pile_up():
    """A client may stop and go on reading as often as it likes."""
    timers = Timers(Time())
    kept = [timers.after(1000, lambda: None) for _ in range(10)]
    for _ in range(10_000):
        timers.after(READS_WITHIN, lambda: None).cancel()
    assert len(timers.waiting) < 200
    assert {item[2] for item in timers.waiting} >= set(kept)


def test_who_reads_late_is_served_on(board, tmp_path, scheme):
    """As long as a client reads before its patience is over, nothing is lost."""
    with (
        serving(board, tmp_path, scheme) as running,
        connected(scheme, tmp_path / "linux") as linux,
    ):
        linux.setblocking(False)
        sent = 0
        with suppress(BlockingIOError):
            while True:
                sent += linux.send(framed(scheme, RATE_GET))
        running.fine()
        linux.settimeout(PATIENCE)
        size = len(framed(scheme, RATE_GET))
        answers = sent // size  # of a stream the last one may be cut
        got = 0
        while got < answers * (size - 4):
            got += len(linux.recv(1 << 16))
        running.fine()


# Shared memory


@pytest.mark.parametrize("size", [0, 4, 0x10, 0x1A])
def test_shared_memory_that_is_shortened(board, tmp_path, size):
    """A mapped file would end the server with SIGBUS."""
    with serving(board, tmp_path, "smt") as running:
        path = tmp_path / "linux"
        with Areas(path) as linux:
            linux.post(request(CLOCK, 6, 0))
            for _ in range(2):  # two turns, and no ring is left
                running.fine()
            linux.write(request(CLOCK, 6, 0))
            os.truncate(path, size)
            linux.ring()
            with suppress(ConnectionResetError):
                assert linux.doorbell.recv(10) == b""
            assert running.logged_like("linux: shared memory: the file is shorter")
            running.fine()
        path.write_bytes(words(0, 1).ljust(0x200, b"\0"))
        with Areas(path) as linux:
            linux.post(request(CLOCK, 6, 0))
            assert linux.answer().endswith(words(0, 24_000_000, 0))


def test_a_message_that_changes_while_it_is_read(board, tmp_path):
    """Length and message are scribbled over all the time: an answer or an error, nothing else."""
    with serving(board, tmp_path, "smt") as running, Areas(tmp_path / "linux") as linux:
        stop = threading.Event()

        def scribble():
            number = 0
            while not stop.is_set():
                number += 1
                linux.put(0x14, words((8, 12, 0xFFFF_FFFF, 0)[number % 4]))
                linux.put(0x18, os.urandom(16))

        thread = threading.Thread(target=scribble)
        thread.start()
        try:
            for _ in range(300):
                linux.put(4, words(0))
                linux.ring()
                assert linux.doorbell.recv(1)
                running.fine()
        finally:
            stop.set()
            thread.join()
        linux.post(request(CLOCK, 6, 0))
        assert linux.answer().endswith(words(0, 24_000_000, 0))


# Eventfds


def full(bell):
    """Make an eventfd full and blocking: who writes to it without care waits for ever."""
    os.set_blocking(bell, True)
    with suppress(BlockingIOError):
        os.set_blocking(bell, False)
        os.eventfd_write(bell, 2**64 - 2)
    os.set_blocking(bell, True)


@pytest.mark.parametrize("client", [EventAreas, MemoryAreas])
def test_doorbells_that_block(board, tmp_path, client):
    bell = "smt:{0}" if client is EventAreas else "smt:memfd,doorbell={0}"
    url = f"{bell.format(tmp_path / 'linux')},ring=eventfd"
    urls = {"linux": url, "vm1": f"unix:{tmp_path}/vm1"}
    with (
        Running(board, urls).running(),
        connected("unix", tmp_path / "vm1") as vm1,
        client(tmp_path / "linux") as linux,
    ):
        full(linux.here)
        os.set_blocking(linux.there, True)
        for _ in range(10):
            linux.write(request(CLOCK, 6, 0))
            linux.ring()
            linux.until(lambda: linux.word(4) == 1)
        vm1.sendall(RATE_GET)
        assert vm1.recv(200) == RATE


def test_interrupts_and_kicks_that_block(board, tmp_path):
    from vhost_front_end import FrontEnd

    with serving(board, tmp_path, "vhost-user") as running, FrontEnd(tmp_path / "linux") as guest:
        guest.start()
        full(guest.calls[0])
        os.set_blocking(guest.kicks[0], True)
        guest.offer(0, 0, kick=False)
        running.fine()
        for _ in range(3):
            guest.memory[0x4000:0x4008] = request(CLOCK, 6, 0)
            guest.describe(0, 0, 0x4000_4000, 8, 1, 1)
            guest.describe(0, 1, 0x4000_4400, 136, 2)
            guest.offer(0, 0)
            running.fine()


def test_a_front_end_that_does_not_read_its_replies(board, tmp_path):
    with (
        serving(board, tmp_path, "vhost-user") as running,
        connected("vhost-user", tmp_path / "linux") as front_end,
    ):
        with suppress(BrokenPipeError, ConnectionResetError):
            while True:
                front_end.sendall(struct.pack("<III", 1, 1, 0) * 1000)
        assert running.logged("linux: vhost-user: the front end does not read its replies")
