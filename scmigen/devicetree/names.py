"""The macro names behind numbers: what the author wrote where a DTB has a cell.

A preprocessor turns ``<&rcc CK_BUS_UART4>`` into ``<&rcc 165>``. The original spelling is read from
the file and line in the property's position, and the values of macros from the files that were read
for this tree, since macro names are not unique across all headers. A name is returned only if the
original matches the value cell by cell, and if its macro, where known, expands to that number.
There are no names for a blob, or for preprocessed text whose sources are not available.
"""

import re
from collections.abc import Iterable
from functools import cached_property

from scmigen.devicetree.arithmetic import compile_tree, number, run
from scmigen.devicetree.grammars import values
from scmigen.devicetree.lalr import UnexpectedError
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.regex import regex
from scmigen.devicetree.written import Written
from scmigen.tuples import NamedTuple

#: The most lines of one property that are read, and the most macros one inside another.
MAX_LINES = 1000
MAX_DEPTH = 16
#: The longest text of an expression that is computed, in characters.
MAX_EXPRESSION = 1000

_DEFINE = regex(r"[ \t]*#[ \t]*define[ \t]+(\w+)(\(?)(.*)", re.ASCII)
_COMMENT = regex(r"\"(?:[^\"\\]|\\.)*+\"|(/\*[\s\S]*?(?:\*/|\Z)|//[^\n]*+)")
_START = regex(r"(?:\w++\s*+:\s*+)*+([\w,.+*#?@-]++)\s*+=\s*+", re.ASCII)
_VALUE = regex(r"(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|&\{[^}]*+\}|[^;{}\"'])*+(?=;)")
_INNER = r"[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*+\))*+\))*+\))*+\)"
_GROUPS = regex(rf"<((?:[^<>()]|\((?:{_INNER})*+\))*+)>\s*+(,|\Z)\s*+")
_CELL = regex(
    rf"(?P<reference>&\w++|&\{{[^}}]*+\}})|(?P<name>[A-Za-z_]\w*+)(?P<call>\((?:{_INNER})*+\))?+"
    rf"|(?P<literal>\d\w*+)|(?P<other>'(?:[^'\\]|\\.)*+'|\((?:{_INNER})*+\))|(?P<bad>\S)",
    re.ASCII,
)
_LABEL = regex(r"\b[A-Za-z_]\w*+\s*+:", re.ASCII)
_BRACKETED = regex(r"\(\s*+([A-Za-z_]\w*+)\s*+\)", re.ASCII)
#: A number that Python reads as a device tree does; most macros are one.
_PLAIN = regex(r"0x[0-9a-f]{1,8}|[1-9][0-9]{0,8}|0", re.ASCII | re.IGNORECASE)
_WORD = regex(r"(?<![\w'])[A-Za-z_]\w*+", re.ASCII)


class Macro(NamedTuple):
    """A macro without arguments, as one of the files defines it."""

    body: str
    file: str
    line: int


