"""A channel to a platform: sends a command, waits for its response.

Commands are numbered with tokens, and a response is taken for the command whose token it has.
Delayed responses and notifications that come in between are kept in ``events``.
"""

import socket
import time
from collections import deque
from types import TracebackType
from typing import Final, Self

from scmigen.scmi.layouts import HEADER_SIZE, STATUS_SIZE, Header, MessageType, header
from scmigen.scmi.status import Status

_LENGTH_SIZE: Final = 4
_TOKENS: Final = 1 << 10
#: The longest message accepted from a platform; far more than any transport of SCMI carries.
_LONGEST: Final = 1 << 16
#: Events kept; the oldest are dropped.
_EVENTS: Final = 1024

_TYPES: Final = {"unix": socket.SOCK_SEQPACKET, "unix-stream": socket.SOCK_STREAM}


class ClientError(Exception):
    """The platform cannot be reached, or does not speak as it should."""


class UrlError(ClientError):
    """What was given is no URL of a platform."""


class ScmiError(Exception):
    """The platform refused a command; ``status`` says why."""

    def __init__(self, status: int, command: str) -> None:
        self.status = status
        try:
            self.name = Status(status).name
        except ValueError:
            self.name = f"status {status}"
        super().__init__(f"{self.name}: {command}")


class Channel:
    """A connected socket. ``url`` is ``unix:PATH`` (SOCK_SEQPACKET) or ``unix-stream:PATH``;
    ``timeout`` in seconds holds for connecting and for each command. Raises `ClientError`."""

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        scheme, _, path = url.partition(":")
        if scheme not in _TYPES or not path:
            known = ", ".join(f"{name}:PATH" for name in _TYPES)
            raise UrlError(f"{url!r} is no URL of a platform; known: {known}")
        self.url = url
        self.timeout = timeout
        #: Delayed responses and notifications: header and payload, oldest first.
        self.events: deque[tuple[Header, bytes]] = deque(maxlen=_EVENTS)
        self._packets = _TYPES[scheme] == socket.SOCK_SEQPACKET
        self._buffer = bytearray()
        self._token = 0
        self._socket = socket.socket(socket.AF_UNIX, _TYPES[scheme])
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(path)
        except (OSError, ValueError) as problem:
            self._socket.close()
            reason = getattr(problem, "strerror", None) or problem
            raise ClientError(f"no server at {url}: {reason}") from None

    def command(self, protocol: int, message: int, payload: bytes = b"") -> tuple[int, bytes]:
        """Send a command; status and values of its response. Raises `ClientError`."""
        self._token = (self._token + 1) % _TOKENS
        word = header(protocol, message, self._token)
        deadline = time.monotonic() + self.timeout
        self._send(word.to_bytes(HEADER_SIZE, "little") + payload)
        while True:
            reply = self._receive(deadline)
            if len(reply) < HEADER_SIZE:
                raise ClientError(f"{self.url}: a message without a header")
            got = int.from_bytes(reply[:HEADER_SIZE], "little")
            parts = Header.of(got)
            if parts.kind != MessageType.COMMAND:
                self.events.append((parts, reply[HEADER_SIZE:]))
            elif parts.token == self._token:
                if got != word or len(reply) < HEADER_SIZE + STATUS_SIZE:
                    raise ClientError(f"{self.url}: a response that does not fit its command")
                end = HEADER_SIZE + STATUS_SIZE
                status = int.from_bytes(reply[HEADER_SIZE:end], "little", signed=True)
                return status, reply[end:]

    def _send(self, message: bytes) -> None:
        if not self._packets:
            message = len(message).to_bytes(_LENGTH_SIZE, "little") + message
        try:
            self._socket.settimeout(self.timeout)
            self._socket.sendall(message)
        except OSError as problem:
            raise ClientError(f"{self.url}: {problem.strerror or problem}") from None

    def _receive(self, deadline: float) -> bytes:
        if self._packets:
            return self._some(deadline)
        while True:
            if len(self._buffer) >= _LENGTH_SIZE:
                length = int.from_bytes(self._buffer[:_LENGTH_SIZE], "little")
                if length > _LONGEST:
                    raise ClientError(f"{self.url}: a message of {length} bytes")
                end = _LENGTH_SIZE + length
                if len(self._buffer) >= end:
                    message = bytes(self._buffer[_LENGTH_SIZE:end])
                    del self._buffer[:end]
                    return message
            self._buffer += self._some(deadline)

    def _some(self, deadline: float) -> bytes:
        """A packet, or some bytes of the stream."""
        left = deadline - time.monotonic()
        try:
            self._socket.settimeout(max(left, 1e-3))
            data = self._socket.recv(_LONGEST)
        except TimeoutError:
            raise ClientError(
                f"{self.url}: no answer within {self.timeout:g} s; a socket has one client at a "
                "time, so another one may be connected"
            ) from None
        except OSError as problem:
            raise ClientError(f"{self.url}: {problem.strerror or problem}") from None
        if not data:
            raise ClientError(f"{self.url}: the server closed the connection")
        return data

    def close(self) -> None:
        """End the connection; the platform releases what the agent asked for."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
