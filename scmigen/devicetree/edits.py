"""Changes to a tree as data, and the tree that they make.

One list of edits is applied to a tree (`apply`) and is written as source (`edit_text`), so that the
two cannot differ. Nodes are named by their paths; a reference names the node it leads to, so that
phandles and labels are up to whoever applies or writes it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import count
from struct import pack
from types import MappingProxyType

from scmigen.data import Data
from scmigen.devicetree.drafts import DraftNode, draft_of
from scmigen.devicetree.nodes import Node, Property, Reference
from scmigen.devicetree.text import source_labels
from scmigen.devicetree.tree import DeviceTree
from scmigen.hints import TypeAlias
from scmigen.tuples import NamedTuple

_NO_LABELS: Mapping[str, str] = MappingProxyType({})
_PHANDLE = "phandle"
_UNKNOWN = b"\xff\xff\xff\xff"


class Entry(NamedTuple):
    """One entry of a list of cells: a reference to the node at the path ``target``, or none, and
    the cells after it. ``note`` says for people what it means, ``was`` what stood there before.
    ``before``: the cells in front of the reference, of lists that have some."""

    target: str | None
    cells: tuple[int, ...] = ()
    note: str = ""
    was: str = ""
    before: tuple[int, ...] = ()


class Strings(NamedTuple):
    """A list of strings."""

    texts: tuple[str, ...]


class Raw(NamedTuple):
    """Bytes without references, whatever they mean."""

    data: bytes


#: What a property is set to; no entries at all are an empty property.
Value: TypeAlias = tuple[Entry, ...] | Strings | Raw


class SetProperty(Data):
    """Give the node at ``path`` a property, in place of the one of that name. ``note`` says why."""

    path: str
    name: str
    value: Value
    note: str = ""


class DeleteProperty(Data):
    """Take a property away from the node at ``path``."""

    path: str
    name: str
    note: str = ""


class AddNode(Data):
    """Add an empty node behind the others of its parent, which is there by then."""

    path: str
    label: str | None = None
    note: str = ""


class DeleteNode(Data):
    """Take a node away, and all below it. Nothing that stays may refer to any of it."""

    path: str
    note: str = ""


Edit: TypeAlias = SetProperty | DeleteProperty | AddNode | DeleteNode


def cells(*numbers: int) -> Value:
    """A property of numbers."""
    return (Entry(None, numbers),)


def deletes(edits: Iterable[Edit]) -> bool:
    """Whether some edit takes away what is there, which an overlay cannot."""
    return any(isinstance(edit, DeleteProperty | DeleteNode) for edit in edits)


def new_labels(edits: Iterable[Edit]) -> dict[str, str]:
    """Path → label of the nodes that edits add."""
    return {
        edit.path: edit.label
        for edit in edits
        if isinstance(edit, AddNode) and edit.label is not None
    }


def apply(tree: DeviceTree, edits: Iterable[Edit]) -> DeviceTree:
    """A tree with edits made in order; ``tree`` stays as it is.

    It is what dtc makes of the tree's source with the edits behind it: what is new comes last, and
    in a tree from a source the phandles are counted anew.
    """
    return _Work(tree).run(tuple(edits))


class _Work:
    def __init__(self, tree: DeviceTree) -> None:
        self.tree = tree
        self.root = draft_of(tree.root)
        self.nodes = {node.path: node for node in self.root.walk()}
        self.labels = {
            label: node
            for label, old in tree.labels.items()
            if (node := self.nodes.get(old.path)) is not None
        }
        self.label_of = source_labels(tree)
        self.changed: set[tuple[DraftNode, str]] = set()

    def run(self, edits: tuple[Edit, ...]) -> DeviceTree:
        self.label_of |= new_labels(edits)
        for edit in edits:
            self._make(edit)
        self._number()
        tree = self.tree
        return DeviceTree(
            self.root,
            tree.file,
            tree.memory_reservations,
            tree.boot_cpu,
            self.labels,
            tree.files,
            folders=tree.folders,
        )

    def _make(self, edit: Edit) -> None:
        if isinstance(edit, AddNode):
            self._add(edit)
        elif isinstance(edit, DeleteNode):
            self._delete(edit)
        elif isinstance(edit, DeleteProperty):
            self.nodes[edit.path].properties.pop(edit.name, None)
        else:
            node = self.nodes[edit.path]
            self.changed.add((node, edit.name))
            node.properties[edit.name] = _property(edit.name, edit.value, self.label_of)

    def _add(self, edit: AddNode) -> None:
        above, _, name = edit.path.rpartition("/")
        parent = self.nodes[above or "/"]
        node = parent.children[name] = self.nodes[edit.path] = DraftNode(name, parent)
        if edit.label is not None:
            node.labels.append(edit.label)
            self.labels[edit.label] = node

    def _delete(self, edit: DeleteNode) -> None:
        gone = self.nodes[edit.path]
        assert gone.parent is not None
        del gone.parent.children[gone.name]
        for node in gone.walk():
            del self.nodes[node.path]
            for label in node.labels:
                self.labels.pop(label, None)

    # --- phandles, as `resolve` numbers those of a source

    def _number(self) -> None:
        # A blob has its phandles, and overlays laid over a tree may have labels of their own.
        is_source = self.tree.source_labels is not None
        nodes = [*self.root.walk()]
        taken: set[int] = set()
        for node in nodes:
            item = node.properties.get(_PHANDLE)
            if item is not None and is_source and item.place is None:
                del node.properties[_PHANDLE]
            elif node.phandle is not None:
                taken.add(node.phandle)
        numbers = _Numbers(taken)
        for node in nodes:
            for item in [*node.properties.values()]:
                if item.references and (is_source or (node, item.name) in self.changed):
                    self._fill(node, item, numbers)

    def _fill(self, node: DraftNode, item: Property, numbers: "_Numbers") -> None:
        value = bytearray(item.value)
        for reference in item.references:
            if not reference.is_path:
                target = self._find(reference.target)
                cell = _UNKNOWN if target is None else pack(">I", numbers.of(target))
                value[reference.offset : reference.offset + 4] = cell
        if value != item.value:
            node.properties[item.name] = item.with_value(bytes(value))

    def _find(self, target: str) -> DraftNode | None:
        if target.startswith("/"):
            return self.nodes.get(target)
        label, slash, rest = target.partition("/")
        node = self.labels.get(label)
        return self.nodes.get(f"{node.path}/{rest}") if node is not None and slash else node


class _Numbers:
    """Gives nodes phandles, counting from 1 past those that are taken."""

    def __init__(self, taken: set[int]) -> None:
        self._taken = taken
        self._next = 1

    def of(self, node: DraftNode) -> int:
        number = node.phandle
        if number is None:
            while self._next in self._taken:
                self._next += 1
            number = self._next
            self._taken.add(number)
            node.properties[_PHANDLE] = Property(_PHANDLE, pack(">I", number))
        return number


def _property(name: str, value: Value, label_of: Mapping[str, str] = _NO_LABELS) -> Property:
    if isinstance(value, Strings):
        return Property(name, b"".join(text.encode() + b"\0" for text in value.texts))
    if isinstance(value, Raw):
        return Property(name, value.data)
    data = bytearray()
    references = []
    for entry in value:
        data += pack(f">{len(entry.before)}I", *entry.before)
        if entry.target is not None:
            target = label_of.get(entry.target, entry.target)
            references.append(Reference(len(data), target, is_path=False))
            data += _UNKNOWN
        data += pack(f">{len(entry.cells)}I", *entry.cells)
    return Property(name, bytes(data), None, (), tuple(references))


def targets(edits: Iterable[Edit]) -> Iterator[str]:
    """The paths of the nodes that the properties set by edits refer to."""
    for edit in edits:
        if isinstance(edit, SetProperty) and not isinstance(edit.value, Strings | Raw):
            yield from (entry.target for entry in edit.value if entry.target is not None)


def labelled(tree: DeviceTree, edits: Iterable[Edit]) -> bool:
    """Whether all nodes that edits refer to have labels: an overlay has no other references."""
    known = {**source_labels(tree), **new_labels(edits)}
    return all(path in known for path in targets(edits))


def reachable(tree: DeviceTree, edits: Iterable[Edit]) -> bool:
    """Whether an overlay reaches all nodes of a tree that edits change: by labels, or by paths.

    libfdt takes ``funnel`` in a path for the first node of that name, with an address or without
    (``fdt_subnode_offset_namelen``).
    """
    known = {**source_labels(tree), **new_labels(edits)}
    paths = {edit.path for edit in edits} - known.keys()
    return all(node is None or _is_first(node) for node in map(tree.node, paths))


def _is_first(node: Node) -> bool:
    """Whether a path leads to a node, however it is looked up."""
    for part in (node, *node.ancestors()):
        if part.parent is not None and "@" not in part.name:
            alike = (each for each in part.parent.children.values() if each.base_name == part.name)
            if next(alike) is not part:
                return False
    return True


def free_label(taken: Container[str], wanted: str) -> str:
    """``wanted``, with a number where that label is taken already."""
    if wanted not in taken:
        return wanted
    return next(text for number in count(1) if (text := f"{wanted}_{number}") not in taken)
