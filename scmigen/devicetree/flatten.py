"""A tree → the bytes of a DTB, in dtc's layout (Devicetree Specification, chapter 5).

Version 17: header, memory reservations, structure, strings. The name of a property is stored once;
a name that is the end of one stored earlier shares its bytes.
"""

from struct import Struct

from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree

_HEADER = Struct(">10I")
_RESERVATION = Struct(">QQ")
_MAGIC = 0xD00DFEED
_VERSION, _COMPATIBLE = 17, 16
_BEGIN, _END_NODE, _END = b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\x09"
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


class _Heads(dict[int, bytes]):
    """What a property begins with, by the length of its value in bytes."""

    def __missing__(self, length: int) -> bytes:
        head = self[length] = b"\0\0\0\3" + length.to_bytes(4, "big")
        return head


def flatten(
    tree: DeviceTree, boot_cpu: int | None = None, size: int = 0, padding: int = 0
) -> bytes:
    """The DTB of ``tree``.

    ``boot_cpu`` replaces the tree's own. ``size`` and ``padding`` are in bytes: the blob is filled
    up to ``size`` where it is smaller, and ``padding`` bytes are added (that one wins), as dtc's
    ``-S`` and ``-p`` do.
    """
    structure, strings = _structure(tree.root)
    reservations = b"".join(_RESERVATION.pack(*pair) for pair in tree.memory_reservations)
    reservations += _RESERVATION.pack(0, 0)
    at_structure = _HEADER.size + len(reservations)
    at_strings = at_structure + len(structure)
    used = at_strings + len(strings)
    extra = padding if padding > 0 else max(0, size - used)
    header = _HEADER.pack(
        _MAGIC,
        used + extra,
        at_structure,
        at_strings,
        _HEADER.size,
        _VERSION,
        _COMPATIBLE,
        tree.boot_cpu if boot_cpu is None else boot_cpu,
        len(strings),
        len(structure),
    )
    return b"".join((header, reservations, structure, strings, bytes(extra)))


def _structure(root: Node) -> tuple[bytes, bytes]:
    """The structure block and the strings block."""
    strings, offsets = _strings(root)
    heads = _Heads()
    parts: list[bytes] = []
    add = parts.append
    # A node to begin, or none to end the one that is open.
    stack: list[Node | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:
            add(_END_NODE)
            continue
        name = node.name.encode() + b"\0"
        add(_BEGIN + name + _PADDING[len(name) & 3])
        for property_name, item in node.properties.items():
            value = item.value
            length = len(value)
            parts += (heads[length], offsets[property_name], value)
            if length & 3:
                add(_PADDING[length & 3])
        stack.append(None)
        if node.children:
            stack.extend(reversed([*node.children.values()]))
    add(_END)
    return b"".join(parts), strings


def _strings(root: Node) -> tuple[bytes, dict[str, bytes]]:
    """The strings block, and the offset of each property name in it as a cell."""
    names: dict[str, object] = {}
    for node in root.walk():
        names.update(dict.fromkeys(node.properties))
    ends = _ends(list(names))
    offsets: dict[str, int] = {}
    size = 0
    for name in names:
        whole = ends.get(name)
        if whole is None:
            offsets[name] = size
            size += len(name.encode()) + 1
        else:
            offsets[name] = offsets[whole] + len(whole.encode()) - len(name.encode())
    strings = b"".join(name.encode() + b"\0" for name in names if name not in ends)
    return strings, {name: offset.to_bytes(4, "big") for name, offset in offsets.items()}


def _ends(names: list[str]) -> dict[str, str]:
    """Of each name that is the end of an earlier one the earliest that ends so.

    Spelled backwards and sorted, the names that begin alike stand together: one pass is enough,
    however many there are.
    """
    number = {name[::-1]: index for index, name in enumerate(names)}
    found: dict[str, str] = {}
    # The names that the current one begins with, spelled backwards, and their earliest successor.
    begun: list[tuple[str, int]] = []

    def leave() -> None:
        backwards, earliest = begun.pop()
        if earliest < number[backwards]:
            found[backwards[::-1]] = names[earliest]
        if begun:
            begun[-1] = (begun[-1][0], min(begun[-1][1], earliest))

    for backwards in sorted(number):
        while begun and not backwards.startswith(begun[-1][0]):
            leave()
        begun.append((backwards, number[backwards]))
    while begun:
        leave()
    return found
