"""The configuration of `scmigen.scmi.may`, as each who knows one tells it, and what each answers.

The compiler's is made from what it read (needs, devices, owners), never from its grants, so that
these are held against the definition. The others' is what they say.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from scmi_wire import (
    CLOCK,
    DENIED,
    NOT_FOUND,
    OFF,
    PERFORMANCE,
    POWER,
    RESET,
    SENSOR,
    VOLTAGE,
    Wire,
)

from scmigen import runtime
from scmigen.bindings.consumers import is_assigned, is_assigned_parent
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.model.ownership import device_of
from scmigen.model.platform import Model, Platform
from scmigen.scmi.may import Configuration, Device, Need, Opening, Operations, Resource, settle
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind
from scmigen.server import Server

#: Agent, resource → operations.
Allowed = dict[tuple[int, Resource], Operations]


def of_model(model: Model, platform: Platform) -> Configuration:
    """What the compiler has read of one platform, settled by the definition."""
    numbers: dict[ResourceKey, Resource] = {
        each.key: (each.kind, each.number)
        for found in platform.resources.values()
        for each in found
    }
    devices: dict[str, Device] = {}
    needs: list[Need] = []
    closure = model.findings.closure
    uses = [use for use in (*closure.needs, *closure.above) if use.key in numbers]
    parents: dict[tuple[object, int], list[Use]] = {}
    for use in filter(is_assigned_parent, uses):
        parents.setdefault((use.consumer, use.index), []).append(use)
    for use in uses:
        node, owner = device_of(model.owners, use.consumer), model.owners.of(use.consumer)
        name = node.path if node is not None else f"no device: {use.consumer.path}"
        ids = (frozenset(a.id for a in agents) for agents in (owner.agents, owner.assignable))
        devices[name] = Device(*ids, moves=node is not None)
        tied = is_assigned(use) and Operation.PARENT in use.needs
        group = [use, *(parents.get((use.consumer, use.index), ()) if tied else ())]
        for agent in owner.all_agents:
            wants = tuple(
                (numbers[each.key], model.drivers.of_agent(agent, each).needs)
                for each in group
                if model.owners.scmi_node_of_others(agent, each.key.provider) is None
            )
            if model.owners.scmi_node_of_others(agent, use.key.provider) is not None:
                continue
            if is_assigned_parent(use) and _is_tied(use, uses):
                continue
            needs.append(Need(agent.id, name, wants, is_assigned(use)))
    needs += _written(model, platform, numbers)
    owners = {
        numbers[each.key]: platform.agent(each.agent).id
        for each in platform.options.owners
        if each.key in numbers
    }
    return settle(devices, needs, owners)


def _is_tied(use: Use, uses: Iterable[Use]) -> bool:
    """Whether a parent is named for a clock that is to be set to it."""
    return any(
        is_assigned(each) and Operation.PARENT in each.needs
        for each in uses
        if (each.consumer, each.index) == (use.consumer, use.index)
    )


def _written(
    model: Model, platform: Platform, numbers: Mapping[ResourceKey, Resource]
) -> Iterator[Need]:
    """What the agents file grants, resource by resource or all of a kind."""
    for grant in model.assignment.grants:
        if grant.key in numbers:
            wants = ((numbers[grant.key], grant.operations),)
            yield Need(platform.agent(grant.agent).id, None, wants, whole=True)
    for whole in model.assignment.wholes:
        for key, resource in numbers.items():
            if key.kind is whole.kind and platform.holders(key):
                wants = ((resource, whole.operations),)
                yield Need(platform.agent(whole.agent).id, None, wants, whole=True)


def of_runtime(configuration: runtime.Runtime) -> Configuration:
    """What a runtime configuration says: what a device opens, as far as the grant goes."""
    names = {device.id: device.node or str(device.id) for device in configuration.devices}
    devices = {
        names[device.id]: Device(frozenset(device.agents), frozenset(device.assignable))
        for device in configuration.devices
    }
    granted = {
        (agent.id, (kind, grant.resource)): grant
        for agent in configuration.agents
        for kind, grants in agent.grants.items()
        for grant in grants
    }
    found: dict[tuple[int, Resource], list[Opening]] = {}
    for device in configuration.devices:
        for wanted in device.resources:
            for agent in {*device.agents, *device.assignable}:
                grant = granted.get((agent, (wanted.kind, wanted.id)))
                if grant is not None:
                    said = frozenset(wanted.operations or grant.operations)
                    said -= frozenset(wanted.withheld.get(agent, ()))
                    opening = Opening(names[device.id], said & frozenset(grant.operations))
                    found.setdefault((agent, (wanted.kind, wanted.id)), []).append(opening)
    for place, grant in granted.items():
        always = grant.by_hand if place in found else grant.operations
        found.setdefault(place, []).append(Opening(None, frozenset(always)))
    return Configuration(devices, {place: tuple(each) for place, each in found.items()})


def ever(known: Configuration) -> Allowed:
    """What a configuration opens to an agent with some device or without any."""
    found = {
        place: frozenset[Operation]().union(*(each.operations for each in openings))
        for place, openings in known.openings.items()
    }
    return {place: operations for place, operations in found.items() if operations}


def now_of(known: Configuration, holding: Iterable[tuple[int, str, Kind]]) -> Allowed:
    """What a configuration opens to agents with what they hold: `may`, all questions at once."""
    held = frozenset(holding)
    found = {
        (agent, resource): frozenset[Operation]().union(
            *(
                each.operations
                for each in openings
                if each.device is None or (agent, each.device, resource[0]) in held
            )
        )
        for (agent, resource), openings in known.openings.items()
    }
    return {place: operations for place, operations in found.items() if operations}


def by_grants(platform: Platform) -> tuple[Allowed, Allowed]:
    """What the compiler grants at boot, and ever."""
    boot, later = {}, {}
    for grant in platform.all_grants:
        place = grant.agent.id, (grant.kind, grant.resource.number)
        boot[place], later[place] = grant.boot, grant.operations
    return _some(boot), _some(later)


def _some(found: Mapping[tuple[int, Resource], Operations]) -> Allowed:
    return {place: operations for place, operations in found.items() if operations}


def by_map(platform: Platform, table: bytes) -> tuple[Allowed, Allowed]:
    """What ``permissions.csv`` has at boot, and ever: the latter in brackets."""
    boot, later = {}, {}
    agents = {agent.name: agent.id for agent in platform.agents}
    for row in csv.DictReader(io.StringIO(table.decode())):
        if row["number"]:
            resource = Kind(row["kind"]), int(row["number"])
            for name, number in agents.items():
                outside, inside = _brackets(row[name])
                boot[number, resource] = outside
                later[number, resource] = outside | inside
    return _some(boot), _some(later)


def _brackets(cell: str) -> tuple[Operations, Operations]:
    """The operations outside of brackets, and those inside."""
    words = cell.split()
    outside = frozenset(Operation(word) for word in words if not word.startswith("("))
    return outside, frozenset(Operation(word.strip("()")) for word in words) - outside


#: Kind and operation → a message that needs it and is not refused for another reason, with its
#: words; "id" stands for the number. Reading a power domain or a supply is told early, so
#: that agents are asked whether they may be notified.
_MESSAGES: Mapping[tuple[Kind, Operation], tuple[int, int, tuple[int | str, ...]]] = {
    (Kind.CLOCK, Operation.STATE): (CLOCK, 7, ("id", 0, 0)),
    (Kind.CLOCK, Operation.RATE): (CLOCK, 5, (0, "id", 100_000_000, 0)),
    (Kind.CLOCK, Operation.PARENT): (CLOCK, 0xD, ("id", "id")),
    (Kind.CLOCK, Operation.READ): (CLOCK, 6, ("id",)),
    (Kind.POWER, Operation.STATE): (POWER, 4, (0, "id", OFF)),
    (Kind.POWER, Operation.READ): (POWER, 6, ("id", 0)),
    (Kind.RESET, Operation.RESET): (RESET, 4, ("id", 0, 0)),
    (Kind.VOLTAGE, Operation.STATE): (VOLTAGE, 5, ("id", 0)),
    (Kind.VOLTAGE, Operation.LEVEL): (VOLTAGE, 7, ("id", 0, 1)),
    (Kind.VOLTAGE, Operation.READ): (VOLTAGE, 8, ("id",)),
    (Kind.PERFORMANCE, Operation.LEVEL): (PERFORMANCE, 7, ("id", 0)),
    (Kind.PERFORMANCE, Operation.LIMITS): (PERFORMANCE, 5, ("id", 0, 0)),
    (Kind.PERFORMANCE, Operation.READ): (PERFORMANCE, 6, ("id",)),
    (Kind.SENSOR, Operation.CONFIG): (SENSOR, 0xA, ("id", 0)),
    (Kind.SENSOR, Operation.READ): (SENSOR, 9, ("id",)),
}


class Served:
    """A server that is asked by messages."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._wires = {number: Wire(agent) for number, agent in server.agents.items()}
        self._ids = {
            (agent.id, (kind, grant.resource)): grant.id
            for agent in server.configuration.agents
            for kind, grants in agent.grants.items()
            for grant in grants
        }

    def allows(self, agent: int, operation: Operation, resource: Resource) -> bool:
        """Whether a message that needs the operation is not refused. A number that the agent does
        not have at all is sent as it is where numbers are the same for all, which no agent has."""
        kind, number = resource
        own = self._ids.get((agent, resource), number if self._shared else 0xFFFF)
        protocol, message, words = _MESSAGES[kind, operation]
        sent = (own if word == "id" else word for word in words)
        return self._wires[agent].status(protocol, message, *sent) not in (DENIED, NOT_FOUND)

    @property
    def _shared(self) -> bool:
        return self.server.configuration.numbering is runtime.Numbering.SHARED

    def is_told_early(self, agent: int, operation: Operation, resource: Resource) -> bool:
        """Whether an agent reads the state at boot of what it does not hold yet."""
        kind, number = resource
        return (
            (kind, operation) == (Kind.VOLTAGE, Operation.READ)
            and self.server.permissions.describable(agent, kind, number)
        )  # fmt: skip

    def give(self, holder: int, agent: int, device: int, kind: Kind, allow: bool) -> bool:
        """Whether a trusted agent can give a device to another one, or take it."""
        wire = self._wires[holder]
        return wire.status(0x10, 0xA, agent, device, kind.protocol, int(allow)) == 0


