"""Doorbells that are eventfds, shared with a possibly hostile peer.

Their flags are shared too: the peer can make them blocking, and reading an empty eventfd or writing
to a full one would then stop the server. So they are never read (the loop watches for edges), and
signalled where a write that waits stops nobody (`guard`, `aside`).
"""

import os

from scmigen.hints import Final

_KIND: Final = "anon_inode:[eventfd]"


def check(descriptor: int) -> None:
    """Raises `OSError` unless the file is an eventfd. Does not ask the file itself, which may not
    answer."""
    # Not with pathlib, which interns the parts of every path: thousands of clients would grow
    # Python's table of such strings, which never shrinks.
    if os.readlink(f"/proc/self/fd/{descriptor}") != _KIND:  # noqa: PTH115
        raise OSError(0, "a doorbell that is not an eventfd")
