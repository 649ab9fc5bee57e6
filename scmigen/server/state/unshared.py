"""Reset lines, sensors, power caps and pins: resources on which the last request wins."""

from collections.abc import Hashable

from scmigen import runtime
from scmigen.hints import Final
from scmigen.runtime import schema
from scmigen.scmi.protocols import Kind
from scmigen.server.state.resource import Context, Resource


class ResetDomain(Resource):
    """A reset line: whether it is asserted, and its ``latency`` in µs if known."""

    __slots__ = ("asserted", "asynchronous", "latency")
    kind = Kind.RESET

    def __init__(self, configuration: runtime.ResetDomain, context: Context) -> None:
        super().__init__(configuration, context)
        self.asserted = False
        self.latency = configuration.latency
        self.asynchronous = configuration.asynchronous

    def reset(self, state: int, by: int) -> None:
        """Assert and release the line, for agent ``by``; ``state`` as in the RESET message."""
        self.context.backend.apply(self.effect("reset", 2))
        self.asserted = False
        self.was_set("asserted", by)
        self.changed(0x0, state)

    def inherit(self, other: Resource, kept: frozenset[int]) -> None:
        """Assert the line if that of ``other`` is asserted."""
        del kept
        assert isinstance(other, ResetDomain)
        if other.asserted:
            self.hold(True)

    def hold(self, asserted: bool, by: int | None = None) -> None:
        """Assert the line, or release it, for agent ``by``."""
        self.context.backend.apply(self.effect("reset", int(asserted)))
        self.asserted = asserted
        self.was_set("asserted", by)

    def restore(self, _: Hashable) -> None:
        """Release the line."""
        if self.asserted:
            self.hold(False)


#: SENSOR_CONFIG: the sensor is enabled; its readings have timestamps.
SENSOR_ENABLED: Final = 1
SENSOR_TIMESTAMPS: Final = 1 << 1
#: The function of a pin that has been given none.
NO_FUNCTION: Final = 0xFFFF_FFFF


class Sensor(Resource):
    """A sensor: its configuration word, its trip points and its readings.

    A trip point is a mode (0 off, 1 rising, 2 falling, 3 both) and a value.
    """

    __slots__ = ("_boot_config", "about", "config", "last", "trip_points")
    kind = Kind.SENSOR

    def __init__(self, configuration: runtime.Sensor, context: Context) -> None:
        super().__init__(configuration, context)
        self.about = configuration
        self.config = SENSOR_ENABLED
        self.trip_points = [(0, 0)] * configuration.trip_points
        #: The last reading that trip points were compared with.
        self.last: int | None = None
        if configuration.intervals:
            first = configuration.intervals[0]
            self.config |= first.value << 16 | (first.exponent & 0x1F) << 11
        self._boot_config = self.config

    @property
    def asynchronous(self) -> bool:
        """Whether agents may request readings asynchronously."""
        return self.about.asynchronous

    @property
    def enabled(self) -> bool:
        """Whether the sensor is enabled."""
        return bool(self.config & SENSOR_ENABLED)

    def configure(self, config: int, by: int | None = None) -> None:
        """Set the word that SENSOR_CONFIG_GET returns, for agent ``by``. Raises `BackendError` and
        changes nothing then."""
        self.context.backend.apply(self.effect("config", config))
        self.config = config
        self.was_set("config", by)

    def set_trip_point(self, number: int, mode: int, value: int, by: int | None = None) -> None:
        """Set a trip point, for agent ``by``."""
        self.trip_points[number] = (mode, value)
        self.was_set(number, by)

    def restore(self, what: Hashable) -> None:
        """Set the configuration or a trip point back."""
        if isinstance(what, int):
            self.set_trip_point(what, 0, 0)
        else:
            self.configure(self._boot_config)

    def inherit(self, other: Resource, kept: frozenset[int]) -> None:
        """Take over the configuration, the trip points and the last reading of ``other``."""
        del kept
        assert isinstance(other, Sensor)
        self.trip_points = other.trip_points
        self.last = other.last
        if self.config != other.config:
            self.configure(other.config)

    def read(self) -> tuple[int, ...]:
        """One value per axis, or one if the sensor has no axes. Raises `BackendError`."""
        width = len(self.about.axes) or 1
        values = self.context.backend.read(Kind.SENSOR, self.number)
        return (*values, *[0] * width)[:width]

    def crossed(self) -> list[tuple[int, bool]]:
        """The trip points crossed since the last call, and whether they were crossed upwards.
        Raises `BackendError`."""
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
    """A power capping domain: its cap (0: none), and the averaging intervals in µs of measurements
    (``pai``) and, from version 3.0 of the protocol on, of the cap (``cai``)."""

    __slots__ = ("about", "at_boot", "cai", "cap", "pai")
    kind = Kind.POWERCAP

    def __init__(self, configuration: runtime.Powercap, context: Context) -> None:
        super().__init__(configuration, context)
        self.about = configuration
        cap = configuration.cap
        self.cap = configuration.maximum_cap if cap is None else cap
        self.pai = configuration.minimum_pai if configuration.pai is None else configuration.pai
        self.cai = configuration.minimum_cai if configuration.cai is None else configuration.cai
        #: Cap and averaging intervals at boot.
        self.at_boot = (self.cap, self.pai, self.cai)

    def set_cap(self, cap: int, by: int | None = None) -> None:
        """Set the cap, for agent ``by``. Raises `BackendError` and changes nothing then."""
        if cap != self.cap:
            self.context.backend.apply(self.effect("cap", cap))
            self.cap = cap
            self.changed(0x0, cap, self.pai, self.cai)
        self.was_set("cap", by)

    def outward(self, cap: int, always_capped: bool) -> int:
        """How agents read a cap of 0, which is none: as the highest cap before protocol 2.0."""
        return cap or (self.about.maximum_cap if always_capped else 0)

    def set_pai(self, pai: int, by: int | None = None) -> None:
        """Set the averaging interval, for agent ``by``. Raises `BackendError` and changes nothing
        then."""
        if pai != self.pai:
            self.context.backend.apply(self.effect("pai", pai))
            self.pai = pai
            self.changed(0x0, self.cap, pai, self.cai)
        self.was_set("pai", by)

    def set_cai(self, cai: int, by: int | None = None) -> None:
        """Set the averaging interval of the cap, for agent ``by``. Raises `BackendError` and
        changes nothing then."""
        if cai != self.cai:
            self.context.backend.apply(self.effect("cai", cai))
            self.cai = cai
            self.changed(0x0, self.cap, self.pai, cai)
        self.was_set("cai", by)

    def restore(self, what: Hashable) -> None:
        """Set the cap or an averaging interval back."""
        cap, pai, cai = self.at_boot
        if what == "cap":
            self.set_cap(cap)
        elif what == "pai":
            self.set_pai(pai)
        else:
            self.set_cai(cai)

    def inherit(self, other: Resource, kept: frozenset[int]) -> None:
        """Take over the cap and the averaging interval of ``other``."""
        del kept
        assert isinstance(other, Powercap)
        self.set_cap(other.cap)
        self.set_pai(other.pai)
        self.set_cai(other.cai)

    def power(self) -> int:
        """The current power. Raises `BackendError`."""
        return (*self.context.backend.read(Kind.POWERCAP, self.number), 0)[0] & 0xFFFF_FFFF


