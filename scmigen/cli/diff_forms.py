"""The forms of ``scmigen diff``: text, Markdown for a pull request, JSON."""

from collections.abc import Iterator, Sequence

from scmigen.checks.ways import Reach
from scmigen.checks.words import by_word, joined, listed
from scmigen.cli.why_device import driver_plain
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Related, counted, format_text, position_to_dict, to_dict
from scmigen.escape import markdown, markdown_code
from scmigen.hints import Any
from scmigen.model.compare import AGENT, DEVICE, Change, Held, Thing, What
from scmigen.model.verdict import Balance, Comparison, Moved, Power

#: Where an agent gains or loses more than that, the rest is counted; the changes have all of it.
_NAMED = 4


class Affected(Data):
    """What agents affect of others' devices now and did not before, and the other way round."""

    now: tuple[Reach, ...] = ()
    before: tuple[Reach, ...] = ()

    @property
    def said(self) -> tuple[tuple[str, tuple[Reach, ...]], ...]:
        """Both, with the verb for each."""
        return ("now affects", self.now), ("no longer affects", self.before)


def text(found: Comparison, affected: Affected) -> Iterator[str]:
    """Verdicts, then whose devices are affected now, then the changes by device, then those that no
    device brings."""
    if found.known:
        yield f"permissions: {found.overall.verdict}{_witnesses(found.overall)}"
        for agent, balance in found.agents.items():
            said = [f"{verb} {each}" for verb, powers in _both(balance) for each in _named(powers)]
            yield f"  {agent}: {balance.verdict}{f': {said[0]}' if len(said) == 1 else ''}"
            yield from (f"    {each}" for each in said if len(said) > 1)
        for verb, reaches in affected.said:
            for reach in reaches[:_NAMED]:
                yield f"  {_affects(reach, verb)}:"
                yield from (f"    {_step(step)}" for step in reach.steps)
            if len(reaches) > _NAMED:
                yield f"  {len(reaches) - _NAMED} more where an agent {verb} a device of others"
    for moved in found.devices:
        yield _of(found, moved.platform) + _moved(moved)
        yield from (f"  {change_text(change)}" for change in moved.changes)
    for change in found.others:
        yield _of(found, change.platform) + change_text(change)


def _affects(reach: Reach, verb: str) -> str:
    """``vm1 now affects &npu of linux``."""
    whose = f" of {joined(reach.owners)}" if reach.owners else ", which no agent has"
    return f"{reach.agent} {verb} {reach.word}{whose}"


def _step(step: Related) -> str:
    return f"{step.message} ({step.position})" if step.position else step.message


def _of(found: Comparison, platform: str) -> str:
    return f"{platform}: " if len(found.sides) > 1 else ""


def _both(balance: Balance) -> tuple[tuple[str, Sequence[Power]], ...]:
    return ("gains", balance.gained), ("loses", balance.lost)


def _witnesses(balance: Balance) -> str:
    """Who gains and loses the gravest, and how many more there are."""
    told = [_such(verb, powers) for verb, powers in _both(balance) if powers]
    return f": {'; '.join(told)}" if told else ""


def _such(verb: str, powers: Sequence[Power]) -> str:
    """``vm1 gains rate on clock 5 uart0 (/cru 12) and 2 more, others 3 more``: the operations of
    the change that has the gravest, and how many more changes there are."""
    gravest, *others = _by_change(powers)
    agent = gravest[0].change.agent
    own = sum(one[0].change.agent == agent for one in others)
    first = f"{agent} {verb} {_operations(gravest)}" + (f" and {own} more" if own else "")
    rest = len(others) - own
    return f"{first}, others {rest} more" if rest else first


def _named(powers: Sequence[Power]) -> list[str]:
    """What is gained or lost, the gravest first; a count in place of what is too much to read."""
    every = list(map(_powers, _by_change(powers)))
    rest = len(every) - _NAMED
    return [*every[:_NAMED], f"{rest} more"] if rest > 1 else every


def _by_change(powers: Sequence[Power]) -> list[list[Power]]:
    """The powers of one resource, device or agent together, in the order of the gravest of each."""
    found: dict[Change, list[Power]] = {}
    for power in powers:
        found.setdefault(power.change, []).append(power)
    return list(found.values())


def _powers(powers: Sequence[Power]) -> str:
    """``rate on clock 5 uart0 (/cru 12), rate by drivers/tty/a.c:set (linux-7.3, sure)``."""
    return f"{_operations(powers)}{_drivers(powers[0].change, ', ')}"


def _operations(powers: Sequence[Power]) -> str:
    """``state rate on clock 5 uart0 (/cru 12)``, of powers of one change."""
    change, own = powers[0].change, {power.operation for power in powers}
    words = [word for word in change.operations if word in own]
    thing, said = change.thing, " ".join(words)
    if thing.kind == AGENT:
        return f"the right{'s' if words[1:] else ''} {joined(words)}"
    if thing.kind == DEVICE:
        return f"device {change.name} ({said})"
    lasting = "lasting " if change.lasts else ""
    return f"{lasting}{said} on {thing.kind} {change.number} {change.name}{_node(thing)}"


def _node(thing: Thing) -> str:
    """Behind a name its node and cells, if the tree has it."""
    return f" ({thing})" if thing.node else ""


def _drivers(change: Change, before: str) -> str:
    """The drivers behind operations; of many that ask for the same one, the first few."""
    return "".join(
        f"{before}{operation} {listed(map(by_word, needs))}" for operation, needs in change.drivers
    )


def _moved(moved: Moved) -> str:
    """``usdhc1: host → vm1, 5 resources``."""
    resources = counted(len(moved.held.resources), "resource")
    if moved.changes_hands:
        return f"{moved.held.word}: {_holders(moved.was)} → {_holders(moved.now)}, {resources}"
    return f"{moved.held.word}: {_holders(moved.now)}, {resources}"


