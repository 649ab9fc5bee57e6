"""SHA-256 as Python itself has it.

`hashlib` takes OpenSSL's, which is faster, but loading that takes longer than all outputs of a
board, and 4 MiB.
"""

from functools import cache
from importlib import import_module

from scmigen.hints import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

#: Python's own module from 3.12 on, that of 3.11, and for a Python without them.
_MODULES = ("_sha2", "_sha256", "hashlib")
_PART = 1 << 20


@cache
def _sha256() -> "Callable[..., Any]":
    for name in _MODULES:
        try:
            made: Callable[..., Any] = import_module(name).sha256
        except ImportError:
            continue
        return made
    raise ImportError("this Python has no SHA-256")


def digest_of(content: bytes) -> bytes:
    """The hash of ``content``."""
    found: bytes = _sha256()(content).digest()
    return found


def file_digest(file: BinaryIO) -> bytes:
    """The hash of the rest of a file."""
    made = _sha256()()
    while part := file.read(_PART):
        made.update(part)
    found: bytes = made.digest()
    return found
