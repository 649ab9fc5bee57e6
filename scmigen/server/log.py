"""The log: lines for people, which never block the server.

A hostile agent causes as many lines as it can, so each source is limited to `BURST` lines at once
and one more every `REFILL` ns: a flood writes less than 10 MB per day. Suppressed lines are counted
and reported. A reader that does not read, or is gone, loses lines; the server does not wait.
"""

import os
import select
import time
from collections.abc import Callable
from typing import Final

from scmigen.escape import plain

BURST: Final = 50
REFILL: Final = 1_000_000_000
#: The longest line; a pipe takes that much atomically.
_LONGEST: Final = 1000


class Log:
    """Writes lines to a file descriptor."""

    def __init__(self, descriptor: int = 2, now: Callable[[], int] = time.monotonic_ns) -> None:
        self._descriptor = descriptor
        self._now = now
        self._buckets: dict[str, tuple[int, int]] = {}
        self._suppressed: dict[str, int] = {}

    def __call__(self, line: str, source: str = "") -> None:
        """Write ``line``, caused by ``source``; lines without a source are never suppressed."""
        if not source:
            self._write(line)
            return
        tokens, since = self._buckets.get(source, (BURST, self._now()))
        gained, now = divmod(self._now() - since, REFILL)
        tokens = min(BURST, tokens + gained)
        self._buckets[source] = (max(tokens - 1, 0), self._now() - now)
        if tokens == 0:
            self._suppressed[source] = self._suppressed.get(source, 0) + 1
            return
        suppressed = self._suppressed.pop(source, 0)
        if suppressed:
            self._write(f"({suppressed} lines about {source} suppressed)")
        self._write(line)

    def _write(self, line: str) -> None:
        data = plain(line).encode("utf-8", "replace")[:_LONGEST] + b"\n"
        try:
            if select.select((), (self._descriptor,), (), 0)[1]:
                os.write(self._descriptor, data)
        except OSError:
            pass  # the reader is gone
