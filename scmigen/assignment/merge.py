"""What several sources say about one agent, compared field by field."""

from collections.abc import Callable, Mapping, Sequence

from scmigen.assignment.findings import AGENT_DIFFERS
from scmigen.assignment.given import cut
from scmigen.assignment.needs import NO_TABLE
from scmigen.assignment.said import AgentSaid, Said, SharedMemory
from scmigen.bindings.driver_tables import DriverTable, Row
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Related
from scmigen.hints import Any
from scmigen.tuples import NamedTuple


class Field(NamedTuple):
    """A field of `AgentSaid`: how messages call it, how they show it, and when two are the same."""

    title: str
    shown: Callable[[Any], str] = str
    same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _tables(needs: Sequence[str | DriverTable]) -> str:
    return ", ".join(map(_table, needs)) or NO_TABLE


def _table(table: str | DriverTable) -> str:
    """The name of a table; what an agents file says of single drivers as it is written there."""
    if isinstance(table, str) or not table.is_own:
        return table if isinstance(table, str) else table.name
    drivers = (f'"{known}": {{{", ".join(map(_row, rows))}}}' for known, rows in table.rows.items())
    return cut(f"{{{', '.join(drivers)}}}")


def _row(row: Row) -> str:
    return f"{row.key}: [{', '.join(row.operations)}]" if row.kind is not None else ""


def _plain(table: str | DriverTable) -> object:
    """What a table says, wherever it is written."""
    if isinstance(table, str):
        return table
    rows = table.rows.items()
    return table.name, {known: [row._replace(position=None) for row in own] for known, own in rows}


def _same_tables(one: Sequence[str | DriverTable], other: Sequence[str | DriverTable]) -> bool:
    return [*map(_plain, one)] == [*map(_plain, other)]


def _same_memory(one: SharedMemory, other: SharedMemory) -> bool:
    """One node in common. A name that matches no node is compared with other names only."""
    if one.paths and other.paths:
        return not set(one.paths).isdisjoint(other.paths)
    return one.text == other.text or bool(one.paths or other.paths)


def _same_nodes(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return set(one) == set(other)


#: Every field that two sources may state differently.
FIELDS: Mapping[str, Field] = {
    "domain_id": Field("id"),
    "id": Field("agent id"),
    "role": Field("role"),
    "profile": Field("profile"),
    "permissions": Field("permissions", _flag),
    "system_power": Field("system-power"),
    "default": Field("default", _flag),
    "parent": Field("parent", lambda name: name or "/domains"),
    "transport": Field("transport"),
    "smc_id": Field("SMC id", hex),
    "channel": Field("channel"),
    "shmem": Field("shared memory", lambda memory: memory.text, _same_memory),
    "needs": Field("needs", _tables, _same_tables),
    "mailboxes": Field("mailbox", ", ".join, _same_nodes),
}


def merge(said: Sequence[AgentSaid]) -> tuple[AgentSaid, tuple[Diagnostic, ...]]:
    """One record of all that is said about an agent; the earlier record wins.

    Every difference is an `AGENT_DIFFERS` error at the later position.
    """
    first, *others = said
    problems: list[Diagnostic] = []
    for other in others:
        values: dict[str, Any] = {}
        for name, field in FIELDS.items():
            mine, theirs = getattr(first, name), getattr(other, name)
            if mine is None and theirs is not None:
                values[name] = theirs
            elif (
                mine is not None and theirs is not None and not field.same(mine.value, theirs.value)
            ):
                problems.append(_differs(first.name, field, mine, theirs))
        first = replace(
            first,
            **values,
            is_agent=first.is_agent or other.is_agent,
            is_domain=first.is_domain or other.is_domain,
        )
    return first, tuple(problems)


def _differs(name: str, field: Field, first: Said[Any], second: Said[Any]) -> Diagnostic:
    one, other = field.shown(first.value), field.shown(second.value)
    return AGENT_DIFFERS.error(
        f"agent {name} has the {field.title} {other} here and {one} elsewhere",
        second.position,
        [Related(f"{field.title} {one}", first.position)],
        "say the same in both, or say it in one",
    )
