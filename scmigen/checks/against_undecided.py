"""What a board needs and the description of a server does not decide: it is told, and no error."""

from collections.abc import Iterator

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import Use
from scmigen.checks.served_view import View
from scmigen.checks.words import joined
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.model.platform import Grant, Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

OPERATION_UNKNOWN = Finding(
    "operation-unknown",
    "A device needs an operation of which the server's description does not tell.",
    "Find out from the server, and write it down in the description.",
    severity=Severity.NOTE,
)

OPERATION_UNCHECKED = Finding(
    "operation-unchecked",
    "A device needs an operation that the server lets every agent use.",
    "Nothing, unless agents must be kept from it: then the server has to check it.",
    severity=Severity.NOTE,
)

KIND_UNDESCRIBED = Finding(
    "kind-undescribed",
    "The server's description says nothing of a kind of resource that devices need.",
    "Compare these with another description of the server.",
    severity=Severity.NOTE,
)


def undecided(platform: Platform, mine: Agent, view: View) -> Iterator[Diagnostic]:
    """One note for all that an agent needs and the server does not check, one for what may be
    allowed or not, and one for the kinds that the description is not about."""
    unchecked: list[Related] = []
    unknown: list[Related] = []
    outside: list[Kind] = []
    for kind in Kind:
        grants = platform.grants_of(mine, kind)
        if kind not in view.kinds:
            outside.extend([kind] if grants else [])
            continue
        for grant in grants:
            row = view.rows.get((kind, grant.id))
            open_ = view.undecided(grant, row)
            place = _where(grant) if row is None else row.position
            if open_:
                later = open_ - grant.boot if view.momentary else frozenset()
                aside = " only while it holds a device that it may be given" if later else ""
                unknown.append(Related(_words(grant, open_) + aside, place))
            if row is not None and (free := row.unchecked & (grant.operations - row.operations)):
                unchecked.append(Related(_words(grant, free), place))
    name = view.agent.name
    yield from _told(OPERATION_UNCHECKED, f"the server lets every agent, so {name}, use", unchecked)
    yield from _told(OPERATION_UNKNOWN, f"it is not known whether {name} may use", unknown)
    if outside:
        needs = sum(len(platform.grants_of(mine, kind)) for kind in outside)
        yield KIND_UNDESCRIBED.note(
            f"the server's description says nothing of {joined(outside)} for {name}: "
            f"{counted(needs, 'resource')} not compared",
            view.position,
        )


def _told(finding: Finding, begin: str, places: list[Related]) -> Iterator[Diagnostic]:
    if places:
        first, *others = places
        count = f" (and {len(others)} more)" if others else ""
        note = finding.note(f"{begin} {first.message}{count}", first.position, others)
        yield note


def _words(grant: Grant, operations: frozenset[Operation]) -> str:
    kind = grant.resource.kind
    return f"{', '.join(ordered(kind, operations))} on {kind} {grant.id} ({grant.resource.name})"


def _where(grant: Grant) -> Position | None:
    places = (why.position for why in grant.because if isinstance(why, Use))
    return next(filter(None, places), None)
