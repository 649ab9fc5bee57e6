"""What the drivers of other programs have in common: requests in bytes, and checks of replies.

The drivers in ``replay_*.py`` send what those programs send, in their order, and accept what they
accept. Layouts, buffer sizes and rules were read from the sources and written down by hand; nothing
comes from the package under test.
"""

import struct
from collections.abc import Callable
from typing import Any

from scmi_wire import Agent

#: errno by SCMI status, -1 first, as Linux and U-Boot translate it.
_ERRORS = (
    *("EOPNOTSUPP", "EINVAL", "EACCES", "ENOENT", "ERANGE", "EBUSY", "ECOMM", "EIO"),
    *("EREMOTEIO", "EPROTO", "EADDRINUSE"),
)


class DriverError(Exception):
    """A call of a driver fails, or its probe does; the text is the errno, or what it says."""


def check(condition: bool, problem: str) -> None:
    """A driver's own check of a reply."""
    if not condition:
        raise DriverError(problem)


def succeeded(status: int) -> None:
    """The driver translates the status into an errno."""
    if status:
        raise DriverError(_ERRORS[-status - 1])


def packed(*values: int) -> bytes:
    """32-bit words, signed or not."""
    return b"".join(struct.pack("<I", value & 0xFFFF_FFFF) for value in values)


def unpacked(data: bytes) -> list[int]:
    """32-bit words, as many as are whole."""
    return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))


def text(field: bytes) -> str:
    """A name, as C reads it: it has to end within its field."""
    assert b"\0" in field
    return field.split(b"\0", 1)[0].decode("ascii")


class Channel:
    """The transport: a header in front of each message, and one reply with the same header."""

    def __init__(self, agent: Agent | None, wait: Callable[[int], Any] = lambda _: None) -> None:
        assert agent is not None
        self.agent = agent
        #: Lets so many µs pass.
        self.wait = wait
        #: Every message that was sent: protocol, id, payload.
        self.sent: list[tuple[int, int, bytes]] = []

    def exchange(self, protocol: int, message: int, payload: bytes, token: int = 0) -> bytes:
        """The reply behind its header, status first."""
        head = packed(message | protocol << 10 | token << 18)
        self.sent.append((protocol, message, payload))
        (frame,) = self.agent.handle(head + payload)
        assert frame[:4] == head
        return frame[4:]

    def delayed(self, protocol: int, message: int, token: int) -> bytes:
        """The delayed response to a request, behind its header; it comes within 2 s."""
        self.wait(2_000_000)
        head = packed(message | 2 << 8 | protocol << 10 | token << 18)
        found = [frame for frame in self.agent.take_events() if frame[:4] == head]
        check(len(found) == 1, "timed out in delayed resp")
        return found[0][4:]
