"""The base of all resources, and the votes of agents for on and off."""

from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter

from scmigen import runtime
from scmigen.data import Data, field
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.server.backend import Backend, Effect
from scmigen.tuples import NamedTuple


class Change(NamedTuple):
    """A change that agents can be notified of: protocol, event id, resource number, values."""

    protocol: Protocol
    event: int
    number: int
    values: tuple[int, ...]


class Context(Data, frozen=False):
    """What all resources share: the back end, and the outcome of the current message, which the
    server takes when the message has been handled."""

    backend: Backend
    #: Changes that subscribers have not been notified of.
    changes: list[Change] = field(default_factory=list)
    #: What the back end failed to do to carry out votes. The votes stand.
    failed: Exception | None = None
    #: How long the hardware takes for what was done at once, in µs.
    latency: int = 0
    #: What votes have moved since `together` began.
    _moved: "list[Switch] | None" = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Settle once, at the end, whatever votes change meanwhile, so that what is on before and
        after is not switched off in between."""
        if self._moved is not None:
            yield
            return
        self._moved = []
        try:
            yield
        finally:
            moved, self._moved = self._moved, None
            _settle(moved)

    def settle(self, switches: "list[Switch]") -> None:
        """Switch these resources, and all that depends on them, as their votes require: now, or at
        the end of `together`."""
        if self._moved is None:
            _settle(switches)
        else:
            self._moved += switches

    def take_changes(self) -> list[Change]:
        """The changes since the last call."""
        changes, self.changes = self.changes, []
        return changes

    def take_latency(self) -> int:
        """How long, in µs, what was done since the last call takes."""
        latency, self.latency = self.latency, 0
        return latency

    def take_failure(self) -> Exception | None:
        """The last failure since the last call."""
        failed, self.failed = self.failed, None
        return failed

    def follow(self, effect: Effect) -> None:
        """Have the back end carry out the result of a vote. Exceptions are kept, so that the state
        of all resources settles regardless."""
        try:
            self.backend.apply(effect)
        except Exception as problem:
            self.failed = problem


class Votes:
    """One vote per agent for on or off. ``held`` is the platform's own permanent vote."""

    __slots__ = ("_boot", "_held", "_spoken", "_voters", "on")

    def __init__(self, boot: bool, held: bool) -> None:
        self._boot = boot
        self._held = held
        self._voters: set[int] = set()
        self._spoken: dict[int, bool] = {}
        self.on = held

    @property
    def at_boot(self) -> bool:
        """What is voted for at boot."""
        return self._held or self._boot

    def of(self, agent: int) -> bool | None:
        """The vote of ``agent``; ``None`` if it has none, or the platform decides."""
        if self._held or agent not in self._voters:
            return None
        return self._spoken.get(agent, self._boot)

    def _count(self) -> None:
        self.on = self._held or any(self._spoken.get(agent, self._boot) for agent in self._voters)

    def admit(self, agent: int) -> None:
        """``agent`` may vote; until it does, it counts as a vote for the state at boot."""
        self._voters.add(agent)
        self._count()

    def dismiss(self, agent: int) -> None:
        """``agent`` may no longer vote."""
        self._voters.discard(agent)
        self._spoken.pop(agent, None)
        self._count()

    def cast(self, agent: int, on: bool) -> None:
        """Record the vote of ``agent``."""
        self._spoken[agent] = on
        self._count()

    def spoken(self) -> dict[int, bool]:
        """The votes that agents have cast."""
        return self._spoken

    def forget(self, agent: int) -> bool:
        """Withdraw the vote of ``agent``; whether it had cast one."""
        if agent not in self._spoken:
            return False
        del self._spoken[agent]
        self._count()
        return True


