"""What SCP-firmware cannot hold or do, as diagnostics. Each function looks at one thing."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from scmigen.assignment.assignment import Target
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.values import operating_points, trip_points
from scmigen.targets.scp.findings import (
    SCP_ASSUMED,
    SCP_EMPTY,
    SCP_KIND,
    SCP_LEVEL,
    SCP_LIMIT,
    SCP_NAME,
    SCP_NUMBERING,
    SCP_PARENT,
    SCP_PERMISSIONS,
    SCP_RATE,
    SCP_SAME_VOLTAGE,
    SCP_TRIP_POINTS,
    SCP_VOTES,
)
from scmigen.targets.scp.performance import same_voltage, usable
from scmigen.targets.scp.rates import MAX_RATE
from scmigen.targets.scp.spaces import EMITTED, PHYSICAL, kept_by_platform

#: Elements of one module: 12 bits of an identifier.
MAX_ELEMENTS = 4096
#: Rows of an agent's clock or reset table, and reset elements in all: 8-bit counts.
MAX_ROWS = 255
#: Agents: 8 bits of BASE PROTOCOL_ATTRIBUTES.
MAX_AGENTS = 255
#: Bytes of a name in a reply, without its terminating NUL.
MAX_NAME = 15
#: Trip points of a sensor: one less than 8 bits hold.
MAX_TRIP_POINTS = 254
#: The highest level in µV: a signed word.
MAX_LEVEL = 0x7FFF_FFFF

_NAMES = {
    Kind.POWER: "power domain",
    Kind.PERFORMANCE: "performance domain",
    Kind.SENSOR: "sensor",
}

#: Kind → why SCP-firmware gets no tables for it.
_WITHOUT_TABLES: Mapping[Kind, str] = {
    Kind.POWERCAP: "SCP-firmware's scmi-power-capping works on modules power-allocator, "
    "power-coordinator and power-meter that are not part of it, and with permissions for its "
    "domains it denies them all",
    Kind.PIN: "SCP-firmware has no such protocol",
}

#: Related places that a diagnostic lists before it says "and N more".
_LISTED = 5


def check(platform: Platform) -> tuple[Diagnostic, ...]:
    """All that stands in the way of these tables, and all that they leave out."""
    checks = (
        _empty,
        _agents,
        _elements,
        _rows,
        _gaps,
        _names,
        _numbering,
        _kinds,
        _parents,
        _devices,
        _rates,
        _votes,
        _levels,
        _points,
        _trip_points,
        _assumed,
    )
    return tuple(found for each in checks for found in each(platform))


def _position(resource: Resource) -> Position | None:
    return resource.facts.position or resource.node.position


def _related(items: Iterable[tuple[str, Position | None]]) -> tuple[Related, ...]:
    listed = [Related(message, position) for message, position in items]
    rest = len(listed) - _LISTED
    return (*listed[:_LISTED], *((Related(f"and {rest} more"),) if rest > 0 else ()))


def _highest(platform: Platform, kind: Kind) -> Resource | None:
    resources = platform.resources.get(kind, ())
    return max(resources, key=lambda item: item.number) if resources else None


def _empty(platform: Platform) -> Iterator[Diagnostic]:
    if not platform.agents or not any(platform.resources.get(kind) for kind in EMITTED):
        yield SCP_EMPTY.error(
            "there is no agent, or nothing that the platform manages: there is nothing to write "
            "for SCP-firmware",
        )


def _agents(platform: Platform) -> Iterator[Diagnostic]:
    count = len(platform.agents)
    if count > MAX_AGENTS:
        yield SCP_LIMIT.error(
            f"{count} agents; SCP-firmware serves at most {MAX_AGENTS}",
            hint="serve some of them from a platform of their own",
        )


def _beyond(
    resource: Resource, said: str, hint: str, related: tuple[Related, ...] = ()
) -> Diagnostic:
    """A number that no table of SCP-firmware has a row for."""
    return SCP_LIMIT.error(said, _position(resource), related, hint)


def _elements(platform: Platform) -> Iterator[Diagnostic]:
    """Elements a module can have; the power domain module needs one for SYSTOP."""
    private = len(platform.resources.get(Kind.PERFORMANCE, ()))
    most = dict.fromkeys(EMITTED, MAX_ELEMENTS) | {
        Kind.POWER: MAX_ELEMENTS - 1,
        Kind.CLOCK: MAX_ELEMENTS - private,
        Kind.RESET: MAX_ROWS,
    }
    for kind in EMITTED:
        highest = _highest(platform, kind)
        if highest is not None and highest.number >= most[kind]:
            yield _beyond(
                highest,
                f"{kind} numbers of this board go up to {highest.number} "
                f"({len(platform.resources[kind])} {kind} resources); an SCP-firmware table ends "
                f"at {most[kind] - 1}",
                "let the platform manage fewer providers, or give numbers up that are reserved",
            )


def _rows(platform: Platform) -> Iterator[Diagnostic]:
    """Rows of the longest table an agent has, for kinds whose tables are counted in 8 bits."""
    for kind in (Kind.CLOCK, Kind.RESET):
        tails = [grants[-1] for a in platform.agents if (grants := platform.grants_of(a, kind))]
        long = [grant for grant in tails if grant.id >= MAX_ROWS]
        if not long:
            continue
        worst = max(long, key=lambda grant: grant.id)
        yield _beyond(
            worst.resource,
            f"{worst.agent.name} is granted {kind} {worst.id}; of the "
            f"{len(platform.resources[kind])} {kind} resources of this board an agent's table in "
            f"SCP-firmware holds ids 0 to {MAX_ROWS - 1} (the count has 8 bits)",
            _rows_hint(platform),
            _related((f"{g.agent.name}: up to {g.id}", _position(g.resource)) for g in long),
        )


def _gaps(platform: Platform) -> Iterator[Diagnostic]:
    """An agent's own ids stay below the number of elements: its states are kept by that."""
    for kind in (Kind.CLOCK, Kind.RESET):
        highest = _highest(platform, kind)
        count = highest.number + 1 if highest is not None else 0
        for agent in platform.agents:
            last = platform.grants_of(agent, kind)[-1:]
            if last and last[0].id >= count:
                yield _beyond(
                    last[0].resource,
                    f"{agent.name} knows {kind} {last[0].resource.name} as {last[0].id}; in "
                    f"SCP-firmware an agent's ids end where the {kind} numbers of the board do "
                    f"({count - 1})",
                    "give up the numbers that this agent has reserved",
                )


