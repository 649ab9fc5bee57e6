"""The runtime configuration of a platform: what the bundled server has to know."""

from collections.abc import Callable, Mapping
from functools import cached_property

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.assignment.settle_platform import VENDOR
from scmigen.bindings.board import compatible_of
from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.diagnostics import Position
from scmigen.hints import TYPE_CHECKING
from scmigen.model.platform import Device, Grant, Platform, Resource
from scmigen.model.protocol_grants import Right
from scmigen.runtime import FORMAT, Numbering, PowerUnit, SystemPower
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.base import Options
from scmigen.targets.common.names import written
from scmigen.targets.common.values import (
    MAX_LATENCY,
    clock_rates,
    operating_points,
    own_number,
    trip_points,
    voltage_levels,
)
from scmigen.targets.options import options_in
from scmigen.targets.runtime.rows import Row, as_json, as_rows, as_structs

if TYPE_CHECKING:
    from scmigen.runtime import Runtime


class RuntimeOptions(Options, slots=False):
    """The options of the runtime configuration."""

    #: Whether agents can set the trip points of their sensors.
    trip_points: bool = False

    @cached_property
    def made(self) -> Callable[[Platform], Row]:
        """`configuration_of` with these options; what it made last is kept, since checks and files
        are of the same."""
        last: list[tuple[Platform, Row]] = []

        def of(platform: Platform) -> Row:
            if not last or last[0][0] is not platform:
                last[:] = [(platform, configuration_of(platform, self))]
            return last[0][1]

        return of


def to_runtime(platform: Platform, options: RuntimeOptions | None = None) -> "Runtime":
    """The configuration of a platform, overlaid with ``platform.extra`` of the agents file.

    ``options``: those of the agents file, unless given. The overlay applies to the platform of the
    tree's first SCMI instance only. Raises `ConfigurationError` where it does not fit.
    """
    made: Runtime = as_structs(configuration_of(platform, options))
    return made


def configuration_of(platform: Platform, options: RuntimeOptions | None = None) -> Row:
    """The same as plain data."""
    extra, instances = platform.options.extra, platform.inventory.instances
    said = options or options_in(platform.options.outputs, "runtime", RuntimeOptions)
    configuration = _configuration(platform, said)
    if extra is None or platform.instance not in (None, *instances[:1]):
        return configuration
    from scmigen.runtime import decode, overlay

    merged: Row = as_rows(decode(overlay(as_json(configuration).encode(), extra.json)))
    return merged


def _configuration(platform: Platform, options: RuntimeOptions) -> Row:
    """The part of the configuration that comes from the tree."""
    found = platform.resources
    domains = tuple(_performance(platform, r) for r in found[Kind.PERFORMANCE])
    known = any(level.get("power") for domain in domains for level in domain["levels"])
    numbering, vendor = platform.numbering, platform.options.vendor
    in_devices = frozenset(use.consumer.path for each in platform.devices for use in each.uses)
    name = compatible_of(platform.inventory.tree) or platform.name
    return (
        Row("Runtime", format=FORMAT, name=name)
        .also(**({} if vendor == VENDOR else {"vendor": vendor}))
        .but(
            sub_vendor=platform.options.sub_vendor,
            system_power_grace=platform.options.grace or None,
            numbering=None if numbering is Numbering.SHARED else numbering,
        )
        .also(agents=tuple(_agent(platform, agent, in_devices) for agent in platform.agents))
        .but(
            clocks=tuple(_clock(platform, r) for r in found[Kind.CLOCK]),
            power_domains=tuple(_power(platform, r) for r in found[Kind.POWER]),
            reset_domains=tuple(_resource("ResetDomain", platform, r) for r in found[Kind.RESET]),
            voltage_domains=tuple(_voltage(platform, r) for r in found[Kind.VOLTAGE]),
            performance_domains=domains,
            sensors=tuple(_sensor(platform, r, options) for r in found[Kind.SENSOR]),
            devices=_devices(platform),
            performance_power=PowerUnit.MICROWATT if known else PowerUnit.ABSTRACT,
        )
    )


def _source(platform: Platform, position: Position | None) -> str | None:
    return platform.place(position) if position is not None and position.line else None


def _resource(struct: str, platform: Platform, resource: Resource, *assumed: str) -> Row:
    """What all resources have."""
    return Row(
        struct,
        id=resource.number,
        name=resource.name,
        node=resource.key.provider,
    ).but(
        cells=resource.key.cells,
        assumed=tuple(dict.fromkeys((*resource.assumed, *assumed))),
        source=_source(platform, resource.facts.position),
        labels=tuple(resource.node.labels),
        macro=written(platform, resource),
    )


