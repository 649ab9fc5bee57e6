"""The client side of the transports: complete frames out, complete frames in.

``unix:PATH`` (SOCK_SEQPACKET), ``unix-stream:PATH``, ``unix-dgram:PATH``, and ``smt:FILE``: shared
memory with a doorbell socket (``smt:FILE,offset=0,p2a=0x100,slot=0x100,doorbell=PATH``). With
``ring=eventfd``, eventfds replace the socket as doorbells, and with ``memfd`` as FILE the memory is
not in any file system; the server sends these files when the client connects to the doorbell.
"""

import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from struct import Struct

from scmigen.client.mismatch import reason
from scmigen.hints import Final, Protocol

_LENGTH_SIZE: Final = 4
#: The longest frame accepted from a platform, in bytes: more than any transport of SCMI carries,
#: and few enough that the events of a `Channel` take little memory.
_LONGEST: Final = 1 << 12
#: How often to try again where nothing says when it is time, in seconds: at first, and at most.
_SOON: Final = 1e-4
_LATER: Final = 1e-2
#: How often to look whether a server without connections is still there, in seconds.
_LOOK: Final = 1.0


class WireError(Exception):
    """The platform cannot be reached, or violates the protocol; the message says why."""


class Wire(Protocol):
    """A connected transport. A deadline is a time of `time.monotonic`; it holds whatever the
    platform sends until then."""

    def send(self, frame: bytes, deadline: float) -> None:
        """Send a frame. Raises `TimeoutError`, `WireError`, `OSError`."""

    def receive(self, deadline: float) -> bytes:
        """The next frame. Raises `TimeoutError`, `WireError`, `OSError`."""

    def close(self) -> None:
        """Disconnect."""


def _left(deadline: float) -> float:
    """Seconds until ``deadline``, more than 0. Raises `TimeoutError`."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _pauses(deadline: float) -> Iterator[None]:
    """Sleep between tries, longer each time. Raises `TimeoutError`."""
    pause = _SOON
    while True:
        yield
        time.sleep(min(pause, _left(deadline)))
        pause = min(2 * pause, _LATER)


def _connected(kind: int, path: str, deadline: float) -> socket.socket:
    found = socket.socket(socket.AF_UNIX, kind)
    try:
        if kind == socket.SOCK_DGRAM:
            found.bind("")  # the kernel chooses an address for the responses
        for _ in _pauses(deadline):
            found.settimeout(_left(deadline))
            # "would block": too many clients wait to be accepted, and no event tells when fewer do
            with suppress(BlockingIOError):
                found.connect(path)
                break
    except (OSError, ValueError):
        found.close()
        raise
    return found


class _Packets:
    """One frame per packet."""

    def __init__(self, kind: int, path: str, deadline: float) -> None:
        self._socket = _connected(kind, path, deadline)

    def send(self, frame: bytes, deadline: float) -> None:
        """Send a frame."""
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(frame)

    def receive(self, deadline: float) -> bytes:
        """The next frame."""
        data = self._read(_LONGEST + 1, deadline)
        if len(data) > _LONGEST:
            raise WireError(f"a message of more than {_LONGEST} bytes")
        return data

    def _read(self, size: int, deadline: float) -> bytes:
        self._socket.settimeout(_left(deadline))
        data = self._socket.recv(size)
        if not data:
            raise WireError("the server closed the connection")
        return data

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()


class _Datagrams(_Packets):
    """One frame per datagram. Nothing tells that the server has gone, so its socket is looked at
    while there is nothing to receive."""

    def __init__(self, path: str, deadline: float) -> None:
        self._path = Path(path)
        self._server = self._identity()
        super().__init__(socket.SOCK_DGRAM, path, deadline)

    def _identity(self) -> tuple[int, int]:
        found = self._path.stat()
        return found.st_dev, found.st_ino

    def _read(self, size: int, deadline: float) -> bytes:
        while True:
            try:
                return super()._read(size, min(deadline, time.monotonic() + _LOOK))
            except TimeoutError:
                _left(deadline)
                self._look()

    def _look(self) -> None:
        """Raises `WireError` if the server has gone."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(str(self._path))
                gone = self._identity() != self._server
            except OSError:
                gone = True
        if gone:
            raise WireError("the server has closed or replaced its socket")