def _rows_hint(platform: Platform) -> str:
    if platform.instance is not None:
        return "the SCMI node of the tree fixes these numbers: only lower ones there would do"
    shared = platform.numbering is Numbering.SHARED
    first = "number the resources per agent, " if shared else ""
    return f"{first}let the platform manage fewer providers, or divide devices among more agents"


def _names(platform: Platform) -> Iterator[Diagnostic]:
    for kind in EMITTED:
        seen: dict[str, Resource] = {}
        for resource in platform.resources.get(kind, ()):
            name = resource.short_name
            other = seen.setdefault(name, resource)
            if name and len(name.encode("utf-8", "replace")) <= MAX_NAME and other is resource:
                continue
            yield SCP_NAME.error(
                f"{kind} {resource.number} is called {name!r}; SCP-firmware needs a name of 1 to "
                f"{MAX_NAME} bytes that no other {kind} resource has",
                _position(resource),
                _related([] if other is resource else [("the other one", _position(other))]),
            )


def _numbering(platform: Platform) -> Iterator[Diagnostic]:
    """Ids of power and performance domains and of sensors are element numbers for every agent."""
    for kind in EMITTED:
        moved = [
            grant
            for grant in platform.grants
            if grant.resource.kind is kind and grant.id != grant.resource.number
        ]
        if moved and kind in PHYSICAL:
            first = moved[0]
            yield SCP_NUMBERING.error(
                f"{first.agent.name} knows {_NAMES[kind]} {first.resource.name} as {first.id}, but "
                f"SCP-firmware shows every agent the same number ({first.resource.number}); "
                f"{len(moved)} grants are numbered so",
                _position(first.resource),
                hint="number the resources alike for all agents (shared numbering)",
            )


