"""``needs`` of an agent in an agents file: tables of what its drivers do, by name, as files, or
written there for single drivers."""

from collections.abc import Iterator
from pathlib import Path

from scmigen.assignment.located import Located
from scmigen.assignment.needs import is_file, named_tables
from scmigen.bindings.driver_files import read_table
from scmigen.bindings.driver_tables import SETS_NOTHING, SUPPLY, DriverTable, Row
from scmigen.data import replace
from scmigen.diagnostics import InputError, Related, has_errors
from scmigen.inputs import read_bytes
from scmigen.runtime import Certainty
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind

#: The most tables that one agent has; each may be a large file.
_MAX_TABLES = 16


def read_needs(agent: str, where: Located) -> tuple[str | DriverTable, ...] | None:
    """A table, or a list of tables, of which the later ones hold; none if one cannot be read."""
    where.some("needs", "write none, or leave it out")
    entries = list(where.items("needs")) if where.is_list else [where]
    if len(entries) > _MAX_TABLES:
        where.wrong(f"needs has at most {_MAX_TABLES} tables", "put what they say into one file")
        return None
    found = [_table(agent, entry) for entry in entries]
    named = named_tables(table for table in found if isinstance(table, str))
    if len(found) > 1 and len(named) < sum(isinstance(table, str) for table in found):
        where.wrong("needs has none beside others", "write none alone, or leave it out")
        return None
    if None in found:
        return None
    return tuple(table for table in found if isinstance(table, DriverTable) or table in named)


def _table(agent: str, entry: Located) -> str | DriverTable | None:
    """One table: a mapping of what drivers do, a file, or a name."""
    if entry.is_mapping:
        rows = dict(_drivers(entry))
        if not rows:
            entry.wrong("needs is an empty mapping", "write none, or leave it out")
        return DriverTable(f"needs of {agent}", rows, is_own=True)
    word = entry.text("a table of drivers")
    if word is None or not is_file(word):
        return word
    # A path is relative to the file that names it.
    path = Path(entry.position.file).parent / word
    try:
        table, problems = read_table(word, str(path), read_bytes(path))
    except InputError as problem:
        problems = problem.diagnostics
        table = None
    for item in problems:
        named = Related("it is named here", entry.position)
        entry.problems.add(replace(item, related=(*item.related, named)))
    return None if has_errors(problems) else table


def _drivers(where: Located) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """The rows of each compatible; one without entries is of a driver that sets nothing."""
    for compatible, entries in where.mapping("needs").items():
        yield compatible, tuple(_rows(compatible, entries)) or (SETS_NOTHING,)


def _rows(compatible: str, where: Located) -> Iterator[Row]:
    """``con-id: [operations]``; ``vmmc-supply`` is a supply, ``"#0"`` a clock by its index, ``"*"``
    any clock."""
    for key, entry in where.mapping(f"needs of {compatible}").items():
        kind = Kind.VOLTAGE if key.endswith(SUPPLY) else Kind.CLOCK
        known = [word.value for word in OPERATIONS[kind]]
        items = list(entry.items("operations"))
        words = [item.choice(f"an operation on a {kind}", known) for item in items]
        if entry.is_list and None not in words:
            told = tuple(Operation(word) for word in words if word is not None)
            name = key.removesuffix(SUPPLY)
            yield Row(kind, name, told, Certainty.SURE, "", position=entry.position)
