"""The node by which hvisor's driver in the root zone finds what it serves to other zones.

hvisor-tool ``driver/hvisor_main.c`` and ``driver/virtio/scmi``: the node is found by its path for
the interrupt and by its compatible for the resources; a number of hvisor's is a place in its lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from scmigen.bindings.references import References
from scmigen.bindings.specifiers import LISTS
from scmigen.devicetree.edits import AddNode, Edit, Entry, SetProperty, Strings, cells
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: The path that the driver looks for, and the compatible.
NODE = "/hvisor_virtio_device"
COMPATIBLE = "hvisor"
#: Kind → key of the ids of a zone in the JSON file.
KEYS: Mapping[Kind, str] = {
    Kind.CLOCK: "clock_ids",
    Kind.RESET: "reset_ids",
    Kind.POWER: "power_ids",
}
#: The names of the entries of a list; the driver reads none of them.
NAMES: Mapping[Kind, str] = {
    Kind.CLOCK: "clock-names",
    Kind.POWER: "power-domain-names",
    Kind.RESET: "reset-names",
}
#: What the server of the root zone does with every id that it lists.
OPENED: Mapping[Kind, frozenset[Operation]] = {
    Kind.CLOCK: frozenset({Operation.STATE, Operation.RATE, Operation.READ}),
    Kind.POWER: frozenset({Operation.STATE, Operation.READ}),
    Kind.RESET: frozenset({Operation.RESET}),
}
#: What an id that a zone has no resource for leads to: a place that no list has, and the largest
#: number that hvisor's reader of JSON keeps. The driver answers that there is no such resource.
NOWHERE = 0x7FFFFFFF


def device_edits(
    tree: DeviceTree,
    lists: Mapping[Kind, Sequence[tuple[Entry, str]]],
    interrupt: Sequence[int],
) -> Iterator[Edit]:
    """The node with its lists and the names of their entries, as edits of the root zone's tree; one
    that is there stays as it is but for the lists. An ``interrupt`` that is not known is left out.
    """
    if tree.node(NODE) is None:
        yield AddNode(NODE)
        yield SetProperty(NODE, "compatible", Strings((COMPATIBLE,)))
    if interrupt:
        yield SetProperty(NODE, "interrupts", cells(*interrupt))
    for kind, entries in lists.items():
        if entries:
            yield SetProperty(NODE, LISTS[kind], tuple(entry for entry, _ in entries))
            yield SetProperty(NODE, NAMES[kind], Strings(tuple(name for _, name in entries)))


def has_interrupt(tree: DeviceTree) -> bool:
    """Whether the tree has the node with an interrupt."""
    node = tree.node(NODE)
    return node is not None and "interrupts" in node


class Place(NamedTuple):
    """An entry of a list of the node: what it refers to, and its name, if it has one."""

    provider: str
    cells: tuple[int, ...]
    name: str


def places_of(tree: DeviceTree) -> Mapping[Kind, Sequence[Place]] | None:
    """The lists of the root zone's tree; None where it has no such node."""
    node = tree.node(NODE)
    if node is None:
        return None
    references = References(tree)
    return {
        kind: [
            Place(entry.provider.path, entry.cells, name)
            for entry, name in zip_longest(
                references.of(node, LISTS[kind]),
                node.strings(names)[: len(references.of(node, LISTS[kind]))],
                fillvalue="",
            )
            if not isinstance(entry, str)
        ]
        for kind, names in NAMES.items()
    }
