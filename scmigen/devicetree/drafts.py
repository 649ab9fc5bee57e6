"""Nodes under construction, and the function that makes them read-only.

A reader (`source`, `blob`) or `overlay` builds a tree of drafts; `DeviceTree` finishes it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scmigen.devicetree.nodes import Node, Place, Property
from scmigen.hints import Any, cast

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class DraftNode(Node):
    """A node that can still be changed."""

    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__
    parent: "DraftNode | None"
    properties: dict[str, Property]
    children: "dict[str, DraftNode]"
    labels: list[str]
    _places: list[Place] | None

    def __init__(
        self, name: str, parent: "DraftNode | None" = None, position: Place | None = None
    ) -> None:
        self.name = name
        self.parent = parent
        self.properties = {}
        self.children = {}
        self.labels = []
        self._place = position
        self._places = None
        self._path = None

    def add_place(self, place: Place) -> None:
        """Note that the node is defined or extended at ``place`` too."""
        if self._place is not None:
            if self._places is None:
                self._places = []
            self._places.append(self._place)
        self._place = place

    def merge_places(self, other: Node) -> None:
        """Note all places of ``other``, which is merged into this node."""
        for place in (*(other._places or ()), other._place):
            if place is not None:
                self.add_place(place)

    def walk(self) -> "Iterator[DraftNode]":
        """The node and all nodes below it, in preorder, at any depth."""
        return cast("Iterator[DraftNode]", super().walk())


def finish(root: Node) -> None:
    """Make ``root`` and all nodes below it read-only; does nothing where they are.

    They change their class: that is cheaper than a copy, and a reader keeps no way to them.
    """
    if not isinstance(root, DraftNode):
        return
    for draft in root.walk():
        node: Node = draft
        # Most nodes are leaves, and each object less is one less for the garbage collector.
        node.properties = MappingProxyType(draft.properties) if draft.properties else _EMPTY
        node.children = MappingProxyType(draft.children) if draft.children else _EMPTY
        node.labels = tuple(draft.labels)
        node.__class__ = Node


def draft_of(root: Node) -> DraftNode:
    """A copy of ``root`` and all below it that can be changed."""
    copy = _copied(root, None)
    stack: list[tuple[Node, DraftNode]] = [(root, copy)]
    while stack:
        node, draft = stack.pop()
        for child in node.children.values():
            below = draft.children[child.name] = _copied(child, draft)
            stack.append((child, below))
    return copy


def _copied(node: Node, parent: DraftNode | None) -> DraftNode:
    draft = DraftNode(node.name, parent)
    draft.merge_places(node)
    draft.labels = [*node.labels]
    draft.properties = {**node.properties}
    return draft
