"""A tree → readable DTS text that compiles to the same DTB.

A DTB does not say what a value is; strings and cells are recognised by their look, and either way
the bytes stay the same. References that the source wrote are written as references again.
"""

import re
from struct import unpack

from scmigen.devicetree.tree import DeviceTree, Node, Property

_STRINGS = re.compile(rb"(?:[\t\n\r -~]++\0)++").fullmatch
_SPECIAL = re.compile(r'["\\\t\n\r]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def to_text(tree: DeviceTree) -> str:
    """The DTS of ``tree``, indented with tabs, as dtc writes it."""
    lines = ["/dts-v1/;", *(["/plugin/;"] if tree.is_overlay else []), ""]
    lines += [f"/memreserve/ {a:#018x} {size:#018x};" for a, size in tree.memory_reservations]
    labels: dict[Node, list[str]] = {}
    for label, labelled in tree.labels.items():
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
        lines += [f"{indent}\t{_property(item, tree)}" for item in node.properties.values()]
        stack.append((None, depth))
        stack.extend((child, depth + 1) for child in reversed(node.children.values()))
    return "\n".join(lines) + "\n"


def _property(item: Property, tree: DeviceTree) -> str:
    return f"{item.name} = {_value(item, tree)};" if item.value else f"{item.name};"


def _value(item: Property, tree: DeviceTree) -> str:
    value = item.value
    references = {r.offset: r.target for r in item.references if not r.is_path}
    if not references and _STRINGS(value):
        return ", ".join(f'"{_escaped(part)}"' for part in value[:-1].decode().split("\0"))
    if len(value) % 4 or any(offset % 4 for offset in references):
        return f"[{value.hex(' ')}]"
    cells = unpack(f">{len(value) // 4}I", value)
    parts = (_cell(cell, references.get(4 * index), tree) for index, cell in enumerate(cells))
    return f"<{' '.join(parts)}>"


def _cell(cell: int, target: str | None, tree: DeviceTree) -> str:
    if target is None or (target not in tree.labels and not target.startswith("/")):
        return f"{cell:#x}"
    return f"&{{{target}}}" if target.startswith("/") else f"&{target}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)