def _served(platform: Platform, key: ResourceKey | None) -> Resource | None:
    """The nearest power domain or supply at or above ``key`` that the platform serves."""
    seen: set[ResourceKey] = set()
    while key is not None and key not in seen:
        found = platform.resource(key)
        if found is not None:
            return found
        seen.add(key)
        facts = platform.inventory.facts.get(key)
        key = facts.parent if facts is not None else None
    return None


def _number(platform: Platform, key: ResourceKey | None) -> int | None:
    """The number of the nearest power domain or supply at or above ``key``."""
    found = _served(platform, key)
    return None if found is None else found.number


def _gate(platform: Platform, resource: Resource, key: ResourceKey | None) -> int | None:
    """The number of what ``resource`` runs on; none where that is left to the platform, for an
    agent that has the one cannot turn on the other."""
    gate = _served(platform, key)
    if gate is None:
        return None
    switches = {
        agent
        for agent, grant in platform.holders(gate.key).items()
        if Operation.STATE in grant.operations
    }
    reached = gate.facts.always_on or switches.issuperset(platform.holders(resource.key))
    return gate.number if reached else None


def _clock(platform: Platform, resource: Resource) -> Row:
    rates, boot, _, step = clock_rates(platform, resource)
    if step is not None:
        rates = (rates[0], rates[-1])
    parents = [platform.resource(key) for key in resource.facts.parents]
    numbers = tuple(sorted(parent.number for parent in parents if parent is not None))
    return (
        _resource("Clock", platform, resource)
        .also(rates=rates, rate=boot)
        .but(
            parents=numbers,
            parent=_parent_at_boot(platform, resource, numbers),
            enabled=resource.facts.on,
            always_on=resource.facts.always_on,
            step=step,
            power=_gate(platform, resource, resource.facts.power),
            supply=_gate(platform, resource, resource.facts.supply),
        )
    )


def _parent_at_boot(platform: Platform, resource: Resource, numbers: tuple[int, ...]) -> int | None:
    """The parent that the tree asks for, else that of the running system, else the first one."""
    topology, told = platform.inventory.topology, platform.inventory.facts.get(resource.key)
    asked = () if told is None else told.parents
    running = topology.parent(resource.key)
    found = [platform.resource(key) for key in asked or (() if running is None else (running,))]
    of_boot = sorted(each.number for each in found if each is not None)
    return next(iter((*of_boot, *numbers)), None)


def _power(platform: Platform, resource: Resource) -> Row:
    return _resource("PowerDomain", platform, resource).but(
        parent=_number(platform, resource.facts.parent),
        enabled=resource.facts.on,
        always_on=resource.facts.always_on,
        latency=resource.facts.latency or None,
        supply=_gate(platform, resource, resource.facts.supply),
    )


def _voltage(platform: Platform, resource: Resource) -> Row:
    levels, boot, assumed, step = voltage_levels(platform, resource)
    if step is not None:
        levels = (levels[0], levels[-1])
    return (
        _resource("VoltageDomain", platform, resource, *assumed)
        .also(levels=levels, level=boot)
        .but(
            enabled=resource.facts.on,
            always_on=resource.facts.always_on,
            step=step,
            latency=resource.facts.latency or None,
            parent=_number(platform, resource.facts.parent),
        )
    )


def _sensor(platform: Platform, resource: Resource, options: RuntimeOptions) -> Row:
    """A sensor; where agents can set trip points, it has at least one, as in SCP-firmware."""
    count = len(trip_points(platform, resource)) or 1 if options.trip_points else 0
    return _resource("Sensor", platform, resource).but(trip_points=min(count, 0xFF) or None)


def _performance(platform: Platform, resource: Resource) -> Row:
    known = operating_points(platform, resource)
    points, assumed = known
    levels = tuple(
        Row("PerformanceLevel", level=point.level, frequency=point.frequency).but(
            voltage=point.voltage,
            power=point.power or None,
            latency=min(point.latency, MAX_LATENCY) or None,
        )
        for point in points
    )
    return (
        _resource("PerformanceDomain", platform, resource, *assumed)
        .also(levels=levels)
        .but(
            sustained=known.sustained or None,
            clock=own_number(platform, resource.facts.clock),
            supply=own_number(platform, resource.facts.supply),
        )
    )


