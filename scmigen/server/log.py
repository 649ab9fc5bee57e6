"""The log: lines for people, that never stop the server.

Agents cause lines, and a hostile one as many as it can: each source has `BURST` lines at once and
one more every `REFILL` ns, so that a flood writes less than 10 MB a day; what is left out is
counted and said. A reader that does not read, or is gone, loses lines; nobody waits for it.
"""

import os
import select
import time
from collections.abc import Callable
from typing import Final

from scmigen.scmi.text import plain

BURST: Final = 50
REFILL: Final = 1_000_000_000
#: The longest line: less than what a pipe takes whole.
_LONGEST: Final = 1000


class Log:
    """Writes lines to a file descriptor."""

    def __init__(self, descriptor: int = 2, now: Callable[[], int] = time.monotonic_ns) -> None:
        self._descriptor = descriptor
        self._now = now
        self._buckets: dict[str, tuple[int, int]] = {}
        self._left_out: dict[str, int] = {}

    def __call__(self, line: str, source: str = "") -> None:
        """Write ``line``, which ``source`` has caused; one without a source is always written."""
        if not source:
            self._write(line)
            return
        tokens, since = self._buckets.get(source, (BURST, self._now()))
        gained, now = divmod(self._now() - since, REFILL)
        tokens = min(BURST, tokens + gained)
        self._buckets[source] = (max(tokens - 1, 0), self._now() - now)
        if tokens == 0:
            self._left_out[source] = self._left_out.get(source, 0) + 1
            return
        left_out = self._left_out.pop(source, 0)
        if left_out:
            self._write(f"({left_out} lines about {source} left out)")
        self._write(line)

    def _write(self, line: str) -> None:
        data = plain(line).encode("utf-8", "replace")[:_LONGEST] + b"\n"
        try:
            if select.select((), (self._descriptor,), (), 0)[1]:
                os.write(self._descriptor, data)
        except OSError:
            pass  # nobody reads it
