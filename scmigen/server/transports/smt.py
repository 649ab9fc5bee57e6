"""SMT shared memory (``arm,scmi-shmem``): ``smt:FILE``, with a UNIX stream socket as the doorbell.

The file holds two areas of SLOT bytes each: commands (A2P) at ``offset``, events (P2A) at ``p2a``.
Layout of a slot:

    0x04 status: bit 0 free, bit 1 error    0x14 length: header and payload, in bytes
    0x10 flags: bit 0 interrupt wanted      0x18 header, and from 0x1C the payload

The agent waits until its slot is free, writes flags, length, header and payload, clears the status,
and sends a byte to the doorbell, the socket ``doorbell`` (``FILE.doorbell``). The server writes the
response to the same slot, sets it free, and sends a byte back even if no interrupt was wanted,
because there is no other way to wait. It writes an event when the other slot is free and sends a
byte too; the agent sets that slot free and sends a byte to get the next event. The client connected
to the doorbell is the agent.

Options follow the file: ``smt:FILE,offset=0x0,p2a=0x100,slot=0x100,doorbell=PATH``. A guest whose
memory is FILE has the areas at the addresses in its device tree (``p2a=none``: no events). An agent
some of whose protocols have channels of their own has an area of commands for each,
``offset=0x0:0x100``, and one doorbell for all.

With ``ring=eventfd``, two eventfds replace the bytes, one per direction; with ``memfd`` as FILE,
each client gets new memory, sealed to its size. The server creates these files and sends them with
one byte (SCM_RIGHTS) when a client has connected: the memory if it is a memfd, the eventfd the
agent writes to, and the one the server writes to. After that the socket carries nothing; closing it
ends the connection.
"""

import fcntl
import os
import socket
from collections import deque
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from struct import Struct

from scmigen.data import Data
from scmigen.hints import Final
from scmigen.scmi.layouts import HEADER_SIZE, MAX_PAYLOAD, STATUS_SIZE
from scmigen.scmi.status import Status
from scmigen.server.memory import FileId, SharedMemory, SharedMemoryError, file_id
from scmigen.server.port import Port
from scmigen.server.transports.address import Address, TransportError, UrlError
from scmigen.server.transports.aside import Aside, AsideEndpoint
from scmigen.server.transports.sockets import Host

STATUS, FLAGS, LENGTH, HEADER = 0x4, 0x10, 0x14, 0x18
FREE: Final = 1
ERROR: Final = 2
SMALLEST: Final = 128
DEFAULT: Final = 256
_LARGEST: Final = 0x10000
#: Areas of commands: as many as there are protocols would do.
_MOST: Final = 16
_MAX_OFFSET: Final = 1 << 48
_WORD: Final = Struct("<I")
#: Replaces a response that does not fit into the slot; an event that does not fit is dropped.
_TOO_LONG: Final = Status.COMMS_ERROR.to_bytes(STATUS_SIZE, "little", signed=True)
#: Doorbell bytes read at once: many rings count as one.
_RINGS: Final = 256
_DEFAULTS: Final = {
    "offset": "0",
    "p2a": "",
    "slot": str(DEFAULT),
    "doorbell": "",
    "ring": "socket",
}
#: The FILE that stands for new, sealed memory.
MEMFD: Final = "memfd"
#: ``struct flock``, 64 bits: type, whence, start, length, pid.
_LOCK: Final = Struct("hhqqi4x")


