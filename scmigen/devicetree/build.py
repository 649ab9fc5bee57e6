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

from itertools import islice

from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.findings import DTS_LABEL, DTS_REFERENCE, DTS_SYNTAX
from scmigen.devicetree.items import Cutter, Items, Opener
from scmigen.devicetree.nodes import MAX_DEPTH, MAX_NAME, Property, Reference, made
from scmigen.devicetree.regex import regex
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

#: An item of the source.
_At = tuple[Items, int]

#: The rule ``source`` of the grammar: /dts-v1/, /plugin/, /memreserve/, a node, /delete-node/ and
#: /omit-if-no-ref/.
_ORDER = regex(r"(?:VP?+)++R*+N[NDO]*+").fullmatch

_FIRST = "the block that first defines a node may define each name once"


class MisplacedError(Exception):
    """The text does not follow the grammar, whose parser can tell where, and why."""


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
        # The letters of the statements outside of nodes, in `_ORDER`.
        self._order: list[str] = []
        # Of each header whether it says /plugin/, and where the last one stands.
        self._headers: list[bool] = []
        self._last_header: _At
        self._fragments = 0
        self._doubtful = 0
        # The open nodes, and of each whether this very block first defines it.
        self._open: list[tuple[DraftNode, bool]] = []

    def build(self, end: int, whole: bool = True) -> None:
        """Applies the statements of the source up to ``end``; ``whole``: it ends there.

        Raises `MisplacedError` where the text does not follow the grammar, and `InputError` where
        there are too many errors of other kinds.
        """
        items = Items(self.source, self._cutter, end)
        self._apply(items)
        if whole and (self._open or not _ORDER("".join(self._order))):
            raise MisplacedError
        self._check_headers()
        if self.root in self._dead:
            # dtc writes a blob without any node, which no reader takes.
            message = "the root node is deleted, and not defined again"
            self._error(DTS_SYNTAX, message, self._root_deleted, "follow it with `/ { … };`")
        self._bury()

    def _apply(self, items: Items) -> None:
        opened = self._open
        outside = self.root, False
        node, fresh = outside
        properties = node.properties
        # Whether there can be no properties: outside of nodes, and behind a node's children.
        late = True
        known, plain = self._values.known, self._values.plain
        index = -1
        for marks, name, text, brace, statement in items.texts():
            index += 1
            if name and not brace:
                if late:
                    raise MisplacedError
                if text:
                    data, references, inner = (
                        known.get(text) or plain(text) or self._value(text, items, index)
                    )
                else:
                    data, references, inner = b"", (), ()
                if marks:
                    inner = (*self._labels_in(marks), *inner)
                item = made((name, data, (items, index), inner, references, None))
                if name in properties:
                    self._redefine(node, item, fresh)
                else:
                    properties[name] = item
                continue
            if brace:
                if not opened:
                    raise MisplacedError
                node, fresh = self._enter(node, fresh, name, marks, (items, index))
                opened.append((node, fresh))
                late = False
            elif statement:
                late = self._statement(marks, statement, (items, index), late)
                node, fresh = opened[-1] if opened else outside
            else:
                if marks or not opened:
                    raise MisplacedError
                opened.pop()
                node, fresh = opened[-1] if opened else outside
                late = True
            properties = node.properties

    def _labels_in(self, marks: str) -> list[str]:
        """The labels in front of what can have nothing else there."""
        if "/" in marks:
            raise MisplacedError
        return self._cutter.label.findall(marks)

    # --- statements

    def _statement(self, marks: str, text: str, place: _At, late: bool) -> bool:
        """A statement that begins with no name. Whether it is too late for properties then."""
        word = text[: text.find("/", 1) + 1]
        if word == "/delete-property/":
            self._labels_in(marks)
            if not late:
                node, fresh = self._open[-1]
                self._remove_property(node, self._name_in(text), fresh)
                return False
        elif not self._open:
            self._order.append(self._outside(marks, word, text, place))
            return not self._open
        elif word == "/delete-node/" and not marks and "&" not in text:
            self._remove_child(self._name_in(text), place)
            return True
        raise MisplacedError

    def _name_in(self, text: str) -> str:
        """The name in /delete-node/ or /delete-property/."""
        found = self._cutter.name.match(text)
        assert found is not None
        return found[1]

    def _outside(self, marks: str, word: str, text: str, place: _At) -> str:
        """A statement outside of all nodes. Its letter in `_ORDER`."""
        if word == "/memreserve/":
            self._labels_in(marks)
            self._reserve(place)
            return "R"
        found = self._cutter.reference.search(text)
        target = found[0] if found is not None else ""
        if text[0] == "&" and text[-1] == "{":
            labels = self._labels_in(marks)
            if len(labels) < 2:
                self._extend(target, labels, place)
                return "N"
        elif text[0] == "&" and target:
            if marks.rstrip() == "/omit-if-no-ref/":
                self._omit(target, place)
                return "O"
        elif marks:
            pass
        elif word == "/dts-v1/":
            self._headers.append(False)
            self._last_header = place
            return "V"
        elif word == "/plugin/" and self._headers:
            self._headers[-1] = self.is_overlay = True
            return "P"
        elif word == "/delete-node/" and target:
            self._delete(target, place)
            return "D"
        elif text[0] == "/" and text[-1] == "{":
            self._begin(place)
            return "N"
        raise MisplacedError

    def _check_headers(self) -> None:
        """Headers may be repeated, all alike."""
        if self.is_overlay and not all(self._headers):
            message = "/plugin/; follows one /dts-v1/; but not another"
            items, index = self._last_header
            hint = "write the same headers each time"
            self._error(DTS_SYNTAX, message, items.offset(index), hint)

    def _begin(self, place: _At) -> None:
        self._open.append((self.root, not self._has_root))
        self._has_root = True
        self._dead.discard(self.root)
        self.root.add_place(place)

    def _extend(self, reference: str, labels: list[str], place: _At) -> None:
        target = target_of(reference)
        node = self.find(target)
        # In an overlay a path, and a label that is not its own, mean the tree below.
        if self.is_overlay and (node is None or reference[1] == "{"):
            self._open.append((self._fragment(target, place), True))
            return
        if node is None:
            self._no_node(reference, place)
            node = DraftNode("")
        else:
            self._dead.discard(node)
            node.add_place(place)
            for label in labels:
                self.label(node, label)
        self._open.append((node, False))

    def _no_node(self, reference: str, place: _At) -> None:
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
        message = f"{reference} does not name a node defined above"
        items, index = place
        self._error(DTS_REFERENCE, message, items.offset(index, reference), hint)

    def _fragment(self, target: str, place: _At) -> DraftNode:
        """A part of an overlay: ``fragment@N { target = <&…>; __overlay__ { … }; }``."""
        name = f"fragment@{self._fragments}"
        self._fragments += 1
        fragment = self.root.children[name] = DraftNode(name, self.root, place)
        if target.startswith("/"):
            where = Property("target-path", target.encode() + b"\0", place)
        else:
            reference = Reference(0, target, is_path=False)
            where = Property("target", b"\xff\xff\xff\xff", place, (), (reference,))
        fragment.properties[where.name] = where
        node = fragment.children["__overlay__"] = DraftNode("__overlay__", fragment, place)
        return node

    def _delete(self, reference: str, place: _At) -> None:
        node = self.find(target_of(reference))
        if node is None:
            self._no_node(reference, place)
            return
        self._kill(node)
        if node is self.root:
            items, index = place
            self._root_deleted = items.offset(index, reference)

    def _omit(self, reference: str, place: _At) -> None:
        node = self.find(target_of(reference))
        if node is None:
            self._no_node(reference, place)
        else:
            self.omitted.add(node)

    def _reserve(self, place: _At) -> None:
        items, index = place
        start = items.offset(index)
        found = self._cutter.reservation.match(self.source.text, start)
        assert found is not None
        try:
            self.reservations.append(self._values.reservation(found[2]))
        except BadValueError as problem:
            self._error(DTS_VALUE, problem.message, found.start(2) + problem.offset, problem.hint)

    # --- the items of a node

    def _value(self, text: str, items: Items, index: int) -> Value:
        """What the rules of the grammar say of a value that is not plain."""
        try:
            value, truncated = self._values.read(text, Opener(self.source, items, index))
        except BadValueError as problem:
            start = items.match(index).start(3)
            self._error(DTS_VALUE, problem.message, start + problem.offset, self._hint(problem))
            return b"", (), ()
        for message, offset in truncated[: MAX_ERRORS - len(self.warnings)]:
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
        self, parent: DraftNode, fresh: bool, name: str, marks: str, place: _At
    ) -> tuple[DraftNode, bool]:
        """The child ``name``, new or to be extended, and whether it is new."""
        node = parent.children.get(name)
        if fresh and node is not None and node in self._dead:
            # Only a place that /delete-node/ kept: the node starts anew, behind it.
            del parent.children[name]
            node = None
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

    def _remove_child(self, name: str, place: _At) -> None:
        parent, fresh = self._open[-1]
        node = parent.children.get(name)
        if node is None and fresh:
            node = parent.children[name] = DraftNode(name, parent)
        elif node is not None and fresh and node not in self._dead:
            items, index = place
            self._error(
                DTS_DUPLICATE,
                f"/delete-node/ {name} is in the block that first defines the node",
                items.offset(index),
                related=(Related("defined", node.position),),
                hint="delete it in a later block",
            )
        if node is not None:
            self._kill(node)

    # --- labels and death

    def label(self, node: DraftNode, label: str) -> None:
        """Add a label to a node; the latest comes first."""
        nodes = self._labels.get(label)
        if nodes is None:
            nodes = self._labels[label] = []
        elif node in nodes:
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
