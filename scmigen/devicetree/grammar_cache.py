"""Keeps built grammars between runs, because building one costs more than reading a board.

They are pickles, so they are only read from a folder that belongs to this user and that nobody
else can write to; in any doubt the grammar is built anew. The name of a file holds a digest of all
that the tables depend on, so a stale one is never read.
"""

import contextlib
import io
import os
import pickle
import stat
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

#: The most bytes a kept grammar may have.
MAX_SIZE = 1 << 20


def read(name: str, depends_on: str) -> io.BytesIO | None:
    """What `write` kept under the same name for the same dependencies, if it can be trusted."""
    folder = _folder()
    if folder is None:
        return None
    try:
        with (folder / _file_name(name, depends_on)).open("rb") as file:
            if not _is_ours(os.fstat(file.fileno()), stat.S_IFREG):
                return None
            return io.BytesIO(file.read(MAX_SIZE))
    except OSError:
        return None


def write(name: str, depends_on: str, data: bytes) -> None:
    """Keeps ``data``; does nothing where that is impossible or not safe."""
    folder = _folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=folder)
        with open(handle, "wb") as file:  # noqa: PTH123 - it is a handle
            file.write(data)
        Path(temporary).replace(folder / _file_name(name, depends_on))


#: What reading a damaged file may raise.
DAMAGED = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)


def _file_name(name: str, depends_on: str) -> str:
    digest = sha256(f"{sys.version}\0{depends_on}".encode()).hexdigest()
    return f"{name}-{digest[:32]}.grammar"


def _folder() -> Path | None:
    """The folder for kept grammars, made if need be; none where it is not this user's alone."""
    if not hasattr(os, "getuid"):
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = (Path(base) if base.startswith("/") else Path.home() / ".cache") / "scmigen"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours(folder.lstat(), stat.S_IFDIR) else None
    except (OSError, RuntimeError, ValueError):
        return None


def _is_ours(status: os.stat_result, kind: int) -> bool:
    """Whether it is of that kind, belongs to this user, and no other may write to it."""
    mode = status.st_mode
    return stat.S_IFMT(mode) == kind and status.st_uid == os.getuid() and not mode & 0o022
