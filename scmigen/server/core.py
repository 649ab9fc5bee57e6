"""The server: the state all agents share, the agents, and the way from a change to those it tells.

This file does not know about sockets: transports call `Agent.handle` and send what waits for the
agents named in `Server.waiting`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scmigen import runtime
from scmigen.scmi import events
from scmigen.scmi.layouts import HEADER_SIZE, MAX_REPLY, MessageType, header
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import KIND_OF, Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server.agent import Agent, Refusal
from scmigen.server.backend import Backend, BackendError
from scmigen.server.fastchannels import FastChannels
from scmigen.server.permissions import Permissions
from scmigen.server.simulator import Simulator
from scmigen.server.state import Change, Context, PerformanceDomain, boot
from scmigen.server.timers import Timers
from scmigen.server.watch import Watcher

#: Who causes what no agent has: the platform.
PLATFORM = 0


class Server:
    """One SCMI platform.

    ``profile`` holds for every agent that ``profiles`` does not name (by id). ``max_reply`` is the
    longest payload of a response in bytes, status included: multi-part replies are cut to it.
    ``refused`` is called with every request that was not allowed, ``failed`` with what the back end
    could not do, ``broken`` with a line about every exception nobody expected: what raised it is
    answered GENERIC_ERROR, and all else goes on. ``now`` is a clock in ns; nothing happens later by
    itself: call `tick` when `Timers.next_due` says so. Raises `BackendError` for a back end that
    cannot start.
    """

    def __init__(
        self,
        configuration: runtime.Runtime,
        profile: Profile = Profile.V3_2,
        *,
        profiles: Mapping[int, Profile] | None = None,
        max_reply: int = MAX_REPLY,
        refused: Callable[[Refusal], None] = lambda _: None,
        failed: Callable[[str], None] = lambda _: None,
        broken: Callable[[str], None] = lambda _: None,
        backend: Backend | None = None,
        now: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.configuration = configuration
        self.profile = profile
        self.profiles = dict(profiles or {})
        self.max_reply = max_reply
        self.refused = refused
        self._failed = failed
        self._broken = broken
        self.shared_numbers = configuration.numbering is runtime.Numbering.SHARED
        self.timers = Timers(now, self._timer_failed)
        self.backend = backend or Simulator()
        self._start(now)
        self.context = Context(self.backend)
        #: What has changed since the last message; emptied by `publish`.
        self.changes: list[Change] = self.context.changes
        #: Ids of the agents that have events to take.
        self.waiting: set[int] = set()
        self._subscribers: dict[tuple[Protocol, int, int | None], dict[int, int]] = {}
        self.fastchannels: FastChannels | None = None
        self.permissions = Permissions(configuration)
        self.state = boot(configuration, _switchable(configuration), self.context)
        self.watcher = Watcher(self)
        self.agents: Mapping[int, Agent] = {
            agent.id: Agent(self, agent) for agent in configuration.agents
        }
        for agent in self.agents.values():
            for view in agent.views.values():
                for number in _voters(view.operations):
                    view.named[number].admit(agent.id)
        self.changes.clear()
        self.followed("boot")

    def _start(self, now: Callable[[], int]) -> None:
        """Start the back end. Raises `BackendError`."""
        try:
            self.backend.start(self.configuration, now)
        except BackendError:
            raise
        except Exception as problem:
            name = type(problem).__name__
            raise BackendError(f"cannot start: {name} at {_place(problem)}") from problem

    def agent(self, name: str) -> Agent | None:
        """The agent of this name, or of this id in decimal."""
        for agent in self.agents.values():
            if agent.name == name:
                return agent
        return self.agents.get(int(name)) if name.isdecimal() and len(name) < 4 else None

    def tick(self) -> None:
        """Do what is due."""
        self.timers.run_due()
        if self.changes:
            self.publish(PLATFORM)

    # What goes wrong

    def failure(self, problem: Exception, about: str) -> Status:
        """Note ``problem``, in what is ``about``; the status that says so. What is no
        `BackendError` is a mistake in the server or in a back end."""
        if isinstance(problem, BackendError):
            self._failed(str(problem))
            return Status.HARDWARE_ERROR
        self._broken(f"{about}: {type(problem).__name__} at {_place(problem)}")
        return Status.GENERIC_ERROR

    def _timer_failed(self, problem: Exception) -> None:
        self.failure(problem, "a timer")

    def followed(self, about: str) -> Status:
        """How the back end did what followed from votes, since this was last asked."""
        problem, self.context.failed = self.context.failed, None
        return Status.SUCCESS if problem is None else self.failure(problem, about)

    # Events

    def subscribe(
        self, agent: Agent, protocol: Protocol, event: int, number: int | None, own: int, on: bool
    ) -> None:
        """Tell ``agent`` of ``event`` on resource ``number``, which it calls ``own``; or not."""
        key = (protocol, event, number)
        if on:
            self._subscribers.setdefault(key, {})[agent.id] = own
        else:
            self._subscribers.get(key, {}).pop(agent.id, None)

    def subscribers(self, protocol: Protocol, event: int, number: int | None) -> Mapping[int, int]:
        """The agents that want to know of an event: id → what the agent calls the resource."""
        return self._subscribers.get((protocol, event, number), {})

    def all_subscribers(self) -> Mapping[tuple[Protocol, int, int | None], Mapping[int, int]]:
        """`subscribers` by protocol, event and resource number."""
        return self._subscribers

    def publish(self, cause: int) -> None:
        """Tell the subscribers of all that has changed; ``cause`` is the agent that did it."""
        changes = self.changes.copy()
        self.changes.clear()
        for change in changes:
            try:
                self._publish(cause, change)
            except Exception as problem:
                self.failure(problem, f"telling of event {change.event} of {change.protocol.name}")

    def _publish(self, cause: int, change: Change) -> None:
        if self.fastchannels is not None:
            self.fastchannels.changed(change)
        told = self.subscribers(change.protocol, change.event, change.number)
        for agent, own in told.items():
            values = self._values(self.agents[agent], change)
            self.notify(self.agents[agent], change.protocol, change.event, (cause, own, *values))

    def _values(self, agent: Agent, change: Change) -> tuple[int, ...]:
        """The values of a change as ``agent`` knows them."""
        if change.protocol is not Protocol.PERFORMANCE or agent.legacy:
            return change.values
        domain = self.state[Kind.PERFORMANCE][change.number]
        assert isinstance(domain, PerformanceDomain)
        return tuple(domain.outward(level) for level in change.values)

    def requested(
        self, agent: Agent, protocol: Protocol, number: int, values: Sequence[int]
    ) -> None:
        """Tell the others that ``agent`` has asked for a change (event 1 of clock and power)."""
        for other, own in self.subscribers(protocol, 0x1, number).items():
            if other != agent.id:
                self.notify(self.agents[other], protocol, 0x1, (agent.id, own, *values))

    def broadcast(self, protocol: Protocol, event: int, values: tuple[int, ...]) -> None:
        """Tell the subscribers of an event that is about no resource; a value more than the
        agent's version of the event has is left out."""
        for number in self.subscribers(protocol, event, None):
            agent = self.agents[number]
            row = events.notifications(protocol, agent.versions[protocol])[event]
            self.notify(agent, protocol, event, values[: len(row.reply.fields)])

    def notify(
        self,
        agent: Agent,
        protocol: Protocol,
        event: int,
        values: tuple[int, ...],
        tail: bytes = b"",
    ) -> None:
        """Queue one notification for ``agent``."""
        rows = events.notifications(protocol, agent.versions[protocol])
        if event not in rows:
            return
        word = header(protocol, event, kind=MessageType.NOTIFICATION)
        agent.push_event(
            word.to_bytes(HEADER_SIZE, "little") + rows[event].reply.pack(*values) + tail
        )

    def report_error(self, agent: Agent, status: Status, head: bytes) -> None:
        """BASE_ERROR_EVENT to ``agent``: a command of its own failed, and no response says so."""
        if agent.id in self.subscribers(Protocol.BASE, 0x0, None):
            command = head.ljust(HEADER_SIZE, b"\0") + status.to_bytes(4, "little", signed=True)
            self.notify(agent, Protocol.BASE, 0x0, (agent.id, 1), command)

    # Votes

    def forget(self, agent: Agent) -> None:
        """Undo what ``agent`` has asked for: its votes and subscriptions."""
        for view in agent.views.values():
            for resource in view.named.values():
                resource.forget(agent.id)
        for subscribers in self._subscribers.values():
            subscribers.pop(agent.id, None)
        self.followed(agent.name)
        self.publish(agent.id)

    def permissions_changed(self, agent: Agent) -> None:
        """What ``agent`` may do has changed: votes it may no longer give are gone."""
        before = _votes(agent)
        agent.refresh()
        after = _votes(agent)
        for kind, number in before - after:
            self.state[kind][number].dismiss(agent.id)
        for kind, number in after - before:
            self.state[kind][number].admit(agent.id)
        for (protocol, _, _), subscribers in self._subscribers.items():
            own = subscribers.get(agent.id)
            if own is not None and protocol in KIND_OF:
                allowed = agent.views[KIND_OF[protocol]].operations.get(own, frozenset())
                if not allowed & _WATCHING:
                    del subscribers[agent.id]
        if self.fastchannels is not None:
            self.fastchannels.permissions_changed(agent.id)


#: The operations that an agent holds something by (a vote, a pin it has asked for), and those that
#: let it ask for notifications.
_VOTING = frozenset({Operation.STATE, Operation.LIMITS, Operation.CONFIG})
_WATCHING = frozenset({Operation.READ, Operation.RESET})


def _place(problem: Exception) -> str:
    """Where it was raised: file, line and function."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    code = trace.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{trace.tb_lineno} in {code.co_name}"


def _voters(operations: Mapping[int, frozenset[Operation]]) -> list[int]:
    return [number for number, allowed in operations.items() if allowed & _VOTING]


def _votes(agent: Agent) -> set[tuple[Kind, int]]:
    """Kind and platform number of all that ``agent`` has a vote on."""
    return {
        (kind, view.named[number].number)
        for kind, view in agent.views.items()
        for number in _voters(view.operations)
    }


def _switchable(configuration: runtime.Runtime) -> frozenset[tuple[Kind, int]]:
    return frozenset(
        (kind, grant.resource)
        for agent in configuration.agents
        for kind, grants in agent.grants.items()
        for grant in grants
        if Operation.STATE in grant.operations
    )
