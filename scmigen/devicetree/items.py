"""Splits a source into its items: labels, names, values, and their positions."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from struct import pack

from scmigen.devicetree.lalr import FLAGS, Parser
from scmigen.devicetree.regex import regex
from scmigen.devicetree.sourcetext import SourceText
from scmigen.diagnostics import Position
from scmigen.inputs import read_part

#: The most bytes one /incbin/ may bring.
MAX_INCBIN = 64 << 20


class Cutter:
    """Cuts a source into its items, with expressions composed of the grammar's terminals."""

    def __init__(self, grammar: Parser) -> None:
        part = grammar.terminals

        name = rf"\\?+({part['NAME']})\s*+"
        unnamed = (
            part["V1"],
            part["PLUGIN"],
            part["REMOVAL"],
            part["DELETION"],
            rf"/delete-property/\s*+\\?+{part['NAME']}\s*+;",
            rf"/memreserve/\s*+{part['VALUE']};",
            rf"{part['REFERENCE']}\s*+[;{{]",
            r"/\s*+\{",
            # Whatever this is, it has no place in a source.
            r"[\s\S]",
        )
        self.item = regex(
            rf"((?:{part['MARK']})*+)"
            rf"(?:{name}(?:=\s*+({part['VALUE']});|;|(\{{))|\}}\s*+;|({'|'.join(unnamed)}))\s*+",
            FLAGS,
        )
        self.label = regex(r"([A-Za-z_]\w*+):", FLAGS)
        self.blanks = regex(r"\s++", FLAGS)
        self.name = regex(rf"/delete-[a-z]++/\s*+{name}", FLAGS)
        self.reference = regex(part["REFERENCE"], FLAGS)
        self.reservation = regex(
            rf"((?:{part['LABEL']})*+)/memreserve/\s*+({part['VALUE']});", FLAGS
        )
        self.start = regex(rf"(?:{part['MARK']})*+{name}|/delete-[a-z]++/\s*+{name}", FLAGS)
        self.value = regex(part["VALUE"], FLAGS)
        self.string = regex(part["STRING"], FLAGS)


class Items:
    """All items of a source up to ``end``, for `Place`.

    What they say is read at once; where they start is found out when it is asked for.
    """

    def __init__(self, source: SourceText, cutter: Cutter, end: int) -> None:
        self._source = source
        self._cutter = cutter
        blanks = cutter.blanks.match(source.text)
        self._begin = blanks.end() if blanks else 0
        self._end = end
        self._starts: Sequence[int] | None = None
        self._entries: dict[int, list[tuple[int, int]]] = {}

    def texts(self) -> list[tuple[str, ...]]:
        """Of each item: labels and marks, name, value, ``{``, a statement without a name.

        All are empty for the end of a node.
        """
        return self._cutter.item.findall(self._source.text, self._begin, self._end)

    def match(self, index: int) -> re.Match[str]:
        """The item number ``index``."""
        text = self._source.text
        if self._starts is None:
            found = self._cutter.item.finditer(text, self._begin, self._end)
            starts = [*map(re.Match.start, found)]
            # As small as an array, whose module takes a millisecond to import.
            self._starts = memoryview(pack(f"{len(starts)}I", *starts)).cast("I")
        item = self._cutter.item.match(text, self._starts[index], self._end)
        assert item is not None
        return item

    def offset(self, index: int, written: str = "") -> int:
        """Where an item starts, or ``written`` in it."""
        item = self.match(index)
        if not written:
            return item.start()
        found = regex(rf"{re.escape(written)}(?!\w)").search(
            self._source.text, item.start(), item.end()
        )
        return found.start() if found else item.start()

    def position(self, index: int) -> Position:
        """Where an item starts."""
        return self._source.position(self.offset(index))

    def position_in(self, index: int, value: bytes, offset: int) -> Position:
        """Where the entry of a property starts that holds the byte ``offset`` of its value."""
        if index not in self._entries:
            self._entries[index] = self._entries_of(index, value)
        entries = self._entries[index]
        start = entries[bisect_right(entries, offset, key=lambda entry: entry[0]) - 1][1]
        return self._source.position(start)

    def _entries_of(self, index: int, value: bytes) -> list[tuple[int, int]]:
        """Of each entry of a property the offsets in its value and in the source."""
        from scmigen.devicetree.entries import entries

        item = self.match(index)
        found = [(0, item.start())]
        if item[3]:
            found += [(at, item.start(3) + start) for at, start in entries(item[3], value)]
        return found


class Opener:
    """Reads the file of an /incbin/ in one item."""

    def __init__(self, source: SourceText, items: Items, index: int) -> None:
        self._source = source
        self._items = items
        self._index = index

    def __call__(self, name: str, offset: int, size: int | None) -> bytes:
        """The bytes of a part of the file. Raises `OSError` or `ValueError`."""
        start = self._items.match(self._index).start()
        path: Path | None = self._source.open_beside(name, start)
        if path is None:
            raise ValueError(f'"{name}" is not in any include directory')
        if offset > path.stat().st_size:
            raise ValueError(f"{name} is shorter than {offset} bytes")
        most = MAX_INCBIN + 1
        data = read_part(path, most if size is None else min(size, most), offset)
        if len(data) > MAX_INCBIN:
            raise ValueError(f"{name} has more than {MAX_INCBIN} bytes")
        return data
