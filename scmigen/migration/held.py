"""What a platform keeps on, and has on at its start, as a description has it."""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.assignment.lookup import SWITCHED
from scmigen.assignment.words import spans
from scmigen.bindings.facts import ResourceFacts, ResourceKey
from scmigen.checks.served_view import place_of
from scmigen.diagnostics import Diagnostic, Position
from scmigen.migration.findings import IMPORT_LEFT
from scmigen.migration.joins import Join
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind

_Joins = Mapping[tuple[Kind, int], Join]


def to_keep_on(joins: _Joins, platforms: Iterable[Platform]) -> frozenset[ResourceKey]:
    """What the description's platform keeps on, and a board does not keep on yet."""
    facts = _facts(platforms)
    return frozenset(
        join.key
        for join in joins.values()
        if join.problem is None
        and join.kind in SWITCHED
        and _always(join)
        and not (join.key in facts and facts[join.key].always_on)
    )


def left_on(joins: _Joins, platforms: Iterable[Platform], where: Position) -> Iterator[Diagnostic]:
    """What is otherwise kept on, or on at the start, in a build: one warning for each kind."""
    facts = _facts(platforms)
    alike: dict[tuple[Kind, str], list[Join]] = {}
    for join in joins.values():
        if join.problem is None and join.key in facts:
            for message in _otherwise(join, facts[join.key]):
                alike.setdefault((join.kind, message), []).append(join)
    for (kind, message), found in alike.items():
        numbers = spans(sorted(join.number for join in found))
        position = place_of(found[0].resource.source, where)
        yield IMPORT_LEFT.warning(f"{kind} {numbers} {message}", position)


def _otherwise(join: Join, here: ResourceFacts) -> Iterator[str]:
    on = join.resource.on
    if on and not here.on:
        yield "on at the start: a build turns on what the tree says"
    if on is False and here.on:
        yield "off at the start: in a build on, for what the tree says needs it"
    if _always(join) is True and not here.always_on:
        yield "kept on by the platform; not so in a build"
    if _always(join) is False and here.always_on:
        yield "not kept on by the platform; in a build it is, for what depends on it"


def _always(join: Join) -> bool | None:
    """Whether the platform keeps a resource on; None: no one says."""
    said = join.resource.facts.get("always_on")
    return said if isinstance(said, bool) else None


def _facts(platforms: Iterable[Platform]) -> Mapping[ResourceKey, ResourceFacts]:
    return {
        resource.key: resource.facts
        for platform in platforms
        for found in platform.resources.values()
        for resource in found
    }
