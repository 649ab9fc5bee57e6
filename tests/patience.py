"""How tests wait: for what must become true, however slow the machine, and never for some time."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

#: Seconds after which what must happen has not: for sockets, threads and processes too.
PATIENCE = 60


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether ``condition`` becomes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def open_files() -> Counter[str]:
    """What this process has open, and how often.

    What is open now and was not before is left of what a test did. Their number alone does not tell
    that: threads of earlier tests may still be closing files.
    """
    found: Counter[str] = Counter()
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile, as the folder itself is
            found[str(file.readlink())] += 1
    return found
