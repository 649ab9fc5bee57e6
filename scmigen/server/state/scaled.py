"""Performance domains: a level within the limits that agents vote for."""

from collections.abc import Hashable

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server.state.resource import Context, Resource
from scmigen.server.state.switched import Clock, VoltageDomain


class PerformanceDomain(Resource):
    """A performance domain: the level last set, kept within the limits of all agents. Its clock and
    its supply follow the level."""

    __slots__ = (
        "_limits",
        "_wanted",
        "clock",
        "fastchannels",
        "indexed",
        "level",
        "levels",
        "maximum",
        "minimum",
        "rate_limit",
        "supply",
        "sustained",
    )
    kind = Kind.PERFORMANCE

    def __init__(self, configuration: runtime.PerformanceDomain, context: Context) -> None:
        super().__init__(configuration, context)
        self.levels = configuration.levels
        self.sustained = self.levels[configuration.sustained] if self.levels else None
        self.fastchannels = configuration.fastchannels
        self.indexed = configuration.indexed
        self.rate_limit = configuration.rate_limit
        self.clock: Clock | None = None
        self.supply: VoltageDomain | None = None
        self._limits: dict[int, tuple[int, int]] = {}
        self._wanted = self.level = self.sustained.level if self.sustained else 0
        self.maximum = self.highest
        self.minimum = self.lowest

    @property
    def lowest(self) -> int:
        """The lowest level of the domain."""
        return self.levels[0].level if self.levels else 0

    @property
    def highest(self) -> int:
        """The highest level of the domain."""
        return self.levels[-1].level if self.levels else 0

    def outward(self, level: int, plain: bool = False) -> int:
        """How agents name a level: by its index in level indexing mode (release 3.2)."""
        if not self.indexed or plain:
            return level
        return next((index for index, it in enumerate(self.levels) if it.level == level), 0)

    def inward(self, name: int, plain: bool = False) -> int | None:
        """The level that agents call ``name``; ``None`` if there is no such level."""
        if not self.indexed or plain:
            return name if any(name == item.level for item in self.levels) else None
        return self.levels[name].level if name < len(self.levels) else None

    def _settle(self) -> None:
        """Apply all limits. The lowest maximum wins over a higher minimum: it may protect from
        overheating."""
        before = (self.maximum, self.minimum)
        limits = self._limits.values()
        self.maximum = min((maximum for maximum, _ in limits), default=self.highest)
        minimum = max((minimum for _, minimum in limits), default=self.lowest)
        self.minimum = min(minimum, self.maximum)
        if (self.maximum, self.minimum) != before:
            self.changed(0x0, self.maximum, self.minimum)
        level = self._nearest()
        if level != self.level:
            self._reach(level)

    def _reach(self, level: int) -> None:
        """Change the level. The voltage rises before the frequency and falls after it."""
        up = level > self.level
        self.level = level
        self.context.follow(self.effect("level", level))
        self.changed(0x1, level)
        point = next(item for item in self.levels if item.level == level)
        try:
            if up and self.supply is not None and point.voltage is not None:
                self.supply.set_level(point.voltage)
            if self.clock is not None and point.frequency:
                self.clock.set_rate(point.frequency * 1000)
            if not up and self.supply is not None and point.voltage is not None:
                self.supply.set_level(point.voltage)
        except Exception as problem:
            self.context.failed = problem

    def _nearest(self) -> int:
        """The highest level up to the wanted one, within the limits if there is one."""
        inside = [item.level for item in self.levels if self.minimum <= item.level <= self.maximum]
        below = [level for level in inside if level <= self._wanted]
        if inside:
            return below[-1] if below else inside[0]
        under = [item.level for item in self.levels if item.level <= self.maximum]
        return under[-1] if under else self.lowest

    def limit(self, agent: int, maximum: int, minimum: int) -> None:
        """Set the limits that ``agent`` votes for."""
        self._limits[agent] = (maximum, minimum)
        self._settle()

    def limits_of(self, agent: int) -> tuple[int, int]:
        """The maximum and minimum that ``agent`` set, by default the widest possible."""
        return self._limits.get(agent, (self.highest, self.lowest))

    def set_level(self, level: int, by: int | None = None) -> None:
        """Set one of ``levels`` that is within the limits, for agent ``by``."""
        self._wanted = level
        self.was_set("level", by)
        self._settle()

    def restore(self, _: Hashable) -> None:
        """Set the level back, and what it last set in its clock and its supply: at boot they need
        not have the rate and the voltage of the level."""
        self._wanted = self.sustained.level if self.sustained else 0
        self._settle()
        if self.level != self._wanted:
            return
        if self.clock is not None and "rate" not in self.clock.setters:
            self.clock.restore("rate")
        if self.supply is not None and "level" not in self.supply.setters:
            self.supply.restore("level")

    def inherit(self, other: Resource, kept: frozenset[int]) -> None:
        """Take over the level of ``other``, and the limits of the agents in ``kept``."""
        assert isinstance(other, PerformanceDomain)
        limits = {agent: limit for agent, limit in other._limits.items() if agent in kept}
        self._limits = limits
        self._wanted = other._wanted
        self._settle()

    def dismiss(self, agent: int) -> None:
        """``agent`` may no longer vote; its limits are withdrawn."""
        self.forget(agent)

    def forget(self, agent: int) -> None:
        """Withdraw the limits of ``agent``."""
        if self._limits.pop(agent, None) is not None:
            self._settle()
