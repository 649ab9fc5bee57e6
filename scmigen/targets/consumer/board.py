"""What the trees of all agents of a platform have in common: providers that go, nodes that stay."""

from collections.abc import Container, Iterable, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.bindings.bared import bared
from scmigen.bindings.dependencies import dependencies_of, interrupt_root
from scmigen.bindings.facts import Provider, ProviderClass, ResourceKey
from scmigen.bindings.node_kinds import (
    has_driver,
    has_registers,
    is_cpu,
    is_critical,
    is_device,
    is_list,
    own_parts,
)
from scmigen.bindings.other_roles import other_roles
from scmigen.bindings.pruning import referred
from scmigen.bindings.scmi_nodes import is_in_scmi, server_paths
from scmigen.data import Data
from scmigen.devicetree.edits import Edit
from scmigen.devicetree.nodes import Node
from scmigen.model.final_classes import platform_nodes
from scmigen.model.ownership import device_of
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind
from scmigen.targets.consumer.reach import is_elsewhere, others_channels

_PORTS = frozenset({"port", "ports"})


class Board(Data):
    """``platform``: the paths of the platform's own nodes, whose references are nobody else's, and
    which are disabled or stay for another role. ``around``: those of the devices that are the
    platform's because of what is below them, and have another role, as a bus with more on it.
    ``consumers``: those of the devices that use what the platform drives. ``common``: the nodes
    that whoever runs on the board needs. ``scmi``: the paths of SCMI nodes and what is in them.
    ``inputs``: path of a fixed provider → what it is nothing without. ``locals``: the paths of
    devices that drive something natively. ``disabled``: the nodes that no agent may drive.
    ``kept``: path of a provider that stays enabled → why; ``bared`` takes away what such nodes
    take from the platform."""

    platform: frozenset[str]
    around: frozenset[str]
    consumers: frozenset[str]
    common: frozenset[Node]
    scmi: frozenset[str]
    inputs: Mapping[str, tuple[ResourceKey, ...]]
    locals: frozenset[str]
    disabled: tuple[Node, ...]
    kept: Mapping[str, str]
    bared: tuple[Edit, ...]


def board_of(platform: Platform) -> Board:
    """The part of every tree that depends on no agent."""
    inventory = platform.inventory
    managed = [
        provider
        for provider in platform.providers.values()
        if _is_driven(provider)
        and inventory.availability.enabled(provider.node)
        and not is_in_scmi(provider.node)
    ]
    parts = platform_nodes(platform.providers) | server_paths(inventory.tree)
    around = _devices(platform, parts)
    tops = {node.path: node for node in (*map(_top, managed), *around)}
    kept = other_roles(inventory.tree, inventory.availability, tops.values(), parts | tops.keys())
    driven = {provider.node.path for provider in managed}
    disabled: dict[str, Node] = {}
    for provider in managed:
        top = _top(provider)
        node = top if top.path not in kept else provider.node
        if node.path not in kept and not _is_covered(node, disabled):
            disabled[node.path] = node
    for node in around:
        if node.path not in kept and not _is_covered(node, disabled):
            disabled[node.path] = node
    bare = [provider.node for provider in managed if provider.node.path in kept]
    common = {node for node in inventory.tree.nodes if is_critical(node)}
    root = interrupt_root(inventory.tree)
    shared = frozenset(node.path for node in around if node.path in kept)
    return Board(
        frozenset(parts - shared),
        shared,
        _consumers(platform, parts),
        frozenset(common if root is None else {*common, root}),
        frozenset(n.path for each in inventory.instances for n in each.node.walk()),
        _inputs(platform),
        _locals(platform),
        tuple(disabled.values()),
        {path: role.why for path, role in kept.items() if not role.around or path in driven},
        tuple(bared(inventory.references, bare, lambda key: not is_managed(platform, key))),
    )


def is_managed(platform: Platform, key: ResourceKey) -> bool:
    """Whether the platform drives a resource."""
    return _class(platform, key) is ProviderClass.MANAGED


