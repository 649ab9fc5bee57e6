"""What must hold in a runtime configuration beyond the types of its fields."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from scmigen.hints import Protocol
from scmigen.runtime.schema import Clock, Resource, Runtime, VoltageDomain
from scmigen.runtime.words import ConfigurationError
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind


class _Descendant(Protocol):
    """A resource that may be below another one of its kind."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def parent(self) -> int | None: ...


def _ascending(ids: Sequence[int]) -> bool:
    return all(first < second for first, second in pairwise(ids))


def _check_agents(runtime: Runtime, numbers: Mapping[Kind, set[int]]) -> None:
    agents = [agent.id for agent in runtime.agents]
    if agents != list(range(1, len(agents) + 1)):
        raise ConfigurationError("agent ids are not 1, 2, 3, …")
    if len({agent.name for agent in runtime.agents}) != len(agents):
        raise ConfigurationError("two agents have one name")
    for agent in runtime.agents:
        for kind, grants in agent.grants.items():
            if not _ascending([grant.id for grant in grants]):
                raise ConfigurationError(
                    f"{kind} grants of {agent.name} are not in ascending order"
                )
            if len({grant.resource for grant in grants}) != len(grants):
                raise ConfigurationError(f"{agent.name} is granted one {kind} twice")
            for grant in grants:
                if grant.resource not in numbers[kind]:
                    raise ConfigurationError(
                        f"{agent.name} is granted {kind} {grant.resource}: no such"
                    )
                who = f"{agent.name} is granted {kind} {grant.resource}"
                _check_operations(who, kind, (*grant.operations, *grant.by_hand))


def _check_operations(who: str, kind: Kind, operations: Sequence[Operation]) -> None:
    for operation in operations:
        if operation not in OPERATIONS[kind]:
            known = ", ".join(OPERATIONS[kind])
            raise ConfigurationError(f"{who} with {operation}; its operations: {known}")


def _check_devices(runtime: Runtime, numbers: Mapping[Kind, set[int]]) -> None:
    if not _ascending([device.id for device in runtime.devices]):
        raise ConfigurationError("devices are not in ascending order of their ids")
    for device in runtime.devices:
        for agent in (*device.agents, *device.assignable):
            if not 1 <= agent <= len(runtime.agents):
                raise ConfigurationError(f"device {device.name} names agent {agent}: no such")
        for wanted in device.resources:
            if wanted.id not in numbers[wanted.kind]:
                raise ConfigurationError(
                    f"device {device.name} names {wanted.kind} {wanted.id}: no such"
                )
            who = f"device {device.name} names {wanted.kind} {wanted.id}"
            _check_operations(who, wanted.kind, wanted.operations)
            for agent, operations in wanted.withheld.items():
                if agent > len(runtime.agents):
                    raise ConfigurationError(f"{who} and agent {agent}: no such")
                _check_operations(who, wanted.kind, operations)


def _check_clocks(runtime: Runtime, numbers: set[int]) -> None:
    for clock in runtime.clocks:
        if not _ascending(clock.rates):
            raise ConfigurationError(f"rates of clock {clock.name} are not in ascending order")
        if not numbers.issuperset(clock.parents):
            raise ConfigurationError(f"clock {clock.name} has a parent that is not a clock")
        if clock.parent is not None and clock.parent not in clock.parents:
            raise ConfigurationError(f"the parent of clock {clock.name} is none of its parents")


def _check_ancestors(what: str, resources: Sequence[_Descendant]) -> None:
    """Every parent exists, and no resource is its own ancestor."""
    parents = {item.id: item.parent for item in resources}
    sound: set[int] = set()
    for item in resources:
        path: list[int] = []
        on_path: set[int] = set()
        at: int | None = item.id
        while at is not None and at not in sound:
            if at not in parents:
                raise ConfigurationError(f"{what} {item.name} is below {at}: no such")
            if at in on_path:
                raise ConfigurationError(f"{what} {item.name} is its own ancestor")
            path.append(at)
            on_path.add(at)
            at = parents[at]
        sound.update(path)


def _check_levels(runtime: Runtime) -> None:
    for supply in runtime.voltage_domains:
        if not _ascending(supply.levels):
            raise ConfigurationError(f"levels of {supply.name} are not in ascending order")
    for domain in runtime.performance_domains:
        if not _ascending([level.level for level in domain.levels]):
            raise ConfigurationError(f"levels of {domain.name} are not in ascending order")
        if domain.levels and domain.sustained >= len(domain.levels):
            raise ConfigurationError(f"the sustained level of {domain.name} is none of its levels")


