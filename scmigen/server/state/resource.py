"""What all resources have, and votes: on and off, aggregated over agents."""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from scmigen import runtime
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.server.backend import Backend, Effect


class Change(NamedTuple):
    """Something agents can be notified of: protocol, event id, resource number, values."""

    protocol: Protocol
    event: int
    number: int
    values: tuple[int, ...]


@dataclass(slots=True)
class Context:
    """What resources share: the changes nobody has been told of, and who carries changes out."""

    backend: Backend
    changes: list[Change] = field(default_factory=list)
    #: Why the back end could not do what follows from a vote; the vote stands.
    failed: Exception | None = None

    def follow(self, effect: Effect) -> None:
        """Have the back end do what follows from a vote. Whatever it raises, the state is settled
        to the end."""
        try:
            self.backend.apply(effect)
        except Exception as problem:
            self.failed = problem


class Votes:
    """One vote an agent for on or off. ``held``: the platform's own vote, which stays."""

    __slots__ = ("_boot", "_held", "_spoken", "_voters", "on")

    def __init__(self, boot: bool, held: bool) -> None:
        self._boot = boot
        self._held = held
        self._voters: set[int] = set()
        self._spoken: dict[int, bool] = {}
        self.on = held

    def _count(self) -> None:
        self.on = self._held or any(self._spoken.get(agent, self._boot) for agent in self._voters)

    def admit(self, agent: int) -> None:
        """``agent`` may vote; until it speaks it wants the state at boot."""
        self._voters.add(agent)
        self._count()

    def dismiss(self, agent: int) -> None:
        """``agent`` may not vote any more."""
        self._voters.discard(agent)
        self._spoken.pop(agent, None)
        self._count()

    def cast(self, agent: int, on: bool) -> None:
        """``agent`` wants it on or off."""
        self._spoken[agent] = on
        self._count()

    def spoken(self) -> dict[int, bool]:
        """What each agent wants that has spoken."""
        return self._spoken

    def forget(self, agent: int) -> None:
        """``agent`` has said nothing."""
        self._spoken.pop(agent, None)
        self._count()


class Resource:
    """What all resources have: the platform's number and a name."""

    __slots__ = ("busy", "context", "name", "notifications", "number")
    kind: Kind

    def __init__(self, configuration: runtime.Resource, context: Context) -> None:
        self.number = configuration.id
        self.name = configuration.name
        self.notifications = configuration.notifications
        self.context = context
        #: Whether an asynchronous change is under way.
        self.busy = False

    def effect(self, what: str, *values: int) -> Effect:
        """What a back end is told of a change of this resource."""
        return Effect(self.kind, self.number, self.name, what, values)

    def changed(self, event: int, *values: int) -> None:
        """Note a change that agents can be told of."""
        if self.notifications:
            self.context.changes.append(
                Change(self.kind.protocol, event, self.number, tuple(values))
            )

    def admit(self, agent: int) -> None:
        """``agent`` may vote."""

    def dismiss(self, agent: int) -> None:
        """``agent`` may not vote any more; its vote is gone."""

    def forget(self, agent: int) -> None:
        """The vote of ``agent`` is gone, as if it had never spoken."""

    def take_over(self, other: "Resource", kept: frozenset[int]) -> None:
        """Be as ``other``, the same resource of the configuration before, as far as the platform
        and the agents ``kept`` are concerned. Raises `BackendError`."""


class Switch(Resource):
    """A resource that is wanted while anybody wants it on, or something below it is wanted; and
    that is on while it is wanted and everything it depends on is on."""

    __slots__ = ("_below", "dependents", "gates", "on", "parent", "votes", "wanted")

    def __init__(
        self,
        configuration: runtime.Clock | runtime.PowerDomain | runtime.VoltageDomain,
        context: Context,
        switchable: bool,
    ) -> None:
        super().__init__(configuration, context)
        boot = configuration.enabled
        self.votes = Votes(boot, configuration.always_on or (boot and not switchable))
        self.wanted = self.on = self.votes.on
        self.parent: Switch | None = None
        self.gates: list[Switch] = []
        self.dependents: list[Switch] = []
        self._below = 0
        if self.on:
            context.follow(self.effect("state", 1))

    def turned(self) -> None:
        """Called after it went on or off."""

    def depend(self, gate: "Switch") -> None:
        """It can only be on while ``gate`` is."""
        self.gates.append(gate)
        gate.dependents.append(self)
        _settle([self])

    def adopt(self, parent: "Switch") -> None:
        """It is below ``parent``, which may not be below it: holds it on, and needs it."""
        self.parent = parent
        if self.wanted:
            parent._below += 1
            parent._voted()
        self.depend(parent)

    def leave(self) -> None:
        """It is below nothing any more."""
        parent = self.parent
        if parent is None:
            return
        self.parent = None
        self.gates.remove(parent)
        parent.dependents.remove(self)
        if self.wanted:
            parent._below -= 1
            parent._voted()

    def is_below(self, other: "Switch") -> bool:
        """Whether it is ``other``, or somewhere below it."""
        at: Switch | None = self
        while at is not None and at is not other:
            at = at.parent
        return at is not None

    def _voted(self) -> None:
        """Called after every change of a vote: its own, or of something below it."""
        path: list[Switch] = []
        at: Switch | None = self
        while at is not None:
            wanted = at.votes.on or at._below > 0
            if wanted == at.wanted:
                break
            at.wanted = wanted
            path.append(at)
            at = at.parent
            if at is not None:
                at._below += 1 if wanted else -1
        if path:
            # what is on needs its ancestors first, what is off lets them go last
            _settle(path[::-1] if self.wanted else path)

    def admit(self, agent: int) -> None:
        """``agent`` may vote; until it speaks it wants the state at boot."""
        self.votes.admit(agent)
        self._voted()

    def dismiss(self, agent: int) -> None:
        """``agent`` may not vote any more; its vote is gone."""
        self.votes.dismiss(agent)
        self._voted()

    def forget(self, agent: int) -> None:
        """The vote of ``agent`` is gone, as if it had never spoken."""
        self.votes.forget(agent)
        self._voted()

    def take_over(self, other: Resource, kept: frozenset[int]) -> None:
        """Have the votes of ``other``."""
        assert isinstance(other, Switch)
        for agent, on in other.votes.spoken().items():
            if agent in kept:
                self.vote(agent, on)

    def vote(self, agent: int, on: bool) -> None:
        """``agent`` wants it on or off."""
        self.votes.cast(agent, on)
        self._voted()


def _settle(switches: list[Switch]) -> None:
    """Make these, and all that depends on them, on or off as it follows."""
    waiting = deque(switches)
    while waiting:
        switch = waiting.popleft()
        on = switch.wanted and all(gate.on for gate in switch.gates)
        if on != switch.on:
            switch.on = on
            switch.context.follow(switch.effect("state", int(on)))
            switch.turned()
            waiting.extend(switch.dependents)
