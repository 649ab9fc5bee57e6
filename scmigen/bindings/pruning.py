"""What of a tree can go, and what must stay because something that stays refers to it.

A source says what each property refers to; of a blob the properties are known that Linux' bindings
describe. Names of nodes in ``/aliases`` and the like keep nothing: they go with the nodes.
"""

from collections.abc import Collection, Container, Iterable, Iterator

from scmigen.bindings.dependencies import named_by
from scmigen.bindings.node_kinds import is_bus, is_device
from scmigen.bindings.references import CELLS, read_list
from scmigen.bindings.status import Availability
from scmigen.devicetree.edits import DeleteProperty
from scmigen.devicetree.nodes import Node, Property
from scmigen.devicetree.tree import DeviceTree

#: Nodes that give others names.
_NAMES = ("aliases", "chosen", "__symbols__")
#: Properties that hold bare phandles, besides supplies and those of `dependencies`.
_BARE = frozenset(
    {
        "cpu",
        "cpu-idle-states",
        "cpus",
        "domain-idle-states",
        "interrupt-parent",
        "memory-region",
        "next-level-cache",
        "operating-points-v2",
        "remote-endpoint",
        "required-opps",
        "shmem",
        "trip",
    }
)
#: How many cells the addresses of children have.
_ADDRESSES = ("#address-cells", "#size-cells")
_COUNTED = {"cooling-device": "#cooling-cells", "sound-dai": "#sound-dai-cells"}


def referred(tree: DeviceTree, node: Node) -> Iterator[Node]:
    """The nodes that the properties of a node refer to."""
    for item in node.properties.values():
        yield from _targets(tree, node, item)


def _targets(tree: DeviceTree, node: Node, item: Property) -> Iterator[Node]:
    return (target for _, target in pointers(tree, node, item))


def pointers(tree: DeviceTree, node: Node, item: Property) -> Iterator[tuple[int | None, Node]]:
    """What a property refers to, and the byte of its value where the phandle is; none: a path."""
    return _written(tree, item) if item.references else _known(tree, node, item.name)


def _written(tree: DeviceTree, item: Property) -> Iterator[tuple[int | None, Node]]:
    for reference in item.references:
        rest = item.value[reference.offset :]
        if reference.is_path:
            found = tree.node(rest.partition(b"\0")[0].decode(errors="replace"))
        else:
            found = tree.by_phandle(int.from_bytes(rest[:4], "big"))
        if found is not None:
            yield None if reference.is_path else reference.offset, found


def _known(tree: DeviceTree, node: Node, name: str) -> Iterator[tuple[int, Node]]:
    if name in _BARE or name.endswith("-supply"):
        found = read_list(tree, node, name, lambda _: 0)
    elif name in _COUNTED or name in CELLS:
        found = read_list(tree, node, name, _COUNTED.get(name) or CELLS[name])
    else:
        yield from named_by(tree, node, name)
        return
    yield from ((entry.start, entry.provider) for entry in found.entries)


def removable(tree: DeviceTree, candidates: Iterable[str]) -> tuple[str, ...]:
    """Those of the nodes at ``candidates`` that nothing outside of those that go refers to."""
    going = {path: node for path in candidates if (node := tree.node(path)) is not None}
    inside = {below: path for path, node in going.items() for below in node.walk()}
    names = {tree.node(f"/{name}") for name in _NAMES}
    stack = [node for node in tree.nodes if node not in inside and node not in names]
    while stack:
        node = stack.pop()
        for target in referred(tree, node):
            path = inside.get(target)
            if path is not None:
                stays = list(going.pop(path).walk())
                for each in stays:
                    del inside[each]
                stack += stays
    return tuple(going)


def left_over(tree: DeviceTree, seeds: Iterable[Node]) -> tuple[str, ...]:
    """The topmost nodes that are none of ``seeds``, nor around them, nor referred to by what is.

    What a node refers to that is not enabled does not count: `dangling` has its references.
    """
    available = Availability()
    names = {node for name in _NAMES if (node := tree.node(f"/{name}")) is not None}
    kept: set[Node] = {*names, tree.root}
    waiting = [*seeds, *referred(tree, tree.root)]
    while waiting:
        node = waiting.pop()
        for each in (node, *node.ancestors(), *_points(node)):
            if each not in kept:
                kept.add(each)
                if available.present(each):
                    waiting += referred(tree, each)
    return tuple(_topmost(tree.root, kept))


def _points(node: Node) -> Iterable[Node]:
    """What a table consists of."""
    return () if is_device(node) or "compatible" not in node else node.children.values()


def _topmost(root: Node, kept: Container[Node]) -> Iterator[str]:
    stack = [root]
    while stack:
        for child in stack.pop().children.values():
            if child in kept:
                stack.append(child)
            else:
                yield child.path


def dangling(tree: DeviceTree, gone: Iterable[str]) -> Iterator[DeleteProperty]:
    """The properties that would refer to nodes that go, but for names."""
    inside = {below for path in gone if (top := tree.node(path)) for below in top.walk()}
    names = {tree.node(f"/{name}") for name in _NAMES}
    for node in tree.nodes if inside else ():
        if node not in inside and node not in names:
            for item in node.properties.values():
                if not inside.isdisjoint(_targets(tree, node, item)):
                    yield DeleteProperty(node.path, item.name)


def unaddressed(tree: DeviceTree, gone: Collection[str]) -> Iterator[DeleteProperty]:
    """The cells of addresses of nodes that have no child with an address left.

    A bus keeps them: what is on it may come with an overlay.
    """
    for path in dict.fromkeys(path.rpartition("/")[0] for path in gone):
        node = tree.node(path)
        if node is None or node.parent is None or is_bus(node) or "ranges" in node:
            continue
        left = [child for child in node.children.values() if child.path not in gone]
        if not any("reg" in child for child in left):
            yield from (DeleteProperty(path, name) for name in _ADDRESSES if name in node)


def unnamed(tree: DeviceTree, gone: Iterable[str]) -> Iterator[DeleteProperty]:
    """The names of nodes that go, and of all below them, go too."""
    tops = set(gone)
    for name in _NAMES:
        holder = tree.node(f"/{name}")
        for item in holder.properties.values() if holder is not None else ():
            path = item.string().partition(":")[0]
            if name == "chosen" and not path.startswith("/"):
                named = tree.aliases.get(path)
                path = "" if named is None else named.path
            if tops.intersection(_upwards(path)):
                yield DeleteProperty(f"/{name}", item.name)


def _upwards(path: str) -> Iterator[str]:
    while path.startswith("/") and len(path) > 1:
        yield path
        path = path.rpartition("/")[0]
