"""The numbers of a server by which its agents know its resources, in place of its own."""

from collections.abc import Mapping

from msgspec import structs

from scmigen.runtime import Numbering, Served, ServedResource
from scmigen.runtime.facts import renumbered
from scmigen.scmi.protocols import Kind


def by_ids(served: Served) -> Served:
    """The server with the ids of agents as the numbers of resources, where each resource has one id
    for all agents that have it; else the same server.

    Trees refer to ids; a firmware may have numbers of its own besides. What no agent has keeps its
    number, unless that is another's id: then it is left out.
    """
    if served.numbering is Numbering.SHARED:
        return served
    ids: dict[tuple[Kind, int], int] = {}
    owners: dict[tuple[Kind, int], int] = {}
    for agent in served.agents:
        for kind, grants in agent.grants.items():
            for grant in grants:
                first = ids.setdefault((kind, grant.resource), grant.id)
                if first != grant.id or owners.setdefault((kind, first), grant.resource) != (
                    grant.resource
                ):
                    return served
    resources = {
        kind: tuple(
            sorted(
                (
                    structs.replace(
                        one,
                        id=ids.get((kind, one.id), one.id),
                        parent=_above(ids, kind, one),
                        facts=renumbered(kind, one.facts, ids),
                    )
                    for one in found
                    if owners.get((kind, ids.get((kind, one.id), one.id)), one.id) == one.id
                ),
                key=lambda one: one.id,
            )
        )
        for kind, found in served.resources.items()
    }
    agents = tuple(
        structs.replace(
            agent,
            grants={
                kind: tuple(structs.replace(grant, resource=grant.id) for grant in grants)
                for kind, grants in agent.grants.items()
            },
        )
        for agent in served.agents
    )
    numbering = Numbering.SHARED
    return structs.replace(served, numbering=numbering, agents=agents, resources=resources)


def _above(ids: Mapping[tuple[Kind, int], int], kind: Kind, one: ServedResource) -> int | None:
    """The number of the power domain above."""
    return None if one.parent is None else ids.get((kind, one.parent), one.parent)
