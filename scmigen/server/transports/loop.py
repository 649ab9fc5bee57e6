"""The event loop: waits for files, calls who watches them. One thread, no promises.

A callback does a bounded piece of work, one message, and returns; so every agent gets its turn.
This file does not know what the files are.
"""

import select
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from scmigen.server.timers import Timers

Callback = Callable[[], None]
#: A socket, or a file descriptor.
File = socket.socket | int


def _number(file: File) -> int:
    return file if isinstance(file, int) else file.fileno()


class Loop:
    """Calls callbacks until it is stopped. Only `stop` and `interrupt` may be called from
    elsewhere: from a signal handler or another thread. ``timers`` run between the turns, and
    ``after_timers`` is called when some have."""

    def __init__(self, timers: Timers, after_timers: Callback = lambda: None) -> None:
        self.timers = timers
        self._after_timers = after_timers
        self._interrupts: deque[Callback] = deque()
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callback] = {}
        self._soon: dict[int, Callback] = {}
        self._running = True
        self._awake, self._alarm = socket.socketpair()
        self._alarm.setblocking(False)
        self.watch(self._awake, self._wake)

    def _wake(self) -> None:
        self._awake.recv(1 << 10)
        while self._interrupts:
            self._interrupts.popleft()()

    def watch(self, file: File, callback: Callback, *, write: bool = False) -> None:
        """Call ``callback`` whenever ``file`` can be read; or, with ``write``, written instead.
        A file has one callback: watching it again replaces the first."""
        event = select.EPOLLOUT if write else select.EPOLLIN
        number = _number(file)
        if number in self._callbacks:
            self._epoll.modify(number, event)
        else:
            self._epoll.register(number, event)
        self._callbacks[number] = callback

    def forget(self, file: File) -> None:
        """Do not call for ``file`` any more. Before it is closed; nothing happens where nobody
        watches it."""
        number = _number(file)
        self._soon.pop(number, None)
        if self._callbacks.pop(number, None) is not None:
            self._epoll.unregister(number)

    def soon(self, file: File, callback: Callback) -> None:
        """Call ``callback`` in the next turn, whether ``file`` can be read or not."""
        self._soon[_number(file)] = callback

    def run(self) -> None:
        """Take turns until `stop`."""
        while self._running:
            self.turn()

    def turn(self) -> None:
        """Wait for something to do, and do it: each callback once."""
        if self._soon:
            soon, self._soon = self._soon, {}
            for callback in soon.values():
                callback()
        timers = self.timers
        wait = 0.0 if self._soon else timers.wait() if timers.waiting else None
        for number, _ in self._epoll.poll(wait):
            waiting = self._callbacks.get(number)
            if waiting is not None:  # a callback before this one may have ended it
                waiting()
        if timers.waiting and timers.next_due() == 0:
            timers.run_due()
            self._after_timers()

    def interrupt(self, callback: Callback) -> None:
        """Call ``callback`` between two other ones."""
        self._interrupts.append(callback)
        with suppress(BlockingIOError):  # full of alarms already
            self._alarm.send(b"\0")

    def stop(self) -> None:
        """Let `run` return after this turn."""
        self.interrupt(self._stop)

    def _stop(self) -> None:
        self._running = False

    def close(self) -> None:
        """Free what the loop itself holds."""
        self._epoll.close()
        self._awake.close()
        self._alarm.close()
