"""The state of the platform's resources, and how the agents' votes make it.

What is switched on and off is shared: every agent that may switch has one vote, and a resource is
on while anybody wants it on. An agent that has not spoken votes for the state at boot, so reading
changes nothing, and an agent that is gone is as one that never spoke. Where nobody may switch, the
state is that of the boot. Performance limits are votes too: the highest minimum and the lowest
maximum hold. Rates, parents, resets and levels are not shared: the last word counts.

This module knows neither messages nor permissions. A change that agents can ask to be told of is
appended to the list of `Change` that all resources share.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from scmigen import runtime
from scmigen.scmi.protocols import Kind, Protocol

#: POWER_STATE_SET and _GET: the generic states (DEN0056, section 4.3.1).
POWER_ON: Final = 0x0
POWER_OFF: Final = 0x4000_0000


class Change(NamedTuple):
    """Something agents can be notified of: protocol, event id, resource number, values."""

    protocol: Protocol
    event: int
    number: int
    values: tuple[int, ...]


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

    def forget(self, agent: int) -> None:
        """``agent`` has said nothing."""
        self._spoken.pop(agent, None)
        self._count()


class Resource:
    """What all resources have: the platform's number and a name."""

    __slots__ = ("changes", "name", "number")
    kind: Kind

    def __init__(self, configuration: runtime.Resource, changes: list[Change]) -> None:
        self.number = configuration.id
        self.name = configuration.name
        self.changes = changes

    def admit(self, agent: int) -> None:
        """``agent`` may vote."""

    def dismiss(self, agent: int) -> None:
        """``agent`` may not vote any more; its vote is gone."""

    def forget(self, agent: int) -> None:
        """The vote of ``agent`` is gone, as if it had never spoken."""


class Switch(Resource):
    """A resource that is on while anybody wants it on."""

    __slots__ = ("votes",)

    def __init__(
        self,
        configuration: runtime.Clock | runtime.PowerDomain | runtime.VoltageDomain,
        changes: list[Change],
        switchable: bool,
    ) -> None:
        super().__init__(configuration, changes)
        boot = configuration.enabled
        self.votes = Votes(boot, configuration.always_on or (boot and not switchable))

    @property
    def on(self) -> bool:
        """Whether it is on now."""
        return self.votes.on

    def _voted(self) -> None:
        """Called after every change of a vote."""

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

    def vote(self, agent: int, on: bool) -> None:
        """``agent`` wants it on or off."""
        self.votes.cast(agent, on)
        self._voted()


class Clock(Switch):
    """A clock: its rate in Hz out of ``rates``, and its parent's number."""

    __slots__ = ("parent", "parents", "rate", "rates")
    kind = Kind.CLOCK

    def __init__(
        self, configuration: runtime.Clock, changes: list[Change], switchable: bool
    ) -> None:
        super().__init__(configuration, changes, switchable)
        self.rate = configuration.rate
        self.rates = configuration.rates or (configuration.rate,)
        self.parent = configuration.parent
        self.parents = configuration.parents

    def set_rate(self, rate: int) -> None:
        """``rate`` is one of ``rates``."""
        if rate != self.rate:
            self.rate = rate
            self.changes.append(Change(Protocol.CLOCK, 0x0, self.number, (rate,)))


class PowerDomain(Switch):
    """A power domain; one that is on holds all its ancestors on."""

    __slots__ = ("_children_on", "_on", "parent")
    kind = Kind.POWER

    def __init__(
        self, configuration: runtime.PowerDomain, changes: list[Change], switchable: bool
    ) -> None:
        super().__init__(configuration, changes, switchable)
        self.parent: PowerDomain | None = None
        self._children_on = 0
        self._on = self.votes.on

    @property
    def on(self) -> bool:
        """Whether it is on now: somebody wants it on, or something below it is on."""
        return self._on

    def adopt(self, parent: "PowerDomain") -> None:
        """The domain is below ``parent``, for good. Call it once."""
        self.parent = parent
        if self._on:
            parent._children_on += 1
            parent._voted()

    def _voted(self) -> None:
        domain: PowerDomain | None = self
        while domain is not None:
            on = domain.votes.on or domain._children_on > 0
            if on == domain._on:
                return
            domain._on = on
            state = POWER_ON if on else POWER_OFF
            self.changes.append(Change(Protocol.POWER, 0x0, domain.number, (state,)))
            domain = domain.parent
            if domain is not None:
                domain._children_on += 1 if on else -1


class VoltageDomain(Switch):
    """A supply: its level in µV out of ``levels``."""

    __slots__ = ("level", "levels")
    kind = Kind.VOLTAGE

    def __init__(
        self, configuration: runtime.VoltageDomain, changes: list[Change], switchable: bool
    ) -> None:
        super().__init__(configuration, changes, switchable)
        self.level = configuration.level
        self.levels = configuration.levels or (configuration.level,)


