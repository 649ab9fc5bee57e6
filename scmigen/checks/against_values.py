"""What resources are worth at a server, against what the tree says: levels of performance domains,
what is on at boot, which power domain is below which.
"""

from collections.abc import Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.words import spans
from scmigen.bindings.facts import OperatingPoint
from scmigen.checks.served_view import Row, View, place_of
from scmigen.checks.words import resource_name
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.runtime import Numbering, Served, ServedLevels
from scmigen.scmi.protocols import Kind

LEVELS_DIFFER = Finding(
    "levels-differ",
    "A performance domain has other levels at the server than in the tree.",
    "Take the levels of the one that is right; platform.assume has those that no tree has.",
    severity=Severity.WARNING,
)

BOOT_DIFFERS = Finding(
    "boot-differs",
    "The server turns on at its start what the tree does not say is on at boot, or the other way.",
    "Leave off what no device needs before its driver asks for it.",
    severity=Severity.NOTE,
)

PARENTS_DIFFER = Finding(
    "parents-differ",
    "A power domain is below another one at the server than in the tree.",
    "Say it in the tree by power-domains of the provider, or correct the server's table.",
    severity=Severity.NOTE,
)


def _held(platform: Platform, mine: Agent, view: View, kind: Kind) -> Iterator[tuple[Grant, Row]]:
    """What an agent has on both sides."""
    for grant in platform.grants_of(mine, kind):
        row = view.rows.get((kind, grant.id))
        if row is not None:
            yield grant, row


def levels_differ(platform: Platform, mine: Agent, view: View) -> Iterator[Diagnostic]:
    """Levels of performance domains: a warning for each where the tree has others, and one note for
    all of which it has none."""
    unknown: list[tuple[Grant, Row]] = []
    for grant, row in _held(platform, mine, view, Kind.PERFORMANCE):
        tables, points = row.resource.levels, grant.resource.facts.points
        if tables and not points:
            unknown.append((grant, row))
        elif tables and not any(_same(points, table) for table in tables):
            yield LEVELS_DIFFER.warning(
                f"performance {grant.id} ({grant.resource.name}) has {_hertz(_rates(points))} in "
                f"the tree; the server has {_tables(tables)}",
                grant.resource.facts.position or grant.resource.node.position,
                [*_places(row)],
            ).about([resource_name(grant.resource.key)], agents=[mine.name])
    if unknown:
        words = [
            f"performance {grant.id} ({row.resource.name}) has {_tables(row.resource.levels)}"
            for grant, row in unknown
        ]
        yield LEVELS_DIFFER.note(
            f"the tree has no levels, and a build assumes them; at the server {words[0]}",
            place_of(unknown[0][1].resource.levels[0].source, unknown[0][1].position),
            [
                Related(word, place_of(row.resource.levels[0].source, row.position))
                for word, (_, row) in zip(words[1:], unknown[1:], strict=True)
            ],
            "platform: {assume: {values: [{performance: …, levels: […]}]}} says them",
        ).about([resource_name(grant.resource.key) for grant, _ in unknown], agents=[mine.name])


def _places(row: Row) -> Iterator[Related]:
    for table in row.resource.levels:
        yield Related("the server", place_of(table.source, row.position))


def _rates(points: Sequence[OperatingPoint]) -> tuple[int, ...]:
    return tuple(sorted({rate for point in points for rate in point.rates[:1] if rate}))


def _same(points: Sequence[OperatingPoint], table: ServedLevels) -> bool:
    """Whether a table has the frequencies of the tree, where both have such; else its levels."""
    rates = _rates(points)
    theirs = tuple(sorted({one.frequency for one in table.levels if one.frequency is not None}))
    if rates and theirs:
        return rates == theirs
    levels = {point.level for point in points if point.level is not None}
    return not levels or levels == {one.level for one in table.levels}


def _tables(tables: Sequence[ServedLevels]) -> str:
    """``5 levels, 450 to 850 MHz, 700 MHz sustained; or 1 level, 650 MHz``."""
    return "; or ".join(map(_table, tables)) + (
        f" ({len(tables)} tables, of which one is used at run time)" if len(tables) > 1 else ""
    )


def _table(table: ServedLevels) -> str:
    rates = [one.frequency for one in table.levels if one.frequency is not None]
    if len(rates) < len(table.levels):
        return f"levels {', '.join(str(one.level) for one in table.levels)}"
    said = _hertz(rates)
    if table.sustained is not None and table.sustained < len(rates) > 1:
        said += f" ({_megahertz(rates[table.sustained])} sustained)"
    return said


def _hertz(rates: Sequence[int]) -> str:
    return ", ".join(map(_megahertz, rates)) or "no frequencies"


def _megahertz(rate: int) -> str:
    return f"{rate / 1_000_000:.6f}".rstrip("0").rstrip(".") + " MHz"


def boot_differs(platform: Platform, mine: Agent, view: View) -> Iterator[Diagnostic]:
    """What one side turns on at boot, and the other does not: one note for each."""
    for there in (True, False):
        found = [
            (grant, row)
            for kind in Kind
            for grant, row in _held(platform, mine, view, kind)
            if row.resource.on is there and grant.resource.facts.on is not there
        ]
        if found:
            first, *others = [
                Related(f"{grant.kind} {grant.id} ({grant.resource.name})", row.position)
                for grant, row in found
            ]
            says = (
                "the server turns on at its start what the tree does not say is on at boot"
                if there
                else "the tree says that on at boot is what the server does not turn on"
            )
            yield BOOT_DIFFERS.note(f"{says}: {first.message}", first.position, others).about(
                [resource_name(grant.resource.key) for grant, _ in found], agents=[mine.name]
            )


def parents_differ(platform: Platform, server: Served, file: str) -> Iterator[Diagnostic]:
    """Power domains that are below another one at the server: one note, by what they are below."""
    rows = [row for agent in server.agents for row in agent.grants.get(Kind.POWER, ())]
    if platform.numbering is Numbering.PER_AGENT or any(row.id != row.resource for row in rows):
        return
    theirs = {one.id: one for one in server.resources.get(Kind.POWER, ())}
    here = {
        resource.number: _parent(platform, resource)
        for resource in platform.resources.get(Kind.POWER, ())
    }
    below: dict[int, list[int]] = {}
    for number, one in sorted(theirs.items()):
        if one.parent in theirs and here.get(number) != one.parent:
            below.setdefault(one.parent, []).append(number)
    if below:
        first, *others = [
            Related(
                f"power {spans(found)} is below power {above} ({theirs[above].name})",
                place_of(theirs[found[0]].source, Position(file)),
            )
            for above, found in below.items()
        ]
        yield PARENTS_DIFFER.note(
            f"at the server, and not in the tree, {first.message}", first.position, others
        )


def _parent(platform: Platform, resource: Resource) -> int | None:
    """The number of the power domain above."""
    parent = resource.facts.parent
    found = None if parent is None else platform.resource(parent)
    return None if found is None else found.number
