"""What is not in the files that an import makes: what the description has besides permissions, and
what the board has otherwise."""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.words import spans
from scmigen.checks.served_view import place_of
from scmigen.checks.words import joined
from scmigen.diagnostics import Diagnostic, Position
from scmigen.migration.findings import IMPORT_LEFT
from scmigen.migration.joins import Join
from scmigen.migration.plan import role_of
from scmigen.runtime import Served, ServedAgent, ServedGrant
from scmigen.scmi.operations import Operation, ordered, with_implied
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: Agent, kind, id and operation → where that is written.
Cells = dict[tuple[str, Kind, int, Operation], str | None]
#: The resources of the description, by kind and number.
Joins = Mapping[tuple[Kind, int], Join]

#: How many names are told.
_NAMED = 4


class Outcome(NamedTuple):
    """What a board has with the files: permissions, and names by kind and number."""

    cells: Cells
    names: Mapping[tuple[Kind, int], str]


def carried_operations(grant: ServedGrant) -> tuple[Operation, ...]:
    """The operations that a grant is to have: those allowed, and those that nothing keeps any agent
    from."""
    return (*grant.operations, *grant.unchecked)


def left(message: str, source: str | None, where: Position, hint: str | None = None) -> Diagnostic:
    """What is not in the files; ``where`` is the description."""
    return IMPORT_LEFT.warning(message, place_of(source, where), hint=hint)


def untold(served: Served, joins: Joins, where: Position) -> Iterator[Diagnostic]:
    """What the description has and no file of ours says, or what it leaves open."""
    alike: dict[tuple[Kind, str], list[Join]] = {}
    for join in joins.values():
        if join.problem is not None:
            alike.setdefault((join.kind, join.problem), []).append(join)
    for (kind, problem), found in alike.items():
        numbers = spans(sorted(join.number for join in found))
        if all(join.in_outputs for join in found):
            yield IMPORT_LEFT.note(
                f"{kind} {numbers}: no grant holds them; what agents may do with them is in "
                f"{' and '.join(f'outputs: {{{name}: …}}' for name in served.outputs)}",
                place_of(_source(found[0], served), where),
            )
            continue
        names = f" ({found[0].resource.name})" if len(found) == 1 else ""
        yield left(f"{kind} {numbers}{names}: {problem}", _source(found[0], served), where)
    for agent in served.agents:
        yield from _unchecked(agent, where)
        for kind, grants in agent.grants.items():
            yield from _unknown(agent, kind, grants, where)
        if agent.role is None:
            word = role_of(agent, len(served.agents) == 1).value
            message = f"nothing says the role of {agent.name}: {word} is assumed"
            yield left(message, agent.source, where, "correct scmi.role in the agents file")


def unnamed(found: Sequence[Join], where: Position) -> Iterator[Diagnostic]:
    """Elements whose names no agents file can have: one warning for each kind."""
    alike: dict[Kind, list[Join]] = {}
    for join in found:
        alike.setdefault(join.kind, []).append(join)
    for kind, several in alike.items():
        told = joined([f"{one.number} {one.resource.name!r}" for one in several[:_NAMED]])
        more = f" and {len(several) - _NAMED} more" if len(several) > _NAMED else ""
        yield left(
            f"the tree does not know {kind} {told}{more} by these names, and elements cannot have "
            "them: they are without",
            several[0].resource.source,
            where,
            "names of elements are unique and of A-Z a-z 0-9 _ . + -; --map says which "
            "resources of the tree they are",
        )


def _source(join: Join, served: Served) -> str | None:
    """Where a resource is described: by itself, or by the first grant on it."""
    grants = (
        grant.source or agent.source
        for agent in served.agents
        for grant in agent.grants.get(join.kind, ())
        if grant.resource == join.number
    )
    return join.resource.source or next(grants, None)


def _unchecked(agent: ServedAgent, where: Position) -> Iterator[Diagnostic]:
    """One note for all that the server lets every agent do, and the agent gets here."""
    counts: dict[tuple[Kind, str], int] = {}
    for kind, grants in agent.grants.items():
        for grant in grants:
            if grant.unchecked:
                words = ", ".join(ordered(kind, grant.unchecked))
                counts[kind, words] = counts.get((kind, words), 0) + 1
    if counts:
        told = joined([f"{words} on {count} {kind}" for (kind, words), count in counts.items()])
        yield IMPORT_LEFT.note(
            f"{agent.name} is granted what the server lets every agent do: {told}",
            place_of(agent.source, where),
            hint="remove from its grants what is not meant: a build denies that",
        )


