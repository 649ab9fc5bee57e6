"""A tree → readable DTS text that compiles to the same DTB.

A DTB does not record types; strings and cells are recognised by their appearance, and the bytes are
the same either way. References that the source wrote, or that the fixups of an overlay list, are
written as references again.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from struct import unpack

from scmigen.devicetree.findings import DTB_MALFORMED
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Node, Property
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError, Position, Severity
from scmigen.patterns import pattern

_STRINGS = re.compile(rb"(?>(?:[\t\n\r -~]++\0)+)").fullmatch
_SPECIAL = pattern(r'["\\\t\n\r]')
_LABEL = pattern(r"[A-Za-z_]\w*+", re.ASCII).fullmatch
#: A property of a node, by its name.
_Place = tuple[Node, str]
#: The cells of a property that begin an entry of a list, by their index.
Starts = Callable[[Node, str], Sequence[int]]

_EXTERNAL = 0xFFFFFFFF
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def source_labels(tree: DeviceTree) -> dict[str, str]:
    """Path → the first label that a source can have; ``/__symbols__`` of a blob may hold others."""
    named = ((node.path, label) for label, node in tree.labels.items() if _LABEL(label))
    return dict(reversed([*named]))


def to_text(tree: DeviceTree, starts: Starts = lambda *_: ()) -> str:
    """The DTS of ``tree``, indented with tabs, as dtc writes it, but for lists whose entries
    ``starts`` tells apart: ``<&cru 0x1>, <&cru 0x2>``."""
    is_overlay = tree.is_overlay or "__fixups__" in tree.root.children
    lines = ["/dts-v1/;", *(["/plugin/;"] if is_overlay else []), ""]
    fixed_up = _references(tree) if is_overlay else {}
    lines += [f"/memreserve/ {a:#018x} {size:#018x};" for a, size in tree.memory_reservations]
    labels: dict[Node, list[str]] = {}
    for label, labelled in tree.labels.items():
        # A blob's /__symbols__ may hold names that are not labels.
        if _LABEL(label):
            labels.setdefault(labelled, []).append(label)
    # Nodes to write and their depth; None ends the node of that depth.
    stack: list[tuple[Node | None, int]] = [(tree.root, 0)]
    while stack:
        node, depth = stack.pop()
        indent = "\t" * depth
        if node is None:
            lines.append(f"{indent}}};")
            continue
        if depth:
            lines.append("")
        marks = "".join(f"{label}: " for label in labels.get(node, ())) if depth else ""
        lines.append(f"{indent}{marks}{node.name if depth else '/'} {{")
        for item in node.properties.values():
            references = fixed_up.get((node, item.name)) or _written(item)
            written = _property(item, references, tree, starts(node, item.name))
            lines.append(f"{indent}\t{written}")
        stack.append((None, depth))
        stack.extend((child, depth + 1) for child in reversed([*node.children.values()]))
    return "\n".join(lines) + "\n"


def checked_text(tree: DeviceTree) -> str:
    """`to_text`, once it has been read again and has given the same blob.

    A blob can hold what a source cannot express, such as the phandle 0. Raises `InputError`
    (``dtb-malformed``) for that.
    """
    text = to_text(tree)
    try:
        again = read_source(text, tree.file)
    except InputError as problem:
        wrong = [(found.message, found.excerpt) for found in problem.diagnostics]
    else:
        # The boot CPU is in the header alone, so dtc and `convert` take it as an option.
        if flatten(again, tree.boot_cpu) == flatten(tree):
            return text
        wrong = [(_difference(again, tree), None)]
    raise InputError(
        DTB_MALFORMED.at(
            Severity.ERROR,
            f"a source cannot express this: {message}",
            Position(tree.file),
            excerpt=excerpt,
        )
        for message, excerpt in wrong
    )


def _difference(again: DeviceTree, tree: DeviceTree) -> str:
    """The first of what is not the same when the text of ``tree`` is read again."""
    for node in tree.nodes:
        other = again.node(node.path)
        if other is None:
            return f"the node {node.path}"
        for item in node.properties.values():
            found = other.get(item.name)
            if found is None or found.value != item.value:
                return f"the property {item.name} of {node.path}"
        if len(other.properties) > len(node.properties):
            added = next(name for name in other.properties if name not in node.properties)
            return f"that {node.path} has no {added}"
    return "the order of nodes, properties or reservations"


def _written(item: Property) -> dict[int, str]:
    """The references to phandles that the source wrote: offset → target."""
    if not item.references:
        return {}
    return {r.offset: r.target for r in item.references if not r.is_path}


def _references(tree: DeviceTree) -> dict[_Place, dict[int, str]]:
    """The references that the fixups of an overlay name: offset → target; nonsense is skipped."""
    found: dict[_Place, dict[int, str]] = {}
    fixups = tree.node("/__fixups__")
    for label in fixups.properties.values() if fixups else ():
        for entry in label.strings():
            path, _, rest = entry.partition(":")
            name, _, offset = rest.partition(":")
            node = tree.node(path)
            is_number = offset.isascii() and offset.isdecimal() and len(offset) < 9
            if node is not None and name in node and is_number:
                found.setdefault((node, name), {})[int(offset)] = label.name
    for node, item, at in _local_fixups(tree):
        target = tree.by_phandle(int.from_bytes(item.value[at : at + 4], "big"))
        if target is not None:
            found.setdefault((node, item.name), {})[at] = tree.label_of.get(
                target.path, target.path
            )
    return found


def _local_fixups(tree: DeviceTree) -> Iterator[tuple[Node, Property, int]]:
    """The properties and offsets that ``/__local_fixups__`` names."""
    top = tree.node("/__local_fixups__")
    stack = [(top, tree.root)] if top else []
    while stack:
        fixups, node = stack.pop()
        for offsets in fixups.properties.values():
            item = node.get(offsets.name)
            if item is not None and len(offsets.value) % 4 == 0:
                yield from ((node, item, offset) for offset in offsets.cells())
        pairs = ((child, node.children.get(child.name)) for child in fixups.children.values())
        stack += [(child, below) for child, below in pairs if below is not None]


def raw_text(name: str, value: bytes) -> str:
    """The definition of a property whose value has no references."""
    return _definition(name, _raw(value))


def _definition(name: str, value: str) -> str:
    return f"{name} = {value};" if value else f"{name};"


def _raw(value: bytes) -> str:
    if not value:
        return ""
    if _STRINGS(value):
        return ", ".join(f'"{escaped(part)}"' for part in value[:-1].decode().split("\0"))
    if len(value) % 4:
        return f"[{value.hex(' ')}]"
    return f"<{' '.join(map(hex, unpack(f'>{len(value) // 4}I', value)))}>"


def _property(
    item: Property, references: dict[int, str], tree: DeviceTree, starts: Sequence[int]
) -> str:
    if not item.value:
        return f"{item.name};"
    return f"{item.name} = {_value(item, references, tree, starts)};"


def _value(
    item: Property, references: dict[int, str], tree: DeviceTree, starts: Sequence[int]
) -> str:
    value = item.value
    if not references and _STRINGS(value):
        return ", ".join(f'"{escaped(part)}"' for part in value[:-1].decode().split("\0"))
    if len(value) % 4 or any(offset % 4 for offset in references):
        return f"[{value.hex(' ')}]"
    cells = unpack(f">{len(value) // 4}I", value)
    parts = [_cell(cell, references.get(4 * index), tree) for index, cell in enumerate(cells)]
    cuts = sorted({0, *starts, len(parts)})
    return ", ".join(f"<{' '.join(parts[begin:end])}>" for begin, end in pairwise(cuts))


def _cell(cell: int, target: str | None, tree: DeviceTree) -> str:
    """A cell as a reference, where reading that again gives the same number."""
    if target is None:
        return f"{cell:#x}"
    node = tree.labels.get(target) or tree.node(target)
    if node is not None and node.phandle == cell:
        return f"&{{{target}}}" if target.startswith("/") else f"&{target}"
    is_external = node is None and cell == _EXTERNAL and _LABEL(target)
    return f"&{target}" if is_external else f"{cell:#x}"


def escaped(text: str) -> str:
    """Text between the quotes of a string."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)