def _kinds(platform: Platform) -> Iterator[Diagnostic]:
    """Resources, and what ``platform.extra`` adds to them, of protocols that get no tables."""
    extra = platform.options.extra
    added = msgspec.json.decode(extra.json) if extra is not None else {}
    for kind, why in _WITHOUT_TABLES.items():
        resources = platform.resources.get(kind, ())
        more = added.get(f"{kind}s") if isinstance(added, Mapping) else None
        count = len(resources) + (len(more) if isinstance(more, Mapping) else 0)
        position = extra.position if extra is not None else None
        if resources:
            position = _position(resources[0])
        if count:
            yield SCP_KIND.warning(
                f"{count} {kind} resources are left out, and agents are denied the protocol: {why}",
                position,
            )


def _parents(platform: Platform) -> Iterator[Diagnostic]:
    """SCP-firmware has clock protocol 1.0, without CLOCK_PARENT_SET."""
    grants: list[Grant] = [
        grant
        for grant in platform.grants
        if grant.resource.kind is Kind.CLOCK and Operation.PARENT in grant.operations
    ]
    if grants:
        yield SCP_PARENT.warning(
            f"the operation parent does not exist in SCP-firmware (clock protocol 1.0); it is "
            f"left out of {len(grants)} grants",
            _position(grants[0].resource),
            _related((f"{g.agent.name}: {g.resource.name}", _position(g.resource)) for g in grants),
            hint="the platform has to set these parents itself",
        )


def _devices(platform: Platform) -> Iterator[Diagnostic]:
    """Base 0x9 to 0xB are open to every agent, so no device is told to the firmware."""
    trusted = [agent for agent in platform.agents if agent.permissions]
    movable = [device for device in platform.devices if device.assignable]
    if trusted or movable:
        yield SCP_PERMISSIONS.note(
            "SCP-firmware would let any agent change permissions (base messages 0x9 to 0xB), so "
            "no device table is written and these messages answer NOT_FOUND",
            trusted[0].position if trusted else movable[0].node.position,
            _related(
                [(f"agent {agent.name}", agent.position) for agent in trusted]
                + [(f"assignable {device.node.path}", device.node.position) for device in movable]
            ),
        )


def _rates(platform: Platform) -> Iterator[Diagnostic]:
    for resource in platform.resources.get(Kind.CLOCK, ()):
        high = [rate for rate in resource.facts.rates if rate > MAX_RATE]
        if high:
            yield SCP_RATE.warning(
                f"clock {resource.name} has a rate of {max(high)} Hz; the clock driver's table "
                f"holds rates up to {MAX_RATE} Hz, higher ones are left out",
                _position(resource),
            )


def _votes(platform: Platform) -> Iterator[Diagnostic]:
    """Of voltage domains the last request counts, whoever sent it."""
    own = kept_by_platform(platform)
    changing = {Operation.STATE, Operation.LEVEL}
    for resource in platform.resources.get(Kind.VOLTAGE, ()):
        grants = [g for g in platform.grants if g.resource is resource and g.boot & changing]
        others = ["the platform"] if resource.key in own else []
        names = [grant.agent.name for grant in grants] + others
        if grants and len(names) > 1:
            yield SCP_VOTES.error(
                f"voltage domain {resource.name} is controlled by {', '.join(names)}; "
                "SCP-firmware counts no votes there, and one would switch it off under the other",
                _position(resource),
                hint="give the devices of this supply to one agent, or leave the supply to the "
                "platform (platform.fixed)",
            )
        elif grants and resource.facts.always_on:
            yield SCP_VOTES.warning(
                f"voltage domain {resource.name} is to stay on, but SCP-firmware would let "
                f"{names[0]} switch it off",
                _position(resource),
                hint="leave the supply to the platform (platform.fixed)",
            )


