"""A vhost-user front end with a guest, for tests: as QEMU and Linux do it, or with faults.

Nothing here comes from the package under test. Guest memory is a memfd at guest address `GUEST`,
which the front end has at `USER`: two rings of `SIZE`, then buffers.
"""

import array
import mmap
import os
import select
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from patience import PATIENCE

GUEST, USER = 0x4000_0000, 0x7F00_0000_0000
MEMORY = 1 << 16
SIZE = 8
BUFFERS = 0x4000
NEED_REPLY = 1 << 3


class FrontEnd:
    """Connected to a back end; ``start`` does what QEMU does at DRIVER_OK."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.file = os.memfd_create("guest", os.MFD_ALLOW_SEALING)
        os.ftruncate(self.file, MEMORY)
        self.memory = mmap.mmap(self.file, MEMORY)
        self.kicks = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(2)]
        self.calls = [os.eventfd(0) for _ in range(2)]
        self.seen = [0, 0]
        self.next = [0, 0]

    def send(
        self, number: int, payload: bytes = b"", files: Sequence[int] = (), flags: int = 1
    ) -> None:
        head = struct.pack("<III", number, flags, len(payload))
        rights = array.array("i", files)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if files else []
        self.socket.sendmsg([head + payload], ancillary)

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            assert part, "closed"
            data += part
        return data

    def ask(
        self, number: int, payload: bytes = b"", files: Sequence[int] = (), flags: int = 1
    ) -> bytes:
        self.send(number, payload, files, flags)
        answered, answer_flags, size = struct.unpack("<III", self.exactly(12))
        assert (answered, answer_flags) == (number, 1 | 1 << 2)
        return self.exactly(size)

    def number(self, *request: Any, **options: Any) -> int:
        return int(struct.unpack("<Q", self.ask(*request, **options))[0])

    @staticmethod
    def ring(index: int) -> tuple[int, int, int]:
        """Offsets of descriptors, available and used ring."""
        start = 0x1000 * index
        return start, start + 0x400, start + 0x800

    def regions(self, size: int = MEMORY, offset: int = 0) -> bytes:
        return struct.pack("<II4Q", 1, 0, GUEST, size, USER, offset)

    def start(self, features: int | None = None) -> int:
        offered = self.number(1)
        self.number(15)
        self.send(16, struct.pack("<Q", 1 << 3 | 1))
        self.send(3)
        self.send(2, struct.pack("<Q", offered if features is None else features))
        acknowledged = self.number(5, self.regions(), [self.file], flags=1 | NEED_REPLY)
        assert acknowledged == 0
        for index in range(2):
            self.start_ring(index)
        return offered

    def start_ring(self, index: int, size: int = SIZE) -> None:
        descriptors, available, used = (USER + at for at in self.ring(index))
        self.send(8, struct.pack("<II", index, size))
        self.send(10, struct.pack("<II", index, self.seen[index]))
        self.send(9, struct.pack("<IIQQQQ", index, 0, descriptors, used, available, 0))
        self.send(12, struct.pack("<Q", index), [self.kicks[index]])
        self.send(13, struct.pack("<Q", index), [self.calls[index]])
        assert self.number(18, struct.pack("<II", index, 1), flags=1 | NEED_REPLY) == 0

    def describe(
        self, index: int, number: int, address: int, length: int, flags: int, following: int = 0
    ) -> None:
        at = self.ring(index)[0] + 16 * number
        struct.pack_into("<QIHH", self.memory, at, address, length, flags, following)

    def offer(self, index: int, head: int, kick: bool = True) -> None:
        available = self.ring(index)[1]
        struct.pack_into("<H", self.memory, available + 4 + 2 * (self.next[index] % SIZE), head)
        self.next[index] += 1
        # at once: pack_into writes zeros first, which the back end may see
        self.memory[available + 2 : available + 4] = struct.pack("<H", self.next[index] & 0xFFFF)
        if kick:
            self.kick(index)

    def kick(self, index: int) -> None:
        os.write(self.kicks[index], (1).to_bytes(8, "little"))

    def used(self, index: int) -> tuple[int, int]:
        """Wait for the next used buffer: its head and length."""
        assert select.select([self.calls[index]], [], [], PATIENCE)[0]
        os.read(self.calls[index], 8)
        return self.taken(index)

    def taken(self, index: int) -> tuple[int, int]:
        at = self.ring(index)[2]
        (there,) = struct.unpack_from("<H", self.memory, at + 2)
        assert there != self.seen[index] & 0xFFFF
        head, length = struct.unpack_from(
            "<II", self.memory, at + 4 + 8 * (self.seen[index] % SIZE)
        )
        self.seen[index] += 1
        return head, length

    def command(self, message: bytes, room: int = 136) -> bytes:
        """One command as Linux sends it; the response."""
        self.memory[BUFFERS : BUFFERS + len(message)] = message
        self.describe(0, 0, GUEST + BUFFERS, len(message), 1, 1)
        self.describe(0, 1, GUEST + BUFFERS + 0x400, room, 2)
        self.offer(0, 0)
        head, length = self.used(0)
        assert head == 0
        return self.memory[BUFFERS + 0x400 : BUFFERS + 0x400 + length]

    def give_event_buffer(self, number: int = 0, room: int = 136) -> None:
        self.describe(1, number, GUEST + BUFFERS + 0x1000 + 0x100 * number, room, 2)
        self.offer(1, number)

    def event(self) -> bytes:
        number, length = self.used(1)
        at = BUFFERS + 0x1000 + 0x100 * number
        return self.memory[at : at + length]

    def closed(self) -> bool:
        """Whether the back end has ended the connection."""
        try:
            while self.socket.recv(4096):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self) -> None:
        self.socket.close()
        self.memory.close()
        for file in (self.file, *self.kicks, *self.calls):
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