class Areas(Data):
    """The location of the slots: ``file`` is ``None`` for a memfd, ``events`` if the agent gets
    none; ``commands`` ascend; with ``eventfd``, eventfds are the doorbells."""

    file: Path | None
    doorbell: Address
    commands: tuple[int, ...]
    events: int | None
    slot: int
    eventfd: bool

    @classmethod
    def of(cls, name: str, options: Mapping[str, str]) -> "Areas":
        """Made from the file and the options of a URL. Raises `UrlError`."""
        found = {**_DEFAULTS, **options}
        slot = _number("slot", found["slot"], _LARGEST)
        if slot < SMALLEST or slot % 4:
            raise UrlError(f"slot={slot}: give at least {SMALLEST} bytes, in whole words")
        offsets = found["offset"].split(":")
        if len(offsets) > _MOST:
            raise UrlError(f"offset= has {len(offsets)} areas; give at most {_MOST}")
        commands = [_number("offset", offset, _MAX_OFFSET) for offset in offsets]
        events: int | None = commands[0] + slot
        if found["p2a"]:
            none = found["p2a"] == "none"
            events = None if none else _number("p2a", found["p2a"], _MAX_OFFSET)
        areas = sorted(commands if events is None else [*commands, events])
        if any(after - before < slot for before, after in pairwise(areas)):
            raise UrlError("the areas of smt: overlap")
        if any(area % 4 for area in areas):
            raise UrlError("the areas of smt: must begin at multiples of 4")
        if found["ring"] not in ("socket", "eventfd"):
            raise UrlError(f"ring={found['ring']}: give socket or eventfd")
        if name == MEMFD and not found["doorbell"]:
            raise UrlError("smt:memfd needs doorbell=PATH")
        bell = found["doorbell"] or f"{name}.doorbell"
        address = Address.of(bell, options)
        file = None if name == MEMFD else Path(name)
        ascending = tuple(sorted(commands))
        return cls(file, address, ascending, events, slot, found["ring"] == "eventfd")

    @property
    def size(self) -> int:
        """The size of the file that holds all of them, in bytes."""
        return max(self.all) + self.slot

    @property
    def all(self) -> tuple[int, ...]:
        """Where the slots begin."""
        return self.commands if self.events is None else (*self.commands, self.events)


def _number(key: str, text: str, most: int) -> int:
    try:
        value = int(text, 0)
    except ValueError:
        raise UrlError(f"{key}={text} is not a number") from None
    if not 0 <= value <= most:
        raise UrlError(f"{key}={text} is not within 0 and {most:#x}")
    return value


