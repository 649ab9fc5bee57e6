"""The server: the state all agents share, the agents, and the way from a change to those it tells.

This file does not know about sockets: transports call `Agent.handle` and send what waits for the
agents named in `Server.waiting`.
"""

from collections.abc import Callable, Mapping

from scmigen import runtime
from scmigen.scmi import messages
from scmigen.scmi.layouts import HEADER_SIZE, MAX_REPLY, STATUS_SIZE, MessageType, header
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import (
    EXTENDED_NAME_SIZE,
    KIND_OF,
    VERSIONS,
    Kind,
    Profile,
    Protocol,
)
from scmigen.server.agent import Agent, Refusal
from scmigen.server.permissions import Permissions
from scmigen.server.state import Change, boot


class Server:
    """One SCMI platform.

    ``max_reply`` is the longest payload of a response in bytes, status included: multi-part
    replies are cut to it. ``refused`` is called with every request that was not allowed.
    """

    def __init__(
        self,
        configuration: runtime.Runtime,
        profile: Profile = Profile.V3_2,
        *,
        max_reply: int = MAX_REPLY,
        refused: Callable[[Refusal], None] = lambda _: None,
    ) -> None:
        self.configuration = configuration
        self.profile = profile
        #: Bytes for the values of a reply; a word and an extended name must fit.
        self.room = max(max_reply - STATUS_SIZE, 4 + EXTENDED_NAME_SIZE)
        self.refused = refused
        self.shared_numbers = configuration.numbering is runtime.Numbering.SHARED
        #: What has changed since the last message; emptied by `publish`.
        self.changes: list[Change] = []
        #: Ids of the agents that have events to take.
        self.waiting: set[int] = set()
        self._subscribers: dict[tuple[Protocol, int, int | None], dict[int, int]] = {}
        self.permissions = Permissions(configuration)
        self.state = boot(configuration, _switchable(configuration), self.changes)
        self.agents: Mapping[int, Agent] = {
            agent.id: Agent(self, agent) for agent in configuration.agents
        }
        for agent in self.agents.values():
            for view in agent.views.values():
                for number in _voters(view.operations):
                    view.named[number].admit(agent.id)
        self.changes.clear()

    def agent(self, name: str) -> Agent | None:
        """The agent of this name, or of this id in decimal."""
        for agent in self.agents.values():
            if agent.name == name:
                return agent
        return self.agents.get(int(name)) if name.isdecimal() and len(name) < 4 else None

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

    def publish(self, cause: int) -> None:
        """Tell the subscribers of all that has changed; ``cause`` is the agent that did it."""
        changes = self.changes.copy()
        self.changes.clear()
        for change in changes:
            key = (change.protocol, change.event, change.number)
            for agent, own in self._subscribers.get(key, {}).items():
                self.notify(
                    self.agents[agent], change.protocol, change.event, (cause, own, *change.values)
                )

    def broadcast(self, protocol: Protocol, event: int, values: tuple[int, ...]) -> None:
        """Tell the subscribers of an event that is about no resource."""
        for agent in self._subscribers.get((protocol, event, None), {}):
            self.notify(self.agents[agent], protocol, event, values)

    def notify(self, agent: Agent, protocol: Protocol, event: int, values: tuple[int, ...]) -> None:
        """Queue one notification for ``agent``."""
        rows = messages.notifications(protocol, VERSIONS[self.profile][protocol])
        if event not in rows:
            return
        word = header(protocol, event, kind=MessageType.NOTIFICATION)
        agent.push_event(word.to_bytes(HEADER_SIZE, "little") + rows[event].reply.pack(*values))

    # Votes

    def forget(self, agent: Agent) -> None:
        """Undo what ``agent`` has asked for: its votes and subscriptions."""
        for view in agent.views.values():
            for resource in view.named.values():
                resource.forget(agent.id)
        for subscribers in self._subscribers.values():
            subscribers.pop(agent.id, None)
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


#: The operations that are votes, and those that let an agent ask for notifications.
_VOTING = frozenset({Operation.STATE, Operation.LIMITS})
_WATCHING = frozenset({Operation.READ, Operation.RESET})


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
