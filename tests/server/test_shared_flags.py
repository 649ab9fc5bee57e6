"""Doorbells whose flags and counters belong to a hostile peer too: it makes them blocking and full
at any moment. Ringing them must stop no other agent, nor the end of the server."""

import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from patience import PATIENCE, eventually, open_files
from scmi_wire import CLOCK, NOT_FOUND, request, words
from server_running import Running, serving
from smt_client import EventAreas
from vhost_front_end import BUFFERS, GUEST, MEMORY, FrontEnd

#: Makes the file of standard input blocking, over and over.
_FLIP = """
import fcntl
flags = fcntl.fcntl(0, fcntl.F_GETFL) & ~__import__("os").O_NONBLOCK
fcntl.fcntl(0, fcntl.F_SETFL, flags)
print(flush=True)
while True:
    fcntl.fcntl(0, fcntl.F_SETFL, flags)
"""
_FULL = 0xFFFF_FFFF_FFFF_FFFE


@contextmanager
def full_and_flipped(eventfd):
    """The eventfd has no room, and another process keeps making it blocking."""
    os.set_blocking(eventfd, False)
    with suppress(BlockingIOError):
        while True:
            os.eventfd_write(eventfd, _FULL)
            os.eventfd_write(eventfd, 1)
    command = [sys.executable, "-S", "-E", "-c", _FLIP]
    with subprocess.Popen(command, stdin=eventfd, stdout=subprocess.PIPE) as flipper:
        assert flipper.stdout is not None
        flipper.stdout.read(1)
        try:
            yield
        finally:
            flipper.kill()


def rate_of(path):
    """An honest agent: asks for a clock's rate."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as linux:
        linux.settimeout(PATIENCE)
        linux.connect(str(path))
        linux.sendall(request(CLOCK, 6, 0))
        return linux.recv(200)[4:]


def ask(guest):
    """Offer a command, and do not wait for the answer."""
    message = request(CLOCK, 6, 1)
    guest.memory[BUFFERS : BUFFERS + len(message)] = message
    guest.describe(0, 0, GUEST + BUFFERS, len(message), 1, 1)
    guest.describe(0, 1, GUEST + BUFFERS + 0x400, 136, 2)
    guest.offer(0, 0)


def answers(guest):
    """How many commands were answered."""
    used = guest.ring(0)[2] + 2
    return int.from_bytes(guest.memory[used : used + 2], "little")


@pytest.fixture
def running(board, tmp_path):
    urls = {
        "linux": f"unix:{tmp_path}/linux",
        "vm1": f"vhost-user:{tmp_path}/vm1",
        "hypervisor": f"smt:{tmp_path}/scp,ring=eventfd",
    }
    with Running(board, urls).running() as found:  # fails if the server does not end
        yield found


@pytest.mark.usefixtures("running")
def test_a_front_end_that_blocks_its_interrupts(tmp_path):
    with FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        with full_and_flipped(guest.calls[0]):
            for number in range(1, 51):
                ask(guest)
                assert eventually(lambda number=number: answers(guest) == number)
            assert rate_of(tmp_path / "linux") == words(0, 24_000_000, 0)


def test_memory_that_is_taken_back_is_used_no_more(running, tmp_path):
    """Closing it waits behind an interrupt that blocks, and its numbers become another agent's."""
    with FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        with full_and_flipped(guest.calls[0]):
            ask(guest)
            assert eventually(lambda: answers(guest) == 1)
            guest.send(5, bytes(8))  # a table of no regions
            ask(guest)
            assert guest.closed()
        assert answers(guest) == 1
    assert running.logged_like("vm1: vhost-user: address")


@pytest.mark.usefixtures("running")
def test_files_that_cannot_be_closed_are_few(tmp_path):
    """A guest that has blocked its interrupts changes its memory over and over."""
    before = open_files().total()
    table = struct.pack("<II", 8, 0)
    table += b"".join(struct.pack("<4Q", at << 32, MEMORY, at << 32, 0) for at in range(8))
    with FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        with full_and_flipped(guest.calls[0]):
            ask(guest)
            assert eventually(lambda: answers(guest) == 1)
            with suppress(OSError):
                for _ in range(60):
                    guest.send(5, table, [guest.file] * 8)
            assert guest.closed()
            assert open_files().total() - before < 150
            assert rate_of(tmp_path / "linux") == words(0, 24_000_000, 0)


