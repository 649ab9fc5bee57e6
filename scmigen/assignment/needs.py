"""The tables that say what the drivers of an agent do: named, or the usual ones of its role."""

from collections.abc import Iterable, Iterator

from scmigen.assignment.assignment import Agent
from scmigen.assignment.findings import AGENTS_FILE
from scmigen.assignment.roles import ROLES
from scmigen.assignment.said import Said
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.driver_files import newest, shipped, shipped_table
from scmigen.bindings.driver_tables import DriverTable
from scmigen.diagnostics import Diagnostic, Position

#: The word for an agent of whose drivers nothing is known.
NO_TABLE = "none"


def named_tables(words: Iterable[str]) -> tuple[str | DriverTable, ...]:
    """Tables by name, without the word for none."""
    return tuple(word for word in words if word != NO_TABLE)


def is_file(word: str) -> bool:
    """Whether an agents file means a file, and not a table by its name."""
    return "/" in word or word.endswith(".txt")


def usual_tables(agent: Agent) -> tuple[DriverTable, ...]:
    """The tables of an agent whose sources name none: the newest of its role's system."""
    system = ROLES[agent.role].drivers
    name = None if system is None else newest(system)
    return () if name is None else (shipped_table(name),)


def tables_of(
    agent: Agent, said: Said[tuple[str | DriverTable, ...]] | None
) -> tuple[tuple[DriverTable, ...], tuple[Diagnostic, ...]]:
    """The tables of an agent, the one that holds first, and an error for each that there is not.

    What an agents file says of single drivers is said besides the usual tables where it names none.
    """
    if said is None:
        return usual_tables(agent), ()
    known = shipped()
    tables = tuple(
        table if isinstance(table, DriverTable) else shipped_table(table)
        for table in said.value
        if isinstance(table, DriverTable) or table in known
    )
    if tables and all(table.is_own for table in tables):
        tables = (*usual_tables(agent), *tables)
    return tables[::-1], tuple(_unknown(said.value, known, said.position))


def _unknown(
    tables: Iterable[str | DriverTable], known: Iterable[str], position: Position | None
) -> Iterator[Diagnostic]:
    words = (*known, NO_TABLE)
    for table in tables:
        if not isinstance(table, DriverTable) and table not in words:
            near = did_you_mean(table, words)
            every = f"one of: {', '.join(words)}; or, in an agents file, a file as ./{table}.txt"
            hint = every if near is None or near.startswith("one of") else f"{near} {every}"
            if is_file(table):
                hint = "a tree names no file: say needs of the agent in an agents file"
            yield AGENTS_FILE.error(f"needs cannot be {table!r}", position, hint=hint)
