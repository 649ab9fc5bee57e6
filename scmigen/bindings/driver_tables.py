"""What drivers of an operating system do with their clocks and supplies, as tables say.

A tree says that a device has a clock, not whether its driver sets the rate. A table of drivers says
that: one row a line, sorted by bytes, ``COMPATIBLE KIND KEY OPERATIONS CERTAINTY FILE:FUNCTION
[REASON]``. ``KEY`` is a name in ``clock-names`` or that of a supply, ``#N`` an index, ``*`` any;
``OPERATIONS`` what the driver does besides switching on and off and reading. A row ``COMPATIBLE -``
is of a driver that does nothing besides; it may have all columns. The tables of ``drivers/`` come
with scmigen, one for each version of an operating system.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scmigen.diagnostics import Diagnostic, Finding, Position
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

DRIVER_TABLE = Finding(
    "driver-table",
    "A table of what drivers do with their clocks and supplies cannot be read.",
    "Write rows as COMPATIBLE clock NAME rate sure FILE:FUNCTION, or have tools/linux_needs do it.",
    switchable=False,
)

#: The first line of a table.
HEAD = "# scmigen-driver-needs: 1"
#: What a table may say of a clock, and of a supply.
TOLD: dict[Kind, tuple[Operation, ...]] = {
    Kind.CLOCK: (Operation.RATE, Operation.PARENT),
    Kind.VOLTAGE: (Operation.LEVEL,),
}
#: What a row of a clock that its driver never takes has in place of a certainty.
_NEVER = "never"
_NOTHING = "-"
#: The key of a row that is of any clock.
ANY = "*"
#: How many wrong rows of one file are reported, and the most characters and rows that one has.
_MAX_TOLD, _MAX_LINE, _MAX_ROWS = 10, 1000, 200_000
_FOLDER = Path(__file__).with_name("drivers")
_RIGHT = "a right row: fsl,imx8mp-usdhc clock per rate sure drivers/mmc/host/x.c:x_set_clock"
_INDEX = re.compile(r"#\d{1,4}")


class Certainty(StrEnum):
    """Whether a driver does something with the clock of every device that it is for, or only with
    some clock, on some device or in some configuration."""

    SURE = "sure"
    MAY = "may"


class Row(NamedTuple):
    """A row of a table, without its compatible; ``never``: the driver never takes the clock.

    ``source`` is ``FILE:FUNCTION``, and empty for what an agents file says, which has a
    ``position``.
    """

    kind: Kind | None
    key: str
    operations: tuple[Operation, ...]
    certainty: Certainty
    source: str
    reason: str = ""
    never: bool = False
    position: Position | None = None

    @property
    def entry(self) -> str:
        """What an agents file calls the entry that it is about."""
        return _written(self.kind, self.key)


#: The row of a driver that is known, and sets nothing.
SETS_NOTHING = Row(None, _NOTHING, (), Certainty.SURE, "")


@dataclass(frozen=True, slots=True)
class DriverNeed:
    """What a driver does with a clock or supply, beyond what the tree says: ``operations``.

    ``table`` is the name of the table, ``source`` the file and function of the driver, as
    ``drivers/mmc/host/sdhci-esdhc-imx.c:esdhc_pltfm_set_clock``. What an agents file says has no
    source, but a ``position``.
    """

    operations: frozenset[Operation]
    certainty: Certainty
    table: str
    source: str
    reason: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What the tables say of one entry of a device: ``compatible`` is the one whose driver they
    know, ``None`` if they know none. ``never``: the file of the driver, if it never takes the
    clock."""

    compatible: str | None = None
    needs: tuple[DriverNeed, ...] = ()
    never: str = ""


UNKNOWN = LookedUp()


class Entry(NamedTuple):
    """What is looked up: an entry of ``clocks``, or a supply, of a node with these compatibles.

    ``number`` is its index. ``named``: the node has names for its entries (``clock-names``).
    """

    compatibles: tuple[str, ...]
    kind: Kind
    name: str | None
    number: int
    named: bool

    @property
    def key(self) -> str:
        """What an agents file calls the entry: ``ciu``, ``#0``, ``vmmc-supply``."""
        return _written(self.kind, f"#{self.number}" if self.name is None else self.name)


