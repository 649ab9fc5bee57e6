"""What is to happen later: callbacks by the time they are due, in ns of the server's clock."""

import heapq
from collections.abc import Callable
from typing import Final

NANOSECONDS_IN_MICROSECOND: Final = 1000


class Timer:
    """Something that will happen once, unless it is cancelled."""

    __slots__ = ("call", "due")

    def __init__(self, due: int, call: Callable[[], None]) -> None:
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Let it not happen."""
        self.call = None


class Timers:
    """Timers in order. Nothing runs by itself: `run_due` is called by whoever waits."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self._heap: list[tuple[int, int, Timer]] = []
        self._number = 0

    def after(self, microseconds: int, call: Callable[[], None]) -> Timer:
        """Have ``call`` called so long from now, or later."""
        timer = Timer(self.now() + microseconds * NANOSECONDS_IN_MICROSECOND, call)
        self._number += 1
        heapq.heappush(self._heap, (timer.due, self._number, timer))
        return timer

    @property
    def waiting(self) -> bool:
        """Whether anything may be waiting."""
        return bool(self._heap)

    def wait(self) -> float | None:
        """How many seconds to wait for the next one, rounded up to whole ms as waiting is."""
        due = self.next_due()
        return None if due is None else due / 1e9

    def next_due(self) -> int | None:
        """How many ns to wait for the next one; ``None`` where there is none."""
        while self._heap and self._heap[0][2].call is None:
            heapq.heappop(self._heap)
        return max(0, self._heap[0][0] - self.now()) if self._heap else None

    def run_due(self) -> None:
        """Call what is due now; not what this makes due."""
        now = self.now()
        due: list[Timer] = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        for timer in due:
            call, timer.call = timer.call, None
            if call is not None:
                call()

    def finish(self) -> None:
        """Call everything that waits now, once, whenever it is due."""
        waiting, self._heap = sorted(self._heap), []
        for _, _, timer in waiting:
            call, timer.call = timer.call, None
            if call is not None:
                call()
