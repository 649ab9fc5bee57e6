"""A server with its transports: what ``scmigen serve`` runs."""

from collections.abc import Callable, Mapping, Sequence, Set

from scmigen.server.agent import Agent
from scmigen.server.core import PLATFORM, Server
from scmigen.server.faults import Fault, Injector, Turn
from scmigen.server.memory import FileId
from scmigen.server.port import Port, Record
from scmigen.server.reload import transfer_state
from scmigen.server.transports import Transport, open_transport
from scmigen.server.transports.loop import Loop


class Service:
    """Serves agents at URLs until it is stopped. Use it in a ``with`` statement: on exit it closes
    all connections and removes the socket files.

    ``log`` is called with a line and the agent that caused it. ``turns`` are the faults that happen
    to messages. With ``slow``, the answers to changes come when they have taken their time. Raises
    `transports.TransportError` if a URL cannot be opened; URLs opened before that are closed.
    """

    def __init__(
        self,
        server: Server,
        urls: Mapping[Agent, str],
        log: Callable[[str, str], None],
        records: Sequence[Record] = (),
        faults: Sequence[Fault] = (),
        *,
        slow: bool = False,
    ) -> None:
        self.server = server
        self.loop = Loop(server.timers, self._ticked)
        self._log = log
        self._records = records
        self.turns = tuple(map(Turn, faults))
        self._slow = slow
        self._transports: dict[int, Transport] = {}
        self._ports: dict[int, Port] = {}
        try:
            for agent, url in urls.items():
                self._open(agent, url)
        except BaseException:
            self.close()
            raise

    def _open(self, agent: Agent, url: str) -> None:
        port = Port(agent, self._records)
        self._inject(agent.id, port)
        self._transports[agent.id] = open_transport(port, url, self)
        self._ports[agent.id] = port

    def inject(self, faults: Sequence[Fault]) -> None:
        """Let these faults happen in place of those before; all begin to count anew, and what was
        delayed is sent."""
        self.turns = tuple(map(Turn, faults))
        for number, port in self._ports.items():
            self._inject(number, port)

    def _inject(self, agent: int, port: Port) -> None:
        def send(frame: bytes) -> None:
            port.send_late(frame)
            self.deliver()

        def latency() -> int:
            return self.server.context.take_latency() if self._slow else 0

        own = [turn for turn in self.turns if turn.fault.agent == agent]
        loop, needed = self.loop, bool(own) or self._slow
        port.inject(Injector(own, loop.now, loop.later, send, latency) if needed else None)

    @property
    def files(self) -> Set[FileId]:
        """The files of FastChannels and telemetry."""
        return self.server.files

    def log(self, line: str, source: str = "") -> None:
        """Log a line for people; ``source`` is the agent that caused it."""
        self._log(line, source)

    def _ticked(self) -> None:
        """Called after timers have run."""
        self.server.publish(PLATFORM)
        self.deliver()

    def deliver(self) -> None:
        """Flush queued events; drop those of agents that have no transport."""
        for agent in tuple(self.server.waiting):
            transport = self._transports.get(agent)
            if transport is None:
                self.server.agents[agent].take_events()
            else:
                transport.deliver()

    def reload(self, server: Server, urls: Mapping[Agent, str]) -> None:
        """Serve ``server`` from now on. Agents whose view is unchanged keep their connections,
        votes and settings; the others are disconnected and start over. A URL that cannot be opened
        or closed is logged; one whose socket file is gone is opened again. If this raises, the
        server is the same as before."""
        agents = {agent.id: url for agent, url in urls.items()}
        transports = [
            (number, self._ports[number].name, it) for number, it in self._transports.items()
        ]
        kept = transfer_state(self.server, server)
        for number, name, transport in transports:
            if number not in kept:
                self._attempt(name, transport.drop, "the configuration has changed")
            if agents.get(number) != transport.url or transport.lost:
                del self._transports[number], self._ports[number]
                self._attempt(name, transport.close)
                if number in kept:  # the new server does not know that its client is gone
                    self._attempt(name, server.agents[number].disconnect)
        self.server = server
        self.loop.timers = server.timers
        for number, port in self._ports.items():
            port.change(server.agents[number])
        for agent, url in urls.items():
            if agent.id not in self._transports:
                self._attempt(agent.name, self._open, agent, url)
        self._attempt("reload", self.deliver)

    def _attempt(self, name: str, step: Callable[..., object], *values: object) -> None:
        """Take a step that concerns one agent; whatever it raises is logged."""
        try:
            step(*values)
        except Exception as problem:
            self.log(f"{name}: {problem}")

    def run(self) -> None:
        """Serve until `stop`."""
        self.loop.run()

    def stop(self) -> None:
        """Make `run` return; may be called from a signal handler or another thread."""
        self.loop.stop()

    def close(self) -> None:
        """Close all connections and remove the socket files."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        self.loop.close()
        for record in self._records:
            record.close()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
