"""Doorbells that are eventfds, shared with somebody who may be hostile.

Their flags are shared too: who has the other end can make them blocking again, and a read of an
empty one or a write to a full one would then stop the server. So none is ever read (the loop
watches edges), and each is made non-blocking again right before it is written to.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_KIND: Final = Path("anon_inode:[eventfd]")
_ONE: Final = (1).to_bytes(8, "little")


def check(descriptor: int) -> None:
    """Raises `OSError` for a file that is no eventfd."""
    if Path(f"/proc/self/fd/{descriptor}").readlink() != _KIND:
        raise OSError(0, "a doorbell that is no eventfd")


def ring(descriptor: int) -> None:
    """Ring; one that is full has rung already."""
    with suppress(OSError):
        os.set_blocking(descriptor, False)
        os.write(descriptor, _ONE)
