"""Clocks, power domains and supplies as trees, as far as the device tree, or what a running system
tells, says what feeds what."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from scmigen.bindings.describe import fixed_rate
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import key_of
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.hints import Final
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.names import title_of, titles
from scmigen.targets.common.values import frequency_text, rates_text, voltages_text

#: Kinds whose resources feed one another.
KINDS: Final = (Kind.CLOCK, Kind.POWER, Kind.VOLTAGE)

#: A clock, power domain or supply, or the provider at a path.
_Thing = ResourceKey | str


class TreeNode(Data):
    """What feeds or is fed: a resource of the platform, another of that kind, or a provider.

    ``name`` is for people and ``source`` says where it is: label or path, with cells.
    ``value_text`` has its rates or voltages for people, and is empty if none are known. ``parent``
    and ``also``, what else may feed it, are indices of nodes; ``is_provider``: it stands for all
    outputs of a node.
    """

    name: str
    source: str
    resource: Resource | None
    value_text: str
    parent: int | None
    also: tuple[int, ...]
    is_provider: bool


def forest(platform: Platform, kind: Kind) -> tuple[TreeNode, ...]:
    """All of one kind that the board uses: the platform's by number, others, providers.

    What is fed by nothing that the tree names is below its provider, and a provider below its first
    input. Where parents go round in a circle, one of them stays a further parent.
    """
    above = partial(_above, platform)
    at = {thing: number for number, thing in enumerate(_things(platform, kind))}
    roots = list(range(len(at)))
    name = titles(platform)
    nodes = []
    for thing, number in at.items():
        sources = [at[source] for source in dict.fromkeys(above(thing)) if source != thing]
        parent = next((one for one in sources if _root(roots, one) != number), None)
        if parent is not None:
            roots[number] = _root(roots, parent)
        provider = at.get(thing.provider) if isinstance(thing, ResourceKey) else None
        also = tuple(one for one in sources if one not in (parent, provider))
        nodes.append(_node(platform, thing, name, parent, also))
    return tuple(nodes)


def children_of(nodes: Iterable[TreeNode]) -> Mapping[int | None, list[int]]:
    """Index of a node → those of the nodes below it; for None the roots, large trees first."""
    found: dict[int | None, list[int]] = {}
    for number, node in enumerate(nodes):
        found.setdefault(node.parent, []).append(number)
    if None in found:
        sizes = {root: sum(1 for _ in descend(found, root)) for root in found[None]}
        found[None].sort(key=lambda root: -sizes[root])
    return found


def descend(children: Mapping[int | None, list[int]], root: int) -> Iterator[tuple[int, int]]:
    """(index, depth) of a node and of all below it, parents before their children."""
    stack = [(root, 0)]
    while stack:
        number, depth = stack.pop()
        yield number, depth
        stack.extend((below, depth + 1) for below in reversed(children.get(number, ())))


def _root(roots: list[int], node: int) -> int:
    while roots[node] != node:
        roots[node] = roots[roots[node]]
        node = roots[node]
    return node


def _things(platform: Platform, kind: Kind) -> list[_Thing]:
    """The resources of a kind, then everything else of it that the board uses, then providers."""
    own = [resource.key for resource in platform.resources[kind]]
    others: dict[_Thing, None] = {key: None for key in platform.inventory.facts if key.kind is kind}
    stack: list[_Thing] = [*own, *others]
    while stack:
        for source in _above(platform, stack.pop()):
            if source not in others:
                others[source] = None
                stack.append(source)
    rest = others.keys() - set(own)
    keys = sorted(thing for thing in rest if isinstance(thing, ResourceKey))
    return [*own, *keys, *sorted(thing for thing in rest if isinstance(thing, str))]


def _above(platform: Platform, thing: _Thing) -> tuple[_Thing, ...]:
    """What feeds a thing, the surest first."""
    if isinstance(thing, str):
        return _inputs(platform, thing)
    resource = platform.resource(thing)
    facts = platform.inventory.facts.get(thing) if resource is None else resource.facts
    parents: tuple[_Thing, ...] = ()
    if facts is not None:
        parents = (*facts.parents, *([facts.parent] if facts.parent else []))
    running = platform.inventory.topology.parent(thing)
    if running is not None:
        parents = (*parents, running)
    if thing.cells:
        return (*parents, thing.provider)
    return (*parents, *_inputs(platform, thing.provider)) if thing.kind is Kind.CLOCK else parents


def _inputs(platform: Platform, provider: str) -> tuple[ResourceKey, ...]:
    """The clocks that a provider of clocks takes."""
    inventory = platform.inventory
    node = _at(platform, provider)
    found = inventory.providers.get(provider)
    if found is None or Kind.CLOCK not in found.kinds:
        return ()
    keys = (key_of(Kind.CLOCK, entry) for entry in inventory.references.of(node, "clocks"))
    return tuple(key for key in keys if key.kind is Kind.CLOCK and key.provider != provider)


def _at(platform: Platform, path: str) -> Node:
    node = platform.inventory.tree.node(path)
    assert node is not None
    return node


def _node(
    platform: Platform,
    thing: _Thing,
    name: Mapping[ResourceKey, str],
    parent: int | None,
    also: tuple[int, ...],
) -> TreeNode:
    label = platform.inventory.tree.label_of
    if isinstance(thing, str):
        short = thing.rpartition("/")[2]
        named = (f"&{label[thing]}", short) if thing in label else (short, thing)
        return TreeNode(*named, None, "", parent, also, True)
    resource = platform.resource(thing)
    place = f"&{label[thing.provider]}" if thing.provider in label else thing.provider
    return TreeNode(
        name=name.get(thing) or title_of(platform, thing),
        source=" ".join((place, *map(str, thing.cells))),
        resource=resource,
        value_text=_value_text(platform, thing, resource),
        parent=parent,
        also=also,
        is_provider=False,
    )


def _value_text(platform: Platform, key: ResourceKey, resource: Resource | None) -> str:
    facts = resource.facts if resource is not None else platform.inventory.facts.get(key)
    if facts is not None and (facts.voltages or facts.rates):
        return voltages_text(facts) if facts.voltages else rates_text(facts)
    if key.kind is not Kind.CLOCK or key.cells:
        return ""
    rate = fixed_rate(platform.inventory.references, _at(platform, key.provider))
    return frequency_text(rate) if rate else ""
