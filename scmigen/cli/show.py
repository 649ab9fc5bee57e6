"""``scmigen show``, ``scmigen why`` and ``scmigen explain``: what the compiler knows, and why."""

import sys
from collections.abc import Callable, Iterable, Sequence

import click

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.checks.switches import unknown_hint
from scmigen.cli.common import BoardRequest, compiled, view_options
from scmigen.cli.report import ERRORS, say, say_json
from scmigen.model.platform import Grant, Model, Platform
from scmigen.model.protocol_grants import ProtocolGrant, Right
from scmigen.pipeline import Result
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind

_Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


def _providers(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            path,
            " ".join(sorted(provider.kinds)),
            provider.category,
            provider.rule,
            provider.consumers,
            provider.reason,
        )
        for path, provider in model.providers.items()
        if provider.consumers
    ]
    return ("provider", "kinds", "class", "rule", "consumers", "because"), rows


def _devices(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            device.number,
            device.node.path,
            ", ".join(agent.name for agent in device.agents),
            ", ".join(agent.name for agent in device.assignable),
            len({use.key for use in device.uses}),
        )
        for platform in model.platforms
        for device in platform.devices
    ]
    return ("id", "device", "agents", "may be given to", "resources"), rows


def _resources(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            kind,
            resource.number,
            resource.name,
            resource.key.provider,
            _cells(resource.key),
            model.inventory.macros.name(resource.key) or "",
        )
        for platform in model.platforms
        for kind, resources in platform.resources.items()
        for resource in resources
    ]
    return ("kind", "number", "name", "provider", "cells", "macro"), rows


def _cells(key: ResourceKey) -> str:
    return " ".join(map(str, key.cells))


def _agents(model: Model) -> _Table:
    platforms = model.platforms
    rows: list[tuple[object, ...]] = [
        (
            agent.id,
            agent.name,
            agent.role,
            *("yes" if platforms[0].has_right(agent, right) else "no" for right in Right),
            *(sum(len(p.grants_of(agent, kind)) for p in platforms) for kind in Kind),
        )
        for agent in model.assignment.agents
    ]
    return ("id", "agent", "role", *map(str, (*Right, *Kind))), rows


def _permissions(model: Model) -> _Table:
    rows: list[tuple[object, ...]] = [
        (
            grant.agent.name,
            grant.resource.kind,
            grant.id,
            grant.resource.name,
            grant.resource.key,
            " ".join(ordered(grant.resource.kind, grant.operations)),
        )
        for platform in model.platforms
        for grant in platform.grants()
    ]
    # The rights are the same on every platform of a board.
    rows += [
        (
            grant.agent.name,
            grant.right.protocol.name.lower(),
            None,
            grant.right,
            f"protocol {grant.right.protocol:#x}",
            " ".join(grant.right.operations),
        )
        for grant in model.platforms[0].protocol_grants
    ]
    return ("agent", "kind", "id", "name", "resource", "operations"), rows


def _idle(model: Model) -> list[tuple[object, ...]]:
    """A row for each agent that has no grant, so that it is not merely missing."""
    granted = {grant.agent.name for platform in model.platforms for grant in platform.grants()}
    names = (agent.name for agent in model.assignment.agents)
    return [(name, "", "", "", "", "") for name in names if name not in granted]


_VIEWS: dict[str, Callable[[Model], _Table]] = {
    "providers": _providers,
    "devices": _devices,
    "resources": _resources,
    "agents": _agents,
    "permissions": _permissions,
}


def _print(columns: Sequence[str], rows: Sequence[Sequence[object]], style: str) -> None:
    if style == "json":
        plain = [{c: _plain(v) for c, v in zip(columns, row, strict=True)} for row in rows]
        say_json(plain)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ignore")
    for row in rows:
        table.add_row(*(_escaped(value) for value in row))
    Console(width=None if sys.stdout.isatty() else 1000, soft_wrap=True).print(table, crop=False)


def _plain(value: object) -> object:
    return value if isinstance(value, int | None) else str(value)


def _escaped(value: object) -> str:
    from rich.markup import escape

    from scmigen.escape import line

    return "" if value is None else escape(line(str(value)))


@click.command(
    help="Show what scmigen makes of BOARD: providers, devices, resources, agents or permissions."
)
@click.argument("view", type=click.Choice(list(_VIEWS)))
@view_options
def show(view: str, request: BoardRequest, style: str, quiet: bool) -> None:
    found = compiled(request, style, quiet)
    columns, rows = _VIEWS[view](found.model)
    if view == "permissions" and style == "text":
        rows += _idle(found.model)
    _print(columns, rows, style)


@click.command(
    help="""Show the uses behind what AGENT may do with RESOURCE of BOARD.

RESOURCE is KIND:NUMBER (clock:12), KIND:NAME (clock:uart0, clock:CK_UART4), or provider and
cells as numbers or macros ("&rcc 12", "&rcc CK_UART4"). It may also be a right on a whole
protocol: permissions, system-power.
"""
)
@click.argument("agent")
@click.argument("resource")
@view_options
def why(agent: str, resource: str, request: BoardRequest, style: str, quiet: bool) -> None:
    found = compiled(request, style, quiet)
    names = [item.name for item in found.model.assignment.agents]
    if agent not in names:
        raise click.BadParameter(f"no agent {agent!r}; one of: {', '.join(names)}")
    if resource in tuple(Right):
        _why_right(found.model.platforms[0], agent, Right(resource), style)
        return
    every = _matching(found, resource)
    grants = [grant for grant in every if grant.agent.name == agent]
    if not grants:
        raise _nothing(agent, resource, every, "see scmigen show resources")
    macros = found.model.inventory.macros
    if style == "json":
        told = [_explained(grant, macros.name(grant.resource.key)) for grant in grants]
        say_json(told)
        return
    for grant in grants:
        words = " ".join(ordered(grant.resource.kind, grant.operations))
        kind, key = grant.resource.kind, grant.resource.key
        where = ", ".join(filter(None, (grant.resource.name, str(key), macros.name(key))))
        say(f"{agent}: {words} on {kind} {grant.id} ({where})")
        for reason in _reasons(grant):
            say(f"  {reason}")


