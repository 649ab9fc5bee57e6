"""The log: lines for people, which never block the server.

A hostile agent causes as many lines as it can, so each source of lines has a limit: `BURST` bytes
at once, and one more every `PACE` ns. Each message that an agent is refused, by status, is a source
of its own, so that none hides another. As there can be `REFUSALS` of them, such a source gets one
more byte only every `RARE` ns. The last line may pass the limit. That is at most 10 MB per day for
each agent (`tests/server/test_log.py` computes it). Suppressed lines are counted and reported, with
up to `SUBJECTS` of what they are about: an agent that tries one resource after the other does not
hide which ones. A reader that does not read, or is gone, loses lines; the server does not wait.
"""

import os
import select
import time
from collections.abc import Callable

from scmigen.escape import plain
from scmigen.hints import Final

BURST: Final = 5000
PACE: Final = 20_000_000
RARE: Final = 5_000_000_000
#: The most messages of an agent, by status, that have a name of their own in the log.
REFUSALS: Final = 240
#: How many subjects of suppressed lines are remembered for each source.
SUBJECTS: Final = 64
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
        #: Source → what its suppressed lines are about; None stands for all beyond `SUBJECTS`.
        self._subjects: dict[str, dict[str | None, None]] = {}

    def __call__(self, line: str, source: str = "", pace: int = PACE, about: str = "") -> None:
        """Write ``line``, caused by ``source``; lines without a source are never suppressed.
        ``about`` is what the line is about, in its words."""
        if not source:
            self._write(line)
            return
        now = self._now()
        paid = max(self._paid.get(source, now), now)
        if paid - now >= BURST * pace:
            self._suppressed[source] = self._suppressed.get(source, 0) + 1
            if about:
                known = self._subjects.setdefault(source, {})
                known[about if about in known or len(known) < SUBJECTS else None] = None
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
        about = self._subjects.pop(source, {})
        if not suppressed:
            return 0
        told = ", ".join("and more" if it is None else it for it in about)
        on = f": on {told}" if told else ""
        return self._write(_shortened(f"({suppressed} lines about {source} suppressed{on}", ")"))

    def _write(self, line: str) -> int:
        """Write a line; returns its bytes, whether a reader takes them or not."""
        data = plain(line).encode("utf-8", "replace")[:LONGEST] + b"\n"
        try:
            if select.select((), (self._descriptor,), (), 0)[1]:
                os.write(self._descriptor, data)
        except OSError:
            pass  # the reader is gone
        return len(data)


def _shortened(text: str, end: str) -> str:
    """``text`` and its ``end``; what is longer than a line loses the rest of it for ``…``."""
    room = LONGEST - len(end) - 4
    data = plain(text).encode("utf-8", "replace")
    return text + end if len(data) <= room else data[:room].decode("utf-8", "ignore") + " …" + end
