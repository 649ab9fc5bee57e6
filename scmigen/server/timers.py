"""What is to happen later: callbacks by the time they are due, in ns of the server's clock."""

import heapq
from collections.abc import Callable
from typing import Final

NANOSECONDS_IN_MICROSECOND: Final = 1000
#: The fewest timers among which it pays to look for cancelled ones.
_FEW: Final = 64


class Timer:
    """Something that will happen once, unless it is cancelled."""

    __slots__ = ("call", "due")

    def __init__(self, due: int, call: Callable[[], None]) -> None:
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Let it not happen."""
        self.call = None


def _raise(problem: Exception) -> None:
    raise problem


class Timers:
    """Timers in order. Nothing runs by itself: `run_due` is called by whoever waits. ``failed`` is
    given what a callback raises; the others are called nevertheless."""

    def __init__(
        self, now: Callable[[], int], failed: Callable[[Exception], None] = _raise
    ) -> None:
        self.now = now
        self.failed = failed
        #: What waits, as a heap; some of it may be cancelled.
        self.waiting: list[tuple[int, int, Timer]] = []
        self._number = 0
        self._many = _FEW

    def after(self, microseconds: int, call: Callable[[], None]) -> Timer:
        """Have ``call`` called so long from now, or later."""
        timer = Timer(self.now() + microseconds * NANOSECONDS_IN_MICROSECOND, call)
        self._number += 1
        if len(self.waiting) >= self._many:
            self._tidy()
        heapq.heappush(self.waiting, (timer.due, self._number, timer))
        return timer

    def _tidy(self) -> None:
        """Let go of cancelled timers, which would stay until they are due."""
        self.waiting = [item for item in self.waiting if item[2].call is not None]
        heapq.heapify(self.waiting)
        self._many = max(_FEW, 2 * len(self.waiting))

    def wait(self) -> float | None:
        """How many seconds to wait for the next one, rounded up to whole ms as waiting is."""
        due = self.next_due()
        return None if due is None else due / 1e9

    def next_due(self) -> int | None:
        """How many ns to wait for the next one; ``None`` where there is none."""
        while self.waiting and self.waiting[0][2].call is None:
            heapq.heappop(self.waiting)
        return max(0, self.waiting[0][0] - self.now()) if self.waiting else None

    def run_due(self) -> None:
        """Call what is due now; not what this makes due."""
        now = self.now()
        due: list[Timer] = []
        while self.waiting and self.waiting[0][0] <= now:
            due.append(heapq.heappop(self.waiting)[2])
        for timer in due:
            self._run(timer)

    def finish(self) -> None:
        """Call everything that waits now, once, whenever it is due."""
        waiting, self.waiting = sorted(self.waiting), []
        for _, _, timer in waiting:
            self._run(timer)

    def _run(self, timer: Timer) -> None:
        call, timer.call = timer.call, None
        if call is None:
            return
        try:
            call()
        except Exception as problem:
            self.failed(problem)