def _written(kind: Kind | None, key: str) -> str:
    return f"{key}-supply" if kind is Kind.VOLTAGE else key


@dataclass(frozen=True, slots=True, eq=False)
class DriverTable:
    """A table: its name, its rows as sorted lines, or the rows of an agents file by compatible.

    ``file`` is the file that a user named, if it was read from one. Each is only equal to itself.
    """

    name: str
    lines: bytes = b""
    rows: tuple[tuple[str, tuple[Row, ...]], ...] = ()
    file: str | None = None
    _found: dict[str, tuple[Row, ...]] = field(default_factory=dict, repr=False)

    @property
    def is_own(self) -> bool:
        """Whether it is what an agents file says of single drivers."""
        return bool(self.rows)

    def of(self, compatible: str) -> tuple[Row, ...]:
        """The rows of a compatible; none: the table does not know it. Each is searched once."""
        found = self._found.get(compatible)
        if found is None:
            own = next((rows for known, rows in self.rows if known == compatible), ())
            found = own or tuple(filter(None, map(_row, _lines_of(self.lines, compatible))))
            self._found[compatible] = found
        return found

    def look_up(self, entry: Entry) -> tuple[LookedUp, bool]:
        """What the table says of an entry, and whether a row is about that very entry.

        Of the compatibles the first that the table knows counts: its driver is the one that the
        operating system takes.
        """
        for compatible in entry.compatibles:
            rows = self.of(compatible)
            if rows:
                found, certain = _about(entry, rows)
                return _told(self.name, compatible, found, certain), bool(found)
        return UNKNOWN, False


def look_up(tables: Iterable[DriverTable], entry: Entry) -> LookedUp:
    """What the first of some tables that has a row about an entry says; else, whether any of them
    knows the driver."""
    known = UNKNOWN
    for table in tables:
        told, is_about = table.look_up(entry)
        if is_about:
            return told
        if known.compatible is None:
            known = told
    return known


def _about(entry: Entry, rows: Sequence[Row]) -> tuple[list[Row], bool]:
    """The rows about an entry: by its name, else by its index, else those of any; and whether the
    driver is known to mean this one.

    A driver may ask by a name that only a table of the kernel has (``clkdev``): it is then the only
    clock of a node without names.
    """
    of_kind = [row for row in rows if row.kind is entry.kind]
    if not of_kind:
        return of_kind, True
    by_name = [row for row in of_kind if entry.name is not None and row.key == entry.name]
    by_index = [row for row in of_kind if row.key == f"#{entry.number}"]
    found = by_name or by_index or [row for row in of_kind if row.key == ANY]
    if found or entry.kind is not Kind.CLOCK or entry.number or entry.named:
        return found, True
    named = [row for row in of_kind if not row.key.startswith("#")]
    return named if len({row.key for row in named}) == 1 else [], False


def _told(table: str, compatible: str, rows: Sequence[Row], certain: bool) -> LookedUp:
    needs, known = [], frozenset[Operation]()
    never = next((row.source for row in rows if row.never), "")
    # What one row says for certain, another may only repeat.
    for row in sorted(rows, key=lambda row: row.certainty is not Certainty.SURE):
        added = frozenset(row.operations) - known
        if added:
            certainty = row.certainty if certain else Certainty.MAY
            needs.append(DriverNeed(added, certainty, table, row.source, row.reason, row.position))
            known |= added
    return LookedUp(compatible, tuple(needs), never)


def _lines_of(lines: bytes, compatible: str) -> Iterator[str]:
    """The lines that begin with a compatible, of sorted ones."""
    start = compatible.encode(errors="replace") + b" "
    low, high = 0, len(lines)
    while low < high:
        middle = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = lines.find(b"\n", middle)
        end = len(lines) if end < 0 else end
        if lines[middle:end] < start:
            low = end + 1
        else:
            high = middle
    while lines.startswith(start, low):
        end = lines.find(b"\n", low)
        end = len(lines) if end < 0 else end
        yield lines[low:end].decode("ascii", "replace")
        low = end + 1


def _row(line: str) -> Row | None:
    """A line that is known to be a row."""
    found = _read(line)
    return None if isinstance(found, str) else found


