"""Where the objects of a JSON text are: what is wrong with one, or said by one, has a position."""

import re
from bisect import bisect_right
from functools import cached_property

from scmigen.diagnostics import Position
from scmigen.patterns import pattern

#: A way from the top to a value: keys of objects, indices of arrays.
Way = tuple[str | int, ...]

#: Larger texts, in bytes, have no positions but their own; objects below this many others neither.
MAX_PLACED = 4 << 20
_DEEPEST = 6
_TOKEN = pattern(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]')
_BYTE = pattern(r"\(byte (\d{1,9})\)")
_WAY = pattern(r" - at `\$([^`]*)`")
_STEP = pattern(r"\.([A-Za-z0-9_]{1,63})|\[(\d{1,9})\]|\[\.\.\.\]")


class Places:
    """The positions of the objects of a text that a JSON decoder has accepted, by their ways."""

    def __init__(self, data: bytes, file: str) -> None:
        self._data = data
        self._file = file

    def of(self, way: Way) -> Position:
        """Where the object is, or the nearest around it."""
        for length in range(len(way), 0, -1):
            if way[:length] in self._objects:
                return self.at(self._objects[way[:length]])
        return Position(self._file)

    def at(self, offset: int) -> Position:
        """The position of a byte."""
        line = bisect_right(self._lines, offset)
        return Position(self._file, line, offset - self._lines[line - 1] + 1)

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer(b"\n", self._data))]

    @cached_property
    def _objects(self) -> dict[Way, int]:
        """The offset of each object, from one pass over the text; `_Walk` says how."""
        walk = _Walk()
        for token in _TOKEN.finditer(self._data if len(self._data) <= MAX_PLACED else b""):
            walk.token(token[0], token.start())
        return walk.objects


class _Walk:
    """Follows the brackets of a text: the way to where it is, as a list that grows and shrinks."""

    def __init__(self) -> None:
        self.objects: dict[Way, int] = {}
        self._way: list[str | int] = []
        self._is_key = False

    def token(self, text: bytes, offset: int) -> None:
        if text == b"{":
            if len(self._way) <= _DEEPEST:
                self.objects[tuple(self._way)] = offset
            self._way.append("")
            self._is_key = True
        elif text == b"[":
            self._way.append(0)
            self._is_key = False
        elif text in (b"}", b"]"):
            del self._way[-1:]
            self._is_key = False
        elif text == b",":
            if self._way and isinstance(self._way[-1], int):
                self._way[-1] += 1
            else:
                self._is_key = True
        elif self._is_key and self._way:
            self._way[-1] = text[1:-1].decode("utf-8", "replace")
            self._is_key = False


def place_of_fault(data: bytes, file: str, message: str, way: Way = ()) -> Position:
    """Where a fault is that a decoder tells of by the number of a byte or by a way, or that is
    found at ``way``."""
    places = Places(data, file)
    byte = _BYTE.search(message)
    if byte is not None:
        return places.at(min(int(byte[1]), len(data)))
    said = _WAY.search(message)
    if said is None:
        return places.of(way) if way else Position(file)
    steps: list[str | int] = []
    for step in _STEP.finditer(said[1]):
        if step[1] is None and step[2] is None:
            break
        steps.append(step[1] if step[2] is None else int(step[2]))
    return places.of(tuple(steps))