class SmtSession:
    """A client connected to the doorbell. With a memfd, ``memory`` belongs to this client."""

    def __init__(
        self,
        port: Port,
        file: socket.socket,
        host: Host,
        ended: Callable[[str], None],
        memory: SharedMemory,
        areas: Areas,
        aside: Aside,
    ) -> None:
        self._port = port
        self._file = file
        self._host = host
        self._ended = ended
        self._memory = memory
        self._areas = areas
        self._aside = aside
        self._out: deque[bytes] = deque()
        self._doorbells: tuple[int, ...] = ()
        #: The commands that a fault has left without a response, by slot.
        self._held: dict[int, bytes] = {}
        #: The slot of the last command: those behind it are next.
        self._last = -1
        file.setblocking(False)
        try:
            self._send_files()
        except OSError:
            self._release()
            raise
        port.limit(areas.slot - HEADER - HEADER_SIZE)
        port.answer_with(self._answer_late)
        host.loop.watch(file, self._turn)
        # A command written before this client was accepted, by it or by a predecessor that left
        # without ringing, keeps the slot busy until it is answered.
        with suppress(OSError, SharedMemoryError):
            self._command()
        if port.eventful:
            host.deliver()

    def _send_files(self) -> None:
        """Send the client the memory and the doorbells that it cannot open. Raises `OSError`."""
        files = [] if self._areas.file else [self._memory.descriptor]
        if self._areas.eventfd:
            flags = os.EFD_NONBLOCK | os.EFD_CLOEXEC
            for _ in range(2):
                self._doorbells += (os.eventfd(0, flags),)
            self._host.loop.watch(self._doorbells[0], self._serve, edge=True)
            files += self._doorbells
        if files:
            socket.send_fds(self._file, [b"S"], files)

    def _turn(self) -> None:
        """The socket rang or was closed, or a command is left of the last turn."""
        try:
            data = self._file.recv(_RINGS)
        except BlockingIOError:
            data = b"D"
        except OSError as problem:
            self.end(problem.strerror or "connection lost")
            return
        if not data:
            self.end("disconnected")
        elif not self._doorbells:
            self._serve()

    def _serve(self) -> None:
        """Handle one command and send one event; called when the doorbell rings."""
        try:
            self._command()
            self._event()
        except (OSError, SharedMemoryError) as problem:
            self.end(f"shared memory: {problem}")
            return
        if self._port.eventful:
            self._host.deliver()

    def _word(self, offset: int) -> int:
        return int(_WORD.unpack(self._memory.read(offset, 4))[0])

    def _put(self, offset: int, value: int) -> None:
        self._memory.write(offset, _WORD.pack(value))

    def _command(self) -> None:
        """Handle one command; further ones, in other slots, have the next turns. Raises `OSError`,
        `SharedMemoryError`."""
        slots = [slot for slot in self._areas.commands if self._is_new(slot)]
        if not slots:
            self._port.ring()  # the ring was about events or FastChannels
            return
        if len(slots) > 1:
            self._host.loop.soon(self._doorbells[0] if self._doorbells else self._file)
        self._last = next((slot for slot in slots if slot > self._last), slots[0])
        self._handle(self._last)

    def _is_new(self, slot: int) -> bool:
        """Whether a slot has a command that was not handled yet."""
        if self._word(slot + STATUS) & (FREE | ERROR):
            return False
        held = self._held.get(slot)
        if held is None or self._word(slot + LENGTH) != len(held):
            return True
        return self._memory.read(slot + HEADER, len(held)) != held

    def _handle(self, slot: int) -> None:
        length = self._word(slot + LENGTH)
        most = min(HEADER_SIZE + MAX_PAYLOAD, self._areas.slot - HEADER)
        if not HEADER_SIZE <= length <= most:
            self._put(slot + STATUS, FREE | ERROR)
            self._ring()
            line = f"{self._port.name}: a message that is not {HEADER_SIZE} to {most} bytes long"
            self._host.log(line, self._port.name)
            return
        message = self._memory.read(slot + HEADER, length)
        frames = self._port.handle(message)
        self._held.pop(slot, None)
        if not frames:
            self._held[slot] = message
        for frame in frames[:1]:  # the slot has room for one
            self._answer(slot, frame)

    def _answer(self, slot: int, frame: bytes) -> None:
        """Write a response. Raises `OSError`, `SharedMemoryError`."""
        self._write(slot, frame if self._fits(frame) else frame[:HEADER_SIZE] + _TOO_LONG)
        self._put(slot + STATUS, FREE)
        self._ring()

    def _answer_late(self, frame: bytes) -> None:
        """Write the response that a fault has delayed, unless another command is in its place."""
        try:
            for slot, held in self._held.items():
                busy = not self._word(slot + STATUS) & (FREE | ERROR)
                if busy and held[:HEADER_SIZE] == frame[:HEADER_SIZE]:
                    del self._held[slot]
                    self._answer(slot, frame)
                    return
        except (OSError, SharedMemoryError) as problem:
            self.end(f"shared memory: {problem}")

    def _fits(self, frame: bytes) -> bool:
        return len(frame) <= self._areas.slot - HEADER

    def _write(self, slot: int, frame: bytes) -> None:
        """Write a whole frame: the agent may have changed the header it wrote."""
        self._memory.write(slot + HEADER, frame)
        self._put(slot + LENGTH, len(frame))

    def _event(self) -> None:
        slot = self._areas.events
        if slot is None:
            self._out.clear()
            return
        while self._out and not self._fits(self._out[0]):
            self._out.popleft()
        if self._out and self._word(slot + STATUS) & FREE:
            self._write(slot, self._out.popleft())
            self._put(slot + STATUS, 0)
            self._ring()

    def _ring(self) -> None:
        if self._doorbells:
            self._aside.ring(self._doorbells[1])
            return
        try:
            self._file.send(b"S")
        except BlockingIOError:
            return  # earlier rings are still unread

    def deliver(self) -> None:
        """Write the agent's next queued event to the memory."""
        if not self._out:
            self._out.extend(self._port.take_events())
        try:
            self._event()
        except (OSError, SharedMemoryError) as problem:
            self.end(f"shared memory: {problem}")

    def end(self, reason: str) -> None:
        """Close the doorbell."""
        if self._file.fileno() >= 0:
            self._host.loop.forget(self._file)
            self._file.close()
            self._release()
            self._ended(reason)

    def _release(self) -> None:
        for doorbell in self._doorbells:
            self._host.loop.forget(doorbell)
            self._aside.leave(doorbell)
        self._doorbells = ()
        if self._areas.file is None:
            self._memory.close()


