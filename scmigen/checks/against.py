"""A board against the description of a server: what one side has and the other lacks.

The board is the tree of one agent, or of a whole platform; the server is what a description says
of it. Numbers are compared as the agent sees them. Of what the description does not tell nothing is
said but that.
"""

from collections.abc import Container, Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.words import spans
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.findings import ID_UNSERVED
from scmigen.checks.against_agents import agents_differ, agents_extra
from scmigen.checks.against_built import Build, Built, Pairs, built_of, differences, paired
from scmigen.checks.against_channel import channel_differs
from scmigen.checks.against_devices import devices_differ, devices_of_agent
from scmigen.checks.against_drivers import of_drivers, unsettled
from scmigen.checks.against_extra import Operations, extra_missing, of_extra
from scmigen.checks.against_facts import boot_differs, facts_differ, platform_differs
from scmigen.checks.against_levels import levels_differ
from scmigen.checks.against_own import GRANT_MISSING, Missing, because, held_by_server
from scmigen.checks.against_parents import parents_differ, without_parents
from scmigen.checks.against_pins import asked_of, pins_missing
from scmigen.checks.against_place import called_otherwise, differs, elsewhere
from scmigen.checks.against_platform import (
    services_differ,
    system_power_differs,
    vendor_differs,
    votes_differ,
)
from scmigen.checks.against_undecided import KIND_UNDESCRIBED, undecided
from scmigen.checks.against_unused import beyond_need
from scmigen.checks.grant_checks import grant_unused, name_differs
from scmigen.checks.served_view import Row, View, view_of
from scmigen.checks.words import joined, listed, node_word, plain, resource_name, use_word
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Finding, Position, Related
from scmigen.model.joint import at_instance
from scmigen.model.platform import Grant, Model, Platform
from scmigen.runtime import Runtime, Served, ServedAgent, served_of
from scmigen.scmi.operations import OPERATIONS, Operation, ordered
from scmigen.scmi.protocols import VERSIONS, Kind, Profile

AGENT_UNSERVED = Finding(
    "agent-unserved",
    "The server has no agent of that name.",
    "Say with --as whose tree the board is.",
)

PROTOCOL_UNSERVED = Finding(
    "protocol-unserved",
    "The tree has an SCMI protocol of which the server gives its agent nothing.",
    "Have the server serve it, or drop the node.",
)

#: The agents of a board by the name that the server has for them.
Called = Mapping[str, str]


def compare(
    model: Model,
    server: Served | Runtime,
    file: str,
    only: str | None = None,
    called: Called | None = None,
    *,
    build: Build,
) -> tuple[Diagnostic, ...]:
    """What does not fit between a board and the server of its platform.

    ``file`` names the server's description in messages. ``only`` is the agent of the server whose
    tree the board is; without it agents are paired by name, or by being the only one. ``called``:
    what the server calls agents of the board. ``build`` makes what a build of a platform would
    serve. Of several platforms of the board, those are compared that the server has resources of.
    """
    if isinstance(server, Runtime):
        server = served_of(server)
    found: list[Diagnostic] = []
    alone: dict[str, str] = {}
    platforms = _platforms(model, server)
    met: dict[tuple[str, int], tuple[Agent, View]] = {}
    for platform in platforms:
        agents = _with_something(platform, only)
        pairs: list[tuple[Agent, View]] = []
        built = built_of(build(platform)) if only is None else None
        for mine in agents:
            theirs = _partner(agents, mine, platform, server, only, called or {})
            if theirs is None:
                alone[mine.name] = only or (called or {}).get(mine.name, mine.name)
                continue
            view = view_of(server, theirs, file)
            pairs.append((mine, view))
            met.setdefault((mine.name, theirs.id), (mine, view))
            found.extend(_of_agent(model, platform, mine, view, server, built))
        if built is not None:
            found.extend(_of_build(platform, built, server, pairs, file, len(platforms) > 1))
        elif pairs:
            found.extend(devices_of_agent(platform, server, file, pairs[-1][1]))
    if only is None:
        found.extend(agents_extra(server, [view for _, view in met.values()], len(alone), file))
    if only is None:
        found.extend(_of_server(platforms, tuple(met.values()), server, file))
    return (*_no_agents(alone, server, file), *found)


def _of_agent(
    model: Model,
    platform: Platform,
    mine: Agent,
    view: View,
    server: Served,
    built: Built | None,
) -> Iterator[Diagnostic]:
    """What does not fit between an agent of a platform and what the server shows it."""
    yield from channel_differs(model, platform, mine, view.agent, view.position)
    yield from _protocols(model, platform, mine, view)
    yield from _grants(model, platform, mine, view)
    yield from undecided(platform, mine, view)
    yield from pins_missing(model, platform, mine, view)
    extra = {} if built is None else of_extra(platform, built, mine)
    yield from extra_missing(extra, view, mine)
    yield from _unused(model, platform, mine, view, extra)
    yield from services_differ(model, platform, mine, server, view)


