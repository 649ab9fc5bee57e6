"""What only drivers ask of a server: where it does not allow that, the tree has nothing to drop."""

from collections.abc import Iterator, Sequence

from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.facts import Use
from scmigen.checks.against_own import Missing
from scmigen.checks.drivers import rate_unsettled
from scmigen.checks.served_view import View
from scmigen.checks.words import driver_word, resource_name, use_word
from scmigen.diagnostics import Diagnostic, Related, Severity, counted
from scmigen.model.platform import Grant
from scmigen.runtime import Certainty
from scmigen.scmi.operations import Operation, ordered


def of_drivers(grant: Grant, missing: frozenset[Operation]) -> frozenset[Operation]:
    """Of what an agent is not allowed, what neither the tree nor a grant asks for."""
    asked = (
        why.told_by_tree if isinstance(why, Use) else frozenset(why.operations)
        for why in grant.because
    )
    return missing.difference(*asked)


def unsettled(found: Sequence[Missing], view: View) -> Iterator[Diagnostic]:
    """One finding per agent: a warning if a driver is sure to set what it may not, else a note."""
    asked = [(one, use, need) for one in found for use, need in _needs(one)]
    asked.sort(key=lambda each: each[2].certainty is not Certainty.SURE)
    if not asked:
        return
    (first, use, _), *_ = asked
    sure = any(need.certainty is Certainty.SURE for _, _, need in asked)
    words = ", ".join(ordered(first.grant.kind, first.operations))
    said = f"{words} on {first.grant.kind} {first.grant.id} ({first.grant.name})"
    more = f" and {counted(len(found) - 1, 'more', 'more')}" if found[1:] else ""
    yield rate_unsettled.at(
        Severity.WARNING if sure else Severity.NOTE,
        f"drivers of {view.agent.name} {'' if sure else 'may '}set what the server does not allow: "
        f"{said}{more}",
        use.position,
        (
            Related("the server", first.row.position),
            *(
                Related(f"{use_word(use)}: {driver_word(one.grant.kind, need)}", use.position)
                for one, use, need in asked
            ),
        ),
        "allow it at the server, or see that the platform sets it; Linux from 6.10 on does not "
        "fail where it may not set a rate",
    ).about([resource_name(one.grant.resource.key) for one in found], agents=[view.agent.name])


def _needs(one: Missing) -> Iterator[tuple[Use, DriverNeed]]:
    """What drivers need of what is missing."""
    for why in one.grant.because:
        if not isinstance(why, Use):
            continue
        for need in why.drivers:
            if not need.operations.isdisjoint(one.operations):
                yield why, need
