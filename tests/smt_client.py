"""An agent at shared memory, for tests: nothing here comes from the package under test."""

import os
import select
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Self

from patience import PATIENCE, eventually
from scmi_wire import words


class Areas:
    """Shared memory with a doorbell, as an agent has it; offsets as in ``arm,scmi-shmem``.

    ``path`` is the file of the memory, and its doorbell is beside it. With ``eventfd`` eventfds
    ring; with ``memfd`` the memory is in no file, and ``path`` is the doorbell.
    """

    eventfd = False
    memfd = False

    def __init__(self, path: Path, slot: int = 256) -> None:
        self.slot = slot
        self.doorbell = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.doorbell.settimeout(PATIENCE)
        self.doorbell.connect(str(path) if self.memfd else f"{path}.doorbell")
        files: list[int] = []
        self.there: int | None = None
        self.here: int | None = None
        if self.memfd or self.eventfd:
            byte, files, _, _ = socket.recv_fds(self.doorbell, 10, 10)
            assert byte == b"S"
        if self.eventfd:
            *files, self.there, self.here = files
        self.file = files[0] if self.memfd else os.open(path, os.O_RDWR)

    def put(self, at: int, data: bytes) -> None:
        assert os.pwrite(self.file, data, at) == len(data)

    def get(self, at: int, size: int) -> bytes:
        return os.pread(self.file, size, at)

    def word(self, at: int) -> int:
        return int.from_bytes(self.get(at, 4), "little")

    def ring(self) -> None:
        if self.there is not None:
            os.eventfd_write(self.there, 1)
        else:
            self.doorbell.sendall(b"D")

    def rung(self) -> bool:
        """Whether the server rings."""
        if self.here is not None:
            ready = select.select([self.here], [], [], self.doorbell.gettimeout())[0]
            return bool(ready and os.eventfd_read(self.here))
        return self.doorbell.recv(1) != b""

    def write(self, message: bytes, length: int | None = None, area: int = 0) -> None:
        self.put(area + 0x18, message)
        self.put(area + 0x14, words(len(message) if length is None else length))
        self.put(area + 4, words(0))

    def post(self, message: bytes, length: int | None = None) -> None:
        self.write(message, length)
        self.ring()
        assert self.rung()

    def answer(self, area: int = 0) -> bytes:
        assert self.word(area + 4) == 1
        return self.get(area + 0x18, self.word(area + 0x14))

    def until(self, condition: Callable[[], bool]) -> None:
        assert eventually(condition), "the condition did not become true"

    def close(self) -> None:
        self.doorbell.close()
        for file in (self.file, self.there, self.here):
            if file is not None:
                os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class EventAreas(Areas):
    """Eventfds ring."""

    eventfd = True


class MemoryAreas(EventAreas):
    """Memory in no file, and eventfds."""

    memfd = True