def _nothing(
    agent: str, what: str, every: Iterable[Grant | ProtocolGrant], advice: str
) -> SystemExit:
    """Say that an agent is granted nothing, and who is."""
    others = ", ".join(sorted({grant.agent.name for grant in every}))
    who = f"granted to {others}" if others else f"not granted to any agent; {advice}"
    say(f"{agent} is granted nothing on {what}: it is {who}", err=True)
    return SystemExit(ERRORS)


def _why_right(platform: Platform, agent: str, right: Right, style: str) -> None:
    """The reason for a right of an agent on a whole protocol."""
    every = [grant for grant in platform.protocol_grants if grant.right is right]
    grant = next((grant for grant in every if grant.agent.name == agent), None)
    if grant is None:
        raise _nothing(agent, right, every, "it follows from the role of an agent")
    where = f"protocol {right.protocol:#x}"
    if style == "json":
        told = {
            "agent": agent,
            "kind": right.protocol.name.lower(),
            "id": None,
            "name": right,
            "resource": where,
            "operations": right.operations,
            "because": [grant.because],
        }
        say_json([told])
        return
    say(f"{agent}: {' '.join(right.operations)} on {right} ({where})")
    place = f" ({grant.agent.position})" if grant.agent.position else ""
    say(f"  {grant.because}{place}")


def _matching(found: Result, text: str) -> list[Grant]:
    """The grants on the resources that ``text`` means."""
    word, _, rest = text.partition(":")
    every = [grant for platform in found.model.platforms for grant in platform.grants()]
    if word in tuple(Kind) and rest:
        of_kind = [grant for grant in every if grant.resource.kind == word]
        called = [g for g in of_kind if rest in (str(g.id), g.resource.name)]
        macros = found.model.inventory.macros
        called = called or [g for g in of_kind if rest == macros.name(g.resource.key)]
        return called or _granted_to_none(found, Kind(word), rest)
    # Selectors are read with the agents file's reader.
    from scmigen.assignment.select import Selector

    selected, cells = Selector(found.model.inventory.tree).resource(text)
    if not selected.nodes:
        told = filter(None, (selected.problem or f"no node {text!r}", selected.hint))
        raise click.BadParameter("; ".join(told), param_hint="RESOURCE")
    keys = {(node.path, cells) for node in selected.nodes}
    return [g for g in every if (g.resource.key.provider, g.resource.key.cells) in keys]


def _granted_to_none(found: Result, kind: Kind, name: str) -> list[Grant]:
    """No grants, of a resource that exists; another name is wrong usage."""
    known: dict[str, None] = {}
    for platform in found.platforms:
        for resource in platform.resources.get(kind, ()):
            macro = found.model.inventory.macros.name(resource.key)
            known.update(dict.fromkeys((str(resource.number), resource.name, macro or "")))
    if name not in known:
        hint = did_you_mean(name, known) or "scmigen show resources lists them"
        raise click.BadParameter(f"no {kind} {name!r}; {hint}", param_hint="RESOURCE")
    return []


def _reasons(grant: Grant) -> list[str]:
    reasons = [_reason(why) for why in grant.because]
    if grant.beyond_need:
        words = " ".join(ordered(grant.resource.kind, grant.beyond_need))
        reasons.append(f"beyond what its devices need: {words}")
    return reasons


def _reason(why: Use | HandGrant) -> str:
    place = f" ({why.position})" if why.position else ""
    if isinstance(why, HandGrant):
        return f"explicit grant: {' '.join(ordered(why.key.kind, why.operations))}{place}"
    through = f" through {', '.join(why.via)}" if why.via else ""
    words = " ".join(ordered(why.key.kind, why.needs))
    return f"{why.consumer.path} {why.prop}[{why.index}]{through}: {words}{place}"


def _explained(grant: Grant, macro: str | None) -> dict[str, object]:
    return {
        "agent": grant.agent.name,
        "kind": grant.resource.kind,
        "id": grant.id,
        "name": grant.resource.name,
        "resource": str(grant.resource.key),
        "macro": macro,
        "operations": ordered(grant.resource.kind, grant.operations),
        "beyond_need": ordered(grant.resource.kind, grant.beyond_need),
        "because": _reasons(grant),
        "uses": [_use(why) for why in grant.because if isinstance(why, Use)],
    }


def _use(use: Use) -> dict[str, object]:
    return {
        "device": use.consumer.path,
        "property": use.prop,
        "index": use.index,
        "via": use.via,
        "operations": ordered(use.key.kind, use.needs),
        "position": None if use.position is None else str(use.position),
    }


@click.command(help="Explain CHECK, the id in the brackets of a diagnostic.")
@click.argument("check", required=False)
@click.option("--list", "listing", is_flag=True, help="List all checks, one per line.")
def explain(check: str | None, listing: bool) -> None:
    from scmigen.explain import findings, in_full

    known = findings()
    if listing or check is None:
        for name, said in known.items():
            say(f"{name}: {said.about}")
    elif check in known:
        click.echo(in_full(check), nl=False)
    else:
        hint = unknown_hint(check, known)
        raise click.BadParameter(f"no check {check!r}; {hint}", param_hint="CHECK")
