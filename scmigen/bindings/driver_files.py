"""Files of what drivers do with their clocks and supplies: a user's, and those of ``drivers/``.

One row a line: ``COMPATIBLE KIND KEY OPERATIONS CERTAINTY FILE:FUNCTION [REASON]``. ``KEY`` is a
name in ``clock-names``, or that of a supply, with or without ``-supply``, ``#N`` an index, ``*``
any; ``OPERATIONS`` what the driver does besides switching on and off and reading. A row
``COMPATIBLE -`` is of a driver that does nothing besides, whatever tables below this one say; it
may have all columns.

Compatibles with the same rows share them as a block: each has a line, and the rows are indented
below, without ``COMPATIBLE``. There, ``:FUNCTION`` is one of the file of the row above, and ``"``
stands for the file and function of that row. The tables that come with scmigen, one for each
version of an operating system, have such blocks only.
"""

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path

from scmigen.bindings.driver_tables import SETS_NOTHING, SUPPLY, TOLD, DriverTable, Row
from scmigen.data import Data, field
from scmigen.diagnostics import Diagnostic, Finding, Position
from scmigen.hints import TYPE_CHECKING
from scmigen.patterns import pattern
from scmigen.runtime import Certainty
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DRIVER_TABLE = Finding(
    "driver-table",
    "A table of what drivers do with their clocks and supplies cannot be read.",
    "Write rows as COMPATIBLE clock NAME rate sure FILE:FUNCTION, or have tools/linux_needs do it.",
    switchable=False,
)

#: The first line of a table; tables of the first version have no blocks.
HEAD = "# scmigen-driver-needs: 2"
_HEADS = (b"# scmigen-driver-needs: 1", HEAD.encode())
#: What a row of a clock that its driver never takes has in place of a certainty.
_NEVER = "never"
_NOTHING = "-"
#: What a row has in place of the file and function of the row above.
_SAME = '"'
#: How many wrong rows of one file are reported, and the most characters of a line.
_MAX_TOLD, _MAX_LINE = 10, 1000
#: The most lines of a file, and rows of all its compatibles; and the most of one compatible.
_MAX_ROWS, _MAX_OF_ONE = 200_000, 1000
_FOLDER = Path(__file__).with_name("drivers")
_RIGHT = "a right row: fsl,imx8mp-usdhc clock per rate sure drivers/mmc/host/x.c:x_set_clock"
_FORM = (
    "a row has six fields, with one space between two, or two: COMPATIBLE -; "
    "without COMPATIBLE, it is indented below lines that have nothing else"
)
_INDEX = pattern(r"#(0|[1-9]\d{0,3})")


def _row(text: str, above: str) -> Row | str:
    """The row that a line has after its compatible, or what is wrong with it.

    ``above`` is the place of the row above in the same block; empty if there is none.
    """
    if text == _NOTHING:
        return SETS_NOTHING
    fields = text.split(" ", 5)
    if len(fields) < 5 or "" in fields[:5]:
        return _FORM
    kind, key, operations, certainty, source = fields[:5]
    reason = "".join(fields[5:])
    if source.startswith((_SAME, ":")) and not above:
        return f"{source[:60]} is of the row above in the same block, and there is none"
    source = _place(source, above)
    if (kind, key, operations, certainty) == (_NOTHING,) * 4:
        return Row(None, key, (), Certainty.SURE, source, reason)
    if kind not in TOLD:
        return f"the kind cannot be {kind[:60]!r}: clock or voltage"
    wrong = _wrong_key(Kind(kind), key)
    if wrong is not None:
        return wrong
    if kind == Kind.VOLTAGE:
        key = key.removesuffix(SUPPLY)
    if certainty == _NEVER and operations == _NOTHING and kind == Kind.CLOCK:
        return Row(Kind.CLOCK, key, (), Certainty.SURE, source, reason, never=True)
    words = () if operations == _NOTHING else tuple(operations.split("+"))
    known = TOLD[Kind(kind)]
    if not set(words) <= set(known) or len(set(words)) < len(words):
        right = " or ".join(("-", "+".join(known)))
        return f"the operations on a {kind} cannot be {operations[:60]!r}: {right}"
    if certainty not in tuple(Certainty):
        right = "sure or may; of a clock without operations (-) also never"
        return f"the certainty cannot be {certainty[:60]!r}: {right}"
    if words and not all(source.rpartition(":")[::2]):
        return "a row needs the file and the function, as FILE:FUNCTION"
    told = tuple(Operation(word) for word in words)
    return Row(Kind(kind), key, told, Certainty(certainty), source, reason)


