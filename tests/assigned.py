"""What the sources make of a board, as the tests of assignment ask for it."""

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.sources import Sources, assign
from scmigen.devicetree.tree import DeviceTree

AGENTS = "agents.yaml"


def assigned(
    tree: DeviceTree, *texts: str, trees: dict[str, DeviceTree] | None = None
) -> Assignment:
    """The assignment of a tree by agents files: the first is called agents.yaml, then 2.yaml, …"""
    names = [AGENTS, *(f"{number}.yaml" for number in range(2, len(texts) + 1))]
    return assign(tree, Sources(list(zip(names, texts, strict=False)), trees or {}))[1]
