"""What a resource holds: values of the tree, and one assumption for all outputs where it has none.

What was assumed is named, so that every output can say so.
"""

from collections.abc import Iterable
from typing import NamedTuple

from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Platform, Resource
from scmigen.runtime import Role

#: The level in µV of a supply that says none.
ASSUMED_VOLTAGE = 1_000_000
#: Roles that may ask for a system power transition.
SYSTEM_POWER_ROLES = frozenset({Role.OSPM, Role.PSCI, Role.HYPERVISOR})


class Point(NamedTuple):
    """An operating point: abstract level, frequency in kHz (0: unknown), voltage in µV, what
    changing to it takes in µs and what it draws in mW, rounded up (0: unknown)."""

    level: int
    frequency: int
    voltage: int | None
    latency: int = 0
    power: int = 0


class TripPoint(NamedTuple):
    """A temperature of a thermal zone at which something happens, in thousandths of a degree."""

    name: str
    temperature: int
    hysteresis: int
    type: str
    zone: str


class Rates(NamedTuple):
    """Rates in Hz, ascending; ``boot`` is one of them."""

    rates: tuple[int, ...]
    boot: int
    assumed: tuple[str, ...]


class Levels(NamedTuple):
    """Levels in µV, ascending; the first is the one at boot."""

    levels: tuple[int, ...]
    assumed: tuple[str, ...]


class Points(NamedTuple):
    """Operating points, ascending by level; the last is the one at boot."""

    points: tuple[Point, ...]
    assumed: tuple[str, ...]


def _named(resource: Resource, more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*resource.assumed, *more)))


def clock_rates(resource: Resource, assumed_rate: int) -> Rates:
    """The rates of a clock, or the assumed one in Hz; the first of the tree is that at boot."""
    rates = resource.facts.rates or (assumed_rate,)
    return Rates(tuple(sorted(set(rates))), rates[0], _named(resource, ()))


def voltage_levels(resource: Resource) -> Levels:
    """The levels of a voltage domain, or the assumed one."""
    levels = tuple(sorted(set(resource.facts.voltages)))
    return Levels(levels or (ASSUMED_VOLTAGE,), _named(resource, () if levels else ("level",)))


def operating_points(resource: Resource, assumed_rate: int) -> Points:
    """The points of a performance domain, or one at the assumed rate in Hz.

    The level of a point that names none is its frequency; of two points with one level the later
    one counts.
    """
    by_level: dict[int, Point] = {}
    for point in resource.facts.points:
        frequency = next((rate // 1000 for rate in point.rates if rate), 0)
        level = point.level if point.level is not None else frequency
        latency, power = (-(-(value or 0) // 1000) for value in (point.latency, point.power))
        by_level[level] = Point(level, frequency, point.voltage, latency, power)
    assumed = () if by_level else ("levels",)
    if not by_level:
        frequency = assumed_rate // 1000
        by_level[frequency] = Point(frequency, frequency, None)
    return Points(tuple(by_level[level] for level in sorted(by_level)), _named(resource, assumed))


def _signed(node: Node, name: str) -> int:
    cell = node.cell(name) or 0
    return cell - (1 << 32) if cell >> 31 else cell


def trip_points(platform: Platform, resource: Resource) -> tuple[TripPoint, ...]:
    """The trip points of the thermal zones that read a sensor, by temperature."""
    zones = {
        use.consumer.path: use.consumer
        for use in platform.inventory.uses
        if use.key == resource.key and use.prop == "thermal-sensors"
    }
    found = [
        TripPoint(
            trip.name,
            _signed(trip, "temperature"),
            _signed(trip, "hysteresis"),
            trip.string("type") or "",
            zone.path,
        )
        for zone in zones.values()
        if "trips" in zone.children
        for trip in zone.children["trips"].children.values()
    ]
    return tuple(sorted(found, key=lambda trip: trip.temperature))
