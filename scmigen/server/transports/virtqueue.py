"""The device side of a split virtqueue (virtio 1.2, section 2.7) in guest memory.

The guest may be hostile: every index, address and length is read only once and checked before it is
used. This module does not know what the buffers hold.
"""

from struct import Struct

from scmigen.data import Data
from scmigen.hints import Final
from scmigen.server.memory import Area, SharedMemory, SharedMemoryError
from scmigen.server.transports.aside import Aside
from scmigen.tuples import NamedTuple

#: The largest number of descriptors in a ring, by the specification.
MAX_SIZE: Final = 32768
_DESCRIPTOR: Final = Struct("<QIHH")
_USED: Final = Struct("<II")
_HALF: Final = Struct("<H")
_HALVES: Final = Struct("<HH")
_NEXT: Final = 1
_WRITE: Final = 2
_INDIRECT: Final = 4
_NO_INTERRUPT: Final = 1
#: The most descriptors in a chain, and bytes in one that is read; more than any message needs.
_CHAIN: Final = 16
_READABLE: Final = 4096
#: Descriptors that a ring remembers.
_KNOWN: Final = 1024


class QueueError(Exception):
    """The ring is invalid; the message says what is wrong."""


class Region(Data):
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


class Part(NamedTuple):
    """What a descriptor says, checked: where its bytes are, how many, and which one follows."""

    memory: SharedMemory
    where: int
    length: int
    flags: int
    following: int


class Chain(NamedTuple):
    """A buffer of the driver: the bytes it wrote, and the parts for an answer, with the number of
    bytes that fit in there. It holds for as long as the guest's memory does."""

    head: int
    readable: bytes
    writable: list[Part]
    room: int


class _Rings(NamedTuple):
    """The three parts of a ring in memory that the front end has placed them in, each with where it
    begins. They hold until ``memory`` lets a window go."""

    memory: SharedMemory
    unmapped: int
    table: Area
    table_at: int
    available: Area
    available_at: int
    used: Area
    used_at: int


