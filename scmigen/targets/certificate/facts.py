"""What a platform's resources are called in a certificate, and how they depend on each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from scmigen.bindings.facts import ResourceKey, Use
from scmigen.diagnostics import Position
from scmigen.escape import clingo
from scmigen.model.boot_state import Dependencies, dependencies, own_uses
from scmigen.model.decisions import Decisions
from scmigen.model.extra_grants import Added, added
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.operations import OPERATIONS, Operation

Pair = tuple[str, str]


def can_switch(key: ResourceKey) -> bool:
    """Whether resources of that kind can be turned on and off."""
    return Operation.STATE in OPERATIONS[key.kind]


class Facts:
    """The terms of a platform's resources, and the facts of their dependencies."""

    def __init__(self, platform: Platform) -> None:
        if platform.decided is None:
            raise ValueError("the platform does not tell what it was made from")
        self.platform = platform
        self.decided: Decisions = platform.decided
        self._keys: dict[str, ResourceKey] = {}

    def at(self, position: Position | None) -> str:
        """A position as text of clingo; empty if it is not known."""
        return clingo(self.platform.place(position)) if position is not None else ""

    def term(self, key: ResourceKey) -> str:
        """``clock(12)``; ``other("clock /cc 3")`` for what the platform does not serve."""
        found = self.platform.resource(key)
        if found is None:
            term = f'other("{key.kind} {clingo(str(key))}")'
        else:
            term = f"{key.kind}({found.number})"
        self._keys[term] = key
        return term

    def key(self, term: str) -> ResourceKey | None:
        """What a term stands for, of those that were made; none for a protocol as a whole."""
        return self._keys.get(term)

    def serves(self, key: ResourceKey) -> bool:
        """Whether the platform serves a resource."""
        return self.platform.resource(key) is not None

    def resources(self) -> Iterator[tuple[str, str, str]]:
        """Term, name and place in the tree of each resource."""
        for each in self._resources():
            yield self.term(each.key), clingo(each.name), clingo(str(each.key))

    def owners(self) -> Iterator[tuple[str, int, str]]:
        """Who decides on what, and where that is said; of what devices use, or anybody may."""
        for each in self.platform.options.owners:
            if self.serves(each.key) or each.key in self.used:
                agent = self.platform.agent(each.agent).id
                yield self.term(each.key), agent, self.at(each.position)

    def keeps(self) -> Iterator[tuple[str, str, str]]:
        """What the tree, or the user, says is always on, and where."""
        for key, known in self.decided.inventory.facts.items():
            if known.always_on and self.serves(key) and can_switch(key):
                yield self.term(key), "in the tree", self.at(known.position)
        for kept in self.decided.assignment.options.always_on:
            if self.serves(kept.key):
                yield self.term(kept.key), "platform.always-on", self.at(kept.position)

    @cached_property
    def added(self) -> Added:
        """What ``platform.extra`` allows besides."""
        return added(self.platform)

    @cached_property
    def own(self) -> tuple[Use, ...]:
        """What devices of the platform use."""
        return tuple(own_uses(self.decided.closure, self.decided.owners))

    @cached_property
    def needs(self) -> tuple[Use, ...]:
        """What agents' devices use; of what nobody is allowed anything on, too, as who depends on
        that depends on what feeds it."""
        return (*self.decided.closure.needs, *self.decided.closure.above)

    @cached_property
    def used(self) -> Mapping[ResourceKey, None]:
        """The resources that anything uses."""
        return dict.fromkeys(use.key for use in (*self.needs, *self.own))

    @cached_property
    def feeds(self) -> tuple[Pair, ...]:
        """(above, below): what is done to the first is done to the second, as the tree proves."""
        return self._edges(self.decided.feeding.parents, (*self._served(), *self.used))

    @cached_property
    def carries(self) -> tuple[Pair, ...]:
        """(above, below): the second is on, or works, only while the first is on."""
        return self._edges(self._dependencies.above, (*self._served(), *self.used))

    def places(self, key: ResourceKey) -> tuple[str, ...]:
        """The provider of a resource, and the nested node that it is, if it is one."""
        return self._dependencies.places(key)

    @cached_property
    def _dependencies(self) -> Dependencies:
        decided = self.decided
        facts = dict(decided.inventory.facts)
        facts.update((each.key, each.facts) for each in self._resources())
        return dependencies(decided.inventory, decided.closure, facts)

    def nobody(self) -> Iterator[str]:
        """The terms of what the platform does not serve."""
        edges = (term for pair in (*self.feeds, *self.carries) for term in pair)
        terms = (*map(self.term, self.used), *edges)
        yield from dict.fromkeys(term for term in terms if term.startswith("other("))

    def may_feed(self) -> Iterator[Pair]:
        """(above, provider) of providers with many inputs, which serve several agents."""
        users: dict[str, set[int]] = {}
        for grant in self.platform.all_grants:
            users.setdefault(grant.resource.key.provider, set()).add(grant.agent.id)
        for more in self.added.grants:
            users.setdefault(more.key.provider, set()).add(self.platform.agent(more.agent).id)
        for denied in self.decided.granted.denied:
            users.setdefault(denied.key.provider, set()).add(denied.agent.id)
        for key in self._served():
            holders = self.platform.holders(key).keys()
            for path in self.decided.feeding.possible(key):
                if users.get(path, set()) - holders:
                    yield self.term(key), clingo(path)

    def _resources(self) -> Iterator[Resource]:
        return (each for found in self.platform.resources.values() for each in found)

    def _served(self) -> list[ResourceKey]:
        return [each.key for each in self._resources()]

    def _edges(
        self,
        above: Callable[[ResourceKey], Iterable[ResourceKey]],
        keys: Iterable[ResourceKey],
    ) -> tuple[Pair, ...]:
        """The edges above ``keys``, through what the platform does not serve, too."""
        found: dict[Pair, None] = {}
        seen = set(keys)
        stack = list(seen)
        while stack:
            key = stack.pop()
            for parent in above(key):
                if parent != key:
                    found[self.term(parent), self.term(key)] = None
                if parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
        return tuple(sorted(found))
