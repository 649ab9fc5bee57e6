"""Doorbells that are eventfds, shared with a possibly hostile peer.

Their flags are shared too: the peer can make them blocking, and reading an empty eventfd or writing
to a full one would then stop the server. So they are never read (the loop watches for edges), and
signalled by a thread of their own (`aside`).
"""

from pathlib import Path
from typing import Final

_KIND: Final = Path("anon_inode:[eventfd]")


def check(descriptor: int) -> None:
    """Raises `OSError` unless the file is an eventfd. Does not ask the file itself, which may not
    answer."""
    if Path(f"/proc/self/fd/{descriptor}").readlink() != _KIND:
        raise OSError(0, "a doorbell that is not an eventfd")
