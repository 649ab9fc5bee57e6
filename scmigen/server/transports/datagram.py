"""Datagrams: ``unix-dgram:PATH``, one message per datagram, answered to the sender's address.

There are no connections: the first address to send becomes the client until it is gone, which is
noticed when something is sent to it or when another address sends. Datagrams without an address
cannot be answered and are dropped, as are those of other senders. A client that does not read its
responses is not read from, and is dropped after `sockets.PATIENCE`.

An address is an abstract one, as ``bind("")`` gives. A path would be the sender's words to the
server, who would follow it on its behalf: to the socket of another agent, or through links and file
systems that take their time.
"""

import errno
import socket
from collections import deque

from scmigen.hints import Final
from scmigen.scmi.layouts import HEADER_SIZE
from scmigen.server.port import Port
from scmigen.server.timers import Backoff, Timer
from scmigen.server.transports.address import Address, identity, is_lost, listen, lost, remove
from scmigen.server.transports.silence import Silence
from scmigen.server.transports.sockets import BURST, MAX_MESSAGE, PATIENCE, Host

#: The errors of connecting to an address whose socket is gone.
_GONE: Final = (errno.ECONNREFUSED, errno.ENOENT)
#: How long to wait for a client with a full receive queue, in µs: at first, and at most.
_AGAIN: Final = 2_000
_SELDOM: Final = 50_000


class DatagramEndpoint:
    """An agent's datagram socket."""

    def __init__(self, port: Port, url: str, address: Address, host: Host) -> None:
        self.url = url
        self._port = port
        self._host = host
        self._path = address.path
        self._socket = listen(address, socket.SOCK_DGRAM)
        self._identity = identity(self._path)
        self._peer: bytes | None = None
        self._out: deque[bytes] = deque()
        self._again: Timer | None = None
        self._pace = Backoff(_AGAIN, _SELDOM)
        self._patience: Timer | None = None
        self._silence = Silence(port, host.loop, address.idle, self.drop)
        host.loop.watch(self._socket, self._turn)

    @property
    def lost(self) -> bool:
        """Whether no client can connect, because the socket file was removed or replaced."""
        return is_lost(self._path, self._identity)

    def _turn(self) -> None:
        if self._out:  # left over from the last turn
            self._flush()
            return
        try:
            message, peer = self._socket.recvfrom(MAX_MESSAGE + 1)
        except OSError:
            return
        if not isinstance(peer, bytes):  # Python's form of abstract addresses
            self._note("dropped a datagram without an abstract address")
        elif not self._admit(peer):
            self._note("dropped a datagram from another client")
        elif HEADER_SIZE <= len(message) <= MAX_MESSAGE:
            self._send(self._port.handle(message))
            if self._port.eventful:
                self._host.deliver()
        else:
            self._note(f"dropped a datagram that is not {HEADER_SIZE} to {MAX_MESSAGE} bytes long")

    def _note(self, text: str) -> None:
        self._host.log(f"{self._port.name}: {text}", self._port.name)

    def _admit(self, peer: bytes) -> bool:
        if peer == self._peer:
            return True
        if self._peer is not None:
            if self._lives(self._peer):
                return False
            self._gone()
        self._peer = peer
        self._silence.begin()
        self._note("connected")
        return True

    @staticmethod
    def _lives(peer: bytes) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
                return probe.connect_ex(peer) not in _GONE
        except OSError:
            return True  # as far as is known

    def _gone(self, reason: str = "disconnected") -> None:
        if self._peer is None:
            return
        self._peer = None
        self._silence.over()
        self._out.clear()
        self._patient()
        self._note(reason)
        if self.lost:
            self._note(lost(self._path))
        self._port.disconnect()
        self._host.deliver()

    def _send(self, frames: tuple[bytes, ...]) -> None:
        self._out.extend(frames)
        if self._again is None:
            self._flush()

    def _flush(self) -> None:
        """Send some of the queued frames; the rest follows in the next turns, or when the client
        has room."""
        for _ in range(min(BURST, len(self._out))):
            if self._peer is None:
                return
            try:
                self._socket.sendto(self._out[0], self._peer)
            except BlockingIOError:
                self._wait()
                return
            except OSError:
                self._gone()
                return
            self._out.popleft()
            self._patient()
        if self._out:
            self._host.loop.soon(self._socket)

    def _wait(self) -> None:
        """The client has no room: try again later, and read nothing until then."""
        if self._patience is None:
            reason = f"did not read for {PATIENCE // 1_000_000} s"
            self._patience = self._host.loop.later(PATIENCE, lambda: self._gone(reason))
        self._host.loop.forget(self._socket)
        self._again = self._host.loop.later(self._pace.next(), self._resume)

    def _patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self._pace.found()

    def _resume(self) -> None:
        self._again = None
        self._host.loop.watch(self._socket, self._turn)
        self._flush()

    def deliver(self) -> None:
        """Send the agent's queued events, as far as the client accepts them."""
        if self._peer is None:
            self._port.take_events()
        elif not self._out:
            self._send(self._port.take_events())

    def drop(self, reason: str) -> None:
        """Drop the current client."""
        self._gone(reason)

    def close(self) -> None:
        """Close the socket, and remove its file if it is still ours."""
        self._gone("server stopped")
        if self._again is not None:
            self._again.cancel()
        self._host.loop.forget(self._socket)
        self._socket.close()
        remove(self._path, self._identity)
