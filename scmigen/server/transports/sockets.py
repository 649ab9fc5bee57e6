"""UNIX sockets with connections: one socket path per agent, one connection at a time.

``unix:PATH`` is SOCK_SEQPACKET: each packet is a message, header and payload. ``unix-stream:PATH``
is SOCK_STREAM: each message is preceded by its length as a little-endian word. A client that
connects to the path of an agent is that agent; the path's directory and the mode of the file decide
who can connect.

While a client is connected, the server does not accept others: they wait in the kernel's queue
until the first client and the votes of its agent are gone. A message of invalid length ends the
connection, and so does one whose rest does not come. A client that does not read its responses is
not read from either, and is disconnected after `PATIENCE`.
"""

import errno
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Set
from struct import Struct

from scmigen.hints import Final, Protocol
from scmigen.scmi.layouts import HEADER_SIZE, MAX_PAYLOAD
from scmigen.server.memory import FileId
from scmigen.server.port import Port
from scmigen.server.timers import Timer
from scmigen.server.transports.address import (
    PARTIAL,
    Address,
    TransportError,
    identity,
    is_lost,
    listen,
    lost,
    peer,
    remove,
)
from scmigen.server.transports.loop import Loop
from scmigen.server.transports.silence import Rest, Silence

#: The longest message of an agent, in bytes.
MAX_MESSAGE: Final = HEADER_SIZE + MAX_PAYLOAD
#: How long a client may leave its responses unread, in µs.
PATIENCE: Final = 30_000_000
#: Frames sent in one turn; the rest follows in later turns, after the other agents.
BURST: Final = 16
_ROOM: Final = MAX_MESSAGE + 1
#: For a single call that must not wait.
_NOW: Final = socket.MSG_DONTWAIT
#: How long a read that may wait does so, in µs. A signal that comes meanwhile is handled after it.
_MOMENT: Final = 10_000
_LENGTH: Final = Struct("<I")
#: Bytes that one read of a stream returns at most. Python allocates objects of up to 512 bytes for
#: much less, and reads into one of this size whatever comes.
_RECEIVE: Final = 448
#: Errors of accepting a connection that are not the client's fault, and how long to wait then, in
#: µs.
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_REST: Final = 200_000


class Host(Protocol):
    """What a transport needs from the service that runs it."""

    loop: Loop

    def log(self, line: str, source: str = "") -> None:
        """Log a line for people; ``source`` is the agent that caused it."""

    def deliver(self) -> None:
        """Have all transports send the queued events of their agents."""

    @property
    def files(self) -> Set[FileId]:
        """The files that are memory for something else than messages."""


