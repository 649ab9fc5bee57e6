"""Statements of a device tree source → nodes and properties, merged as in dtc.

These rules decide the order of nodes and properties, and thereby the bytes of a DTB:

* A property that is defined again keeps its place, even if it was deleted in between. So does a
  node.
* The block that first defines a node may define each name once. In a block that extends an existing
  node the last definition counts.
* ``/delete-…/`` in the block that first defines a node deletes nothing; it only reserves a place.
* ``/omit-if-no-ref/`` counts where a node is first defined, and as a statement of its own.
* Later labels of a node precede its earlier ones.
"""

import re
from collections.abc import Iterable
from itertools import islice

from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.findings import DTS_LABEL, DTS_REFERENCE, DTS_SYNTAX
from scmigen.devicetree.items import Cutter, Items, Opener
from scmigen.devicetree.nodes import MAX_DEPTH, MAX_NAME, Property, Reference, made
from scmigen.devicetree.sourcetext import SourceText
from scmigen.devicetree.values import BadValueError, Value, Values, target_of
from scmigen.diagnostics import Diagnostic, Finding, InputError, Related, Severity

DTS_DEPTH = Finding(
    "dts-depth",
    "Nodes are nested deeper than Linux accepts (64 levels).",
    "Look for an unclosed brace.",
    switchable=False,
)
DTS_DUPLICATE = Finding(
    "dts-duplicate",
    "A node or property is defined twice where only one definition is allowed.",
    "Rename or remove one of the two.",
    switchable=False,
)
DTS_TRUNCATED = Finding(
    "dts-truncated",
    "A number has more bits than its cell; the upper ones are cut off.",
    "Write a smaller number, or use /bits/ 64.",
    Severity.WARNING,
)
DTS_VALUE = Finding(
    "dts-value",
    "The value of a property is malformed or cannot be computed.",
    "Correct the value; the caret marks the place.",
    switchable=False,
)

#: The most errors that are worth telling.
MAX_ERRORS = 100

#: The most labels of one node, and nodes that share a label for a while.
MAX_SAME = 1000

#: How often a label that is on several nodes at once may be looked up.
MAX_DOUBTFUL = 1000

#: The most places of one thing that an error names.
MAX_PLACES = 5

#: Keeps the place of a property that was deleted, should it come back.
_DELETED = Property("")

#: What an error may be about.
_Thing = DraftNode | Property

_FIRST = "the block that first defines a node may define each name once"