def _wrong_key(kind: Kind, key: str) -> str | None:
    """What is wrong with the entry of a row, which would be about nothing."""
    if key.startswith("#") and (kind is Kind.VOLTAGE or not _INDEX.fullmatch(key)):
        right = "#0, #1, …" if kind is Kind.CLOCK else "a supply has a name, such as vmmc"
        return f"the index cannot be {key[:60]!r}: {right}"
    if kind is Kind.VOLTAGE and key == SUPPLY:
        return f"the entry cannot be {key}: a supply has a name, such as vmmc"
    return _quoted("entry", key)


def _quoted(what: str, word: str) -> str | None:
    """What is wrong with a word that has quotes, which are not taken off."""
    if '"' in word or "'" in word:
        return f"the {what} cannot be {word[:60]}: write it without quotes"
    return None


def _place(source: str, above: str) -> str:
    """The place that a row names in full."""
    if source == _SAME:
        return above
    return above.partition(":")[0] + source if source.startswith(":") else source


def read_table(name: str, file: str, data: bytes) -> tuple[DriverTable, tuple[Diagnostic, ...]]:
    """The table in a user's ``file``, called ``name``, and what is wrong with it, line by line.

    Its rows need not be sorted. Empty lines, and those that begin with ``#``, say nothing.
    """
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if lines[0] not in _HEADS:
        wrong = DRIVER_TABLE.error(
            "this is no table of drivers", Position(file, 1), hint=f"its first line is: {HEAD}"
        )
        return DriverTable(name, file=file), (wrong,)
    reader = _Reader()
    for number, line in enumerate(lines[1 : _MAX_ROWS + 1], 2):
        reader.read(number, line)
        if len(reader.wrong) >= _MAX_TOLD or reader.pairs > _MAX_ROWS:
            break
    else:
        reader.end_block()
    wrong_rows = [*reader.wrong, *reader.contradictions()]
    problems = [
        DRIVER_TABLE.error(message, Position(file, number), hint=_RIGHT)
        for number, message in wrong_rows[:_MAX_TOLD]
    ]
    if reader.pairs > _MAX_ROWS or len(lines) > _MAX_ROWS + 1:
        message = f"a table has at most {_MAX_ROWS} lines, and rows of all its compatibles"
        problems.append(DRIVER_TABLE.error(message, Position(file), hint="leave out drivers"))
    rows = {compatible: tuple(found) for compatible, found in reader.found.items()}
    return DriverTable(name, rows, file), tuple(problems)


