"""Doorbells whose flags and counters belong to a hostile peer too: it makes them blocking and full
at any moment. Ringing them must stop no other agent, nor the end of the server."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest
from scmi_wire import CLOCK, request, words
from server_running import Running, eventually
from smt_client import EventAreas
from vhost_front_end import FrontEnd

#: Makes the file of standard input blocking, over and over.
_FLIP = """
import fcntl
print(flush=True)
flags = fcntl.fcntl(0, fcntl.F_GETFL) & ~__import__("os").O_NONBLOCK
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
        yield
        flipper.kill()


def rate_of(path):
    """An honest agent: asks for a clock's rate."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as linux:
        linux.settimeout(10)
        linux.connect(str(path))
        linux.sendall(request(CLOCK, 6, 0))
        return linux.recv(200)[4:]


@pytest.fixture
def running(board, tmp_path):
    urls = {
        "linux": f"unix:{tmp_path}/linux",
        "vm1": f"vhost-user:{tmp_path}/vm1",
        "hypervisor": f"smt:{tmp_path}/scp,ring=eventfd",
    }
    with Running(board, urls).running() as found:  # fails if the server does not end in 10 s
        yield found


@pytest.mark.usefixtures("running")
def test_a_front_end_that_blocks_its_interrupts(tmp_path):
    with FrontEnd(tmp_path / "vm1") as guest:
        guest.start()
        with full_and_flipped(guest.calls[0]):
            for head in range(50):
                guest.memory[0x4000:0x4008] = request(CLOCK, 6, 1)
                guest.describe(0, 0, 0x4000_4000, 8, 1, 1)
                guest.describe(0, 1, 0x4000_4400, 136, 2)
                guest.offer(0, 0)
                used = guest.ring(0)[2] + 2
                at = (head + 1).to_bytes(2, "little")
                assert eventually(lambda at=at, used=used: guest.memory[used : used + 2] == at)
            assert rate_of(tmp_path / "linux") == words(0, 24_000_000, 0)


@pytest.mark.usefixtures("running")
def test_a_client_of_shared_memory_that_blocks_its_doorbell(tmp_path):
    with EventAreas(tmp_path / "scp") as areas, full_and_flipped(areas.here):
        for token in range(50):
            areas.write(request(CLOCK, 6, 0, token=token))
            areas.ring()
            areas.until(lambda: areas.word(4) == 1)
        assert rate_of(tmp_path / "linux") == words(0, 24_000_000, 0)


@pytest.mark.usefixtures("running")
def test_a_doorbell_stays_blocked_after_its_client_is_gone(tmp_path):
    """The thread that waits keeps only its own agent from coming back."""
    for _ in range(3):
        with EventAreas(tmp_path / "scp") as areas, full_and_flipped(areas.here):
            areas.write(request(CLOCK, 6, 1))
            areas.ring()
            areas.until(lambda: areas.word(4) == 1)
    assert rate_of(tmp_path / "linux") == words(0, 24_000_000, 0)
