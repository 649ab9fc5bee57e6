"""Signals to doorbells from the event loop itself, which a hostile peer must not stop.

The file is the peer's too: it can make it blocking and full at any moment, and no flag of a single
call keeps the write from waiting then. So a second thread looks at the loop every few milliseconds
while doorbells are rung. If it sits in the same write as before, the thread sends it a Unix signal,
which ends any such write; the peer's doorbell is then left to a thread of its own (`aside`) for a
while, a longer one each time, until it has not blocked for as long. So a peer takes `PERIOD` or two
of the loop's time, then nothing for a thousand times as long. The machine may also be so busy that
a write takes that long: that peer is served as well, only not as fast.

Python handles signals in the main thread alone. A loop that runs in another one does not ring.
"""

import _signal  # type: ignore[import-not-found]
import _thread
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from scmigen.hints import Final

#: Seconds that a write may take.
PERIOD: Final = 0.005
#: Without a handler it does nothing to a process, and other programs rarely use it.
_SIGNAL: Final = int(signal.SIGURG)
_ONE: Final = (1).to_bytes(8, "little")


#: That of `signal` makes an enumeration of the answer, or tries to: it takes ten times as long as a
#: write.
_handler_of: Final[Callable[[int], object]] = _signal.getsignal


class _StuckError(Exception):
    """The write took too long."""


class _Handler:
    """The handler of the signal, one for all guards of the process: each that runs has a part in
    it, in whatever order they start and stop."""

    def __init__(self) -> None:
        self._guards: list[Guard] = []
        self._before: signal.Handlers | Callable[[int, FrameType | None], object] | int = 0
        self._blocked = False
        #: One object, to be compared with: Python makes a method anew each time it is named.
        self.mine = self._interrupt

    def add(self, guard: "Guard") -> bool:
        """Whether the guard has a handler now. What is not Python's could not be put back."""
        if not self.stands:
            before = signal.getsignal(_SIGNAL)
            if before is None:
                return False
            self._guards.clear()  # their handler was taken away
            self._before = before
            signal.signal(_SIGNAL, self.mine)
            # A mask is inherited, also from the program that has started this one.
            self._blocked = _SIGNAL in signal.pthread_sigmask(signal.SIG_UNBLOCK, {_SIGNAL})
        self._guards.append(guard)
        return True

    def remove(self, guard: "Guard") -> None:
        """The guard has ended; after the last all is as before, if nobody has changed it since."""
        if guard not in self._guards:
            return
        self._guards.remove(guard)
        if self._guards or not self.stands:
            return
        if self._blocked:
            signal.pthread_sigmask(signal.SIG_BLOCK, {_SIGNAL})
        signal.signal(_SIGNAL, self._before)

    @property
    def stands(self) -> bool:
        """Whether it is still that of the process."""
        return _handler_of(_SIGNAL) is self.mine

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        for guard in self._guards:
            guard.interrupt()


_HANDLER: Final = _Handler()


class Guard:
    """Rings for the loop. `ring` is for the loop's own thread, between `start` and `stop`."""

    def __init__(self) -> None:
        #: Whether the loop rings at all.
        self.on = False
        self._inside = False
        #: The number of the write, and of the one that takes too long.
        self._count = self._late = 0
        self._loop = 0
        self._idle = _thread.allocate_lock()

    def start(self) -> None:
        """The loop begins to run in this thread."""
        if threading.current_thread() is not threading.main_thread() or not _HANDLER.add(self):
            return
        self._loop = threading.get_ident()
        self.on = True
        _thread.start_new_thread(self._watch, ())

    def stop(self) -> None:
        """The loop has ended."""
        if self.on:
            self.on = False
            if self._idle.locked():
                self._idle.release()
            _HANDLER.remove(self)

    def ring(self, descriptor: int) -> bool:
        """Signal an eventfd; whether it has taken no longer than it should. If not, it may still
        have to be signalled; nor is it where the handler has been taken away."""
        if _handler_of(_SIGNAL) is not _HANDLER.mine:
            return False
        self._count += 1
        if self._idle.locked():
            self._idle.release()
        try:
            try:
                self._inside = True
                os.write(descriptor, _ONE)
            except OSError:
                pass  # it is full: a signal is pending
            finally:  # also where another signal's handler raises
                self._inside = False
        except _StuckError:
            return False
        return True

    def interrupt(self) -> None:
        """End the write if it is the one that takes too long."""
        if self._inside and self._late == self._count:
            self._inside = False
            raise _StuckError

    def _goes_on(self) -> bool:
        return self.on

    def _watch(self) -> None:
        seen = 0
        while self._goes_on():
            if seen == self._count:
                self._idle.acquire()
            seen = self._count
            time.sleep(PERIOD)
            while self._goes_on() and self._inside and seen == self._count:
                self._late = seen
                signal.pthread_kill(self._loop, _SIGNAL)
                time.sleep(PERIOD)