def _class(platform: Platform, key: ResourceKey) -> ProviderClass | None:
    provider = platform.providers.get(key.provider)
    return None if provider is None else provider.category


def _locals(platform: Platform) -> frozenset[str]:
    """The devices that drive something natively."""
    local = [p.node for p in platform.providers.values() if p.category is ProviderClass.LOCAL]
    return frozenset((device_of(platform.owners, node) or node).path for node in local)


def _inputs(platform: Platform) -> dict[str, tuple[ResourceKey, ...]]:
    """What fixed providers take from those that the platform drives, but for supplies: a clock that
    is a fraction of another one is nothing without that."""
    found: dict[str, tuple[ResourceKey, ...]] = {}
    for use in platform.inventory.uses:
        path = use.consumer.path
        itself, provider = platform.providers.get(path), platform.providers[use.key.provider]
        if (
            itself is not None
            and itself.category is ProviderClass.FIXED
            and provider.category is ProviderClass.MANAGED
            and use.key.kind is not Kind.VOLTAGE
        ):
            found[path] = (*found.get(path, ()), use.key)
    return found


def _consumers(platform: Platform, parts: frozenset[str]) -> frozenset[str]:
    found = set()
    for use in platform.inventory.uses:
        if use.consumer.path in parts:
            continue
        if platform.providers[use.key.provider].category is ProviderClass.MANAGED:
            device = device_of(platform.owners, use.consumer) or use.consumer
            found.add(device.path)
    return frozenset(found)


def _devices(platform: Platform, parts: frozenset[str]) -> list[Node]:
    """The devices that are the platform's because of what is below them, and provide nothing."""
    inventory = platform.inventory
    found = (inventory.tree.node(path) for path in sorted(parts - platform.providers.keys()))
    return [
        node
        for node in found
        if node is not None
        and node.parent is not None
        and is_device(node)
        and not is_in_scmi(node)
        and inventory.availability.enabled(node)
    ]


def _is_driven(provider: Provider) -> bool:
    """Whether the platform drives the provider for others; one that nobody uses is a device."""
    return provider.category is ProviderClass.MANAGED and provider.consumers > 0


def _top(provider: Provider) -> Node:
    """The node whose driver drives the provider, the nearest with a compatible."""
    node = provider.node
    if has_driver(node):
        return node
    above = (whole for whole in node.ancestors() if whole.parent is not None)
    return next(filter(has_driver, above), node)


def _is_around(node: Node, managed: Iterable[Provider], disabled: Mapping[str, Node]) -> bool:
    """Whether a device of the platform goes with nothing that is disabled."""
    if node.path in disabled or _is_covered(node, disabled):
        return False
    return any(node is provider.node.parent for provider in managed)


def _is_covered(node: Node, disabled: Mapping[str, Node]) -> bool:
    return any(above.path in disabled for above in node.ancestors())


class Sides(Data):
    """The enabled nodes of a tree as one agent sees them: ``kept`` are those whose references
    count, ``others`` those that it must leave alone, each with all below it. ``foreign`` are those
    of ``kept`` that are not the agent's: what it runs on, and what its nodes are below."""

    kept: tuple[Node, ...]
    others: tuple[Node, ...]
    foreign: frozenset[Node]


