"""SCMI messages by hand, for tests: nothing here comes from the package under test.

A header is ``message | type << 8 | protocol << 10 | token << 18``; everything is little-endian.
"""

import struct
from typing import Protocol

BASE, POWER, SYSTEM, PERFORMANCE, CLOCK, SENSOR, RESET, VOLTAGE = range(0x10, 0x18)
POWERCAP, PINCTRL = 0x18, 0x19

SUCCESS = 0
NOT_SUPPORTED = -1
INVALID_PARAMETERS = -2
DENIED = -3
NOT_FOUND = -4
OUT_OF_RANGE = -5
BUSY = -6
COMMS_ERROR = -7
GENERIC_ERROR = -8
HARDWARE_ERROR = -9
PROTOCOL_ERROR = -10
IN_USE = -11

ON = 0
OFF = 0x4000_0000
TOKEN = 0x155


def words(*values: int | str) -> bytes:
    """32-bit words; a negative one as a signed word, a string as a name field of 16 bytes."""
    parts = []
    for value in values:
        if isinstance(value, str):
            parts.append(struct.pack("16s", value.encode()))
        else:
            parts.append(struct.pack("<I", value & 0xFFFF_FFFF))
    return b"".join(parts)


def request(
    protocol: int, message: int, *values: int | str, token: int = TOKEN, kind: int = 0
) -> bytes:
    return words(message | kind << 8 | protocol << 10 | token << 18, *values)


def notification(protocol: int, event: int, *values: int | str) -> bytes:
    return words(event | 3 << 8 | protocol << 10, *values)


def delayed(protocol: int, message: int, *values: int | str, token: int = TOKEN) -> bytes:
    return words(message | 2 << 8 | protocol << 10 | token << 18, *values)


class Agent(Protocol):
    """What is needed of an agent of the server."""

    def handle(self, message: bytes) -> tuple[bytes, ...]: ...

    def take_events(self) -> tuple[bytes, ...]: ...

    def disconnect(self) -> None: ...


class Wire:
    """An agent of a server, spoken to in words."""

    def __init__(self, agent: Agent | None) -> None:
        assert agent is not None
        self.agent = agent

    def ask(self, protocol: int, message: int, *values: int | str) -> tuple[int, bytes]:
        """Status and values (bytes) of the one response, whose header must be the request's."""
        sent = request(protocol, message, *values)
        (frame,) = self.agent.handle(sent)
        assert frame[:4] == sent[:4]
        (status,) = struct.unpack("<i", frame[4:8])
        assert status == SUCCESS or len(frame) == 8, "a refusal carries the status alone"
        return status, frame[8:]

    def status(self, protocol: int, message: int, *values: int | str) -> int:
        return self.ask(protocol, message, *values)[0]

    def words(self, protocol: int, message: int, *values: int | str) -> list[int]:
        """The values of a successful response, as words."""
        status, data = self.ask(protocol, message, *values)
        assert status == SUCCESS, status
        assert len(data) % 4 == 0
        return list(struct.unpack(f"<{len(data) // 4}I", data))
