"""Needs as rows of the data file: merged, with the rows written by hand."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .needs import Need

OPERATIONS = ("rate", "parent", "level")
_PLACE = re.compile(r"[\w./+-]+\.[ch]:\w+$|[\w./+-]+\.[ch]$")


@dataclass(frozen=True, order=True)
class Row:
    """One row of the data file, of one compatible."""

    compatible: str
    kind: str
    key: str
    operations: str
    certainty: str
    place: str
    reason: str = ""

    def said(self, above: str = "") -> str:
        """What it says of its compatible; of its place, what differs from the place ``above``."""
        place = self.place
        file, _, function = place.rpartition(":")
        if place and place == above:
            place = '"'
        elif file and file == above.rpartition(":")[0]:
            place = f":{function}"
        said = (self.kind, self.key, self.operations, self.certainty, place, self.reason)
        return " ".join(one for one in said if one)


def blocks(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of the data file: compatibles with the same rows, and below them these rows.

    Blocks are in the order of the files that their first rows are about, and those that set nothing
    are the last, so that a new compatible of a known driver is one new line.
    """
    by_compatible: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_compatible[row.compatible].append(replace(row, compatible=""))
    alike: dict[tuple[Row, ...], list[str]] = defaultdict(list)
    for compatible, found in by_compatible.items():
        alike[tuple(sorted(found))].append(compatible)
    for block in sorted(alike, key=lambda block: (not block[0].place, block[0].place, block)):
        yield from sorted(alike[block])
        above = ""
        for row in block:
            yield f" {row.said(above)}"
            above = row.place


def by_hand(path: Path) -> list[Row]:
    """The rows of a file written by hand; ``ValueError`` names the line that lacks something."""
    found = []
    for number, line in enumerate(path.read_text("ascii").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(" ", 6)
        if len(fields) < 7 or not _PLACE.fullmatch(fields[5]):
            right = "COMPATIBLE KIND KEY OPERATIONS CERTAINTY FILE:FUNCTION REASON"
            raise ValueError(f"{path}:{number}: {line!r} is no row; a row is {right}")
        found.append(Row(*fields))
    return found


def merged(needs: Iterable[Need]) -> Iterator[Row]:
    """A row for each compatible, kind, key and certainty."""
    groups: dict[tuple[str, str, str], dict[str, list[Need]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for need in needs:
        groups[need.compatible, need.kind, need.key][need.operation].append(need)
    for (compatible, kind, key), operations in sorted(groups.items()):
        by_certainty: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for operation in OPERATIONS:
            found = operations.get(operation)
            if found:
                best = min(found, key=lambda need: (not need.sure, need.place))
                by_certainty["sure" if best.sure else "may"].append((operation, best.place))
        for certainty, pairs in sorted(by_certainty.items()):
            places = sorted(place for _, place in pairs)
            yield Row(
                compatible, kind, key, "+".join(one for one, _ in pairs), certainty, places[0]
            )


def nothing(known: Iterable[str], rows: Iterable[Row]) -> Iterator[Row]:
    """A row for each compatible whose driver was read and changes nothing."""
    said = {row.compatible for row in rows}
    for compatible in sorted(known):
        if compatible not in said:
            yield Row(compatible, "-", "", "", "", "")


def overridden(rows: Iterable[Row], hand: Iterable[Row]) -> list[Row]:
    """The rows, with those written by hand in place of what was found for the same key."""
    by_hand = {(row.compatible, row.kind, row.key): row for row in hand}
    kept = [row for row in rows if (row.compatible, row.kind, row.key) not in by_hand]
    return [*kept, *by_hand.values()]