def _levels(platform: Platform) -> Iterator[Diagnostic]:
    for resource in platform.resources.get(Kind.VOLTAGE, ()):
        highest = max(resource.facts.voltages, default=0)
        if highest > MAX_LEVEL:
            yield SCP_LEVEL.error(
                f"voltage domain {resource.name} has a level of {highest} µV; SCP-firmware's go up "
                f"to {MAX_LEVEL} µV",
                _position(resource),
            )


def _points(platform: Platform) -> Iterator[Diagnostic]:
    """Points that the dvfs module would end its table at, or would not change the rate between."""
    product = platform.options.target is Target.PRODUCT
    for resource in platform.resources.get(Kind.PERFORMANCE, ()):
        points = operating_points(resource, platform.options.clock_rate)
        kept = usable(points)
        if len(kept.points) < len(points.points):
            report = SCP_LEVEL.warning if kept.points else SCP_LEVEL.error
            yield report(
                f"of the {len(points.points)} levels of {resource.name} SCP-firmware holds "
                f"{len(kept.points)}: a level of 0 ends its table, and rates go up to {MAX_RATE} "
                "Hz",
                _position(resource),
            )
        known = kept._replace(points=tuple(p for p in kept.points if p.voltage is not None))
        if same_voltage(known):
            report = SCP_SAME_VOLTAGE.error if product else SCP_SAME_VOLTAGE.warning
            yield report(
                f"levels of {resource.name} have one voltage in mV; SCP-firmware changes the rate "
                "only where the voltage changes"
                + ("" if product else ": the mock supply gets a millivolt more"),
                _position(resource),
                hint="give each point of the table a voltage of its own, by a millivolt at least",
            )


def _trip_points(platform: Platform) -> Iterator[Diagnostic]:
    """To end notifications of trip points, SCP-firmware writes to a place that is none of its."""
    sensors = platform.resources.get(Kind.SENSOR, ())
    if platform.options.trip_points and sensors:
        yield SCP_TRIP_POINTS.warning(
            "a SENSOR_TRIP_POINT_NOTIFY that ends notifications makes SCP-firmware write past a "
            "table, whoever sends it; any agent that may read a sensor can",
            _position(sensors[0]),
            hint="leave trip-points out of platform: where agents are not trusted",
        )
    elif not platform.options.trip_points:
        known = [(sensor, trip_points(platform, sensor)) for sensor in sensors]
        have = [(sensor, trips) for sensor, trips in known if trips]
        if have:
            yield SCP_TRIP_POINTS.note(
                f"{len(have)} sensors have trip points in the tree; they are left out, as "
                "SCP-firmware writes past a table when notifications of one end",
                _position(have[0][0]),
                _related((s.name, _position(s)) for s, _ in have),
                hint="platform: {trip-points: true} lets agents set them all the same",
            )
        return
    for sensor in sensors:
        count = len(trip_points(platform, sensor))
        if count > MAX_TRIP_POINTS:
            yield SCP_TRIP_POINTS.error(
                f"sensor {sensor.name} has {count} trip points; in SCP-firmware's attributes "
                f"there is room for {MAX_TRIP_POINTS}",
                _position(sensor),
            )


def _assumed(platform: Platform) -> Iterator[Diagnostic]:
    """A product must not run on what nobody knows: its operating points, which are in its tables.

    Rates of clocks and levels of supplies are in the tables of its drivers.
    """
    if platform.options.target is not Target.PRODUCT:
        return
    for resource in platform.resources.get(Kind.PERFORMANCE, ()):
        points, assumed = operating_points(resource, platform.options.clock_rate)
        missing = {
            *assumed,
            *("frequency" for point in points if not point.frequency),
            *("voltage" for point in points if point.voltage is None),
        }
        if missing:
            yield SCP_ASSUMED.error(
                f"the operating points of {resource.name} are assumed "
                f"({', '.join(sorted(missing))}); a product refuses them",
                _position(resource),
                hint="give the device an OPP table with opp-hz and opp-microvolt",
            )
