"""The names of a board (Devicetree Specification v0.4, section 3.2)."""

from scmigen.devicetree.tree import DeviceTree


def model_of(tree: DeviceTree) -> str:
    """The name of the board for people; empty where the tree has none."""
    return tree.root.string("model") or ""


def compatible_of(tree: DeviceTree) -> str | None:
    """The most specific ``compatible`` of the board."""
    return tree.root.string("compatible")
