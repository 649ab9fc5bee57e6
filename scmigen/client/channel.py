"""A channel to a platform: sends commands and waits for their responses.

Commands are numbered with tokens, and a response belongs to the command with its token. Delayed
responses and notifications that arrive in between are kept in ``events``.
"""

import math
import time
from collections import deque
from types import TracebackType

from scmigen.addresses import AddressError, parse
from scmigen.client.mismatch import reason
from scmigen.client.wire import SCHEMES, WireError
from scmigen.hints import Final, Self
from scmigen.scmi.layouts import HEADER_SIZE, STATUS_SIZE, Header, MessageType, header
from scmigen.scmi.status import Status

_TOKENS: Final = 1 << 10
#: How many events are kept; the oldest are dropped.
_EVENTS: Final = 1024


class ClientError(Exception):
    """The platform cannot be reached, or violates the protocol."""


class UrlError(ClientError):
    """The URL is not one of a platform."""


class LateError(ClientError):
    """The platform has not answered in time; ``over``: nor is there any time left."""

    def __init__(self, message: str, *, over: bool = False) -> None:
        super().__init__(message)
        self.over = over


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
    """A connection to a platform. ``url`` is ``unix:PATH`` (SOCK_SEQPACKET) or has another scheme
    of `wire.SCHEMES`; ``timeout``, in seconds, applies to connecting and to each command. After
    ``deadline`` (a time of `time.monotonic`; it can be changed) no command is waited for. Raises
    `ClientError`."""

    def __init__(self, url: str, timeout: float = 5.0, deadline: float = math.inf) -> None:
        scheme, _, rest = url.partition(":")
        if scheme not in SCHEMES or not rest:
            known = ", ".join(f"{name}:PATH" for name in SCHEMES)
            raise UrlError(f"{url!r} is not the URL of a platform; known: {known}")
        try:
            path, options = parse(scheme, rest)
        except AddressError as problem:
            raise UrlError(str(problem)) from None
        self.url = url
        self.timeout = timeout
        self.deadline = deadline
        self._begin = time.monotonic()
        #: Responses and events received so far, and their bytes.
        self.messages = 0
        self.bytes = 0
        #: Delayed responses and notifications: header and payload, oldest first.
        self.events: deque[tuple[Header, bytes]] = deque(maxlen=_EVENTS)
        self._token = 0
        try:
            self._wire = SCHEMES[scheme](path, options, self.until())
        except TimeoutError:
            raise ClientError(
                f"{url}: no connection within {timeout:g} s: too many clients wait for the server"
            ) from None
        except OSError as problem:
            raise ClientError(f"no server at {url}: {reason(scheme, path, problem)}") from None
        except (ValueError, WireError) as problem:
            raise ClientError(f"no server at {url}: {problem}") from None

    def until(self) -> float:
        """When to stop waiting for what is asked now."""
        return min(time.monotonic() + self.timeout, self.deadline)

    def command(self, protocol: int, message: int, payload: bytes = b"") -> tuple[int, bytes]:
        """Send a command; returns status and values of its response. Raises `ClientError`."""
        self._token = (self._token + 1) % _TOKENS
        word = header(protocol, message, self._token)
        deadline = self.until()
        self._send(word.to_bytes(HEADER_SIZE, "little") + payload, deadline)
        while True:
            reply = self._receive(deadline)
            if reply is None:
                raise self.late()
            got = int.from_bytes(reply[:HEADER_SIZE], "little")
            parts = Header.of(got)
            if parts.kind != MessageType.COMMAND:
                self.events.append((parts, reply[HEADER_SIZE:]))
            elif parts.token == self._token:
                if got != word or len(reply) < HEADER_SIZE + STATUS_SIZE:
                    raise ClientError(f"{self.url}: a response that does not match its command")
                end = HEADER_SIZE + STATUS_SIZE
                status = int.from_bytes(reply[HEADER_SIZE:end], "little", signed=True)
                return status, reply[end:]

    def next_event(self, timeout: float) -> tuple[Header, bytes] | None:
        """The next delayed response or notification, header and payload; ``None`` if there is none
        within ``timeout`` seconds. Raises `ClientError`."""
        deadline = time.monotonic() + timeout
        while not self.events:
            frame = self._receive(deadline)
            if frame is None:
                return None
            parts = Header.of(int.from_bytes(frame[:HEADER_SIZE], "little"))
            if parts.kind != MessageType.COMMAND:
                return parts, frame[HEADER_SIZE:]
        return self.events.popleft()

    def send(self, frame: bytes) -> None:
        """Send a frame, header and payload, unchanged. Raises `ClientError`."""
        self._send(frame, self.until())

    def _send(self, frame: bytes, deadline: float) -> None:
        try:
            self._wire.send(frame, deadline)
        except TimeoutError:
            raise self.late() from None
        except (OSError, WireError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise ClientError(f"{self.url}: {reason}") from None

    def receive(self, timeout: float) -> bytes | None:
        """The next frame; ``None`` if there is none within ``timeout`` seconds. Raises
        `ClientError`, also for a frame without a complete header."""
        return self._receive(time.monotonic() + timeout)

    def _receive(self, deadline: float) -> bytes | None:
        try:
            frame = self._wire.receive(deadline)
        except TimeoutError:
            return None
        except (OSError, WireError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise ClientError(f"{self.url}: {reason}") from None
        if len(frame) < HEADER_SIZE:
            raise ClientError(f"{self.url}: a message without a header")
        self.messages += 1
        self.bytes += len(frame)
        return frame

    def late(self) -> LateError:
        """What to raise when the time is over."""
        if self.messages and time.monotonic() >= self.deadline:
            return LateError(
                f"{self.url}: not done within {self.deadline - self._begin:.3g} s, after "
                f"{self.messages} messages; a large platform needs more time",
                over=True,
            )
        other = ""
        if not self.messages and self.url.startswith("unix-stream:"):
            other = "; or it belongs to shared memory (smt:) or to a virtual machine (vhost-user:)"
        return LateError(
            f"{self.url}: no answer within {self.timeout:g} s; a socket serves one client "
            f"at a time, so another one may be connected{other}"
        )

    def close(self) -> None:
        """Disconnect; the platform then releases the agent's votes."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
