"""What a server is besides permissions, against what a build of the board would be: its name, its
channels, who may set the power of the system, what holds where two agents ask.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.words import spans
from scmigen.checks.served_view import View, place_of
from scmigen.checks.words import joined
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.model.platform import Model, Platform
from scmigen.runtime import Served, ServedAgent, ServedService, SystemPower, Voting
from scmigen.scmi.operations import Operation, aggregates
from scmigen.scmi.protocols import Kind

VENDOR_DIFFERS = Finding(
    "vendor-differs",
    "The server calls itself otherwise than a build of the board would.",
    "Say it in the agents file: platform: {vendor: …, sub-vendor: …}.",
    severity=Severity.NOTE,
)

SERVICES_DIFFER = Finding(
    "services-differ",
    "An agent has other channels at the server than its SCMI node in the tree.",
    "Add the channel at the server, or take it out of the tree.",
    severity=Severity.NOTE,
)

SYSTEM_POWER_DIFFERS = Finding(
    "system-power-differs",
    "The server lets an agent do otherwise with the power of the system than a build would.",
    "Say it in the agents file: scmi: {system-power: none, told or set}.",
    severity=Severity.NOTE,
)

VOTES_DIFFER = Finding(
    "votes-differ",
    "Several agents may set what has no votes at the server: the last request holds.",
    "Let one agent set it, or count votes at the server as a build does.",
    severity=Severity.NOTE,
)
#: What is set of resources that agents have votes for, by kind.
_VOTED: Mapping[Kind, Operation] = {
    kind: operation
    for operation in (Operation.STATE, Operation.LIMITS)
    for kind in Kind
    if aggregates(kind, operation)
}
_IN_WORDS: Mapping[SystemPower, str] = {
    SystemPower.NONE: "nothing of it",
    SystemPower.TOLD: "is only told of it",
    SystemPower.SET: "sets it",
}


def vendor_differs(
    platforms: Sequence[Platform], server: Served, file: str
) -> Iterator[Diagnostic]:
    """The names of the server, where both sides have them."""
    theirs = server.vendor
    if theirs is None or theirs.vendor is None:
        return
    said = [theirs.vendor, theirs.sub_vendor or ""]
    built = ((one.options.vendor, one.options.sub_vendor) for one in platforms)
    for vendor, sub_vendor in dict.fromkeys(built):
        if said == [vendor, sub_vendor] or (theirs.sub_vendor is None and said[0] == vendor):
            continue
        yaml = ", sub-vendor: ".join(map(json.dumps, said))
        yield VENDOR_DIFFERS.note(
            f"the server is {_called(*said)}; a build of this board is "
            f"{_called(vendor, sub_vendor)}",
            place_of(theirs.source, Position(file)),
            hint=f"platform: {{vendor: {yaml}}} in the agents file",
        )


def _called(vendor: str, sub_vendor: str) -> str:
    return f"vendor {vendor!r}" + (f", sub-vendor {sub_vendor!r}" if sub_vendor else "")


def services_differ(
    model: Model, platform: Platform, mine: Agent, server: Served, view: View
) -> Iterator[Diagnostic]:
    """The channels of the agent whose SCMI node the tree has, by direction."""
    instance = platform.instance
    if not server.services or instance is None:
        return
    if mine not in model.owners.of(instance.node).agents:
        return
    theirs = [one for one in server.services if one.agent == view.agent.id]
    # Of the memories of a channel the first is the agent's, and a second one the platform's.
    memories = [len(channel.shmem) for channel in instance.channels]
    here = (len(memories), sum(count > 1 for count in memories))
    there = (sum(not one.notifies for one in theirs), sum(one.notifies for one in theirs))
    if not any(memories) or here == there:
        return
    yield SERVICES_DIFFER.note(
        f"{instance.node.path} has {_channels(*here)}; the server has {_channels(*there)} of "
        f"{view.agent.name}",
        instance.node.position or Position(model.inventory.tree.file),
        [
            Related(f"service {name}", place_of(one.source, view.position))
            for name, one in _named(theirs)
        ],
        "what is sent on a channel that nobody serves has no answer",
    )


def _named(services: Sequence[ServedService]) -> Iterator[tuple[str, ServedService]]:
    for one in services:
        yield one.name or "without a name", one


def _channels(to: int, back: int) -> str:
    return f"{counted(to, 'channel')} to the platform and {back or 'none'} back"


def system_power_differs(mine: Agent, theirs: ServedAgent, where: Position) -> Iterator[Diagnostic]:
    """What an agent may do with the power of the system."""
    if theirs.system_power is None or theirs.system_power is mine.system_power:
        return
    yield SYSTEM_POWER_DIFFERS.note(
        f"system power: at the server, {theirs.name} {_may(theirs.system_power)}; in a build of "
        f"this board, {mine.name} {_may(mine.system_power)}",
        where,
        hint=f"scmi: {{system-power: {theirs.system_power}}} of {mine.name} in the agents file",
    ).about(agents=[mine.name])


def _may(power: SystemPower) -> str:
    words = _IN_WORDS[power]
    return f"has {words}" if power is SystemPower.NONE else words


def votes_differ(server: Served, file: str) -> Iterator[Diagnostic]:
    """Resources that several agents may set, and of whose requests the last one holds: one note for
    each kind."""
    for kind, operation in _VOTED.items():
        if server.votes.get(kind) is not Voting.LAST:
            continue
        setters: dict[int, list[tuple[str, str | None]]] = {}
        for agent in server.agents:
            for grant in agent.grants.get(kind, ()):
                if operation in (*grant.operations, *grant.unchecked):
                    found = setters.setdefault(grant.resource, [])
                    found.append((agent.name, grant.source or agent.source))
        shared = {number: found for number, found in setters.items() if len(found) > 1}
        if shared:
            names = dict.fromkeys(name for found in shared.values() for name, _ in found)
            first = next(iter(shared.values()))
            yield VOTES_DIFFER.note(
                f"{kind} {spans(sorted(shared))} of the server: {joined(list(names))} may set it, "
                f"and the last request for {operation} holds; in a build each has a vote",
                place_of(first[0][1], Position(file)),
                [
                    Related(f"{kind} {number}", place_of(found[0][1], Position(file)))
                    for number, found in list(shared.items())[1:]
                ],
            ).about(agents=list(names))
