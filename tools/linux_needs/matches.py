"""Tables of compatibles, and what begins to run when a node with one of them is found."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .ir import UNKNOWN, Expr, File, Variable, identifiers
from .source import Source


@dataclass(frozen=True)
class Match:
    """One compatible of one driver."""

    compatible: str
    path: str
    data: Expr  #: what the entry carries
    roots: tuple[str, ...]  #: names in ``path`` that the kernel calls or reads first
    table: str  #: of_device_id, or the macro


def matches(source: Source, only: set[str] | None = None) -> Iterator[Match]:
    """All compatibles of all drivers, file by file; of a few, where ``only`` names them."""
    for path in source.matching:
        if only is not None and len(only) < 1000:
            text = source.text(path)
            if not any(one in text for one in only):
                continue
        source.forget()
        file = source.file(path)
        if file is None:
            continue
        for table in file.variables.values():
            if table.type == "of_device_id" and table.value[0] == "init":
                yield from _of_table(source, file, table)
        for macro, compatible, function in file.declared:
            yield Match(compatible, path, UNKNOWN, (function,), macro)


def bus_matches(source: Source, path: Path) -> Iterator[Match]:
    """The compatibles of drivers that a bus finds by other means, as a file lists them."""
    for line in path.read_text("ascii").splitlines():
        if line and not line.startswith("#"):
            compatible, _, place = line.partition(" ")
            file, _, driver = place.partition(":")
            if source.file(file) is not None:
                yield Match(compatible, file, UNKNOWN, (driver,), "amba")


def _of_table(source: Source, file: File, table: Variable) -> Iterator[Match]:
    """What a driver's table says; one that is only searched, without data, is for other devices."""
    roots = _users(file, table)
    driven = any(root in file.variables for root in roots) or not (table.static or roots)
    for compatible, data in entries(source, file.path, table.value):
        if driven or data != UNKNOWN:
            yield Match(
                compatible, file.path, data, roots or tuple(sorted(file.functions)), table.name
            )


def _users(file: File, table: Variable) -> tuple[str, ...]:
    """The driver that a table belongs to, else the functions that search in it."""
    drivers = [
        one.name
        for one in file.variables.values()
        if table.name in one.names and one.type != "of_device_id"
    ]
    if drivers:
        return tuple(sorted(drivers))
    return tuple(sorted(one.name for one in file.functions.values() if table.name in one.names))


def entries(source: Source, path: str, value: Expr) -> Iterator[tuple[str, Expr]]:
    """Compatible and data of each entry of a table."""
    items = value[1]
    if any(key == "compatible" for key, _ in items):
        items = ((None, value),)
    for _, entry in items:
        if entry[0] == "call":
            entry = source.expanded(path, entry)
        if entry[0] != "init":
            continue
        said = dict(_named(entry))
        compatible = said.get("compatible", UNKNOWN)
        if compatible[0] == "call":
            compatible = source.expanded(path, compatible)
        if compatible[0] == "id":
            compatible = source.constant(path, compatible[1])
        if compatible[0] == "str" and compatible[1] and " " not in compatible[1]:
            yield compatible[1], said.get("data", UNKNOWN)


def _named(entry: Expr) -> Iterator[tuple[str, Expr]]:
    order = ("name", "type", "compatible", "data")
    at = 0
    for key, value in entry[1]:
        if isinstance(key, str):
            at = order.index(key) if key in order else at
        if at < len(order):
            yield order[at], value
        at += 1


def data_names(match: Match) -> set[str]:
    """The names that the data of an entry refers to."""
    return identifiers(match.data)
