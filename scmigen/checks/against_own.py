"""What a board needs of resources that the server holds for itself: one finding for an agent."""

from collections.abc import Iterator, Sequence

from scmigen.bindings.facts import Use
from scmigen.checks.served_view import Row, View
from scmigen.checks.words import resource_name, use_word
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.model.platform import Grant
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

GRANT_MISSING = Finding(
    "grant-missing",
    "A device needs an operation that the server does not allow.",
    "Allow it at the server, or drop the property that needs it.",
)

GRANT_OWN = Finding(
    "grant-own",
    "A device needs an operation on a resource that the server holds for itself.",
    "See that the server keeps it as the device needs it; then a driver need not set it.",
    severity=Severity.WARNING,
)


class Missing(NamedTuple):
    """What an agent is not allowed of what it needs, and the server's row."""

    grant: Grant
    operations: frozenset[Operation]
    row: Row


def held_by_server(found: Sequence[Missing], view: View) -> Iterator[Diagnostic]:
    """One warning for each kind."""
    for kind in Kind:
        those = [one for one in found if one.grant.kind is kind]
        if not those:
            continue
        first = those[0]
        more = f"; so with {counted(len(those) - 1, 'more', 'more')}" if those[1:] else ""
        hint = "it is right where the server keeps it as the device needs it"
        if kind is Kind.CLOCK:
            hint += ": Linux from 6.9 on does not set of a clock what CLOCK_GET_PERMISSIONS denies"
        yield GRANT_OWN.warning(
            f"{view.agent.name} needs {_words(first)}, which the server holds for itself and does "
            f"not let it set{more}",
            _place(first),
            (
                Related("the server", first.row.position),
                *(Related(_words(one), _place(one)) for one in those[1:]),
            ),
            hint,
        ).about([resource_name(one.grant.resource.key) for one in those], agents=[view.agent.name])


def _words(one: Missing) -> str:
    kind, grant = one.grant.kind, one.grant
    operations = ", ".join(ordered(kind, one.operations))
    return f"{operations} on {kind} {grant.id} ({grant.resource.name})"


def _place(one: Missing) -> Position | None:
    places = because(one.grant, one.operations)
    return next((place.position for place in places if place.position is not None), None)


def because(grant: Grant, missing: frozenset[Operation]) -> tuple[Related, ...]:
    """What a grant is for, each place once: those first that need what is missing."""
    found: dict[tuple[str, str], tuple[bool, Related]] = {}
    for why in grant.because:
        needs = why.needs if isinstance(why, Use) else frozenset(why.operations)
        word = use_word(why) if isinstance(why, Use) else "a grant"
        needed, related = found.get((word, str(why.position)), (False, Related(word, why.position)))
        found[word, str(why.position)] = (needed or bool(needs & missing), related)
    return tuple(related for _, related in sorted(found.values(), key=lambda one: not one[0]))
