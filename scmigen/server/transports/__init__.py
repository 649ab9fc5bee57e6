"""How messages reach the server: one module a transport, and the table of URL schemes."""

import socket
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from scmigen.server.port import Port
from scmigen.server.transports.place import Place, TransportError, UrlError
from scmigen.server.transports.sockets import (
    Endpoint,
    Host,
    PacketConnection,
    StreamConnection,
)

__all__ = ["SCHEMES", "Host", "Transport", "TransportError", "UrlError", "open_transport"]


class Transport(Protocol):
    """One agent's way to the server, open until it is closed."""

    url: str

    def deliver(self) -> None:
        """Send the events that wait for the agent, as far as the other end takes them."""

    def drop(self, reason: str) -> None:
        """End the connection there is; the next client can come."""

    def close(self) -> None:
        """End it: connections, files and all."""


def _packets(port: Port, url: str, text: str, host: Host) -> Transport:
    return Endpoint(port, url, Place.of(text), socket.SOCK_SEQPACKET, PacketConnection, host)


def _stream(port: Port, url: str, text: str, host: Host) -> Transport:
    return Endpoint(port, url, Place.of(text), socket.SOCK_STREAM, StreamConnection, host)


def _datagrams(port: Port, url: str, text: str, host: Host) -> Transport:
    from scmigen.server.transports.datagram import DatagramEndpoint

    return DatagramEndpoint(port, url, Place.of(text), host)


def _shared_memory(port: Port, url: str, text: str, host: Host) -> Transport:
    from scmigen.server.transports.smt import SmtEndpoint

    return SmtEndpoint(port, url, text, host)


def _virtual_machine(port: Port, url: str, text: str, host: Host) -> Transport:
    from scmigen.server.transports.vhost_user import VhostSession

    return Endpoint(port, url, Place.of(text), socket.SOCK_STREAM, VhostSession, host)


#: URL scheme → what opens it, given the whole URL and what stands behind the colon.
SCHEMES: Final[Mapping[str, Callable[[Port, str, str, Host], Transport]]] = {
    "unix": _packets,
    "unix-stream": _stream,
    "unix-dgram": _datagrams,
    "smt": _shared_memory,
    "vhost-user": _virtual_machine,
}


def open_transport(port: Port, url: str, host: Host) -> Transport:
    """Serve the agent of ``port`` at ``url`` (``scheme:rest``). Raises `TransportError`, or
    `UrlError` where ``url`` is none, with a sentence."""
    scheme, colon, rest = url.partition(":")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:PATH" for name in SCHEMES)
        raise UrlError(f"{url!r} is no URL this server can listen at; known: {known}")
    if not rest or rest.startswith(","):
        raise UrlError(f"{url!r} has no path")
    return SCHEMES[scheme](port, url, rest, host)
