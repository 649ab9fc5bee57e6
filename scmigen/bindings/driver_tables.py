"""What drivers of an operating system do with their clocks and supplies, as tables say.

A tree says that a device has a clock, not whether its driver sets the rate. A table of drivers says
that, with rows for each compatible; `driver_files` reads it from a file.
"""

from collections.abc import Mapping, Sequence

from scmigen.data import Data, field
from scmigen.diagnostics import Position
from scmigen.runtime import Certainty
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: What a table may say of a clock, and of a supply.
TOLD: dict[Kind, tuple[Operation, ...]] = {
    Kind.CLOCK: (Operation.RATE, Operation.PARENT),
    Kind.VOLTAGE: (Operation.LEVEL,),
}
#: The key of a row that is of any clock.
ANY = "*"
#: What the property of a supply ends with.
SUPPLY = "-supply"


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
SETS_NOTHING = Row(None, "-", (), Certainty.SURE, "")


class DriverNeed(Data):
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


class LookedUp(Data):
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
    return key + SUPPLY if kind is Kind.VOLTAGE else key


class DriverTable(Data, eq=False):
    """A table: its name, and the rows of each compatible that it knows.

    ``file`` is the file that a user named, if it was read from one. ``is_own``: it is what an
    agents file says of single drivers. Each is only equal to itself.
    """

    name: str
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict, repr=False)
    file: str | None = None
    is_own: bool = False

    def of(self, compatible: str) -> tuple[Row, ...]:
        """The rows of a compatible; none: the table does not know it."""
        return self.rows.get(compatible, ())

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


def look_up(tables: Sequence[DriverTable], entry: Entry) -> LookedUp:
    """What the first of some tables that has a row about an entry says; else, whether any of them
    knows the driver.

    That a driver sets nothing is about all of its entries, unless a table behind it knows the
    driver of a compatible before that one's: that driver is another.
    """
    known = UNKNOWN
    for number, table in enumerate(tables):
        told, is_about = table.look_up(entry)
        if is_about:
            return told
        if known.compatible is None:
            known = told
        if told.compatible is not None and any(r.kind is None for r in table.of(told.compatible)):
            before = entry.compatibles[: entry.compatibles.index(told.compatible)]
            if not any(each.of(one) for each in tables[number + 1 :] for one in before):
                return told
    return known


def _about(entry: Entry, rows: Sequence[Row]) -> tuple[list[Row], bool]:
    """The rows about an entry: by its name, else by its index, else those of any; and whether the
    driver is known to mean this one.

    A driver may ask by a name that only a table of the kernel has (``clkdev``): it is then the only
    clock of a node without names. What a driver never takes is about a name of the node's own.
    """
    of_kind = [row for row in rows if row.kind is entry.kind]
    if not of_kind:
        return of_kind, True
    by_name = [row for row in of_kind if entry.name is not None and row.key == entry.name]
    by_index = [row for row in of_kind if row.key == f"#{entry.number}"]
    found = by_name or by_index or [row for row in of_kind if row.key == ANY]
    if found or entry.kind is not Kind.CLOCK or entry.number or entry.named:
        return found, True
    named = [row for row in of_kind if not row.key.startswith("#") and not row.never]
    return named if len({row.key for row in named}) == 1 else [], False


def _told(table: str, compatible: str, rows: Sequence[Row], certain: bool) -> LookedUp:
    needs, known = [], frozenset[Operation]()
    # What one row says for certain, another may only repeat.
    for row in sorted(rows, key=lambda row: row.certainty is not Certainty.SURE):
        added = frozenset(row.operations) - known
        if added:
            certainty = row.certainty if certain else Certainty.MAY
            needs.append(DriverNeed(added, certainty, table, row.source, row.reason, row.position))
            known |= added
    # A driver takes what it sets.
    never = "" if needs else next((row.source for row in rows if row.never), "")
    return LookedUp(compatible, tuple(needs), never)
