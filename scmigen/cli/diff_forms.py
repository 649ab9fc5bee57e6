"""The forms of ``scmigen diff``: text, Markdown for a pull request, JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from scmigen.diagnostics import Diagnostic, counted, format_text, to_dict
from scmigen.escape import markdown, markdown_code
from scmigen.model.compare import AGENT, DEVICE, Change, Held, What
from scmigen.model.verdict import Balance, Comparison, Moved, Power


def text(found: Comparison) -> Iterator[str]:
    """Verdicts, then the changes by device, then those that no device brings."""
    if found.known:
        yield f"permissions: {found.overall.verdict}{_witnesses(found.overall, whose=True)}"
        for agent, balance in found.agents.items():
            yield f"  {agent}: {balance.verdict}{_witnesses(balance)}"
    for moved in found.devices:
        yield _of(found, moved.platform) + _moved(moved)
        yield from (f"  {change_text(change)}" for change in moved.changes)
    for change in found.others:
        yield _of(found, change.platform) + change_text(change)


def _of(found: Comparison, platform: str) -> str:
    return f"{platform}: " if len(found.sides) > 1 else ""


def _witnesses(balance: Balance, whose: bool = False) -> str:
    told = []
    for verb, powers in (("gains", balance.gained), ("loses", balance.lost)):
        if powers:
            agent = f"{powers[0].change.agent} " if whose else ""
            told.append(f"{agent}{verb} {_power(powers[0])}")
    return f": {'; '.join(told)}" if told else ""


def _power(power: Power) -> str:
    """``rate on clock 5 uart0 (/cru 12)``."""
    thing = power.change.thing
    if thing.kind == AGENT:
        return f"the right {power.operation}"
    if thing.kind == DEVICE:
        return f"device {power.change.name} ({power.operation})"
    return f"{power.operation} on {thing.kind} {power.change.number} {power.change.name} ({thing})"


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
    return f"{whose}: {thing.kind} {change.number} {change.name} {_what(change)} ({thing})"


def _what(change: Change) -> str:
    words = " ".join(change.operations)
    if change.what in (What.RENUMBERED, What.RENAMED):
        return f"{change.what}, was {change.was}"
    if change.what is What.PROFILE:
        return f"{change.what} {words}, was {change.was}"
    if change.what is What.REUSED:
        return f"has the number that {change.was} had"
    return f"{change.what}: {words}" if words else str(change.what)


def as_markdown(found: Comparison, errors: Sequence[Diagnostic]) -> Iterator[str]:
    """The lines of a comment on a pull request; GitHub and GitLab fold the list of changes."""
    verdict = f": **{found.overall.verdict}**" if found.known else ""
    yield f"### SCMI permissions{verdict}"
    if errors:
        yield from ("", f"{counted(len(errors), 'error')}:", "")
        yield from (f"- {markdown(format_text(item).splitlines()[0])}" for item in errors)
    if found.known and found.agents:
        yield from ("", "| agent | verdict | gains | loses |", "| --- | --- | --- | --- |")
        for agent, balance in found.agents.items():
            cells = (_such(balance.gained), _such(balance.lost))
            yield f"| {markdown(agent)} | {balance.verdict} | {cells[0]} | {cells[1]} |"
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


def _such(powers: Sequence[Power]) -> str:
    """The gravest of several, and how many more there are."""
    if not powers:
        return ""
    more = f" and {len(powers) - 1} more" if powers[1:] else ""
    return markdown(_power(powers[0])) + more


def as_json(found: Comparison, errors: Sequence[Diagnostic]) -> dict[str, Any]:
    """The whole comparison; the verdicts are null where a side says nothing of permissions."""
    return {
        "verdict": found.overall.verdict if found.known else None,
        **(_balance(found.overall) if found.known else {"gained": None, "lost": None}),
        "agents": {
            name: {"verdict": balance.verdict, **_balance(balance)}
            for name, balance in (found.agents.items() if found.known else ())
        },
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
        "kind": change.thing.kind,
        "id": change.number,
        "name": change.name,
        "node": change.thing.node,
        "cells": change.thing.cells,
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
        "moved": change.moved,
    }
