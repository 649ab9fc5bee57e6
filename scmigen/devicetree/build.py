"""Statements of a devicetree source → nodes and properties, merged as dtc merges them.

The rules that decide the order of nodes and properties, and so the bytes of a DTB:

* A property that is defined again keeps its place; so does one that was deleted in between, and so
  does a node.
* In the block that first defines a node each name may be defined once; a block that extends an
  existing node may say things twice, the last one holds.
* ``/delete-…/`` in the block that first defines a node deletes nothing; it only keeps a place.
* ``/omit-if-no-ref/`` counts where a node is first defined, or as a statement of its own.
* A later label of a node stands before its earlier ones.
"""

import re
from collections.abc import Iterator

from lark import Token, Tree

from scmigen.devicetree.items import Cutter, Items, Opener
from scmigen.devicetree.sourcetext import SourceText
from scmigen.devicetree.tree import MAX_DEPTH, Node, Property, Reference
from scmigen.devicetree.values import BadValueError, Value, Values, target_of
from scmigen.diagnostics import Diagnostic, InputError, Position, Related, error, warning

#: The most errors that are worth telling.
MAX_ERRORS = 100

_FIRST = "a name may be defined once in the block that first defines the node"


class Builder:
    """Applies the statements of one source text to one tree.

    After `build`: ``root``, ``omitted`` (nodes to be left out unless something refers to them),
    ``reservations``, ``is_overlay``, and what was found wrong in ``errors``.
    """

    def __init__(self, source: SourceText, cutter: Cutter, values: Values) -> None:
        self.source = source
        self.root = Node("")
        self.omitted: set[Node] = set()
        self.reservations: list[tuple[int, int]] = []
        self.is_overlay = False
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self._cutter = cutter
        self._values = values
        self._labels: dict[str, list[Node]] = {}
        self._dead: set[Node | Property] = set()
        self._thinned: set[Node] = set()
        self._has_root = False
        self._fragments = 0
        # The open nodes, and of each whether this very block first defines it.
        self._open: list[tuple[Node, bool]] = []

    def build(self, tree: Tree[Token]) -> None:
        """Applies a parsed source. Raises `InputError` where there are too many errors."""
        stack: list[Iterator[Tree[Token] | Token]] = [iter(tree.children)]
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
                if self._open:
                    self._open.pop()
            elif isinstance(item, Token):
                self._statement(item)
            elif item.data == "header":
                self.is_overlay = len(item.children) > 1
            else:
                children = iter(item.children)
                self._begin(next(children))
                stack.append(children)
        self._bury()

    # --- statements

    def _statement(self, token: Token) -> None:
        start, end = token.start_pos or 0, token.end_pos or 0
        if token.type == "LEAVES":
            self._apply(Items(self.source, self._cutter, start, start, end))
        elif token.type == "RESERVATION":
            self._reserve(token, start)
        elif token.type == "REMOVAL":
            self._remove_child(self._cutter.name.match(token), start)
        else:
            self._target_statement(token, start)

    def _begin(self, token: Tree[Token] | Token) -> None:
        """A token that opens a node: ROOT, EXTENSION or NODE."""
        assert isinstance(token, Token)
        start, end = token.start_pos or 0, token.end_pos or 0
        if token.type == "NODE":
            self._apply(Items(self.source, self._cutter, start, start, end))
            return
        head = self._cutter.head.match(self.source.text, start)
        assert head is not None
        items = Items(self.source, self._cutter, start, head.end(), end)
        if token.type == "ROOT":
            self._open.append((self.root, not self._has_root))
            self._has_root = True
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
            self._error(
                "dts-reference",
                f"{head[2]} names no node that is defined above",
                head.start(2),
                hint="a label is written `label: node {`, and must stand before its use here",
            )
            node = Node("")
        else:
            node.add_place((items, -1))
            for label in self._cutter.label.findall(head[1] or ""):
                self._label(node, label)
        self._open.append((node, False))

    def _fragment(self, target: str, items: Items) -> Node:
        """A part of an overlay: ``fragment@N { target = <&…>; __overlay__ { … }; }``."""
        name = f"fragment@{self._fragments}"
        self._fragments += 1
        place = (items, -1)
        fragment = self.root.children[name] = Node(name, self.root, place)
        if target.startswith("/"):
            where = Property("target-path", target.encode() + b"\0", place)
        else:
            reference = Reference(0, target, is_path=False)
            where = Property("target", b"\xff\xff\xff\xff", place, (), (reference,))
        fragment.properties[where.name] = where
        node = fragment.children["__overlay__"] = Node("__overlay__", fragment, place)
        return node

    def _target_statement(self, token: Token, start: int) -> None:
        """``/delete-node/ &label;`` or ``/omit-if-no-ref/ &label;``."""
        found = self._cutter.reference.search(token)
        assert found is not None
        node = self.find(target_of(found[0]))
        if node is None or node is self.root:
            self._error(
                "dts-reference",
                f"{found[0]} names no node that is defined above",
                start + found.start(),
            )
        elif token.type == "DELETION":
            self._kill(node)
        else:
            self.omitted.add(node)

    def _reserve(self, token: Token, start: int) -> None:
        found = self._cutter.reservation.match(token)
        assert found is not None
        try:
            self.reservations.append(self._values.reservation(found[2]))
        except BadValueError as problem:
            self._error(
                "dts-value", problem.message, start + found.start(2) + problem.offset, problem.hint
            )

    # --- the items of a token

    def _apply(self, items: Items) -> None:
        node, fresh = self._open[-1] if self._open else (self.root, False)
        known = self._values.known
        index = -1
        for labels, name, text, brace, removed in items.texts():
            index += 1
            if name and not brace:
                if text:
                    value = known.get(text) or self._value(text, items, index)
                    item = Property(name, value.data, (items, index), (), value.references)
                    if labels or value.labels:
                        item.labels = (*self._cutter.label.findall(labels), *value.labels)
                else:
                    item = Property(name, b"", (items, index))
                    if labels:
                        item.labels = tuple(self._cutter.label.findall(labels))
                if name in node.properties:
                    self._redefine(node, item, fresh)
                else:
                    node.properties[name] = item
            elif brace:
                node, fresh = self._enter(node, fresh, name, labels, (items, index))
                self._open.append((node, fresh))
            elif removed:
                self._remove_property(node, removed, fresh)
            else:
                self._open.pop()
                node, fresh = self._open[-1]

    def _value(self, text: str, items: Items, index: int) -> Value:
        value = self._values.plain(text)
        if value is not None:
            return value
        try:
            value = self._values.read(text, Opener(self.source, items, index))
        except BadValueError as problem:
            self._error(
                "dts-value",
                problem.message,
                items.match(index).start(3) + problem.offset,
                problem.hint,
            )
            return Value(b"")
        for message in value.truncated:
            self.warnings.append(warning("dts-truncated", message, items.position(index)))
        return value

    def _redefine(self, node: Node, item: Property, fresh: bool) -> None:
        old = node.properties[item.name]
        if old in self._dead:
            node.properties[item.name] = item
        elif fresh:
            self._twice("property", item, old)
        else:
            item.earlier = old
            if old.labels:
                item.labels = (*item.labels, *(x for x in old.labels if x not in item.labels))
            node.properties[item.name] = item

    def _enter(
        self, parent: Node, fresh: bool, name: str, marks: str, place: tuple[Items, int]
    ) -> tuple[Node, bool]:
        """The child ``name``, new or to be extended, and whether it is new."""
        node = parent.children.get(name)
        if fresh and node in self._dead:
            # Only a place that /delete-node/ kept: the node starts anew, behind it.
            node = parent.children.pop(name, None) and None
        new = node is None
        if node is None:
            node = parent.children[name] = Node(name, parent, place)
            if len(self._open) > MAX_DEPTH:
                where = place[0].position(place[1])
                raise InputError([error("dts-depth", f"nodes nest deeper than {MAX_DEPTH}", where)])
        elif fresh:
            new = True
            self._twice("node", Node(name, parent, place), node)
        else:
            self._dead.discard(node)
            node.add_place(place)
        if marks:
            if new and "/omit-if-no-ref/" in marks:
                self.omitted.add(node)
            for label in self._cutter.label.findall(marks)[:: 1 if not new else -1]:
                self._label(node, label)
        return node, new

    def _remove_property(self, node: Node, name: str, fresh: bool) -> None:
        old = node.properties.get(name)
        if old is None and fresh:
            old = node.properties[name] = Property(name)
        elif fresh:
            return
        if old is not None:
            self._dead.add(old)
            self._thinned.add(node)

    def _remove_child(self, found: re.Match[str] | None, start: int) -> None:
        assert found is not None
        parent, fresh = self._open[-1]
        node = parent.children.get(found[1])
        if node is None and fresh:
            node = parent.children[found[1]] = Node(found[1], parent)
        elif node is not None and fresh and node not in self._dead:
            self._error(
                "dts-duplicate",
                f"/delete-node/ {found[1]} stands in the block that first defines the node",
                start,
                related=(Related("defined", node.position),),
                hint="delete it in a later block",
            )
        if node is not None:
            self._kill(node)

    # --- labels and death

    def _label(self, node: Node, label: str) -> None:
        if label not in node.labels:
            node.labels.insert(0, label)
            self._labels.setdefault(label, []).append(node)

    def _kill(self, node: Node) -> None:
        """Deletes a node and all in it; each keeps its place should it come back."""
        for below in node.walk():
            self._dead.add(below)
            self._dead.update(below.properties.values())
            self._thinned.add(below)
            below.labels.clear()
        if node.parent is not None:
            self._thinned.add(node.parent)

    def _bury(self) -> None:
        """Takes out what is deleted at the end."""
        for node in self._thinned:
            node.properties = {n: p for n, p in node.properties.items() if p not in self._dead}
            node.children = {n: c for n, c in node.children.items() if c not in self._dead}
        self.omitted -= self._dead

    def find(self, target: str) -> Node | None:
        """The node that a reference names as the tree stands now."""
        label, _, path = target.partition("/")
        node: Node | None = self.root
        if label:
            alive = [node for node in self._labels.get(label, ()) if label in node.labels]
            node = alive[0] if len(alive) == 1 else self._first(alive)
        for name in path.split("/"):
            if name and node is not None:
                node = node.children.get(name)
                if node in self._dead:
                    node = None
        return node if target else None

    def _first(self, nodes: list[Node]) -> Node | None:
        """The first of ``nodes`` in the order of the tree."""
        return next((node for node in self.root.walk() if node in nodes), None) if nodes else None

    # --- errors

    def written_at(self, item: Property, written: str) -> Position | None:
        """Where ``written`` stands in the value of a property."""
        place = item.place
        if isinstance(place, tuple) and isinstance(place[0], Items):
            return place[0].find(place[1], written)
        return item.position

    def _error(
        self,
        identifier: str,
        message: str,
        offset: int,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        self._add(error(identifier, message, self.source.position(offset), related, hint))

    def _add(self, problem: Diagnostic) -> None:
        self.errors.append(problem)
        if len(self.errors) >= MAX_ERRORS:
            raise InputError(self.errors)

    def _twice(self, kind: str, new: Node | Property, old: Node | Property) -> None:
        self._add(
            error(
                "dts-duplicate",
                f"{kind} {new.name} is defined twice",
                new.position,
                (Related("first defined", old.position),),
                _FIRST,
            )
        )