class TelemetryElement(Resource):
    """A data element of telemetry. What agents switch on is each one's own, and no state of it."""

    __slots__ = ("about",)
    kind = Kind.TELEMETRY

    def __init__(self, configuration: schema.TelemetryElement, context: Context) -> None:
        super().__init__(configuration, context)
        self.about = configuration

    def read(self) -> int:
        """The current value, as many bytes as it has. Raises `BackendError`."""
        value = (*self.context.backend.read(Kind.TELEMETRY, self.number), 0)[0]
        return value & (1 << 8 * self.about.size) - 1


class Pin(Resource):
    """A pin: its settings (type → value), its function, and the agent that has requested it."""

    __slots__ = ("_boot", "function", "owner", "settings")
    kind = Kind.PIN

    def __init__(self, configuration: runtime.Pin, context: Context) -> None:
        super().__init__(configuration, context)
        self.settings = {setting.type: setting.value for setting in configuration.settings}
        self._boot = dict(self.settings)
        self.function: int | None = None
        self.owner: int | None = None

    def configure(self, type_: int, value: int, by: int | None = None) -> None:
        """Change a setting, for agent ``by``. Raises `BackendError` and changes nothing then."""
        self.context.backend.apply(self.effect("config", type_, value))
        self.settings[type_] = value
        self.was_set(type_, by)

    def restore(self, what: Hashable) -> None:
        """Set a setting or the function back."""
        if isinstance(what, int):
            self.configure(what, self._boot[what])
        else:
            self.use(None)

    def inherit(self, other: Resource, kept: frozenset[int]) -> None:
        """Take over the settings and the function of ``other``, and its owner if in ``kept``."""
        assert isinstance(other, Pin)
        for type_, value in other.settings.items():
            if self.settings.get(type_) != value:
                self.configure(type_, value)
        if other.function is not None:
            self.use(other.function)
        self.owner = other.owner if other.owner in kept else None

    def use(self, function: int | None, by: int | None = None) -> None:
        """Select a function (``None``: that of the start), for agent ``by``. Raises `BackendError`
        and changes nothing then."""
        number = NO_FUNCTION if function is None else function
        self.context.backend.apply(self.effect("function", number))
        self.function = function
        self.was_set("function", by)

    def dismiss(self, agent: int) -> None:
        """``agent`` may no longer hold the pin."""
        self.forget(agent)

    def forget(self, agent: int) -> None:
        """Release the pin if ``agent`` holds it."""
        if self.owner == agent:
            self.owner = None


#: The classes of this module: a resource of each kind is made of its configuration alone.
UNSHARED: Final[tuple[type[Resource], ...]] = (
    ResetDomain,
    Sensor,
    Powercap,
    Pin,
    TelemetryElement,
)
