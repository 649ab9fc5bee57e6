"""The device table of a server, against the devices of a board."""

from collections.abc import Iterator, Mapping, Sequence, Set

from scmigen.checks.against_built import Both, Built
from scmigen.checks.served_view import View
from scmigen.checks.words import joined
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.model.platform import Platform
from scmigen.runtime import Device as ServedDevice
from scmigen.runtime import Numbering, Served
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

_Number = tuple[Kind, int]

DEVICE_DIFFERS = Finding(
    "device-differs",
    "A device has other resources in the server's device table than in the tree.",
    "Take the device table from the tree.",
    severity=Severity.WARNING,
)


def devices_of_agent(
    platform: Platform, server: Served, file: str, view: View
) -> Iterator[Diagnostic]:
    """The devices of one agent, whose tree the board is, and what it has of their resources."""
    if Numbering.PER_AGENT in (platform.numbering, server.numbering):
        return
    theirs = {device.node: device for device in server.devices}
    for device in platform.devices:
        listed = theirs.get(device.node.path)
        if listed is None or view.agent.id not in (*listed.agents, *listed.assignable):
            continue
        found = {(r.kind, r.number) for use in device.uses if (r := platform.resource(use.key))}
        there = {(one.kind, one.id) for one in listed.resources} & view.rows.keys()
        said = list(_resources(found, there))
        if said:
            yield _told(listed, said, device.node.position, file)


def devices_differ(
    platform: Platform,
    built: Built,
    server: Served,
    met: Mapping[int, int],
    found: Sequence[Both],
    file: str,
    joint: bool,
) -> Iterator[Diagnostic]:
    """All devices of a platform, where the server has a table of such. ``met``: the agents of a
    build by their numbers at the server. ``joint``: the table is of several platforms."""
    if not (server.devices or server.all_devices):
        return
    numbers = {(each.kind, each.theirs.id): each.mine.id for each in found}
    granted: dict[_Number, set[Operation]] = {}
    for agent in built.served.agents:
        for kind, rows in agent.grants.items():
            for row in rows:
                granted.setdefault((kind, row.resource), set()).update(row.operations)
    theirs = {device.node: device for device in server.devices}
    lacking: list[Related] = []
    names = ({a.id: a.name for a in built.served.agents}, {a.id: a.name for a in server.agents})
    places = {device.node.path: device.node.position for device in platform.devices}
    for mine in built.served.devices:
        listed = theirs.pop(mine.node, None)
        if listed is None:
            lacking.append(Related(f"device {mine.id}, {mine.node}", places.get(mine.node)))
            continue
        said = [
            *_different(mine, listed, met, names, joint),
            *_needs(mine, listed, numbers, granted),
        ]
        if said:
            yield _told(listed, said, places.get(mine.node), file)
    others = {node.path for node in platform.inventory.tree.nodes} if joint else set()
    more = [
        Related(f"device {one.id}, {one.node}", Position(file))
        for node, one in theirs.items()
        if node not in others
    ]
    if lacking:
        yield DEVICE_DIFFERS.warning(
            f"the server's device table lacks {lacking[0].message}",
            lacking[0].position,
            [*lacking[1:], Related("the server", Position(file))],
            "nobody can be given it, or denied it, at run time",
        )
    if more:
        yield DEVICE_DIFFERS.warning(
            f"the server's device table has {more[0].message}, which the board has not",
            more[0].position,
            more[1:],
            "whoever is given it is given its resources",
        )


def _told(
    listed: ServedDevice, said: Sequence[str], where: Position | None, file: str
) -> Diagnostic:
    warning = DEVICE_DIFFERS.warning(
        f"device {listed.id} of the server, {listed.node}, {said[0]}",
        where or Position(file),
        (
            *(Related(f"it {word}") for word in said[1:]),
            Related("the server", Position(file)),
        ),
        "whoever is given the device is given these; take them from the tree",
    )
    return replace(warning, whole=True)


def _resources(here: Set[_Number], there: Set[_Number]) -> Iterator[str]:
    for kind, number in sorted(there - here):
        yield f"has {kind} {number}, which it does not use"
    for kind, number in sorted(here - there):
        yield f"lacks {kind} {number}"


def _different(
    mine: ServedDevice,
    listed: ServedDevice,
    met: Mapping[int, int],
    names: tuple[Mapping[int, str], Mapping[int, str]],
    joint: bool,
) -> Iterator[str]:
    """What a device is besides its resources. ``names``: those of the agents of a build, and of
    the server's, by number."""
    ours, theirs = names
    if mine.id != listed.id and not joint:
        yield f"has number {listed.id} there, and {mine.id} in a build"
    for word, here, there in (
        ("with", mine.agents, listed.agents),
        ("assignable to", mine.assignable, listed.assignable),
    ):
        known = sorted(met.get(number, number) for number in there)
        if known != sorted(here):
            yield (
                f"is {word} {_agents(there, theirs)} there, and "
                f"{word} {_agents(here, ours)} in a build"
            )


def _agents(numbers: Sequence[int], names: Mapping[int, str]) -> str:
    return joined([names.get(one, f"agent {one}") for one in numbers]) or "no agent"


def _needs(
    mine: ServedDevice,
    listed: ServedDevice,
    numbers: Mapping[_Number, int],
    granted: Mapping[_Number, Set[Operation]],
) -> Iterator[str]:
    """The resources of a device, and what it opens of them: all that is granted, unless said."""
    here = {(one.kind, one.id): one.operations for one in mine.resources}
    there = {
        (one.kind, numbers.get((one.kind, one.id), one.id)): one.operations
        for one in listed.resources
    }
    yield from _resources(here.keys(), there.keys())
    if len(there) < len(listed.resources):
        yield "has a resource twice"
    for place, said in there.items():
        every = granted.get(place, set())
        known, operations = {*here.get(place, said)} or every, {*said} or every
        if known != operations:
            kind, number = place
            yield (
                f"opens {_words(kind, operations)} of {kind} {number} there, and "
                f"{_words(kind, known)} in a build"
            )


def _words(kind: Kind, operations: Set[Operation]) -> str:
    return ", ".join(ordered(kind, operations)) or "nothing"