def _check_links(runtime: Runtime, numbers: Mapping[Kind, set[int]]) -> None:
    """What a resource depends on is there."""
    links: list[tuple[Resource, Kind, int | None]] = []
    for clock in runtime.clocks:
        links.append((clock, Kind.POWER, clock.power))
        links.append((clock, Kind.VOLTAGE, clock.supply))
    links.extend((item, Kind.VOLTAGE, item.supply) for item in runtime.power_domains)
    for scaled in runtime.performance_domains:
        links.append((scaled, Kind.CLOCK, scaled.clock))
        links.append((scaled, Kind.VOLTAGE, scaled.supply))
    for resource, kind, number in links:
        if number is not None and number not in numbers[kind]:
            raise ConfigurationError(f"{resource.name} depends on {kind} {number}: no such")
    _check_steps(runtime)


def _check_steps(runtime: Runtime) -> None:
    ranges: list[tuple[Clock | VoltageDomain, tuple[int, ...]]] = []
    ranges.extend((clock, clock.rates) for clock in runtime.clocks)
    ranges.extend((supply, supply.levels) for supply in runtime.voltage_domains)
    for item, ends in ranges:
        if item.step is not None and (len(ends) != 2 or item.step <= 0):
            raise ConfigurationError(f"{item.name} has a step, but not a lowest and a highest")


def _check_sensors(runtime: Runtime) -> None:
    for sensor in runtime.sensors:
        width = len(sensor.axes) or 1
        if any(len(reading) != width for reading in sensor.readings):
            raise ConfigurationError(f"a reading of {sensor.name} has not {width} values")
        if sensor.segmented and len(sensor.intervals) != 3:
            raise ConfigurationError(
                f"intervals of {sensor.name} are not the shortest, the longest and the step"
            )


def _check_powercaps(runtime: Runtime) -> None:
    for domain in runtime.powercaps:
        caps = (domain.minimum_cap, domain.maximum_cap if domain.cap is None else domain.cap)
        pais = (domain.minimum_pai, domain.minimum_pai if domain.pai is None else domain.pai)
        if not caps[0] <= caps[1] <= domain.maximum_cap:
            raise ConfigurationError(f"the cap of {domain.name} is not within its limits")
        cais = (domain.minimum_cai, domain.minimum_cai if domain.cai is None else domain.cai)
        if not pais[0] <= pais[1] <= domain.maximum_pai or not (
            cais[0] <= cais[1] <= domain.maximum_cai
        ):
            raise ConfigurationError(f"an interval of {domain.name} is not within its limits")


def _check_telemetry(runtime: Runtime) -> None:
    numbers = [item.element for item in runtime.telemetry]
    if len(set(numbers)) != len(numbers):
        raise ConfigurationError("two elements of telemetry have one number")


def _check_pins(runtime: Runtime, numbers: set[int]) -> None:
    for group in runtime.pin_groups:
        if not group.pins or not numbers.issuperset(group.pins):
            raise ConfigurationError(f"pin group {group.name} has no pins, or one that is none")
    for function in runtime.pin_functions:
        if any(number >= len(runtime.pin_groups) for number in function.groups):
            raise ConfigurationError(f"pin function {function.name} has a group that is none")


def check(runtime: Runtime) -> None:
    """Check that every reference has its target and that no id occurs twice."""
    numbers: dict[Kind, set[int]] = {}
    for kind in Kind:
        ids = [resource.id for resource in runtime.resources(kind)]
        if not _ascending(ids):
            raise ConfigurationError(f"{kind} resources are not in ascending order of their ids")
        numbers[kind] = set(ids)
    _check_agents(runtime, numbers)
    _check_devices(runtime, numbers)
    _check_clocks(runtime, numbers[Kind.CLOCK])
    _check_ancestors("power domain", runtime.power_domains)
    _check_ancestors("supply", runtime.voltage_domains)
    _check_ancestors("power cap", runtime.powercaps)
    _check_levels(runtime)
    _check_links(runtime, numbers)
    _check_sensors(runtime)
    _check_powercaps(runtime)
    _check_pins(runtime, numbers[Kind.PIN])
    _check_telemetry(runtime)
