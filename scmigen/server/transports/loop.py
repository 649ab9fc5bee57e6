"""The event loop: waits for files and calls their callbacks, in a single thread.

A turn calls the callback of each ready file once, and a callback does a bounded piece of work, one
message, before it returns: no file waits longer for its turn than the number of files times one
message. Where a single file is watched, with no timers, there are no turns to take: it may wait by
itself, which costs less than waiting for any of several. This module does not know what the files
are.
"""

import select
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from scmigen.hints import Final
from scmigen.server.timers import Timer, Timers
from scmigen.server.transports.guard import Guard

Callback = Callable[[], None]
#: With True it waits a moment for a file, and does what the file's callback does; whether it did.
Wait = Callable[[bool], bool]
#: A socket, or a file descriptor.
File = socket.socket | int
#: Files served in one turn. If more are ready, the kernel begins with the others next time.
_AT_ONCE: Final = 64


def _number(file: File) -> int:
    return file if isinstance(file, int) else file.fileno()


class Loop:
    """Calls callbacks until it is stopped. Only `stop` and `interrupt` may be called from a signal
    handler or another thread. ``timers`` run between turns and may be replaced; ``after_timers`` is
    called whenever some have run."""

    def __init__(self, timers: Timers, after_timers: Callback = lambda: None) -> None:
        self.timers = timers
        #: The clock, in ns.
        self.now = timers.now
        self._after_timers = after_timers
        self.guard = Guard()
        # not the ``failed`` of these timers, which would keep their server after a reload
        self._own = Timers(timers.now, lambda problem: self.timers.failed(problem))
        self._interrupts: deque[Callback] = deque()
        self._epoll = select.epoll()
        self._poll = self._epoll.poll
        self._callbacks: dict[int, Callable[[], object]] = {}
        self._waits: dict[int, Wait] = {}
        #: That of the file which alone is watched.
        self._alone: Wait | None = None
        self._soon: dict[int, int] = {}
        self._running = True
        self._awake, self._alarm = socket.socketpair()
        self._alarm.setblocking(False)
        self.watch(self._awake, self._wake)

    def _wake(self) -> None:
        self._awake.recv(1 << 10)
        while self._interrupts:
            self._interrupts.popleft()()

    def watch(
        self,
        file: File,
        callback: Callable[[], object],
        *,
        write: bool = False,
        edge: bool = False,
        wait: Wait | None = None,
    ) -> None:
        """Call ``callback`` whenever ``file`` can be read, or with ``write`` whenever it can be
        written to; with ``edge``, once per write of the other end, without the file being read.
        While no other file is watched, `run` calls ``wait`` in its place, and interrupts come when
        that has returned. A file has one callback: watching it again replaces it. Raises `OSError`
        for a file that cannot be polled."""
        event = select.EPOLLOUT if write else select.EPOLLIN
        if edge:
            event |= select.EPOLLET
        number = _number(file)
        if number in self._callbacks:
            self._epoll.modify(number, event)
        else:
            self._epoll.register(number, event)
        self._callbacks[number] = callback
        self._waits.pop(number, None)
        if wait is not None:
            self._waits[number] = wait
        self._count()

    def _count(self) -> None:
        others = self._callbacks.keys() - {self._awake.fileno()}
        self._alone = self._waits.get(others.pop()) if len(others) == 1 else None

    def forget(self, file: File) -> None:
        """Stop watching ``file``; must be called before it is closed. Files that are not watched
        are ignored."""
        number = _number(file)
        self._soon.pop(number, None)
        if self._callbacks.pop(number, None) is not None:
            self._epoll.unregister(number)
            self._waits.pop(number, None)
            self._count()

    def soon(self, file: File) -> None:
        """Call the callback of ``file`` in the next turn, whether it is ready or not."""
        self._soon[_number(file)] = 0

    def later(self, microseconds: int, callback: Callback) -> Timer:
        """Call ``callback`` once, after so many µs or later."""
        return self._own.after(microseconds, callback)

    def run(self) -> None:
        """Run until `stop` is called."""
        self.guard.start()
        with self._woken_by_signals():
            try:
                while self._running:
                    if self._alone is not None:
                        self._stay()
                    self.turn()
            finally:
                self.guard.stop()

    @contextmanager
    def _woken_by_signals(self) -> Iterator[None]:
        """A signal ends the wait even where it came just before, or to another thread: what handles
        it runs in the main thread, between two of its steps."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.set_wakeup_fd(self._alarm.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)

    def _stay(self) -> None:
        """Serve the file that alone is watched, until it or anything else has to be waited for."""
        soon, interrupts, own, timers = self._soon, self._interrupts, self._own, self.timers
        while (wait := self._alone) is not None:
            if soon or interrupts or own.waiting or timers.waiting or not wait(True):
                return

    def turn(self) -> None:
        """Wait until files or timers are ready, and call the callback of each file once."""
        if self.timers.waiting or self._own.waiting:
            self._timed_turn()
            return
        if self._soon:
            soon, self._soon = self._soon, {}
            soon.update(self._poll(0, _AT_ONCE))
            ready: Iterable[tuple[int, int]] = soon.items()
        else:
            ready = self._poll(None, _AT_ONCE)
        for number, _ in ready:
            callback = self._callbacks.get(number)
            if callback is not None:  # an earlier callback may have closed this file
                callback()

    def _timed_turn(self) -> None:
        soon, wait = self._soon, self._wait()
        self._soon = {}
        ready = dict(self._poll(wait, _AT_ONCE))
        for number in soon | ready:
            callback = self._callbacks.get(number)
            if callback is not None:
                callback()
        self._own.run_due()
        if self.timers.next_due() == 0:
            self.timers.run_due()
            self._after_timers()

    def _wait(self) -> float | None:
        """Seconds until the next timer; ``None`` without timers."""
        if self._soon:
            return 0.0
        waits = (self.timers.wait(), self._own.wait())
        return min((wait for wait in waits if wait is not None), default=None)

    def interrupt(self, callback: Callback) -> None:
        """Call ``callback`` between two other callbacks."""
        self._interrupts.append(callback)
        with suppress(BlockingIOError):  # a wake-up is already pending
            self._alarm.send(b"\0")

    def stop(self) -> None:
        """Make `run` return after this turn."""
        self.interrupt(self._stop)

    def _stop(self) -> None:
        self._running = False

    def close(self) -> None:
        """Close the loop's own files."""
        self._epoll.close()
        self._awake.close()
        self._alarm.close()
