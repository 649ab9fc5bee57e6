"""The last step for a source: references, phandles, names, labels.

The order is dtc's, because it decides the numbers: explicit phandles first; then each reference, in
preorder, gives its target a phandle, counting from 1 and skipping those taken; then references to
paths; then the nodes marked ``/omit-if-no-ref/`` are removed unless referenced; then, for ``-@``,
``/__symbols__``, for which every labelled node gets a phandle; then the fixups of an overlay.
"""

from struct import pack

from scmigen.devicetree.build import Builder
from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.findings import DTS_LABEL, DTS_PHANDLE, DTS_REFERENCE, DTS_SYNTAX
from scmigen.devicetree.nodes import (
    MAX_NAME,
    NODE_HINT,
    NODE_NAME,
    NULL_PHANDLES,
    PROPERTY_HINT,
    PROPERTY_NAME,
    Property,
)
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Finding, Related

DTS_NAME = Finding(
    "dts-name",
    "A node or property name has characters that the specification does not allow.",
    "Use letters, digits and , . _ + - ? #.",
    switchable=False,
)
_Thing = DraftNode | Property
_PHANDLES = ("phandle", "linux,phandle")


def resolve(builder: Builder, symbols: bool) -> DeviceTree:
    """The finished tree. What is wrong is added to ``builder.errors``."""
    resolver = _Resolver(builder)
    resolver.check_names()
    resolver.index_labels()
    resolver.take_explicit_phandles()
    resolver.fill_phandles()
    resolver.fill_paths()
    resolver.omit(keep_labelled=symbols)
    resolver.take_symbols()
    if symbols:
        resolver.add_symbols()
    if builder.is_overlay:
        resolver.add_fixups()
    return DeviceTree(
        builder.root,
        builder.source.files[0],
        tuple(builder.reservations),
        _boot_cpu(builder.root),
        resolver.labels,
        tuple(dict.fromkeys(builder.source.files)),
        builder.is_overlay,
        tuple(builder.warnings),
    )


