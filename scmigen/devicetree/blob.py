"""DTB bytes → `DeviceTree` (Devicetree Specification v0.4, chapter 5).

The package ``fdt`` reads the header (`blob_header`). It guesses the types of properties, so the
structure block is walked here and every property keeps its raw bytes. Nothing in a blob is trusted:
each offset, length and name is checked before it is used, nesting is bounded, and everything that
is wrong is one error, ``dtb-malformed``. Phandles that a source may not have are warnings. Names
have the characters that dtc takes, so none is syntax in a source, a terminal or a page.
"""

from collections.abc import Iterator
from itertools import islice
from struct import Struct, unpack_from

from scmigen.devicetree.blob_header import BlobHeader, MalformedError, read_header
from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.findings import DTB_MALFORMED, DTS_PHANDLE
from scmigen.devicetree.nodes import (
    MAX_DEPTH,
    MAX_NAME,
    NODE_HINT,
    NODE_NAME,
    NULL_PHANDLES,
    PROPERTY_HINT,
    PROPERTY_NAME,
    made,
)
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, Position

_RESERVATION = Struct(">QQ")
#: How many odd phandles are told.
_MOST_ODD = 20
#: Characters of a wrong name that a message shows.
_SHOWN = 80
_BEGIN_NODE, _END_NODE, _PROP, _NOP, _END = 1, 2, 3, 4, 9


def read_blob(data: bytes, file: str) -> DeviceTree:
    """The tree in ``data``. Raises `InputError` (``dtb-malformed``)."""
    try:
        header = read_header(data)
        reservations = _reservations(data[: header.total_size], header.off_mem_rsvmap)
        root = _structure(data, header)
        odd = tuple(islice(_phandles(root, Position(file)), _MOST_ODD))
        boot_cpu = header.boot_cpuid_phys
        return DeviceTree(root, file, reservations, boot_cpu, warnings=odd)
    except MalformedError as problem:
        found = DTB_MALFORMED.error(str(problem), Position(file), (), problem.hint)
        raise InputError([found]) from None


def _phandles(root: DraftNode, where: Position) -> Iterator[Diagnostic]:
    """What a source may not have: phandles that are none, or of two nodes."""
    taken: dict[int, DraftNode] = {}
    for node in root.walk():
        number = node.phandle
        if number is None:
            continue
        other = taken.setdefault(number, node)
        if number in NULL_PHANDLES:
            yield DTS_PHANDLE.warning(f"{number:#x} of {node.path} is not a phandle", where)
        elif other is not node:
            message = f"{node.path} has the phandle {number:#x}, which is that of {other.path}"
            yield DTS_PHANDLE.warning(message, where)
        if node.cell("linux,phandle") not in (None, number):
            message = f"phandle and linux,phandle of {node.path} differ"
            yield DTS_PHANDLE.warning(message, where)


def _reservations(data: bytes, offset: int) -> tuple[tuple[int, int], ...]:
    """The memory reservations: pairs of address and size, up to the pair of zeros."""
    found: list[tuple[int, int]] = []
    while offset + _RESERVATION.size <= len(data):
        address, size = _RESERVATION.unpack_from(data, offset)
        if not address and not size:
            return tuple(found)
        found.append((address, size))
        offset += _RESERVATION.size
    raise MalformedError("the memory reservations are not terminated")


def _structure(data: bytes, header: BlobHeader) -> DraftNode:
    """The root of the structure block."""
    base = header.off_dt_struct
    count = header.size_dt_struct // 4
    limit = base + 4 * count
    words: tuple[int, ...] = unpack_from(f">{count}I", data, base)
    names = _Strings(data, header.off_dt_strings, header.size_dt_strings)
    node = DraftNode("")
    depth = -1  # Of the open node; -1 before and behind the root.
    begun = False
    at = 0
    while at < count:
        tag = words[at]
        at += 1
        if tag == _PROP and depth >= 0 and at + 2 <= count:
            length = words[at]
            start = base + 4 * at + 8
            if start + length > limit:
                raise MalformedError(f"a property of {node.path} exceeds the structure block")
            name = names[words[at + 1]]
            if name in node.properties:
                raise MalformedError(f"property {name} of {node.path} appears twice")
            node.properties[name] = made((name, data[start : start + length], None, (), (), None))
            at += 2 + (length + 3) // 4
        elif tag == _BEGIN_NODE and (depth >= 0 or not begun):
            name = _name(data, base + 4 * at, limit)
            at += len(name) // 4 + 1
            depth += 1
            begun = True
            if depth:
                node = _child(node, name, depth)
            elif name:
                raise MalformedError(f"the root has the name {name[:_SHOWN]!r}; it has none")
        elif tag == _END_NODE and depth >= 0:
            depth -= 1
            node = node.parent or node
        elif tag == _END and depth == -1 and begun:
            return node
        elif tag != _NOP:
            raise MalformedError(f"the structure block has an unexpected word {tag:#x}")
    raise MalformedError("the structure block is not terminated")


def _child(parent: DraftNode, name: str, depth: int) -> DraftNode:
    if depth > MAX_DEPTH:
        raise MalformedError(f"nodes nest deeper than {MAX_DEPTH}")
    if not NODE_NAME(name):
        problem = f"a node of {parent.path} has the name {name[:_SHOWN]!r}"
        raise MalformedError(problem, NODE_HINT)
    if name in parent.children:
        raise MalformedError(f"node {name} of {parent.path} appears twice")
    child = parent.children[name] = DraftNode(name, parent)
    return child


def _name(data: bytes, start: int, limit: int) -> str:
    """The name at ``start``, which ends before ``limit``."""
    end = data.find(b"\0", start, min(limit, start + MAX_NAME + 1))
    if end < 0:
        raise MalformedError("a name is not terminated")
    try:
        return data[start:end].decode("ascii")
    except UnicodeDecodeError:
        raise MalformedError(f"{data[start:end][:_SHOWN]!r} is not a valid name") from None


class _Strings(dict[int, str]):
    """The strings block: offset → name, each read once."""

    def __init__(self, data: bytes, start: int, size: int) -> None:
        super().__init__()
        self._data = data
        self._start = start
        self._end = start + size

    def __missing__(self, offset: int) -> str:
        if self._start + offset >= self._end:
            raise MalformedError("the name of a property is outside of the strings block")
        name = self[offset] = _name(self._data, self._start + offset, self._end)
        if not PROPERTY_NAME(name):
            raise MalformedError(f"a property has the name {name[:_SHOWN]!r}", PROPERTY_HINT)
        return name
