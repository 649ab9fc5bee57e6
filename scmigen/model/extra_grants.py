"""What ``platform.extra`` allows agents, as far as it is about what the platform has.

It is written in numbers of the runtime configuration, which there are only once all is decided.
"""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.assignment.assignment import Agent, Extra, HandGrant, mapping_in
from scmigen.data import Data, replace
from scmigen.hints import Any
from scmigen.model.decisions import Decisions
from scmigen.model.grants import Granted, grant
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind

#: The keys of an agent that are no rights of its own.
_NO_RIGHTS = frozenset({"grants", "transport", "profile"})
#: The keys of a resource that say what it depends on, and which one it is.
_DEPENDS = frozenset(
    {"id", "node", "cells", "parents", "parent", "power", "supply", "clock", "always_on"}
)


class Added(Data):
    """Explicit grants of what the model does not allow; and the names of the agents that may get
    other rights, or rights on what no tree has, or by dependences that are changed."""

    grants: tuple[HandGrant, ...] = ()
    unknown: frozenset[str] = frozenset()


_NOTHING = Added()


def added(platform: Platform) -> Added:
    """What ``platform.extra`` allows; of a board with several platforms it is about the first. What
    does not fit the configuration is an error of its own, and nothing here."""
    extra = platform.options.extra
    if extra is None or platform.instance not in (None, *platform.inventory.instances[:1]):
        return _NOTHING
    said = extra.read()
    agents = mapping_in(said.get("agents"))
    moved = "devices" in said or _depends_otherwise(platform, said)
    grants: list[HandGrant] = []
    unknown = set()
    for agent in platform.agents:
        row = mapping_in(agents.get(agent.name))
        rows = tuple(_rows(row))
        found = (_more(platform, extra, agent, *each) for each in rows)
        known = [each for each in found if each is not None]
        grants += (each for each in known if each.operations)
        if moved or row.keys() - _NO_RIGHTS or len(known) < len(rows):
            unknown.add(agent.name)
    return Added(tuple(grants), frozenset(unknown))


def granted_with(decided: Decisions, platforms: Iterable[Platform]) -> Granted:
    """What is granted with that, and what cannot be settled then."""
    grants = [each for platform in platforms for each in added(platform).grants]
    if not grants:
        return decided.granted
    assignment = replace(decided.assignment, grants=(*decided.assignment.grants, *grants))
    return grant(assignment, decided.owners, decided.drivers, decided.closure, decided.feeding)


def _more(
    platform: Platform, extra: Extra, agent: Agent, kind: str, row: object
) -> HandGrant | None:
    """What a grant allows and the model does not; None if it is on nothing that the model has."""
    said = mapping_in(row)
    resource = _resource(platform, kind, said.get("resource"))
    if resource is None:
        return None
    words = said.get("operations")
    wanted = {str(each) for each in words} if isinstance(words, list) else set()
    known = platform.holders(resource.key).get(agent.id)
    operations = frozenset(each for each in OPERATIONS[resource.kind] if each.value in wanted)
    return HandGrant(
        agent.name,
        resource.key,
        operations - (known.operations if known is not None else frozenset[Operation]()),
        extra.position,
        by_number=True,
        by_extra=True,
    )


def _resource(platform: Platform, kind: str, number: object) -> Resource | None:
    of_kind = platform.resources.get(Kind(kind), ()) if kind in tuple(Kind) else ()
    return next((each for each in of_kind if each.number == number), None)


def _rows(agent: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for kind, rows in mapping_in(agent.get("grants")).items():
        if isinstance(rows, list):
            yield from ((kind, row) for row in rows)
        else:
            yield kind, rows


def _depends_otherwise(platform: Platform, said: Mapping[str, Any]) -> bool:
    """Whether resources of the model, or those of its numbers, depend on others than in it."""
    names = {each.name for of in platform.resources.values() for each in of}
    return any(
        name in names and _DEPENDS & mapping_in(row).keys()
        for key, rows in said.items()
        if key != "agents"
        for name, row in mapping_in(rows).items()
    )
