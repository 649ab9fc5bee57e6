"""How a table of drivers' needs compares with what was read by hand (tests/data/driver-labels-*).

The labels are of Linux 6.12; what is otherwise in a later kernel is in driver-changes.csv.

    python tests/driver_labels.py scmigen/bindings/drivers/linux-6.12.txt [LABELS]

prints the figures of each operation, and every row that is missing, wrong or not labelled.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scmigen.bindings.driver_files import read_table
from scmigen.bindings.driver_tables import DriverTable, Entry, Row
from scmigen.scmi.protocols import Kind

DATA = Path(__file__).parent / "data"
#: The operations that a table adds, by the kind of resource that has them.
OPERATIONS = {"rate": "clock", "parent": "clock", "level": "voltage"}
#: Labels of what the driver does. The others (opp, indirect, other) are of what is done for it, on
#: another way than by a call with the node's clock: no table has to have them, and one that has
#: them is not wrong.
DONE = ("sure", "may")
#: What a label has in place of a name if it is about each of the node's clocks.
ANY = "any"


@dataclass(frozen=True)
class Label:
    """What a driver does with one of its resources; ``wide`` is the certainty of an operation."""

    compatible: str
    kind: str
    key: str
    wide: Mapping[str, str]
    file: str
    note: str


@dataclass(frozen=True)
class Verdict:
    """One operation of one label: its certainty, and that of the table (empty: not there).

    ``known``: the table knows the compatible. It has those of the kernel's own trees only.
    """

    label: Label
    operation: str
    wanted: str
    given: str
    source: str = ""
    known: bool = True

    @property
    def wrong(self) -> bool:
        """The table says that the driver does what it does not."""
        return bool(self.given) and not self.wanted

    @property
    def missed(self) -> bool:
        """The driver does what the table does not say."""
        return self.known and self.wanted in DONE and not self.given


@dataclass(frozen=True)
class Figures:
    """Counts of one operation: right and all rows given, found and all labels of what is done."""

    right: int
    given: int
    found: int
    done: int

    @property
    def precision(self) -> float:
        """Of the rows given, the share that is right (1 where there is none)."""
        return self.right / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        """Of what the drivers do, the share that the table has (1 where there is none)."""
        return self.found / self.done if self.done else 1.0


def labels(path: Path, kernel: str = "6.12") -> list[Label]:
    """The labels of a file as they are for ``kernel``, one a resource; two rows of one resource are
    one label."""
    found: dict[tuple[str, str, str], Label] = {}
    for row in _rows(path):
        certainty = row.get("certainty") or _certainty(row["note"])
        wide = {o: certainty for o in row["operations"].split() if o in OPERATIONS}
        key = (row["compatible"], row["kind"], row["con_id"])
        before = found[key].wide if key in found else {}
        found[key] = Label(*key, {**before, **wide}, row["file"], row["note"])
    for row in _rows(DATA / "driver-changes.csv"):
        key = (row["compatible"], row["kind"], row["con_id"])
        if key in found and row["kernel"] == kernel:
            wide = dict.fromkeys(row["operations"].split(), row["certainty"])
            found[key] = Label(*key, wide, row["file"], row["note"])
    return [*found.values()]


def clocks_taken(path: Path) -> set[tuple[str, str]]:
    """Compatible and key of the clocks that drivers take, as the labels of a file say."""
    return {
        (row["compatible"], row["con_id"])
        for row in _rows(path)
        if row["kind"] == Kind.CLOCK and row["operations"]
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return [*csv.DictReader(line for line in stream if not line.startswith("#"))]


def _certainty(note: str) -> str:
    """The first labels have no column for it."""
    return "indirect" if note.startswith("indirect") else "sure"


def table(path: Path) -> DriverTable:
    """The table in a file. Raises `ValueError` with what is wrong with its rows."""
    found, problems = read_table(path.stem, str(path), path.read_bytes())
    if problems:
        raise ValueError("\n".join(str(each) for each in problems))
    return found


def verdicts(given: DriverTable, labelled: Iterable[Label]) -> Iterator[Verdict]:
    """Each operation of each label, looked up as for a device with just its compatible."""
    for label in labelled:
        index = label.key.startswith("#")
        # An index that no driver names; no name is one that only rows of any clock are about.
        number = int(label.key[1:]) if index else 9999
        name = None if index or label.key == ANY else label.key
        entry = Entry((label.compatible,), Kind(label.kind), name, number, named=True)
        told, _ = given.look_up(entry)
        for operation, kind in OPERATIONS.items():
            if kind == label.kind:
                need = next((n for n in told.needs if operation in n.operations), None)
                certainty, source = (need.certainty, need.source) if need else ("", "")
                wanted, known = label.wide.get(operation, ""), told.compatible is not None
                yield Verdict(label, operation, wanted, certainty, source, known)


def figures(found: Iterable[Verdict], operation: str, *, sure: bool) -> Figures:
    """The figures of an operation. ``sure``: of the table's sure rows against what is sure to be
    done; otherwise of all rows against all that is or may be done. What is done on a roundabout
    way is right where the table has it, and no miss where it has not; nor is a compatible that the
    table does not know."""
    ours = [each for each in found if each.operation == operation and each.known]
    rows = [each for each in ours if each.given == "sure" or (each.given and not sure)]
    done = [each for each in ours if each.wanted in (("sure",) if sure else DONE)]
    return Figures(
        right=sum(bool(each.wanted) for each in rows),
        given=len(rows),
        found=sum(each in rows for each in done),
        done=len(done),
    )


def unlabelled(given: DriverTable, labelled: Iterable[Label]) -> Iterator[tuple[str, Row]]:
    """Rows of labelled compatibles about clocks and supplies that have no label."""
    known = {(label.compatible, label.kind, label.key) for label in labelled}
    known |= {(compatible, kind, "*") for compatible, kind, key in known if key == ANY}
    for compatible in sorted({compatible for compatible, _, _ in known}):
        for row in given.of(compatible):
            if row.operations and (compatible, str(row.kind), row.key) not in known:
                yield compatible, row


def main(arguments: Sequence[str]) -> None:
    """Print the comparison."""
    given = table(Path(arguments[0]))
    files = [Path(each) for each in arguments[1:]] or sorted(DATA.glob("driver-labels-*.csv"))
    for file in files:
        read = labels(file, given.name.rpartition("-")[2])
        found = [*verdicts(given, read)]
        print(f"{file.name}: {len({each.file for each in read})} drivers, {len(read)} resources")
        for operation in OPERATIONS:
            for sure in (True, False):
                each = figures(found, operation, sure=sure)
                print(
                    f"  {operation} {'sure' if sure else 'sure+may'}: "
                    f"precision {each.right}/{each.given} = {each.precision:.3f}, "
                    f"recall {each.found}/{each.done} = {each.recall:.3f}"
                )
        unknown = {each.label.compatible for each in found if not each.known}
        print("  unknown compatibles:", *sorted(unknown))
        for verdict in found:
            label = verdict.label
            if (
                verdict.wrong
                or verdict.missed
                or {verdict.wanted, verdict.given} == {"sure", "may"}
            ):
                what = "WRONG" if verdict.wrong else "MISSED" if verdict.missed else "certainty"
                print(
                    f"  {what} {verdict.operation} {label.compatible} {label.kind} {label.key}: "
                    f"label {verdict.wanted or '-'}, table {verdict.given or '-'} {verdict.source}"
                    f" [{label.file}] {label.note}"
                )
        for compatible, row in unlabelled(given, read):
            words = (str(row.kind), row.key, "+".join(row.operations), str(row.certainty))
            print("  UNLABELLED", compatible, *words, row.source)


if __name__ == "__main__":
    main(sys.argv[1:])