def _agent(platform: Platform, agent: Agent, in_devices: frozenset[str]) -> Row:
    grants = {
        kind: tuple(
            _grant(platform, grant, in_devices) for grant in platform.grants_of(agent, kind)
        )
        for kind in Kind
        if platform.grants_of(agent, kind)
    }
    return Row("Agent", id=agent.id, name=agent.name, role=agent.role).but(
        profile=agent.profile,
        permissions=platform.has_right(agent, Right.PERMISSIONS),
        system_power=agent.system_power is SystemPower.SET,
        system_power_told=agent.system_power is SystemPower.TOLD,
        transport=_transport(agent),
        grants=grants,
    )


def _transport(agent: Agent) -> Row | None:
    said = agent.transport
    if said is None:
        return None
    row = Row("Transport", type=said.type)
    return row.but(smc_id=said.smc_id, shmem=said.shmem, channel=said.channel)


def _grant(platform: Platform, grant: Grant, in_devices: frozenset[str]) -> Row:
    kind = grant.resource.kind
    lasting: set[Operation] = set()
    for why in grant.because:
        if isinstance(why, HandGrant):
            lasting |= why.operations
        elif why.consumer.path not in in_devices:
            lasting |= why.needs
    return Row(
        "Grant",
        id=grant.id,
        resource=grant.resource.number,
        operations=ordered(kind, grant.operations),
    ).but(
        by_hand=ordered(kind, lasting & grant.operations),
        because={
            operation: tuple(_because(platform, need) for need in needs)
            for operation, needs in grant.by_drivers.items()
        },
    )


def _because(platform: Platform, need: DriverNeed) -> Row:
    """Who says what a driver does; a file that a user named is without its folder."""
    table = need.table.rpartition("/")[2]
    return Row("Because", table=table, certainty=need.certainty).but(
        source=need.source,
        reason=need.reason,
        position=_source(platform, need.position),
    )


#: Agent and resource → path of a node → what its uses need of the resource.
_Needs = Mapping[tuple[int, ResourceKey], Mapping[str, frozenset[Operation]]]


def _devices(platform: Platform) -> tuple[Row, ...]:
    needs: dict[tuple[int, ResourceKey], dict[str, frozenset[Operation]]] = {}
    for grant in platform.all_grants:
        of_it = needs.setdefault((grant.agent.id, grant.resource.key), {})
        for why in grant.because:
            if isinstance(why, Use):
                path = why.consumer.path
                of_it[path] = of_it[path] | why.needs if path in of_it else why.needs
    return tuple(_device(platform, device, needs) for device in platform.devices)


def _device(platform: Platform, device: Device, by_node: _Needs) -> Row:
    needs: dict[tuple[Kind, int], set[Operation]] = {}
    for use in device.uses:
        resource = platform.resource(use.key)
        if resource is not None:
            needs.setdefault((resource.kind, resource.number), set()).update(use.needs)
    opened = _opened(platform, device, by_node)
    return Row(
        "Device",
        id=device.number or 0,
        name=device.name,
        node=device.node.path,
        agents=tuple(agent.id for agent in device.agents),
    ).but(
        assignable=tuple(agent.id for agent in device.assignable),
        resources=tuple(
            Row("DeviceResource", kind=kind, id=number).but(
                operations=ordered(kind, operations),
                withheld={
                    agent: ordered(kind, more)
                    for agent, (own, granted) in opened.get((kind, number), {}).items()
                    if (more := operations & granted - own)
                },
            )
            for (kind, number), operations in sorted(needs.items(), key=lambda item: item[0])
        ),
        source=_source(platform, device.node.position),
        labels=tuple(device.node.labels),
    )


def _opened(
    platform: Platform, device: Device, by_node: _Needs
) -> Mapping[tuple[Kind, int], Mapping[int, tuple[frozenset[Operation], frozenset[Operation]]]]:
    """What a device opens to each of its agents on its resources, and what the agent is granted
    there, by whatever."""
    parts = {use.consumer.path for use in device.uses}
    found: dict[tuple[Kind, int], dict[int, tuple[frozenset[Operation], frozenset[Operation]]]] = {}
    for key in dict.fromkeys(use.key for use in device.uses):
        for agent in (*device.agents, *device.assignable):
            grant = platform.holders(key).get(agent.id)
            if grant is not None:
                needs = by_node[agent.id, key]
                own = (needs[path] for path in parts if path in needs)
                place = grant.kind, grant.resource.number
                opened = frozenset[Operation]().union(*own)
                found.setdefault(place, {})[agent.id] = opened, grant.operations
    return found
