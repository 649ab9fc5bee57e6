"""How messages reach the server: one module a transport, and the table of URL schemes."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from scmigen.server.agent import Agent
from scmigen.server.transports.sockets import (
    Endpoint,
    Host,
    PacketConnection,
    StreamConnection,
    TransportError,
    UrlError,
)

__all__ = ["SCHEMES", "Host", "Transport", "TransportError", "UrlError", "open_transport"]


class Transport(Protocol):
    """One agent's way to the server, open until it is closed."""

    url: str

    def deliver(self) -> None:
        """Send the events that wait for the agent, as far as the other end takes them."""

    def close(self) -> None:
        """End it: connections, files and all."""


def _packets(agent: Agent, path: str, host: Host) -> Transport:
    return Endpoint(agent, "unix", path, PacketConnection, host)


def _stream(agent: Agent, path: str, host: Host) -> Transport:
    return Endpoint(agent, "unix-stream", path, StreamConnection, host)


#: URL scheme → what opens it.
SCHEMES: Final[Mapping[str, Callable[[Agent, str, Host], Transport]]] = {
    "unix": _packets,
    "unix-stream": _stream,
}


def open_transport(agent: Agent, url: str, host: Host) -> Transport:
    """Serve ``agent`` at ``url`` (``scheme:rest``). Raises `TransportError`, or
    `UrlError` where ``url`` is none, with a sentence."""
    scheme, colon, rest = url.partition(":")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:PATH" for name in SCHEMES)
        raise UrlError(f"{url!r} is no URL this server can listen at; known: {known}")
    if not rest:
        raise UrlError(f"{url!r} has no path")
    return SCHEMES[scheme](agent, rest, host)
