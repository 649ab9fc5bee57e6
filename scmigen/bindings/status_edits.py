"""What gives a node another status, or leaves it to others, as edits."""

from collections.abc import Iterator

from scmigen.bindings.status import DISABLED, ENABLED, Status
from scmigen.devicetree.edits import DeleteNode, Edit, SetProperty, Strings
from scmigen.devicetree.nodes import Node


def reservation(node: Node, word: str, whose: str) -> Iterator[Edit]:
    """What leaves a node to others, whichever world they are in; ``whose`` says to whom.

    A node cannot have a property beside a child of the same name, such as an LED: its children are
    left to others then.
    """
    if "status" in node.children:
        for child in node.children.values():
            yield from reservation(child, word, whose)
        return
    status = Status.of(node)
    if status.is_okay:
        yield SetProperty(node.path, "status", Strings((word,)), whose)
    if status.secure in ENABLED - {None}:
        yield SetProperty(node.path, "secure-status", Strings((DISABLED,)))


def status_edit(node: Node, word: str, why: str = "") -> Iterator[Edit]:
    """What gives a node a status, unless it has that; ``why`` is for people."""
    if node.string("status") != word:
        yield SetProperty(node.path, "status", Strings((word,)), why)


def switches_off(edit: Edit) -> bool:
    """Whether a node is not there, or not enabled, after an edit."""
    if isinstance(edit, SetProperty) and edit.name == "status":
        return not isinstance(edit.value, Strings) or not ENABLED.issuperset(edit.value.texts)
    return isinstance(edit, DeleteNode)
