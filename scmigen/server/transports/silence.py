"""Clients that send nothing, or not the rest of a message: disconnected after a while."""

from collections.abc import Callable

from scmigen.server.port import Port
from scmigen.server.timers import Timer
from scmigen.server.transports.loop import Loop

_SECOND = 1_000_000


class Silence:
    """Calls ``end`` with a reason when the client of an agent has sent no message for so many µs;
    never, if they are ``None``."""

    def __init__(
        self, port: Port, loop: Loop, longest: int | None, end: Callable[[str], None]
    ) -> None:
        self._loop = loop
        self._longest = longest
        self._end = end
        self._last = 0
        self._timer: Timer | None = None
        if longest is not None:
            port.listen(self._heard)

    def _heard(self) -> None:
        self._last = self._loop.now()

    def begin(self) -> None:
        """A client has connected."""
        if self._longest is not None:
            self._heard()
            self._timer = self._loop.later(self._longest, self._check)

    def over(self) -> None:
        """The client is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        assert self._longest is not None
        left = self._longest - (self._loop.now() - self._last) // 1000
        if left > 0:
            self._timer = self._loop.later(left, self._check)
        else:
            self._end(f"sent nothing for {self._longest / _SECOND:g} s")


class Rest:
    """Calls ``end`` with a reason when a message has not become whole so many µs after its
    beginning. While the client is ``blocked`` it is not read from, and no time passes."""

    def __init__(
        self,
        loop: Loop,
        longest: int,
        end: Callable[[str], None],
        blocked: Callable[[], bool] = lambda: False,
    ) -> None:
        self._loop = loop
        self._longest = longest
        self._end = end
        self._blocked = blocked
        self._timer: Timer | None = None

    @property
    def expected(self) -> bool:
        """Whether a message has begun, and is not whole."""
        return self._timer is not None

    def expect(self) -> None:
        """A message has begun, now or earlier."""
        if self._timer is None:
            self._timer = self._loop.later(self._longest, self._late)

    def over(self) -> None:
        """The message is whole, or the client is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self._blocked():
            self.expect()
        else:
            self._end(f"sent half a message, and not the rest within {self._longest / _SECOND:g} s")
