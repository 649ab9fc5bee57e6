"""The two nodes of fixups that let an overlay be applied to a tree.

``/__fixups__`` lists the cells that refer to a label of the base (label → strings
``path:property:offset``), ``/__local_fixups__`` the cells that hold a phandle of the overlay itself
(the same paths below it, offsets as cells). dtc writes both for every ``/plugin/``.
"""

from collections.abc import Callable, Iterable
from struct import pack

from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.nodes import Property, Reference


def add_fixups(
    root: DraftNode,
    marked: Iterable[tuple[DraftNode, Property]],
    find: Callable[[str], DraftNode | None],
) -> list[tuple[DraftNode, Property, Reference]]:
    """Add both nodes, as far as ``marked``, the properties with references, need them.

    Returns the references that cannot be put into words: those to a path of the tree below.
    """
    waiting: list[tuple[DraftNode, Property, Reference]] = []
    own: list[tuple[DraftNode, Property, Reference]] = []
    for node, item in marked:
        for reference in item.references:
            if not reference.is_path:
                found = find(reference.target)
                (own if found is not None else waiting).append((node, item, reference))
    for node, item, reference in waiting:
        if "/" not in reference.target:
            entry = f"{node.path}:{item.name}:{reference.offset}".encode() + b"\0"
            _append(_child(root, "__fixups__"), reference.target, entry, _strings)
    for node, item, reference in own:
        place = _child(root, "__local_fixups__")
        for name in node.path.split("/")[1:]:
            place = _child(place, name) if name else place
        _append(place, item.name, pack(">I", reference.offset), _cells)
    return [entry for entry in waiting if "/" in entry[2].target]


def _child(node: DraftNode, name: str) -> DraftNode:
    child = node.children.get(name)
    if child is None:
        child = node.children[name] = DraftNode(name, node)
    return child


def _append(node: DraftNode, name: str, entry: bytes, there: Callable[[bytes], set[bytes]]) -> None:
    """Add an entry to a list unless the source already has it."""
    item = node.properties.get(name) or Property(name)
    if entry not in there(item.value):
        node.properties[name] = item.with_value(item.value + entry)


def _strings(value: bytes) -> set[bytes]:
    return {part + b"\0" for part in value.split(b"\0")}


def _cells(value: bytes) -> set[bytes]:
    return {value[at : at + 4] for at in range(0, len(value), 4)}
