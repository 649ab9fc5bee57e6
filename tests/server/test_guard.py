"""Ringing from the event loop: what blocks ends, and is left to another thread for a while."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

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


BLOCKED = """
import os, signal
from scmigen.server.transports.guard import Guard
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGURG})
guard = Guard()
guard.start()
full = os.eventfd(0)
os.eventfd_write(full, 2**64 - 2)
assert not guard.ring(full)
guard.stop()
assert signal.SIGURG in signal.pthread_sigmask(signal.SIG_BLOCK, ())
"""
TWICE = """
import os, signal
from scmigen.server.transports.guard import Guard
before = signal.getsignal(signal.SIGURG)
one, other = Guard(), Guard()
one.start()
other.start()
full = os.eventfd(0)
os.eventfd_write(full, 2**64 - 2)
assert not other.ring(full)
assert not one.ring(full)
one.stop()
assert not other.ring(full)
other.stop()
assert signal.getsignal(signal.SIGURG) == before
"""
TAKEN = """
import os, signal
from scmigen.server.transports.guard import Guard
guard = Guard()
guard.start()
mine = lambda *_: None
signal.signal(signal.SIGURG, mine)
full = os.eventfd(0)
os.eventfd_write(full, 2**64 - 2)
assert not guard.ring(full)
guard.stop()
assert signal.getsignal(signal.SIGURG) is mine
"""


@pytest.mark.parametrize("program", [BLOCKED, TWICE, TAKEN], ids=["blocked", "twice", "taken"])
def test_the_signal_ends_a_write_whatever_others_do_with_it(program):
    """It may be blocked in the mask that is inherited; there may be two loops, or another
    handler. Without the signal the write would last for ever."""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_what_the_handler_of_another_signal_raises_ends_the_write(guard):
    """And then nothing is written any more that the watcher could end."""

    def handle(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, handle)
    timer = threading.Timer(
        0.001, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR1)
    )
    try:
        with eventfd(0xFFFF_FFFF_FFFF_FFFE) as full:
            with suppress(KeyboardInterrupt):
                timer.start()
                while True:
                    guard.ring(full)
            time.sleep(0.05)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not guard._inside


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


def test_an_agent_that_does_not_block_again_is_forgiven(monkeypatch):
    """On a busy machine, every agent is late at times."""
    now, stuck = [100.0], [True]
    monkeypatch.setattr(aside.time, "monotonic", lambda: now[0])
    guard = Blocking()
    guard.ring = lambda _: not stuck[0]
    calls = Aside(guard)
    with eventfd() as bell:

        def blocks():
            """How long it is left to its thread."""
            stuck[0], began = True, now[0]
            calls.ring(bell)
            os.eventfd_read(bell)
            stuck[0] = False
            while calls._again > now[0]:
                now[0] += 1
            return now[0] - began

        assert [blocks() for _ in range(4)] == [5, 10, 20, 40]
        for _ in range(200):  # 80 s halve the next, then 40 s, 20 s, 10 s
            calls.ring(bell)
            now[0] += 1
        assert blocks() == 5
        calls.stop()
