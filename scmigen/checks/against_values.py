"""What resources are worth at a server, against what the tree says: levels of performance domains,
what is on at boot, which power domain is below which.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scmigen.assignment.assignment import Agent
from scmigen.assignment.words import spans
from scmigen.bindings.facts import OperatingPoint, ResourceKey
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


@dataclass(frozen=True, slots=True)
class _Both:
    """A resource that both sides have, as the first agent knows it, and all agents that have it."""

    grant: Grant
    row: Row
    agents: tuple[str, ...]

    @property
    def word(self) -> str:
        """What the resource is called in a list of such, as for a subject."""
        return resource_name(self.grant.resource.key)


#: The agents of a platform, with what the server shows them.
_Pairs = Sequence[tuple[Agent, View]]


def _held(platform: Platform, pairs: _Pairs, kind: Kind) -> list[_Both]:
    """What is on both sides: each once, whatever number of agents has it."""
    found: dict[tuple[ResourceKey, int], _Both] = {}
    for mine, view in pairs:
        for grant in platform.grants_of(mine, kind):
            row = view.rows.get((kind, grant.id))
            if row is not None:
                key = (grant.resource.key, row.resource.id)
                known = found.get(key) or _Both(grant, row, ())
                found[key] = replace(known, agents=(*known.agents, mine.name))
    return list(found.values())


def _about(item: Diagnostic, held: Sequence[_Both]) -> Diagnostic:
    agents = dict.fromkeys(name for each in held for name in each.agents)
    return item.about([each.word for each in held], agents=list(agents))


def levels_differ(platform: Platform, pairs: _Pairs) -> Iterator[Diagnostic]:
    """Levels of performance domains: a warning for each where the tree has others, and one note for
    all of which it has none."""
    unknown: list[_Both] = []
    for each in _held(platform, pairs, Kind.PERFORMANCE):
        tables, resource = each.row.resource.levels, each.grant.resource
        points = resource.facts.points
        if tables and not points:
            unknown.append(each)
        elif tables and not any(_same(points, table) for table in tables):
            item = LEVELS_DIFFER.warning(
                f"performance {each.grant.id} ({resource.name}) has {_hertz(_rates(points))} in "
                f"the tree; the server has {_tables(tables)}",
                resource.facts.position or resource.node.position,
                [*_places(each.row)],
            )
            yield _about(item, [each])
    if unknown:
        first, *others = [
            Related(
                f"performance {each.grant.id} ({each.row.resource.name}) has "
                f"{_tables(each.row.resource.levels)}",
                place_of(each.row.resource.levels[0].source, each.row.position),
            )
            for each in unknown
        ]
        item = LEVELS_DIFFER.note(
            f"the tree has no levels, and a build assumes them; at the server {first.message}",
            first.position,
            others,
            "platform: {assume: {values: [{performance: …, levels: […]}]}} says them",
        )
        yield _about(item, unknown)


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


def boot_differs(platform: Platform, pairs: _Pairs) -> Iterator[Diagnostic]:
    """What one side turns on at boot, and the other does not: one note for each."""
    held = [each for kind in Kind for each in _held(platform, pairs, kind)]
    for there in (True, False):
        found = [
            each
            for each in held
            if each.row.resource.on is there and each.grant.resource.facts.on is not there
        ]
        if found:
            first, *others = [
                Related(
                    f"{each.grant.kind} {each.grant.id} ({each.grant.resource.name})",
                    each.row.position,
                )
                for each in found
            ]
            says = (
                "the server turns on at its start what the tree does not say is on at boot"
                if there
                else "the tree says that on at boot is what the server does not turn on"
            )
            item = BOOT_DIFFERS.note(f"{says}: {first.message}", first.position, others)
            yield _about(item, found)


def parents_differ(
    platforms: Sequence[Platform], server: Served, file: str
) -> Iterator[Diagnostic]:
    """Power domains that are below another one at the server, and on none of the platforms: one
    note, by what they are below."""
    rows = [row for agent in server.agents for row in agent.grants.get(Kind.POWER, ())]
    own = any(platform.numbering is Numbering.PER_AGENT for platform in platforms)
    if own or any(row.id != row.resource for row in rows):
        return
    theirs = {one.id: one for one in server.resources.get(Kind.POWER, ())}
    here = {
        (resource.number, _parent(platform, resource))
        for platform in platforms
        for resource in platform.resources.get(Kind.POWER, ())
    }
    below: dict[int, list[int]] = {}
    for number, one in sorted(theirs.items()):
        if one.parent in theirs and (number, one.parent) not in here:
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
