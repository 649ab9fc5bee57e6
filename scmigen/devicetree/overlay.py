"""Applying overlays to a tree, as libfdt does: the result is that of ``fdtoverlay``.

An overlay is a tree of fragments (see `fixups`). Each names a target in the base, by phandle or
path, and holds what is to be merged into it. The steps and their order are libfdt's, because they
decide phandles and places: the overlay's own phandles are renumbered past those of the base; labels
are looked up in ``/__symbols__`` of the base; nodes that exist on both sides keep the phandle of
the base; fragments are merged; the symbols of the overlay join those of the base. New properties
and nodes come first in their parent, the last one foremost.
"""

from collections.abc import Iterable, Iterator, Sequence
from struct import pack

from scmigen.devicetree.drafts import DraftNode, draft_of
from scmigen.devicetree.nodes import MAX_DEPTH, NULL_PHANDLES, Node, Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position

OVERLAY_BASE = Finding(
    "overlay-base",
    "The board that overlays are applied to is itself an overlay.",
    "Name the board first, then its overlays.",
    switchable=False,
)
OVERLAY_LABEL = Finding(
    "overlay-label",
    "An overlay refers to a label that the board does not define.",
    "Correct the label, or compile the board with dtc -@.",
    switchable=False,
)
OVERLAY_MALFORMED = Finding(
    "overlay-malformed",
    "The fragments or fixups of an overlay cannot be read.",
    "Compile the overlay again with dtc -@.",
    switchable=False,
)
OVERLAY_TARGET = Finding(
    "overlay-target",
    "A fragment of an overlay has no target on the board.",
    "Correct its target or target-path.",
    switchable=False,
)

#: The most errors that are worth telling.
MAX_ERRORS = 100

_PHANDLES = ("phandle", "linux,phandle")
_MAX_PHANDLE = 0xFFFFFFFE

#: A phandle in a property: the node, the property's name, and the offset in bytes.
_Slot = tuple[DraftNode, str, int]


def lay_over(base: DeviceTree, overlays: Sequence[DeviceTree]) -> DeviceTree:
    """``base`` with ``overlays`` applied in order.

    None of the trees is changed. Raises `InputError`:
    ``overlay-base`` (no tree to lay anything over), ``overlay-label`` (a label that the base does
    not have), ``overlay-target`` (a fragment for a node that is not there), ``overlay-malformed``.
    """
    if base.is_overlay or _is_overlay(base.root):
        message = "this is itself an overlay; name the board first, then its overlays"
        raise InputError([OVERLAY_BASE.error(message, Position(base.file))])
    root = draft_of(base.root)
    files, folders, warnings = [*base.files], [*base.folders], [*base.warnings]
    for overlay in overlays:
        applied = _Overlay(root, overlay)
        applied.apply()
        if applied.errors:
            raise InputError(applied.errors)
        files += overlay.files
        folders += overlay.folders
        warnings += overlay.warnings
    return DeviceTree(
        root,
        base.file,
        base.memory_reservations,
        base.boot_cpu,
        files=tuple(dict.fromkeys(files)),
        folders=tuple(dict.fromkeys(folders)),
        warnings=tuple(warnings),
    )


def _is_overlay(root: Node) -> bool:
    return any("__overlay__" in child.children for child in root.children.values())


class _Finder:
    """Finds nodes as libfdt does: a name without a unit address matches one with any."""

    def __init__(self, root: DraftNode) -> None:
        self.root = root
        self._first: dict[DraftNode, dict[str, DraftNode]] = {}

    def child(self, node: DraftNode, name: str) -> DraftNode | None:
        """The child that ``name`` means, the first where there are several."""
        if "@" in name:
            return node.children.get(name)
        return self._first_of(node).get(name)

    def add(self, parent: DraftNode, child: DraftNode) -> None:
        """Record that ``child`` is now the first of its parent's children."""
        self._first_of(parent)[child.base_name] = child

    def node(self, path: str) -> DraftNode | None:
        """The node at a path, which may begin with an alias."""
        node: DraftNode | None = self.root
        if not path.startswith("/"):
            alias, _, path = path.partition("/")
            aliases = self.child(self.root, "aliases")
            where = aliases.string(alias) if aliases else None
            node = self.node(where) if where and where.startswith("/") else None
        for name in path.split("/"):
            if name and node is not None:
                node = self.child(node, name)
        return node

    def _first_of(self, node: DraftNode) -> dict[str, DraftNode]:
        found = self._first.get(node)
        if found is None:
            children = reversed(node.children.values())
            found = self._first[node] = {child.base_name: child for child in children}
        return found


def _phandle(node: DraftNode) -> int:
    """The node's phandle as libfdt reads it, or 0."""
    for name in _PHANDLES:
        found = node.properties.get(name)
        if found is not None and len(found.value) == 4:
            return int.from_bytes(found.value, "big")
    return 0


def _read(slot: _Slot) -> int:
    node, name, offset = slot
    return int.from_bytes(node.properties[name].value[offset : offset + 4], "big")


