"""Memory shared with agents, read and written as a file.

It is not mapped: by truncating a mapped file, an agent would kill the process that touches a
missing page, and with it the server of all other agents. Through file operations, missing bytes are
an error. For files in the page cache (a memfd, a file in /dev/shm) both access the same memory.
"""

import fcntl
import os
import stat
from pathlib import Path
from typing import Final

_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class SharedMemoryError(Exception):
    """The bytes to read or write do not exist."""


def is_memory(descriptor: int) -> bool:
    """Whether a file is memory: a memfd or a file of a tmpfs. Only these support seals."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError:
        return False
    return True


class SharedMemory:
    """``size`` bytes of the file ``descriptor`` from ``start`` on. Owns the descriptor."""

    def __init__(self, descriptor: int, size: int, start: int = 0) -> None:
        self.descriptor = descriptor
        self.size = size
        self._start = start

    @classmethod
    def open(cls, path: Path, size: int) -> "SharedMemory":
        """The file at ``path``, created or extended to ``size`` bytes. Raises `OSError`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(f"{path} is not a regular file")  # noqa: TRY301 - closed below
            if found.st_size < size:
                os.ftruncate(descriptor, size)
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor, size)

    @classmethod
    def sealed(cls, name: str, size: int) -> "SharedMemory":
        """``size`` bytes in a sealed memfd, which can neither shrink nor grow. Raises `OSError`."""
        descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, size)
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor, size)

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes from ``offset``. Raises `SharedMemoryError`."""
        if not 0 <= offset <= self.size - size:
            raise SharedMemoryError(f"{size} bytes at {offset:#x}")
        try:
            data = os.pread(self.descriptor, size, self._start + offset)
        except OSError as problem:
            raise SharedMemoryError(problem.strerror or "read error") from None
        if len(data) != size:
            raise SharedMemoryError("the file is shorter than agreed")
        return data

    def write(self, offset: int, data: bytes) -> None:
        """Write ``data`` at ``offset``. Raises `SharedMemoryError`. The size is checked first,
        because writing would extend a truncated file again."""
        if not 0 <= offset <= self.size - len(data):
            raise SharedMemoryError(f"{len(data)} bytes at {offset:#x}")
        try:
            if os.fstat(self.descriptor).st_size < self._start + offset + len(data):
                raise SharedMemoryError("the file is shorter than agreed")
            written = os.pwrite(self.descriptor, data, self._start + offset)
        except OSError as problem:
            raise SharedMemoryError(problem.strerror or "write error") from None
        if written != len(data):
            raise SharedMemoryError("short write")

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)
