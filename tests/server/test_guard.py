"""Ringing from the event loop: what blocks ends, and is left to another thread for a while."""

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from scmigen.server.transports import aside
from scmigen.server.transports.aside import Aside
from scmigen.server.transports.guard import Guard

#: Far more than a stuck write takes, and less than a test that would wait for ever.
_SECONDS = 5


@pytest.fixture
def guard():
    found = Guard()
    found.start()
    yield found
    found.stop()


@contextmanager
def eventfd(count=0):
    descriptor = os.eventfd(0)
    if count:
        os.eventfd_write(descriptor, count)
    yield descriptor
    os.close(descriptor)


def test_a_write_that_blocks_ends(guard):
    with eventfd(0xFFFF_FFFF_FFFF_FFFE) as full, eventfd() as other:
        for _ in range(3):
            began = time.monotonic()
            assert not guard.ring(full)
            assert time.monotonic() - began < _SECONDS
            assert guard.ring(other)
        assert os.eventfd_read(other) == 3
        assert os.eventfd_read(full) == 0xFFFF_FFFF_FFFF_FFFE


def test_a_full_one_that_does_not_block_is_signalled_already(guard):
    with eventfd(0xFFFF_FFFF_FFFF_FFFE) as full:
        os.set_blocking(full, False)
        assert guard.ring(full)


def test_the_signal_is_free_again_afterwards():
    before = signal.getsignal(signal.SIGURG)
    guard = Guard()
    guard.start()
    assert signal.getsignal(signal.SIGURG) != before
    guard.stop()
    assert signal.getsignal(signal.SIGURG) == before


def test_signals_of_others_end_nothing(guard):
    with eventfd() as other:
        os.kill(os.getpid(), signal.SIGURG)
        assert guard.ring(other)


def test_a_loop_in_another_thread_does_not_ring():
    guard = Guard()
    thread = threading.Thread(target=guard.start)
    thread.start()
    thread.join()
    assert not guard.on


class Blocking:
    """A guard whose writes take too long."""

    on = True

    def __init__(self):
        self.rung = 0

    def ring(self, _):
        self.rung += 1
        return False


def test_an_agent_that_blocks_is_left_to_its_thread_longer_each_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(aside.time, "monotonic", lambda: now[0])
    guard = Blocking()
    calls = Aside(guard)
    with eventfd() as bell:
        waits = []
        for _ in range(15):
            began = now[0]
            before = guard.rung
            while guard.rung == before:
                calls.ring(bell)
                assert os.eventfd_read(bell) == 1  # by the thread
                now[0] += 5
            waits.append(now[0] - began)
        calls.stop()
    assert waits[1:4] == [5, 10, 20]
    assert max(waits) == waits[-1] == 3600
