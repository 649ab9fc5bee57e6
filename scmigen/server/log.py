"""The log: lines for people, which never block the server.

A hostile agent causes as many lines as it can, so each source of lines has a limit: `BURST` bytes
at once, and one more every `PACE` ns. Each message that an agent is refused, by status, is a source
of its own, so that none hides another. As there can be `REFUSALS` of them, such a source gets one
more byte only every `RARE` ns. The last line may pass the limit. That is at most 10 MB per day for
each agent (`tests/server/test_log.py` computes it). Suppressed lines are counted and reported. A
reader that does not read, or is gone, loses lines; the server does not wait.
"""

import os
import select
import time
from collections.abc import Callable
from typing import Final

from scmigen.escape import plain

BURST: Final = 5000
PACE: Final = 20_000_000
RARE: Final = 5_000_000_000
#: The most messages of an agent, by status, that have a name of their own in the log.
REFUSALS: Final = 200
#: The longest line in bytes; a pipe takes that much atomically.
LONGEST: Final = 1000


class Log:
    """Writes lines to a file descriptor."""

    def __init__(self, descriptor: int = 2, now: Callable[[], int] = time.monotonic_ns) -> None:
        self._descriptor = descriptor
        self._now = now
        #: Source → when it has paid for its lines so far, at one byte every ``pace`` ns.
        self._paid: dict[str, int] = {}
        self._suppressed: dict[str, int] = {}

    def __call__(self, line: str, source: str = "", pace: int = PACE) -> None:
        """Write ``line``, caused by ``source``; lines without a source are never suppressed."""
        if not source:
            self._write(line)
            return
        now = self._now()
        paid = max(self._paid.get(source, now), now)
        if paid - now >= BURST * pace:
            self._suppressed[source] = self._suppressed.get(source, 0) + 1
            return
        self._paid[source] = paid + pace * (self._count(source) + self._write(line))

    def settle(self) -> None:
        """Write how many lines are suppressed, and forget the sources that have paid for theirs."""
        for source in tuple(self._suppressed):
            self._count(source)
        now = self._now()
        self._paid = {source: paid for source, paid in self._paid.items() if paid > now}

    def _count(self, source: str) -> int:
        suppressed = self._suppressed.pop(source, 0)
        return self._write(f"({suppressed} lines about {source} suppressed)") if suppressed else 0

    def _write(self, line: str) -> int:
        """Write a line; returns its bytes, whether a reader takes them or not."""
        data = plain(line).encode("utf-8", "replace")[:LONGEST] + b"\n"
        try:
            if select.select((), (self._descriptor,), (), 0)[1]:
                os.write(self._descriptor, data)
        except OSError:
            pass  # the reader is gone
        return len(data)