def _write(slot: _Slot, phandle: int) -> None:
    node, name, offset = slot
    item = node.properties[name]
    value = item.value[:offset] + pack(">I", phandle) + item.value[offset + 4 :]
    node.properties[name] = item.with_value(value)


class _Overlay:
    """One overlay that is being applied to the tree below ``root``."""

    def __init__(self, root: DraftNode, overlay: DeviceTree) -> None:
        self.errors: list[Diagnostic] = []
        self._root = root
        self._overlay = draft_of(overlay.root)
        self._file = overlay.file
        self._base = _Finder(root)
        self._own = _Finder(self._overlay)
        self._by_phandle = {_phandle(node): node for node in reversed(list(root.walk()))}
        self._local: list[_Slot] = []

    def apply(self) -> None:
        """All steps, up to the first that finds errors."""
        if not _is_overlay(self._overlay):
            self._error(
                OVERLAY_MALFORMED,
                "this is not an overlay: it has no fragments",
                None,
                "an overlay is written /dts-v1/; /plugin/; &label { … }; for a board of its own, "
                "see scmigen check --each",
            )
        for step in (
            self._move_phandles,
            self._resolve_labels,
            self._keep_phandles,
            self._merge_fragments,
            self._add_symbols,
        ):
            if not self.errors:
                step()

    def _error(
        self, finding: Finding, message: str, position: Position | None, hint: str | None = None
    ) -> None:
        from scmigen.devicetree.written import diagnostic_at

        where = position or Position(self._file)
        self.errors.append(diagnostic_at(finding, message, where, hint))
        if len(self.errors) >= MAX_ERRORS:
            raise InputError(self.errors)

    def _malformed(self, message: str) -> None:
        self._error(OVERLAY_MALFORMED, message, None, "compile the overlay with -@")

    # --- phandles

    def _move_phandles(self) -> None:
        """Renumber the overlay's phandles, and references to them, past those of the base."""
        delta = max((n for n in self._by_phandle if n <= _MAX_PHANDLE), default=0)
        slots = []
        for node in self._overlay.walk():
            for name in _PHANDLES:
                item = node.properties.get(name)
                if item is not None and len(item.value) != 4:
                    self._malformed(f"{name} of {node.path} has the wrong size")
                elif item is not None:
                    slots.append((node, name, 0))
        self._local = list(self._local_references())
        for slot in (*slots, *self._local):
            if _read(slot) + delta > _MAX_PHANDLE:
                self._malformed(
                    "its phandles are too large to be renumbered past those of the base"
                )
            else:
                _write(slot, _read(slot) + delta)

    def _local_references(self) -> Iterator[_Slot]:
        """The places that ``/__local_fixups__`` names."""
        fixups = self._overlay.children.get("__local_fixups__")
        stack = [] if fixups is None else [(fixups, self._overlay)]
        while stack:
            fixup, node = stack.pop()
            for item in fixup.properties.values():
                for at in range(0, len(item.value), 4):
                    offset = int.from_bytes(item.value[at : at + 4], "big")
                    yield from self._slot(node, item.name, offset)
            for child in fixup.children.values():
                below = self._own.child(node, child.name)
                if below is None:
                    where = f"{node.path.rstrip('/')}/{child.name}"
                    self._malformed(f"/__local_fixups__ names {where}, which does not exist")
                else:
                    stack.append((child, below))

    def _slot(self, node: DraftNode | None, name: str, offset: int) -> Iterable[_Slot]:
        item = node.properties.get(name) if node else None
        if node is None or item is None or offset + 4 > len(item.value):
            where = node.path if node else "a node"
            self._malformed(f"a fixup names {where}:{name}:{offset}, which does not exist")
            return ()
        return ((node, name, offset),)

    def _resolve_labels(self) -> None:
        """Fill in the phandles of nodes of the base that ``/__fixups__`` lists by label."""
        fixups = self._overlay.children.get("__fixups__")
        if fixups is None:
            return
        symbols = self._root.children.get("__symbols__")
        for item in fixups.properties.values():
            slots = list(self._slots_of(item))
            path = symbols.string(item.name) if symbols else None
            target = self._base.node(path) if path else None
            phandle = _phandle(target) if target else 0
            if not phandle:
                self._no_label(item.name, symbols, slots)
            for slot in slots if phandle else ():
                _write(slot, phandle)

    def _slots_of(self, item: Property) -> Iterator[_Slot]:
        for entry in item.strings():
            path, _, rest = entry.partition(":")
            name, _, offset = rest.partition(":")
            if not (path and name and offset.isascii() and offset.isdecimal()) or len(offset) > 9:
                self._malformed(f"/__fixups__ has the entry {entry[:80]!r} for {item.name}")
            else:
                yield from self._slot(self._own.node(path), name, int(offset))

    def _no_label(self, label: str, symbols: DraftNode | None, slots: Sequence[_Slot]) -> None:
        items = [node.properties[name] for node, name, _ in slots]
        position = next((item.position for item in items if item.position), None)
        if symbols is None:
            hint = "the base has no /__symbols__: compile it with -@"
        else:
            from scmigen.devicetree.suggest import nearest

            near = nearest(label, symbols.properties, "&")
            hint = near or "is it an overlay for another board?"
        self._error(OVERLAY_LABEL, f"the base has no label {label}", position, hint)

    def _keep_phandles(self) -> None:
        """Give nodes on both sides the phandle of the base: its references stay valid."""
        for fragment, overlay in self._fragments():
            target = self._target(fragment)
            stack = [(target, overlay)] if target else []
            while stack:
                below, above = stack.pop()
                old, new = _phandle(above), _phandle(below)
                if old and new:
                    self._renumber(above, old, new)
                pairs = ((self._base.child(below, c.name), c) for c in above.children.values())
                stack += [(found, child) for found, child in pairs if found is not None]

    def _renumber(self, node: DraftNode, old: int, new: int) -> None:
        for name in _PHANDLES:
            item = node.properties.get(name)
            if item is not None and len(item.value) == 4:
                node.properties[name] = item.with_value(pack(">I", new))
        for slot in self._local:
            if _read(slot) == old:
                _write(slot, new)

    # --- merging

    def _fragments(self) -> Iterator[tuple[DraftNode, DraftNode]]:
        for fragment in self._overlay.children.values():
            if "__overlay__" in fragment.children:
                yield fragment, fragment.children["__overlay__"]

    def _target(self, fragment: DraftNode) -> DraftNode | None:
        """The node of the base that a fragment is for."""
        number = fragment.properties.get("target")
        if number is not None:
            phandle = fragment.cell("target") if len(number.value) == 4 else None
            if phandle is None or phandle == 0xFFFFFFFF:
                return None
            if phandle not in NULL_PHANDLES:
                return self._by_phandle.get(phandle)
        path = fragment.string("target-path")
        return self._base.node(path) if path else None

    def _merge_fragments(self) -> None:
        for fragment, overlay in self._fragments():
            target = self._target(fragment)
            if target is None:
                path = fragment.string("target-path")
                what = f"the base has no node {path}" if path else f"{fragment.name} has no target"
                self._error(OVERLAY_TARGET, what, fragment.position, self._near(path))
                continue
            depth = sum(1 for _ in target.ancestors())
            self._merge(target, overlay, depth)

    def _near(self, path: str | None) -> str | None:
        """The question whether another node is meant, for a path that leads nowhere."""
        from scmigen.devicetree.suggest import nearest

        return nearest(path, (node.path for node in self._root.walk())) if path else None

    def _merge(self, target: DraftNode, node: DraftNode, depth: int) -> None:
        """Merges ``node`` into ``target``, which lies ``depth`` below the root."""
        if depth > MAX_DEPTH:
            self._error(OVERLAY_TARGET, f"nodes nest deeper than {MAX_DEPTH}", node.position)
            return
        target.merge_places(node)
        new: dict[str, Property] = {}
        for name, item in node.properties.items():
            old = target.properties.get(name)
            if old is None:
                new[name] = item
            else:
                target.properties[name] = item._replace(earlier=old)
        target.properties = {**dict(reversed(new.items())), **target.properties}
        added: dict[str, DraftNode] = {}
        for child in node.children.values():
            found = self._base.child(target, child.name) or added.get(child.name)
            if found is None:
                found = added[child.name] = DraftNode(child.name, target)
                self._base.add(target, found)
                self._by_phandle.setdefault(_phandle(child), found)
            self._merge(found, child, depth + 1)
        target.children = {**dict(reversed(added.items())), **target.children}

    def _add_symbols(self) -> None:
        """Adds the overlay's symbols to those of the base, with the paths they have there."""
        own = self._overlay.children.get("__symbols__")
        if own is None:
            return
        symbols = self._root.children.get("__symbols__")
        if symbols is None:
            symbols = DraftNode("__symbols__", self._root)
            self._root.children = {symbols.name: symbols, **self._root.children}
        new: dict[str, Property] = {}
        for item in own.properties.values():
            path = self._path_in_base(item)
            if path is not None:
                place = symbols.properties if item.name in symbols.properties else new
                place[item.name] = Property(item.name, path.encode() + b"\0", item.place)
        symbols.properties = {**dict(reversed(new.items())), **symbols.properties}

    def _path_in_base(self, symbol: Property) -> str | None:
        """The new path of a symbol's node; None if it is not part of a fragment."""
        parts = symbol.string().split("/", 3)
        if parts[0] or not symbol.value.endswith(b"\0") or symbol.value.count(b"\0") != 1:
            self._malformed(f"/__symbols__ has no path for {symbol.name}")
            return None
        if len(parts) < 3 or parts[2] != "__overlay__":
            return None
        fragment = self._own.child(self._overlay, parts[1])
        target = self._target(fragment) if fragment else None
        if fragment is None or target is None:
            self._malformed(f"/__symbols__ does not name a fragment for {symbol.name}")
            return None
        path = target.path
        if "target" not in fragment.properties:
            path = fragment.string("target-path") or path
        below = parts[3] if len(parts) > 3 else ""
        return f"{path if len(path) > 1 else ''}/{below}"
