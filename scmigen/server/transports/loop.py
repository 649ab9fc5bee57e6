"""The event loop: waits for files, calls who watches them. One thread, no promises.

A callback does a bounded piece of work, one message, and returns; so every agent gets its turn.
This file does not know what the files are.
"""

import selectors
import socket
from collections.abc import Callable
from contextlib import suppress

Callback = Callable[[], None]


class Loop:
    """Calls callbacks until it is stopped. Only `stop` may be called from elsewhere: from a
    signal handler or another thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._callbacks: dict[int, Callback] = {}
        self._soon: dict[int, Callback] = {}
        self._running = True
        self._awake, self._alarm = socket.socketpair()
        self._alarm.setblocking(False)
        self.watch(self._awake, self._wake)

    def _wake(self) -> None:
        self._running = False

    def watch(self, file: socket.socket, callback: Callback, *, write: bool = False) -> None:
        """Call ``callback`` whenever ``file`` can be read; or, with ``write``, written instead.
        A file has one callback: watching it again replaces the first."""
        event = selectors.EVENT_WRITE if write else selectors.EVENT_READ
        number = file.fileno()
        if number in self._callbacks:
            self._selector.modify(number, event)
        else:
            self._selector.register(number, event)
        self._callbacks[number] = callback

    def forget(self, file: socket.socket) -> None:
        """Do not call for ``file`` any more. Before it is closed; nothing happens where nobody
        watches it."""
        number = file.fileno()
        self._soon.pop(number, None)
        if self._callbacks.pop(number, None) is not None:
            self._selector.unregister(number)

    def soon(self, file: socket.socket, callback: Callback) -> None:
        """Call ``callback`` in the next turn, whether ``file`` can be read or not."""
        self._soon[file.fileno()] = callback

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
        for key, _ in self._selector.select(0 if self._soon else None):
            waiting = self._callbacks.get(key.fd)
            if waiting is not None:  # a callback before this one may have ended it
                waiting()

    def stop(self) -> None:
        """Let `run` return after this turn."""
        with suppress(BlockingIOError):  # full of alarms already
            self._alarm.send(b"\0")

    def close(self) -> None:
        """Free what the loop itself holds."""
        self._selector.close()
        self._awake.close()
        self._alarm.close()