class Names:
    """The names that the ``files`` of one tree give to numbers. Each file is read once."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = tuple(files)
        self._written = Written()
        self._values: dict[str, int | None] = {}
        self._cells: dict[Property, tuple[str | None, ...]] = {}

    def cells(self, item: Property) -> tuple[str | None, ...]:
        """The macro that each cell of a property was written as, or None."""
        found = self._cells.get(item)
        if found is None:
            found = self._cells[item] = self._read(item)
        return found

    def _read(self, item: Property) -> tuple[str | None, ...]:
        size, rest = divmod(len(item.value), 4)
        nothing = (None,) * size
        written = None if rest else self._value_of(item)
        groups = _groups(written) if written is not None else None
        if groups is None:
            return nothing
        spelled = [found for group in groups for found in _CELL.finditer(_LABEL.sub("", group))]
        if any(found["bad"] for found in spelled):
            return nothing
        cells = item.cells()
        references = {r.offset // 4 for r in item.references if not r.is_path}
        names = self._align(spelled, cells, references)
        return tuple(names) if names is not None else nothing

    @cached_property
    def macros(self) -> dict[str, Macro]:
        """All macros without arguments of the tree's files; not those defined in two ways."""
        found: dict[str, Macro] = {}
        twice: set[str] = set()
        for file in self._files:
            for line, (name, body) in _defines(self._written.lines(file)):
                if name in found and found[name].body != body:
                    twice.add(name)
                found.setdefault(name, Macro(body, file, line))
        return {name: macro for name, macro in found.items() if name not in twice}

    def value(self, name: str) -> int | None:
        """The number that a macro expands to; None if it is not a number, or not a macro."""
        if name not in self._values:
            macro = self.macros.get(name)
            self._values[name] = None if macro is None else self._evaluate(macro.body)
        return self._values[name]

    def _evaluate(self, body: str) -> int | None:
        if _PLAIN.fullmatch(body):
            return int(body, 0)
        for _ in range(MAX_DEPTH):
            before, body = body, _WORD.sub(self._body_of, body)
            if body == before:
                break
            if len(body) > MAX_EXPRESSION:
                return None
        try:
            program, literals = compile_tree(values().parse(f"({body})", "arithmetic"))
            return run(program, map(number, literals))
        except (UnexpectedError, ValueError, ZeroDivisionError):
            return None

    def _body_of(self, word: re.Match[str]) -> str:
        macro = self.macros.get(word[0])
        return word[0] if macro is None else f"({macro.body})"

    def _value_of(self, item: Property) -> str | None:
        """The text between ``=`` and ``;`` in the file, without comments."""
        place = item.position
        lines = self._written.lines(place.file) if place else ()
        if place is None or not 0 < place.line <= len(lines):
            return None
        first = _from_name(lines[place.line - 1], place.column, item.name)
        for count in (0, 8, 64, MAX_LINES):
            text = "\n".join((first, *lines[place.line : place.line + count]))
            text = _without_comments(text)
            start = _START.match(text)
            ours = start is not None and start[1] == item.name
            value = _VALUE.match(text, start.end()) if start and ours else None
            if value is not None:
                return value[0]
            if count and not ours:
                return None
        return None

    def _align(
        self, spelled: list[re.Match[str]], cells: tuple[int, ...], references: set[int]
    ) -> list[str | None] | None:
        """The names of the cells; None if the text cannot be matched with the cells."""
        names: list[str | None] = []
        for found in spelled:
            index = len(names)
            if index >= len(cells) or (found["reference"] is not None) != (index in references):
                return None
            name = _name_of(found)
            if name is None:
                names.append(None)
                continue
            width = self._width(name)
            if width is None:
                return None
            named = width == 1 and self.value(name) in (None, cells[index])
            names += [name if named else None] * width
        return names if len(names) == len(cells) else None

    def _width(self, name: str) -> int | None:
        """How many cells a macro expands to: one unless its definition says otherwise."""
        macro = self.macros.get(name)
        if macro is None or self.value(name) is not None:
            return 1
        parts = list(_CELL.finditer(macro.body))
        if any(part["bad"] for part in parts) or not parts:
            return None
        return len(parts)


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda c: " " if c[1] else c[0], text) if "/" in text else text


def _from_name(line: str, column: int, name: str) -> str:
    """The line from a property's name on; its column may be another before macros were expanded."""
    named = regex(rf"(?<![\w,.+*#?@-]){re.escape(name)}\s*+=", re.ASCII)
    starts = [found.start() for found in named.finditer(line)]
    return line[starts[0] :] if len(starts) == 1 else line[max(column - 1, 0) :]


def _name_of(found: re.Match[str]) -> str | None:
    if found["name"]:
        return None if found["call"] else found["name"]
    bracketed = _BRACKETED.fullmatch(found["other"] or "")
    return bracketed[1] if bracketed else None


def _groups(value: str) -> list[str] | None:
    """The contents of ``<…>, <…>``; None for a value of any other form."""
    groups = []
    at = 0
    while found := _GROUPS.match(value, at):
        groups.append(found[1])
        at = found.end()
        if not found[2]:
            return groups if at == len(value) else None
    return None


def _defines(lines: tuple[str, ...]) -> list[tuple[int, tuple[str, str]]]:
    found = []
    for number_, line in enumerate(lines, 1):
        if "define" not in line:
            continue
        define = _DEFINE.match(line)
        if define is not None and not define[2]:
            body = _without_comments(define[3]).strip()
            if 0 < len(body) <= MAX_EXPRESSION and not body.endswith("\\"):
                found.append((number_, (define[1], body)))
    return found
