"""Memory shared with agents, through which no agent can stop or end the server.

Neither of the usual ways will do: a process that touches a page of a mapped file that an agent has
truncated is killed (SIGBUS), and an agent that never finishes a write of its own keeps all other
writes to the file waiting (the lock of the inode). So:

* A memfd that is sealed against shrinking is mapped: its pages cannot go.
* Other files are read as files. They are mapped too, but to be written to by the kernel, which
  copies from another file and fails where there is no page: it takes no lock and kills nobody.

Only a window of the file is mapped, so that the size of a guest costs no address space.
"""

import errno
import fcntl
import mmap
import os
import stat
from pathlib import Path

from scmigen.hints import Final, Protocol

_SHORTER: Final = "the file is shorter than agreed"
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
#: Bytes from the start of one window to that of the next, and the most that is accessed at once. A
#: window reaches to the end of the next one. With larger pages than this, it has two of them.
_STEP: Final = 1 << 20
#: Windows that are mapped at once. Each is an open file more.
_WINDOWS: Final = 4


class SharedMemoryError(Exception):
    """The bytes to read or write do not exist."""


#: Device and inode.
FileId = tuple[int, int]


def file_id(memory: "SharedMemory") -> FileId:
    """Which file it is, whatever its names. Raises `OSError`."""
    found = os.fstat(memory.descriptor)
    return found.st_dev, found.st_ino


def is_memory(descriptor: int) -> bool:
    """Whether a file is memory: a memfd or a file of a tmpfs or hugetlbfs. Only these support
    seals. Asking for them does not reach the file itself, which may not answer."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError:
        return False
    return True


def _is_sealed(descriptor: int) -> bool:
    """Whether nobody can make a file shorter."""
    try:
        return bool(fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK)
    except OSError:
        return False


class SharedMemory:
    """``size`` bytes of the file ``descriptor`` from ``start`` on. Owns the descriptor."""

    def __init__(self, descriptor: int, size: int, start: int = 0) -> None:
        self.descriptor = descriptor
        self.size = size
        self._start = start
        self._windows: dict[int, mmap.mmap] = {}
        self._step = _STEP
        #: How often windows have gone: an `Area` made before is used no more.
        self.unmapped = 0
        #: Whether pages that are mapped cannot go; unknown before the first access.
        self._mapped: bool | None = None
        #: A file of the server's own, from which the kernel copies if they can.
        self._source: int | None = None

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

    def allocate(self, offset: int, size: int) -> None:
        """Have the file system set aside ``size`` bytes at ``offset``, whose content stays: a disk
        that is full is then found here, and not when they are first written. Raises `OSError`."""
        try:
            os.posix_fallocate(self.descriptor, self._start + offset, size)
        except OSError as problem:
            if problem.errno != errno.EOPNOTSUPP:
                raise

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

    @property
    def files(self) -> int:
        """How many open files it takes."""
        return 1 + len(self._windows) + (self._source is not None)

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes from ``offset``. Raises `SharedMemoryError`."""
        if self._mapped and 0 <= offset <= self.size - size and size <= _STEP:
            at = (self._start + offset) % self._step
            known = self._windows.get(self._start + offset - at)
            if known is not None:
                return known[at : at + size]
        at = self._at(offset, size)
        try:
            if self._is_mapped():
                window, start = self._window(at)
                return window[start : start + size]
            data = os.pread(self.descriptor, size, at)
        except (OSError, ValueError) as problem:
            raise _error(problem) from None
        if len(data) != size:
            raise SharedMemoryError(_SHORTER)
        return data

    def write(self, offset: int, data: bytes) -> None:
        """Write ``data`` at ``offset``. Raises `SharedMemoryError`."""
        size = len(data)
        if self._mapped and 0 <= offset <= self.size - size and size <= _STEP:
            at = (self._start + offset) % self._step
            known = self._windows.get(self._start + offset - at)
            if known is not None:
                known[at : at + size] = data
                return
        at = self._at(offset, size)
        try:
            mapped = self._is_mapped()
            window, start = self._window(at)
            if mapped:
                window[start : start + len(data)] = data
            elif self._copy(data, window, start) != len(data):
                raise SharedMemoryError(_SHORTER)
        except (OSError, ValueError) as problem:
            raise _error(problem) from None

    def area(self, offset: int, size: int) -> tuple["Area", int]:
        """A file that has ``size`` bytes from ``offset`` on, for many accesses to them: slices of
        it are read and written. And where they are in it. Raises `SharedMemoryError`."""
        at = self._at(offset, size)
        try:
            if self._is_mapped():
                return self._window(at)
        except (OSError, ValueError) as problem:
            raise _error(problem) from None
        return _Unmapped(self), offset

    def _at(self, offset: int, size: int) -> int:
        """The offset in the file of ``size`` bytes at ``offset``."""
        if not 0 <= offset <= self.size - size or size > _STEP:
            raise SharedMemoryError(f"{size} bytes at {offset:#x}")
        return self._start + offset

    def _is_mapped(self) -> bool:
        """Whether the file is accessed as mapped: it is sealed, as long as agreed, and without huge
        pages, of which there may be none left when one is touched."""
        if self._mapped is None:
            found = os.fstat(self.descriptor)
            self._step = max(_STEP, found.st_blksize)
            self._mapped = (
                _is_sealed(self.descriptor)
                and found.st_size >= self._start + self.size
                and found.st_blksize == mmap.PAGESIZE
            )
        return self._mapped

    def _window(self, at: int) -> tuple[mmap.mmap, int]:
        """The window with offset ``at`` of the file, and where it is in there. Raises `OSError`,
        `ValueError`."""
        base = at // self._step * self._step
        window = self._windows.get(base)
        if window is None:
            if len(self._windows) == _WINDOWS:
                self._unmap()
            size = min(2 * self._step, os.fstat(self.descriptor).st_size - base)
            if size <= 0:
                raise ValueError(_SHORTER)
            window = self._windows[base] = mmap.mmap(self.descriptor, size, offset=base)
        return window, at - base

    def _copy(self, data: bytes, window: mmap.mmap, start: int) -> int:
        """Have the kernel copy ``data`` to a window; how much it copied. Raises `OSError`."""
        if self._source is None:
            self._source = os.memfd_create("scmi", os.MFD_CLOEXEC)
        os.pwrite(self._source, data, 0)
        with memoryview(window)[start : start + len(data)] as target:
            return os.preadv(self._source, [target], 0)

    def _unmap(self) -> None:
        self.unmapped += 1
        for window in self._windows.values():
            window.close()
        self._windows.clear()

    def close(self) -> None:
        """Unmap and close the file. Memory that is closed has no bytes."""
        files = [self._source, self.descriptor]
        self._source, self.descriptor, self.size = None, -1, 0
        self._unmap()
        for file in files:
            if file is not None and file >= 0:
                os.close(file)


class Area(Protocol):
    """Bytes of a file: slices with a start and an end."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Read them."""

    def __setitem__(self, part: slice, data: bytes, /) -> None:
        """Write as many."""


class _Unmapped:
    """Memory whose pages can go, as an `Area`. Both raise `SharedMemoryError`."""

    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory

    def __getitem__(self, part: slice, /) -> bytes:
        return self._memory.read(part.start, part.stop - part.start)

    def __setitem__(self, part: slice, data: bytes, /) -> None:
        self._memory.write(part.start, data)


def _error(problem: OSError | ValueError) -> SharedMemoryError:
    if isinstance(problem, ValueError) or problem.errno == errno.EFAULT:
        return SharedMemoryError(_SHORTER)
    return SharedMemoryError(problem.strerror or "not accessible")
