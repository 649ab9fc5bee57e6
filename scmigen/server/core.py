"""The server: the state shared by all agents, the agents themselves, and their notifications.

This module does not know about sockets: transports call `Agent.handle`, and send what is queued for
the agents named in `Server.waiting`.
"""

import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from scmigen import runtime
from scmigen.scmi import events
from scmigen.scmi.layouts import HEADER_SIZE, MAX_REPLY, MessageType, header
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import KIND_OF, Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server import delayed
from scmigen.server.agent import Agent
from scmigen.server.backend import Backend, BackendError
from scmigen.server.device_permissions import Permissions
from scmigen.server.fastchannels import FastChannels, Window
from scmigen.server.memory import FileId
from scmigen.server.polling import Poller
from scmigen.server.session import Event, Refusal, Session
from scmigen.server.shutdown import Shutdown
from scmigen.server.simulator import Simulator
from scmigen.server.snapshot import Snapshot, Store
from scmigen.server.state import (
    Change,
    Context,
    PerformanceDomain,
    Powercap,
    Resource,
    Sensor,
    Switch,
    boot,
    undo,
)
from scmigen.server.telemetry import Telemetry, TelemetryError
from scmigen.server.timers import Timers

#: The agent id of the platform, which causes every change that no agent causes.
PLATFORM = 0


