"""The node by which hvisor's driver in the root zone finds what it serves to other zones.

hvisor-tool ``driver/hvisor_main.c`` and ``driver/virtio/scmi``: the node is found by its path for
the interrupt and by its compatible for the resources; a number of hvisor's is a place in its lists.
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.bindings.specifiers import LISTS
from scmigen.devicetree.edits import AddNode, Edit, Entry, SetProperty, Strings, cells
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.protocols import Kind

#: The path that the driver looks for, and the compatible.
NODE = "/hvisor_virtio_device"
COMPATIBLE = "hvisor"


def device_edits(
    tree: DeviceTree,
    lists: Mapping[Kind, Sequence[Entry]],
    interrupt: Sequence[int],
) -> Iterator[Edit]:
    """The node with its lists, as edits of the root zone's tree; one that is there stays as it is
    but for the lists. An ``interrupt`` that is not known is left out."""
    if tree.node(NODE) is None:
        yield AddNode(NODE)
        yield SetProperty(NODE, "compatible", Strings((COMPATIBLE,)))
    if interrupt:
        yield SetProperty(NODE, "interrupts", cells(*interrupt))
    for kind, entries in lists.items():
        if entries:
            yield SetProperty(NODE, LISTS[kind], tuple(entries))


def has_interrupt(tree: DeviceTree) -> bool:
    """Whether the tree has the node with an interrupt."""
    node = tree.node(NODE)
    return node is not None and "interrupts" in node


def device_node(tree: DeviceTree) -> Node | None:
    """The node of the root zone's tree, if it has one."""
    by_path = tree.node(NODE)
    if by_path is not None:
        return by_path
    return next((n for n in tree.nodes if COMPATIBLE in n.strings("compatible")), None)
