"""Positions of the single entries of a property's value.

Values are read fast, and once, for their bytes (see `values`); few of their entries are ever
located. So a value is read again when the position of an entry is needed, and parsed if it is more
than cells.
"""

from collections.abc import Iterator

from scmigen.devicetree.arithmetic import number, unescape
from scmigen.devicetree.grammars import values
from scmigen.devicetree.lalr import Token, Tree, UnexpectedError
from scmigen.devicetree.values import first_offset
from scmigen.patterns import pattern

_INNER = r"\((?:[^()']++|\([^()']*+\))*+\)"
_CELL = rf"&?\w++(?!&)|\((?:[^()']++|{_INNER})*+\)"
#: Groups of cells that are numbers, references to labels, or arithmetic of three levels at most.
_PLAIN = pattern(rf"(?:<(?:\s*+(?:{_CELL}))*+\s*+>\s*+,?\s*+)++")
_CELLS = pattern(_CELL)

#: The longest text of a value whose entries are looked for, in characters.
MAX_TEXT = 1 << 16


def entries(text: str, value: bytes) -> list[tuple[int, int]]:
    """Of each cell, reference, string and byte in ``text`` its offsets in ``value`` and ``text``.

    Ascending; as far as they can be told.
    """
    if len(text) > MAX_TEXT:
        return []
    if _PLAIN.fullmatch(text):
        return [(4 * at, cell.start()) for at, cell in enumerate(_CELLS.finditer(text))]
    try:
        tree = values().parse(text, "value")
        return list(_entries(tree, text, value))
    except (UnexpectedError, ValueError):
        return []


def _entries(tree: Tree, text: str, value: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    for part in tree.children:
        if isinstance(part, Tree):
            if part.data == "incbin":
                # How long the file was is only known where nothing stands behind it.
                return
            for start, size in _elements(part, text):
                yield at, start
                at += size
        elif part.type != "LABEL":
            yield at, part.start
            # A reference stands for a path, which ends with a NUL as a string does.
            is_string = part.type == "STRING"
            at = at + len(unescape(part[1:-1])) + 1 if is_string else value.index(0, at) + 1


def _elements(array: Tree, text: str) -> Iterator[tuple[int, int]]:
    """Where the elements of ``<…>`` or ``[…]`` start, and their sizes in bytes."""
    size = 4 if array.data == "array" else 1
    for item in array.children:
        if isinstance(item, Tree) and item.data == "bits":
            size = number(str(item.children[0])) // 8
        elif isinstance(item, Tree) or item.type != "LABEL":
            yield _start(item, text), size


def _start(item: Tree | Token, text: str) -> int:
    """Where an element starts; of arithmetic that is the first parenthesis."""
    start = first_offset(item)
    if isinstance(item, Token):
        return start
    before = len(text[:start].rstrip("(~!- \t\r\n"))
    return text.index("(", before)