def _read(line: str) -> Row | str:
    """The row of a line, or what is wrong with it."""
    fields = line.split(" ", 6)
    if len(fields) == 2 and fields[0] and fields[1] == _NOTHING:
        return SETS_NOTHING
    if len(fields) < 6 or "" in fields[:6]:
        return "a row has six fields, with one space between two; or two, COMPATIBLE -"
    _, kind, key, operations, certainty, source = fields[:6]
    reason = "".join(fields[6:])
    if (kind, key, operations, certainty) == (_NOTHING,) * 4:
        return Row(None, key, (), Certainty.SURE, source, reason)
    if kind not in TOLD:
        return f"the kind cannot be {kind[:60]!r}: clock or voltage"
    if key.startswith("#") and not _INDEX.fullmatch(key):
        return f"the index cannot be {key[:60]!r}: #0, #1, …"
    if certainty == _NEVER and operations == _NOTHING and kind == Kind.CLOCK:
        return Row(Kind.CLOCK, key, (), Certainty.SURE, source, reason, never=True)
    words = () if operations == _NOTHING else tuple(operations.split("+"))
    known = TOLD[Kind(kind)]
    if not set(words) <= set(known) or len(set(words)) < len(words):
        right = " or ".join(("-", "+".join(known)))
        return f"the operations on a {kind} cannot be {operations[:60]!r}: {right}"
    if certainty not in tuple(Certainty):
        return f"the certainty cannot be {certainty[:60]!r}: {' or '.join(Certainty)}"
    if words and not all(source.rpartition(":")[::2]):
        return "a row needs the file and the function, as FILE:FUNCTION"
    told = tuple(Operation(word) for word in words)
    return Row(Kind(kind), key, told, Certainty(certainty), source, reason)


def read_table(name: str, file: str, data: bytes) -> tuple[DriverTable, tuple[Diagnostic, ...]]:
    """The table in a user's ``file``, called ``name``, and what is wrong with it, line by line.

    Its rows need not be sorted, and what begins with ``#`` is a comment.
    """
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if lines[0].decode("ascii", "replace") != HEAD:
        wrong = DRIVER_TABLE.error(
            "this is no table of drivers", Position(file, 1), hint=f"its first line is: {HEAD}"
        )
        return DriverTable(name, file=file), (wrong,)
    problems: list[Diagnostic] = []
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if not line or line.startswith(b"#"):
            continue
        rows.append(line)
        wrong_row = _wrong(line)
        if wrong_row is not None:
            problems.append(DRIVER_TABLE.error(wrong_row, Position(file, number), hint=_RIGHT))
        if len(problems) == _MAX_TOLD:
            break
    if len(rows) > _MAX_ROWS:
        message = f"a table has at most {_MAX_ROWS} rows"
        problems.append(DRIVER_TABLE.error(message, Position(file), hint="leave out drivers"))
    return DriverTable(name, b"\n".join(sorted(rows)), file=file), tuple(problems)


def _wrong(line: bytes) -> str | None:
    """What is wrong with a line."""
    if len(line) > _MAX_LINE:
        return f"a row has at most {_MAX_LINE} characters"
    if not line.isascii() or not line.decode().isprintable():
        return "a row has ASCII characters only"
    found = _read(line.decode())
    return found if isinstance(found, str) else None


def shipped() -> tuple[str, ...]:
    """The names of the tables that come with scmigen, the oldest of each system first."""
    found = [path.stem for path in _FOLDER.glob("*.txt")]
    return tuple(sorted(found, key=_version))


def _version(name: str) -> tuple[str, list[int]]:
    system, _, version = name.rpartition("-")
    return system, [int(part) for part in version.split(".") if part.isdigit()]


def newest(system: str) -> str | None:
    """The newest table for an operating system, such as ``linux``; None if there is none."""
    return next((name for name in reversed(shipped()) if _version(name)[0] == system), None)


@cache
def shipped_table(name: str) -> DriverTable:
    """One of the tables that come with scmigen."""
    data = (_FOLDER / f"{name}.txt").read_bytes()
    start = 0
    while data.startswith(b"#", start):
        start = data.find(b"\n", start) + 1 or len(data)
    return DriverTable(name, data[start:])