class VirtQueue:
    """A ring; ``base`` is the index of the next buffer to take. ``aside`` signals and closes its
    eventfds."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside
        self._guest = GuestMemory()
        self.size = 0
        self._descriptors = self._used = self._available = 0
        #: Where the ring is; unknown after whatever may change that, and before it is `ready`.
        self._rings: _Rings | None = None
        #: Descriptors, as they are in memory, that have been checked: a guest uses few.
        self._parts: dict[bytes, Part] = {}
        self.base = 0
        self._enabled = False
        self.kick: int | None = None
        self.call: int | None = None
        self._used_index: int | None = None

    def use(self, guest: GuestMemory) -> None:
        """Find ring and buffers in this memory."""
        self._guest, self._rings = guest, None
        self._parts.clear()

    def resize(self, size: int) -> None:
        """Set the number of descriptors."""
        self.size, self._rings = size, None

    def place(self, descriptors: int, used: int, available: int) -> None:
        """Set where the parts of the ring are, by addresses of the front end."""
        self._descriptors, self._used, self._available = descriptors, used, available
        self._rings = None

    def enable(self, on: bool) -> None:
        """Whether buffers may be taken."""
        self._enabled, self._rings = on, None

    @property
    def ready(self) -> bool:
        """Whether the ring is enabled and completely set up."""
        return self._enabled and self.size > 0 and self.kick is not None and self._available != 0

    def _find(self) -> _Rings:
        """The parts of the ring in memory. Nothing else may be read or written before they are used
        up, because a memory has few windows. Raises `QueueError`, `SharedMemoryError`."""
        places = (
            (self._descriptors, 16 * self.size),
            (self._available, 6 + 2 * self.size),
            (self._used, 6 + 8 * self.size),
        )
        found = [(*self._guest.at_user(address, size), size) for address, size in places]
        for _ in range(2):  # the second time all of them have their windows
            table, available, used = (memory.area(at, size) for memory, at, size in found)
        memory = found[0][0]
        rings = _Rings(memory, memory.unmapped, *table, *available, *used)
        # one memory is quickly asked whether it has let go; parts of several are found every time
        self._rings = rings if all(part[0] is memory for part in found) else None
        return rings

    def pop(self) -> Chain | None:
        """Take the next buffer; ``None`` if the ring is empty or not `ready`. Raises `QueueError`,
        `SharedMemoryError`."""
        rings = self._rings
        if rings is None or rings.memory.unmapped != rings.unmapped:
            if not self.ready:
                return None
            rings = self._find()
        _, _, table, table_at, available, at, _, _ = rings
        size, base = self.size, self.base
        (index,) = _HALF.unpack(available[at + 2 : at + 4])
        waiting = (index - base) & 0xFFFF
        if waiting == 0:
            return None
        if waiting > size:
            raise QueueError(f"{waiting} buffers in a ring of {size}")
        at += 4 + 2 * (base % size)
        (head,) = _HALF.unpack(available[at : at + 2])
        chain = self._chain(table, table_at, head)
        self.base = (base + 1) & 0xFFFF
        return chain

    def again(self, head: int) -> Chain:
        """A buffer that was taken and not returned, read again. Raises `QueueError`,
        `SharedMemoryError`."""
        rings = self._find()
        return self._chain(rings.table, rings.table_at, head)

    def _chain(self, table: Area, start: int, head: int) -> Chain:
        known, size = self._parts, self.size
        readable: list[Part] = []
        writable: list[Part] = []
        number, room = head, 0
        for _ in range(_CHAIN):
            if number >= size:
                raise QueueError(f"descriptor {number} of a ring of {size}")
            at = start + 16 * number
            descriptor = table[at : at + 16]
            part = known.get(descriptor) or self._part(descriptor)
            _, _, length, flags, number = part
            if flags & _WRITE:
                writable.append(part)
                room += length
            elif writable:
                raise QueueError("a readable descriptor after a writable one")
            else:
                readable.append(part)
            if not flags & _NEXT:
                break
        else:
            raise QueueError(f"a chain of more than {_CHAIN} descriptors")
        data = b""
        for memory, where, length, _, _ in readable:
            data += memory.read(where, length)
        return Chain(head, data, writable, room)

    def _part(self, descriptor: bytes) -> Part:
        """A descriptor that has not been seen before."""
        address, length, flags, following = _DESCRIPTOR.unpack(descriptor)
        if flags & _INDIRECT:
            raise QueueError("an indirect descriptor, which was not negotiated")
        if not flags & _WRITE and length > _READABLE:
            raise QueueError(f"a message of more than {_READABLE} bytes")
        part = Part(*self._guest.at_guest(address, length), length, flags, following)
        if len(self._parts) == _KNOWN:
            self._parts.clear()
        self._parts[descriptor] = part
        return part

    def push(self, chain: Chain, data: bytes) -> bool:
        """Return ``chain`` to the driver with ``data``, which fits; whether there may be another
        buffer to take. Raises `QueueError`, `SharedMemoryError`."""
        left = data
        for memory, where, length, _, _ in chain.writable:
            memory.write(where, left[:length])
            left = left[length:]
            if not left:
                break
        rings = self._rings
        if rings is None or rings.memory.unmapped != rings.unmapped:
            rings = self._find()
        _, _, _, _, available, available_at, used, at = rings
        index = self._used_index
        if index is None:
            (index,) = _HALF.unpack(used[at + 2 : at + 4])
        slot = at + 4 + 8 * (index % self.size)
        used[slot : slot + 8] = _USED.pack(chain.head, len(data))
        self._used_index = index = (index + 1) & 0xFFFF
        used[at + 2 : at + 4] = _HALF.pack(index)
        flags, index = _HALVES.unpack(available[available_at : available_at + 4])
        if self.call is not None and not flags & _NO_INTERRUPT:
            self._aside.ring(self.call)
        return bool(index != self.base)

    def stop(self) -> int:
        """Stop taking buffers; the index of the next one."""
        self.set_kick(None)
        self._used_index = None
        return self.base

    def set_kick(self, descriptor: int | None) -> None:
        """Replace the file for kicks; the old one is closed."""
        if self.kick is not None:
            self._aside.close(self.kick)
        self.kick, self._rings = descriptor, None

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
