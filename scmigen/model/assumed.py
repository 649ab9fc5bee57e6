"""The values of ``platform.assume``, beside those that the tree has."""

from collections.abc import Collection, Iterable

from scmigen.assignment.assignment import Assumption
from scmigen.bindings.facts import ResourceFacts, ResourceKey
from scmigen.data import replace
from scmigen.scmi.protocols import Kind


def assumption_for(assumptions: Iterable[Assumption], key: ResourceKey) -> Assumption | None:
    """The one that holds for a resource: the one that names it, else the first that covers it."""
    found = [item for item in assumptions if item.covers(key)]
    return next((item for item in found if item.exact), found[0] if found else None)


def with_assumed(
    assumption: Assumption, facts: ResourceFacts, asked: Collection[int], rate: int
) -> ResourceFacts:
    """Facts with the values of an assumption beside those that the tree asks for; ``facts`` itself
    where it says nothing new.

    ``asked`` are the voltages that OPPs ask for. ``rate`` is the one at boot of a clock without
    any in the tree, or the nearest below that a range has.
    """
    if assumption.kind is Kind.PERFORMANCE:
        points = {*facts.points, *assumption.points}
        return replace(facts, points=tuple(sorted(points, key=lambda p: (p.rates, p.level or 0))))
    if assumption.kind is Kind.CLOCK:
        rates = tuple(sorted({*assumption.values, *facts.rates}))
        boot = facts.rates[0] if facts.rates else _at_most(rate, rates, assumption.step)
        return replace(facts, rates=rates, step=assumption.step, boot=boot)
    step = assumption.step
    if step is None:
        return replace(facts, voltages=tuple(sorted({*assumption.values, *facts.voltages})))
    ends = assumption.values or _limits(facts, step)
    return replace(facts, voltages=tuple(sorted({*ends, *asked})), step=step) if ends else facts


def _limits(facts: ResourceFacts, step: int) -> tuple[int, ...]:
    """The limits of the tree, the upper one lowered to a whole number of steps; none if the tree
    has no limits, one voltage, or all that there are."""
    lowest, highest = min(facts.voltages, default=0), max(facts.voltages, default=0)
    if facts.listed or lowest + step > highest:
        return ()
    return lowest, highest - (highest - lowest) % step


def _at_most(wanted: int, rates: tuple[int, ...], step: int | None) -> int:
    """The highest of ``rates``, or of the range, up to ``wanted``; else the lowest."""
    if step is not None and rates[0] <= wanted <= rates[-1]:
        return wanted - (wanted - rates[0]) % step
    return max((rate for rate in rates if rate <= wanted), default=rates[0])
