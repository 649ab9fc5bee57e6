"""Reset lines, performance domains, sensors, power caps and pins."""

from typing import Final

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server.state.resource import Context, Resource
from scmigen.server.state.switched import Clock, VoltageDomain


class ResetDomain(Resource):
    """A reset line: whether it is asserted; ``latency`` in µs or ``None``."""

    __slots__ = ("asserted", "asynchronous", "latency")
    kind = Kind.RESET

    def __init__(self, configuration: runtime.ResetDomain, context: Context) -> None:
        super().__init__(configuration, context)
        self.asserted = False
        self.latency = configuration.latency
        self.asynchronous = configuration.asynchronous

    def reset(self, state: int) -> None:
        """The domain is reset and runs again afterwards; ``state`` as in the RESET message."""
        self.context.backend.apply(self.effect("reset", 2))
        self.asserted = False
        self.changed(0x0, state)

    def take_over(self, other: Resource, kept: frozenset[int]) -> None:
        """Be asserted where ``other`` is."""
        del kept
        assert isinstance(other, ResetDomain)
        if other.asserted:
            self.hold(True)

    def hold(self, asserted: bool) -> None:
        """The line is asserted, or let go."""
        self.context.backend.apply(self.effect("reset", int(asserted)))
        self.asserted = asserted


class PerformanceDomain(Resource):
    """A performance domain: the wanted level, kept within the limits all agents ask for. The clock
    and the supply it has follow its level."""

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
        """The lowest level there is."""
        return self.levels[0].level if self.levels else 0

    @property
    def highest(self) -> int:
        """The highest level there is."""
        return self.levels[-1].level if self.levels else 0

    def outward(self, level: int, legacy: bool = False) -> int:
        """A level as agents name it: by its index, in level indexing mode (release 3.2)."""
        if not self.indexed or legacy:
            return level
        return next((index for index, it in enumerate(self.levels) if it.level == level), 0)

    def inward(self, name: int, legacy: bool = False) -> int | None:
        """The level that agents name so; ``None`` where there is none."""
        if not self.indexed or legacy:
            return name if any(name == item.level for item in self.levels) else None
        return self.levels[name].level if name < len(self.levels) else None

    def _settle(self) -> None:
        """The lowest maximum wins over a higher minimum: it may be there to keep things cool."""
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
        """Have this level. The voltage rises before the frequency, and falls after it."""
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

    def take_over(self, other: Resource, kept: frozenset[int]) -> None:
        """Have the level of ``other``, and the limits of agents that are kept."""
        assert isinstance(other, PerformanceDomain)
        limits = {agent: limit for agent, limit in other._limits.items() if agent in kept}
        self._limits = limits
        self._wanted = other._wanted
        self._settle()

    def dismiss(self, agent: int) -> None:
        """``agent`` may not vote any more; its limits are gone."""
        self.forget(agent)

    def forget(self, agent: int) -> None:
        """The limits of ``agent`` are gone."""
        if self._limits.pop(agent, None) is not None:
            self._settle()


#: SENSOR_CONFIG: the bits that say whether it is enabled, and whether readings have a timestamp.
SENSOR_ENABLED: Final = 1
SENSOR_TIMESTAMPS: Final = 1 << 1


