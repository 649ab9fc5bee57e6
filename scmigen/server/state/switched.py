"""Clocks, power domains and supplies: resources that are switched on and off by votes."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Hashable

from scmigen import runtime
from scmigen.hints import Final
from scmigen.scmi.protocols import Kind
from scmigen.server.state.resource import Context, Resource, Switch

#: POWER_STATE_SET and _GET: the generic states (DEN0056, section 4.3.1).
POWER_ON: Final = 0x0
POWER_OFF: Final = 0x4000_0000


class Clock(Switch):
    """A clock: its rate in Hz, and its parent, one of the possible ``parents``.

    A clock divides the rate of its parent; its rate at boot determines the divider. When the rate
    of the parent changes, its own follows; setting its rate sets the divider, never the parent.
    """

    __slots__ = (
        "_boot_parent",
        "_boot_rate",
        "_ratio",
        "asynchronous",
        "children",
        "enable_delay",
        "latency",
        "parent_number",
        "parents",
        "rate",
        "rates",
        "step",
    )
    kind = Kind.CLOCK

    def __init__(self, configuration: runtime.Clock, context: Context, switchable: bool) -> None:
        super().__init__(configuration, context, switchable)
        self.rate = configuration.rate
        self.rates = configuration.rates or (configuration.rate,)
        self.step = configuration.step
        self.parent_number = configuration.parent
        self.parents = configuration.parents
        self.latency = configuration.latency
        self.asynchronous = configuration.asynchronous
        self.enable_delay = configuration.enable_delay
        self.children: list[Clock] = []
        self._ratio = (1, 1)
        self._boot_rate = configuration.rate
        self._boot_parent: Clock | None = None

    def feed(self, parent: "Clock") -> None:
        """Divide ``parent`` from now on, so that the rate stays what it is."""
        parent.children.append(self)
        self._ratio = (self.rate, parent.rate)
        self._boot_parent = self._boot_parent or parent
        self.adopt(parent)

    @property
    def depth(self) -> int:
        """How many clocks are above this one."""
        found, at = 0, self.parent
        while at is not None:
            found, at = found + 1, at.parent
        return found

    def undo_parent(self, agent: int) -> bool:
        """Set the parent back, unless that is below the clock by now; whether that was possible.
        The rate is to be set too, since the other parent may have changed the divider."""
        if self._boot_parent is not None and self._boot_parent.is_below(self):
            return False
        self.undo(agent, "parent")
        self.setters.setdefault("rate", agent)
        return True

    def restore(self, what: Hashable) -> None:
        """Set the rate or the parent back."""
        if what == "rate":
            self.set_rate(self._boot_rate)
        elif self._boot_parent is not None:
            self.set_parent(self._boot_parent)

    def set_rate(self, rate: int, by: int | None = None) -> None:
        """Set a supported rate, for agent ``by``. Raises `BackendError` and changes nothing
        then."""
        if rate == self.rate:
            self.was_set("rate", by)
            return
        self.context.backend.apply(self.effect("rate", rate))
        self.was_set("rate", by)
        if isinstance(self.parent, Clock):
            self._ratio = (rate, self.parent.rate)
        self._reach(rate)

    def inherit_rate(self, other: "Clock") -> None:
        """Take over the rate of ``other``, the same clock before a reload, and its divider. Raises
        `BackendError`."""
        self.set_rate(other.rate)
        if self.parent_number == other.parent_number:
            self._ratio = other._ratio

    def _reach(self, rate: int) -> None:
        """Record this rate, and the rates of all descendants that follow from it."""
        waiting = deque([(self, rate)])
        while waiting:
            clock, reached = waiting.popleft()
            if reached != clock.rate:
                clock.rate = reached
                clock.changed(0x0, reached)
                waiting.extend((child, child._follow(reached)) for child in clock.children)

    def _follow(self, parent_rate: int) -> int:
        """The rate for a new rate of the parent; unchanged if the divider is unknown."""
        multiplier, divider = self._ratio
        return min(parent_rate * multiplier // divider, 2**64 - 1) if divider else self.rate

    def set_parent(self, parent: "Clock", by: int | None = None) -> None:
        """Switch to a parent that is not below this clock, for agent ``by``. The divider stays if
        that yields a described rate, otherwise it is set for the nearest one. Raises
        `BackendError`."""
        if parent is self.parent:
            self.was_set("parent", by)
            return
        self.context.backend.apply(self.effect("parent", parent.number))
        self.was_set("parent", by)
        if isinstance(self.parent, Clock):
            self.parent.children.remove(self)
        self.parent_number = parent.number
        had, followed = self._ratio, self._follow(parent.rate)
        rate = min(max(followed, self.rates[0]), self.rates[-1])
        rate = self.nearest(rate, up=False, nearest=True)
        with self.context.together():
            self.leave()
            self.feed(parent)
        if rate == followed:
            self._ratio = had
        else:
            self._ratio = (rate, parent.rate)
            self.context.follow(self.effect("rate", rate))
        self._reach(rate)

    def nearest(self, wanted: int, *, up: bool, nearest: bool) -> int:
        """``wanted``, which lies within the limits, rounded to a supported rate: ``up``, down, or
        to the ``nearest`` (the lower one of two equally near)."""
        if self.step is not None:
            lowest, highest = self.rates
            below = lowest + (wanted - lowest) // self.step * self.step
            above = below if below == wanted else min(below + self.step, highest)
        else:
            above = self.rates[bisect_left(self.rates, wanted)]
            below = self.rates[bisect_right(self.rates, wanted) - 1]
        if nearest:
            return above if above - wanted < wanted - below else below
        return above if up else below


class PowerDomain(Switch):
    """A power domain; a wanted domain holds all its ancestors on."""

    __slots__ = ("asynchronous", "latency", "settable")
    kind = Kind.POWER

    def __init__(
        self, configuration: runtime.PowerDomain, context: Context, switchable: bool
    ) -> None:
        super().__init__(configuration, context, switchable and configuration.settable)
        self.asynchronous = configuration.asynchronous
        self.latency = configuration.latency
        self.settable = configuration.settable

    def admit(self, agent: int) -> None:
        """``agent`` may vote, if anybody may."""
        if self.settable:
            super().admit(agent)

    def turned(self) -> None:
        """Called after the domain went on or off."""
        self.changed(0x0, POWER_ON if self.on else POWER_OFF)


class VoltageDomain(Switch):
    """A supply: its level in µV."""

    __slots__ = ("asynchronous", "boot_level", "latency", "level", "levels", "step")
    kind = Kind.VOLTAGE

    def __init__(
        self, configuration: runtime.VoltageDomain, context: Context, switchable: bool
    ) -> None:
        super().__init__(configuration, context, switchable)
        self.level = self.boot_level = configuration.level
        self.levels = configuration.levels or (configuration.level,)
        self.step = configuration.step
        self.latency = configuration.latency
        self.asynchronous = configuration.asynchronous

    def can_have(self, level: int) -> bool:
        """Whether the supply supports this level, in µV."""
        if self.step is None:
            return level in self.levels
        lowest, highest = self.levels
        return lowest <= level <= highest and (level - lowest) % self.step == 0

    def set_level(self, level: int, by: int | None = None) -> None:
        """Set a level in µV, for agent ``by``. Raises `BackendError` and changes nothing then."""
        if level != self.level:
            self.context.backend.apply(self.effect("level", level))
            self.level = level
        self.was_set("level", by)

    def restore(self, _: Hashable) -> None:
        """Set the level back."""
        self.set_level(self.boot_level)

    def inherit(self, other: Resource, kept: frozenset[int]) -> None:
        """Take over the votes and the level of ``other``."""
        super().inherit(other, kept)
        assert isinstance(other, VoltageDomain)
        self.set_level(other.level)