class SmtEndpoint(AsideEndpoint):
    """The doorbell of an agent's shared memory."""

    def __init__(self, port: Port, url: str, areas: Areas, host: Host) -> None:
        self._areas = areas
        self._memory: SharedMemory | None = None
        self._made: Path | None = None
        try:
            if self._areas.file is not None:
                self._made = None if self._areas.file.exists() else self._areas.file
                self._memory = _opened(self._areas, self._areas.file, host.files)
            super().__init__(
                port, url, self._areas.doorbell, socket.SOCK_STREAM, self._session_of, host
            )
        except TransportError:
            self._release()
            raise

    def _session_of(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> SmtSession:
        def over(reason: str) -> None:
            # An unread event does not belong to the next client. The command slot is left alone:
            # the next client may have written to it already.
            if self._memory is not None and self._areas.events is not None:
                _free(self._memory, self._areas.events)
            ended(reason)

        memory = self._memory
        if memory is None:
            memory = SharedMemory.sealed("scmi", self._areas.size)
            for area in self._areas.all:
                _free(memory, area)
        return SmtSession(port, file, host, over, memory, self._areas, self._aside)

    def _release(self) -> None:
        with suppress(OSError):  # other agents have slots in it
            if self._memory is not None:
                _reserve(self._memory, 0, 0)
            if self._made is not None:
                self._made.unlink()
        if self._memory is not None:
            self._memory.close()

    def close(self) -> None:
        """Disconnect the client and close the memory. The file is removed if it was created here
        and no other agent has a slot in it."""
        super().close()
        self._release()


def _opened(areas: Areas, path: Path, taken: Set[FileId]) -> SharedMemory:
    """The memory in the file at ``path``, all slots free. Raises `TransportError`, also for a file
    that is ``taken``."""
    try:
        memory = SharedMemory.open(path, areas.size)
        try:
            if file_id(memory) in taken:
                raise OSError(0, "is memory of FastChannels or telemetry")  # noqa: TRY301 - below
            for offset in areas.all:
                _reserve(memory, offset, areas.slot)
                memory.allocate(offset, areas.slot)
            areas.doorbell.open_to(path)
        except OSError:
            memory.close()
            raise
    except OSError as problem:
        raise TransportError(f"{path}: {problem.strerror or problem}") from None
    for offset in areas.all:
        _free(memory, offset)
    return memory


def _reserve(memory: SharedMemory, start: int, size: int) -> None:
    """Reserve ``size`` bytes (0: all) for one agent, by an advisory lock. Raises `OSError`."""
    lock = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, start, size, 0)
    try:
        fcntl.fcntl(memory.descriptor, fcntl.F_OFD_SETLK, lock)
    except BlockingIOError:
        raise OSError(0, f"another agent already uses the slot at {start:#x}") from None


def _free(memory: SharedMemory, offset: int) -> None:
    """Set a slot free, if the memory still has it."""
    with suppress(SharedMemoryError):
        memory.write(offset + STATUS, _WORD.pack(FREE))
