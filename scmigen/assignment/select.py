"""Selectors: how a user names nodes and resources of the tree.

A selector is a label (``&uart0``), a path (``/soc/serial@1000``), a glob over node names
(``*serial*``) or over paths (``/soc/*``), or a bare word that is tried as node name, label, alias.
A resource is a selector and cells: numbers, or macros of the files that the tree was made of.
"""

from collections.abc import Mapping, Sequence
from fnmatch import translate
from functools import cached_property
from itertools import islice
from re import compile as regex

from scmigen.assignment.words import did_you_mean
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import key_of, voltage_key
from scmigen.bindings.references import Reference, References
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.hints import TYPE_CHECKING
from scmigen.scmi.protocols import Kind

if TYPE_CHECKING:
    from scmigen.bindings.macros import Macros

#: How many macros are searched for a similar name.
MAX_NEAR = 1000

_MAX_CELL = 0xFFFF_FFFF


class Selection(Data):
    """The nodes that a selector matches, whether it names one exactly, or the problem."""

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
        """The nodes that ``text`` matches."""
        if not text:
            return Selection((), True, "an empty name", 'write "&LABEL", a path or a node name')
        if is_glob(text):
            return self._glob(text)
        if text.startswith("&"):
            node = self._tree.labels.get(text[1:])
            return self._missing("label", text) if node is None else Selection((node,), True)
        if text.startswith("/"):
            node = self._tree.node(text)
            return self._missing("node", text) if node is None else Selection((node,), True)
        return self._word(text)

    def resource(self, text: str) -> tuple[Selection, tuple[int, ...]]:
        """Nodes and cells of a resource such as ``"&cru 12"`` or ``"&cru CLK_UART4"``."""
        selector, *words = text.split() or [""]
        if not selector:
            return Selection((), True, f"{text!r} names no resource", 'write "&provider 12"'), ()
        found = self.select(selector)
        cells = []
        for word in words if found.nodes else ():
            cell = self._cell(word, found.nodes)
            if cell is None:
                problem = f"{word} is neither a 32-bit number nor a macro of this board's files"
                return Selection((), True, problem, self._near(word, found.nodes)), ()
            cells.append(cell)
        return found, tuple(cells)

    def _cell(self, word: str, providers: Sequence[Node]) -> int | None:
        """The value of a number or macro."""
        try:
            number: int | None = int(word, 0)
        except ValueError:
            number = self._tree.names.value(word)
        if number is None:
            return self._written(providers).get(word)
        return number if 0 <= number <= _MAX_CELL else None

    def _written(self, providers: Sequence[Node]) -> Mapping[str, int]:
        return self._macros.written({node.path for node in providers})

    @cached_property
    def _macros(self) -> "Macros":
        from scmigen.bindings.macros import Macros

        return Macros(References(self._tree))

    def _near(self, word: str, providers: Sequence[Node]) -> str | None:
        """A hint: macros used with these providers, and others with the same beginning."""
        macros = self._tree.names.macros
        alike = (name for name in macros if name[:3] == word[:3] and name != word)
        known = dict.fromkeys((*self._written(providers), *islice(alike, MAX_NEAR)))
        if not known and not macros:
            return "this tree has no macros (a DTB has none); write the number"
        return did_you_mean(word, known) or "write the number"

    def _missing(self, what: str, text: str) -> Selection:
        """A selection without nodes, with similar names as the hint."""
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


def resource_key(kind: Kind, node: Node, cells: tuple[int, ...]) -> ResourceKey:
    """The identity of the resource that a user names by provider and cells."""
    if kind is Kind.VOLTAGE and not cells:
        return voltage_key(node)
    return key_of(kind, Reference(0, node, cells))
