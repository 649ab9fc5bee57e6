"""UNIX sockets with connections: one socket path an agent, one connection at a time.

``unix:PATH`` is SOCK_SEQPACKET: a packet is a message, header and payload. ``unix-stream:PATH`` is
SOCK_STREAM: before each message stands its length as a little-endian word. Who connects to an
agent's path is that agent; the path's directory and the mode of the file decide who can.

While a connection lives, the socket is not listened at: a second client waits in the kernel's queue
until the first is gone and the agent's votes with it. A message of a wrong length ends the
connection. A client that does not read what it is sent is not read from either, and loses its
connection after `PATIENCE`.
"""

import errno
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from struct import Struct
from typing import Final, Protocol

from scmigen.scmi.layouts import HEADER_SIZE, MAX_PAYLOAD
from scmigen.server.port import Port
from scmigen.server.timers import Timer
from scmigen.server.transports.loop import Loop
from scmigen.server.transports.place import (
    Place,
    TransportError,
    identity,
    listen,
    peer,
    remove,
)

#: The longest message of an agent in bytes.
MAX_MESSAGE: Final = HEADER_SIZE + MAX_PAYLOAD
#: How long a client may leave unread what it was sent, in µs.
PATIENCE: Final = 30_000_000
#: Frames sent in one turn; the rest is sent in the next ones, after the other agents.
BURST: Final = 16
_ROOM: Final = MAX_MESSAGE + 1
_LENGTH: Final = Struct("<I")
_RECEIVE: Final = 1 << 12
#: Why nobody can be let in that have nothing to do with who came, and how long to wait then in µs.
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_REST: Final = 200_000


class Host(Protocol):
    """What a transport needs of whoever runs it."""

    loop: Loop

    def log(self, line: str, source: str = "") -> None:
        """Note what happened, for people; ``source`` is the agent that caused it."""

    def deliver(self) -> None:
        """Events may be waiting for some agent: have each transport send its own."""