class Sensor(Resource):
    """A sensor: its configuration word, its trip points, and what it reads.

    A trip point is a mode (0 off, 1 rising, 2 falling, 3 both) and a value.
    """

    __slots__ = ("about", "config", "last", "trip_points")
    kind = Kind.SENSOR

    def __init__(self, configuration: runtime.Sensor, context: Context) -> None:
        super().__init__(configuration, context)
        self.about = configuration
        self.config = SENSOR_ENABLED
        self.trip_points = [(0, 0)] * configuration.trip_points
        #: The reading that trip points were last compared with.
        self.last: int | None = None
        if configuration.intervals:
            first = configuration.intervals[0]
            self.config |= first.value << 16 | (first.exponent & 0x1F) << 11

    @property
    def asynchronous(self) -> bool:
        """Whether agents may ask for a reading and be told later."""
        return self.about.asynchronous

    @property
    def enabled(self) -> bool:
        """Whether it measures."""
        return bool(self.config & SENSOR_ENABLED)

    def configure(self, config: int) -> None:
        """``config`` as in SENSOR_CONFIG_GET. Raises `BackendError`, and is as before then."""
        self.context.backend.apply(self.effect("config", config))
        self.config = config

    def take_over(self, other: Resource, kept: frozenset[int]) -> None:
        """Have the configuration and the trip points of ``other``."""
        del kept
        assert isinstance(other, Sensor)
        self.trip_points = other.trip_points
        if self.config != other.config:
            self.configure(other.config)

    def read(self) -> tuple[int, ...]:
        """A value for each axis; one where it has none. Raises `BackendError`."""
        width = len(self.about.axes) or 1
        values = self.context.backend.read(Kind.SENSOR, self.number)
        return (*values, *[0] * width)[:width]

    def crossed(self) -> list[tuple[int, bool]]:
        """The trip points crossed since the last call, and whether upwards. Raises
        `BackendError`."""
        value, before = self.read()[0], self.last
        self.last = value
        if before is None:
            return []
        found = []
        for number, (mode, at) in enumerate(self.trip_points):
            if mode & 1 and before < at <= value:
                found.append((number, True))
            if mode & 2 and before > at >= value:
                found.append((number, False))
        return found


class Powercap(Resource):
    """A power capping domain: its cap (0: none), and the interval in µs it averages over."""

    __slots__ = ("about", "cap", "pai")
    kind = Kind.POWERCAP

    def __init__(self, configuration: runtime.Powercap, context: Context) -> None:
        super().__init__(configuration, context)
        self.about = configuration
        known = configuration.cap
        self.cap = configuration.maximum_cap if known is None else known
        self.pai = configuration.minimum_pai if configuration.pai is None else configuration.pai

    def set_cap(self, cap: int) -> None:
        """Have this cap. Raises `BackendError`, and is as before then."""
        if cap != self.cap:
            self.context.backend.apply(self.effect("cap", cap))
            self.cap = cap
            self.changed(0x0, cap, self.pai)

    def set_pai(self, pai: int) -> None:
        """Have this averaging interval. Raises `BackendError`, and is as before then."""
        if pai != self.pai:
            self.context.backend.apply(self.effect("pai", pai))
            self.pai = pai
            self.changed(0x0, self.cap, pai)

    def take_over(self, other: Resource, kept: frozenset[int]) -> None:
        """Have the cap and the interval of ``other``."""
        del kept
        assert isinstance(other, Powercap)
        self.set_cap(other.cap)
        self.set_pai(other.pai)

    def power(self) -> int:
        """The power drawn now. Raises `BackendError`."""
        return (*self.context.backend.read(Kind.POWERCAP, self.number), 0)[0] & 0xFFFF_FFFF


class Pin(Resource):
    """A pin: its settings, type → value; the function it has; the agent that has asked for it."""

    __slots__ = ("function", "owner", "settings")
    kind = Kind.PIN

    def __init__(self, configuration: runtime.Pin, context: Context) -> None:
        super().__init__(configuration, context)
        self.settings = {setting.type: setting.value for setting in configuration.settings}
        self.function: int | None = None
        self.owner: int | None = None

    def configure(self, type_: int, value: int) -> None:
        """Have this setting. Raises `BackendError`, and is as before then."""
        self.context.backend.apply(self.effect("config", type_, value))
        self.settings[type_] = value

    def take_over(self, other: Resource, kept: frozenset[int]) -> None:
        """Have the settings and the function of ``other``, and its owner if that is kept."""
        assert isinstance(other, Pin)
        for type_, value in other.settings.items():
            if self.settings.get(type_) != value:
                self.configure(type_, value)
        if other.function is not None:
            self.use(other.function)
        self.owner = other.owner if other.owner in kept else None

    def use(self, function: int) -> None:
        """Have this function. Raises `BackendError`, and is as before then."""
        self.context.backend.apply(self.effect("function", function))
        self.function = function

    def dismiss(self, agent: int) -> None:
        """``agent`` may not have it any more."""
        self.forget(agent)

    def forget(self, agent: int) -> None:
        """``agent`` does not have it any more."""
        if self.owner == agent:
            self.owner = None
