"""Doorbells that are eventfds, shared with a possibly hostile peer.

Their flags are shared too: the peer can make them blocking again, and reading an empty eventfd or
writing to a full one would then stop the server. So they are never read (the loop watches for
edges), and made non-blocking again right before they are written to.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_KIND: Final = Path("anon_inode:[eventfd]")
_ONE: Final = (1).to_bytes(8, "little")


def check(descriptor: int) -> None:
    """Raises `OSError` unless the file is an eventfd."""
    if Path(f"/proc/self/fd/{descriptor}").readlink() != _KIND:
        raise OSError(0, "a doorbell that is not an eventfd")


def ring(descriptor: int) -> None:
    """Signal the eventfd; if it is full, a signal is already pending."""
    with suppress(OSError):
        os.set_blocking(descriptor, False)
        os.write(descriptor, _ONE)
