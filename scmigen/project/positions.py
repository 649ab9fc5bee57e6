"""Where the keys and values of a TOML text are, which tomllib does not say."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator

from scmigen.diagnostics import Position
from scmigen.patterns import pattern

#: Ways longer than ``board.NAME.trees.AGENT`` are wrong anyway; what follows is not kept.
_LONGEST = 4

#: A way from the top to a value: keys of tables, indices of arrays.
Way = tuple[str | int, ...]

_TOKEN = pattern(
    r'"""(?:[^"\\]|\\.|""?(?!"))*"{3,5}'
    r"|'''(?:[^']|''?(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}=,.\n]"
    r"""|[^\s#"'\[\]{}=,.]+""",
    re.DOTALL,
)


class Positions:
    """The positions in a text that tomllib has accepted; all others are the file's own."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tokens = [
            (match[0], match.start())
            for match in _TOKEN.finditer(text)
            if not match[0].startswith("#")
        ]
        self._at = 0
        self._keys: dict[Way, int] = {}
        self._values: dict[Way, int] = {}
        self._document()

    def key(self, way: Way) -> Position:
        """Where the last key on the way is, the first time that it occurs."""
        return self._position(self._keys.get(way))

    def value(self, way: Way) -> Position:
        """Where the value begins; for a table with a header of its own, its key."""
        return self._position(self._values.get(way, self._keys.get(way)))

    def _position(self, start: int | None) -> Position:
        if start is None:
            return Position(self._file)
        line = bisect_right(self._lines, start)
        return Position(self._file, line, start - self._lines[line - 1] + 1)

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, int]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _document(self) -> None:
        table: Way = ()
        while self._peek():
            if self._peek() == "\n":
                self._take()
            elif self._peek() == "[":
                while self._peek() == "[":
                    self._take()
                table = self._key(())
                while self._peek() == "]":
                    self._take()
            else:
                self._entry(table)

    def _entry(self, table: Way) -> None:
        """``key = value``."""
        way = self._key(table)
        self._take()
        self._value(way)

    def _key(self, way: Way) -> Way:
        """A dotted key."""
        while True:
            text, start = self._take()
            if len(way) <= _LONGEST:
                way = (*way, tomllib.loads(f"k={text}")["k"] if text[0] in "\"'" else text)
                self._keys.setdefault(way, start)
            if self._peek() != ".":
                return way
            self._take()

    def _value(self, way: Way) -> None:
        if len(way) <= _LONGEST:
            self._values[way] = self._tokens[self._at][1]
        if self._peek() == "[":
            for index in self._items("]"):
                self._value((*way, index))
        elif self._peek() == "{":
            for _ in self._items("}"):
                self._entry(way)
        else:
            while self._peek() not in ("", "\n", ",", "]", "}"):
                self._take()

    def _items(self, end: str) -> Iterator[int]:
        """Stops before each item of an array or inline table, and goes past its end."""
        self._take()
        index = 0
        while True:
            while self._peek() in (",", "\n"):
                self._take()
            if self._peek() == end:
                self._take()
                return
            yield index
            index += 1
