"""Places for the nodes of trees: from left to right, a row for each leaf.

A parent stands beside its first child, a column is as wide as its widest box, and the trees are
below each other; those of one node alone are in columns below all others.
"""

from collections.abc import Mapping, Sequence

from scmigen.data import Data
from scmigen.targets.common.forest import TreeNode, children_of, descend

ROW = 26
HEIGHT = 20
GAP = 28
#: Room between two trees.
BETWEEN = 14


class Box(Data):
    """The place of a node, in pixels from the top left."""

    x: int
    y: int
    width: int


class Layout(Data):
    """Boxes by index of the node, and the size of all."""

    boxes: Mapping[int, Box]
    width: int
    height: int


def lay_out(nodes: Sequence[TreeNode], widths: Sequence[int]) -> Layout:
    """Places for ``nodes``, whose boxes are as wide as ``widths`` say."""
    children = children_of(nodes)
    roots = children.get(None, [])
    boxes: dict[int, Box] = {}
    top = 0
    for root in roots:
        if root in children:
            placed = list(descend(children, root))
            rows = _place(children, placed, widths, top, boxes)
            top += rows * ROW + BETWEEN
    right = max((box.x + box.width for box in boxes.values()), default=0)
    alone = [root for root in roots if root not in children]
    top = _columns(alone, widths, top, right, boxes)
    right = max((box.x + box.width for box in boxes.values()), default=0)
    return Layout(boxes, right, max(top - BETWEEN, 0))


def _place(
    children: Mapping[int | None, list[int]],
    placed: Sequence[tuple[int, int]],
    widths: Sequence[int],
    top: int,
    boxes: dict[int, Box],
) -> int:
    """Place one tree, given as (node, depth), parents first; returns how many rows it takes."""
    columns: dict[int, int] = {}
    for number, depth in placed:
        columns[depth] = max(columns.get(depth, 0), widths[number])
    left = {0: 0}
    for depth in range(1, len(columns)):
        left[depth] = left[depth - 1] + columns[depth - 1] + GAP
    row = 0
    for number, depth in placed:
        boxes[number] = Box(left[depth], top + row * ROW, widths[number])
        row += number not in children
    return row


def _columns(
    alone: Sequence[int], widths: Sequence[int], top: int, right: int, boxes: dict[int, Box]
) -> int:
    """Place nodes without a tree in columns, as many as fit the width, four at the most."""
    if not alone:
        return top
    widest = max(widths[number] for number in alone) + GAP
    count = max(1, min(4, max(right, 900) // widest))
    rows = -(-len(alone) // count)
    for at, number in enumerate(alone):
        boxes[number] = Box(at // rows * widest, top + at % rows * ROW, widths[number])
    return top + rows * ROW + BETWEEN
