"""Transports, which carry messages to the server: one module each, and the table of URL schemes."""

import socket
from collections.abc import Callable, Mapping
from functools import partial

from scmigen.addresses import AddressError, parse
from scmigen.hints import Final, Protocol
from scmigen.server.port import Port
from scmigen.server.transports.address import Address, TransportError, UrlError
from scmigen.server.transports.sockets import (
    Endpoint,
    Host,
    PacketConnection,
    StreamConnection,
)

__all__ = ["SCHEMES", "Host", "Transport", "TransportError", "UrlError", "open_transport"]


class Transport(Protocol):
    """The transport of one agent, open until it is closed."""

    url: str

    @property
    def lost(self) -> bool:
        """Whether no client can connect, because the socket file was removed or replaced."""

    def deliver(self) -> None:
        """Send the agent's queued events, as far as the other end accepts them."""

    def drop(self, reason: str) -> None:
        """Disconnect the current client; the next one can connect."""

    def close(self) -> None:
        """Disconnect the client and remove all files."""


Options = Mapping[str, str]


def _packets(port: Port, url: str, path: str, options: Options, host: Host) -> Transport:
    address = Address.of(path, options)
    return Endpoint(port, url, address, socket.SOCK_SEQPACKET, PacketConnection, host)


def _stream(port: Port, url: str, path: str, options: Options, host: Host) -> Transport:
    address = Address.of(path, options)
    accept = partial(StreamConnection, partial=address.partial)
    return Endpoint(port, url, address, socket.SOCK_STREAM, accept, host)


def _datagrams(port: Port, url: str, path: str, options: Options, host: Host) -> Transport:
    from scmigen.server.transports.datagram import DatagramEndpoint

    return DatagramEndpoint(port, url, Address.of(path, options), host)


def _shared_memory(port: Port, url: str, path: str, options: Options, host: Host) -> Transport:
    from scmigen.server.transports.smt import Areas, SmtEndpoint

    return SmtEndpoint(port, url, Areas.of(path, options), host)


def _virtual_machine(port: Port, url: str, path: str, options: Options, host: Host) -> Transport:
    from scmigen.server.transports.vhost_user import VhostEndpoint

    return VhostEndpoint(port, url, Address.of(path, options), host)


#: URL scheme → the function that opens it, given the whole URL, its path and its options.
SCHEMES: Final[Mapping[str, Callable[[Port, str, str, Options, Host], Transport]]] = {
    "unix": _packets,
    "unix-stream": _stream,
    "unix-dgram": _datagrams,
    "smt": _shared_memory,
    "vhost-user": _virtual_machine,
}


def open_transport(port: Port, url: str, host: Host) -> Transport:
    """Serve the agent of ``port`` at ``url`` (``scheme:rest``). Raises `UrlError` for an invalid
    URL, `TransportError` if it cannot be opened."""
    scheme, colon, rest = url.partition(":")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:PATH" for name in SCHEMES)
        raise UrlError(f"{url!r} is not a URL this server can listen at; known: {known}")
    try:
        path, options = parse(scheme, rest)
    except AddressError as problem:
        raise UrlError(str(problem)) from None
    return SCHEMES[scheme](port, url, path, options, host)
