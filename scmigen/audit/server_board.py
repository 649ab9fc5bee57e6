"""``optee,scmi-server``: the description that a tree has of its own server."""

from collections.abc import Mapping, Sequence

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.optee import read_server
from scmigen.assignment.said import AgentSaid
from scmigen.audit.base import Audit
from scmigen.bindings.board import compatible_of
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.scmi_nodes import describes_server
from scmigen.devicetree.tree import DeviceTree
from scmigen.runtime import (
    Numbering,
    Served,
    ServedAgent,
    ServedGrant,
    ServedResource,
    Transport,
)
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind

#: The kinds that such a description can be about.
KINDS = (Kind.POWER, Kind.PERFORMANCE, Kind.CLOCK, Kind.SENSOR, Kind.RESET, Kind.VOLTAGE)

#: The server's own number of each resource.
_Numbers = Mapping[ResourceKey, int]


def served_by_tree(tree: DeviceTree) -> Audit | None:
    """What the ``optee,scmi-server`` nodes of a tree describe, if there are such; problems are its
    diagnostics. Numbers are the ids of agents where all have the same."""
    if not describes_server(tree):
        return None
    said, problems = read_server(tree, alone=False)
    grants = [grant for grant in said.grants if grant.number is not None]
    shared = _shared(grants)
    numbers = shared if shared is not None else _dense(grants)
    served = Served(
        name=compatible_of(tree) or tree.file,
        numbering=Numbering.SHARED if shared is not None else Numbering.PER_AGENT,
        kinds=KINDS,
        agents=tuple(
            _agent(agent, [grant for grant in grants if grant.agent == agent.name], numbers)
            for agent in sorted(said.agents, key=_id)
        ),
        resources=_resources(grants, numbers),
    )
    return Audit(served, problems, tuple(tree.files))


def _shared(grants: Sequence[HandGrant]) -> _Numbers | None:
    """The numbers of resources, where no resource has two and no number two resources."""
    found: dict[ResourceKey, int] = {}
    owner: dict[tuple[Kind, int], ResourceKey] = {}
    for grant in grants:
        number = grant.number or 0
        first = owner.setdefault((grant.key.kind, number), grant.key)
        if first != grant.key or found.setdefault(grant.key, number) != number:
            return None
    return found


def _dense(grants: Sequence[HandGrant]) -> _Numbers:
    """Numbers from 0 for each kind, where agents have ids of their own."""
    found: dict[ResourceKey, int] = {}
    counts: dict[Kind, int] = {}
    for grant in grants:
        if grant.key not in found:
            found[grant.key] = counts.setdefault(grant.key.kind, 0)
            counts[grant.key.kind] += 1
    return found


def _resources(
    grants: Sequence[HandGrant], numbers: _Numbers
) -> dict[Kind, tuple[ServedResource, ...]]:
    found: dict[Kind, dict[int, ServedResource]] = {}
    for grant in grants:
        key = grant.key
        one = ServedResource(
            id=numbers[key],
            name=grant.name or "",
            node=key.provider,
            cells=key.cells,
            source=str(grant.position),
        )
        found.setdefault(key.kind, {}).setdefault(numbers[key], one)
    return {kind: tuple(each[n] for n in sorted(each)) for kind, each in found.items()}


def _id(agent: AgentSaid) -> int:
    return agent.id.value if agent.id is not None else 0


def _agent(agent: AgentSaid, grants: Sequence[HandGrant], numbers: _Numbers) -> ServedAgent:
    found: dict[Kind, list[ServedGrant]] = {}
    for grant in sorted(grants, key=lambda each: each.number or 0):
        kind = grant.key.kind
        found.setdefault(kind, []).append(
            ServedGrant(
                id=grant.number or 0,
                resource=numbers[grant.key],
                operations=ordered(kind, grant.operations),
                source=str(grant.position),
            )
        )
    return ServedAgent(
        id=_id(agent),
        name=agent.name,
        transport=_transport(agent),
        grants={kind: tuple(rows) for kind, rows in found.items()},
        source=None if agent.position is None else str(agent.position),
    )


def _transport(agent: AgentSaid) -> Transport | None:
    if agent.transport is None:
        return None
    return Transport(
        type=agent.transport.value,
        smc_id=agent.smc_id.value if agent.smc_id is not None else None,
        shmem=agent.shmem.value.text if agent.shmem is not None else None,
        channel=agent.channel.value if agent.channel is not None else None,
    )
