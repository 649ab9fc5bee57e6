"""Selectors: how a user names nodes and resources of the tree.

A selector is a label (``&uart0``), a path (``/soc/serial@1000``), a glob over node names
(``*serial*``) or over paths (``/soc/*``), or a bare word that is tried as node name, label, alias.
"""

from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from re import compile as regex

from scmigen.assignment.words import did_you_mean
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import key_of, voltage_key
from scmigen.bindings.references import Reference
from scmigen.devicetree.tree import DeviceTree, Node
from scmigen.scmi.protocols import Kind


@dataclass(frozen=True, slots=True)
class Selection:
    """The nodes a selector means, whether it named one exactly, or what is wrong with it."""

    nodes: tuple[Node, ...]
    exact: bool
    problem: str | None = None
    hint: str | None = None


def is_glob(text: str) -> bool:
    """Whether a selector is a pattern."""
    return any(character in text for character in "*?[")


class Selector:
    """Finds nodes of one tree."""

    def __init__(self, tree: DeviceTree) -> None:
        self._tree = tree

    @cached_property
    def _by_name(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self._tree.nodes:
            found.setdefault(node.name, []).append(node)
            if "@" in node.name:
                found.setdefault(node.base_name, []).append(node)
        return found

    def select(self, text: str) -> Selection:
        """The nodes that ``text`` means."""
        if is_glob(text):
            return self._glob(text)
        if text.startswith("&"):
            node = self._tree.labels.get(text[1:])
            return self._missing("label", text) if node is None else Selection((node,), True)
        if text.startswith("/"):
            node = self._tree.node(text)
            return self._missing("node", text) if node is None else Selection((node,), True)
        return self._word(text)

    def _missing(self, what: str, text: str) -> Selection:
        """Nothing is named ``text``; the hint has what is nearly so."""
        if what == "label" and not self._tree.labels:
            near = "this tree has no labels (a DTB keeps them only with dtc -@); use a path"
            return Selection((), True, f"no {what} {text}", near)
        known = {
            "label": [f"&{label}" for label in self._tree.labels],
            "node": [node.path for node in self._tree.nodes],
        }.get(what, [*self._by_name, *self._tree.labels, *self._tree.aliases])
        return Selection((), True, f"no {what} {text}", did_you_mean(text, known))

    def _glob(self, text: str) -> Selection:
        matches = regex(translate(text)).match
        whole = text.startswith("/")
        nodes = (n for n in self._tree.nodes if matches(n.path if whole else n.name))
        return Selection(tuple(nodes), False)

    def _word(self, text: str) -> Selection:
        named = self._by_name.get(text, []) if text else []
        if len(named) > 1:
            names = ", ".join(node.path for node in named[:4])
            return Selection((), True, f"{len(named)} nodes are named {text}", f"name one: {names}")
        node = named[0] if named else self._tree.labels.get(text) or self._tree.aliases.get(text)
        if node is None:
            return self._missing("node, label or alias", text)
        return Selection((node,), True)


def split_resource(text: str) -> tuple[str, tuple[int, ...]] | None:
    """``"&cru 12"`` → selector and cells; none where a cell is no number."""
    selector, *cells = text.split()
    try:
        return selector, tuple(int(cell, 0) for cell in cells)
    except ValueError:
        return None


def resource_key(kind: Kind, node: Node, cells: tuple[int, ...]) -> ResourceKey:
    """The identity of the resource that a user names by provider and cells."""
    if kind is Kind.VOLTAGE and not cells:
        return voltage_key(node)
    return key_of(kind, Reference(0, node, cells))
