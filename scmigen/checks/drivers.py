"""Checks of what drivers do with clocks and supplies beyond what a device tree says."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from operator import attrgetter

from scmigen.assignment.assignment import Agent
from scmigen.assignment.needs import usual_tables
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.consumers import driver_entry
from scmigen.bindings.driver_tables import ANY, DriverNeed, DriverTable, Entry, LookedUp, Row
from scmigen.bindings.facts import Use
from scmigen.bindings.node_kinds import compatibles, is_cpu
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.words import (
    driver_word,
    joined,
    listed,
    names,
    position,
    resource_name,
    resource_word,
    use_word,
)
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Related, Severity, counted
from scmigen.model.closure import of_devices
from scmigen.model.platform import Model
from scmigen.runtime import Certainty
from scmigen.scmi.operations import OPERATIONS, Operation, ordered
from scmigen.tuples import NamedTuple


class _Asked(NamedTuple):
    """A use of an agent's device that tables of drivers are asked about, and as what."""

    agent: Agent
    use: Use
    entry: Entry


def _asked(model: Model, about: Callable[[Node], bool] | None = None) -> Iterator[_Asked]:
    """The uses that a driver may set something of, of some devices; CPUs have a performance domain,
    or nothing."""
    for consumer, uses in groupby(model.findings.closure.needs, attrgetter("consumer")):
        if is_cpu(consumer) or (about is not None and not about(consumer)):
            continue
        agents = model.owners.of(consumer).all_agents
        for use in uses:
            entry = driver_entry(use)
            if entry is not None and model.drivers.can_set(use):
                for agent in agents:
                    yield _Asked(agent, use, entry)


def _told_of(model: Model, item: _Asked) -> LookedUp:
    """What the agent's own tables say."""
    return model.drivers.answer(model.drivers.tables(item.agent), item.entry)


def _granted(model: Model, item: _Asked) -> frozenset[Operation]:
    draft = model.findings.granted.drafts.get((item.agent.id, item.use.key))
    return frozenset() if draft is None else draft.operations


@check(
    "rate-unsettled",
    about="Drivers set rates, parents or levels that their agent lacks, as no table of it says so.",
    advice="Leave needs of the agent out, or say there what its drivers set.",
    severity=Severity.NOTE,
)
def rate_unsettled(model: Model) -> Iterator[Diagnostic]:
    """One note per agent whose own tables do not know drivers that the usual ones know.

    What is withdrawn from an agent is not told again (`operation-withdrawn`).
    """
    usual = {agent.name: usual_tables(agent) for agent in model.assignment.agents}
    unusual = any(
        usual[agent.name] != model.drivers.tables(agent) for agent in model.assignment.agents
    )
    found: dict[str, list[_Unsettled]] = {}
    for item in _asked(model, _known_to(usual.values())) if unusual else ():
        if _told_of(model, item).compatible is None:
            has = _granted(model, item)
            for need in model.drivers.answer(usual[item.agent.name], item.entry).needs:
                if need.certainty is Certainty.SURE and need.operations - has:
                    one = _Unsettled(item, replace(need, operations=need.operations - has))
                    found.setdefault(item.agent.name, []).append(one)
    for items in found.values():
        yield _unsettled(model, items)


def _known_to(usual: Iterable[Iterable[DriverTable]]) -> Callable[[Node], bool]:
    """Whether some table knows a driver of a device: of no other it says anything."""
    every = {table for tables in usual for table in tables}
    knows = cache(lambda compatible: any(table.of(compatible) for table in every))
    return lambda node: any(map(knows, compatibles(node)))


class _Unsettled(NamedTuple):
    item: _Asked
    need: DriverNeed


def _unsettled(model: Model, items: list[_Unsettled]) -> Diagnostic:
    first, need = items[0]
    agent, own = first.agent, _names(model, first.agent)
    devices = dict.fromkeys(item.use.consumer.path for item, _ in items)
    because = f"{joined(own)} does not know them" if own else "it has no table of drivers"
    say = hints.needs(first.entry, need.operations, agent)
    return rate_unsettled.note(
        f"{agent.name} may not set what drivers of {counted(len(devices), 'device')} set "
        f"({counted(len(items), 'resource')}): {because}",
        agent.position or position(model.inventory.tree, first.use),
        [
            Related(_told(model, item.use, need), position(model.inventory.tree, item.use))
            for item, need in items
        ],
        f"without needs it has {need.table}; for one driver, {say}",
    ).about([resource_name(item.use.key) for item, _ in items], devices, [agent.name])


def _told(model: Model, use: Use, need: DriverNeed) -> str:
    """``clock <&cru 1>, /mmc@1000 clocks[0]: rate by drivers/mmc/a.c:set (linux-6.12, sure)``."""
    resource = resource_word(model.inventory, use.key)
    return f"{resource}, {use_word(use)}: {driver_word(use.key.kind, need)}"


#: Where more compatibles are unknown, one note is about all of them.
_SINGLE = 5


@check(
    "driver-unknown",
    about="No table of an agent's drivers has that of a device: it is granted what the tree says.",
    advice="If the driver sets a rate, a parent or a level, say so in needs of the agent.",
    severity=Severity.NOTE,
)
def driver_unknown(model: Model) -> Iterator[Diagnostic]:
    """One note per compatible, the first one of a device; one about all of them where these are
    many, or where no driver is known: the SoC is not in that Linux."""
    found: dict[str, list[_Asked]] = {}
    knows = False
    for item in _asked(model) if any(map(model.drivers.tables, model.assignment.agents)) else ():
        if not model.drivers.tables(item.agent):
            continue
        if _told_of(model, item).compatible is None:
            found.setdefault(item.entry.compatibles[0], []).append(item)
        else:
            knows = True
    if len(found) < 2 or (knows and len(found) <= _SINGLE):
        for compatible, items in found.items():
            related = [Related(_entry(model, item), item.use.position) for item in items]
            yield _unknown(model, f'driver for "{compatible}"', items, related)
        return
    first = [(compatible, items[0]) for compatible, items in found.items()]
    every = [item for items in found.values() for item in items]
    places = [Related(f'"{word}": {use_word(item.use)}', item.use.position) for word, item in first]
    yield _unknown(model, f"drivers for {len(found)} compatibles", every, places)


