"""The device side of a split virtqueue (virtio 1.2, section 2.7) in guest memory.

The guest may be hostile: every index, address and length is read only once and checked before it is
used. This module does not know what the buffers hold.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from scmigen.server.memory import SharedMemory, SharedMemoryError
from scmigen.server.transports.aside import Aside

#: The largest number of descriptors in a ring, by the specification.
MAX_SIZE: Final = 32768
_DESCRIPTOR: Final = Struct("<QIHH")
_AVAILABLE: Final = Struct("<HH")
_USED: Final = Struct("<II")
_HALF: Final = Struct("<H")
_NEXT: Final = 1
_WRITE: Final = 2
_INDIRECT: Final = 4
_NO_INTERRUPT: Final = 1
#: The most descriptors in a chain and bytes in its readable part; more than any message needs.
_CHAIN: Final = 16
_READABLE: Final = 4096


class QueueError(Exception):
    """The ring is invalid; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of guest memory, with its address in the guest and in the front end."""

    guest: int
    user: int
    size: int
    memory: SharedMemory


class GuestMemory:
    """Guest memory, addressed by the guest or (for the rings) by the front end."""

    def __init__(self, regions: tuple[Region, ...] = ()) -> None:
        self.regions = regions

    def at_guest(self, address: int, size: int) -> tuple[SharedMemory, int]:
        """The memory and offset of ``size`` bytes at a guest address. Raises `QueueError`."""
        for region in self.regions:
            if region.guest <= address and address + size <= region.guest + region.size:
                return region.memory, address - region.guest
        raise QueueError(f"guest address {address:#x} is in no memory region")

    def at_user(self, address: int, size: int) -> tuple[SharedMemory, int]:
        """The memory and offset of ``size`` bytes at an address of the front end. Raises
        `QueueError`."""
        for region in self.regions:
            if region.user <= address and address + size <= region.user + region.size:
                return region.memory, address - region.user
        raise QueueError(f"address {address:#x} of the front end is in no memory region")

    @property
    def files(self) -> int:
        """How many open files it takes."""
        return sum(region.memory.files for region in self.regions)

    def close(self) -> None:
        """Close all regions."""
        regions, self.regions = self.regions, ()
        for region in regions:
            region.memory.close()


@dataclass(frozen=True, slots=True)
class Chain:
    """A buffer of the driver: the bytes it wrote, and the room for an answer."""

    head: int
    readable: bytes
    writable: tuple[tuple[int, int], ...]

    @property
    def room(self) -> int:
        """The number of bytes that can be written."""
        return sum(length for _, length in self.writable)


class VirtQueue:
    """A ring; ``base`` is the index of the next buffer to take. ``aside`` signals and closes its
    eventfds."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside
        self.size = 0
        self.descriptors = self.used = self.available = 0
        self.base = 0
        self.enabled = False
        self.kick: int | None = None
        self.call: int | None = None
        self._used_index: int | None = None

    @property
    def ready(self) -> bool:
        """Whether the ring is enabled and completely set up."""
        return self.enabled and self.size > 0 and self.kick is not None and self.available != 0

    def pop(self, guest: GuestMemory) -> Chain | None:
        """Take the next buffer; ``None`` if the ring is empty. Raises `QueueError`,
        `SharedMemoryError`."""
        memory, at = guest.at_user(self.available, 6 + 2 * self.size)
        _, index = _AVAILABLE.unpack(memory.read(at, 4))
        waiting = (index - self.base) & 0xFFFF
        if waiting == 0:
            return None
        if waiting > self.size:
            raise QueueError(f"{waiting} buffers in a ring of {self.size}")
        slot = at + 4 + 2 * (self.base % self.size)
        (head,) = _HALF.unpack(memory.read(slot, 2))
        chain = self._chain(guest, head)
        self.base = (self.base + 1) & 0xFFFF
        return chain

    def _chain(self, guest: GuestMemory, head: int) -> Chain:
        table, start = guest.at_user(self.descriptors, 16 * self.size)
        readable = b""
        writable: list[tuple[int, int]] = []
        number = head
        for _ in range(_CHAIN):
            if number >= self.size:
                raise QueueError(f"descriptor {number} of a ring of {self.size}")
            address, length, flags, following = _DESCRIPTOR.unpack(
                table.read(start + 16 * number, 16)
            )
            if flags & _INDIRECT:
                raise QueueError("an indirect descriptor, which was not negotiated")
            if flags & _WRITE:
                guest.at_guest(address, length)
                writable.append((address, length))
            elif writable:
                raise QueueError("a readable descriptor after a writable one")
            elif len(readable) + length > _READABLE:
                raise QueueError(f"a message of more than {_READABLE} bytes")
            else:
                memory, at = guest.at_guest(address, length)
                readable += memory.read(at, length)
            if not flags & _NEXT:
                return Chain(head, readable, tuple(writable))
            number = following
        raise QueueError(f"a chain of more than {_CHAIN} descriptors")

    def push(self, guest: GuestMemory, chain: Chain, data: bytes) -> None:
        """Return ``chain`` to the driver with ``data``, which fits. Raises `QueueError`,
        `SharedMemoryError`."""
        left = data
        for address, length in chain.writable:
            part, left = left[:length], left[length:]
            if part:
                memory, at = guest.at_guest(address, len(part))
                memory.write(at, part)
        memory, at = guest.at_user(self.used, 6 + 8 * self.size)
        if self._used_index is None:
            (self._used_index,) = _HALF.unpack(memory.read(at + 2, 2))
        slot = at + 4 + 8 * (self._used_index % self.size)
        memory.write(slot, _USED.pack(chain.head, len(data) - len(left)))
        self._used_index = (self._used_index + 1) & 0xFFFF
        memory.write(at + 2, _HALF.pack(self._used_index))
        self._interrupt(guest)

    def _interrupt(self, guest: GuestMemory) -> None:
        memory, at = guest.at_user(self.available, 2)
        (flags,) = _HALF.unpack(memory.read(at, 2))
        if self.call is not None and not flags & _NO_INTERRUPT:
            self._aside.ring(self.call)

    def stop(self) -> int:
        """Stop taking buffers; the index of the next one."""
        self.set_kick(None)
        self._used_index = None
        return self.base

    def set_kick(self, descriptor: int | None) -> None:
        """Replace the file for kicks; the old one is closed."""
        if self.kick is not None:
            self._aside.close(self.kick)
        self.kick = descriptor

    def set_call(self, descriptor: int | None) -> None:
        """Replace the file for interrupts; the old one is closed."""
        if self.call is not None:
            self._aside.close(self.call)
        self.call = descriptor

    def close(self) -> None:
        """Close the files of the ring, whose guest has gone."""
        self.set_kick(None)
        if self.call is not None:
            self._aside.leave(self.call)
            self.call = None


__all__ = ["Chain", "GuestMemory", "QueueError", "Region", "SharedMemoryError", "VirtQueue"]
