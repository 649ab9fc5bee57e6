"""What a page has of each agent: its protocols, and of each the ids with what is known of them."""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.data import Data
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.names import operations, origin_of, title_of
from scmigen.targets.common.values import (
    frequency_text,
    operating_points,
    rates_text,
    voltages_text,
)


class Row(Data):
    """A resource. ``origin`` is where it is in the tree; ``parents`` are those that it can have, by
    id where the agent has them. ``value``: rates, voltages or levels; empty if the tree has none.
    """

    id: int
    name: str
    origin: str
    devices: tuple[str, ...]
    parents: tuple[tuple[int | None, str], ...]
    value: str
    operations: str


class Table(Data):
    """The resources of a kind by id; ``value`` and ``parents`` are titles of columns, if any row
    has something there."""

    kind: Kind
    rows: tuple[Row, ...]
    value: str | None
    parents: str | None


class Section(Data):
    """The tables of an agent; ``None``: of what nobody may use."""

    agent: Agent | None
    tables: tuple[Table, ...]


#: What the values of a kind are called, and what is above a resource.
_VALUES: Mapping[Kind, str] = {
    Kind.CLOCK: "rates",
    Kind.VOLTAGE: "voltages",
    Kind.PERFORMANCE: "levels",
}
_PARENTS: Mapping[Kind, str] = {
    Kind.CLOCK: "parents",
    Kind.POWER: "parent",
    Kind.VOLTAGE: "supplied by",
}


def sections_of(platform: Platform) -> Iterator[Section]:
    """The agents by id, then what is nobody's."""
    for agent in sorted(platform.agents, key=lambda agent: agent.id):
        by_kind = {kind: platform.grants_of(agent, kind) for kind in Kind}
        tables = (
            _table(kind, (_granted(platform, grant) for grant in grants))
            for kind, grants in by_kind.items()
            if grants
        )
        yield Section(agent, tuple(tables))
    left = {
        kind: [r for r in found if not platform.holders(r.key)]
        for kind, found in platform.resources.items()
    }
    if any(left.values()):
        tables = (
            _table(kind, (_row(platform, resource, resource.number, None) for resource in found))
            for kind, found in left.items()
            if found
        )
        yield Section(None, tuple(tables))


def _table(kind: Kind, rows: Iterable[Row]) -> Table:
    found = tuple(sorted(rows, key=lambda row: row.id))
    return Table(
        kind,
        found,
        _VALUES.get(kind) if any(row.value for row in found) else None,
        _PARENTS.get(kind) if any(row.parents for row in found) else None,
    )


def _granted(platform: Platform, grant: Grant) -> Row:
    return _row(platform, grant.resource, grant.id, grant)


def _row(platform: Platform, resource: Resource, number: int, grant: Grant | None) -> Row:
    because = () if grant is None else grant.because
    devices = dict.fromkeys(why.consumer.name for why in because if isinstance(why, Use))
    parents = tuple(_parent(platform, grant, key) for key in _above(resource))
    return Row(
        number,
        resource.name,
        origin_of(platform, resource, to_the_line=True),
        tuple(devices),
        parents,
        _value(platform, resource),
        operations(grant),
    )


def _above(resource: Resource) -> tuple[ResourceKey, ...]:
    facts = resource.facts
    if resource.kind is Kind.CLOCK:
        return facts.parents
    return () if facts.parent is None else (facts.parent,)


def _parent(platform: Platform, grant: Grant | None, key: ResourceKey) -> tuple[int | None, str]:
    """The id that the agent has for a parent, or the number of what is nobody's; its name."""
    known = platform.resource(key)
    if known is None:
        return None, title_of(platform, key)
    if grant is None:
        return known.number, known.name
    own = platform.holders(key).get(grant.agent.id)
    return None if own is None else own.id, known.name


def _value(platform: Platform, resource: Resource) -> str:
    """What the tree, or somebody who knows, says of the values; nothing that is merely assumed."""
    facts = resource.facts
    if resource.kind is Kind.CLOCK:
        return rates_text(facts)
    if resource.kind is Kind.VOLTAGE:
        return voltages_text(facts)
    if resource.kind is Kind.PERFORMANCE and facts.points:
        points = operating_points(platform, resource).points
        return ", ".join(
            frequency_text(point.frequency * 1000) if point.frequency else f"level {point.level}"
            for point in points
        )
    return ""
