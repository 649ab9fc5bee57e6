"""A board against the description of a server: what one side has and the other lacks.

The board is the tree of one agent, or of a whole platform; the server is a runtime configuration.
Numbers are compared as the agent sees them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scmigen import runtime
from scmigen.assignment.assignment import Agent
from scmigen.assignment.words import spans
from scmigen.bindings.facts import Use
from scmigen.bindings.findings import ID_UNSERVED
from scmigen.checks.against_channel import channel_differs
from scmigen.checks.grant_checks import grant_unused, name_differs
from scmigen.checks.words import listed, node_word, plain, resource_name, use_word
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.model.platform import Grant, Model, Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

AGENT_UNSERVED = Finding(
    "agent-unserved",
    "The server has no agent of that name.",
    "Say with --as whose tree the board is.",
)

GRANT_MISSING = Finding(
    "grant-missing",
    "A device needs an operation that the server does not allow.",
    "Allow it at the server, or drop the property that needs it.",
)

PROTOCOL_UNSERVED = Finding(
    "protocol-unserved",
    "The tree has an SCMI protocol of which the server gives its agent nothing.",
    "Have the server serve it, or drop the node.",
)

DEVICE_DIFFERS = Finding(
    "device-differs",
    "A device has other resources in the server's device table than in the tree.",
    "Take the device table from the tree.",
    severity=Severity.WARNING,
)


@dataclass(frozen=True, slots=True)
class _View:
    """What the server shows one agent: by kind and id, the resource and the operations."""

    agent: runtime.Agent
    position: Position
    served: Mapping[tuple[Kind, int], tuple[runtime.Resource, frozenset[Operation]]]


def _view(server: runtime.Runtime, agent: runtime.Agent, file: str) -> _View:
    by_number = {(kind, r.id): r for kind in Kind for r in server.resources(kind)}
    served = {
        (kind, grant.id): (by_number[kind, grant.resource], frozenset(grant.operations))
        for kind, grants in agent.grants.items()
        for grant in grants
        if (kind, grant.resource) in by_number
    }
    return _View(agent, Position(file), served)


def compare(
    model: Model, server: runtime.Runtime, file: str, only: str | None = None
) -> tuple[Diagnostic, ...]:
    """What does not fit between a board and the server of its platform.

    ``file`` names the server's description in messages. ``only`` is the agent of the server whose
    tree the board is; without it agents are paired by name, or by being the only one. Of several
    platforms of the board, those are compared that the server has resources of.
    """
    found: list[Diagnostic] = []
    for platform in _platforms(model, server):
        view = None
        agents = _with_something(platform, only)
        for mine in agents:
            theirs = _partner(agents, mine, server, only)
            if theirs is None:
                found.append(_no_agent(only or mine.name, server, file))
                continue
            view = _view(server, theirs, file)
            found.extend(channel_differs(model, platform, mine, theirs, file))
            found.extend(_protocols(model, platform, mine, view))
            found.extend(_grants(model, platform, mine, view))
            found.extend(_unused(platform, mine, view))
        found.extend(_devices(platform, server, file, view if only else None))
    return tuple(found)


def _platforms(model: Model, server: runtime.Runtime) -> tuple[Platform, ...]:
    """The platforms of a board that a server may be: those with resources of the same nodes, if
    there are such."""
    if len(model.platforms) == 1:
        return model.platforms
    theirs = {resource.node for kind in Kind for resource in server.resources(kind)}
    same = tuple(
        platform
        for platform in model.platforms
        if any(
            item.key.provider in theirs for found in platform.resources.values() for item in found
        )
    )
    return same or model.platforms


def _with_something(platform: Platform, only: str | None) -> tuple[Agent, ...]:
    """The agents of a board; the only one with a grant where the board is the tree of ``only``: it
    may have nodes that are left to another world."""
    found = tuple(a for a in platform.agents if any(platform.grants_of(a, kind) for kind in Kind))
    return found if only is not None and len(found) == 1 else platform.agents


def _partner(
    agents: Sequence[Agent], mine: Agent, server: runtime.Runtime, only: str | None
) -> runtime.Agent | None:
    if only is not None and len(agents) == 1:
        return next((agent for agent in server.agents if agent.name == only), None)
    for agent in server.agents:
        if agent.name == mine.name:
            return agent
    single = len(server.agents) == 1 and len(agents) == 1
    return server.agents[0] if single else None


def _no_agent(name: str, server: runtime.Runtime, file: str) -> Diagnostic:
    known = ", ".join(agent.name for agent in server.agents)
    return AGENT_UNSERVED.error(
        f"the server has no agent {name}; it has {known}",
        Position(file),
        hint="--as NAME says whose tree the board is",
    )


def _missing_protocols(model: Model, platform: Platform, mine: Agent, view: _View) -> set[Kind]:
    """The kinds that an agent needs, its own SCMI node has a protocol for, and the server does not
    serve at all.

    A node that lists a protocol is not a need for it; and the node of one agent does not show what
    another one is served.
    """
    instance = platform.instance
    if instance is None or mine not in model.owners.of(instance.node).agents:
        return set()
    served = {kind for kind, _ in view.served}
    needed = {kind for kind in Kind if platform.grants_of(mine, kind)}
    return {kind for kind in needed - served if kind.protocol in instance.protocols}


def _protocols(model: Model, platform: Platform, mine: Agent, view: _View) -> Iterator[Diagnostic]:
    """Protocols that the agent needs and of which the server gives it nothing."""
    for kind in sorted(_missing_protocols(model, platform, mine, view), key=list(Kind).index):
        instance = platform.instance
        assert instance is not None
        node = instance.protocols[kind.protocol]
        grants = platform.grants_of(mine, kind)
        uses = [why for grant in grants for why in grant.because if isinstance(why, Use)]
        devices = dict.fromkeys(node_word(model.inventory.tree, use.consumer.path) for use in uses)
        way = f"drop what needs them: {listed(devices)}" if devices else "drop the node"
        yield PROTOCOL_UNSERVED.error(
            f"{node.path}: the server gives {view.agent.name} nothing of protocol "
            f"{kind.protocol:#x}",
            node.position or Position(model.inventory.tree.file),
            [
                *(Related(use_word(use), use.position) for use in uses),
                Related("the server", view.position),
            ],
            f"have the server serve {kind} resources, or {way}",
        )


def _served_ids(view: _View, kind: Kind) -> str:
    numbers = sorted(number for k, number in view.served if k is kind)
    return f"{view.agent.name} has {kind} {spans(numbers)}" if numbers else f"it has no {kind}"


def _grants(model: Model, platform: Platform, mine: Agent, view: _View) -> Iterator[Diagnostic]:
    """What the board needs and the server does not have, does not allow, or calls otherwise."""
    missing_whole = _missing_protocols(model, platform, mine, view)
    for kind in Kind:
        for grant in platform.grants_of(mine, kind):
            served = view.served.get((kind, grant.id))
            if served is None:
                if kind not in missing_whole:
                    yield _unserved(platform, grant, view)
                continue
            resource, operations = served
            missing = grant.operations - operations
            if missing:
                yield _insufficient(platform, grant, missing, view)
            names = _names(model, grant.resource)
            if names and not _is_called(resource, names):
                yield _other(platform, grant, names, resource.name, view)


def _where(platform: Platform, grant: Grant) -> Position:
    places = (why.position for why in grant.because)
    return next(filter(None, places), None) or Position(platform.inventory.tree.file)


def _because(grant: Grant) -> tuple[Related, ...]:
    return tuple(
        Related(use_word(why) if isinstance(why, Use) else "a grant", why.position)
        for why in grant.because
    )


def _unserved(platform: Platform, grant: Grant, view: _View) -> Diagnostic:
    kind = grant.resource.kind
    return ID_UNSERVED.error(
        f"the server gives {view.agent.name} no {kind} {grant.id} ({grant.resource.name})",
        _where(platform, grant),
        (*_because(grant), Related("the server", view.position)),
        _served_ids(view, kind),
    ).about([resource_name(grant.resource.key)], agents=[view.agent.name])


def _insufficient(
    platform: Platform, grant: Grant, missing: frozenset[Operation], view: _View
) -> Diagnostic:
    kind = grant.resource.kind
    return GRANT_MISSING.error(
        f"{view.agent.name} needs {', '.join(ordered(kind, missing))} on {kind} {grant.id} "
        f"({grant.resource.name}), which the server does not allow",
        _where(platform, grant),
        (*_because(grant), Related("the server", view.position)),
        "allow it at the server, or drop the property that needs it",
    ).about([resource_name(grant.resource.key)], agents=[view.agent.name])


def _names(model: Model, resource: Resource) -> tuple[str, ...]:
    """The names that the board itself has for a resource, not those of its consumers."""
    written = (grant.name for grant in model.assignment.grants if grant.key == resource.key)
    return (*filter(None, written), *resource.facts.names)


def _is_called(resource: runtime.Resource, names: tuple[str, ...]) -> bool:
    """Whether the server's name is one of ``names``; ``~`` and what follows tells equals apart."""
    name, cut, _ = resource.name.partition("~")
    wanted = plain(name)
    return any(plain(n) == wanted or (cut and plain(n).startswith(wanted)) for n in names)


