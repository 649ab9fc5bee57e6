"""Checks of ``assigned-clocks``: consumers that request different rates or parents of a clock."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.bindings.consumers import assigned_parents, assigned_rates, is_assigned
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.checks.check import check
from scmigen.checks.words import (
    names,
    position,
    resource_name,
    resource_word,
    use_word,
)
from scmigen.diagnostics import Diagnostic, Finding, Related
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation


@check(
    "rate-twice",
    about="Consumers request different rates for one clock.",
    advice="Request the rate in one place; otherwise the last driver to probe wins.",
)
def rate_twice(model: Model) -> Iterator[Diagnostic]:
    """Clocks for which consumers of any agent request different rates; the last one wins."""
    yield from _twice(model, rate_twice, _rate)


@check(
    "parent-twice",
    about="Consumers request different parents for one clock.",
    advice="Request the parent in one place; otherwise the last driver to probe wins.",
)
def parent_twice(model: Model) -> Iterator[Diagnostic]:
    """Clocks for which consumers request different parents; the last one wins."""
    yield from _twice(model, parent_twice, _parent)


def _rate(_: Model, use: Use) -> int | None:
    rates = assigned_rates(use.consumer)
    asked = rates[use.index] if use.index < len(rates) else 0
    return asked if asked and Operation.RATE in use.needs else None


def _parent(model: Model, use: Use) -> ResourceKey | None:
    if Operation.PARENT not in use.needs:
        return None
    return assigned_parents(model.inventory.references, use.consumer).get(use.key)


def _asked_word(model: Model, asked: int | ResourceKey) -> str:
    return f"{asked} Hz" if isinstance(asked, int) else resource_word(model.inventory, asked)


def _twice(
    model: Model, finding: Finding, wanted: Callable[[Model, Use], int | ResourceKey | None]
) -> Iterator[Diagnostic]:
    tree = model.inventory.tree
    for key, uses in _assigned(model).items():
        asked: dict[int | ResourceKey, Use] = {}
        for use in uses:
            what = wanted(model, use)
            if what is not None:
                asked.setdefault(what, use)
        if len(asked) > 1:
            first, *others = asked.values()
            words = " and ".join(_asked_word(model, what) for what in asked)
            yield finding.warning(
                f"{_askers(model, asked.values())} request {words} "
                f"for {resource_word(model.inventory, key)}",
                position(tree, first),
                [Related(use_word(use), position(tree, use)) for use in others],
                "the last driver to probe wins; request it in one place",
            ).about([resource_name(key)], [use.consumer.path for use in asked.values()])


def _assigned(model: Model) -> Mapping[ResourceKey, list[Use]]:
    """The uses of managed clocks through ``assigned-clocks``.

    Requests of managed providers are left out: the platform applies them before any agent requests
    something else. Parents without an SCMI id are included. What an agent's own tree adds is left
    out: its rates and parents are in that tree, not in the board's node.
    """
    found: dict[ResourceKey, list[Use]] = {}
    closure = model.findings.closure
    denied = {(item.use.consumer.path, item.key) for item in model.findings.granted.denied}
    for use in (*closure.own, *closure.needs, *closure.unnamed):
        here = is_assigned(use) and not use.via and use.place is None
        if here and (use.consumer.path, use.key) not in denied:
            found.setdefault(use.key, []).append(use)
    return found


def _askers(model: Model, uses: Iterable[Use]) -> str:
    agents: dict[Agent | None, None] = {}
    for use in uses:
        owner = model.owners.of(use.consumer)
        agents.update(dict.fromkeys(owner.all_agents or (None,)))
    return f"devices of {names(agents)}"
