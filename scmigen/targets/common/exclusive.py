"""Keeping others out while files change: signals that end the process, and other builds."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

#: Seconds to wait for another build that writes into the same folder.
PATIENCE = 30.0


class StoppedError(OSError):
    """A signal asked the process to end."""

    def __init__(self) -> None:
        super().__init__(0, "stopped by a signal")


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """SIGINT, SIGTERM and SIGHUP wait until the body has ended, and then do what they always do.

    The body calls what it is given where it can stop; that raises `StoppedError` if a signal came.
    Signals are Python's main thread's; elsewhere nothing is changed.
    """
    import signal

    came: list[int] = []
    before = {}

    def check() -> None:
        if came:
            raise StoppedError

    try:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            handler = None if number is None else signal.getsignal(number)
            # What is ignored (nohup) stays so; None is a handler that is not of Python.
            if number is not None and handler not in (None, signal.SIG_IGN):
                with suppress(ValueError):  # it is not the main thread
                    signal.signal(number, lambda number, _: came.append(number))
                    before[number] = handler
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


class Locks:
    """Folders that are locked against other builds; ``stack`` unlocks them in the end."""

    def __init__(
        self, stack: ExitStack, make: Callable[[Path], None], check: Callable[[], None]
    ) -> None:
        self._stack = stack
        self._make = make
        self._check = check
        self._taken: set[tuple[int, int]] = set()
        #: The paths, without links, of all that are locked.
        self.held: set[Path] = set()

    def take(self, folder: Path) -> None:
        """Lock a folder, which is made if it is missing. Raises `OSError`."""
        self._make(folder)
        status = folder.stat()
        if (status.st_dev, status.st_ino) not in self._taken:
            handle = hold(folder, self._make, self._check)
            if handle is None:
                return
            self._stack.callback(os.close, handle)
            status = os.fstat(handle)
            self._taken.add((status.st_dev, status.st_ino))
        self.held.add(Path(os.path.realpath(folder)))


def hold(folder: Path, make: Callable[[Path], None], check: Callable[[], None]) -> int | None:
    """Lock a folder, which ``make`` makes, against other builds: a handle that holds the lock.

    The lock is the kernel's, so it ends with the process and leaves no file. ``None`` where the
    system or the file system has no such locks. Raises `OSError` after `PATIENCE` seconds.
    """
    try:
        import fcntl
    except ImportError:
        return None
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        check()
        make(folder)
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except PermissionError:
            return None
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        except BlockingIOError:
            time.sleep(0.01)
        except FileNotFoundError:
            pass  # the build that held it has undone its folder
        except OSError:
            os.close(handle)
            return None
        os.close(handle)
    raise OSError(0, f"another process has locked {folder} for {PATIENCE:.0f} seconds")
