"""Timers: callbacks ordered by the time they are due, in ns of the server's clock."""

import heapq
from collections.abc import Callable
from operator import itemgetter

from scmigen.hints import Final

NANOSECONDS_IN_MICROSECOND: Final = 1000
#: With fewer timers than this, cancelled ones are not worth removing early.
_FEW: Final = 64


class Timer:
    """A callback that will be called once, unless it is cancelled."""

    __slots__ = ("call", "due")

    def __init__(self, due: int, call: Callable[[], None]) -> None:
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Do not call the callback."""
        self.call = None


class Backoff:
    """The intervals of a poll, in µs: ``shortest`` while anything is found, and for ``patience``
    after that; then they double, up to ``longest``."""

    def __init__(self, shortest: int, longest: int, patience: int = 0) -> None:
        self._shortest = shortest
        self._longest = longest
        self._patience = patience
        self.found()

    def found(self) -> None:
        """Something was found."""
        self._interval = self._shortest
        self._quiet = 0

    def next(self) -> int:
        """How long to wait until the next poll."""
        if self._quiet < self._patience:
            self._quiet += self._interval
            return self._interval
        found, self._interval = self._interval, min(2 * self._interval, self._longest)
        return found


#: Timers in order: ns until each is due, and what it calls.
Waiting = tuple[tuple[int, Timer, Callable[[], None]], ...]


def _raise(problem: Exception) -> None:
    raise problem


class Timers:
    """Timers in order. Nothing runs by itself: the event loop calls `run_due`. ``failed`` is called
    with whatever a callback raises; the other callbacks are called nevertheless."""

    def __init__(
        self, now: Callable[[], int], failed: Callable[[Exception], None] = _raise
    ) -> None:
        self.now = now
        self.failed = failed
        #: A heap of timers, some of which may be cancelled.
        self.waiting: list[tuple[int, int, Timer]] = []
        self._number = 0
        self._many = _FEW

    def after(self, microseconds: int, call: Callable[[], None]) -> Timer:
        """Call ``call`` after so many µs or later."""
        timer = Timer(self.now() + microseconds * NANOSECONDS_IN_MICROSECOND, call)
        self._number += 1
        if len(self.waiting) >= self._many:
            self._tidy()
        heapq.heappush(self.waiting, (timer.due, self._number, timer))
        return timer

    def _tidy(self) -> None:
        """Remove cancelled timers, which would otherwise stay until they are due."""
        self.waiting = [item for item in self.waiting if item[2].call is not None]
        heapq.heapify(self.waiting)
        self._many = max(_FEW, 2 * len(self.waiting))

    def wait(self) -> float | None:
        """Seconds until the next timer is due; ``None`` without timers."""
        due = self.next_due()
        return None if due is None else due / 1e9

    def next_due(self) -> int | None:
        """Nanoseconds until the next timer is due; ``None`` without timers."""
        while self.waiting and self.waiting[0][2].call is None:
            heapq.heappop(self.waiting)
        return max(0, self.waiting[0][0] - self.now()) if self.waiting else None

    def left(self) -> Waiting:
        """What is waiting now."""
        if not self.waiting:
            return ()
        now = self.now()
        return tuple(
            (due - now, timer, timer.call)
            for due, _, timer in sorted(self.waiting, key=itemgetter(0, 1))
            if timer.call is not None
        )

    def resume(self, waiting: Waiting) -> None:
        """Wait for these timers, as long as was left, in place of all others."""
        now = self.now()
        self.waiting = []
        for left, timer, call in waiting:
            timer.due, timer.call = now + left, call
            self._number += 1
            self.waiting.append((timer.due, self._number, timer))

    def run_due(self) -> None:
        """Call what is due now, but not what becomes due by calling it."""
        now = self.now()
        due: list[Timer] = []
        while self.waiting and self.waiting[0][0] <= now:
            due.append(heapq.heappop(self.waiting)[2])
        for timer in due:
            self._run(timer)

    def _run(self, timer: Timer) -> None:
        call, timer.call = timer.call, None
        if call is None:
            return
        try:
            call()
        except Exception as problem:
            self.failed(problem)
