"""UNIX sockets with connections: one socket path an agent, one connection at a time.

``unix:PATH`` is SOCK_SEQPACKET: a packet is a message, header and payload. ``unix-stream:PATH`` is
SOCK_STREAM: before each message stands its length as a little-endian word. Who connects to an
agent's path is that agent; the path's directory and the mode of the file, 0600, decide who can.

While a connection lives, the socket is not listened at: a second client waits in the kernel's queue
until the first is gone and the agent's votes with it. A message of a wrong length ends the
connection. A client that does not read what it is sent is not read from either.
"""

import errno
import os
import socket
import stat
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from scmigen.scmi.layouts import HEADER_SIZE, MAX_PAYLOAD
from scmigen.server.port import Port
from scmigen.server.transports.loop import Loop

#: The longest message of an agent in bytes.
MAX_MESSAGE: Final = HEADER_SIZE + MAX_PAYLOAD
_LENGTH_SIZE: Final = 4
_RECEIVE: Final = 1 << 12


class Host(Protocol):
    """What a transport needs of whoever runs it."""

    loop: Loop

    def log(self, line: str, source: str = "") -> None:
        """Note what happened, for people; ``source`` is the agent that caused it."""

    def deliver(self) -> None:
        """Events may be waiting for some agent: have each transport send its own."""


class TransportError(Exception):
    """A transport that cannot be opened; the message says why."""


class UrlError(TransportError):
    """What was given is no URL a server can listen at."""


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
        file.setblocking(False)
        self._loop.watch(file, self.turn)

    @property
    @abstractmethod
    def blocked(self) -> bool:
        """Whether something waits to be sent."""

    def deliver(self) -> None:
        """Send the events that wait for the agent, as far as the client takes them."""
        if not self.blocked:
            self.send(self._port.take_events())

    @abstractmethod
    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client takes them."""

    @abstractmethod
    def _receive(self) -> bytes | None:
        """The next message; ``None`` when there is none yet, or the connection ended."""

    @abstractmethod
    def _flush(self) -> None:
        """Send what waits. Raises `BlockingIOError` when not all could be sent."""

    def turn(self) -> None:
        """The socket can be read: one message."""
        try:
            message = self._receive()
        except BlockingIOError:
            return
        except OSError as problem:
            self.end(problem.strerror or "connection lost")
            return
        if message is not None:
            port = self._port
            self.send(port.handle(message))
            if port.agent.server.waiting:
                self._host.deliver()

    def _try_flush(self) -> None:
        try:
            self._flush()
        except BlockingIOError:
            self._loop.forget(self._file)
            self._loop.watch(self._file, self._writable, write=True)
        except OSError as problem:
            self.end(problem.strerror or "connection lost")

    def _writable(self) -> None:
        self._try_flush()
        if not self.blocked and self._file.fileno() >= 0:
            self._loop.watch(self._file, self.turn)
            self._resume()
            self._host.deliver()

    @abstractmethod
    def _resume(self) -> None:
        """Have the next message read, if it has come in already."""

    def end(self, reason: str) -> None:
        """Close the connection."""
        if self._file.fileno() < 0:
            return
        self._loop.forget(self._file)
        self._file.close()
        self._ended(reason)


class PacketConnection(Connection):
    """SOCK_SEQPACKET: the kernel keeps messages apart."""

    type: Final = socket.SOCK_SEQPACKET

    def __init__(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> None:
        self._out: deque[bytes] = deque()
        super().__init__(port, file, host, ended)

    @property
    def blocked(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    def _receive(self) -> bytes | None:
        message = self._file.recv(MAX_MESSAGE + 1)
        if HEADER_SIZE <= len(message) <= MAX_MESSAGE:
            return message
        if not message:
            self.end("disconnected")
        else:
            self.end(f"sent a packet that is not {HEADER_SIZE} to {MAX_MESSAGE} bytes long")
        return None

    def _resume(self) -> None:
        """The kernel says when there is a packet."""

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client takes them."""
        if not self._out and len(frames) == 1:  # by far the most common
            try:
                self._file.send(frames[0])
            except OSError:
                pass  # the slow way finds out why
            else:
                return
        self._out.extend(frames)
        self._try_flush()

    def _flush(self) -> None:
        while self._out:
            self._file.send(self._out[0])
            self._out.popleft()


