"""Performance domains: the rows of SCP-firmware's dvfs module, its power supplies and clocks.

The module takes frequencies in kHz and voltages in mV. A row with a level, a frequency or a
voltage of 0 ends its table, and between two points of one voltage it does not change the rate:
both are avoided here and reported in `scmigen.targets.scp.limits`.
"""

from collections.abc import Iterator

from scmigen.data import Data
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import Enumerators
from scmigen.targets.common.names import telling
from scmigen.targets.common.values import ASSUMED_VOLTAGE, Points, operating_points, own_number
from scmigen.targets.scp.rates import MAX_RATE
from scmigen.targets.scp.spaces import Private
from scmigen.tuples import NamedTuple


class Opp(NamedTuple):
    """A row: abstract level, mV, kHz, mW (0: unknown); ``says`` what differs from the tree.
    ``microvolts`` is the voltage in the tree (0: unknown)."""

    level: int
    voltage: int
    frequency: int
    power: int
    says: str
    microvolts: int


class PerfDomain(Data):
    """A performance domain; ``supply`` is the enumerator of its power supply, ``sustained`` the
    index of the row at boot, ``latency`` in µs what a change takes.

    ``clock`` and ``voltage`` are the numbers of the clock and of the supply that it alone sets, or
    `None` if no such one is served.
    """

    resource: Resource
    supply: str
    opps: tuple[Opp, ...]
    sustained: int
    latency: int
    clock: int | None
    voltage: int | None
    assumed: tuple[str, ...]

    @property
    def own_clock(self) -> Private:
        """The clock of a domain that sets none that is served; no agent is shown it."""
        name = f"perf-{self.resource.short_name}"
        return Private(name, f"clock of {self.where}", self.resource.number)

    @property
    def where(self) -> str:
        """Its name, and where it comes from."""
        return f"{self.resource.name}, {self.resource.key}"

    @property
    def says(self) -> str:
        """What was assumed, for a comment."""
        return f"; assumed: {', '.join(self.assumed)}" if self.assumed else ""


def usable(points: Points) -> Points:
    """The points that the dvfs module and the clock's driver can hold."""
    kept = (p for p in points.points if p.level and (p.frequency or p.level) * 1000 <= MAX_RATE)
    return Points(tuple(kept), points.assumed)


def _millivolts(points: Points) -> Iterator[tuple[int, bool]]:
    """The voltage of each point in mV, rounded up, no two alike, and whether it had to be moved."""
    taken: set[int] = set()
    for point in points.points:
        microvolts = ASSUMED_VOLTAGE if point.voltage is None else point.voltage
        wanted = max(-(-microvolts // 1000), 1)
        voltage = wanted
        while voltage in taken:
            voltage += 1
        taken.add(voltage)
        yield voltage, voltage != wanted


def _opps(points: Points) -> Iterator[Opp]:
    for point, (voltage, moved) in zip(points.points, _millivolts(points), strict=True):
        assumed = [
            *(["frequency"] if not point.frequency else []),
            *(["voltage"] if point.voltage is None else []),
        ]
        said = [f"assumed: {', '.join(assumed)}"] if assumed else []
        said += ["moved by a millivolt or more"] if moved and point.voltage is not None else []
        power = -(-point.power // 1000)
        frequency = point.frequency or point.level
        says = "; ".join(said)
        yield Opp(point.level, voltage, frequency, power, says, point.voltage or 0)


def same_voltage(points: Points) -> bool:
    """Whether two points have one voltage in mV, so that one of them had to be moved."""
    return any(moved for _, moved in _millivolts(points))


def perf_domains(platform: Platform) -> tuple[PerfDomain, ...]:
    """The performance domains in the order of their numbers."""
    enums = Enumerators("PSU_IDX")
    macros = telling(platform)
    found = []
    ordered = sorted(platform.resources.get(Kind.PERFORMANCE, ()), key=lambda item: item.number)
    for resource in ordered:
        points = usable(operating_points(platform, resource))
        opps = tuple(_opps(points))
        assumed = list(points.assumed)
        assumed += ["frequency"] if any(not p.frequency for p in points.points) else []
        assumed += ["voltage"] if any(p.voltage is None for p in points.points) else []
        macro = macros.get(resource.key)
        supply = enums.name(resource.number, resource.name, resource.short_name, macro=macro)
        found.append(
            PerfDomain(
                resource,
                supply,
                opps,
                points.sustained,
                points.latency,
                own_number(platform, resource.facts.clock),
                own_number(platform, resource.facts.supply),
                tuple(dict.fromkeys(assumed)),
            )
        )
    return tuple(found)
