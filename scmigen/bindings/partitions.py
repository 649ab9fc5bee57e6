"""Manifests of FF-A partitions (TF-A ``docs/components/ffa-manifest-binding.rst``): the regions of
devices that a secure partition is given."""

from collections.abc import Iterator

from scmigen.bindings.addresses import Region, regions
from scmigen.bindings.node_kinds import compatibles, is_memory
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern

_MANIFEST = pattern(r"arm,ffa-manifest-[0-9]{1,3}\.[0-9]{1,3}")
_DEVICE_REGIONS = "arm,ffa-manifest-device-regions"
_MEMORY_REGIONS = "arm,ffa-manifest-memory-regions"
#: ``xlat-granule`` → the size of a page in bytes.
GRANULES = {0: 0x1000, 1: 0x4000, 2: 0x10000}

GRANULE, BASE, PAGES = "xlat-granule", "base-address", "pages-count"


def is_manifest(tree: DeviceTree) -> bool:
    """Whether a tree is the manifest of a partition rather than the tree of an agent."""
    return any(map(_MANIFEST.fullmatch, compatibles(tree.root)))


def device_regions(tree: DeviceTree) -> tuple[Node, ...]:
    """The nodes of a manifest that are regions of devices, in its order."""
    return tuple(
        region
        for holder in tree.root.children.values()
        if _DEVICE_REGIONS in compatibles(holder)
        for region in holder.children.values()
    )


def misplaced_regions(tree: DeviceTree) -> tuple[Node, ...]:
    """Holders of regions with a ``compatible`` that no partition manager reads."""
    named = ("device-regions", "memory-regions")
    known = {_DEVICE_REGIONS, _MEMORY_REGIONS}
    children = (tree.root.children.get(name) for name in named)
    return tuple(node for node in children if node is not None and not compatibles(node) & known)


def nodes_in(board: DeviceTree) -> Iterator[tuple[Node, tuple[Region, ...]]]:
    """The devices of a board that are somewhere in memory, with their regions."""
    for node in board.nodes:
        found = regions(node) if "compatible" in node and "reg" in node else ()
        if found and not is_memory(node):
            yield node, found
