"""Checks of what the parents of clocks can be set to."""

from collections.abc import Iterator

from scmigen.bindings.facts import Use
from scmigen.checks.check import check
from scmigen.checks.words import (
    driver_word,
    position,
    resource_name,
    resource_word,
    use_word,
)
from scmigen.diagnostics import Diagnostic, Related, Severity, counted
from scmigen.model.platform import Grant, Model
from scmigen.runtime import Certainty
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


@check(
    "parents-unknown",
    about="An agent may set the parent of a clock, but nothing says what that can be.",
    advice="Name parents: assigned-clock-parents of a device, or a running system (--topology).",
    severity=Severity.NOTE,
)
def parents_unknown(model: Model) -> Iterator[Diagnostic]:
    """One note per agent: outputs have no parent for these clocks. What a driver only may do is
    not told: on most boards it does not."""
    found: dict[str, list[tuple[Grant, Related]]] = {}
    for platform in model.platforms:
        for grant in platform.grants(kind=Kind.CLOCK):
            if Operation.PARENT in grant.operations and not platform.parents_for(grant):
                setter = _setter(model, grant)
                if setter is not None:
                    found.setdefault(grant.agent.name, []).append((grant, setter))
    for agent, pairs in found.items():
        grants, related = [grant for grant, _ in pairs], [setter for _, setter in pairs]
        whys = (why for grant in grants for why in grant.because if isinstance(why, Use))
        yield parents_unknown.note(
            f"{agent} may set the parent of {counted(len(grants), 'clock')}, and no parent is "
            "known: outputs have none, and what sets one fails",
            related[0].position,
            related,
            "assigned-clock-parents of a device names one, possible_parents in --topology all",
        ).about(
            [resource_name(grant.resource.key) for grant in grants],
            [why.consumer.path for why in whys if Operation.PARENT in why.needs],
            [agent],
        )


def _setter(model: Model, grant: Grant) -> Related | None:
    """Who sets the parent for certain: a device, with the driver that does so, or the user."""
    resource = resource_word(model.inventory, grant.resource.key)
    for why in grant.because:
        if not isinstance(why, Use):
            if Operation.PARENT in why.operations:
                return Related(f"{resource}: explicit grant", why.position)
        elif Operation.PARENT in why.needs:
            told = [need for need in why.drivers if Operation.PARENT in need.operations]
            sure = [need for need in told if need.certainty is Certainty.SURE]
            if sure or not told:
                by = "".join(f"; {driver_word(Kind.CLOCK, need)}" for need in sure)
                where = position(model.inventory.tree, why)
                return Related(f"{resource}, {use_word(why)}{by}", where)
    return None
