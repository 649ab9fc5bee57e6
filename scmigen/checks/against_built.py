"""A board as a build of it would be served, beside what the description of a server says.

Resources are paired by the numbers that agents of both have for them; what no agent has, by its
place in the tree, or by its number where both sides number alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.served_view import View, place_of
from scmigen.checks.words import resource_name
from scmigen.data import Data, replace
from scmigen.diagnostics import Diagnostic, Position
from scmigen.hints import Any
from scmigen.model.platform import Platform, Resource
from scmigen.runtime import Numbering, Runtime, Served, ServedResource, served_of
from scmigen.runtime.facts import fields_of, normal, renumbered_value
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: What makes the configuration of a platform, which is more than checks can do.
Build = Callable[[Platform], Runtime]
#: The agents of a platform, with what the server shows them.
Pairs = Sequence[tuple[Agent, View]]
_Number = tuple[Kind, int]


class Built(Data):
    """What a build of a platform would serve, in the form of a description. ``assumed``: what of
    each resource the tree does not say."""

    served: Served
    assumed: Mapping[_Number, tuple[str, ...]]


def built_of(runtime: Runtime) -> Built:
    """What such a configuration serves."""
    assumed = {(kind, one.id): one.assumed for kind in Kind for one in runtime.resources(kind)}
    return Built(served_of(runtime), assumed)


class Both(Data):
    """A resource that both sides have: ``mine`` is what a build says of it, ``id`` what the first
    agent calls it, ``agents`` all that have it, ``position`` where the description has it.
    ``resource``: that of the model, which does not have what only ``platform.extra`` adds."""

    kind: Kind
    resource: Resource | None
    id: int
    mine: ServedResource
    theirs: ServedResource
    position: Position
    agents: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What the resource is called in a list of such, as for a subject."""
        return resource_name(ResourceKey(self.kind, self.mine.node, self.mine.cells))

    @property
    def place(self) -> Position | None:
        """Where the tree has it."""
        one = self.resource
        return None if one is None else one.facts.position or one.node.position

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.mine.name})"


class Difference(NamedTuple):
    """A fact of a resource that is one thing ``here``, in a build, and another ``there``."""

    both: Both
    name: str
    here: Any
    there: Any


def about(item: Diagnostic, found: Sequence[Both]) -> Diagnostic:
    """A diagnostic that is about these resources, and the agents that have them."""
    agents = dict.fromkeys(name for each in found for name in each.agents)
    return item.about([each.word for each in found], agents=list(agents))


def paired(
    platform: Platform, built: Built, server: Served, pairs: Pairs, file: str
) -> tuple[Both, ...]:
    """What is on both sides, each once, whatever number of agents has it."""
    mine = {(kind, one.id): one for kind, found in _resources(built) for one in found}
    known = {(r.kind, r.number): r for found in platform.resources.values() for r in found}

    def both(place: _Number, number: int, theirs: ServedResource, at: Position) -> Both:
        assumed = built.assumed.get(place, ())
        one = known.get(place)
        return Both(place[0], one, number, mine[place], theirs, at, assumed=assumed)

    grants = {agent.id: agent.grants for agent in built.served.agents}
    held: dict[tuple[_Number, int], Both] = {}
    for agent, view in pairs:
        for kind, rows in grants.get(agent.id, {}).items():
            for grant in rows:
                row = view.rows.get((kind, grant.id))
                if row is None:
                    continue
                key = ((kind, grant.resource), row.resource.id)
                one = held.get(key) or both(key[0], grant.id, row.resource, row.place)
                held[key] = replace(one, agents=(*one.agents, agent.name))
    found = list(held.values())
    for place, other in _unheld(built, server, found):
        found.append(both(place, place[1], other, place_of(other.source, Position(file))))
    return tuple(found)


def _resources(built: Built) -> Iterable[tuple[Kind, Sequence[ServedResource]]]:
    return built.served.resources.items()


def _unheld(
    built: Built, server: Served, held: Sequence[Both]
) -> Iterator[tuple[_Number, ServedResource]]:
    """What no agent has on both sides: by its place in the tree, or by its number."""
    mine = {(each.kind, each.mine.id) for each in held}
    theirs = {(each.kind, each.theirs.id) for each in held}
    alike = Numbering.PER_AGENT not in (built.served.numbering, server.numbering)
    for kind, resources in _resources(built):
        left = [one for one in server.resources.get(kind, ()) if (kind, one.id) not in theirs]
        by_place = {(one.node, one.cells): one for one in left if one.node}
        by_number = {one.id: one for one in left} if alike else {}
        for one in resources:
            if (kind, one.id) not in mine:
                other = by_place.get((one.node, one.cells)) or by_number.get(one.id)
                if other is not None:
                    yield (kind, one.id), other


def differences(found: Sequence[Both]) -> Iterator[Difference]:
    """The facts that the description has of resources, where those of a build are others. Numbers
    of other resources are those of a build, as far as both sides have them."""
    numbers = {(each.kind, each.theirs.id): each.mine.id for each in found}
    for each in found:
        here = facts_with_parent(each.kind, each.mine)
        for name, value in facts_with_parent(each.kind, each.theirs).items():
            there = renumbered_value(each.kind, name, normal(each.kind, name, value), numbers)
            if there != here.get(name):
                yield Difference(each, name, here.get(name), there)


def facts_with_parent(kind: Kind, one: ServedResource) -> Mapping[str, Any]:
    """All facts that are told of a resource, whichever key has them."""
    has_parent = one.parent is not None and "parent" in fields_of(kind)
    return {**one.facts, "parent": one.parent} if has_parent else one.facts
