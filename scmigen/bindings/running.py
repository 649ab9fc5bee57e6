"""The clocks of a running system, each with the resource of the tree that it is."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from scmigen.bindings.facts import ResourceKey
from scmigen.data import Data
from scmigen.diagnostics import Position
from scmigen.hints import TYPE_CHECKING

if TYPE_CHECKING:
    from scmigen.topology.listing import Listing


class RunningClock(Data):
    """A clock of a running system, and the resource of the tree that it is, if any is.

    ``parent`` and ``possible`` are indices into `Topology.clocks`. ``choices``: the resources that
    it may be, where there are several.
    """

    name: str
    position: Position
    parent: int | None
    possible: tuple[int, ...]
    enabled: bool | None
    key: ResourceKey | None = None
    choices: tuple[ResourceKey, ...] = ()


class Topology(Data, slots=False):
    """What feeds what: every clock of the listings, with the resource of the tree that it is."""

    listings: "tuple[Listing, ...]" = ()
    clocks: tuple[RunningClock, ...] = ()

    @cached_property
    def _by_key(self) -> Mapping[ResourceKey, tuple[int, ...]]:
        found: dict[ResourceKey, tuple[int, ...]] = {}
        for index, clock in enumerate(self.clocks):
            if clock.key is not None:
                found[clock.key] = (*found.get(clock.key, ()), index)
        return found

    @cached_property
    def _nearest(self) -> tuple[ResourceKey | None, ...]:
        """For each clock the resource that it is, or the nearest above it."""
        found: list[ResourceKey | None] = [None] * len(self.clocks)
        for index in self.downwards:
            clock = self.clocks[index]
            above = None if clock.parent is None else found[clock.parent]
            found[index] = clock.key or above
        return tuple(found)

    @cached_property
    def downwards(self) -> tuple[int, ...]:
        """The clocks by index, each parent before what it feeds."""
        below: dict[int | None, list[int]] = {}
        for index, clock in enumerate(self.clocks):
            below.setdefault(clock.parent, []).append(index)
        order = list(below.get(None, ()))
        for index in order:
            order.extend(below.get(index, ()))
        return tuple(order)

    @cached_property
    def _parents(self) -> Mapping[ResourceKey, ResourceKey]:
        found: dict[ResourceKey, ResourceKey] = {}
        for key, indices in self._by_key.items():
            for index in indices:
                parent = self.clocks[index].parent
                above = None if parent is None else self._nearest[parent]
                if above is not None and above != key:
                    found.setdefault(key, above)
        return found

    def parent(self, key: ResourceKey) -> ResourceKey | None:
        """What feeds a resource in the running system: of the tree's resources the nearest."""
        return self._parents.get(key)

    def above(self, key: ResourceKey) -> Iterator[ResourceKey]:
        """What feeds a resource, what feeds that, …; each once."""
        seen = {key}
        parent = self.parent(key)
        while parent is not None and parent not in seen:
            seen.add(parent)
            yield parent
            parent = self.parent(parent)

    def possible(self, key: ResourceKey) -> tuple[ResourceKey, ...]:
        """What a resource may be switched to: of the tree's resources the nearest of each."""
        found = (
            self._nearest[other]
            for index in self._by_key.get(key, ())
            for other in self.clocks[index].possible
        )
        return tuple(dict.fromkeys(one for one in found if one is not None and one != key))

    def clock(self, key: ResourceKey) -> RunningClock | None:
        """The clock that a resource is in the running system."""
        indices = self._by_key.get(key)
        return None if indices is None else self.clocks[indices[0]]


#: Where no running system is given.
NO_TOPOLOGY = Topology()
