"""Where a node is in memory, as the CPU sees it (Devicetree Specification v0.4, section 2.3.8)."""

from collections.abc import Iterator

from scmigen.bindings.node_kinds import is_memory
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.tuples import NamedTuple


class Region(NamedTuple):
    """A range of memory: address and size in bytes."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.start + self.size

    def overlaps(self, other: "Region") -> bool:
        """Whether the two have a byte in common."""
        return self.start < other.end and other.start < self.end

    def within(self, other: "Region") -> bool:
        """Whether all of it is in ``other``."""
        return other.start <= self.start and self.end <= other.end


def _number(cells: tuple[int, ...]) -> int:
    value = 0
    for cell in cells:
        value = value << 32 | cell
    return value


def _widths(node: Node) -> tuple[int, int]:
    """``#address-cells`` and ``#size-cells`` for the children of a node, at most 4 each."""
    address, size = node.cell("#address-cells"), node.cell("#size-cells")
    return min(4, 2 if address is None else address), min(4, 1 if size is None else size)


def _entries(cells: tuple[int, ...] | None, width: int) -> Iterator[tuple[int, ...]]:
    """The whole entries of a list of ``width`` cells each; none where an entry has no cell."""
    if cells and width:
        for at in range(0, len(cells) - width + 1, width):
            yield cells[at : at + width]


def regions(node: Node) -> tuple[Region, ...]:
    """The regions in ``reg`` of a node; empty where it has none or the CPU cannot reach it."""
    if node.parent is None:
        return ()
    address, size = _widths(node.parent)
    found = []
    for entry in _entries(node.cells("reg"), address + size):
        region = Region(_number(entry[:address]), _number(entry[address:]))
        seen = _translated(region, node.parent)
        if seen is None:
            return ()
        found.append(seen)
    return tuple(found)


def nearest_regions(node: Node) -> tuple[Region, ...]:
    """The regions of a node, or of the nearest one above it that has ``reg``."""
    while node.parent is not None and node.get("reg") is None:
        node = node.parent
    return regions(node)


def _translated(region: Region, bus: Node) -> Region | None:
    """A region in the address space of a bus, as seen from the root."""
    while bus.parent is not None:
        ranges = bus.get("ranges")
        if ranges is None:
            return None
        if ranges.value:
            start = _through(region, bus, bus.parent)
            if start is None:
                return None
            region = Region(start, region.size)
        bus = bus.parent
    return region


def _through(region: Region, bus: Node, parent: Node) -> int | None:
    child, size = _widths(bus)
    above, _ = _widths(parent)
    for entry in _entries(bus.cells("ranges"), child + above + size):
        start = _number(entry[:child])
        if region.within(Region(start, _number(entry[child + above :]))):
            return _number(entry[child : child + above]) + region.start - start
    return None


def memory(tree: DeviceTree) -> tuple[Region, ...]:
    """The regions of the memory nodes, which an operating system takes for its own use."""
    nodes = filter(is_memory, tree.root.children.values())
    return tuple(region for node in nodes for region in regions(node))


def reserved(tree: DeviceTree) -> Iterator[Region]:
    """The regions reserved from it: ``/memreserve/`` and the children of ``/reserved-memory``."""
    yield from (Region(*pair) for pair in tree.memory_reservations)
    holder = tree.node("/reserved-memory")
    for node in holder.children.values() if holder is not None else ():
        yield from regions(node)