def sides(platform: Platform, agent: Agent, board: Board) -> Sides:
    """Part the tree for an agent.

    Others' are the devices of other agents, of the platform and of nobody, whatever else they
    claim, and what works through any of that; but nothing that has a node of the agent below it,
    nothing that all run on, and no controller without inputs that the agent's nodes work through.
    So is each SCMI node that has not the agent's channel, by which it would speak as another.
    """
    tree, available = platform.inventory.tree, platform.inventory.availability
    ours = {
        node
        for node in tree.nodes
        if agent in platform.owners.of(node).all_agents and node.path not in board.around
    }
    own = [node for node in ours if available.present(node) and node.path not in board.platform]
    around = ours | {up for node in (*own, *board.common) for up in node.ancestors()}
    spared = _spared(platform, own)
    has_cpus = any(map(is_cpu, ours))
    channels = others_channels(platform, agent)
    kept: list[Node] = []
    others: list[Node] = []
    left: set[Node | None] = set()
    for node in tree.nodes:
        if node.parent in left:
            left.add(node)
        elif node in channels:
            left.add(node)
            others.append(node)
        elif node.path in board.platform or not available.present(node):
            continue
        elif not _has_inputs(platform, agent, board, node) or (
            node not in around and _is_theirs(platform, board, node, has_cpus, spared)
        ):
            left.add(node)
            others.append(node)
        else:
            kept.append(node)
    nobodys = {node for node in kept if _is_nobodys(platform, node)}
    stays = around | nobodys | board.common | spared
    through = _through(platform, board, [node for node in kept if node not in stays], left)
    below = {part for node in through for part in node.walk()}
    return Sides(
        tuple(node for node in kept if node not in below),
        (*others, *(node for node in kept if node in through)),
        frozenset(kept) - ours - nobodys - below,
    )


def _spared(platform: Platform, own: Iterable[Node]) -> frozenset[Node]:
    """The controllers that an agent's nodes work through, what these refer to in turn, and what all
    of them are below."""
    tree = platform.inventory.tree
    waiting = [item.controller for item in dependencies_of(tree, own)]
    found: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found |= {node, *node.ancestors()}
            waiting += referred(tree, node)
    return frozenset(found)


def _through(
    platform: Platform, board: Board, nodes: Iterable[Node], left: Iterable[Node | None]
) -> frozenset[Node]:
    """The devices and lists that refer to what is left to others, or to one another that does: LEDs
    on another agent's GPIOs, and what a supply on these feeds."""
    users: dict[Node | None, list[Node]] = {}
    for node in nodes:
        if node.path not in board.scmi and (is_device(node) or is_list(node)):
            for part in own_parts(node):
                for target in referred(platform.inventory.tree, part):
                    users.setdefault(target, []).append(node)
    found: set[Node] = set()
    waiting = list(left)
    while waiting:
        for user in users.pop(waiting.pop(), ()):
            if user not in found:
                found.add(user)
                waiting += user.walk()
    return frozenset(found)


def _is_theirs(
    platform: Platform, board: Board, node: Node, has_cpus: bool, spared: Container[Node]
) -> bool:
    """Whether somebody else drives a node that is not the agent's."""
    if _is_taken(platform, board, node, has_cpus):
        return True
    return node not in spared and _is_driven_by_others(platform, board, node)


def _is_driven_by_others(platform: Platform, board: Board, node: Node) -> bool:
    """Whether a node that is not the agent's has registers, which somebody else's driver uses."""
    common = node in board.common or node.parent in board.common
    return has_registers(node) and not common and not _is_nobodys(platform, node)


def _is_nobodys(platform: Platform, node: Node) -> bool:
    """Whether a node is a fixed provider, which is nobody's: its users use what it takes."""
    provider = platform.providers.get(node.path)
    return provider is not None and provider.category is ProviderClass.FIXED


def _has_inputs(platform: Platform, agent: Agent, board: Board, node: Node) -> bool:
    """Whether an agent has all that a fixed provider takes; else nothing of its own needs it."""
    keys = board.inputs.get(node.path, ())
    return all(
        agent.id in platform.holders(key) or is_elsewhere(platform, agent, key.provider)
        for key in keys
    )


def _is_taken(platform: Platform, board: Board, node: Node, has_cpus: bool) -> bool:
    """Whether a node that is not the agent's is somebody else's to drive.

    ``has_cpus``: the agent has CPUs of its own, so that it does not run on any others.
    """
    if node.path in board.scmi:
        return False
    owner = platform.owners.of(node)
    if owner.platform or owner.claims or node.path in board.around:
        return True
    if (is_cpu(node) and has_cpus) or node.path in board.locals:
        return True
    if node in board.common or _is_nobodys(platform, node):
        return False
    return node.path in board.consumers