class Builder:
    """Applies the statements of one source text to one tree.

    After `build`: ``root``, ``omitted`` (nodes to be left out unless something refers to them),
    ``once_labelled`` (nodes that were deleted with their labels and came back),
    ``reservations``, ``is_overlay``, and what was found wrong in ``errors``.
    """

    def __init__(self, source: SourceText, cutter: Cutter, values: Values) -> None:
        self.source = source
        self.root = DraftNode("")
        self.omitted: set[DraftNode] = set()
        self.once_labelled: set[DraftNode] = set()
        self.reservations: list[tuple[int, int]] = []
        self.is_overlay = False
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self._cutter = cutter
        self._values = values
        self._labels: dict[str, list[DraftNode]] = {}
        self._dead: set[DraftNode] = set()
        self._thinned: set[DraftNode] = set()
        self._has_root = False
        self._root_deleted = 0
        # Of each header whether it says /plugin/, and where the last one stands.
        self._headers: list[bool] = []
        self._last_header = 0
        self._fragments = 0
        self._doubtful = 0
        # The open nodes, and of each whether this very block first defines it.
        self._open: list[tuple[DraftNode, bool]] = []

    def build(self, tokens: Iterable[tuple[str, int, int]]) -> None:
        """Applies the statements of a source: terminal, start and end of each token.

        Raises `InputError` where there are too many errors.
        """
        for kind, start, end in tokens:
            if kind in ("LEAVES", "NODE"):
                self._apply(Items(self.source, self._cutter, start, start, end))
            elif kind == "_CLOSE":
                self._open.pop()
            elif kind in ("ROOT", "EXTENSION"):
                self._begin(kind, start, end)
            else:
                self._statement(kind, start, end)
        self._check_headers()
        if self.root in self._dead:
            # dtc writes a blob without any node, which no reader takes.
            message = "the root node is deleted, and not defined again"
            self._error(DTS_SYNTAX, message, self._root_deleted, "follow it with `/ { … };`")
        self._bury()

    # --- statements

    def _statement(self, kind: str, start: int, end: int) -> None:
        if kind in ("V1", "PLUGIN"):
            self._header(kind, start)
        elif kind == "RESERVATION":
            self._reserve(start)
        elif kind == "REMOVAL":
            self._remove_child(self._cutter.name.match(self.source.text, start), start)
        else:
            self._target_statement(kind, start, end)

    def _header(self, kind: str, start: int) -> None:
        """``/dts-v1/;`` or ``/plugin/;``. They may be repeated, all alike."""
        if kind == "V1":
            self._headers.append(False)
            self._last_header = start
        else:
            self._headers[-1] = self.is_overlay = True

    def _check_headers(self) -> None:
        if self.is_overlay and not all(self._headers):
            message = "/plugin/; follows one /dts-v1/; but not another"
            self._error(DTS_SYNTAX, message, self._last_header, "write the same headers each time")

    def _begin(self, kind: str, start: int, end: int) -> None:
        """A token that opens a node outside of all others: ROOT or EXTENSION."""
        head = self._cutter.head.match(self.source.text, start)
        assert head is not None
        items = Items(self.source, self._cutter, start, head.end(), end)
        if kind == "ROOT":
            self._open.append((self.root, not self._has_root))
            self._has_root = True
            self._dead.discard(self.root)
            self.root.add_place((items, -1))
        else:
            self._extend(head, items)
        self._apply(items)

    def _extend(self, head: re.Match[str], items: Items) -> None:
        target = target_of(head[2])
        node = self.find(target)
        # In an overlay a path, and a label that is not its own, mean the tree below.
        if self.is_overlay and (node is None or head[2][1] == "{"):
            self._open.append((self._fragment(target, items), True))
            return
        if node is None:
            self._no_node(head[2], head.start(2))
            node = DraftNode("")
        else:
            self._dead.discard(node)
            node.add_place((items, -1))
            for label in self._cutter.label.findall(head[1] or ""):
                self.label(node, label)
        self._open.append((node, False))

    def _no_node(self, reference: str, offset: int) -> None:
        """What a statement is for is not there, or not yet."""
        from scmigen.devicetree.suggest import nearest

        target = target_of(reference)
        hint = "a label is written `label: node {`"
        if not self._has_root:
            hint = "an overlay for another tree begins with /dts-v1/; /plugin/;"
        elif target in self.source.labels:
            hint = "it is defined further down; move the definition above this line"
        else:
            hint = nearest(target, self._labels, "&") or hint
        self._error(DTS_REFERENCE, f"{reference} does not name a node defined above", offset, hint)

    def _fragment(self, target: str, items: Items) -> DraftNode:
        """A part of an overlay: ``fragment@N { target = <&…>; __overlay__ { … }; }``."""
        name = f"fragment@{self._fragments}"
        self._fragments += 1
        place = (items, -1)
        fragment = self.root.children[name] = DraftNode(name, self.root, place)
        if target.startswith("/"):
            where = Property("target-path", target.encode() + b"\0", place)
        else:
            reference = Reference(0, target, is_path=False)
            where = Property("target", b"\xff\xff\xff\xff", place, (), (reference,))
        fragment.properties[where.name] = where
        node = fragment.children["__overlay__"] = DraftNode("__overlay__", fragment, place)
        return node

    def _target_statement(self, kind: str, start: int, end: int) -> None:
        """``/delete-node/ &label;`` or ``/omit-if-no-ref/ &label;``."""
        found = self._cutter.reference.search(self.source.text, start, end)
        assert found is not None
        node = self.find(target_of(found[0]))
        if node is None:
            self._no_node(found[0], found.start())
        elif kind == "DELETION":
            self._kill(node)
            if node is self.root:
                self._root_deleted = found.start()
        else:
            self.omitted.add(node)

    def _reserve(self, start: int) -> None:
        found = self._cutter.reservation.match(self.source.text, start)
        assert found is not None
        try:
            self.reservations.append(self._values.reservation(found[2]))
        except BadValueError as problem:
            self._error(DTS_VALUE, problem.message, found.start(2) + problem.offset, problem.hint)

    # --- the items of a token

    def _apply(self, items: Items) -> None:
        node, fresh = self._open[-1] if self._open else (self.root, False)
        properties = node.properties
        known = self._values.known
        index = -1
        for marks, name, text, brace, removed in items.texts():
            index += 1
            if name and not brace:
                if text:
                    data, references, inner, _ = known.get(text) or self._value(text, items, index)
                else:
                    data, references, inner = b"", (), ()
                if marks:
                    inner = (*self._cutter.label.findall(marks), *inner)
                item = made((name, data, (items, index), inner, references, None))
                if name in properties:
                    self._redefine(node, item, fresh)
                else:
                    properties[name] = item
                continue
            if brace:
                node, fresh = self._enter(node, fresh, name, marks, (items, index))
                self._open.append((node, fresh))
            elif removed:
                self._remove_property(node, removed, fresh)
            else:
                self._open.pop()
                node, fresh = self._open[-1]
            properties = node.properties

    def _value(self, text: str, items: Items, index: int) -> Value:
        value = self._values.plain(text)
        if value is not None:
            return value
        try:
            value = self._values.read(text, Opener(self.source, items, index))
        except BadValueError as problem:
            start = items.match(index).start(3)
            self._error(DTS_VALUE, problem.message, start + problem.offset, self._hint(problem))
            return Value(b"")
        for message, offset in value.truncated[: MAX_ERRORS - len(self.warnings)]:
            start = items.match(index).start(3)
            self.warnings.append(self.source.diagnostic(DTS_TRUNCATED, message, start + offset))
        return value

    def _hint(self, problem: BadValueError) -> str | None:
        """What right would look like where a value is wrong."""
        if problem.name is None:
            return problem.hint
        from scmigen.devicetree.suggest import in_value

        return in_value(problem.name, self.source) or problem.hint

    def _redefine(self, node: DraftNode, item: Property, fresh: bool) -> None:
        old = node.properties[item.name]
        if old is _DELETED:
            node.properties[item.name] = item
        elif fresh:
            self._twice("property", item, old)
        else:
            labels = (*item.labels, *(x for x in old.labels if x not in item.labels))
            node.properties[item.name] = item._replace(labels=labels, earlier=old)

    def _enter(
        self, parent: DraftNode, fresh: bool, name: str, marks: str, place: tuple[Items, int]
    ) -> tuple[DraftNode, bool]:
        """The child ``name``, new or to be extended, and whether it is new."""
        node = parent.children.get(name)
        if fresh and node in self._dead:
            # Only a place that /delete-node/ kept: the node starts anew, behind it.
            node = parent.children.pop(name, None) and None
        new = node is None
        if node is None:
            node = parent.children[name] = DraftNode(name, parent, place)
            if len(self._open) > MAX_DEPTH:
                where = place[0].position(place[1])
                raise InputError([DTS_DEPTH.error(f"nodes nest deeper than {MAX_DEPTH}", where)])
        elif fresh:
            # Told once, and not again for each property that both have.
            self._twice("node", DraftNode(name, parent, place), node)
        else:
            self._dead.discard(node)
            node.add_place(place)
        if marks:
            if new and "/omit-if-no-ref/" in marks:
                self.omitted.add(node)
            for label in self._cutter.label.findall(marks)[:: 1 if not new else -1]:
                self.label(node, label)
        return node, new

    def _remove_property(self, node: DraftNode, name: str, fresh: bool) -> None:
        is_there = name in node.properties
        if is_there != fresh:
            node.properties[name] = _DELETED
            self._thinned.add(node)

    def _remove_child(self, found: re.Match[str] | None, start: int) -> None:
        assert found is not None
        parent, fresh = self._open[-1]
        node = parent.children.get(found[1])
        if node is None and fresh:
            node = parent.children[found[1]] = DraftNode(found[1], parent)
        elif node is not None and fresh and node not in self._dead:
            self._error(
                DTS_DUPLICATE,
                f"/delete-node/ {found[1]} is in the block that first defines the node",
                start,
                related=(Related("defined", node.position),),
                hint="delete it in a later block",
            )
        if node is not None:
            self._kill(node)

    # --- labels and death

    def label(self, node: DraftNode, label: str) -> None:
        """Add a label to a node; the latest comes first."""
        nodes = self._labels.setdefault(label, [])
        if node in nodes:
            return
        if len(node.labels) >= MAX_SAME or len(nodes) >= MAX_SAME or len(label) > MAX_NAME:
            message = (
                f"label {label[:80]} is too long, or on too many nodes, or its node has too many"
            )
            self.blame(node, DTS_LABEL, message)
            raise InputError(self.errors)
        node.labels.insert(0, label)
        nodes.append(node)

    def _kill(self, node: DraftNode) -> None:
        """Delete a node with its contents; names keep their places if they come back."""
        for below in node.walk():
            self._dead.add(below)
            below.properties.update(dict.fromkeys(below.properties, _DELETED))
            self._thinned.add(below)
            if below.labels:
                self.once_labelled.add(below)
                for label in below.labels:
                    self._labels[label].remove(below)
                below.labels.clear()
        if node.parent is not None:
            self._thinned.add(node.parent)

    def _bury(self) -> None:
        """Remove everything that is deleted in the end."""
        for node in self._thinned:
            node.properties = {n: p for n, p in node.properties.items() if p is not _DELETED}
            node.children = {n: c for n, c in node.children.items() if c not in self._dead}
        self.omitted -= self._dead

    def find(self, target: str) -> DraftNode | None:
        """The node that a reference names in the current state of the tree."""
        label, _, path = target.partition("/")
        node: DraftNode | None = self.root
        if label:
            nodes = self._labels.get(label, [])
            node = nodes[0] if len(nodes) == 1 else self._first(nodes)
        for name in path.split("/"):
            if name and node is not None:
                node = node.children.get(name)
                if node in self._dead:
                    node = None
        return node if target else None

    def _first(self, nodes: list[DraftNode]) -> DraftNode | None:
        """The first of ``nodes``, which have a label in common, in the order of the tree."""
        if not nodes:
            return None
        self._doubtful += 1
        if self._doubtful > MAX_DOUBTFUL:
            self.blame(nodes[-1], DTS_LABEL, f"{nodes[-1].labels[0]} is on several nodes at once")
            raise InputError(self.errors)
        return next((node for node in self.root.walk() if node in nodes), None)

    # --- errors

    def blame(
        self,
        thing: _Thing,
        finding: Finding,
        message: str,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
        written: str = "",
    ) -> None:
        """Report an error at a node or property, or at the text ``written`` in it."""
        if not related:
            others = islice(thing.each_place(), 1, MAX_PLACES + 1)
            related = tuple(Related("also defined here", place) for place in others)
        place = thing.place
        if isinstance(place, tuple) and isinstance(place[0], Items):
            self._error(finding, message, place[0].offset(place[1], written), hint, related)
        else:
            self._add(finding.error(message, thing.position, related, hint))

    def _error(
        self,
        finding: Finding,
        message: str,
        offset: int,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        self._add(self.source.diagnostic(finding, message, offset, related, hint))

    def _add(self, problem: Diagnostic) -> None:
        self.errors.append(problem)
        if len(self.errors) >= MAX_ERRORS:
            raise InputError(self.errors)

    def _twice(self, kind: str, new: _Thing, old: _Thing) -> None:
        first = (Related("first defined", old.position),)
        self.blame(new, DTS_DUPLICATE, f"{kind} {new.name} is defined twice", _FIRST, first)
