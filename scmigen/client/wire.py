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
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final, Protocol

_LENGTH_SIZE: Final = 4
#: The longest frame accepted from a platform; far more than any transport of SCMI carries.
_LONGEST: Final = 1 << 16


class WireError(Exception):
    """The platform cannot be reached, or violates the protocol; the message says why."""


class Wire(Protocol):
    """A connected transport."""

    def send(self, frame: bytes, timeout: float) -> None:
        """Send a frame. Raises `WireError`, `OSError`."""

    def receive(self, timeout: float) -> bytes:
        """The next frame. Raises `TimeoutError`, `WireError`, `OSError`."""

    def close(self) -> None:
        """Disconnect."""


def _connected(kind: int, path: str, timeout: float) -> socket.socket:
    found = socket.socket(socket.AF_UNIX, kind)
    try:
        found.settimeout(timeout)
        if kind == socket.SOCK_DGRAM:
            found.bind("")  # the kernel chooses an address for the responses
        found.connect(path)
    except (OSError, ValueError):
        found.close()
        raise
    return found


class _Packets:
    """One frame per packet."""

    def __init__(self, kind: int, path: str, timeout: float) -> None:
        self._socket = _connected(kind, path, timeout)

    def send(self, frame: bytes, timeout: float) -> None:
        """Send a frame."""
        self._socket.settimeout(timeout)
        self._socket.sendall(frame)

    def receive(self, timeout: float) -> bytes:
        """The next frame."""
        self._socket.settimeout(max(timeout, 1e-3))
        data = self._socket.recv(_LONGEST)
        if not data:
            raise WireError("the server closed the connection")
        return data

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()