def _holders(held: Held | None) -> str:
    if held is None:
        return "none"
    rest = [name for name in held.assignable if name not in held.agents]
    told = [*held.agents, *(f"{name} (assignable)" for name in rest)]
    return ", ".join(told) or "nobody"


def change_text(change: Change) -> str:
    """One change, as a line."""
    whose = change.agent or "every agent"
    thing = change.thing
    if thing.kind == AGENT:
        return f"{whose}: agent {change.number} {_what(change)}"
    what = f"{whose}: {thing.kind} {change.number} {change.name} {_what(change)}{_node(thing)}"
    return f"{what}{_drivers(change, '; ')}"


def _what(change: Change) -> str:
    words = " ".join(change.operations)
    if change.what in (What.RENUMBERED, What.RENAMED):
        return f"{change.what}, was {change.was}"
    if change.what is What.PROFILE:
        return f"{change.what} {words}, was {change.was}"
    if change.what is What.REUSED:
        return f"has the number that {change.was} had"
    return f"{change.what}: {words}" if words else str(change.what)


def as_markdown(
    found: Comparison, affected: Affected, errors: Sequence[Diagnostic]
) -> Iterator[str]:
    """The lines of a comment on a pull request; GitHub and GitLab fold the list of changes."""
    verdict = f": **{found.overall.verdict}**" if found.known else ""
    yield f"### SCMI permissions{verdict}"
    if errors:
        yield from ("", f"{counted(len(errors), 'error')}:", "")
        yield from (f"- {markdown(format_text(item).splitlines()[0])}" for item in errors)
    if found.known and found.agents:
        yield from ("", "| agent | verdict | gains | loses |", "| --- | --- | --- | --- |")
        for agent, balance in found.agents.items():
            cells = ["<br>".join(map(markdown, _named(powers))) for _, powers in _both(balance)]
            yield f"| {markdown(agent)} | {balance.verdict} | {cells[0]} | {cells[1]} |"
    for verb, reaches in affected.said if found.known else ():
        for reach in reaches:
            yield from ("", f"{markdown(_affects(reach, verb))}:", "")
            yield from (f"1. {markdown(_step(step))}" for step in reach.steps)
    moved = [item for item in found.devices if item.changes_hands]
    if moved:
        yield from ("", "| device | from | to | resources |", "| --- | --- | --- | --- |")
        for item in moved:
            word = f"{markdown(item.held.word)} {markdown_code(item.node)}"
            hands = f"{markdown(_holders(item.was))} | {markdown(_holders(item.now))}"
            yield f"| {word} | {hands} | {len(item.held.resources)} |"
    if found.changes:
        number = counted(len(found.changes), "change")
        yield from ("", f"<details><summary>{number}</summary>", "")
        for item in found.devices:
            yield f"- {markdown(_of(found, item.platform) + _moved(item))}"
            yield from (f"  - {markdown(change_text(change))}" for change in item.changes)
        for change in found.others:
            yield f"- {markdown(_of(found, change.platform) + change_text(change))}"
        yield from ("", "</details>")


def as_json(found: Comparison, affected: Affected, errors: Sequence[Diagnostic]) -> dict[str, Any]:
    """The whole comparison; the verdicts are null where a side says nothing of permissions."""
    return {
        "verdict": found.overall.verdict if found.known else None,
        **(_balance(found.overall) if found.known else {"gained": None, "lost": None}),
        "agents": {
            name: {"verdict": balance.verdict, **_balance(balance)}
            for name, balance in (found.agents.items() if found.known else ())
        },
        "affects": [_reach(reach) for reach in affected.now],
        "affected": [_reach(reach) for reach in affected.before],
        "devices": [_device(moved) for moved in found.devices],
        "changes": [_change(change) for change in found.changes],
        "errors": [to_dict(item) for item in errors],
    }


def _balance(balance: Balance) -> dict[str, Any]:
    return {
        "gained": [_plain(power) for power in balance.gained],
        "lost": [_plain(power) for power in balance.lost],
    }


def _plain(power: Power) -> dict[str, Any]:
    change = power.change
    return {
        "platform": change.platform,
        "agent": change.agent,
        "operation": power.operation,
        "lasting": change.lasts,
        "kind": change.thing.kind,
        "id": change.number,
        "name": change.name,
        "node": change.thing.node,
        "cells": change.thing.cells,
        "drivers": list(map(driver_plain, power.drivers)),
    }


def _reach(reach: Reach) -> dict[str, Any]:
    return {
        "agent": reach.agent,
        "device": reach.device,
        "owners": reach.owners,
        "way": [
            {"message": step.message, "position": position_to_dict(step.position)}
            for step in reach.steps
        ],
    }


def _device(moved: Moved) -> dict[str, Any]:
    return {
        "platform": moved.platform,
        "device": moved.node,
        "name": moved.held.word,
        "old": None if moved.was is None else _held(moved.was),
        "new": None if moved.now is None else _held(moved.now),
        "resources": len(moved.held.resources),
        "changes": [_change(change) for change in moved.changes],
    }


def _held(held: Held) -> dict[str, Any]:
    return {"agents": held.agents, "assignable": held.assignable}


def _change(change: Change) -> dict[str, Any]:
    return {
        "platform": change.platform,
        "agent": change.agent,
        "change": change.what,
        "kind": change.thing.kind,
        "id": change.number,
        "name": change.name,
        "node": change.thing.node,
        "cells": change.thing.cells,
        "was": change.was,
        "operations": change.operations,
        "drivers": {word: list(map(driver_plain, needs)) for word, needs in change.drivers},
        "moved": change.moved,
    }
