"""What ``scmigen audit`` prints besides grants: what a description says of agents, resources,
channels and of the server itself. Nothing is printed of what it does not say."""

import json
from collections.abc import Iterator, Mapping, Sequence

from scmigen.cli.report import say
from scmigen.cli.terminal import Column, Folds, print_table
from scmigen.hints import Any
from scmigen.runtime import Served, ServedAgent, ServedLevels, ServedResource
from scmigen.runtime.facts import default_of
from scmigen.runtime.schema import Device
from scmigen.scmi.protocols import Kind

_Row = tuple[object, ...]

#: Columns that fold in a narrow terminal; all others stay whole.
_FOLDS = {
    **dict.fromkeys(("source", "node", "name", "device"), Folds.ANYWHERE),
    **dict.fromkeys(("transport", "agents", "may be given to"), Folds.AT_BLANKS),
    **dict.fromkeys(("resources", "facts"), Folds.AT_BLANKS),
}


def print_facts(served: Served) -> None:
    """The tables and lines of a description, each where it says anything."""
    _print("agent id role profile transport permissions system-power source", _agents(served))
    _print("resource id name node cells own at-boot parent source", _resources(served))
    _print("facts-of facts", _facts(served))
    _print("points-of table level Hz uV uW us sustained latency source", _points(served))
    _print("channel agent name notifies told-on source", _services(served))
    _print("device-id device agents may-be-given-to resources", _devices(served))
    say("")
    for line in _lines(served):
        say(line)


def _print(columns: str, rows: Sequence[_Row]) -> None:
    """A table behind a blank line, without the columns in which nothing is said."""
    names = [name.replace("-", " ") if name != "system-power" else name for name in columns.split()]
    said = [at for at in range(len(names)) if any(row[at] not in (None, "") for row in rows)]
    if rows:
        say("")
        chosen = [Column(names[at], _FOLDS.get(names[at], Folds.NEVER)) for at in said]
        print_table(chosen, [[row[at] for at in said] for row in rows])


def _agents(served: Served) -> list[_Row]:
    """Only if anything is known of one besides its grants."""
    rows: list[_Row] = [
        (
            agent.name,
            agent.id,
            agent.role,
            agent.profile,
            _transport(agent),
            _yes(agent.permissions),
            agent.system_power,
            agent.source,
        )
        for agent in served.agents
    ]
    return rows if any(any(said is not None for said in row[2:7]) for row in rows) else []


def _transport(agent: ServedAgent) -> str | None:
    how = agent.transport
    if how is None:
        return None
    parts = [how.type]
    parts += [] if how.smc_id is None else [f"smc-id {how.smc_id:#x}"]
    parts += [] if how.shmem is None else [f"shmem {how.shmem}"]
    parts += [] if how.channel is None else [f"channel {how.channel}"]
    return ", ".join(parts)


def _yes(said: bool | None) -> str | None:
    return None if said is None else "yes" if said else "no"


def _each(served: Served) -> Iterator[tuple[Kind, ServedResource]]:
    for kind in Kind:
        for one in served.resources.get(kind, ()):
            yield kind, one


def _resources(served: Served) -> list[_Row]:
    """Those of which more is said than a grant shows; by the server's own numbers."""
    granted = {
        (kind, grant.resource)
        for agent in served.agents
        for kind, grants in agent.grants.items()
        for grant in grants
    }
    return [
        (
            kind,
            one.id,
            one.name,
            one.node,
            " ".join(map(str, one.cells)),
            "yes" if one.own else None,
            None if one.on is None else "on" if one.on else "off",
            _parent(served, kind, one),
            one.source,
        )
        for kind, one in _each(served)
        if one.node
        or one.own
        or (one.on, one.parent) != (None, None)
        or (kind, one.id) not in granted
    ]


def _parent(served: Served, kind: Kind, one: ServedResource) -> str | None:
    """The domain above, by number and name."""
    if one.parent is None:
        return None
    above = (each.name for each in served.resources[kind] if each.id == one.parent)
    return " ".join(filter(None, (str(one.parent), next(above, ""))))


def _facts(served: Served) -> list[_Row]:
    """What else is known of resources and of the platform, but for what runtime.json has anyway."""
    rows: list[_Row] = [
        (f"{kind} {one.id}", said)
        for kind, one in _each(served)
        if (said := _words(kind, one.facts))
    ]
    # How numbers go is told of every server, in the first line.
    whole = _words(None, {k: v for k, v in served.facts.items() if k != "numbering"})
    return [*rows, ("server", whole)] if whole else rows


def _words(kind: Kind | None, facts: Mapping[str, Any]) -> str:
    """``rates [24000000, 48000000], step none``."""
    return ", ".join(
        f"{name} {'none' if value is None else json.dumps(value, ensure_ascii=False)}"
        for name, value in facts.items()
        if value != default_of(kind, name)
    )


def _points(served: Served) -> list[_Row]:
    return [
        row
        for kind, one in _each(served)
        for number, table in enumerate(one.levels)
        for row in _table(f"{kind} {one.id}", number if one.levels[1:] else None, table)
    ]


def _table(domain: str, number: int | None, table: ServedLevels) -> Iterator[_Row]:
    for index, point in enumerate(table.levels):
        yield (
            domain,
            number,
            point.level,
            point.frequency,
            point.voltage,
            f"{point.power} of its own scale" if table.abstract and point.power else point.power,
            point.latency,
            "yes" if index == table.sustained else None,
            None if table.latency is None or index else f"{table.latency} us",
            None if index else table.source,
        )


def _services(served: Served) -> list[_Row]:
    names = {agent.id: agent.name for agent in served.agents}
    return [
        (
            place,
            names[one.agent],
            one.name,
            "yes" if one.notifies else None,
            None if one.by is None else f"channel {one.by}",
            one.source,
        )
        for place, one in enumerate(served.services)
    ]


def _devices(served: Served) -> list[_Row]:
    names = {agent.id: agent.name for agent in served.agents}
    return [
        (
            device.id,
            device.node or device.name,
            ", ".join(names.get(each, str(each)) for each in device.agents),
            ", ".join(names.get(each, str(each)) for each in device.assignable),
            _needed(device),
        )
        for device in served.devices
    ]


def _needed(device: Device) -> str:
    return ", ".join(f"{each.kind} {each.id}" for each in device.resources)


def _lines(served: Served) -> Iterator[str]:
    """What is about the server as a whole."""
    yield f"server: {served.name}, numbers {served.numbering}"
    vendor = served.vendor
    if vendor is not None:
        called = {
            "vendor": vendor.vendor,
            "sub-vendor": vendor.sub_vendor,
            "version": None if vendor.version is None else f"{vendor.version:#x}",
        }
        words = ", ".join(f"{word} {said}" for word, said in called.items() if said)
        if words:
            yield f"it calls itself: {words}" + (f" ({vendor.source})" if vendor.source else "")
    if served.votes:
        told = (f"{kind} {how}" for kind, how in served.votes.items())
        yield f"requests of several agents: {', '.join(told)}"
    if served.momentary:
        yield "momentary: what agents may do at one time, not what they may be given later"
    partly = [agent.name for agent in served.agents if not served.is_complete(agent)]
    if partly:
        yield f"not complete: there may be more of {', '.join(partly)}"
    for agent in served.agents:
        kinds = set(served.kinds) - set(served.kinds_of(agent))
        if kinds:
            yield f"not told of {agent.name}: {', '.join(kind for kind in Kind if kind in kinds)}"
    for output, options in served.outputs.items():
        yield f"options of the output {output}: {json.dumps(options)}"