def _unknown(
    model: Model, what: str, items: list[_Asked], related: Iterable[Related]
) -> Diagnostic:
    """The note about the uses of devices with unknown drivers."""
    first = items[0]
    agents = dict.fromkeys(item.agent for item in items)
    tables = dict.fromkeys(name for agent in agents for name in _names(model, agent))
    uses = len({item.use for item in items})
    get = counted(uses, "use gets", "uses get")
    have = "has" if len(tables) == 1 else "have"
    sets, say = OPERATIONS[first.use.key.kind][1], hints.needs(first.entry, (), first.agent)
    return driver_unknown.note(
        f"{joined(list(tables))} {have} no {what} of {names(agents)}: {get} what the tree says "
        "only",
        position(model.inventory.tree, first.use),
        related,
        f"{say} if it sets nothing; with [{sets}] in place of [], it sets that",
    ).about(*_subject(items))


def _names(model: Model, agent: Agent) -> list[str]:
    """The tables of an agent by name; what its agents file adds to one is no table of its own."""
    tables = model.drivers.tables(agent)
    return [table.name for table in tables if not table.is_own] or [one.name for one in tables]


def _entry(model: Model, item: _Asked) -> str:
    """``/soc/mmc@1000 clocks[0]: state read``: a use, and what its agent is granted."""
    return f"{use_word(item.use)}: {' '.join(ordered(item.use.key.kind, _granted(model, item)))}"


def _subject(items: Iterable[_Asked]) -> tuple[list[str], list[str], list[str]]:
    found = list(items)
    return (
        [resource_name(item.use.key) for item in found],
        [item.use.consumer.path for item in found],
        [item.agent.name for item in found],
    )


@check(
    "needs-unmatched",
    about="Needs of an agent are about a driver or an entry that none of its devices has.",
    advice="Correct the compatible or the name of the entry, or leave it out.",
    severity=Severity.WARNING,
)
def needs_unmatched(model: Model) -> Iterator[Diagnostic]:
    """What an agents file says of single drivers and that is about nothing, row by row."""
    said = [
        (agent, compatible, row)
        for agent in model.assignment.agents
        for table in model.drivers.tables(agent)
        if table.is_own
        for compatible, rows in table.rows.items()
        for row in rows
    ]
    entries = _entries(model) if said else {}
    for agent, compatible, row in said:
        there = entries.get((agent.name, compatible))
        if there is None:
            known = {word for name, word in entries if name == agent.name}
            wrong = f'no device of {agent.name} has the compatible "{compatible}"'
            hint = did_you_mean(compatible, known)
        elif row.kind is None or any(_fits(row, entry) for entry in there):
            continue
        else:
            wrong = f'"{compatible}" of {agent.name} has no entry {row.entry}'
            hint = f"it has {listed(sorted({entry.key for entry in there}))}"
        yield needs_unmatched.warning(wrong, row.position or agent.position, hint=hint).about(
            agents=[agent.name]
        )


def _entries(model: Model) -> Mapping[tuple[str, str], set[Entry]]:
    """The entries of the devices of each agent, by agent and compatible."""
    found: dict[tuple[str, str], set[Entry]] = {}
    for use in of_devices(model.inventory.uses, model.providers):
        entry = driver_entry(use)
        if entry is not None:
            for agent in model.owners.of(use.consumer).all_agents:
                for compatible in entry.compatibles:
                    found.setdefault((agent.name, compatible), set()).add(entry)
    return found


def _fits(row: Row, entry: Entry) -> bool:
    """Whether a row may be about an entry."""
    if row.kind is not entry.kind:
        return False
    unnamed = not entry.named and not entry.number
    return unnamed or row.key in (ANY, entry.name, f"#{entry.number}")


@check(
    "never-looked-up",
    about="A device has a clock that its driver never takes, and its agent is granted it.",
    advice="Take the clock out of the device, or have the platform keep it on.",
    severity=Severity.NOTE,
    on_request=True,
)
def never_looked_up(model: Model) -> Iterator[Diagnostic]:
    """One note per agent, compatible and entry: nobody switches such a clock on."""
    found: dict[tuple[str, str, str], list[tuple[_Asked, str]]] = {}
    for item in _asked(model):
        told = _told_of(model, item)
        kept = any(platform.keeps_on(item.use.key) for platform in model.platforms)
        if told.never and told.compatible is not None and not kept:
            key = item.agent.name, told.compatible, item.use.name or f"#{item.use.index}"
            found.setdefault(key, []).append((item, told.never))
    for (agent, compatible, name), items in found.items():
        (first, source), *_ = items
        say = hints.always_on(model.inventory, (item.use.key for item, _ in items))
        yield never_looked_up.note(
            f'the driver of "{compatible}" never takes the clock {name} ({source}): '
            f"{agent} is granted it, and does not switch it on",
            position(model.inventory.tree, first.use),
            [Related(use_word(item.use), item.use.position) for item, _ in items],
            f"if the hardware needs it on, {say} keeps it so",
        ).about(*_subject(item for item, _ in items))
