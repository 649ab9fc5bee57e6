"""A device as a domain of Xen has it: its registers in pages, and its interrupts of the GIC.

Xen ``xen/common/device-tree/dom0less-build.c``: registers are mapped page by page, and each device
with ``xen,path`` has ``xen,reg``. A domain can have the shared interrupts of the GIC alone.
"""

from collections.abc import Iterator

from scmigen.bindings.addresses import Region, regions
from scmigen.bindings.dependencies import interrupt_parent
from scmigen.bindings.node_kinds import compatibles
from scmigen.bindings.references import read_list
from scmigen.bindings.status import Status
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree

PAGE = 1 << 12
_GIC_V3 = "arm,gic-v3"
#: Interrupt controllers whose first cell is the type, 0 for the shared ones, that begin at 32.
_GICS = ("arm,gic", "arm,cortex-a15-gic", "arm,cortex-a9-gic", "arm,cortex-a7-gic")
_SHARED, _FIRST_SHARED, _SHARED_LINES = 0, 32, 988
#: The cells of a GIC, and of one whose private interrupts are divided among CPUs.
_GIC_CELLS = (3, 4)
#: What Xen's drivers for IOMMUs match (``xen/drivers/passthrough/arm``). Behind another one, a
#: device has for Xen no IOMMU at all; ``iommu-map`` of a PCI bridge is none of the bridge itself.
_DRIVEN = frozenset(
    {
        *("arm,smmu-v1", "arm,smmu-v2", "arm,smmu-v3", "arm,mmu-400", "arm,mmu-401", "arm,mmu-500"),
        *(f"renesas,ipmmu-r8a77{soc}" for soc in ("95", "961", "965", "96", "9f0", "9g0")),
    }
)


class Passed(Data):
    """A device as a domain has it: where it is for the CPU, its interrupts as three cells each, and
    which of all its interrupts those are. ``whole``: they are all of them. ``is_confined``: an
    IOMMU that Xen drives is between the device and memory."""

    node: Node
    regions: tuple[Region, ...]
    interrupts: tuple[tuple[int, ...], ...]
    kept: tuple[int, ...]
    whole: bool
    is_confined: bool

    @property
    def numbers(self) -> tuple[int, ...]:
        """The interrupts as numbers of the GIC."""
        return tuple(line[1] + _FIRST_SHARED for line in self.interrupts)

    @property
    def pages(self) -> tuple[Region, ...]:
        """The pages that its registers are in."""
        return tuple(paged(region) for region in self.regions if region.size)


def paged(region: Region) -> Region:
    """The whole pages that a region is in."""
    start = region.start // PAGE * PAGE
    return Region(start, -(-region.end // PAGE) * PAGE - start)


class Passing:
    """What a domain has of the devices of a tree, each worked out once."""

    def __init__(self, tree: DeviceTree) -> None:
        self._tree = tree
        self._known: dict[Node, Passed] = {}

    def of(self, node: Node) -> Passed:
        """What a domain has of a device besides its properties."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = _passed(self._tree, node)
        return found


def _passed(tree: DeviceTree, node: Node) -> Passed:
    masters = iommus_of(tree, node)
    confined = bool(masters) and all(map(is_driven, masters))
    if not has_interrupts(node):
        return Passed(node, regions(node), (), (), True, confined)
    lines = list(_lines(tree, node))
    kept = tuple(index for index, line in enumerate(lines) if line is not None)
    found = tuple(line for line in lines if line is not None)
    whole = len(kept) == len(lines) and bool(lines)
    return Passed(node, regions(node), found, kept, whole, confined)


def reaches_others(node: Node) -> str | None:
    """What a device is that no domain may have: with its registers, it reaches other domains."""
    if "#iommu-cells" in node:
        return "an IOMMU"
    if "msi-controller" in node or any(name.startswith(_GICS) for name in compatibles(node)):
        return "an interrupt controller"
    return None


def has_gic_v3(tree: DeviceTree) -> bool:
    """Whether a board has a GICv3, or a newer one, which is programmed the same way."""
    return any(_GIC_V3 in compatibles(node) for node in tree.nodes)


def has_iommu(tree: DeviceTree) -> bool:
    """Whether a board has an IOMMU that Xen drives; where not, xl assigns no device."""
    return any("#iommu-cells" in node and is_driven(node) for node in tree.nodes)


def iommus_of(tree: DeviceTree, node: Node) -> list[Node]:
    """The IOMMUs that a device names."""
    if "iommus" not in node:
        return []
    return [entry.provider for entry in read_list(tree, node, "iommus", "#iommu-cells").entries]


def foreign_iommu(tree: DeviceTree, node: Node) -> bool:
    """Whether a device is behind an IOMMU that runs and that Xen has no driver for."""
    return any(Status.of(each).is_okay and not is_driven(each) for each in iommus_of(tree, node))


def is_driven(iommu: Node) -> bool:
    """Whether Xen has a driver for an IOMMU, and that runs."""
    return Status.of(iommu).is_okay and not _DRIVEN.isdisjoint(compatibles(iommu))


def has_interrupts(node: Node) -> bool:
    """Whether a node names interrupts."""
    return "interrupts" in node or "interrupts-extended" in node


def _lines(tree: DeviceTree, node: Node) -> Iterator[tuple[int, ...] | None]:
    """The interrupts of a device as cells of the GIC; None: one that a domain cannot have."""
    if "interrupts-extended" in node:
        found = read_list(tree, node, "interrupts-extended", "#interrupt-cells")
        for entry in found.entries:
            yield _line(entry.provider, entry.cells)
        return
    parent, cells = interrupt_parent(tree, node), node.cells("interrupts") or ()
    width = None if parent is None else parent.cell("#interrupt-cells")
    if parent is None or not width or width not in _GIC_CELLS or len(cells) % width:
        return
    for at in range(0, len(cells), width):
        yield _line(parent, cells[at : at + width])


def _line(controller: Node, cells: tuple[int, ...]) -> tuple[int, ...] | None:
    is_gic = any(name.startswith(_GICS) for name in compatibles(controller))
    if not is_gic or len(cells) not in _GIC_CELLS:
        return None
    kind, number = cells[:2]
    return cells[:3] if kind == _SHARED and number < _SHARED_LINES else None
