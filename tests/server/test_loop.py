"""The event loop: what wakes it."""

import signal
import socket
import threading
import time

import pytest
from patience import PATIENCE

from scmigen.server.timers import Timers
from scmigen.server.transports.loop import Loop


@pytest.fixture
def loop():
    loop = Loop(Timers(time.monotonic_ns))
    yield loop
    loop.close()


def test_a_signal_to_another_thread_ends_the_wait(loop):
    """As does one that comes just before it: neither interrupts the wait itself."""
    handled, late = threading.Event(), threading.Event()

    def send():
        time.sleep(0.3)  # until the loop waits; where it does not yet, there is nothing to see
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        if not handled.wait(PATIENCE):
            late.set()
            loop.stop()

    before = signal.signal(signal.SIGUSR1, lambda *_: (handled.set(), loop.stop()))
    try:
        sender = threading.Thread(target=send)
        sender.start()
        loop.run()
        sender.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not late.is_set()


def test_the_file_that_signals_wake_is_put_back(loop):
    """It belongs to who runs the loop."""
    loop.stop()
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    loop.run()
    assert signal.set_wakeup_fd(before) == before


class Reader:
    """A file that is read a byte at a time: called in turns, or asked to wait."""

    def __init__(self, loop, size):
        self.loop, self.size = loop, size
        self.near, self.far = socket.socketpair()
        self.near.settimeout(0.05)
        self.seen = []

    def turn(self):
        self.read("turn")

    def wait(self, waits):
        assert waits is True
        return self.read("wait")

    def read(self, how):
        try:
            self.near.recv(1)
        except TimeoutError:
            self.seen.append("nothing")
            self.far.send(b"x")
            return False
        self.seen.append(how)
        if sum(it != "nothing" for it in self.seen) == self.size:
            self.loop.stop()
        return True


@pytest.fixture
def reader(loop):
    reader = Reader(loop, 4)
    loop.watch(reader.near, reader.turn, wait=reader.wait)
    yield reader
    reader.near.close()
    reader.far.close()


def test_a_file_alone_waits_by_itself(loop, reader):
    reader.far.send(b"xxxx")
    loop.run()
    assert reader.seen == ["wait"] * 4


def test_a_file_for_which_nothing_comes_takes_turns_again(loop, reader):
    reader.far.send(b"xx")
    loop.run()
    assert reader.seen == ["wait", "wait", "nothing", "turn", "nothing", "turn"]


@pytest.mark.parametrize("beside", ["file", "timer", "own timer"])
def test_a_file_beside_anything_else_takes_turns(loop, reader, beside):
    other, _end = socket.socketpair()
    with other, _end:
        if beside == "file":
            loop.watch(other, other.close)
        elif beside == "timer":
            loop.timers.after(3_600_000_000, loop.stop)
        else:
            loop.later(3_600_000_000, loop.stop)
        reader.far.send(b"xxxx")
        loop.run()
    assert reader.seen == ["turn"] * 4


def test_a_file_that_is_alone_again_waits_again(loop, reader):
    other, _end = socket.socketpair()
    with other, _end:
        loop.watch(other, lambda: None)
        turn = reader.turn
        loop.watch(reader.near, lambda: (turn(), loop.forget(other)), wait=reader.wait)
        reader.far.send(b"xxxx")
        loop.run()
    assert reader.seen == ["turn", "wait", "wait", "wait"]
