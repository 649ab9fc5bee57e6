"""The event loop: what wakes it."""

import signal
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