def questions(platform: runtime.Runtime) -> Iterator[tuple[int, Operation, Resource]]:
    """Every agent, operation and resource."""
    for agent in platform.agents:
        for kind in Kind:
            for resource in platform.resources(kind):
                for operation in OPERATIONS[kind]:
                    yield agent.id, operation, (kind, resource.id)


#: Message of SCP-firmware's older protocols → the kind and the operation that it needs. Its clocks
#: have no parents, and trip points of sensors may be left out.
_TABLES: Mapping[tuple[int, int], tuple[Kind, Operation]] = {
    (POWER, 4): (Kind.POWER, Operation.STATE),
    (POWER, 5): (Kind.POWER, Operation.READ),
    (PERFORMANCE, 5): (Kind.PERFORMANCE, Operation.LIMITS),
    (PERFORMANCE, 6): (Kind.PERFORMANCE, Operation.READ),
    (PERFORMANCE, 7): (Kind.PERFORMANCE, Operation.LEVEL),
    (CLOCK, 5): (Kind.CLOCK, Operation.RATE),
    (CLOCK, 6): (Kind.CLOCK, Operation.READ),
    (CLOCK, 7): (Kind.CLOCK, Operation.STATE),
    (SENSOR, 6): (Kind.SENSOR, Operation.READ),
    (RESET, 4): (Kind.RESET, Operation.RESET),
    (VOLTAGE, 5): (Kind.VOLTAGE, Operation.STATE),
    (VOLTAGE, 6): (Kind.VOLTAGE, Operation.READ),
    (VOLTAGE, 7): (Kind.VOLTAGE, Operation.LEVEL),
}


def in_tables(allowed: Allowed) -> Allowed:
    """The part that SCP-firmware has messages for."""
    known = set(_TABLES.values())
    found = {
        (agent, resource): frozenset(op for op in operations if (resource[0], op) in known)
        for (agent, resource), operations in allowed.items()
    }
    return _some(found)


def by_tables(lines: Iterable[str]) -> Allowed:
    """What the compiled tables of SCP-firmware let agents send, as their walker says it: an
    operation is open where its message is."""
    found: Allowed = {}
    for line in lines:
        word, *rest = line.split()
        if word == "message":
            agent, protocol, message, said = rest
            kind, operation = _TABLES.get((int(protocol, 16), int(message, 16)), (None, None))
            for number, letter in enumerate(said) if kind is not None else ():
                if letter == "y":
                    place = int(agent), (kind, number)
                    found[place] = found.get(place, frozenset()) | {operation}
    return found
