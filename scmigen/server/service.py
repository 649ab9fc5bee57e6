"""A server with its transports: what ``scmigen serve`` runs."""

from collections.abc import Callable, Mapping

from scmigen.server.agent import Agent
from scmigen.server.core import Server
from scmigen.server.transports import Transport, open_transport
from scmigen.server.transports.loop import Loop


class Service:
    """Serves agents at URLs until it is stopped. Use it in a ``with`` statement: leaving it ends
    all connections and removes the socket files.

    Raises `transports.TransportError` when a URL cannot be opened; those opened before are closed.
    """

    def __init__(
        self, server: Server, urls: Mapping[Agent, str], log: Callable[[str], None]
    ) -> None:
        self.server = server
        self.loop = Loop()
        self.log = log
        self._transports: dict[int, Transport] = {}
        try:
            for agent, url in urls.items():
                self._transports[agent.id] = open_transport(agent, url, self)
        except BaseException:
            self.close()
            raise

    def deliver(self) -> None:
        """Have the transports send the events that wait; nobody waits for an agent without one."""
        for agent in tuple(self.server.waiting):
            transport = self._transports.get(agent)
            if transport is None:
                self.server.agents[agent].take_events()
            else:
                transport.deliver()

    def run(self) -> None:
        """Serve until `stop`."""
        self.loop.run()

    def stop(self) -> None:
        """Let `run` return; may be called from a signal handler or another thread."""
        self.loop.stop()

    def close(self) -> None:
        """End all connections and remove the socket files."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        self.loop.close()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
