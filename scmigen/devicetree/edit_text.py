"""Edits as source: what follows a board's own source, or an overlay for its blob."""

from collections.abc import Callable, Iterable, Iterator

from scmigen.data import Data, field
from scmigen.devicetree.edits import (
    AddNode,
    DeleteNode,
    DeleteProperty,
    Edit,
    Entry,
    Raw,
    SetProperty,
    Strings,
    new_labels,
)
from scmigen.devicetree.text import escaped, raw_text, source_labels
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern

#: Properties whose numbers people know in hexadecimal.
_HEXADECIMAL = frozenset({"reg", "xen,reg", "arm,smc-id"})
#: How wide a line may be for the sake of a comment, and what a tab is of that.
_COLUMNS, _TAB = 100, 8
_NOT_COMMENT = pattern(r"[^ -~]|\*(?=/)|/(?=\*)")


class _Part(Data, frozen=False):
    """What is written of one node."""

    lines: list[str] = field(default_factory=list)
    below: "dict[str, _Part]" = field(default_factory=dict)
    label: str | None = None
    note: str = ""


class Block(Data):
    """A statement about a node that is there: its reference, and the lines between the braces.

    Without lines the node is deleted. ``note`` is for a comment before it.
    """

    reference: str
    lines: tuple[str, ...]
    note: str = ""


def blocks(tree: DeviceTree, edits: Iterable[Edit]) -> tuple[Block, ...]:
    """Edits of a tree as statements, in the order of the tree, deletions of nodes last."""
    edits = tuple(edits)
    text = _Text(tree, edits)
    order = {node.path: number for number, node in enumerate(tree.nodes)}
    for edit in edits:
        text.add(edit)
    written = [
        Block(text.reference(path), tuple(_lines(part, 1)), part.note)
        for path, part in sorted(text.parts.items(), key=lambda item: order[item[0]])
    ]
    gone = [
        Block(text.reference(edit.path), (), edit.note)
        for edit in edits
        if isinstance(edit, DeleteNode)
    ]
    return (*written, *gone)


class _Text:
    def __init__(self, tree: DeviceTree, edits: tuple[Edit, ...]) -> None:
        self._labels = {**source_labels(tree), **new_labels(edits)}
        self._tree = tree
        #: The nodes of the tree that something is written of.
        self.parts: dict[str, _Part] = {}
        self._new: dict[str, _Part] = {}

    def reference(self, path: str) -> str:
        """How source refers to a node."""
        if path == "/":
            return path
        label = self._labels.get(path)
        return f"&{label}" if label else f"&{{{path}}}"

    def _part(self, path: str) -> _Part:
        if path in self._new:
            return self._new[path]
        return self.parts.setdefault(path, _Part())

    def add(self, edit: Edit) -> None:
        """Write one edit."""
        if isinstance(edit, AddNode):
            above, _, name = edit.path.rpartition("/")
            part = _Part(label=edit.label, note=comment(edit.note))
            self._part(above or "/").below[name] = self._new[edit.path] = part
        elif isinstance(edit, SetProperty):
            self._part(edit.path).lines += self._property(edit)
        elif isinstance(edit, DeleteProperty):
            note = f" /* {comment(edit.note)} */" if edit.note else ""
            self._part(edit.path).lines.append(f"/delete-property/ {edit.name};{note}")

    def _property(self, edit: SetProperty) -> list[str]:
        note = f" /* {comment(edit.note)} */" if edit.note else ""
        value = edit.value
        if isinstance(value, Strings):
            words = ", ".join(f'"{escaped(text)}"' for text in value.texts)
            return [f"{edit.name} = {words};{note}"]
        if isinstance(value, Raw):
            return [raw_text(edit.name, value.data) + note]
        if not value:
            return [f"{edit.name};{note}"]
        number = hex if edit.name in _HEXADECIMAL else str
        entries = [self._entry(entry, number) for entry in value]
        if not any(entry.note for entry in value):
            return [f"{edit.name} = {', '.join(entries)};{note}"]
        last = len(value) - 1
        return [
            _noted(
                ("\t" if index else f"{edit.name} = ") + entry + (";" if index == last else ","),
                value[index],
            )
            for index, entry in enumerate(entries)
        ]

    def _entry(self, entry: Entry, number: Callable[[int], str]) -> str:
        target = [] if entry.target is None else [self.reference(entry.target)]
        return f"<{' '.join((*map(hex, entry.before), *target, *map(number, entry.cells)))}>"


def _noted(line: str, entry: Entry) -> str:
    """A line with what people want to know of its entry; less of it where that is too long."""
    told = [text for text in (entry.note, entry.was) if text]
    while told:
        whole = f"{line} /* {comment(', '.join(told))} */"
        if len(f"\t{whole}".expandtabs(_TAB)) <= _COLUMNS or len(told) == 1:
            return whole
        told.pop()
    return line


def _lines(part: _Part, depth: int) -> Iterator[str]:
    indent = "\t" * depth
    for line in part.lines:
        yield indent + line
    for number, (name, below) in enumerate(part.below.items()):
        if number or part.lines:
            yield ""
        if below.note:
            yield f"{indent}/* {below.note} */"
        label = f"{below.label}: " if below.label else ""
        yield f"{indent}{label}{name} {{"
        yield from _lines(below, depth + 1)
        yield f"{indent}}};"


def comment(text: str) -> str:
    """Text for a comment, whatever is in it."""
    return _NOT_COMMENT.sub("_", text)
