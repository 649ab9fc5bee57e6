"""What only ``platform.extra`` grants agents, against what a server allows."""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.checks.against_built import Built
from scmigen.checks.against_own import GRANT_MISSING
from scmigen.checks.served_view import View
from scmigen.diagnostics import Diagnostic, Related
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

#: Operations by kind and id.
Operations = Mapping[tuple[Kind, int], frozenset[Operation]]


def of_extra(platform: Platform, built: Built, mine: Agent) -> Operations:
    """What a build grants an agent, and the model does not."""
    every = {(kind, one.id): one for kind in Kind for one in platform.grants_of(mine, kind)}
    found = {}
    for agent in built.served.agents:
        for kind, rows in agent.grants.items() if agent.id == mine.id else ():
            for row in rows:
                known = every.get((kind, row.id))
                more = frozenset(row.operations) - (known.operations if known else frozenset())
                if more:
                    found[kind, row.id] = more
    return found


def extra_missing(extra: Operations, view: View, mine: Agent) -> Iterator[Diagnostic]:
    """What of that the server does not allow: one error."""
    said: list[Related] = []
    for (kind, number), operations in extra.items():
        row = view.rows.get((kind, number))
        if kind not in view.kinds or (row is None and not view.complete):
            continue
        allowed = frozenset() if row is None else row.operations | row.unchecked | row.unknown
        missing = ordered(kind, operations - allowed)
        if missing:
            where = view.position if row is None else row.position
            said.append(Related(f"{', '.join(missing)} on {kind} {number}", where))
    if said:
        first, *others = said
        yield GRANT_MISSING.error(
            f"platform.extra gives {mine.name} {first.message}, which the server does not allow",
            first.position,
            others,
            "allow it at the server, or take it from platform.extra",
        ).about(agents=[mine.name])