def _other(
    platform: Platform, grant: Grant, names: tuple[str, ...], theirs: str, view: _View
) -> Diagnostic:
    return name_differs.warning(
        f"{grant.resource.kind} {grant.id} is {names[0]} here; the server calls it {theirs}",
        _where(platform, grant),
        [Related("the server", view.position)],
        "one of the two lists has moved; compare them from the first difference",
    )


def _unused(platform: Platform, mine: Agent, view: _View) -> Iterator[Diagnostic]:
    """What the server allows beyond the need: one note."""
    needed = {
        (g.resource.kind, g.id): g.operations for k in Kind for g in platform.grants_of(mine, k)
    }
    beyond = []
    for (kind, number), (resource, operations) in sorted(view.served.items()):
        more = operations - needed.get((kind, number), frozenset())
        if more:
            words = ", ".join(ordered(kind, more))
            beyond.append(f"{words} on {kind} {number} ({resource.name})")
    if beyond:
        first, *others = beyond
        note = grant_unused.note(
            f"the server allows {view.agent.name} what the tree does not need: {first}",
            view.position,
            [Related(word) for word in others],
            "deny what is not meant; least privilege is what the devices need",
        )
        yield replace(note, whole=True)


def _devices(
    platform: Platform, server: runtime.Runtime, file: str, view: _View | None
) -> Iterator[Diagnostic]:
    """Devices with other resources in the server's device table than in the tree.

    Where the tree is that of one agent, by ``view``, only its devices, and what it has of them.
    """
    if Numbering.PER_AGENT in (platform.numbering, server.numbering):
        return
    theirs = {device.node: device for device in server.devices}
    for device in platform.devices:
        listed = theirs.get(device.node.path)
        if listed is None:
            continue
        if view is not None and view.agent.id not in (*listed.agents, *listed.assignable):
            continue
        found = {(r.kind, r.number) for use in device.uses if (r := platform.resource(use.key))}
        there = {(resource.kind, resource.id) for resource in listed.resources}
        if view is not None:
            there &= view.served.keys()
        more, less = sorted(there - found), sorted(found - there)
        if more or less:
            said = [f"has {kind} {number}, which it does not use" for kind, number in more]
            said += [f"lacks {kind} {number}" for kind, number in less]
            warning = DEVICE_DIFFERS.warning(
                f"device {listed.id} of the server, {device.node.path}, {said[0]}",
                device.node.position or Position(file),
                (
                    *(Related(f"it {word}") for word in said[1:]),
                    Related("the server", Position(file)),
                ),
                "whoever is given the device is given these; take them from the tree",
            )
            yield replace(warning, whole=True)