@pytest.mark.usefixtures("running")
def test_a_client_of_shared_memory_that_blocks_its_doorbell(tmp_path):
    with EventAreas(tmp_path / "scp") as areas, full_and_flipped(areas.here):
        for token in range(50):
            areas.write(request(CLOCK, 6, 0, token=token))
            areas.ring()
            areas.until(lambda: areas.word(4) == 1)
        assert rate_of(tmp_path / "linux") == words(0, 24_000_000, 0)


@contextmanager
def answered(path):
    """An honest client of the shared memory, which the server rings."""
    with EventAreas(path) as areas:
        areas.post(request(CLOCK, 6, 1))
        assert areas.answer()[4:] == words(NOT_FOUND)
        yield


@pytest.mark.usefixtures("running")
def test_a_doorbell_that_is_blocked_is_let_go_when_its_client_has_gone(tmp_path):
    """The agent's next client is rung, and nothing of the others is left."""
    with answered(tmp_path / "scp"):
        before = open_files().total()
    for _ in range(100):
        with EventAreas(tmp_path / "scp") as areas:
            os.set_blocking(areas.here, True)
            os.eventfd_write(areas.here, _FULL)
            areas.write(request(CLOCK, 6, 1))
            areas.ring()
            areas.until(lambda areas=areas: areas.word(4) == 1)
    assert rate_of(tmp_path / "linux") == words(0, 24_000_000, 0)
    with answered(tmp_path / "scp"):
        assert eventually(lambda: open_files().total() <= before + 2)


@pytest.mark.usefixtures("running")
def test_interrupts_that_are_blocked_are_let_go_when_their_guest_has_gone(tmp_path):
    with FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        assert guest.command(request(CLOCK, 6, 1))
        before = open_files().total()
    for _ in range(20):
        with FrontEnd(tmp_path / "vm1") as guest:
            guest.start()
            os.set_blocking(guest.calls[0], True)
            os.eventfd_write(guest.calls[0], _FULL)
            guest.memory[0x4000:0x4008] = request(CLOCK, 6, 1)
            guest.describe(0, 0, 0x4000_4000, 8, 1, 1)
            guest.describe(0, 1, 0x4000_4400, 136, 2)
            guest.offer(0, 0)
            used = guest.ring(0)[2] + 2
            assert eventually(
                lambda used=used, memory=guest.memory: memory[used : used + 2] == b"\1\0"
            )
    with FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        assert guest.command(request(CLOCK, 6, 1))
        assert eventually(lambda: open_files().total() <= before)


@contextmanager
def process(tmp_path):
    """A server whose loop is in the main thread, and rings from there."""
    (tmp_path / "board.json").write_bytes((Path(__file__).parent / "board.json").read_bytes())
    urls = [f"linux=unix:{tmp_path}/linux", f"vm1=vhost-user:{tmp_path}/vm1"]
    listen = [word for url in urls for word in ("--listen", url)]
    with serving(tmp_path / "board.json", *listen) as found:
        yield found


def test_a_loop_that_rings_is_stopped_once_and_for_moments(tmp_path):
    """All the while, another agent is served: the loop waits for a moment, once."""
    with process(tmp_path), FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as linux:
            linux.settimeout(PATIENCE)
            linux.connect(str(tmp_path / "linux"))
            with full_and_flipped(guest.calls[0]):
                late = []
                for number in range(1, 51):
                    ask(guest)
                    began = time.monotonic()
                    linux.sendall(request(CLOCK, 6, 0))
                    assert linux.recv(200)[4:] == words(0, 24_000_000, 0)
                    late.append(time.monotonic() - began)
                    assert eventually(lambda number=number: answers(guest) == number)
            assert sum(late) < 3


def test_a_guest_is_interrupted_again_when_it_no_longer_blocks(tmp_path):
    with process(tmp_path), FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        with full_and_flipped(guest.calls[0]):
            ask(guest)
            assert eventually(lambda: answers(guest) == 1)
        os.set_blocking(guest.calls[0], True)
        while os.eventfd_read(guest.calls[0]) > 1:  # what it has filled it with
            pass
        guest.taken(0)
        for _ in range(20):
            assert guest.command(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