class ResetDomain(Resource):
    """A reset line: whether it is asserted; ``latency`` in µs or ``None``."""

    __slots__ = ("asserted", "latency")
    kind = Kind.RESET

    def __init__(self, configuration: runtime.ResetDomain, changes: list[Change]) -> None:
        super().__init__(configuration, changes)
        self.asserted = False
        self.latency = configuration.latency

    def reset(self, state: int) -> None:
        """The domain is reset and runs again afterwards; ``state`` as in the RESET message."""
        self.asserted = False
        self.changes.append(Change(Protocol.RESET, 0x0, self.number, (state,)))

    def hold(self, asserted: bool) -> None:
        """The line is asserted, or let go."""
        self.asserted = asserted


class PerformanceDomain(Resource):
    """A performance domain: the wanted level, kept within the limits all agents ask for."""

    __slots__ = ("_limits", "_wanted", "level", "levels", "maximum", "minimum", "sustained")
    kind = Kind.PERFORMANCE

    def __init__(self, configuration: runtime.PerformanceDomain, changes: list[Change]) -> None:
        super().__init__(configuration, changes)
        self.levels = configuration.levels
        self.sustained = self.levels[configuration.sustained] if self.levels else None
        self._limits: dict[int, tuple[int, int]] = {}
        self._wanted = self.level = self.sustained.level if self.sustained else 0
        self.maximum = self.highest
        self.minimum = self.lowest

    @property
    def lowest(self) -> int:
        """The lowest level there is."""
        return self.levels[0].level if self.levels else 0

    @property
    def highest(self) -> int:
        """The highest level there is."""
        return self.levels[-1].level if self.levels else 0

    def _settle(self) -> None:
        """The lowest maximum wins over a higher minimum: it may be there to keep things cool."""
        before = (self.maximum, self.minimum)
        limits = self._limits.values()
        self.maximum = min((maximum for maximum, _ in limits), default=self.highest)
        minimum = max((minimum for _, minimum in limits), default=self.lowest)
        self.minimum = min(minimum, self.maximum)
        if (self.maximum, self.minimum) != before:
            self.changes.append(
                Change(Protocol.PERFORMANCE, 0x0, self.number, (self.maximum, self.minimum))
            )
        level = self._nearest()
        if level != self.level:
            self.level = level
            self.changes.append(Change(Protocol.PERFORMANCE, 0x1, self.number, (level,)))

    def _nearest(self) -> int:
        """The greatest level up to the wanted one, within the limits where that can be."""
        inside = [item.level for item in self.levels if self.minimum <= item.level <= self.maximum]
        below = [level for level in inside if level <= self._wanted]
        if inside:
            return below[-1] if below else inside[0]
        under = [item.level for item in self.levels if item.level <= self.maximum]
        return under[-1] if under else self.lowest

    def limit(self, agent: int, maximum: int, minimum: int) -> None:
        """``agent`` wants the level within these limits."""
        self._limits[agent] = (maximum, minimum)
        self._settle()

    def limits_of(self, agent: int) -> tuple[int, int]:
        """The maximum and minimum ``agent`` asked for, or the widest there are."""
        return self._limits.get(agent, (self.highest, self.lowest))

    def set_level(self, level: int) -> None:
        """``level`` is one of ``levels``, within the limits."""
        self._wanted = level
        self._settle()

    def dismiss(self, agent: int) -> None:
        """``agent`` may not vote any more; its limits are gone."""
        self.forget(agent)

    def forget(self, agent: int) -> None:
        """The limits of ``agent`` are gone."""
        if self._limits.pop(agent, None) is not None:
            self._settle()


class Sensor(Resource):
    """A sensor. ``value`` is what it reads; without a back end that is 0."""

    __slots__ = ("enabled", "exponent", "type", "value")
    kind = Kind.SENSOR

    def __init__(self, configuration: runtime.Sensor, changes: list[Change]) -> None:
        super().__init__(configuration, changes)
        self.type = configuration.type
        self.exponent = configuration.exponent
        self.enabled = True
        self.value = 0


State = Mapping[Kind, Mapping[int, Resource]]


def boot(
    configuration: runtime.Runtime, switchable: frozenset[tuple[Kind, int]], changes: list[Change]
) -> State:
    """All resources as they are at boot, by kind and number; ``switchable`` are those that some
    agent may ever switch."""

    def able(kind: Kind, number: int) -> bool:
        return (kind, number) in switchable

    domains = {
        item.id: PowerDomain(item, changes, able(Kind.POWER, item.id))
        for item in configuration.power_domains
    }
    for item in configuration.power_domains:
        if item.parent is not None:
            domains[item.id].adopt(domains[item.parent])
    return {
        Kind.POWER: domains,
        Kind.CLOCK: {
            item.id: Clock(item, changes, able(Kind.CLOCK, item.id))
            for item in configuration.clocks
        },
        Kind.VOLTAGE: {
            item.id: VoltageDomain(item, changes, able(Kind.VOLTAGE, item.id))
            for item in configuration.voltage_domains
        },
        Kind.RESET: {item.id: ResetDomain(item, changes) for item in configuration.reset_domains},
        Kind.PERFORMANCE: {
            item.id: PerformanceDomain(item, changes) for item in configuration.performance_domains
        },
        Kind.SENSOR: {item.id: Sensor(item, changes) for item in configuration.sensors},
    }
