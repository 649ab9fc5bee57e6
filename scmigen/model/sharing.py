"""Operations that do not aggregate, on resources that another agent uses too.

An agent that sets a rate, parent or level, or asserts a reset, decides for all agents that use the
resource, something the tree proves to be fed by it, or what a controller provides that it resets.
Only a declared owner may.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.consumers import is_assigned, is_assigned_parent
from scmigen.bindings.facts import Provider, ProviderClass, ResourceFacts, ResourceKey, Use
from scmigen.bindings.inventory import Inventory
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.model.scaling import Scaling
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: What is provided → of which inputs, if there are several, nobody knows which are for it.
ONE_OF = {Kind.CLOCK: Kind.CLOCK, Kind.POWER: Kind.RESET}


class Conflict(Data):
    """``operation`` on ``key`` is wanted by ``holders`` while ``users`` depend on it.

    ``users`` holds all agents with a use, the holders too; None is the platform itself.
    ``uses`` are examples for people: one or more of each agent.
    """

    key: ResourceKey
    operation: Operation
    holders: tuple[Agent, ...]
    users: tuple[Agent | None, ...]
    uses: tuple[tuple[Agent | None, Use | HandGrant], ...]


class Feeding:
    """Which resources change with which others, as the tree proves or a running system tells: those
    that feed them, those that one OPP table ties to them, the performance domains that set them,
    and the resets of their provider, or of the node that they are in it."""

    def __init__(
        self,
        inventory: Inventory,
        providers: Mapping[str, Provider],
        fed: Iterable[Use],
        scaling: Scaling,
    ) -> None:
        self._inventory = inventory
        self._tied = _tied(scaling)
        self._inputs: dict[str, set[ResourceKey]] = {}
        for use in fed:
            # What a provider sets of its own at boot is no input of it.
            own = use.key.provider == use.consumer.path
            if not (own and (is_assigned(use) or is_assigned_parent(use))):
                self._inputs.setdefault(use.consumer.path, set()).add(use.key)
        self._many = {
            path
            for path, inputs in self._inputs.items()
            if len([key for key in inputs if key.kind is Kind.CLOCK]) > 1
        }
        # Which of several clocks feeds one that is provided, nobody knows.
        self._certain = {
            path: [key for key in inputs if key.kind is not Kind.CLOCK or path not in self._many]
            for path, inputs in self._inputs.items()
        }
        # Nor which of the domains, or of the devices in one, each of several resets is for.
        self._gates = {
            path
            for path, inputs in self._inputs.items()
            if len([key for key in inputs if key.kind is Kind.RESET]) > 1
            and path in providers
            and Kind.POWER in providers[path].kinds
        }
        self._possible: dict[ResourceKey, dict[str, None]] = {}
        for path in sorted(self._many | self._gates):
            provider = providers.get(path)
            if provider is None or provider.category is not ProviderClass.MANAGED:
                continue
            for key in self._inputs[path]:
                unsure = self._gates if key.kind is Kind.RESET else self._many
                # What resets a reset controller may stop what that resets.
                ways = (key, *self.above(key)) if key.kind is Kind.RESET else (key,)
                for each in ways if path in unsure else ():
                    if each.provider != path:
                        self._possible.setdefault(each, {})[path] = None

    @property
    def mixed(self) -> Iterable[str]:
        """The paths of the providers of which `possible` tells."""
        return self._many | self._gates

    def above(self, key: ResourceKey) -> Iterable[ResourceKey]:
        """Every resource that ``key`` changes with: its parent, the parent of that, …"""
        return (path[-1] for path in self.paths(key)) if self.parents(key) else ()

    def paths(
        self, key: ResourceKey, *, perhaps: bool = False
    ) -> Iterator[tuple[ResourceKey, ...]]:
        """From ``key`` to every resource that it changes with, or may (``perhaps``), each by a way
        of its own."""
        seen = {key}
        stack: list[tuple[ResourceKey, ...]] = [(key,)]
        while stack:
            path = stack.pop()
            parents = self.parents(path[-1])
            for parent in chain(parents, self._perhaps(path[-1])) if perhaps else parents:
                if parent not in seen:
                    seen.add(parent)
                    stack.append((*path, parent))
                    yield stack[-1]

    def parents(self, key: ResourceKey) -> Sequence[ResourceKey]:
        """What ``key`` changes with, as far as nothing is between them."""
        found = [*self._tied.get(key, ())] if self._tied else []
        facts = self._inventory.facts.get(key)
        if facts is not None:
            runs_on = facts.parent, facts.power, facts.supply
            if any(runs_on):
                found += filter(None, runs_on[: 1 if key.kind is Kind.PERFORMANCE else None])
        running = self._inventory.topology.parent(key)
        if running is not None:
            found.append(running)
        if self._certain:
            inputs = self._certain.get(key.provider, ())
            found += [each for each in inputs if each.kind is key.kind and each != key]
            found += [each for each in self._resets(key) if each != key and each not in found]
        return found

    def _resets(self, key: ResourceKey) -> Iterator[ResourceKey]:
        """What stops all that its provider does, or the nested node that it is."""
        for path in places(key, self._inventory.facts.get(key)):
            is_unsure = key.kind is Kind.POWER and path in self._gates
            inputs = () if is_unsure else self._certain.get(path, ())
            yield from sorted(each for each in inputs if each.kind is Kind.RESET)

    def _perhaps(self, key: ResourceKey) -> Iterator[ResourceKey]:
        """The inputs of its provider, if there are several, so that each may feed it or not."""
        unsure = {Kind.CLOCK: self._many, Kind.POWER: self._gates}.get(key.kind, ())
        if key.provider in unsure:
            inputs = sorted(self._inputs[key.provider])
            kind = ONE_OF[key.kind]
            yield from (each for each in inputs if each.kind is kind and each != key)

    def is_certain(self, key: ResourceKey, parent: ResourceKey) -> bool:
        """Whether one changes with the other, and does not only may."""
        return parent in self.parents(key)

    def possible(self, key: ResourceKey) -> tuple[str, ...]:
        """The paths of providers with many inputs that may feed other agents from ``key``."""
        return tuple(self._possible.get(key, ()))


def places(key: ResourceKey, facts: ResourceFacts | None) -> tuple[str, ...]:
    """The provider of a resource, and the nested node that it is, if it is one."""
    where = facts.where if facts is not None else None
    if isinstance(where, Node) and where.path != key.provider:
        return key.provider, where.path
    return (key.provider,)


def _tied(scaling: Scaling) -> dict[ResourceKey, list[ResourceKey]]:
    """What OPP tables have change with each resource: the domains that set it, others that set one
    clock with it, which may be all that uses that, and what the same devices change with it."""
    found = {key: [*domains] for key, domains in scaling.setters.items()}
    rivals: dict[ResourceKey, set[ResourceKey]] = {}
    for key, domains in scaling.setters.items():
        # What several ask of a supply is united: it has the highest voltage of all.
        for domain in domains if key.kind is Kind.CLOCK else ():
            rivals.setdefault(domain, set()).update(domains)
    for key, others in rivals.items():
        found.setdefault(key, []).extend(sorted(others))
    for key, tied in scaling.together.items():
        found.setdefault(key, []).extend(tied)
    return found