def _of_build(
    platform: Platform, built: Built, server: Served, pairs: Pairs, file: str, joint: bool
) -> Iterator[Diagnostic]:
    """What the server would be otherwise if it were built from the board. ``joint``: it is one for
    several platforms, whose agents have numbers among all of these."""
    held = paired(platform, built, server, pairs, file)
    yield from elsewhere(platform, held)
    yield from called_otherwise(held)
    yield from levels_differ(held)
    yield from boot_differs(held)
    first = platform.instance in (None, *platform.inventory.instances[:1])
    of_platform = platform_differs(built, server, file, joint) if first else []
    called = {(each.kind, each.mine.id): str(each) for each in held}
    told = without_parents(differences(held), platform, server)
    yield from facts_differ(told, of_platform, called)
    met = {view.agent.id: mine.id for mine, view in pairs}
    for mine, view in pairs:
        yield from agents_differ(platform.inventory.tree, built, mine, view, server, joint)
    yield from devices_differ(platform, built, server, met, held, file, joint)


def _of_server(
    platforms: Sequence[Platform],
    met: Sequence[tuple[Agent, View]],
    server: Served,
    file: str,
) -> Iterator[Diagnostic]:
    """What a build of the board would have otherwise, whichever of its platforms: told once. The
    tree of one agent does not say how its server is to be."""
    for mine, view in met:
        yield from system_power_differs(mine, view.agent, view.position)
    yield from vendor_differs(platforms, server, file)
    yield from votes_differ(server, file)
    yield from parents_differ(platforms, server, file)


def _platforms(model: Model, server: Served) -> tuple[Platform, ...]:
    """The platforms of a board that a server may be: those with resources of the same nodes, if
    there are such."""
    if len(model.platforms) == 1:
        return model.platforms
    theirs = {one.node for resources in server.resources.values() for one in resources}
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
    agents: Sequence[Agent],
    mine: Agent,
    platform: Platform,
    server: Served,
    only: str | None,
    called: Called,
) -> ServedAgent | None:
    """The server's agent that one of the board is; a server of many instances has one for each."""
    single = only is not None and len(agents) == 1
    name = called.get(mine.name, mine.name) if only is None or not single else only
    by_name = {agent.name: agent for agent in reversed(server.agents)}
    for known in (at_instance(name, platform), name):
        if known in by_name:
            return by_name[known]
    if single or mine.name in called:
        return None
    single = len(server.agents) == 1 and len(agents) == 1
    return server.agents[0] if single else None


def _no_agents(alone: Mapping[str, str], server: Served, file: str) -> Iterator[Diagnostic]:
    """Agents of the board, and what they are called there, that the server does not have."""
    known = [agent.name for agent in server.agents]
    told = ", ".join(known)
    if alone and not server.complete:
        names = joined(list(dict.fromkeys(alone.values())))
        message = f"the server's description says nothing of {names}; it has {told}"
        yield KIND_UNDESCRIBED.note(message, Position(file))
        return
    for mine, name in alone.items():
        near = [one for one in known if one.casefold() == name.casefold()]
        if not near and len(known) == len(alone) == 1:
            near = known
        hint = (
            "--as NAME says whose tree the board is, --as MINE=NAME what an agent is called there"
        )
        if near:
            hint += f": --as {mine}={near[0]}"
        yield AGENT_UNSERVED.error(
            f"the server has no agent {name}; it has {told}", Position(file), hint=hint
        )


def _missing_protocols(model: Model, platform: Platform, mine: Agent, view: View) -> set[Kind]:
    """The kinds that an agent needs, its own SCMI node has a protocol for, and the server does not
    serve at all.

    A node that lists a protocol is not a need for it; and the node of one agent does not show what
    another one is served.
    """
    instance = platform.instance
    if instance is None or mine not in model.owners.of(instance.node).agents:
        return set()
    served = {kind for kind, _ in view.rows}
    needed = {kind for kind in Kind if platform.grants_of(mine, kind)}
    asked = {kind for kind in needed & view.kinds if _speaks(mine, kind) and view.complete}
    return {kind for kind in asked - served if kind.protocol in instance.protocols}


def _protocols(model: Model, platform: Platform, mine: Agent, view: View) -> Iterator[Diagnostic]:
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


def _speaks(mine: Agent, kind: Kind) -> bool:
    """Whether an agent's release has the protocol of a kind at all: else `profile-lacks` tells."""
    return kind.protocol in VERSIONS[mine.profile or Profile.V3_2]


def _served_ids(view: View, kind: Kind) -> str:
    numbers = sorted(number for k, number in view.rows if k is kind)
    return f"{view.agent.name} has {kind} {spans(numbers)}" if numbers else f"it has no {kind}"


