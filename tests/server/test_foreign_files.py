"""Files of every kind that a front end sends with every request, where they do not belong or are of
another kind than it takes: it is disconnected, and the other agents notice nothing."""

import os
import select
import socket
import struct

import pytest
from patience import eventually, open_files
from scmi_wire import CLOCK, request
from server_running import Running
from vhost_front_end import FrontEnd

from scmigen.client import Client

SET_MEM_TABLE, KICK, CALL, ERR = 5, 12, 13, 14


def pipe():
    """The end that is written to."""
    read, write = os.pipe()
    os.close(read)
    return write


def epoll():
    with select.epoll() as found:
        return os.dup(found.fileno())


#: What each request takes.
TAKES = {SET_MEM_TABLE: "memory", KICK: "eventfd", CALL: "eventfd", ERR: "eventfd"}
KINDS = {
    "memory": lambda: os.memfd_create("x"),
    "eventfd": lambda: os.eventfd(0),
    "regular file": lambda: os.open(__file__, os.O_RDONLY),
    "path": lambda: os.open(__file__, os.O_PATH),
    "folder": lambda: os.open("/", os.O_RDONLY),
    "device": lambda: os.open("/dev/zero", os.O_RDWR),
    "process": lambda: os.open("/proc/self/maps", os.O_RDONLY),
    "pipe": pipe,
    "socket": lambda: socket.socket(socket.AF_UNIX).detach(),
    "epoll": epoll,
    "pidfd": lambda: os.pidfd_open(os.getpid()),
}


def payload(number):
    """What the request would have, as far as it is known; a word otherwise."""
    if number == SET_MEM_TABLE:
        return struct.pack("<II4Q", 1, 0, 0x1000, 0x1000, 0x1000, 0)
    return struct.pack("<II", 0, 1) if number in (8, 10, 18) else bytes(8)


@pytest.fixture
def running(board, tmp_path):
    urls = {"linux": f"unix:{tmp_path}/linux", "vm1": f"vhost-user:{tmp_path}/vm1"}
    with Running(board, urls).running() as found:
        found.path, found.other = tmp_path / "vm1", urls["linux"]
        yield found


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_does_not_belong_ends_the_connection(running, kind):
    before = open_files().total()
    with Client(running.other) as other:
        for number in range(46):
            if TAKES.get(number) == kind:
                continue
            with FrontEnd(running.path) as guest:
                if number % 2:
                    guest.start()
                file = KINDS[kind]()
                guest.send(number, payload(number), [file])
                os.close(file)
                assert guest.closed(), number
            assert other.clock_rate(0) == 24_000_000
        assert eventually(
            lambda: open_files().total() <= before + 2
        )  # of the other client, both ends
    assert not [line for line in running.log if "Error" in line]


@pytest.mark.parametrize("count", [2, 8, 9, 200])
def test_too_many_files_end_the_connection(running, count):
    """Also those that would each be right."""
    before = open_files()
    for number in range(46):
        with FrontEnd(running.path) as guest:
            if number % 2:
                guest.start()
            file = KINDS[TAKES.get(number, "eventfd")]()
            guest.send(number, payload(number), [file] * count)
            os.close(file)
            assert guest.closed(), number
    assert eventually(lambda: open_files() <= before)


def test_a_socket_that_carries_itself(running):
    """Such files have no end by themselves; the kernel collects them."""
    for number in (1, SET_MEM_TABLE, KICK):
        with FrontEnd(running.path) as guest:
            guest.send(number, payload(number), [guest.socket.fileno()])
            assert guest.closed()
    with FrontEnd(running.path) as guest:
        guest.start()
        assert guest.command(request(CLOCK, 6, 1))[4:8] == bytes(4)


def test_a_file_with_a_ring_that_has_none(running):
    """Bit 8 says that no file comes."""
    for number in (CALL, ERR):
        with FrontEnd(running.path) as guest:
            guest.start()
            file = os.eventfd(0)
            guest.send(number, struct.pack("<Q", 0x100), [file])
            os.close(file)
            assert guest.closed()
