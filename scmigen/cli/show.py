"""``scmigen show`` and ``scmigen explain``: what the compiler makes of a board, and its checks."""

from collections.abc import Callable, Iterable, Sequence

from scmigen.assignment.needs import NO_TABLE, usual_tables
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.switches import unknown_hint
from scmigen.cli import complete
from scmigen.cli.common import BoardRequest, answering, table_command
from scmigen.cli.declare import argument, command, option
from scmigen.cli.problems import BadValueError
from scmigen.cli.report import say_csv, say_document, say_json
from scmigen.cli.show_drivers import COLUMNS as DRIVERS
from scmigen.cli.show_drivers import cells, driver_rows, plain
from scmigen.cli.terminal import Column, Folds, print_table
from scmigen.cli.values import OneOf
from scmigen.cli.why_device import driver_plain
from scmigen.model.platform import Model
from scmigen.model.protocol_grants import Right, in_a_word
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind

_Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


def _providers(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            path,
            " ".join(sorted(provider.kinds)),
            provider.category,
            provider.rule,
            provider.consumers,
            provider.reason,
        )
        for path, provider in model.providers.items()
        if provider.consumers
    ]
    return ("provider", "kinds", "class", "rule", "consumers", "because"), rows


def _devices(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            device.number,
            device.node.path,
            ", ".join(agent.name for agent in device.agents),
            ", ".join(agent.name for agent in device.assignable),
            len({use.key for use in device.uses}),
        )
        for platform in model.platforms
        for device in platform.devices
    ]
    return ("id", "device", "agents", "may be given to", "resources"), rows


def _resources(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            kind,
            resource.number,
            resource.name,
            resource.key.provider,
            _cells(resource.key),
            model.inventory.macros.name(resource.key) or "",
        )
        for platform in model.platforms
        for kind, resources in platform.resources.items()
        for resource in resources
    ]
    return ("kind", "number", "name", "provider", "cells", "macro"), rows


def _cells(key: ResourceKey) -> str:
    return " ".join(map(str, key.cells))


def _agents(model: Model) -> _Table:
    platforms = model.platforms
    rows: list[tuple[object, ...]] = [
        (
            agent.id,
            agent.name,
            agent.role,
            agent.profile,
            ", ".join(table.name for table in model.assignment.drivers[agent.name]) or NO_TABLE,
            *(in_a_word(right, platforms[0].opened(agent, right)) for right in Right),
            *(sum(len(p.grants_of(agent, kind)) for p in platforms) for kind in Kind),
        )
        for agent in model.assignment.agents
    ]
    return ("id", "agent", "role", "profile", "drivers", *map(str, (*Right, *Kind))), rows


def _agents_in_words(model: Model) -> _Table:
    """`_agents` without what an agent does not have: a column for each kind is too wide. Nor is
    there one for profiles if no source says any, nor for drivers if no agent could have any."""
    columns, rows = _agents(model)
    rights, kinds = columns[5 : -len(Kind)], columns[-len(Kind) :]
    tables = model.assignment.drivers
    drivers = any(tables[agent.name] or usual_tables(agent) for agent in model.assignment.agents)
    left = {3: any(row[3] for row in rows), 4: drivers}
    first = [place for place in range(5) if left.get(place, True)]
    short = [
        (
            *(row[place] or "" for place in first),
            ", ".join(
                _right(*said) for said in zip(rights, row[5:], strict=False) if said[1] != "no"
            ),
            ", ".join(f"{n} {k}" for n, k in zip(row[-len(kinds) :], kinds, strict=True) if n),
        )
        for row in rows
    ]
    return (*(columns[place] for place in first), "rights", "resources"), short


def _right(right: str, word: object) -> str:
    return right if word == "yes" else f"{right} ({word})"


def _permissions(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            grant.agent.name,
            grant.resource.kind,
            grant.id,
            grant.resource.name,
            grant.resource.key,
            " ".join(ordered(grant.resource.kind, grant.operations)),
        )
        for platform in model.platforms
        for grant in platform.grants()
    ]
    # The rights are the same on every platform of a board.
    rows += [
        (
            grant.agent.name,
            grant.right.protocol.name.lower(),
            None,
            grant.right,
            f"protocol {grant.right.protocol:#x}",
            " ".join(grant.operations),
        )
        for grant in model.platforms[0].protocol_grants
    ]
    return ("agent", "kind", "id", "name", "resource", "operations"), rows


