"""The resources of a platform as rows of C: what each is, and where the device tree has it."""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.data import Data, replace
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import EXTENDED_NAME_SIZE, Kind
from scmigen.targets.common.ctext import Enumerators
from scmigen.targets.common.names import origin_of, telling
from scmigen.targets.common.values import clock_rates, operating_points, voltage_levels
from scmigen.targets.scmi_msg.variant import Variant

#: What stands for a kind in identifiers, as both drivers have it in theirs.
WORDS: Mapping[Kind, str] = {
    Kind.POWER: "pd",
    Kind.PERFORMANCE: "perf",
    Kind.CLOCK: "clock",
    Kind.SENSOR: "sensor",
    Kind.RESET: "reset",
    Kind.VOLTAGE: "voltd",
}
#: Kinds whose state agents vote for.
SWITCHED = (Kind.POWER, Kind.CLOCK, Kind.VOLTAGE)


#: A name as long as SCMI has them is told from others whole.
_LONGEST = EXTENDED_NAME_SIZE - 1


class Provider(Data):
    """A node of the device tree with resources, and its index in C."""

    enum: str
    path: str


class Level(Data):
    """An operating point as performance messages have it; ``power`` is in mW, rounded up."""

    level: int
    latency: int
    power: int


class Element(Data):
    """A resource. ``origin``: its name if agents are told less of it, provider, specifier and macro
    of the source, and what is assumed.

    ``values``: rates in Hz or levels in µV, ascending, or lowest, highest and step if ``stepped``;
    none where the tree has none, and ``boot`` is assumed then. ``held``: it stays on whatever
    agents ask for. ``parents`` are indices in C.
    """

    resource: Resource
    enum: str
    provider: Provider
    origin: str
    held: bool = False
    on: bool = False
    values: tuple[int, ...] = ()
    stepped: bool = False
    boot: int = 0
    sustained: int = 0
    levels: tuple[Level, ...] = ()
    parents: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that agents are told."""
        return self.resource.short_name


def providers_of(platform: Platform, kinds: Sequence[Kind]) -> Mapping[str, Provider]:
    """The nodes with resources of these kinds, by path; no two of one index."""
    paths = sorted({r.key.provider for kind in kinds for r in platform.resources.get(kind, ())})
    names, labels = Enumerators("SCMI_PROVIDER"), platform.inventory.tree.label_of
    return {
        path: Provider(
            names.name(number, labels.get(path, ""), path.rpartition("/")[2]),
            path,
        )
        for number, path in enumerate(paths)
    }


def _whole_name(resource: Resource) -> str:
    return f"{resource.name}: " if resource.name != resource.short_name else ""


class Elements:
    """Makes the rows of a platform's resources."""

    def __init__(self, platform: Platform, variant: Variant) -> None:
        self._platform = platform
        self._variant = variant
        self.kinds = [
            kind for kind in Kind if kind in variant.limits.kinds and platform.resources.get(kind)
        ]
        self.providers = providers_of(platform, self.kinds)
        self._enums = {
            resource.key: enum for kind in self.kinds for resource, enum in self._named(kind)
        }

    def _named(self, kind: Kind) -> Iterator[tuple[Resource, str]]:
        names = Enumerators(f"SCMI_{WORDS[kind].upper()}", longest=_LONGEST)
        macros = telling(self._platform)
        for resource in self._platform.resources[kind]:
            macro = macros.get(resource.key)
            own = (resource.name, resource.short_name)
            yield resource, names.name(resource.number, *own, macro=macro)

    def enum(self, resource: Resource) -> str:
        """The index of a resource in C."""
        return self._enums[resource.key]

    def of(self, kind: Kind) -> tuple[Element, ...]:
        """The rows of a kind, ascending by the platform's numbers."""
        return tuple(self._element(resource) for resource in self._platform.resources[kind])

    def _element(self, resource: Resource) -> Element:
        match resource.kind:
            case Kind.CLOCK:
                return self._clock(resource)
            case Kind.VOLTAGE:
                return self._supply(resource)
            case Kind.PERFORMANCE:
                return self._domain(resource)
        return self._plain(resource, resource.assumed)

    def _plain(self, resource: Resource, assumed: Sequence[str]) -> Element:
        says = f"; assumed: {', '.join(assumed)}" if assumed else ""
        held = resource.facts.always_on or (resource.facts.on and not self._switched(resource))
        return Element(
            resource,
            self.enum(resource),
            self.providers[resource.key.provider],
            _whole_name(resource) + origin_of(self._platform, resource) + says,
            held=held,
            on=resource.facts.on,
        )

    def _switched(self, resource: Resource) -> bool:
        """Whether an agent may switch it."""
        grants = self._platform.holders(resource.key).values()
        return any(Operation.STATE in grant.boot for grant in grants)

    def _clock(self, resource: Resource) -> Element:
        rates, boot, assumed, step = clock_rates(self._platform, resource)
        most = self._variant.limits.rate
        kept = tuple(rate for rate in rates if most is None or rate <= most)
        known = bool(kept) and (bool(resource.facts.rates) or len(rates) > 1)
        return replace(
            self._plain(resource, assumed),
            values=_values(kept, step) if known else (),
            stepped=known and step is not None,
            boot=boot if most is None else min(boot, most),
            parents=tuple(self._parents(resource)),
        )

    def _parents(self, resource: Resource) -> Iterator[str]:
        if (Kind.CLOCK, Operation.PARENT) in self._variant.limits.operations:
            return
        found = (self._platform.resource(key) for key in resource.facts.parents)
        numbers = {parent.number: parent for parent in found if parent is not None}
        for _, parent in sorted(numbers.items()):
            yield self.enum(parent)

    def _supply(self, resource: Resource) -> Element:
        levels, boot, assumed, step = voltage_levels(self._platform, resource)
        known = "level" not in assumed
        if known and len(levels) == 1 and self._variant.one_is_range:
            step = 0
        return replace(
            self._plain(resource, assumed),
            values=_values(levels, step) if known else (),
            stepped=known and step is not None,
            boot=boot,
        )

    def _domain(self, resource: Resource) -> Element:
        points = operating_points(self._platform, resource)
        levels = tuple(
            # Linux takes a latency of 0 for one that never ends.
            Level(point.level, min(max(point.latency, 1), 0xFFFF), -(-point.power // 1000))
            for point in points.points
        )
        return replace(
            self._plain(resource, points.assumed),
            boot=points.now.level,
            sustained=points.now.frequency,
            levels=levels,
        )


def _values(values: tuple[int, ...], step: int | None) -> tuple[int, ...]:
    return values if step is None else (values[0], values[-1], step)