def _grants(model: Model, platform: Platform, mine: Agent, view: View) -> Iterator[Diagnostic]:
    """What the board needs and the server does not have, does not allow, or calls otherwise."""
    missing_whole = _missing_protocols(model, platform, mine, view)
    written = _written_names(model)
    own: list[Missing] = []
    driven: list[Missing] = []
    for kind in Kind:
        if kind not in view.kinds or not _speaks(mine, kind):
            continue
        here = {plain(grant.name) for grant in platform.grants_of(mine, kind)}
        for grant in platform.grants_of(mine, kind):
            row = view.rows.get((kind, grant.id))
            names = _names(grant, written)
            if row is None:
                if grant.operations - view.undecided(grant, None) and kind not in missing_whole:
                    yield _unserved(platform, grant, names, view)
                continue
            missing = grant.operations - row.operations - row.unchecked
            missing -= view.undecided(grant, row)
            only = of_drivers(grant, missing)
            if only and not row.resource.own:
                driven.append(Missing(grant, only, row))
                missing -= only
            if missing and row.resource.own:
                own.append(Missing(grant, missing, row))
            elif missing:
                yield _insufficient(platform, grant, missing, view, row)
            other = differs(platform, grant, row)
            if other is not None:
                yield other
            # A name that only a consumer gave says something where the names of two are swapped:
            # consumers of other agents, or in another order, give other ones.
            if row.name and (names or _swapped(grant.name, row.name, here)):
                yield from _other(platform, grant, names or (grant.name,), view, row)
    yield from held_by_server(own, view)
    yield from unsettled(driven, view)


def _where(
    platform: Platform, grant: Grant, missing: frozenset[Operation] = frozenset()
) -> Position:
    places = (why.position for why in because(grant, missing))
    return next(filter(None, places), None) or Position(platform.inventory.tree.file)


def _unserved(platform: Platform, grant: Grant, names: Sequence[str], view: View) -> Diagnostic:
    kind = grant.resource.kind
    moved = view.called(kind, names or (grant.resource.name,))
    place, hint = view.position, _served_ids(view, kind)
    if moved is not None:
        number, row = moved
        place, hint = row.position, f"the server has {row.name} as {kind} {number}"
    return ID_UNSERVED.error(
        f"the server gives {view.agent.name} no {kind} {grant.id} ({grant.resource.name})",
        _where(platform, grant),
        (Related("the server", place), *because(grant, grant.operations)),
        hint,
    ).about([resource_name(grant.resource.key)], agents=[view.agent.name])


def _insufficient(
    platform: Platform, grant: Grant, missing: frozenset[Operation], view: View, row: Row
) -> Diagnostic:
    kind = grant.resource.kind
    return GRANT_MISSING.error(
        f"{view.agent.name} needs {', '.join(ordered(kind, missing))} on {kind} {grant.id} "
        f"({grant.resource.name}), which the server does not allow",
        _where(platform, grant, missing),
        (Related("the server", row.position), *because(grant, missing)),
        "allow it at the server, or drop the property that needs it",
    ).about([resource_name(grant.resource.key)], agents=[view.agent.name])


def _written_names(model: Model) -> Mapping[ResourceKey, Sequence[str]]:
    """The names that grants of the agents file give."""
    found: dict[ResourceKey, list[str]] = {}
    for grant in model.assignment.grants:
        if grant.name:
            found.setdefault(grant.key, []).append(grant.name)
    return found


def _names(grant: Grant, written: Mapping[ResourceKey, Sequence[str]]) -> Sequence[str]:
    """What a resource is called: by a build, whose lock file may have kept the name of an older
    tree or server, by the agents file, and by its provider; nothing if only consumers name it."""
    one = grant.resource
    known = (*written.get(one.key, ()), *one.facts.names)
    return (one.name.partition("~")[0], *known) if known else ()


def _swapped(mine: str, theirs: str, here: Container[str]) -> bool:
    """Whether another resource ``here`` is called what the server calls this one."""
    return plain(theirs) in here and plain(theirs) != plain(mine.partition("~")[0])


def _other(
    platform: Platform, grant: Grant, names: Sequence[str], view: View, row: Row
) -> Iterator[Diagnostic]:
    """A resource that the server calls otherwise."""
    if row.is_called(names):
        return
    kind, moved = grant.resource.kind, view.called(grant.resource.kind, names)
    related = [Related("the server", row.place)]
    if moved is not None:
        related.append(Related(f"its {kind} {moved[0]} is {moved[1].name}", moved[1].place))
    yield name_differs.warning(
        f"{kind} {grant.id} is {names[0]} here; the server calls it {row.resource.name}",
        _where(platform, grant),
        related,
        "one of the two lists has moved; compare them from the first difference",
    )


def _unused(
    model: Model, platform: Platform, mine: Agent, view: View, extra: Operations
) -> Iterator[Diagnostic]:
    """What the server allows beyond the need, and beyond what is ``extra``: one note."""
    needed = {
        (g.resource.kind, g.id): g.operations for k in Kind for g in platform.grants_of(mine, k)
    }
    for pin in asked_of(model, platform, mine):
        needed[Kind.PIN, pin.number] = frozenset(OPERATIONS[Kind.PIN])
    for place, operations in extra.items():
        needed[place] = needed.get(place, frozenset()) | operations
    beyond = beyond_need(view, needed)
    if beyond:
        first, *others = beyond
        note = grant_unused.note(
            f"the server allows {view.agent.name} what the tree does not need: {first.message}",
            first.position,
            others,
            "deny what is not meant; least privilege is what the devices need",
        )
        yield replace(note, whole=True)
