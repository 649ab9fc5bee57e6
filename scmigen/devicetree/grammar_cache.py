"""Keeps the tables of grammars between runs, because making them costs more than reading a board.

They are JSON, so reading one runs no code; but they decide what a source means, so they are only
read from a folder that belongs to this user and that nobody else can write to. In any doubt the
grammar is compiled anew. A file starts with a checksum and holds all that its tables depend on, so
neither a damaged nor a stale one is used.
"""

import contextlib
import json
import os
import stat
from pathlib import Path
from zlib import crc32

from scmigen.devicetree.lalr import Tables
from scmigen.resources import cache_folder, is_ours

#: The most bytes a kept grammar may have.
MAX_SIZE = 1 << 20


def read(name: str, depends_on: str) -> Tables | None:
    """What `write` kept under the same name for the same dependencies, if it can be trusted."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        with _file(folder, name, depends_on).open("rb") as file:
            if not is_ours(os.fstat(file.fileno()), stat.S_IFREG):
                return None
            checksum, _, text = file.read(MAX_SIZE).partition(b"\n")
        if checksum != _checksum(text):
            return None
        kept = json.loads(text)
        return Tables(**kept["tables"]) if kept["depends_on"] == depends_on else None
    except (OSError, KeyError, RecursionError, TypeError, ValueError):
        return None


def write(name: str, depends_on: str, tables: Tables) -> None:
    """Keeps ``tables``; does nothing where that is impossible or not safe."""
    import tempfile

    folder = cache_folder()
    if folder is None:
        return
    text = json.dumps({"depends_on": depends_on, "tables": tables._asdict()}).encode()
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=folder)
        with open(handle, "wb") as file:  # noqa: PTH123 - it is a handle
            file.write(_checksum(text) + b"\n" + text)
        Path(temporary).replace(_file(folder, name, depends_on))


def _checksum(text: bytes) -> bytes:
    return b"%08x" % crc32(text)


def _file(folder: Path, name: str, depends_on: str) -> Path:
    """One for each state of the grammar: two installations do not throw out each other's."""
    return folder / f"{name}.{_checksum(depends_on.encode()).decode()}.tables.json"