class _Stream(_Packets):
    """Each frame is preceded by its length."""

    def __init__(self, path: str, deadline: float) -> None:
        super().__init__(socket.SOCK_STREAM, path, deadline)
        self._buffer = bytearray()

    def send(self, frame: bytes, deadline: float) -> None:
        """Send a frame."""
        super().send(len(frame).to_bytes(_LENGTH_SIZE, "little") + frame, deadline)

    def receive(self, deadline: float) -> bytes:
        """The next frame."""
        while True:
            if len(self._buffer) >= _LENGTH_SIZE:
                length = int.from_bytes(self._buffer[:_LENGTH_SIZE], "little")
                if length > _LONGEST:
                    raise WireError(f"a message of {length} bytes")
                end = _LENGTH_SIZE + length
                if len(self._buffer) >= end:
                    frame = bytes(self._buffer[_LENGTH_SIZE:end])
                    del self._buffer[:end]
                    return frame
            self._buffer += self._read(_LONGEST, deadline)


class _Doorbell:
    """The doorbell socket of shared memory, which rings by a byte."""

    def __init__(self, doorbell: socket.socket) -> None:
        self._socket = doorbell

    def ring(self, deadline: float) -> None:
        """Ring. Raises `TimeoutError`."""
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(b"D")

    def wait(self, deadline: float) -> None:
        """Wait until it rings. Raises `TimeoutError`, `WireError`."""
        self._socket.settimeout(_left(deadline))
        if not self._socket.recv(1):
            raise WireError("the server closed the connection")

    def close(self) -> None:
        """Disconnect."""
        with suppress(OSError):
            self._socket.close()


class _EventDoorbell(_Doorbell):
    """Two eventfds as doorbells, to and from the server. The socket is only closed at the end.

    The server shares them, so it decides whether reading and writing block. Nothing is read: each
    ring is an edge. Nothing is written while the counter is full.
    """

    def __init__(self, doorbell: socket.socket, to_server: int, from_server: int) -> None:
        super().__init__(doorbell)
        self._to_server = to_server
        self._from_server = from_server
        self._room = select.poll()
        self._room.register(to_server, select.POLLOUT)
        self._rings = select.epoll()
        self._rings.register(doorbell, select.EPOLLIN)
        self._rings.register(from_server, select.EPOLLIN | select.EPOLLET)

    def ring(self, deadline: float) -> None:
        """Ring. Raises `TimeoutError`."""
        if not self._room.poll(_left(deadline) * 1000):
            raise TimeoutError
        os.eventfd_write(self._to_server, 1)

    def wait(self, deadline: float) -> None:
        """Wait until it rings. Raises `TimeoutError`, `WireError`."""
        ready = [number for number, _ in self._rings.poll(_left(deadline))]
        if not ready:
            raise TimeoutError
        if self._from_server not in ready:
            raise WireError("the server closed the connection")

    def close(self) -> None:
        """Disconnect."""
        super().close()
        self._rings.close()
        os.close(self._to_server)
        os.close(self._from_server)


def _doorbell(path: str, deadline: float) -> socket.socket:
    """Connected to it. Raises `TimeoutError`, `WireError`."""
    try:
        return _connected(socket.SOCK_STREAM, path, deadline)
    except TimeoutError:
        raise
    except OSError as problem:
        raise WireError(f"doorbell {path}: {reason('unix-stream', path, problem)}") from None


def _received_files(
    doorbell: socket.socket, memories: int, eventfds: int, deadline: float
) -> list[int]:
    """The files that the server sends to a new client: memory first. Raises `OSError`,
    `WireError`."""
    files: list[int] = []
    with suppress(TimeoutError):
        doorbell.settimeout(_left(deadline))
        _, files, _, _ = socket.recv_fds(doorbell, 1, memories + eventfds, socket.MSG_CMSG_CLOEXEC)
    try:
        _check(files, memories, eventfds)
    except WireError:
        for file in files:
            os.close(file)
        raise
    return files


def _check(files: list[int], memories: int, eventfds: int) -> None:
    """Any other file might block for as long as the server likes. Raises `WireError`."""
    import fcntl

    if len(files) != memories + eventfds:
        raise WireError(
            f"the server sent {len(files)} files in place of {memories + eventfds}: it uses other "
            "memory or another ring=, or another client is connected"
        )
    for file in files[:memories]:
        try:
            fcntl.fcntl(file, fcntl.F_GET_SEALS)  # only memory has seals
        except OSError:
            raise WireError("the server sent memory that is not a memfd") from None
    for file in files[memories:]:
        if Path(f"/proc/self/fd/{file}").readlink() != Path("anon_inode:[eventfd]"):
            raise WireError("the server sent a doorbell that is not an eventfd")