def _unknown(
    agent: ServedAgent, kind: Kind, grants: Sequence[ServedGrant], where: Position
) -> Iterator[Diagnostic]:
    """Operations that are unknown: one line for each set of them."""
    unknown: dict[str, list[ServedGrant]] = {}
    for grant in grants:
        if grant.unknown:
            unknown.setdefault(", ".join(ordered(kind, grant.unknown)), []).append(grant)
    for words, rows in unknown.items():
        numbers = spans(sorted(row.id for row in rows))
        yield left(
            f"it is not known whether {agent.name} may use {words} on {kind} {numbers}",
            rows[0].source or agent.source,
            where,
        )


def different(
    wanted: Cells,
    joins: Joins,
    done: Outcome,
    problems: Sequence[Diagnostic],
    where: Position,
) -> Iterator[Diagnostic]:
    """Where a board with the files differs from the description, and its errors."""
    for item in problems:
        place = "" if item.position is None else f" ({item.position})"
        message = f"with these files the board has an error{place}: {item.message}"
        yield IMPORT_LEFT.error(message, where, hint=item.hint)
    nothing = {(join.kind, join.number) for join in joins.values() if join.problem is not None}
    told = {cell: place for cell, place in wanted.items() if cell[1:3] not in nothing}
    yield from _missing(told, done.cells, where)
    yield from _gained(wanted, done.cells, where)
    yield from _renamed(joins, done.names, where)


def _by_row(
    cells: Iterator[tuple[str, Kind, int, Operation]],
) -> dict[tuple[str, Kind, int], list[Operation]]:
    rows: dict[tuple[str, Kind, int], list[Operation]] = {}
    for agent, kind, number, operation in cells:
        rows.setdefault((agent, kind, number), []).append(operation)
    return rows


def _missing(wanted: Cells, cells: Cells, where: Position) -> Iterator[Diagnostic]:
    """Operations that the description has and the board has not: one line per row."""
    rows = _by_row(iter(sorted(wanted.keys() - cells.keys())))
    for (agent, kind, number), operations in rows.items():
        words = ", ".join(ordered(kind, operations))
        source = wanted[agent, kind, number, operations[0]]
        yield left(f"{agent} does not get {words} on {kind} {number}", source, where)


def _gained(wanted: Cells, cells: Cells, where: Position) -> Iterator[Diagnostic]:
    """Operations that the board has and the description has not."""
    had = _by_row(iter(wanted))
    alike: dict[tuple[str, Kind, str, str], list[tuple[int, str | None]]] = {}
    rows = _by_row(iter(sorted(cells.keys() - wanted.keys())))
    for row, operations in rows.items():
        agent, kind, number = row
        has = frozenset(had.get(row, ()))
        implied = set(operations) <= with_implied(has) - has
        why = "who sets a value may read it" if implied else "the tree needs it"
        words = ", ".join(ordered(kind, operations))
        source = cells[agent, kind, number, operations[0]]
        alike.setdefault((agent, kind, words, why), []).append((number, source))
    for (agent, kind, words, why), found in alike.items():
        numbers = spans(number for number, _ in found)
        yield left(f"{agent} gets {words} on {kind} {numbers}, too: {why}", found[0][1], where)


def _renamed(
    joins: Joins, names: Mapping[tuple[Kind, int], str], where: Position
) -> Iterator[Diagnostic]:
    """Names that are others, and resources that no agent has, which only the lock keeps."""
    alone = [
        join
        for place, join in joins.items()
        if join.problem is None and place not in names and names
    ]
    if alone:
        words = f"{alone[0].kind} {alone[0].number} ({alone[0].resource.name})"
        rest = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
        message = f"no agent has {words}{rest}: only the lock file keeps the numbers"
        yield left(message, alone[0].resource.source, where)
    for (kind, number), join in joins.items():
        now, name = names.get((kind, number)), join.resource.name
        if name and now is not None and now != name and join.problem is None:
            yield left(f"{kind} {number} is {now}, not {name}", join.resource.source, where)