class _Stream(_Packets):
    """Each frame is preceded by its length."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__(socket.SOCK_STREAM, path, timeout)
        self._buffer = bytearray()

    def send(self, frame: bytes, timeout: float) -> None:
        """Send a frame."""
        super().send(len(frame).to_bytes(_LENGTH_SIZE, "little") + frame, timeout)

    def receive(self, timeout: float) -> bytes:
        """The next frame."""
        deadline = time.monotonic() + timeout
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
            self._buffer += super().receive(deadline - time.monotonic())


class _Doorbell:
    """The doorbell socket of shared memory, which rings by a byte."""

    def __init__(self, doorbell: socket.socket) -> None:
        self._socket = doorbell

    def ring(self, timeout: float) -> None:
        """Ring."""
        self._socket.settimeout(timeout)
        self._socket.sendall(b"D")

    def wait(self, timeout: float) -> None:
        """Wait until it rings. Raises `TimeoutError`, `WireError`."""
        self._socket.settimeout(timeout)
        if not self._socket.recv(1):
            raise WireError("the server closed the connection")

    def close(self) -> None:
        """Disconnect."""
        with suppress(OSError):
            self._socket.close()


class _EventDoorbell(_Doorbell):
    """Two eventfds as doorbells, to and from the server. The socket is only closed at the end."""

    def __init__(self, doorbell: socket.socket, to_server: int, from_server: int) -> None:
        super().__init__(doorbell)
        self._to_server = to_server
        self._from_server = from_server
        self._poll = select.poll()
        self._poll.register(doorbell, select.POLLIN)
        self._poll.register(from_server, select.POLLIN)

    def ring(self, timeout: float) -> None:
        """Ring; this never blocks."""
        del timeout
        os.eventfd_write(self._to_server, 1)

    def wait(self, timeout: float) -> None:
        """Wait until it rings. Raises `TimeoutError`, `WireError`."""
        ready = [number for number, _ in self._poll.poll(timeout * 1000)]
        if self._from_server in ready:
            os.eventfd_read(self._from_server)
        elif ready:
            raise WireError("the server closed the connection")
        else:
            raise TimeoutError

    def close(self) -> None:
        """Disconnect."""
        super().close()
        os.close(self._to_server)
        os.close(self._from_server)


def _received_files(doorbell: socket.socket, count: int) -> list[int]:
    """The files that the server sends to a new client. Raises `OSError`, `WireError`."""
    files: list[int] = []
    with suppress(TimeoutError):
        _, files, _, _ = socket.recv_fds(doorbell, 1, count, socket.MSG_CMSG_CLOEXEC)
    if len(files) != count:
        for file in files:
            os.close(file)
        raise WireError(
            f"the server sent {len(files)} files in place of {count}: it uses other memory or "
            "another ring=, or another client is connected"
        )
    return files


class _SharedMemory:
    """SMT areas (layout as in ``arm,scmi-shmem``) in a file or a memfd, and their doorbell."""

    _STATUS, _FLAGS, _LENGTH, _HEADER = 0x4, 0x10, 0x14, 0x18
    _FREE, _ERROR = 1, 2
    _WORD: Final = Struct("<I")
    #: How often to check for a free slot, in seconds.
    _AGAIN: Final = 1e-4

    def __init__(self, text: str, timeout: float) -> None:
        name, *options = text.split(",")
        found = {"offset": "0", "p2a": "", "slot": "256", "doorbell": f"{name}.doorbell"}
        found.update(option.partition("=")[::2] for option in options)
        try:
            self._slot = int(found["slot"], 0)
            self._commands = int(found["offset"], 0)
            self._events: int | None = self._commands + self._slot
            if found["p2a"]:
                self._events = None if found["p2a"] == "none" else int(found["p2a"], 0)
        except ValueError as problem:
            raise WireError(f"smt:{text}: {problem}") from None
        files: list[int] = []
        if name != "memfd":
            files.append(os.open(Path(name), os.O_RDWR | os.O_CLOEXEC))
        count = (name == "memfd") + 2 * (found.get("ring") == "eventfd")
        doorbell = None
        try:
            doorbell = _connected(socket.SOCK_STREAM, found["doorbell"], timeout)
            if count:
                files += _received_files(doorbell, count)
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

    def send(self, frame: bytes, timeout: float) -> None:
        """Write a frame to the command slot, and ring."""
        deadline = time.monotonic() + timeout
        if len(frame) > self._slot - self._HEADER:
            raise WireError(f"a message of {len(frame)} bytes does not fit into the slot")
        at = self._commands
        while not self._word(at + self._STATUS) & self._FREE:
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(self._AGAIN)
        self._put(at + self._FLAGS, 1)
        self._put(at + self._LENGTH, len(frame))
        os.pwrite(self._file, frame, at + self._HEADER)
        self._put(at + self._STATUS, 0)
        self._waiting = True
        self._doorbell.ring(timeout)

    def _take(self, at: int) -> bytes:
        length = self._word(at + self._LENGTH)
        if not 0 < length <= self._slot - self._HEADER:
            raise WireError(f"a message of {length} bytes in a slot")
        return os.pread(self._file, length, at + self._HEADER)

    def _ready(self) -> bytes | None:
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
        self._doorbell.ring(1.0)  # ask for the next event
        return frame

    def receive(self, timeout: float) -> bytes:
        """The response, or an event."""
        deadline = time.monotonic() + timeout
        while True:
            frame = self._ready()
            if frame is not None:
                return frame
            self._doorbell.wait(max(deadline - time.monotonic(), 1e-3))

    def close(self) -> None:
        """Close the doorbell."""
        self._doorbell.close()
        os.close(self._file)


def _packets(path: str, timeout: float) -> Wire:
    return _Packets(socket.SOCK_SEQPACKET, path, timeout)


def _datagrams(path: str, timeout: float) -> Wire:
    return _Packets(socket.SOCK_DGRAM, path, timeout)


#: URL scheme → the function that opens it, given the part after the colon and a timeout in seconds.
#: Raises `OSError`, `ValueError`, `WireError`.
SCHEMES: Final[Mapping[str, Callable[[str, float], Wire]]] = {
    "unix": _packets,
    "unix-stream": _Stream,
    "unix-dgram": _datagrams,
    "smt": _SharedMemory,
}
