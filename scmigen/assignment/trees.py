"""One tree per agent: the devices that an agent's own tree enables belong to that agent.

A node of an agent's tree corresponds to the node of the board that ``xen,path`` names; else to the
node of the same name below the one that its parent corresponds to (so equal paths match); else to
the only node with the same unit address and one of its compatibles. Nodes without a counterpart,
such as a hypervisor's virtual devices, are ignored, and so are structure and the providers that the
platform serves.
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.assignment import OwnTree
from scmigen.assignment.channels import Channel, read_channels
from scmigen.assignment.findings import TREE_AMBIGUOUS, TREE_UNMATCHED
from scmigen.assignment.own_scmi_nodes import is_other, uses_of_own_nodes
from scmigen.assignment.properties import Properties
from scmigen.assignment.said import AgentSaid, ClaimSaid, SourceSaid
from scmigen.bindings.facts import Provider, ProviderClass, ResourceKey, Use
from scmigen.bindings.inventory import Inventory, take_inventory
from scmigen.bindings.node_kinds import is_bus
from scmigen.bindings.references import References
from scmigen.bindings.scmi_nodes import instances_of
from scmigen.bindings.status import Availability, Status
from scmigen.data import Data, replace
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.runtime import Role
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


class AgentTree(Data):
    """The tree of an agent, and for its enabled nodes: path → node of the board."""

    agent: str
    tree: DeviceTree
    nodes: Mapping[str, Node]
    diagnostics: tuple[Diagnostic, ...]

    def position(self, node: Node) -> Position:
        """The position of a node of the tree; in a blob, which has no lines, the file."""
        return node.position or Position(self.tree.file)


def match(board: DeviceTree, agent: str, tree: DeviceTree, secure: bool = False) -> AgentTree:
    """Match the nodes of an agent's tree with nodes of the board.

    ``secure``: the agent is of the secure world, so that what only that may use is enabled for it.
    """
    availability = Availability()
    present = availability.present if secure else availability.enabled
    by_address = _by_address(board)
    found = {"/": board.root}
    problems: list[Diagnostic] = []
    properties = Properties(tree, TREE_UNMATCHED, problems)
    for node in tree.nodes[1:]:
        if not present(node):
            continue
        if "xen,path" in node:
            candidates = _named(board, node, properties)
        else:
            candidates = _candidates(node, found, by_address)
        if len(candidates) == 1:
            found[node.path] = candidates[0]
        elif candidates:
            problems.append(
                TREE_AMBIGUOUS.error(
                    f"{node.path} of {agent} matches {len(candidates)} nodes of the board",
                    node.position or Position(tree.file),
                    [Related(item.path, item.position) for item in candidates[:4]],
                    'say which with xen,path = "/…", or give both trees the same path',
                )
            )
    for path in _of_other_nodes(board, tree, found):
        found.pop(path, None)
    return AgentTree(agent, tree, found, tuple(problems))


def _of_other_nodes(
    board: DeviceTree, tree: DeviceTree, found: Mapping[str, Node]
) -> tuple[str, ...]:
    """The paths in and below SCMI nodes of a tree that match one of the board by path, but have
    another channel: they are other nodes."""
    everywhere = Availability()
    theirs = instances_of(References(tree), everywhere)
    mine = {i.node: i for i in instances_of(References(board), everywhere)} if theirs else {}
    return tuple(
        part.path
        for instance in theirs
        if (matched := mine.get(found.get(instance.node.path, board.root))) is not None
        and is_other(instance, matched, found)
        for part in instance.node.walk()
    )


def _by_address(board: DeviceTree) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in board.nodes:
        if "@" in node.name:
            found.setdefault(_address(node), []).append(node)
    return found


def _address(node: Node) -> str:
    return node.name.partition("@")[2].lower()


def _alike(first: Node, second: Node) -> bool:
    """Whether two nodes may be one device: they share a compatible, or one has none."""
    ours, others = first.strings("compatible"), second.strings("compatible")
    return not ours or not others or not set(ours).isdisjoint(others)


def _named(board: DeviceTree, node: Node, properties: Properties) -> list[Node]:
    """The node of the board that ``xen,path`` names; another path is an error."""
    path = properties.text(node, "xen,path")
    named = board.node(path.value) if path is not None else None
    if path is not None and named is None:
        properties.problems.append(
            TREE_UNMATCHED.error(
                f"{node.path}: the board has no node {path.value}, which xen,path names",
                path.position,
                hint="write the full path of a node of the board, or leave xen,path out",
            )
        )
    return [] if named is None else [named]


def _candidates(
    node: Node, found: Mapping[str, Node], by_address: Mapping[str, Sequence[Node]]
) -> list[Node]:
    parent = found.get(node.parent.path) if node.parent is not None else None
    same = parent.children.get(node.name) if parent is not None else None
    if same is not None and _alike(node, same):
        return [same]
    if "@" not in node.name or "compatible" not in node:
        return []
    return [
        other
        for other in by_address.get(_address(node), ())
        if "compatible" in other and _alike(node, other)
    ]


def availability_with(trees: Sequence[AgentTree]) -> Availability:
    """What of the board is available once each tree has enabled the nodes it matches.

    A node that the board does not enable has the status that the agent's tree gives it. Nodes below
    it that are not in that tree are disabled.
    """
    statuses: dict[Node, Status] = {}
    for tree in trees:
        before = Availability({**statuses})
        matched = {node.path for node in tree.nodes.values()}
        for path, node in tree.nodes.items():
            theirs = tree.tree.node(path)
            if theirs is None or before.present(node):
                continue
            statuses[node] = Status.of(theirs)
            for child in node.children.values():
                if child.path not in matched:
                    statuses[child] = Status("disabled", None, child.position)
    return Availability(statuses)


class Seen(Data):
    """Claims and further uses that follow from an agent's tree and the board's inventory.

    ``uses`` are those of the board's nodes, ``assigned`` and ``registered`` those that SCMI nodes
    of the agent's own tree make.
    """

    claims: tuple[ClaimSaid, ...]
    uses: tuple[Use, ...]
    assigned: tuple[Use, ...]
    registered: tuple[Use, ...]
    diagnostics: tuple[Diagnostic, ...]
    own: OwnTree


def look(inventory: Inventory, tree: AgentTree, classes: Mapping[str, str]) -> Seen:
    """The devices of the board that an agent's tree has, and uses that only this tree mentions.

    ``inventory`` is that of the board, ``classes`` what the user says of its providers, by path.
    """
    own = take_inventory(tree.tree)
    consumers = {use.consumer.path for use in own.uses}
    on_board = {use.consumer.path for use in inventory.uses}
    served = _served(inventory, classes)
    claims = []
    problems = [*tree.diagnostics, *own.diagnostics]
    for path, node in tree.nodes.items():
        theirs = tree.tree.node(path)
        is_device = path in consumers or node.path in on_board
        if theirs is None or node.path in served:
            continue
        if is_device or _is_local(inventory, node, classes) or _is_bus(node):
            claims.append(ClaimSaid(tree.agent, node, True, tree.position(theirs), below=False))
    problems.extend(_strangers(own, tree))
    further = tuple(_further(inventory, own, tree))
    assigned, registered = uses_of_own_nodes(inventory, own, tree.nodes)
    said = OwnTree(tree.agent, own, tree.nodes)
    return Seen(tuple(claims), further, assigned, registered, tuple(problems), said)


def _served(inventory: Inventory, classes: Mapping[str, str]) -> frozenset[str]:
    """The paths of nodes that the platform drives, or that are fixed: a tree cannot own them.

    These are used providers, their parts without a ``compatible``, and parents of regulators.
    """
    found: set[str] = set()
    for provider in inventory.providers.values():
        if _class(provider, classes) is ProviderClass.LOCAL or not provider.consumers:
            continue
        found.add(provider.node.path)
        parent = provider.node.parent
        if Kind.VOLTAGE in provider.kinds and parent is not None:
            found.add(parent.path)
        stack = [part for part in provider.node.children.values() if "compatible" not in part]
        while stack:
            part = stack.pop()
            found.add(part.path)
            stack.extend(below for below in part.children.values() if "compatible" not in below)
    return frozenset(found)


def _is_local(inventory: Inventory, node: Node, classes: Mapping[str, str]) -> bool:
    provider = inventory.providers.get(node.path)
    return provider is not None and _class(provider, classes) is ProviderClass.LOCAL


def _class(provider: Provider, classes: Mapping[str, str]) -> ProviderClass:
    """What the user says of the provider, or of the nearest node above it; else what rules say."""
    above = provider.node.upwards()
    said = next((classes[node.path] for node in above if node.path in classes), None)
    return provider.category if said is None else ProviderClass(said)


def _is_bus(node: Node) -> bool:
    """Whether devices are reached through the node, so that its owner matters without any use."""
    return is_bus(node) and "compatible" in node


def _strangers(own: Inventory, tree: AgentTree) -> Iterator[Diagnostic]:
    """One warning per consumer of board resources that is not a node of the board."""
    told: set[str] = set()
    for use in own.uses:
        node, provider = use.consumer, tree.nodes.get(use.key.provider)
        if node.path in tree.nodes or node.path in told or provider is None:
            continue
        if node.path in own.secure_only:
            # It is the secure world's, whatever it is called on the board.
            continue
        told.add(node.path)
        yield TREE_UNMATCHED.warning(
            f"{node.path} of {tree.agent} uses {provider.path} of the board, "
            "but matches no node of the board",
            tree.position(node),
            hint='name the device of the board with xen,path = "/…"; until then nothing is granted',
        )


def _further(inventory: Inventory, own: Inventory, tree: AgentTree) -> Iterator[Use]:
    """Uses of matched devices that only the agent's tree has, as uses of the board's nodes."""
    known: dict[tuple[str, ResourceKey], frozenset[Operation]] = {}
    for use in inventory.uses:
        place = use.consumer.path, use.key
        known[place] = known.get(place, frozenset()) | use.needs
    for use in own.uses:
        consumer, provider = tree.nodes.get(use.consumer.path), tree.nodes.get(use.key.provider)
        if consumer is None or provider is None or provider.path not in inventory.providers:
            continue
        key = use.key._replace(provider=provider.path)
        needs = use.needs - known.get((consumer.path, key), frozenset())
        if needs:
            where = use.position or Position(tree.tree.file)
            yield replace(use, consumer=consumer, key=key, needs=needs, place=where)


def with_trees(
    inventory: Inventory, trees: Sequence[AgentTree], classes: Mapping[str, str]
) -> tuple[Inventory, SourceSaid, tuple[Diagnostic, ...]]:
    """The inventory with uses from agents' trees, what the trees state, and the problems.

    Unless another source says otherwise, the first agent is an operating system and the others are
    VMs. ``classes`` are the classes of providers that other sources state, by path.
    """
    seen = [look(inventory, tree, classes) for tree in trees]
    said = SourceSaid(
        agents=tuple(AgentSaid(tree.agent, Position(tree.tree.file)) for tree in trees),
        claims=tuple(claim for item in seen for claim in item.claims),
        trees=tuple(item.own for item in seen),
        roles={tree.agent: Role.VM if place else Role.OSPM for place, tree in enumerate(trees)},
    )
    further = [use for item in seen for use in item.uses]
    problems = tuple(found for item in seen for found in item.diagnostics)
    found = _with_uses(inventory, further)
    assigned = (use for item in seen for use in item.assigned)
    registered = (use for item in seen for use in item.registered)
    found = replace(
        found, uses=(*found.uses, *assigned), registered=(*found.registered, *registered)
    )
    return found, said, problems


def channels_of(tree: AgentTree) -> tuple[Channel, ...]:
    """The SCMI nodes of an agent's tree, their memory and mailboxes as nodes of the board."""

    def on_board(path: str) -> str | None:
        node = tree.nodes.get(path)
        return None if node is None else node.path

    availability = Availability()
    references = References(tree.tree)
    instances = instances_of(references, availability)
    return read_channels(references, instances, availability, on_board)


def _with_uses(inventory: Inventory, further: Sequence[Use]) -> Inventory:
    """The inventory with uses that its own tree lacks."""
    consumers: dict[str, set[str]] = {}
    for use in further:
        consumers.setdefault(use.key.provider, set()).add(use.consumer.path)
    already: dict[str, set[str]] = {}
    for use in inventory.uses:
        already.setdefault(use.key.provider, set()).add(use.consumer.path)
    providers = dict(inventory.providers)
    for path, found in consumers.items():
        count = providers[path].consumers + len(found - already.get(path, set()))
        providers[path] = replace(providers[path], consumers=count)
    return replace(inventory, uses=(*inventory.uses, *further), providers=providers)
