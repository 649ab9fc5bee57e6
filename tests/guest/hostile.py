"""What a hostile guest can send, and what a hostile VMM can do at its socket."""

import random
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from guest.linux import RAW
from vhost_front_end import GUEST, SIZE, USER, FrontEnd

#: Messages of a batch.
BATCH = 150
#: Every protocol of the specification, its neighbours, and a vendor's.
PROTOCOLS = (*range(0xF, 0x1D), 0x80)
#: The ids of the specification's messages, and some more.
IDS = range(0x16)
#: How often a guest abuses its device, and where it has its rings, in the memory of ``virt``.
ABUSES = 4
_PAGE = 0x4F00_0000
#: Registers of a virtio device at a memory address.
_NOTIFY, _STATUS = 0x50, 0x70
#: Messages of all batches.
MESSAGES = 2 * len(PROTOCOLS) * len(IDS)


def batches(seed: int) -> Iterator[str]:
    """Scripts for a guest's shell: every message of every protocol, twice, in any order, with
    numbers in and beyond every range, and payloads of any length with anything in them."""
    chance = random.Random(seed)
    kinds = [protocol << 10 | message for protocol in PROTOCOLS for message in IDS] * 2
    chance.shuffle(kinds)
    # The kernel's own messages have the first tokens.
    headers = [(0x100 + number % 0x300) << 18 | kind for number, kind in enumerate(kinds)]
    for start in range(0, len(headers), BATCH):
        lines = []
        for header in headers[start : start + BATCH]:
            data = struct.pack("<I", header) + _payload(chance)
            text = "".join(f"\\{byte:03o}" for byte in data)
            lines.append(f"exec 4<>{RAW} && printf '{text}' >&4 && cat <&4 >/dev/null")
        yield "\n".join([*lines, ":"])


def _payload(chance: random.Random) -> bytes:
    """Words that mean something, or anything."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(120))
    near = (0, 1, 2, 3, 4, 5, 6, 7, 0x4000_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
    words = [chance.choice(near) for _ in range(chance.randrange(1, 6))]
    return struct.pack(f"<{len(words)}I", *words)


def abuses(seed: int, device: int) -> Iterator[str]:
    """Scripts for a guest's shell that drive its own virtio device behind the kernel's back: rings
    with anything in them, every other time at places that are memory and of a size that they may
    have, with notifications; then anything in any register. ``device`` is the address of its
    registers (virtio 1.2, 4.2.2)."""
    chance = random.Random(seed)
    for number in range(ABUSES):
        text = "".join(f"\\{byte:03o}" for byte in _ring(chance))
        lines = [f"printf '{text}' | dd of=/dev/mem bs=4096 seek={_PAGE >> 12} 2>/dev/null"]
        fits = number % 2 == 0
        page = _PAGE if fits else chance.choice([0, 0x5000_0000, 0xFFFF_F000])
        writes = [(_STATUS, 0), (_STATUS, 3), (0x24, 1), (0x20, 1), (_STATUS, 0xB)]
        for queue in (0, 1):
            writes += [(0x30, queue), (0x38, 8 if fits else chance.choice([0, 1, 7, 256, 1000]))]
            writes += [(low, page + at) for low, at in ((0x80, 0), (0x90, 0x80), (0xA0, 0xC0))]
            writes += [(high, 0 if fits else chance.randrange(2)) for high in (0x84, 0x94, 0xA4)]
            writes += [(0x44, 1)]
        writes += [(_STATUS, 0xF)] + [(_NOTIFY, each) for each in (0, 1, 0, chance.randrange(9))]
        writes += [(chance.randrange(0, 0x100, 4), chance.getrandbits(32)) for _ in range(4)]
        lines += [f"devmem {device + at:#x} 32 {value:#x}" for at, value in writes]
        yield "\n".join([*lines, ":"])


def _ring(chance: random.Random) -> bytes:
    """Descriptors that are nearly right, and eight of them offered."""
    found = b""
    for _ in range(8):
        address = chance.choice([_PAGE, _PAGE + 0x800, 0, 0x5000_0000, 1 << 63])
        length = chance.choice([0, 4, 12, 136, 0x1000, 0xFFFF_FFFF])
        found += struct.pack("<QIHH", address, length, chance.randrange(8), chance.randrange(10))
    return found + struct.pack("<HH8H", 0, 8, *(chance.randrange(10) for _ in range(8)))


class Stranger:
    """A VMM that connects again and again and does something else each time, until it is left."""

    def __init__(self, path: Path, seed: int = 1) -> None:
        self._path, self._chance = path, random.Random(seed)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.tried = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.is_set():
            # Whatever the server does to it, the next one follows.
            with suppress(OSError, AssertionError, struct.error), FrontEnd(self._path) as front:
                front.socket.settimeout(0.5)
                self._chance.choice([self._garbage, self._requests, self._rings])(front)
            self.tried += 1
            time.sleep(0.002)

    def _garbage(self, front: FrontEnd) -> None:
        """No vhost-user at all."""
        front.socket.sendall(self._chance.randbytes(self._chance.randrange(1, 400)))

    def _requests(self, front: FrontEnd) -> None:
        """Requests in any order with anything in them, and with files where none belong."""
        for _ in range(self._chance.randrange(1, 20)):
            files = [front.file] * self._chance.randrange(3)
            payload = self._chance.randbytes(self._chance.choice([0, 4, 8, 8, 40, 60]))
            front.send(self._chance.randrange(45), payload, files, self._chance.choice([1, 9]))

    def _rings(self, front: FrontEnd) -> None:
        """A guest that starts as others do, and has anything in its rings."""
        front.start()
        for number in range(SIZE):
            where = self._chance.choice([GUEST, USER, 0]) + self._chance.randrange(1 << 17)
            front.describe(
                0,
                number,
                where,
                self._chance.choice([0, 4, 100, 1 << 31]),
                self._chance.randrange(8),
                self._chance.randrange(2 * SIZE),
            )
        for _ in range(self._chance.randrange(1, 12)):
            front.offer(0, self._chance.randrange(2 * SIZE), kick=self._chance.random() < 0.7)
        front.kick(0)
        with suppress(TimeoutError):
            front.socket.recv(100)