class Server:
    """One SCMI platform; provides the `session.Services` of its agents.

    ``profile`` applies to every agent that ``profiles`` does not name (by id); without it, each has
    that of the configuration, or the newest. ``max_reply`` is the longest payload of a response in
    bytes, status included, for every agent that ``max_replies`` does not name (by id); multi-part
    replies are cut to it. It is not below `messages.least_reply`.
    ``refused`` is called with every request that was denied, ``failed`` with what the back end
    could not do, ``broken`` with a line about every unexpected exception: the message that raised
    it is answered with GENERIC_ERROR, and nothing else is affected. ``fastchannels`` is the memory
    for FastChannels, by agent id. A ``successor`` takes over from another server
    (`reload.transfer_state`) and leaves that memory alone until then. The agents in
    ``state_readers`` (by id) read the state of the platform where others read their own vote.

    ``now`` is a clock in ns. Nothing happens by itself: call `tick` when `Timers.next_due` says so.
    Raises `BackendError` if the back end cannot start, `FastChannelError` for unusable memory.
    """

    def __init__(
        self,
        configuration: runtime.Runtime,
        profile: Profile | None = None,
        *,
        profiles: Mapping[int, Profile] | None = None,
        state_readers: Container[int] = (),
        max_reply: int = MAX_REPLY,
        max_replies: Mapping[int, int] | None = None,
        refused: Callable[[Refusal], None] = lambda _: None,
        failed: Callable[[str], None] = lambda _: None,
        broken: Callable[[str], None] = lambda _: None,
        backend: Backend | None = None,
        fastchannels: Mapping[int, Window] | None = None,
        telemetry: Mapping[int, Window] | None = None,
        successor: bool = False,
        now: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.configuration = configuration
        self._refused = refused
        self._failed = failed
        self._broken = broken
        self.timers = Timers(now, self._timer_failed)
        self.backend = backend or Simulator()
        self._start(now)
        self.context = Context(self.backend)
        #: Ids of the agents that have queued events.
        self.waiting: set[int] = set()
        self._subscribers: dict[Event, dict[int, int]] = {}
        self.permissions = Permissions(configuration)
        self.state = boot(configuration, _switchable(configuration), self.context)
        self._granted = {
            kind: self._resources(configuration.agents, kind)
            for kind in Kind
            if configuration.numbering is runtime.Numbering.SHARED
        }
        self.poller = Poller(self)
        self.shutdown = Shutdown(self)
        self.sessions: Mapping[int, Session] = {
            agent.id: Session(
                self,
                agent,
                (profiles or {}).get(agent.id) or profile or agent.profile or Profile.V3_2,
                (max_replies or {}).get(agent.id, max_reply),
                reads_state=agent.id in state_readers,
            )
            for agent in configuration.agents
        }
        self.fastchannels: FastChannels | None = None
        self.agents: Mapping[int, Agent] = {
            number: Agent(session) for number, session in self.sessions.items()
        }
        with self.context.together():
            for session in self.sessions.values():
                for kind, number in _votes(session):
                    self.state[kind][number].admit(session.id)
        self.context.take_changes()
        self.settle("boot")
        if fastchannels:
            self.fastchannels = FastChannels(self, fastchannels)
        self.telemetry = Telemetry(self)
        try:
            taken = frozenset() if self.fastchannels is None else self.fastchannels.files
            self.telemetry.open(telemetry or {}, taken)
        except TelemetryError:
            self.discard()
            raise
        if not successor:
            self.telemetry.begin()
            if self.fastchannels is not None:
                self.fastchannels.begin()

    @property
    def files(self) -> frozenset[FileId]:
        """The files that agents have mapped, but those of transports."""
        channels = frozenset() if self.fastchannels is None else self.fastchannels.files
        return channels | self.telemetry.files

    def _start(self, now: Callable[[], int]) -> None:
        """Start the back end. Raises `BackendError`."""
        try:
            self.backend.start(self.configuration, now)
        except BackendError:
            raise
        except Exception as problem:
            name = type(problem).__name__
            raise BackendError(f"cannot start: {name} at {_origin(problem)}") from problem

    def agent(self, name: str) -> Agent | None:
        """The agent with this name, or with this decimal id."""
        for agent in self.agents.values():
            if agent.name == name:
                return agent
        return self.agents.get(int(name)) if name.isdecimal() and len(name) < 4 else None

    def numbered(self, agent: runtime.Agent, kind: Kind) -> Mapping[int, Resource]:
        """What the agent's ids mean, whether it sees that or not, without what no agent has."""
        shared = self._granted.get(kind)
        return self._resources((agent,), kind) if shared is None else shared

    def _resources(self, agents: Iterable[runtime.Agent], kind: Kind) -> Mapping[int, Resource]:
        """The resources of the agents, by their ids."""
        return {
            grant.id: self.state[kind][grant.resource]
            for agent in agents
            for grant in agent.grants.get(kind, ())
        }

    def handle(self, agent: int, message: bytes) -> tuple[bytes, ...]:
        """Handle a message as if ``agent`` had sent it."""
        return self.agents[agent].handle(message)

    def discard(self) -> None:
        """Close the memory for FastChannels: another server is used in place of this one."""
        if self.fastchannels is not None:
            self.fastchannels.close()
        self.telemetry.close()

    @cached_property
    def _store(self) -> Store:
        resources = [item for kind in self.state.values() for item in kind.values()]
        votes = [item.votes for item in resources if isinstance(item, Switch)]
        others = (self.permissions, self.poller, self.shutdown, *self.sessions.values())
        return Store(
            self.timers, (*resources, *votes, *others), {self: ("_subscribers", "waiting")}
        )

    def snapshot(self) -> Snapshot:
        """All that a message can change, to compare and to `restore`. The back end is not part of
        it. Raises `ValueError` with FastChannels, whose memory changes without the server."""
        if self.fastchannels is not None:
            raise ValueError("a server with FastChannels has no snapshot")
        self.context.take_latency()  # of the last message, which nobody has asked for
        return self._store.take()

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the state of a snapshot of this server, without telling agents or the back
        end. Raises `ValueError` for that of another server."""
        spoken = {number: session.versions for number, session in self.sessions.items()}
        moved = self.permissions in self._store.restore(snapshot)
        self.context.take_latency()
        for number, versions in spoken.items():
            if moved or self.sessions[number].versions is not versions:
                self.agents[number].refresh()

    def tick(self) -> None:
        """Run the timers that are due."""
        self.timers.run_due()
        self.publish(PLATFORM)

    # Refusals and failures

    def refused(self, refusal: Refusal) -> None:
        """Log a request that was denied."""
        self._refused(refusal)

    def failure(self, problem: Exception, about: str) -> Status:
        """Log an exception that ``about`` ran into; the status to answer with. Anything but a
        `BackendError` is a bug, in the server or in a back end."""
        if isinstance(problem, BackendError):
            self._failed(str(problem))
            return Status.HARDWARE_ERROR
        self._broken(f"{about}: {type(problem).__name__} at {_origin(problem)}")
        return Status.GENERIC_ERROR

    def _timer_failed(self, problem: Exception) -> None:
        self.failure(problem, "a timer")

    def settle(self, about: str) -> Status:
        """Log what the back end failed to do since the last call; the status to answer with."""
        problem = self.context.take_failure()
        return Status.SUCCESS if problem is None else self.failure(problem, about)

    # Events

    def subscribe(self, session: Session, event: Event, own: int, on: bool) -> None:
        """Subscribe to ``event``, whose resource is ``own`` to the agent, or unsubscribe."""
        if on:
            self._subscribers.setdefault(event, {})[session.id] = own
        else:
            self._subscribers.get(event, {}).pop(session.id, None)

    def subscribers(self, event: Event) -> Mapping[int, int]:
        """The subscribers of ``event``: agent id → the agent's id of the resource."""
        return self._subscribers.get(event, {})

    def subscriptions(self) -> Mapping[Event, Mapping[int, int]]:
        """The subscribers of all events."""
        return self._subscribers

    def publish(self, cause: int) -> None:
        """Notify subscribers of everything that changed; agent ``cause`` made the changes."""
        for change in self.context.take_changes():
            try:
                self._publish(cause, change)
            except Exception as problem:
                self.failure(problem, f"publishing event {change.event} of {change.protocol.name}")

    def _publish(self, cause: int, change: Change) -> None:
        if self.fastchannels is not None:
            self.fastchannels.changed(change.protocol, change.number)
        event = (change.protocol, change.event, change.number)
        for agent, own in self.subscribers(event).items():
            session = self.sessions[agent]
            values = (cause, own, *self._values(session, change))
            self.notify(session, change.protocol, change.event, values)

    def _values(self, session: Session, change: Change) -> tuple[int, ...]:
        """The values of a change in the terms of one agent."""
        if change.protocol is Protocol.POWERCAP:
            domain = self.state[Kind.POWERCAP][change.number]
            assert isinstance(domain, Powercap)
            cap, pai, cai = change.values
            intervals = (cai, 0) if session.concurrent_limits else (pai,)
            return (domain.outward(cap, session.always_capped), *intervals)
        if change.protocol is not Protocol.PERFORMANCE:
            return change.values
        scaled = self.state[Kind.PERFORMANCE][change.number]
        assert isinstance(scaled, PerformanceDomain)
        return tuple(scaled.outward(level, session.plain_levels) for level in change.values)

    def requested(
        self, session: Session, protocol: Protocol, number: int, values: Sequence[int]
    ) -> None:
        """Notify the other agents that one has requested a change (event 1 of clock and power)."""
        for other, own in self.subscribers((protocol, 0x1, number)).items():
            if other != session.id:
                self.notify(self.sessions[other], protocol, 0x1, (session.id, own, *values))

    def broadcast(
        self, protocol: Protocol, event: int, values: tuple[int, ...], but: int | None = None
    ) -> None:
        """Notify the subscribers, ``but`` for one, of an event that belongs to no resource; values
        that the agent's version of the event does not have are left out."""
        for number in self.subscribers((protocol, event, None)):
            if number == but:
                continue
            session = self.sessions[number]
            row = events.notifications(protocol, session.versions[protocol])[event]
            self.notify(session, protocol, event, values[: len(row.reply.fields)])

    def notify(
        self,
        session: Session,
        protocol: Protocol,
        event: int,
        values: tuple[int, ...],
        tail: bytes = b"",
    ) -> None:
        """Queue a notification for one agent; nothing if its version does not have the event."""
        rows = events.notifications(protocol, session.versions[protocol])
        if event not in rows:
            return
        word = header(protocol, event, kind=MessageType.NOTIFICATION)
        session.push_event(
            word.to_bytes(HEADER_SIZE, "little") + rows[event].reply.pack(*values) + tail
        )

    def report_error(self, session: Session, status: Status, head: bytes) -> None:
        """Queue a BASE_ERROR_EVENT: a command failed after it was answered."""
        if session.id in self.subscribers((Protocol.BASE, 0x0, None)):
            command = head.ljust(HEADER_SIZE, b"\0") + status.to_bytes(4, "little", signed=True)
            self.notify(session, Protocol.BASE, 0x0, (session.id, 1), command)

    # Votes

    def disconnected(self, session: Session) -> None:
        """The client of an agent is gone: release all that ends with it, and notify the others."""
        if self.fastchannels is not None:
            self.fastchannels.disconnected(session.id)
        self.release(session, tell=False)
        self.settle(session.name)
        self.publish(session.id)

    def release(self, session: Session, *, tell: bool) -> None:
        """Cancel pending commands (``tell`` the agent so), release votes and subscriptions."""
        with self.context.together():
            for view in session.views.values():
                for resource in view.named.values():
                    resource.forget(session.id)
        delayed.cancel(session, tell=tell)
        session.settings.clear()
        self.telemetry.configured(session)
        for subscribers in self._subscribers.values():
            subscribers.pop(session.id, None)
        if self.fastchannels is not None:
            self.fastchannels.shown_changed(session.id)

    def undo(self, session: Session) -> None:
        """Set what the agent was the last to set back to what it was at boot."""
        for resource in undo(self.state, session.id):
            if isinstance(resource, Sensor):
                self.poller.updates(resource, restart=True)

    def versions_changed(self, session: Session) -> None:
        """Apply the versions of protocols that the agent has chosen."""
        self.agents[session.id].speak()
        if self.fastchannels is not None:
            self.fastchannels.versions_changed(session)

    def permissions_changed(self, session: Session) -> None:
        """Apply changed permissions: drop votes and subscriptions that are no longer allowed."""
        before = _votes(session)
        self.agents[session.id].refresh()
        after = _votes(session)
        with self.context.together():
            for kind, number in before:
                if (kind, number) not in after:
                    self.state[kind][number].dismiss(session.id)
            for kind, number in after:
                if (kind, number) not in before:
                    self.state[kind][number].admit(session.id)
        delayed.withdraw(session)
        self.telemetry.configured(session)
        for (protocol, _, _), subscribers in self._subscribers.items():
            own = subscribers.get(session.id)
            if own is not None and protocol in KIND_OF:
                allowed = session.views[KIND_OF[protocol]].operations.get(own, frozenset())
                if not allowed & _NOTIFYING:
                    del subscribers[session.id]
        if self.fastchannels is not None:
            self.fastchannels.shown_changed(session.id)


#: Operations that give an agent a hold on a resource (a vote, a requested pin), and those that
#: allow it to subscribe to notifications.
_VOTING = frozenset({Operation.STATE, Operation.LIMITS, Operation.CONFIG})
_NOTIFYING = frozenset({Operation.READ, Operation.RESET})


def _origin(problem: Exception) -> str:
    """Where an exception was raised: file, line and function."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    code = trace.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{trace.tb_lineno} in {code.co_name}"


def _votes(session: Session) -> dict[tuple[Kind, int], None]:
    """Kind and platform number of every resource that the agent has a vote on, in order."""
    return {
        (kind, view.named[number].number): None
        for kind, view in session.views.items()
        for number, allowed in view.operations.items()
        if allowed & _VOTING
    }


def _switchable(configuration: runtime.Runtime) -> frozenset[tuple[Kind, int]]:
    """The resources that some agent may ever switch on or off."""
    return frozenset(
        (kind, grant.resource)
        for agent in configuration.agents
        for kind, grants in agent.grants.items()
        for grant in grants
        if Operation.STATE in grant.operations
    )
