"""The resources of one platform: which ones it has, their numbers, names and facts."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from scmigen.bindings.consumers import is_assigned
from scmigen.bindings.facts import ProviderClass, ResourceFacts, ResourceKey, ScmiInstance, Use
from scmigen.bindings.identity import scmi_protocol
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.model.boot_state import boot_state
from scmigen.model.decisions import Decisions
from scmigen.model.identifiers import Ids, Scheme
from scmigen.model.naming import propose, unique
from scmigen.model.platform import Resource
from scmigen.model.resource_facts import known_facts
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind


def served(decided: Decisions) -> list[tuple[ScmiInstance | None, list[ResourceKey]]]:
    """The platforms by their instance, and the resources of each: what is granted, names an SCMI
    node, is declared, or is withheld from all agents that have a use of it."""
    wanted = dict.fromkeys(key for _, key in decided.granted.drafts)
    for key in _withheld(decided):
        if decided.providers[key.provider].category is ProviderClass.MANAGED:
            wanted.setdefault(key)
    protocol = decided.inventory.references.once(scmi_protocol)
    for use in (*decided.closure.fed, *decided.closure.own):
        node = decided.inventory.tree.node(use.key.provider)
        if node is not None and protocol(node) is not None:
            wanted.setdefault(use.key)
    wanted.update(dict.fromkeys(kept.key for kept in decided.assignment.options.always_on))
    wanted.update(dict.fromkeys(element.key for element in decided.assignment.options.elements))
    instances = decided.inventory.instances
    found: dict[str, list[ResourceKey]] = {instance.node.path: [] for instance in instances}
    for key in wanted:
        found.setdefault(_instance_of(key, found), []).append(key)
    if not instances:
        return [(None, found.get("", []))]
    return [(instance, found[instance.node.path]) for instance in instances]


def _withheld(decided: Decisions) -> Iterator[ResourceKey]:
    """What devices of agents name and may not have: what CPUs have a domain for, and clocks whose
    parent has no id, or that are only assigned what is denied. It keeps its number."""
    of = decided.owners.of
    yield from (use.key for use in decided.closure.taken if of(use.consumer).all_agents)
    yield from (use.key for use in decided.closure.unnamed)
    yield from (denied.key for denied in decided.granted.denied if is_assigned(denied.use))


def _instance_of(key: ResourceKey, instances: Mapping[str, object]) -> str:
    """The path of the SCMI instance that serves a resource: the first one unless another one names
    it; empty where there is none."""
    above = key.provider.rpartition("/")[0]
    while above and above not in instances:
        above = above.rpartition("/")[0]
    return above or next(iter(instances), "")


def fixed_numbers(
    decided: Decisions, numbering: Numbering, keys: Iterable[ResourceKey]
) -> dict[ResourceKey, int]:
    """The numbers that are fixed: those of declared elements, the cells of SCMI specifiers and,
    where numbers are the same for all agents, those in a server description."""
    found = {}
    declared = {element.key: element.number for element in decided.assignment.options.elements}
    described = {}
    if numbering is Numbering.SHARED:
        for grant in reversed(decided.assignment.grants):
            if grant.number is not None:
                described[grant.key] = grant.number
    protocol = decided.inventory.references.once(scmi_protocol)
    for key in keys:
        node = decided.inventory.tree.node(key.provider)
        if node is not None and key.cells and protocol(node) is not None:
            found[key] = key.cells[0]
        elif key in described or key in declared:
            found[key] = described[key] if key in described else declared[key]
    return found


def numbered_resources(
    decided: Decisions, numbers: Mapping[ResourceKey, int], scheme: Scheme, platform: str
) -> dict[Kind, tuple[Resource, ...]]:
    """The resources with their numbers, in ascending order, each with its name and facts."""
    known = known_facts(decided, numbers)
    facts = {key: item.facts for key, item in known.items()}
    state = boot_state(decided, {**decided.inventory.facts, **facts}, facts)
    found: dict[Kind, tuple[Resource, ...]] = {}
    tree = decided.inventory.tree
    names = _Names(decided, scheme, platform)
    elements = {element.key: element for element in decided.assignment.options.elements}
    by_kind: dict[Kind, list[ResourceKey]] = {kind: [] for kind in Kind}
    for key in numbers:
        by_kind[key.kind].append(key)
    for kind, keys in by_kind.items():
        keys.sort(key=numbers.__getitem__)
        numbered = {key: numbers[key] for key in keys}
        given = names.of(kind, numbered, facts)
        found[kind] = tuple(
            Resource(
                key,
                number,
                *given[number],
                _node(tree, key),
                state.of(key, (item := known[key]).facts),
                item.assumed,
                elements.get(key) if elements else None,
            )
            for key, number in numbered.items()
        )
    return found


class _Names:
    """Names the resources of one platform; names in the lock stay."""

    def __init__(self, decided: Decisions, scheme: Scheme, platform: str) -> None:
        self._references = decided.inventory.references
        self._locked: Ids = scheme.names(platform)
        self._repack = scheme.repack
        elements = decided.assignment.options.elements
        self._described = {g.key: g.name for g in reversed(decided.assignment.grants) if g.name}
        self._described |= {element.key: element.name for element in elements if element.name}
        self._uses: dict[ResourceKey, list[Use]] = {}
        closure = decided.closure
        for use in chain(closure.needs, closure.own, closure.fed):
            known = self._uses.get(use.key)
            if known is None:
                self._uses[use.key] = [use]
            else:
                known.append(use)

    def of(
        self,
        kind: Kind,
        numbers: Mapping[ResourceKey, int],
        facts: Mapping[ResourceKey, ResourceFacts],
    ) -> dict[int, tuple[str, str]]:
        """Number → (full name, short name) of the resources of one kind."""
        used = set(numbers.values())
        taken = {
            numbers.get(key, locked.number): locked.name
            for key, locked in self._locked.resources.items()
            if key.kind is kind and key not in self._described
            if key in numbers or not (self._repack or locked.number in used)
        }
        return unique(((n, self._proposed(k, facts[k])) for k, n in numbers.items()), taken)

    def _proposed(self, key: ResourceKey, facts: ResourceFacts) -> str:
        """The name that is declared or in a server description, else the best that the tree has."""
        if self._described and key in self._described:
            facts = replace(facts, names=(self._described[key], *facts.names))
        return propose(self._references, key, facts, self._uses.get(key, ()))


def _node(tree: DeviceTree, key: ResourceKey) -> Node:
    node = tree.node(key.provider)
    assert node is not None
    return node
