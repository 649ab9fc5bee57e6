"""Captures: every message in a pcapng file, for Wireshark and other programs that read one.

The link type is LINKTYPE_USER0 (147), with `PSEUDO` in front of each SCMI header: the id of the
agent (u8), the direction (u8: 0 from the agent, 1 to it), 16 bits of zeroes, and the version word
of the message's protocol as it is spoken at that moment (u32, 0 where the agent does not have it),
on which layouts depend. Numbers are little-endian. Each agent is an interface of its name; times
are in ns since 1970.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from struct import Struct

from scmigen.escape import plain
from scmigen.hints import Final
from scmigen.scmi.layouts import HEADER_SIZE, Header
from scmigen.scmi.protocols import Protocol
from scmigen.server.agent import Agent
from scmigen.version import __version__

#: The link type, and what is in front of each message.
USER0: Final = 147
PSEUDO: Final = Struct("<BBxxI")
#: The most bytes of a capture; it ends there.
MOST: Final = 1 << 30

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 6
#: Options of sections (what wrote it), interfaces (name, resolution of times) and packets (flags).
_USER_APPLICATION: Final = 4
_NAME: Final = 2
_RESOLUTION: Final = 9
_FLAGS: Final = 2
_NANOSECONDS: Final = b"\x09"
#: Values of the flags: received by the platform, and sent by it.
_INBOUND: Final = 1
_OUTBOUND: Final = 2

_WORD: Final = Struct("<I").pack
_OPTION: Final = Struct("<HH").pack
_HEAD: Final = Struct("<IHHq").pack
_DESCRIPTION: Final = Struct("<HHI").pack
_FRAME: Final = Struct("<IIIII").pack
_END: Final = _OPTION(0, 0)


class Capture:
    """Writes a capture to ``path``. Nothing waits for a reader: if a block cannot be written at
    once and whole, or the file has `MOST` bytes, ``log`` is called once and the capture ends there.
    Raises `OSError` if the file cannot be opened."""

    def __init__(
        self, path: Path, log: Callable[[str], None] = lambda _: None, most: int = MOST
    ) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o666)
        self._log = log
        self._room = most
        self._ended = False
        self._interfaces: dict[str, int] = {}
        about = _option(_USER_APPLICATION, f"scmigen {__version__}".encode()) + _END
        self._put(_block(_SECTION, _HEAD(0x1A2B3C4D, 1, 0, -1) + about))

    def message(self, agent: Agent, message: bytes) -> None:
        """Write a message of ``agent``."""
        self._packet(agent, message, _INBOUND)

    def frames(self, agent: Agent, frames: tuple[bytes, ...], *, response: bool) -> None:  # noqa: ARG002
        """Write frames sent to ``agent``."""
        for frame in frames:
            self._packet(agent, frame, _OUTBOUND)

    def note(self, agent: Agent, text: str) -> None:
        """A capture has messages only."""

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            os.close(self._file)

    def _packet(self, agent: Agent, frame: bytes, flags: int) -> None:
        now = time.time_ns()
        version = _version(agent, frame)
        data = PSEUDO.pack(agent.id, flags == _OUTBOUND, version) + frame
        number = self._interface(agent.name)
        head = _FRAME(number, now >> 32, now & 0xFFFFFFFF, len(data), len(data))
        self._put(_block(_PACKET, head + _padded(data) + _option(_FLAGS, _WORD(flags)) + _END))

    def _interface(self, name: str) -> int:
        """The number of an agent's interface, which is described before it is used."""
        if name not in self._interfaces:
            options = _option(_NAME, plain(name).encode("utf-8", "replace"))
            options += _option(_RESOLUTION, _NANOSECONDS) + _END
            self._put(_block(_INTERFACE, _DESCRIPTION(USER0, 0, 0) + options))
            self._interfaces[name] = len(self._interfaces)
        return self._interfaces[name]

    def _put(self, block: bytes) -> None:
        if self._ended:
            return
        self._room -= len(block)
        try:
            if self._room < 0:
                problem = "the file has its greatest size"
            elif os.write(self._file, block) == len(block):
                return
            else:
                problem = "no room for a whole block"
        except BlockingIOError:
            problem = "its reader is too slow"
        except OSError as error:
            problem = error.strerror or "cannot be written"
        self._ended = True
        self._log(f"capture: {problem}; capturing stops")


def _version(agent: Agent, frame: bytes) -> int:
    """The version word of the protocol of ``frame``; 0 where the agent does not have it."""
    number = Header.of(int.from_bytes(frame[:HEADER_SIZE], "little")).protocol
    try:
        return agent.session.versions.get(Protocol(number), 0)
    except ValueError:
        return 0


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return _OPTION(code, len(value)) + _padded(value)


def _block(kind: int, body: bytes) -> bytes:
    size = _WORD(len(body) + 12)
    return _WORD(kind) + size + body + size
