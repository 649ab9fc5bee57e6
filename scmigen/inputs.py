"""Reading the files that users name: regular ones of bounded size, or one diagnostic."""

import os
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from scmigen.diagnostics import Diagnostic, Finding, InputError, Position

FILE_UNREADABLE = Finding(
    "file-unreadable",
    "A file cannot be read or written.",
    "Check its name and its permissions.",
    switchable=False,
)

#: Not on Windows, which has no FIFOs; there, text would be changed.
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

#: The largest file that is read, in bytes.
MAX_FILE = 16 << 20
#: How many files of a folder are looked at for one that a missing file may have been meant as.
_NEIGHBOURS = 1000


def read_part(path: Path, size: int, start: int = 0) -> bytes:
    """At most ``size`` bytes of a regular file, from ``start`` on. Raises `OSError`,
    `ValueError`."""
    # A FIFO is opened without waiting for a writer, then refused. What the kernel shows as a file
    # may have nothing to read yet.
    with os.fdopen(os.open(path, os.O_RDONLY | _NO_WAIT), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "is not a regular file")
        if start:
            file.seek(start)
        data: bytes | None = file.read(size)
    if data is None:
        raise OSError(0, "is not a regular file")
    return data


def is_directory(path: Path) -> bool:
    """Whether it is one; not where the system does not tell, which reading it will say."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def of_build(path: Path) -> Path:
    """The file to read: for the directory of a build, its runtime configuration."""
    return path / "runtime/runtime.json" if is_directory(path) else path


def is_missing(path: Path) -> bool:
    """Whether nothing is there; not where the system does not tell, which reading it will say."""
    try:
        return not path.exists()
    except (OSError, ValueError):
        return False


def read_bytes(path: Path) -> bytes:
    """The content of a regular file of at most `MAX_FILE` bytes. Raises `InputError`."""
    try:
        if path.is_dir():
            raise _unreadable(path, "is a directory")
        data = read_part(path, MAX_FILE + 1)
    except FileNotFoundError as problem:
        raise _unreadable(path, problem.strerror or "is missing", _near(path)) from None
    except (OSError, ValueError) as problem:
        raise _unreadable(path, getattr(problem, "strerror", None) or str(problem)) from None
    if len(data) > MAX_FILE:
        raise _unreadable(path, f"the file has more than {MAX_FILE >> 20} MiB")
    return data


def read_text(path: Path) -> str:
    """The UTF-8 text in a file. Raises `InputError`."""
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise _unreadable(path, "not UTF-8 text") from None


def missing_folders(folders: Iterable[Path]) -> Iterator[Diagnostic]:
    """A warning for each folder to search that does not exist."""
    for folder in folders:
        if not is_directory(folder):
            message = "there is no such folder; nothing is found in it"
            yield FILE_UNREADABLE.warning(message, Position(str(folder)), hint=_near(folder))


def _near(path: Path) -> str | None:
    """What is in the folder of a missing file that may be meant, or the folder that is missing."""
    if is_missing(path.parent):
        return f"there is no folder {path.parent}"
    try:
        names = [entry.name for entry in islice(os.scandir(path.parent), _NEIGHBOURS)]
    except (OSError, ValueError):
        return None
    from difflib import get_close_matches  # only where a file is missing

    close = get_close_matches(path.name, names, 1)
    return f"did you mean {path.with_name(close[0])}?" if close else None


def _unreadable(path: Path, reason: str, hint: str | None = None) -> InputError:
    return InputError([FILE_UNREADABLE.error(reason, Position(str(path)), hint=hint)])