class Connection(ABC):
    """A connected client: reads one message per turn, answers it, and sends events."""

    def __init__(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> None:
        self._port = port
        self._file = file
        self._host = host
        self._loop = host.loop
        self._ended = ended
        self._patience: Timer | None = None
        file.setblocking(True)
        self._wait = self.turn if _waits_a_moment(file) else None
        self._watch()

    def _watch(self) -> None:
        self._loop.watch(self._file, self.turn, wait=self._wait)

    @property
    @abstractmethod
    def blocked(self) -> bool:
        """Whether data is waiting to be sent."""

    @abstractmethod
    def turn(self, wait: bool = False) -> bool:
        """Handle one message, if the socket is readable or with ``wait`` becomes so in a moment;
        whether it was."""

    @abstractmethod
    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client accepts them."""

    @abstractmethod
    def _flush(self) -> None:
        """Send some of the waiting data. Raises `OSError`."""

    def deliver(self) -> None:
        """Send the agent's queued events, as far as the client accepts them."""
        if not self.blocked:
            self.send(self._port.take_events())

    def _lost(self, problem: OSError) -> None:
        """Reading from or writing to the socket failed."""
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
            self._watch()
            self._loop.soon(self._file)
            self._host.deliver()

    def _patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _impatient(self) -> None:
        self.end(f"did not read for {PATIENCE // 1_000_000} s")

    def end(self, reason: str) -> None:
        """Close the connection."""
        if self._file.fileno() < 0:
            return
        self._patient()
        self._loop.forget(self._file)
        self._file.close()
        self._ended(reason)


class PacketConnection(Connection):
    """SOCK_SEQPACKET: the kernel preserves message boundaries."""

    def __init__(
        self, port: Port, file: socket.socket, host: Host, ended: Callable[[str], None]
    ) -> None:
        self._out: deque[bytes] = deque()
        # looked up once: this is the hot path
        self._recv = file.recv
        self._send = file.send
        super().__init__(port, file, host, ended)

    @property
    def blocked(self) -> bool:
        """Whether data is waiting to be sent."""
        return bool(self._out)

    def turn(self, wait: bool = False) -> bool:
        """Handle one packet."""
        try:
            message = self._recv(_ROOM, 0 if wait else _NOW)
        except OSError as problem:
            self._lost(problem)
            return False
        if HEADER_SIZE <= len(message) <= MAX_MESSAGE:
            port = self._port
            frames = port.handle(message)
            try:
                (frame,) = frames
                self._send(frame, _NOW)
            except (ValueError, OSError):  # not one frame, or an error: take the slow path
                self.send(frames)
            if port.agent.services.waiting:
                self._host.deliver()
        elif message:
            self.end(f"sent a packet that is not {HEADER_SIZE} to {MAX_MESSAGE} bytes long")
        else:
            self.end("disconnected")
        return True

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client accepts them."""
        self._out.extend(frames)
        self._try_flush()

    def _flush(self) -> None:
        for _ in range(min(BURST, len(self._out))):
            self._send(self._out[0], _NOW)
            self._out.popleft()


class StreamConnection(Connection):
    """SOCK_STREAM: each message is preceded by its length. ``partial`` is how long its rest may
    take, in µs."""

    def __init__(
        self,
        port: Port,
        file: socket.socket,
        host: Host,
        ended: Callable[[str], None],
        partial: int = PARTIAL,
    ) -> None:
        self._in = b""
        self._out = b""
        self._rest = Rest(host.loop, partial, self.end, lambda: self.blocked)
        # looked up once: this is the hot path
        self._recv = file.recv
        self._send = file.send
        super().__init__(port, file, host, ended)

    @property
    def blocked(self) -> bool:
        """Whether data is waiting to be sent."""
        return bool(self._out)

    def turn(self, wait: bool = False) -> bool:
        """Handle one message, also one that was read already."""
        data = self._in
        size = _whole(data) if data else 0
        if not size:
            try:
                more = self._recv(_RECEIVE, 0 if wait else _NOW)
            except OSError as problem:
                self._lost(problem)
                return False
            if not more:
                self.end("closed in the middle of a message" if data else "disconnected")
                return False
            self._in = data = data + more
            size = _whole(data)
        if size > 0:
            self._in = data[size:]
            if self._in or self._rest.expected:
                self._begin_message()
            port = self._port
            self.send(port.handle(data[_LENGTH.size : size]))
            if port.agent.services.waiting:
                self._host.deliver()
        elif size < 0:
            self.end(f"sent a length that is not {HEADER_SIZE} to {MAX_MESSAGE}")
        else:
            self._rest.expect()
        return True

    def _begin_message(self) -> None:
        """Go on with the bytes after a message."""
        self._rest.over()
        if _whole(self._in):  # another complete message, or an invalid one
            self._loop.soon(self._file)
        elif self._in:
            self._rest.expect()

    def end(self, reason: str) -> None:
        """Close the connection."""
        self._rest.over()
        super().end(reason)

    def send(self, frames: tuple[bytes, ...]) -> None:
        """Send ``frames``, or keep them until the client accepts them."""
        if len(frames) == 1 and not self._out:
            data = _LENGTH.pack(len(frames[0])) + frames[0]
            try:
                sent = self._send(data, _NOW)
            except OSError:
                sent = 0
            if sent == len(data):
                return
            self._out = data[sent:]
        else:
            for frame in frames:
                self._out += _LENGTH.pack(len(frame)) + frame
        if self._out:
            self._try_flush()

    def _flush(self) -> None:
        sent = self._send(self._out, _NOW)
        self._out = self._out[sent:]


def _waits_a_moment(file: socket.socket) -> bool:
    """Have reads that wait end after `_MOMENT`; whether the kernel takes it as it is written here,
    which it does not where a C library has another time than a word."""
    try:
        file.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, Struct("@ll").pack(0, _MOMENT))
    except OSError:
        return False
    return True


def _whole(data: bytes) -> int:
    """Bytes of the first message in ``data``, including its length word; 0 if it is incomplete,
    negative if its length is invalid."""
    if len(data) < _LENGTH.size:
        return 0
    (length,) = _LENGTH.unpack_from(data)
    if not HEADER_SIZE <= length <= MAX_MESSAGE:
        return -1
    size = _LENGTH.size + int(length)
    return size if len(data) >= size else 0


class ClientSession(Protocol):
    """A connected client."""

    def deliver(self) -> None:
        """Send the agent's queued events, as far as the client accepts them."""

    def end(self, reason: str) -> None:
        """Close the connection."""


#: Makes a session of an accepted connection; the last argument is called when it has ended.
Accept = Callable[[Port, socket.socket, Host, Callable[[str], None]], ClientSession]


class Endpoint:
    """The socket path of an agent: listens, and owns the current connection."""

    #: Whether clients may send files.
    files = False

    def __init__(
        self, port: Port, url: str, address: Address, kind: int, accept: Accept, host: Host
    ) -> None:
        self.url = url
        self._port = port
        self._path = address.path
        self._make = accept
        self._host = host
        self._loop = host.loop
        self._session: ClientSession | None = None
        self._silence = Silence(port, host.loop, address.idle, self.drop)
        self._listener = listen(address, kind, files=self.files)
        self._identity = identity(self._path)
        self._listen()

    @property
    def lost(self) -> bool:
        """Whether no client can connect, because the socket file was removed or replaced."""
        return is_lost(self._path, self._identity)

    def _listen(self) -> None:
        if self._session is None and self._listener.fileno() >= 0:
            self._loop.watch(self._listener, self._accept)
            if self.lost:
                self._note(lost(self._path))

    def _note(self, text: str) -> None:
        self._host.log(f"{self._port.name}: {text}", self._port.name)

    def _accept(self) -> None:
        try:
            file, _ = self._listener.accept()
        except OSError as problem:
            if problem.errno in _EXHAUSTED:  # retrying at once would spin
                self._note(f"cannot accept connections: {problem.strerror}")
                self._loop.forget(self._listener)
                self._loop.later(_REST, self._listen)
            return  # otherwise the client gave up before it was accepted
        self._note(f"connected ({peer(file)})")
        try:
            self._session = self._make(self._port, file, self._host, self._ended)
        except (TransportError, OSError) as problem:
            self._note(str(problem))
            file.close()
        else:
            self._loop.forget(self._listener)
            self._silence.begin()

    def _ended(self, reason: str) -> None:
        self._session = None
        self._silence.over()
        self._note(reason)
        self._port.disconnect()
        self._listen()
        self._host.deliver()

    def deliver(self) -> None:
        """Send the agent's queued events, as far as the client accepts them."""
        if self._session is not None:
            self._session.deliver()

    def drop(self, reason: str) -> None:
        """Disconnect the current client; the next one can connect."""
        if self._session is not None:
            self._session.end(reason)

    def close(self) -> None:
        """Disconnect the client, stop listening, and remove the socket file if it is still ours."""
        self.drop("server stopped")
        self._loop.forget(self._listener)
        self._listener.close()
        remove(self._path, self._identity)