class _Reader(Data, frozen=False):
    """What was read of a file so far.

    ``found`` are the rows of blocks that have ended, by compatible; ``pairs`` is their number.
    ``last`` is the number of the last line about each. ``names`` are the compatibles of the block
    that has begun, each with the number of its line, and ``rows`` its rows. ``is_open``: a row
    belongs to it, be it right or wrong.
    """

    found: dict[str, list[Row]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    pairs: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    is_open: bool = False

    def read(self, number: int, line: bytes) -> None:
        """Read the next line."""
        text = line.decode("ascii", "replace")
        row = text.lstrip(" \t")
        if not row or text.startswith("#"):
            return
        if len(line) > _MAX_LINE:
            self._refuse(number, f"a line has at most {_MAX_LINE} characters")
        elif not row.isascii() or not row.isprintable():
            self._refuse(number, "a row has ASCII characters only")
        elif row is not text:
            self._read_indented(number, row)
        else:
            self._read_flush(number, text)

    def end_block(self) -> None:
        """The rows of the block that has begun are all there."""
        if self.names and not self.is_open:
            name, number = next(iter(self.names.items()))
            self.wrong.append(
                (number, f"{name[:60]!r} has no row: its rows are indented below, or it has one, -")
            )
        self.pairs += len(self.names) * len(self.rows)
        if self.pairs <= _MAX_ROWS:
            for name, number in self.names.items():
                self._add(number, name, self.rows)
        self.names, self.rows, self.is_open = {}, [], False

    def contradictions(self) -> Iterator[tuple[int, str]]:
        """Compatibles of which rows say two things, each with the number of the last line."""
        for name, rows in self.found.items():
            said = {row.key for row in rows if row.operations}
            both = next((row.key for row in rows if row.never and row.key in said), None)
            if said and any(row.kind is None for row in rows):
                yield self.last[name], f"{name[:60]!r} sets nothing by one row, and does by another"
            elif both is not None:
                yield (
                    self.last[name],
                    f"{name[:60]!r} never takes {both[:60]} by one row, and sets it by another",
                )

    def _read_indented(self, number: int, row: str) -> None:
        self.is_open = True
        found = _row(row, self.rows[-1].source if self.rows else "")
        if not self.names:
            self.wrong.append((number, "an indented row needs lines of compatibles above it"))
        elif isinstance(found, str):
            self.wrong.append((number, found))
        else:
            self.rows.append(found)

    def _read_flush(self, number: int, text: str) -> None:
        name, between, row = text.partition(" ")
        quoted = _quoted("compatible", name)
        if self.is_open or between:
            self.end_block()
        if quoted is not None:
            self._refuse(number, quoted)
            return
        if not between:
            self.names.setdefault(name, number)
            return
        found = _row(row, "")
        if isinstance(found, str):
            self.wrong.append((number, found))
        else:
            self.pairs += 1
            self._add(number, name, [found])

    def _add(self, number: int, name: str, rows: list[Row]) -> None:
        known = self.found.setdefault(name, [])
        self.last[name] = number
        if len(known) + len(rows) > _MAX_OF_ONE:
            self._refuse(number, f"a compatible has at most {_MAX_OF_ONE} rows")
        else:
            known.extend(rows)

    def _refuse(self, number: int, message: str) -> None:
        self.is_open = True
        self.wrong.append((number, message))


class _Blocks(Mapping[str, tuple[Row, ...]]):
    """The rows of a file of blocks only, each read when somebody asks for it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: dict[int, tuple[Row, ...]] = {}

    def __getitem__(self, compatible: str) -> tuple[Row, ...]:
        first = self._first[compatible]
        rows = self._read.get(first)
        if rows is None:
            rows = self._read[first] = tuple(self._block(first))
        return rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    @cached_property
    def _rows(self) -> list[str]:
        """The rows, each with the compatibles of the next block if it is the last of its own."""
        return self._text.split("\n ")

    @cached_property
    def _first(self) -> dict[str, int]:
        """For each compatible, the first row of its block."""
        found: dict[str, int] = {}
        for number, row in enumerate(self._rows, 1):
            names = row.partition("\n")[2] if number > 1 else row
            if names:
                found.update(dict.fromkeys(names.split("\n"), number))
        return found

    def _block(self, first: int) -> Iterator[Row]:
        above = ""
        for number in range(first, len(self._rows)):
            text, _, names = self._rows[number].partition("\n")
            row = _row(text, above)
            if not isinstance(row, str):
                above = row.source
                yield row
            if names:
                break


def shipped() -> tuple[str, ...]:
    """The names of the tables that come with scmigen, the oldest of each system first."""
    return _tables_in(_FOLDER)


@cache
def _tables_in(folder: Path) -> tuple[str, ...]:
    names = (entry.name for entry in _opened(folder).iterdir())
    return tuple(
        sorted((name.removesuffix(".txt") for name in names if name.endswith(".txt")), key=_version)
    )


def _opened(folder: Path) -> "Traversable":
    """The folder of the tables; where scmigen is a zip file, what is in it there."""
    if folder.is_dir():
        return folder
    from scmigen.resources import in_zip

    return in_zip("bindings/drivers")


def file_of(name: str) -> Path:
    """The file of a table that comes with scmigen."""
    return _FOLDER / f"{name}.txt"


def _version(name: str) -> tuple[str, list[int]]:
    system, _, version = name.rpartition("-")
    return system, [int(part) for part in version.split(".") if part.isdigit()]


def newest(system: str) -> str | None:
    """The newest table for an operating system, such as ``linux``; None if there is none."""
    return next((name for name in reversed(shipped()) if _version(name)[0] == system), None)


@cache
def shipped_table(name: str) -> DriverTable:
    """One of the tables that come with scmigen."""
    text = (_opened(_FOLDER) / file_of(name).name).read_text("utf8")
    start = 0
    while text.startswith("#", start):
        start = text.find("\n", start) + 1 or len(text)
    return DriverTable(name, _Blocks(text[start:].rstrip("\n")))
