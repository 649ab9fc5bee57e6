"""What a server lets its agents do, without what its resources are worth.

Every description of a server that is held against a board becomes this form: a configuration that
somebody wrote by hand, a dump of a live server, a trace. None of them need say a rate or a voltage.
`served_of` takes it from a runtime configuration. Keys ``source`` say where a thing is written
(``file:line`` or ``file:line:column``).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, field

from scmigen.runtime.facts import facts_of, problems
from scmigen.runtime.reading import from_json
from scmigen.runtime.schema import (
    Agent,
    Device,
    Name,
    Number,
    PerformanceDomain,
    Resource,
    Runtime,
    Strict,
    Transport,
    Word,
)
from scmigen.runtime.served_facts import (
    MAX_SERVICES,
    ServedLevel,
    ServedLevels,
    ServedService,
    ServedVendor,
)
from scmigen.runtime.words import (
    MAX_AGENTS,
    ConfigurationError,
    Numbering,
    PowerUnit,
    Role,
    SystemPower,
    Voting,
)
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import KINDS, Kind, Profile
from scmigen.version import format_of, format_problem

#: The longest name of a resource: longer than any that a message can carry.
MAX_NAME = 255
#: The most tables of operating points of which a domain has one.
MAX_TABLES = 64
#: The release that an agent speaks of which nothing is said.
NEWEST = Profile.V3_2
#: The kinds of which agents have votes, in the bundled server.
_VOTED = tuple(kind for kind in Kind if KINDS[kind].voted)
#: The value of ``format``.
GRANTS_FORMAT = format_of("grants")


class ServedResource(Strict, frozen=True, kw_only=True):
    """A resource. ``id`` is the server's own number, ``name`` what it reports, empty if that is
    not known. ``node`` and ``cells`` are those of the device tree, where the description has
    them. ``own``: the server has it for itself.

    None where they are not known: ``parent``, the number of the power domain above, and ``on``,
    whether the server turns it on when it starts. ``levels`` are the operating points of a
    performance domain; of several tables one is used, by what is known at run time. ``facts``: what
    else is known of it, as a runtime configuration has it (`scmigen.runtime.facts`).
    """

    described: ClassVar[str] = (
        "A resource: ``id`` is the server's own number, ``name`` what it reports, if that is "
        "known; ``node`` and ``cells`` those of a device tree. One that only a grant names need "
        "not be here. ``parent``: the number of the power domain above; ``on``: whether the "
        "server turns it on when it starts; ``levels``: the operating points of a performance "
        "domain, of several tables one by what is known at run time; ``facts``: what else is known "
        "of it, with the keys and units that runtime.json has for its kind."
    )
    id: Number
    name: Annotated[str, Meta(max_length=MAX_NAME)] = ""
    node: str = ""
    cells: tuple[Word, ...] = ()
    own: bool = False
    parent: Number | None = None
    on: bool | None = None
    levels: Annotated[tuple[ServedLevels, ...], Meta(max_length=MAX_TABLES)] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    source: str | None = None


class ServedGrant(Strict, frozen=True, kw_only=True):
    """What an agent may do with the ``resource`` that it knows by ``id``.

    ``unchecked``: operations that the server has and lets every agent use, whatever is configured.
    ``unknown``: operations of which the description does not tell whether they are allowed.
    ``by_hand``: those that hold whatever devices the agent is given or denied at run time, None
    where that is not known.
    """

    described: ClassVar[str] = (
        "What an agent may do with the resource ``resource``, which it knows by ``id``. "
        "``unchecked``: operations that the server lets every agent use; ``unknown``: those of "
        "which this does not tell; ``by_hand``: those that hold whatever devices the agent is "
        "given or denied at run time, if that is known. ``source``: ``file:line`` or "
        "``file:line:column``."
    )
    id: Number
    resource: Number
    operations: tuple[Operation, ...] = ()
    unchecked: tuple[Operation, ...] = ()
    unknown: tuple[Operation, ...] = ()
    by_hand: tuple[Operation, ...] | None = None
    source: str | None = None


class ServedAgent(Strict, frozen=True, kw_only=True):
    """An agent: ``id`` from 1 on; ``role``, ``profile``, ``transport``, ``permissions`` and
    ``system_power`` where they are known.

    ``kinds``: what the description says anything about for this agent; those of the server unless
    given. None: it has the agent, and does not know what that may do. ``complete``: as for the
    server, which has it for the agents that do not say.
    """

    described: ClassVar[str] = (
        "An agent: ids from 1. ``kinds``: those that this is about for the agent, if they are "
        "not those of the whole; with none, nothing is known of what it may do. ``complete`` "
        "likewise. ``role``, ``profile``, ``transport``, ``permissions`` and ``system_power`` "
        "where they are known."
    )
    id: Annotated[int, Meta(ge=1, le=MAX_AGENTS)]
    name: Name
    role: Role | None = None
    profile: Profile | None = None
    transport: Transport | None = None
    permissions: bool | None = None
    system_power: SystemPower | None = None
    kinds: tuple[Kind, ...] | None = None
    complete: bool | None = None
    grants: dict[Kind, tuple[ServedGrant, ...]] = field(default_factory=dict)
    source: str | None = None


class Served(Strict, frozen=True, kw_only=True):
    """What one server serves.

    ``kinds`` are those that the description is about: of other kinds it says nothing. Where it is
    not ``complete``, as a trace, an id that it does not have may still be served. A grant whose
    resource is not among ``resources`` is for one of which nothing but the number is known.
    ``momentary``: it shows what agents may do at one time, not what they may be given later.
    ``all_devices``: there are no others than ``devices``, even where there is none.
    ``outputs``: options of an output, as agents files have them, with which that writes what no
    grant holds. ``vendor``, ``services`` and ``votes``, by kind, are told where they are known, and
    so are ``facts`` of the platform, as a runtime configuration has them (`scmigen.runtime.facts`).
    """

    described: ClassVar[str] = (
        "What one server lets its agents do. ``kinds``: those that this is about, all of them "
        "by default; of others it says nothing. ``complete``: whether it has every id that is "
        "served; a trace has only those that somebody asked for. ``all_devices``: there are no "
        "others than ``devices``, even where there is none. ``momentary``: it shows what "
        "agents may do at one time, and not what they may be given later. ``votes``: what it "
        "makes of requests of several agents for one resource, by kind, where that is known: "
        "each has a vote (``counted``), or the ``last`` request holds. ``facts``: what else is "
        "known of the platform, with the keys and units of runtime.json."
    )
    format: Annotated[str, Meta(extra_json_schema={"enum": [GRANTS_FORMAT]})] = GRANTS_FORMAT
    name: str
    numbering: Numbering = Numbering.SHARED
    kinds: tuple[Kind, ...] = tuple(Kind)
    complete: bool = True
    momentary: bool = False
    agents: tuple[ServedAgent, ...]
    resources: dict[Kind, tuple[ServedResource, ...]] = field(default_factory=dict)
    devices: tuple[Device, ...] = ()
    all_devices: bool = False
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    vendor: ServedVendor | None = None
    services: Annotated[tuple[ServedService, ...], Meta(max_length=MAX_SERVICES)] = ()
    votes: dict[Kind, Voting] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def kinds_of(self, agent: ServedAgent) -> tuple[Kind, ...]:
        """The kinds that the description is about for one agent."""
        return self.kinds if agent.kinds is None else agent.kinds

    def is_complete(self, agent: ServedAgent) -> bool:
        """Whether the description has all that one agent is served, of the kinds it is about."""
        return self.complete if agent.complete is None else agent.complete


class FaultyError(ConfigurationError):
    """A fault, and the way to it from the top: keys and indices."""

    def __init__(self, message: str, *way: str | int) -> None:
        super().__init__(message)
        self.way = way


#: Where the grants of a server are written: agent, kind and id → ``file:line:column``.
GrantPlaces = Mapping[tuple[int, Kind, int], str]


def served_of(
    runtime: Runtime,
    places: GrantPlaces | None = None,
    agents: Mapping[int, str] | None = None,
) -> Served:
    """What a runtime configuration lets its agents do; ``places`` are those of its grants,
    ``agents`` those of its agents, by id."""
    known = places or {}
    by_agent = agents or {}
    return Served(
        name=runtime.name,
        numbering=runtime.numbering,
        agents=tuple(
            ServedAgent(
                id=agent.id,
                name=agent.name,
                role=agent.role,
                profile=agent.profile or NEWEST,
                transport=agent.transport,
                permissions=agent.permissions,
                system_power=_system_power(agent),
                grants={
                    kind: tuple(
                        ServedGrant(
                            id=one.id,
                            resource=one.resource,
                            operations=one.operations,
                            by_hand=one.by_hand,
                            source=known.get((agent.id, kind, one.id)),
                        )
                        for one in grants
                    )
                    for kind, grants in agent.grants.items()
                },
                source=by_agent.get(agent.id),
            )
            for agent in runtime.agents
        ),
        resources=_resources(runtime),
        devices=runtime.devices,
        all_devices=True,
        vendor=ServedVendor(
            vendor=runtime.vendor,
            sub_vendor=runtime.sub_vendor,
            version=runtime.implementation_version,
        ),
        votes=dict.fromkeys(_VOTED, Voting.COUNTED),
        facts=facts_of(None, runtime),
    )


def _system_power(agent: Agent) -> SystemPower:
    if agent.system_power:
        return SystemPower.SET
    return SystemPower.TOLD if agent.system_power_told else SystemPower.NONE


def _resources(runtime: Runtime) -> dict[Kind, tuple[ServedResource, ...]]:
    return {
        kind: tuple(_resource(kind, one, runtime.performance_power) for one in found)
        for kind in Kind
        if (found := runtime.resources(kind))
    }


def _resource(kind: Kind, one: Resource, unit: PowerUnit) -> ServedResource:
    """A resource with all that is said of it; ``unit`` is that of the power of operating points."""
    facts = facts_of(kind, one)
    parent = facts.get("parent") if kind is not Kind.CLOCK else None
    if parent is not None:
        del facts["parent"]
    return ServedResource(
        id=one.id,
        name=one.name,
        node=one.node,
        cells=one.cells,
        parent=parent,
        on=getattr(one, "enabled", None),
        levels=(_levels(one, unit),) if isinstance(one, PerformanceDomain) else (),
        facts=facts,
    )


def _levels(domain: PerformanceDomain, unit: PowerUnit) -> ServedLevels:
    return ServedLevels(
        levels=tuple(
            ServedLevel(
                level=one.level,
                frequency=one.frequency * 1000,
                voltage=one.voltage,
                power=one.power * (1000 if unit is PowerUnit.MILLIWATT else 1),
                latency=one.latency,
            )
            for one in domain.levels
        ),
        sustained=domain.sustained,
        abstract=unit is PowerUnit.ABSTRACT,
    )


def encode_served(served: Served) -> bytes:
    """The JSON of a description: indented, keys in the order of the schema."""
    said = {"format": served.format, **msgspec.to_builtins(served)}
    return msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"


def decode_served(data: bytes) -> Served:
    """A description from its JSON. Raises `ConfigurationError`; it may have a ``way``, which leads
    to what is wrong."""
    said = from_json(data, _Format, what="a description of a server")
    problem = format_problem("grants", said.format)
    if problem is not None:
        raise FaultyError("; ".join(problem), "format")
    served: Served = from_json(data, Served, what="a description of a server")
    for fault in _faults(served):
        raise fault
    return served


class _Format(msgspec.Struct):
    format: str


def _faults(served: Served) -> Iterator[FaultyError]:
    """What occurs twice, operations that a kind does not have, and places of what is not there."""
    for kind, resources in served.resources.items():
        yield from _twice(f"{kind}", [one.id for one in resources], "resources", kind)
        for place, one in enumerate(resources):
            for name, wrong in problems(kind, one.facts):
                message = f"{kind} {one.id}: {wrong}"
                yield FaultyError(message, "resources", kind, place, "facts", name)
            for index, table in enumerate(one.levels):
                if table.sustained is not None and table.sustained >= len(table.levels):
                    message = f"{kind} {one.id} has no level {table.sustained} to sustain"
                    yield FaultyError(message, "resources", kind, place, "levels", index)
    for name, wrong in problems(None, served.facts):
        yield FaultyError(wrong, "facts", name)
    yield from _services(served)
    yield from _twice("device", [device.id for device in served.devices], "devices")
    yield from _twice("device", [device.node for device in served.devices], "devices")
    yield from _twice("agent id", [agent.id for agent in served.agents], "agents")
    yield from _twice("agent", [agent.name for agent in served.agents], "agents")
    for index, agent in enumerate(served.agents):
        for kind, grants in agent.grants.items():
            way = ("agents", index, "grants", kind)
            numbers = [grant.id for grant in grants]
            yield from _twice(f"{agent.name} has {kind}", numbers, *way)
            for place, grant in enumerate(grants):
                none = _operation(kind, grant)
                if none is not None:
                    yield FaultyError(f"{agent.name}: {kind} {grant.id}: {none}", *way, place)


def _services(served: Served) -> Iterator[FaultyError]:
    """Channels of no agent, and those that name no channel for what agents are told."""
    known = {agent.id for agent in served.agents}
    for place, one in enumerate(served.services):
        if one.agent not in known:
            yield FaultyError(f"service {place} is of agent {one.agent}", "services", place)
        if one.by is not None and one.by >= len(served.services):
            yield FaultyError(f"there is no service {one.by}", "services", place)


def _twice(what: str, found: Sequence[int | str], *way: str | int) -> Iterator[FaultyError]:
    seen: set[int | str] = set()
    for index, one in enumerate(found):
        if one in seen:
            yield FaultyError(f"{what} {one} twice", *way, index)
        seen.add(one)


def _operation(kind: Kind, grant: ServedGrant) -> str | None:
    """What is wrong with the operations of a grant."""
    said = (*grant.operations, *grant.unchecked, *grant.unknown)
    for operation in (*said, *(grant.by_hand or ())):
        if operation not in OPERATIONS[kind]:
            known = ", ".join(OPERATIONS[kind])
            return f"a {kind} has no operation {operation}; it has {known}"
    if len(set(said)) != len(said):
        return "an operation is said twice"
    return None