def _with_drivers(
    model: Model, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Beside each grant what tables say of drivers, by operation, where only they ask for it."""
    found: dict[tuple[object, ...], dict[str, list[dict[str, object]]]] = {}
    for platform in model.platforms:
        for grant in platform.grants():
            told = grant.by_drivers.items()
            found[grant.agent.name, grant.kind, grant.resource.key] = {
                str(word): [driver_plain(need) for need in needs] for word, needs in told
            }
    because = ((*row, found.get((row[0], row[1], row[4]), {})) for row in rows)
    return (*columns, "because"), list(because)


def _idle(model: Model) -> list[tuple[object, ...]]:
    """A row for each agent that has no grant, so that it is not merely missing."""
    granted = {grant.agent.name for platform in model.platforms for grant in platform.grants()}
    names = (agent.name for agent in model.assignment.agents)
    return [(name, "", "", "", "", "") for name in names if name not in granted]


def _drivers(model: Model) -> _Table:
    return DRIVERS, list(map(cells, driver_rows(model)))


_VIEWS: dict[str, Callable[[Model], _Table]] = {
    "providers": _providers,
    "devices": _devices,
    "resources": _resources,
    "agents": _agents,
    "permissions": _permissions,
    "drivers": _drivers,
}


#: Columns that fold in a narrow terminal; all others stay whole.
_FOLDS = {
    **dict.fromkeys(
        ("provider", "device", "name", "resource", "macro", "by", "because"), Folds.ANYWHERE
    ),
    **dict.fromkeys(
        ("kinds", "agents", "may be given to", "rights", "resources", "operations"),
        Folds.AT_BLANKS,
    ),
}


#: The column that moves below its row where the table is too wide: a sentence.
_BELOW = "because"


def _print(columns: Sequence[str], rows: Sequence[Sequence[object]], style: str) -> None:
    if style == "json":
        say_json([{c: _plain(v) for c, v in zip(columns, row, strict=True)} for row in rows])
        return
    if style == "csv":
        say_csv(columns, rows)
        return
    folded = ((name, _FOLDS.get(name, Folds.NEVER)) for name in columns)
    print_table([Column(name, folds, name == _BELOW) for name, folds in folded], rows)


def _plain(value: object) -> object:
    return value if isinstance(value, int | dict | None) else str(value)


@table_command(
    argument("view", read=OneOf(*_VIEWS)),
    help="""Show what scmigen makes of BOARD: providers, devices, resources, agents, permissions, or
drivers: what the tables of drivers say of each clock and supply, and whether that is granted.""",
)
def show(view: str, request: BoardRequest, style: str, quiet: bool) -> None:
    with answering(request, style, quiet) as model:
        if style == "json" and view == "drivers":
            say_json([plain(model, row) for row in driver_rows(model)])
            return
        columns, rows = _VIEWS[view](model)
        if style == "text" and view == "permissions":
            rows += _idle(model)
        if style == "json" and view == "permissions":
            columns, rows = _with_drivers(model, columns, rows)
        if style == "text" and view == "agents":
            columns, rows = _agents_in_words(model)
        _print(columns, rows, style)


@command(
    argument("check", required=False, complete=complete.findings),
    option("--list", "listing", flag=True, help="List all checks, one per line."),
    help="Explain CHECK, the id in the brackets of a diagnostic.",
)
def explain(check: str | None, listing: bool) -> None:
    from scmigen.explain import findings, in_full

    known = findings()
    if listing or check is None:
        columns = (Column("check"), Column("severity"), Column("about", Folds.ANYWHERE))
        rows = [
            (name, f"{said.severity.word}{' (-W)' if said.on_request else ''}", said.about)
            for name, said in sorted(known.items())
        ]
        print_table(columns, rows)
    elif check in known:
        say_document(in_full(check))
    else:
        hint = unknown_hint(check, known)
        raise BadValueError(f"no check {check!r}; {hint}", "CHECK")
