"""Calls that may block: made in a thread, of which each agent has one.

What a peer hands over, or shares, stays under its control, and no flag of a single call keeps these
from blocking: writing to a full eventfd (the peer clears O_NONBLOCK, and RWF_NOWAIT is not
supported), closing the last descriptor of a socket (SO_LINGER), of a file in user space (it is
flushed) or of guest memory (it is freed). In a thread of its own, such a call costs the agent its
doorbells and no other agent anything. Handing a doorbell over takes longer than all the rest of a
message, so the loop rings it itself as long as that does not block (`guard`). A signal that still
waits when its client has gone is undone for the next one (`Aside.leave`): reading an eventfd can be
kept from blocking.
"""

import _thread
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from scmigen.hints import Final
from scmigen.server.port import Port
from scmigen.server.transports.address import Address
from scmigen.server.transports.guard import PERIOD, Guard
from scmigen.server.transports.sockets import Accept, Endpoint, Host

_ONE: Final = (1).to_bytes(8, "little")
#: With calls waiting for more files than this, the agent's next client is not accepted.
_MANY: Final = 64
#: How long to wait then, in µs.
_REST: Final = 200_000
#: Seconds for which an agent that has stopped the loop is not rung by it: at first, and at most.
_FIRST: Final = 1000 * PERIOD
_LONGEST: Final = 3600.0


class Aside:
    """The thread of one agent; it begins with the first call and ends with `stop`. Methods are for
    the thread of the event loop alone. Calls are made in order."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._banned = _FIRST
        #: When the loop may ring again, by the clock of `time.monotonic`.
        self._again = 0.0
        self._calls: deque[tuple[Callable[[], object] | None, int]] = deque()
        #: Files that calls were given, and that those which have ended were: the thread's count.
        self._given = self._done = 0
        self._ringing: set[int] = set()
        self._writing: int | None = None
        self._left: set[int] = set()
        self._waiting = _thread.allocate_lock()
        self._started = False

    @property
    def stuck(self) -> bool:
        """Whether files pile up behind a call that blocks. The process has a limited number."""
        return self._given - self._done > _MANY

    def ring(self, descriptor: int) -> None:
        """Signal an eventfd. If it is full, or about to be signalled, a signal is pending."""
        if descriptor in self._ringing:
            return
        now = time.monotonic() if self._again else 0.0
        if self._guard.on and now >= self._again:
            if self._guard.ring(descriptor):
                if self._again and now >= self._again + self._banned:
                    self._forgive(now)
                return
            self._again = time.monotonic() + self._banned
            self._banned = min(2 * self._banned, _LONGEST)
        self._ringing.add(descriptor)
        self._add(partial(self._ring, descriptor))

    def _forgive(self, now: float) -> None:
        """It has not stopped the loop for as long as the next time would be: perhaps the machine
        was busy, and it has never done so."""
        self._banned = max(self._banned / 2, _FIRST)
        self._again = now if self._banned > _FIRST else 0.0

    def _ring(self, descriptor: int) -> None:
        self._ringing.discard(descriptor)
        self._writing = descriptor
        try:
            if descriptor not in self._left:
                os.write(descriptor, _ONE)
        finally:
            self._writing = None

    def close(self, descriptor: int) -> None:
        """Close a file that a peer has, or had, access to."""
        self._add(partial(os.close, descriptor))

    def leave(self, descriptor: int) -> None:
        """Close an eventfd whose client has gone, and signal it no more."""
        self._left.add(descriptor)
        self.relieve()
        self._add(partial(self._close_left, descriptor))

    def _close_left(self, descriptor: int) -> None:
        self._left.discard(descriptor)
        os.close(descriptor)

    def relieve(self) -> None:
        """Empty the eventfd that the thread waits for, if its client has gone. That client may have
        passed it on and fill it again, so this is done for each client that follows."""
        writing = self._writing
        if writing in self._left:
            with suppress(OSError):
                os.preadv(writing, [bytearray(len(_ONE))], -1, os.RWF_NOWAIT)

    def call(self, function: Callable[[], object], files: int) -> None:
        """Call ``function``, which closes so many files. Its exceptions are ignored."""
        self._add(function, files)

    def stop(self) -> None:
        """End the thread after all calls."""
        if self._started:
            self._add(None)

    def _add(self, function: Callable[[], object] | None, files: int = 1) -> None:
        self._given += files
        self._calls.append((function, files))
        if not self._started:
            self._started = True
            _thread.start_new_thread(self._run, ())
        elif self._waiting.locked():
            self._waiting.release()

    def _run(self) -> None:
        while True:
            while self._calls:
                function, files = self._calls.popleft()
                if function is None:
                    return
                with suppress(Exception):
                    function()
                self._done += files
            self._waiting.acquire()


class AsideEndpoint(Endpoint):
    """The socket path of an agent that shares files with the server."""

    def __init__(
        self, port: Port, url: str, address: Address, kind: int, accept: Accept, host: Host
    ) -> None:
        self._aside = Aside(host.loop.guard)
        super().__init__(port, url, address, kind, accept, host)

    def _accept(self) -> None:
        """Accept a client, unless calls for its predecessors are stuck: it would add to them."""
        self._aside.relieve()
        if self._aside.stuck:
            self._loop.forget(self._listener)
            self._loop.later(_REST, self._listen)
        else:
            super()._accept()

    def close(self) -> None:
        """Disconnect the client, stop listening, and remove the socket file if it is still ours."""
        super().close()
        self._aside.stop()
