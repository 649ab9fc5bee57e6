"""``scmigen why``: the reasons for what an agent may do."""

from collections.abc import Iterable

import click

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.facts import Use
from scmigen.cli.common import BoardRequest, compiled, view_options
from scmigen.cli.report import ERRORS, say, say_json
from scmigen.model.platform import Grant, Platform
from scmigen.model.protocol_grants import ProtocolGrant, Right
from scmigen.pipeline import Result
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind


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