class _SharedMemory:
    """SMT areas (layout as in ``arm,scmi-shmem``) in a file or a memfd, and their doorbell."""

    _STATUS, _FLAGS, _LENGTH, _HEADER = 0x4, 0x10, 0x14, 0x18
    _FREE, _ERROR = 1, 2
    _WORD: Final = Struct("<I")

    def __init__(self, name: str, options: Mapping[str, str], deadline: float) -> None:
        found = {"offset": "0", "p2a": "", "slot": "256", "doorbell": f"{name}.doorbell"}
        found.update(options)
        try:
            self._slot = int(found["slot"], 0)
            # one of the areas of an agent that has several: each is for all protocols
            self._commands = int(found["offset"].partition(":")[0], 0)
            self._events: int | None = self._commands + self._slot
            if found["p2a"]:
                self._events = None if found["p2a"] == "none" else int(found["p2a"], 0)
        except ValueError as problem:
            raise WireError(f"smt:{name}: {problem}") from None
        files: list[int] = []
        if name != "memfd":
            files.append(os.open(Path(name), os.O_RDWR | os.O_CLOEXEC))
        count = int(name == "memfd"), 2 * (found.get("ring") == "eventfd")
        doorbell = None
        try:
            doorbell = _doorbell(found["doorbell"], deadline)
            if any(count):
                files += _received_files(doorbell, *count, deadline)
        except (OSError, ValueError, WireError):
            for file in files:
                os.close(file)
            if doorbell is not None:
                doorbell.close()
            raise
        self._file = files[0]
        self._doorbell = _EventDoorbell(doorbell, *files[1:]) if files[1:] else _Doorbell(doorbell)
        self._waiting = False

    def _word(self, at: int) -> int:
        data = os.pread(self._file, 4, at)
        if len(data) != self._WORD.size:
            raise WireError("the shared memory was truncated")
        return int(self._WORD.unpack(data)[0])

    def _put(self, at: int, value: int) -> None:
        os.pwrite(self._file, self._WORD.pack(value), at)

    def send(self, frame: bytes, deadline: float) -> None:
        """Write a frame to the command slot, and ring."""
        if len(frame) > self._slot - self._HEADER:
            raise WireError(f"a message of {len(frame)} bytes does not fit into the slot")
        at = self._commands
        for _ in _pauses(deadline):
            if self._word(at + self._STATUS) & self._FREE:
                break
        self._put(at + self._FLAGS, 1)
        self._put(at + self._LENGTH, len(frame))
        os.pwrite(self._file, frame, at + self._HEADER)
        self._put(at + self._STATUS, 0)
        self._waiting = True
        self._doorbell.ring(deadline)

    def _take(self, at: int) -> bytes:
        length = self._word(at + self._LENGTH)
        if not 0 < length <= self._slot - self._HEADER:
            raise WireError(f"a message of {length} bytes in a slot")
        return os.pread(self._file, length, at + self._HEADER)

    def _ready(self, deadline: float) -> bytes | None:
        status = self._word(self._commands + self._STATUS)
        if self._waiting and status & self._FREE:
            self._waiting = False
            if status & self._ERROR:
                raise WireError("the platform could not read the message")
            return self._take(self._commands)
        at = self._events
        if at is None or self._word(at + self._STATUS) & self._FREE:
            return None
        frame = self._take(at)
        self._put(at + self._STATUS, self._FREE)
        self._doorbell.ring(deadline)  # ask for the next event
        return frame

    def receive(self, deadline: float) -> bytes:
        """The response, or an event."""
        while (frame := self._ready(deadline)) is None:
            self._doorbell.wait(deadline)
        return frame

    def close(self) -> None:
        """Close the doorbell."""
        self._doorbell.close()
        os.close(self._file)


def _packets(path: str, _: Mapping[str, str], deadline: float) -> Wire:
    return _Packets(socket.SOCK_SEQPACKET, path, deadline)


def _stream(path: str, _: Mapping[str, str], deadline: float) -> Wire:
    return _Stream(path, deadline)


def _datagrams(path: str, _: Mapping[str, str], deadline: float) -> Wire:
    return _Datagrams(path, deadline)


#: URL scheme → the function that opens it, given path, options and a deadline; the options that
#: are the server's alone are ignored. Raises `OSError`, `ValueError`, `WireError`.
SCHEMES: Final[Mapping[str, Callable[[str, Mapping[str, str], float], Wire]]] = {
    "unix": _packets,
    "unix-stream": _stream,
    "unix-dgram": _datagrams,
    "smt": _SharedMemory,
}