class StreamConnection(Connection):
    """SOCK_STREAM: a length stands before each message."""

    type: Final = socket.SOCK_STREAM

    def __init__(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> None:
        self._in = bytearray()
        self._out = bytearray()
        super().__init__(port, file, host, ended)

    @property
    def blocked(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    def _missing(self) -> int:
        """How many bytes the message that comes next still lacks; negative: it can never be."""
        if len(self._in) < _LENGTH_SIZE:
            return _LENGTH_SIZE - len(self._in)
        length = int.from_bytes(self._in[:_LENGTH_SIZE], "little")
        if not HEADER_SIZE <= length <= MAX_MESSAGE:
            return -1
        return max(0, _LENGTH_SIZE + length - len(self._in))

    def _receive(self) -> bytes | None:
        if self._missing() > 0:
            data = self._file.recv(_RECEIVE)
            if not data:
                self.end("closed in the middle of a message" if self._in else "disconnected")
                return None
            self._in += data
        missing = self._missing()
        if missing < 0:
            self.end(f"sent a length that is not {HEADER_SIZE} to {MAX_MESSAGE}")
        if missing:
            return None
        end = _LENGTH_SIZE + int.from_bytes(self._in[:_LENGTH_SIZE], "little")
        message = bytes(self._in[_LENGTH_SIZE:end])
        del self._in[:end]
        self._resume()
        return message

    def _resume(self) -> None:
        """Have the next message read, if it has come in already."""
        if self._missing() <= 0:  # a whole message, or a wrong one, is here already
            self._loop.soon(self._file, self.turn)

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client takes them."""
        for frame in frames:
            self._out += len(frame).to_bytes(_LENGTH_SIZE, "little") + frame
        self._try_flush()

    def _flush(self) -> None:
        while self._out:
            sent = self._file.send(self._out)
            del self._out[:sent]


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
        self, port: Port, url: str, path: str, kind: int, accept: Accept, host: Host
    ) -> None:
        self.url = url
        self._port = port
        self._path = Path(path)
        self._make = accept
        self._host = host
        self._loop = host.loop
        self._session: Session | None = None
        self._listener = listen(self._path, kind)
        found = self._path.stat()
        self._identity = (found.st_dev, found.st_ino)
        self._loop.watch(self._listener, self._accept)

    def _accept(self) -> None:
        try:
            file, _ = self._listener.accept()
        except OSError:
            return  # it went away before it was its turn
        self._host.log(f"{self._port.name}: connected", self._port.name)
        try:
            self._session = self._make(self._port, file, self._host, self._ended)
        except TransportError as problem:
            self._host.log(f"{self._port.name}: {problem}", self._port.name)
            file.close()
        else:
            self._loop.forget(self._listener)

    def _ended(self, reason: str) -> None:
        self._session = None
        self._host.log(f"{self._port.name}: {reason}", self._port.name)
        self._port.disconnect()
        if self._listener.fileno() >= 0:
            self._loop.watch(self._listener, self._accept)
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


def remove(path: Path, identity: tuple[int, int]) -> None:
    """Remove the socket file at ``path`` if it is the one of this device and inode."""
    with suppress(OSError):  # somebody else has removed it
        found = path.stat()
        if (found.st_dev, found.st_ino) == identity:
            path.unlink()


def listen(path: Path, kind: int) -> socket.socket:
    """A socket bound to ``path`` that only its owner can use; listening, unless of datagrams.
    Raises `TransportError`."""
    _make_way(path)
    listener = socket.socket(socket.AF_UNIX, kind)
    try:
        os.fchmod(listener.fileno(), stat.S_IRUSR | stat.S_IWUSR)  # bind takes the mode from it
        listener.setblocking(False)
        listener.bind(str(path))
        if kind != socket.SOCK_DGRAM:
            listener.listen()
    except OSError as problem:
        listener.close()
        raise TransportError(f"cannot listen at {path}: {problem.strerror or problem}") from None
    return listener


def _make_way(path: Path) -> None:
    """Remove a socket file that a server left behind; anything else stays and is an error."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as problem:
        raise TransportError(f"cannot listen at {str(path)!r}: {problem}") from None
    if not stat.S_ISSOCK(mode):
        raise TransportError(f"{path} exists and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        probe.setblocking(False)
        if probe.connect_ex(str(path)) != errno.ECONNREFUSED:
            raise TransportError(f"{path}: another server listens there")
    path.unlink(missing_ok=True)