class Connection(ABC):
    """A connected client: reads one message a turn, answers it, sends events."""

    def __init__(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> None:
        self._port = port
        self._file = file
        self._host = host
        self._loop = host.loop
        self._ended = ended
        self._patience: Timer | None = None
        file.setblocking(False)
        self._loop.watch(file, self.turn)

    @property
    @abstractmethod
    def blocked(self) -> bool:
        """Whether something waits to be sent."""

    @abstractmethod
    def turn(self) -> None:
        """The socket can be read: one message."""

    @abstractmethod
    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client takes them."""

    @abstractmethod
    def _flush(self) -> None:
        """Send some of what waits. Raises `OSError`."""

    def deliver(self) -> None:
        """Send the events that wait for the agent, as far as the client takes them."""
        if not self.blocked:
            self.send(self._port.take_events())

    def _lost(self, problem: OSError) -> None:
        """The socket could not be read or written to."""
        if not isinstance(problem, BlockingIOError):
            self.end(problem.strerror or "connection lost")

    def _try_flush(self) -> None:
        try:
            self._flush()
        except OSError as problem:
            self._lost(problem)
        if self.blocked and self._patience is None and self._file.fileno() >= 0:
            self._loop.watch(self._file, self._writable, write=True)
            self._patience = self._loop.later(PATIENCE, self._impatient)

    def _writable(self) -> None:
        self._try_flush()
        if not self.blocked and self._file.fileno() >= 0:
            self._patient()
            self._loop.watch(self._file, self.turn)
            self._loop.soon(self._file)
            self._host.deliver()

    def _patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _impatient(self) -> None:
        self.end(f"did not read what it was sent for {PATIENCE // 1_000_000} s")

    def end(self, reason: str) -> None:
        """Close the connection."""
        if self._file.fileno() < 0:
            return
        self._patient()
        self._loop.forget(self._file)
        self._file.close()
        self._ended(reason)


class PacketConnection(Connection):
    """SOCK_SEQPACKET: the kernel keeps messages apart."""

    def __init__(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> None:
        self._out: deque[bytes] = deque()
        # looked up once, for every message counts
        self._recv = file.recv
        self._send = file.send
        super().__init__(port, file, host, ended)

    @property
    def blocked(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    def turn(self) -> None:
        """The socket can be read: one message."""
        try:
            message = self._recv(_ROOM)
        except OSError as problem:
            self._lost(problem)
            return
        if HEADER_SIZE <= len(message) <= MAX_MESSAGE:
            port = self._port
            frames = port.handle(message)
            try:
                (frame,) = frames
                self._send(frame)
            except (ValueError, OSError):  # not one frame; or the slow way finds out why
                self.send(frames)
            if port.agent.server.waiting:
                self._host.deliver()
        elif message:
            self.end(f"sent a packet that is not {HEADER_SIZE} to {MAX_MESSAGE} bytes long")
        else:
            self.end("disconnected")

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client takes them."""
        self._out.extend(frames)
        self._try_flush()

    def _flush(self) -> None:
        for _ in range(min(BURST, len(self._out))):
            self._send(self._out[0])
            self._out.popleft()


class StreamConnection(Connection):
    """SOCK_STREAM: a length stands before each message."""

    def __init__(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> None:
        self._in = b""
        self._out = b""
        super().__init__(port, file, host, ended)

    @property
    def blocked(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    def turn(self) -> None:
        """The socket can be read, or was read already: one message."""
        data = self._in
        size = _whole(data)
        if not size:
            try:
                more = self._file.recv(_RECEIVE)
            except OSError as problem:
                self._lost(problem)
                return
            if not more:
                self.end("closed in the middle of a message" if data else "disconnected")
                return
            self._in = data = data + more
            size = _whole(data)
        if size > 0:
            self._in = data[size:]
            if _whole(self._in):  # the next one is here already, or what can be none
                self._loop.soon(self._file)
            port = self._port
            self.send(port.handle(data[_LENGTH.size : size]))
            if port.agent.server.waiting:
                self._host.deliver()
        elif size < 0:
            self.end(f"sent a length that is not {HEADER_SIZE} to {MAX_MESSAGE}")

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client takes them."""
        for frame in frames:
            self._out += _LENGTH.pack(len(frame)) + frame
        if self._out:
            self._try_flush()

    def _flush(self) -> None:
        sent = self._file.send(self._out)
        self._out = self._out[sent:]


def _whole(data: bytes) -> int:
    """Bytes of the message that begins ``data``, its length included; 0 where it is not all here,
    negative where it can never be."""
    if len(data) < _LENGTH.size:
        return 0
    (length,) = _LENGTH.unpack_from(data)
    if not HEADER_SIZE <= length <= MAX_MESSAGE:
        return -1
    size = _LENGTH.size + int(length)
    return size if len(data) >= size else 0


class Session(Protocol):
    """A connected client."""

    def deliver(self) -> None:
        """Send the events that wait for the agent, as far as the client takes them."""

    def end(self, reason: str) -> None:
        """Close the connection."""


#: Makes a session of a connection that was accepted; what it calls when it has ended.
Accept = Callable[[Port, socket.socket, Host, Callable[[str], None]], Session]


class Endpoint:
    """An agent's socket path: listens, and has the one connection there is."""

    def __init__(
        self, port: Port, url: str, place: Place, kind: int, accept: Accept, host: Host
    ) -> None:
        self.url = url
        self._port = port
        self._path = place.path
        self._make = accept
        self._host = host
        self._loop = host.loop
        self._session: Session | None = None
        self._listener = listen(place, kind)
        self._identity = identity(self._path)
        self._listen()

    def _listen(self) -> None:
        if self._session is None and self._listener.fileno() >= 0:
            self._loop.watch(self._listener, self._accept)

    def _note(self, text: str) -> None:
        self._host.log(f"{self._port.name}: {text}", self._port.name)

    def _accept(self) -> None:
        try:
            file, _ = self._listener.accept()
        except OSError as problem:
            if problem.errno in _EXHAUSTED:  # it would be tried again and again
                self._note(f"nobody can connect now: {problem.strerror}")
                self._loop.forget(self._listener)
                self._loop.later(_REST, self._listen)
            return  # otherwise it went away before it was its turn
        self._note(f"connected ({peer(file)})")
        try:
            self._session = self._make(self._port, file, self._host, self._ended)
        except (TransportError, OSError) as problem:
            self._note(str(problem))
            file.close()
        else:
            self._loop.forget(self._listener)

    def _ended(self, reason: str) -> None:
        self._session = None
        self._note(reason)
        self._port.disconnect()
        self._listen()
        self._host.deliver()

    def deliver(self) -> None:
        """Send the events that wait for the agent, as far as the client takes them."""
        if self._session is not None:
            self._session.deliver()

    def drop(self, reason: str) -> None:
        """End the connection there is; the next client can come."""
        if self._session is not None:
            self._session.end(reason)

    def close(self) -> None:
        """End the connection, stop listening, and remove the socket file if it is still ours."""
        self.drop("the server stops")
        self._loop.forget(self._listener)
        self._listener.close()
        remove(self._path, self._identity)
