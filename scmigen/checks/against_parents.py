"""Which power domain is below which at a server, against what the tree says."""

from collections.abc import Iterable, Iterator, Sequence

from scmigen.assignment.words import spans
from scmigen.checks.against_built import Difference, facts_with_parent
from scmigen.checks.against_facts import PARENTS_DIFFER
from scmigen.checks.served_view import place_of
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.model.platform import Platform, Resource
from scmigen.runtime import Numbering, Served
from scmigen.scmi.protocols import Kind


def parents_differ(
    platforms: Sequence[Platform], server: Served, file: str
) -> Iterator[Diagnostic]:
    """Power domains that are below another one at the server, and on none of the platforms: one
    note, by what they are below."""
    if not _alike(platforms, server):
        return
    theirs = {one.id: one for one in server.resources.get(Kind.POWER, ())}
    here = {
        (resource.number, _parent(platform, resource))
        for platform in platforms
        for resource in platform.resources.get(Kind.POWER, ())
    }
    below: dict[int, list[int]] = {}
    for number, one in sorted(theirs.items()):
        parent = facts_with_parent(Kind.POWER, one).get("parent")
        if parent in theirs and (number, parent) not in here:
            below.setdefault(parent, []).append(number)
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


def without_parents(
    found: Iterable[Difference], platform: Platform, server: Served
) -> Iterator[Difference]:
    """The differences without those that `parents_differ` tells."""
    alike = _alike([platform], server)
    for each in found:
        known = alike and each.both.kind is Kind.POWER and each.there is not None
        if not (known and each.name == "parent"):
            yield each


def _alike(platforms: Sequence[Platform], server: Served) -> bool:
    """Whether the numbers of power domains are those that all agents have for them."""
    rows = [row for agent in server.agents for row in agent.grants.get(Kind.POWER, ())]
    own = any(platform.numbering is Numbering.PER_AGENT for platform in platforms)
    return not own and all(row.id == row.resource for row in rows)


def _parent(platform: Platform, resource: Resource) -> int | None:
    """The number of the power domain above."""
    parent = resource.facts.parent
    found = None if parent is None else platform.resource(parent)
    return None if found is None else found.number
