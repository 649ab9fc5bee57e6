"""What is needed and not granted, because the resource or the device is shared."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.words import (
    agent_names,
    depends,
    driver_word,
    joined,
    names,
    position,
    resource_name,
    resource_word,
    use_word,
)
from scmigen.diagnostics import Diagnostic, Related, Severity, Subject
from scmigen.hints import TypeVar
from scmigen.model.drivers import Withheld
from scmigen.model.grants import Denied
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation, ordered

#: An agent, or that and the platform, which is None.
_One = TypeVar("_One", bound=Agent | None)


@check(
    "operation-withdrawn",
    about="An operation is needed but not granted, because the resource or the device is shared.",
    advice="Name the agent that should have the operation in platform.owners.",
    severity=Severity.NOTE,
)
def operation_withdrawn(model: Model) -> Iterator[Diagnostic]:
    """Needed operations that only the owner has, or that no agent of a shared device has.

    One note per resource for what drivers may do, else per agent and resource.
    """
    yield from _withheld(model)
    found: dict[tuple[int, ResourceKey], list[Denied]] = {}
    for item in model.findings.granted.denied:
        found.setdefault((item.agent.id, item.key), []).append(item)
    for items in found.values():
        yield _denied(model, items)


def _denied(model: Model, items: Sequence[Denied]) -> Diagnostic:
    """What an agent needs of a resource, with the same owner or none."""
    first, uses = items[0], list(dict.fromkeys(item.use for item in items))
    agent, key, owner = first.agent, first.key, first.owner
    words = {use: [item.operation for item in items if item.use == use] for use in uses}
    entries = [f"{use_word(use)}{_drivers(use, words[use])}" for use in uses]
    resource = resource_word(model.inventory, key)
    which = f"{entries[0]} needs" if len(uses) == 1 else f"{len(uses)} entries need"
    lost = joined(ordered(key.kind, {item.operation for item in items}))
    shared = "the device is shared" if len(uses) == 1 else "the devices are shared"
    why = f"{shared} and the resource has no owner"
    hint = hints.owners(model.inventory, [(key, agent)]) + f" gives it to {agent.name} alone"
    if owner is not None:
        why = f"{owner.name} owns it"
        hint = f"{owner.name} is in platform.owners; name another agent there"
    tree = model.inventory.tree
    related = [
        Related(f"{entry}: {' '.join(ordered(key.kind, words[use]))}", position(tree, use))
        for entry, use in zip(entries, uses, strict=True)
    ]
    return operation_withdrawn.note(
        f"{agent.name} does not get {lost} on {resource}, which {which}: {why}",
        position(tree, uses[0]),
        related if len(uses) > 1 else (),
        hint,
    ).about([resource_name(key)], [use.consumer.path for use in uses], [agent.name])


def _drivers(use: Use, operations: Collection[Operation]) -> str:
    """The drivers for which a use needs operations; empty if the tree says so."""
    found = (need for need in use.drivers if not need.operations.isdisjoint(operations))
    return "".join(f" ({driver_word(use.key.kind, need)})" for need in found)


def _withheld(model: Model) -> Iterator[Diagnostic]:
    """What drivers may do with what others depend on: nobody gets it unless the user says so.

    One note per resource: a clock that stands for none is in dozens of entries.
    """
    found: dict[ResourceKey, list[Withheld]] = {}
    for item in model.findings.closure.withheld:
        found.setdefault(item.use.key, []).append(item)
    for key, items in found.items():
        first, uses = items[0], list(dict.fromkeys(item.use for item in items))
        agents = _every(item.agents for item in items)
        others = _every(item.others for item in items)
        words = joined(ordered(key.kind, frozenset().union(*(i.need.operations for i in items))))
        do = "does" if len(agents) == 1 else "do"
        which = f"{len(uses)} entries may need"
        if len(items) == 1:
            which = f"{use_word(first.use)} may need ({driver_word(key.kind, first.need)})"
        why = f"{depends(others)} on it" if others else "they share the device"
        needs = "needs of the agent says what its driver does"
        if len(items) > 1:
            needs = "needs of the agents say what their drivers do"
        yield operation_withdrawn.note(
            f"{names(agents)} {do} not get {words} on {resource_word(model.inventory, key)}, "
            f"which {which}: {why}",
            position(model.inventory.tree, first.use),
            [_may(model, item) for item in items] if len(items) > 1 else (),
            hints.owners(model.inventory, [(key, first.agents[0])])
            + f" gives it to {first.agents[0].name}; {needs}",
        ).about_each(_subject(item) for item in items)


def _subject(item: Withheld) -> Subject:
    """What one use would be about by itself: of one resource, uses may be of different agents."""
    use = item.use
    agents = tuple(agent_names(item.agents))
    return Subject((resource_name(use.key),), (use.consumer.path,), agents)


def _every(agents: Iterable[Sequence[_One]]) -> list[_One]:
    """Those of several lists, each once, in the order of agents; the platform is the first one."""
    found = dict.fromkeys(agent for each in agents for agent in each)
    return sorted(found, key=lambda agent: agent.id if agent is not None else 0)


def _may(model: Model, item: Withheld) -> Related:
    """``linux: /soc/sai@1000 clocks[3]; rate by sound/soc/a.c:set (linux-7.3, may)``."""
    told = driver_word(item.use.key.kind, item.need)
    where = position(model.inventory.tree, item.use)
    return Related(f"{names(item.agents)}: {use_word(item.use)}; {told}", where)
