"""The values of resources: those of the tree, or one assumption for all targets where it has none.

Every target takes rates, levels and operating points from here, so that two outputs of a board
cannot differ. What was assumed is named, so that each of them can say so.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ResourceFacts, ResourceKey
from scmigen.bindings.thermal import TripPoint
from scmigen.bindings.thermal import trip_points as thermal_trip_points
from scmigen.model.platform import Platform, Resource
from scmigen.model.protocol_grants import Right
from scmigen.tuples import NamedTuple

#: The level in µV of a supply whose level the tree does not have.
ASSUMED_VOLTAGE = 1_000_000
#: The longest latency in µs of a level: 16 bits of PERFORMANCE_DESCRIBE_LEVELS.
MAX_LATENCY = 0xFFFF


class Point(NamedTuple):
    """An operating point: abstract level, frequency in kHz (0: unknown), voltage in µV, time to
    change to it in µs, rounded up, and power in µW (0: unknown); ``turbo``: not for long."""

    level: int
    frequency: int
    voltage: int | None
    latency: int = 0
    power: int = 0
    turbo: bool = False


class Rates(NamedTuple):
    """Rates in Hz, ascending, and the one at boot. With ``step`` the first and the last are the
    ends of a range, which has all others."""

    rates: tuple[int, ...]
    boot: int
    assumed: tuple[str, ...]
    step: int | None = None


class Levels(NamedTuple):
    """Levels in µV, ascending, and the one at boot. ``step`` as of `Rates`."""

    levels: tuple[int, ...]
    boot: int
    assumed: tuple[str, ...]
    step: int | None = None


class Points(NamedTuple):
    """Operating points, ascending by level."""

    points: tuple[Point, ...]
    assumed: tuple[str, ...]

    @property
    def sustained(self) -> int:
        """The index of the one at boot: the last that can be sustained, if any can."""
        lasting = [number for number, point in enumerate(self.points) if not point.turbo]
        return lasting[-1] if lasting else len(self.points) - 1

    @property
    def now(self) -> Point:
        """The one at boot."""
        return self.points[self.sustained]

    @property
    def latency(self) -> int:
        """The longest time in µs that changing to any of them takes, as far as 16 bits hold it."""
        return max((min(point.latency, MAX_LATENCY) for point in self.points), default=0)


def _named(resource: Resource, more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*resource.assumed, *more)))


def assumed_rate(platform: Platform) -> int:
    """The rate in Hz of a clock whose rate the tree does not have."""
    return platform.options.clock_rate


def clock_rates(platform: Platform, resource: Resource) -> Rates:
    """The rates of a clock, or the assumed one; the first one in the tree is that at boot.

    One that a performance domain sets has the rates of the domain's points too, and at boot that of
    the point at boot.
    """
    rates = resource.facts.rates or (assumed_rate(platform),)
    boot = rates[0] if resource.facts.boot is None else resource.facts.boot
    step, every = resource.facts.step, set(rates)
    domain = platform.scaled_by.get(resource.key)
    if domain is not None:
        points = operating_points(platform, domain)
        boot = points.now.frequency * 1000 or boot
        scaled = {boot, *(point.frequency * 1000 for point in points.points)} - {0}
        if not _in_steps(scaled, every, step):
            step = None
        every = {*scaled, *(resource.facts.rates if step is None else every)}
    return Rates(tuple(sorted(every)), boot, _named(resource, ()), step)


def voltage_levels(platform: Platform, resource: Resource) -> Levels:
    """The levels of a voltage domain, or the assumed one; the lowest is that at boot.

    One that a performance domain sets has the voltages of the domain's points too, and at boot that
    of the point at boot.
    """
    known = set(resource.facts.voltages)
    assumed = _named(resource, () if known else ("level",))
    levels, step = known or {ASSUMED_VOLTAGE}, resource.facts.step
    boot = min(levels)
    domain = platform.scaled_by.get(resource.key)
    if domain is not None:
        points = operating_points(platform, domain)
        boot = boot if points.now.voltage is None else points.now.voltage
        scaled = {point.voltage for point in points.points if point.voltage is not None} | {boot}
        if not _in_steps(scaled, levels, step):
            step = None
        levels = scaled | known
    return Levels(tuple(sorted(levels)), boot, assumed, step)


def _in_steps(values: Collection[int], ends: Collection[int], step: int | None) -> bool:
    """Whether a range of steps has all these values."""
    lowest, highest = min(ends), max(ends)
    return step is not None and all(
        lowest <= value <= highest and (value - lowest) % step == 0 for value in values
    )


def operating_points(platform: Platform, resource: Resource) -> Points:
    """The points of a performance domain, or one at the assumed rate.

    A point without a level has its frequency as level; of two points with one level the later one
    counts.
    """
    by_level: dict[int, Point] = {}
    for point in resource.facts.points:
        frequency = next((rate // 1000 for rate in point.rates if rate), 0)
        level = point.level if point.level is not None else frequency
        latency = -(-(point.latency or 0) // 1000)
        power = point.power or 0
        by_level[level] = Point(level, frequency, point.voltage, latency, power, point.turbo)
    assumed = () if by_level else ("levels",)
    if not by_level:
        frequency = assumed_rate(platform) // 1000
        by_level[frequency] = Point(frequency, frequency, None)
    return Points(tuple(by_level[level] for level in sorted(by_level)), _named(resource, assumed))


def own_number(platform: Platform, key: ResourceKey | None) -> int | None:
    """The number of this very resource, where the platform serves it."""
    found = None if key is None else platform.resource(key)
    return None if found is None else found.number


def trip_points(platform: Platform, resource: Resource) -> tuple[TripPoint, ...]:
    """The trip points of the thermal zones that read a sensor, by temperature."""
    return thermal_trip_points(platform.inventory, resource.key)


def system_power_agents(platform: Platform) -> tuple[Agent, ...]:
    """The agents that have the system power protocol, if only to be told."""
    agents = platform.agents
    return tuple(agent for agent in agents if platform.has_right(agent, Right.SYSTEM_POWER))


_FREQUENCIES = ((10**9, "GHz"), (10**6, "MHz"), (10**3, "kHz"), (1, "Hz"))
_VOLTAGES = ((10**6, "V"), (10**3, "mV"), (1, "µV"))
_POWERS = ((10**6, "W"), (10**3, "mW"), (1, "µW"))


def frequency_text(rate: int) -> str:
    """A rate in Hz for people: ``1.2 GHz``."""
    return _scaled(rate, _FREQUENCIES)


def voltage_text(voltage: int) -> str:
    """A voltage in µV for people: ``850 mV``."""
    return _scaled(voltage, _VOLTAGES)


def power_text(power: int) -> str:
    """A power in µW for people: ``150 mW``."""
    return _scaled(power, _POWERS)


def rates_text(facts: ResourceFacts) -> str:
    """The rates of a clock for people."""
    if facts.step is not None:
        return _range_text(facts.rates, facts.step, frequency_text)
    return ", ".join(map(frequency_text, facts.rates))


def voltages_text(facts: ResourceFacts) -> str:
    """The voltages of a supply for people; two are its limits as well."""
    if facts.step is not None:
        return _range_text(facts.voltages, facts.step, voltage_text)
    joint = " to " if len(facts.voltages) == 2 else ", "
    return joint.join(map(voltage_text, sorted(set(facts.voltages))))


def _range_text(values: Sequence[int], step: int, text: Callable[[int], str]) -> str:
    return f"{text(values[0])} to {text(values[-1])} in steps of {text(step)}"


def _scaled(value: int, units: Sequence[tuple[int, str]]) -> str:
    """An exact value in the largest unit that leaves at most three decimals."""
    for factor, unit in units:
        if value >= factor and value * 1000 % factor == 0:
            return f"{value / factor:.3f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{value} {units[-1][1]}"