class _Resolver:
    def __init__(self, builder: Builder) -> None:
        self.labels: dict[str, DraftNode] = {}
        self._builder = builder
        self._blame = builder.blame
        self._root = builder.root
        self._nodes = list(builder.root.walk())
        # The names of all properties.
        self._names: set[str] = set()
        # Most properties have neither references nor labels; these do, in the tree's order.
        self._referring: list[tuple[DraftNode, str]] = []
        self._labelled_items: list[tuple[DraftNode, str]] = []
        for node in self._nodes:
            self._names.update(node.properties)
            for item in node.properties.values():
                if item.references:
                    self._referring.append((node, item.name))
                if item.labels:
                    self._labelled_items.append((node, item.name))
        self._phandles: dict[DraftNode, int] = {}
        self._taken: dict[int, DraftNode] = {}
        self._next = 1
        # The ids of references some of which stand for paths.
        self._paths: set[int] = set()
        self._used: set[DraftNode] = set()
        self._targets: dict[str, DraftNode | None] = {}

    # --- names and labels

    def check_names(self) -> None:
        """Names that a DTB cannot have, and ``name`` properties, which repeat the node's."""
        if "name" in self._names:
            self._drop_names()
        bad = {name for name in self._names if not PROPERTY_NAME(name) or len(name) > MAX_NAME}
        below = {node.name for node in self._nodes[1:]}
        bad_nodes = {name for name in below if not NODE_NAME(name) or len(name) > MAX_NAME}
        if not bad and not bad_nodes:
            return
        for node in self._nodes:
            if node.name in bad_nodes and node.parent:
                problem = f"{node.name[:80]!r} cannot name a node"
                self._blame(node, DTS_NAME, problem, NODE_HINT)
            for item in node.properties.values():
                if item.name in bad:
                    problem = f"{item.name[:80]!r} cannot name a property"
                    self._blame(item, DTS_NAME, problem, PROPERTY_HINT)

    def _drop_names(self) -> None:
        for node in self._nodes:
            if "name" in node.properties:
                self._drop_name(node)
        self._referring = [marked for marked in self._referring if marked[1] != "name"]
        self._labelled_items = [marked for marked in self._labelled_items if marked[1] != "name"]

    def _drop_name(self, node: DraftNode) -> None:
        item = node.properties.pop("name")
        if item.value != node.base_name.encode() + b"\0":
            self._blame(
                item,
                DTS_NAME,
                f"the property name of {node.path} is not the node's name",
                hint=f'leave it out, or write "{node.base_name}"',
            )

    def index_labels(self) -> None:
        """Fill `labels`; a label may occur once in the whole tree."""
        others: dict[str, Property] = {}
        for node in self._nodes:
            for label in node.labels:
                other = self.labels.setdefault(label, node)
                if other is not node:
                    self._twice(label, node, other)
        for node, name in self._labelled_items:
            item = node.properties[name]
            for label in item.labels:
                if label in others:
                    self._twice(label, item, others[label])
                others[label] = item
        for label in self.labels.keys() & others.keys():
            self._twice(label, others[label], self.labels[label])

    def _twice(self, label: str, second: _Thing, first: _Thing) -> None:
        related = (Related("first here", first.position),)
        self._blame(second, DTS_LABEL, f"label {label} is given twice", None, related)

    # --- phandles

    def take_explicit_phandles(self) -> None:
        """The phandles that the source itself gives."""
        given = [name for name in _PHANDLES if name in self._names]
        for node in self._nodes if given else ():
            for name in given:
                if name in node.properties:
                    self._take(node, node.properties[name])

    def _take(self, node: DraftNode, item: Property) -> None:
        if item.references:
            target = self._find(item.references[0].target)
            if target is not node:
                self._blame(item, DTS_PHANDLE, "a phandle may only refer to its own node")
            return
        if len(item.value) != 4:
            hint = "a phandle is one cell: phandle = <1>;"
            self._blame(item, DTS_PHANDLE, f"{item.name} has the wrong size", hint)
            return
        number = int.from_bytes(item.value, "big")
        other = self._taken.setdefault(number, node)
        if number in NULL_PHANDLES:
            self._blame(item, DTS_PHANDLE, f"{number:#x} is not a phandle")
        elif other is not node:
            related = (Related(f"{other.path} has it", other.position),)
            message = f"phandle {number:#x} is given twice"
            self._blame(item, DTS_PHANDLE, message, None, related)
        elif self._phandles.setdefault(node, number) != number:
            message = f"phandle and linux,phandle of {node.path} differ"
            self._blame(item, DTS_PHANDLE, message)

    def _phandle(self, node: DraftNode) -> int:
        number = self._phandles.get(node)
        if number is None:
            while self._next in self._taken:
                self._next += 1
            number = self._phandles[node] = self._next
            self._taken[number] = node
            if "phandle" not in node.properties:
                node.properties["phandle"] = Property("phandle", pack(">I", number))
        return number

    def _find(self, target: str) -> DraftNode | None:
        if target not in self._targets:
            self._targets[target] = self._builder.find(target)
        return self._targets[target]

    def fill_phandles(self) -> None:
        """Give every referenced node a phandle and write it into the references."""
        cells: dict[str, bytes] = {}
        # Values that were written alike have the same references, and the same bytes then.
        filled: dict[int, bytes] = {}
        for node, name in self._referring:
            item = node.properties[name]
            references = item.references
            value = filled.get(id(references))
            if value is None:
                data = bytearray(item.value)
                for offset, target, is_path in references:
                    if is_path:
                        self._paths.add(id(references))
                        continue
                    cell = cells.get(target)
                    if cell is None:
                        cell = cells[target] = self._cell(target, node, item)
                    data[offset : offset + 4] = cell
                value = filled[id(references)] = bytes(data)
            node.properties[name] = item.with_value(value)

    def _cell(self, target: str, node: DraftNode, item: Property) -> bytes:
        found = self._find(target)
        if found is None:
            if not self._builder.is_overlay:
                self._missing(target, node, item)
            return b"\xff\xff\xff\xff"
        self._used.add(found)
        return pack(">I", self._phandle(found))

    def fill_paths(self) -> None:
        """Writes the full path of every node that is referred to as a string."""
        for node, name in self._referring:
            item = node.properties[name]
            if id(item.references) in self._paths:
                self._fill_paths_of(node, item)

    def _fill_paths_of(self, node: DraftNode, item: Property) -> None:
        parts: list[bytes] = []
        placed = []
        grown = done = 0
        for reference in item.references:
            placed.append(reference._replace(offset=reference.offset + grown))
            if not reference.is_path:
                continue
            found = self._find(reference.target)
            if found is None:
                self._missing(reference.target, node, item)
                continue
            self._used.add(found)
            path = found.path.encode() + b"\0"
            parts += (item.value[done : reference.offset], path)
            done = reference.offset
            grown += len(path)
        value = b"".join((*parts, item.value[done:]))
        node.properties[item.name] = item._replace(value=value, references=tuple(placed))

    def _missing(self, target: str, node: DraftNode, item: Property) -> None:
        written = "&{" + target + "}" if "/" in target else f"&{target}"
        from scmigen.devicetree.suggest import nearest

        near = nearest(target, self.labels, "&")
        hint = near or "check the spelling, and that the file defining it is included"
        message = f"{written} in {node.path}:{item.name} does not name a node"
        self._blame(item, DTS_REFERENCE, message, hint, written=written)

    # --- what goes, what comes

    def omit(self, keep_labelled: bool) -> None:
        """Remove the ``/omit-if-no-ref/`` nodes that nothing refers to."""
        unused = self._builder.omitted - self._used
        if not unused:
            return
        for node in self._nodes:
            if node not in unused or (keep_labelled and self._labelled(node)):
                continue
            if node.parent is not None:
                del node.parent.children[node.name]
            else:
                message = "/omit-if-no-ref/ would leave out the root node: nothing refers to it"
                self._blame(node, DTS_SYNTAX, message, "leave the statement out")
        self._nodes = list(self._root.walk())
        self.labels = {label: node for node in self._nodes for label in node.labels}

    def _labelled(self, node: DraftNode) -> bool:
        """Whether dtc considers the node labelled: a deleted label still counts."""
        return bool(node.labels) or node in self._builder.once_labelled

    def take_symbols(self) -> None:
        """Takes the labels of a ``/__symbols__`` that the source itself has."""
        symbols = self._root.children.get("__symbols__")
        for label, item in symbols.properties.items() if symbols else ():
            node = self._builder.find(item.string()) if item.value[:1] == b"/" else None
            if node is not None and label not in node.labels:
                self._builder.label(node, label)
                self.labels.setdefault(label, node)
                self._targets.pop(label, None)

    def add_symbols(self) -> None:
        """Adds ``/__symbols__``: label → path, and a phandle to each labelled node."""
        if not any(map(self._labelled, self._nodes)):
            return
        symbols = self._root.children.get("__symbols__")
        if symbols is None:
            symbols = self._root.children["__symbols__"] = DraftNode("__symbols__", self._root)
        for node in self._nodes:
            for label in node.labels:
                if label not in symbols.properties:
                    path = node.path.encode() + b"\0"
                    symbols.properties[label] = Property(label, path)
            if self._labelled(node):
                self._phandle(node)

    def add_fixups(self) -> None:
        """Add what an overlay needs to be applied to a base."""
        from scmigen.devicetree.fixups import add_fixups

        alive = set(self._nodes)
        marked = [(node, node.properties[name]) for node, name in self._referring if node in alive]
        for _, item, reference in add_fixups(self._root, marked, self._find):
            written = "&{" + reference.target + "}"
            self._blame(
                item,
                DTS_REFERENCE,
                f"{written} cannot be resolved: the base is not known here",
                "refer to a label; an overlay can only refer to labels of the base",
                written=written,
            )


def _boot_cpu(root: DraftNode) -> int:
    """The physical id of the boot CPU as dtc guesses it: ``reg`` of the first node in /cpus."""
    cpus = root.children.get("cpus")
    first = next(iter(cpus.children.values()), None) if cpus else None
    reg = first.cells("reg") if first else None
    return reg[0] if reg and len(reg) == 1 else 0