class Resource:
    """A resource of the platform: its number and its name, and who was the last to set what."""

    __slots__ = ("busy", "context", "name", "notifications", "number", "setters")
    kind: Kind

    def __init__(self, configuration: runtime.Resource, context: Context) -> None:
        self.number = configuration.id
        self.name = configuration.name
        self.notifications = configuration.notifications
        self.context = context
        #: Whether an asynchronous change is pending.
        self.busy = False
        #: What was set, such as ``"rate"`` → the agent that was the last to set it.
        self.setters: dict[Hashable, int] = {}

    def effect(self, what: str, *values: int) -> Effect:
        """The effect that tells a back end of a change of this resource."""
        return Effect(self.kind, self.number, self.name, what, values)

    def changed(self, event: int, *values: int) -> None:
        """Record a change, for FastChannels and for notification: nobody can subscribe to that of a
        resource without ``notifications``."""
        self.context.changes.append(Change(self.kind.protocol, event, self.number, tuple(values)))

    def was_set(self, what: Hashable, by: int | None) -> None:
        """Record that agent ``by``, or the platform, has set ``what``."""
        if by is None:
            self.setters.pop(what, None)
        else:
            self.setters[what] = by

    def undo(self, agent: int, *only: Hashable) -> bool:
        """Set what ``agent`` was the last to set back to what it was at boot, or ``only`` some of
        it; whether there was anything. Exceptions are kept, as by `Context.follow`."""
        found = [what for what, by in self.setters.items() if by == agent]
        found = [what for what in found if not only or what in only]
        for what in found:
            try:
                self.restore(what)
            except Exception as problem:
                self.context.failed = problem
            self.setters.pop(what, None)
        return bool(found)

    def restore(self, what: Hashable) -> None:
        """Set ``what`` back to what it was at boot. Raises `BackendError`."""

    def admit(self, agent: int) -> None:
        """``agent`` may vote."""

    def dismiss(self, agent: int) -> None:
        """``agent`` may no longer vote; its vote is withdrawn."""

    def forget(self, agent: int) -> None:
        """Withdraw the vote of ``agent``, as if it had never voted."""

    def inherit(self, other: "Resource", kept: frozenset[int]) -> None:
        """Take over the state of ``other``, the same resource before a reload, as far as the
        platform and the agents in ``kept`` are concerned. Raises `BackendError`."""


class Switch(Resource):
    """A resource that is wanted while any vote or any wanted child wants it on, and that is on
    while it is wanted and everything it depends on is on."""

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
        self.wanted = self.votes.on
        self.on = False
        self.parent: Switch | None = None
        self.gates: list[Switch] = []
        self.dependents: list[Switch] = []
        self._below = 0
        context.settle([self])

    def turn(self, on: bool) -> None:
        """Go on or off, as the votes require."""
        self.on = on
        self.context.follow(self.effect("state", int(on)))
        self.turned()

    def turned(self) -> None:
        """Called after the resource went on or off."""

    def is_on_for(self, agent: int) -> bool:
        """Whether it is on, and not against the vote of ``agent``."""
        return self.on and self.votes.of(agent) is not False

    def depend(self, gate: "Switch") -> None:
        """Be on only while ``gate`` is on."""
        self.gates.append(gate)
        gate.dependents.append(self)
        self.context.settle([self])

    def adopt(self, parent: "Switch") -> None:
        """Become a child of ``parent``: hold it on, and depend on it. ``parent`` may not be below
        this resource."""
        self.parent = parent
        if self.wanted:
            parent._below += 1
            parent._voted()
        self.depend(parent)

    def leave(self) -> None:
        """Leave the parent."""
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
        """Whether this is ``other`` or one of its descendants."""
        at: Switch | None = self
        while at is not None and at is not other:
            at = at.parent
        return at is not None

    def _voted(self) -> None:
        """Propagate a changed vote, or a child that became wanted or unwanted, to the ancestors."""
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
            self.context.settle(path)

    def admit(self, agent: int) -> None:
        """``agent`` may vote; until it does, it counts as a vote for the state at boot."""
        self.votes.admit(agent)
        self._voted()

    def dismiss(self, agent: int) -> None:
        """``agent`` may no longer vote; its vote is withdrawn."""
        self.votes.dismiss(agent)
        self._voted()

    def forget(self, agent: int) -> None:
        """Withdraw the vote of ``agent``, as if it had never voted."""
        if self.votes.forget(agent):
            self._voted()

    def inherit(self, other: Resource, kept: frozenset[int]) -> None:
        """Take over the votes of ``other``."""
        assert isinstance(other, Switch)
        for agent, on in other.votes.spoken().items():
            if agent in kept:
                self.vote(agent, on)

    def vote(self, agent: int, on: bool) -> None:
        """Cast the vote of ``agent``."""
        self.votes.cast(agent, on)
        self._voted()


def _settle(switches: list[Switch]) -> None:
    """Switch these resources, and everything that depends on them, as their votes require: each at
    most once, off before what it depends on, and on after it."""
    future: dict[Switch, bool] = {}
    waiting = deque(switches)
    while waiting:
        switch = waiting.popleft()
        on = switch.wanted and all(future.get(gate, gate.on) for gate in switch.gates)
        if on != future.get(switch, switch.on):
            future[switch] = on
            waiting.extend(switch.dependents)
    changed = {switch: switch.gates for switch, on in future.items() if on != switch.on}
    order = [switch for switch in TopologicalSorter(changed).static_order() if switch in changed]
    for switch in reversed(order):
        if switch.on:
            switch.turn(False)
    for switch in order:
        if future[switch] and not switch.on:
            switch.turn(True)
