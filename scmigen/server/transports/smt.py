"""SMT shared memory (``arm,scmi-shmem``): ``smt:FILE``, with a UNIX stream socket as the doorbell.

The file holds two areas, each a slot of SLOT bytes: commands (A2P) at ``offset``, events (P2A) at
``p2a``. In a slot:

    0x04 status: bit 0 free, bit 1 error    0x14 length: header and payload, in bytes
    0x10 flags: bit 0 interrupt wanted      0x18 header, and from 0x1C the payload

The agent waits until its slot is free, writes flags, length, header and payload, clears the status,
and sends a byte to the doorbell, the socket ``doorbell`` (``FILE.doorbell``). The server puts the
response in the same place, sets free, and sends a byte back, wanted or not, for there is no other
way to wait. It writes an event when the other slot is free and sends a byte too; the agent sets
that slot free, and sends a byte for the next one. Who connects to the doorbell is the agent.

Options stand behind the file: ``smt:FILE,offset=0x0,p2a=0x100,slot=0x100,doorbell=PATH``. A guest
whose memory is FILE has the areas where its device tree says (``p2a=none``: no events).
"""

import os
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final

from scmigen.scmi.layouts import HEADER_SIZE, MAX_PAYLOAD, MAX_REPLY
from scmigen.server.memory import SharedMemory, SharedMemoryError
from scmigen.server.port import Port
from scmigen.server.transports.sockets import Endpoint, Host, TransportError, UrlError

STATUS, FLAGS, LENGTH, HEADER = 0x4, 0x10, 0x14, 0x18
FREE: Final = 1
ERROR: Final = 2
SMALLEST: Final = 128
DEFAULT: Final = 256
_LARGEST: Final = 0x10000
_MAX_OFFSET: Final = 1 << 48
_WORD: Final = Struct("<I")
#: Doorbell bytes taken at once: many rings are one.
_RINGS: Final = 256


@dataclass(frozen=True, slots=True)
class Areas:
    """Where the slots are; ``events`` is ``None`` where there is none."""

    file: Path
    doorbell: Path
    commands: int
    events: int | None
    slot: int

    @classmethod
    def of(cls, text: str) -> "Areas":
        """From what stands behind ``smt:``. Raises `UrlError`."""
        name, *options = text.split(",")
        found = {"offset": "0", "p2a": "", "slot": str(DEFAULT), "doorbell": f"{name}.doorbell"}
        for option in options:
            key, equals, value = option.partition("=")
            if key not in found or not equals:
                raise UrlError(f"{option!r} is no option of smt:; known: {', '.join(found)}")
            found[key] = value
        slot = _number("slot", found["slot"], _LARGEST)
        if slot < SMALLEST or slot % 4:
            raise UrlError(f"a slot has at least {SMALLEST} bytes, in whole words; not {slot}")
        commands = _number("offset", found["offset"], _MAX_OFFSET)
        events: int | None = commands + slot
        if found["p2a"]:
            none = found["p2a"] == "none"
            events = None if none else _number("p2a", found["p2a"], _MAX_OFFSET)
        if events is not None and abs(events - commands) < slot:
            raise UrlError("the areas of smt: overlap")
        return cls(Path(name), Path(found["doorbell"]), commands, events, slot)

    @property
    def size(self) -> int:
        """The bytes of the file they need."""
        return max(self.commands, self.events or 0) + self.slot


def _number(key: str, text: str, most: int) -> int:
    try:
        value = int(text, 0)
    except ValueError:
        raise UrlError(f"{key}={text} is no number") from None
    if not 0 <= value <= most:
        raise UrlError(f"{key}={text} is not within 0 and {most:#x}")
    return value


class SmtSession:
    """A client at the doorbell."""

    def __init__(
        self,
        port: Port,
        file: socket.socket,
        host: Host,
        ended: Callable[[str], None],
        memory: SharedMemory,
        areas: Areas,
    ) -> None:
        self._port = port
        self._file = file
        self._host = host
        self._ended = ended
        self._memory = memory
        self._areas = areas
        self._out: deque[bytes] = deque()
        file.setblocking(False)
        port.limit(min(MAX_REPLY, areas.slot - HEADER - HEADER_SIZE))
        host.loop.watch(file, self._turn)
        # What was written before this client was accepted, by it or by one that ended without
        # ringing, keeps the slot busy until it is answered.
        with suppress(OSError, SharedMemoryError):
            self._command()

    def _turn(self) -> None:
        """The doorbell has rung."""
        try:
            if not self._file.recv(_RINGS):
                self.end("disconnected")
                return
            self._command()
            self._event()
        except BlockingIOError:
            return
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
        slot = self._areas.commands
        if self._word(slot + STATUS) & (FREE | ERROR):
            return  # nothing there: the ring was for the events
        length = self._word(slot + LENGTH)
        most = min(HEADER_SIZE + MAX_PAYLOAD, self._areas.slot - HEADER)
        if not HEADER_SIZE <= length <= most:
            self._put(slot + STATUS, FREE | ERROR)
            self._ring()
            note = f"{self._port.name}: a message that is not {HEADER_SIZE} to {most} bytes long"
            self._host.log(note, self._port.name)
            return
        message = self._memory.read(slot + HEADER, length)
        for frame in self._port.handle(message):
            self._write(slot, frame)
        self._put(slot + STATUS, FREE)
        self._ring()

    def _write(self, slot: int, frame: bytes) -> None:
        """The header stays as the agent wrote it, but the agent may have changed it since."""
        self._memory.write(slot + HEADER, frame)
        self._put(slot + LENGTH, len(frame))

    def _event(self) -> None:
        slot = self._areas.events
        if slot is None:
            self._out.clear()
        elif self._out and self._word(slot + STATUS) & FREE:
            self._write(slot, self._out.popleft())
            self._put(slot + STATUS, 0)
            self._ring()

    def _ring(self) -> None:
        try:
            self._file.send(b"S")
        except BlockingIOError:
            return  # it has not yet heard of the rings before

    def deliver(self) -> None:
        """Put the next event that waits for the agent into the memory."""
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
            self._ended(reason)


class SmtEndpoint(Endpoint):
    """The doorbell of an agent's shared memory."""

    def __init__(self, port: Port, url: str, text: str, host: Host) -> None:
        areas = Areas.of(text)
        try:
            self._memory = SharedMemory.open(areas.file, areas.size)
        except OSError as problem:
            raise TransportError(f"{areas.file}: {problem.strerror or problem}") from None

        def accept(
            port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
        ) -> SmtSession:
            def over(reason: str) -> None:
                # An event nobody read is not the next client's. The slot for commands is left
                # alone: the next client may have written to it already.
                self._free(areas.events)
                ended(reason)

            return SmtSession(port, file, host, over, self._memory, areas)

        try:
            self._free(areas.commands)
            self._free(areas.events)
            doorbell = os.fspath(areas.doorbell)
            super().__init__(port, url, doorbell, socket.SOCK_STREAM, accept, host)
        except TransportError:
            self._memory.close()
            raise

    def _free(self, offset: int | None) -> None:
        """Make a slot free. What is not there any more needs nothing."""
        if offset is not None:
            with suppress(SharedMemoryError):
                self._memory.write(offset + STATUS, _WORD.pack(FREE))

    def close(self) -> None:
        """End the connection and let go of the memory; the file stays."""
        super().close()
        self._memory.close()
