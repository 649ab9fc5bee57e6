"""What the user is told of the trees: what they cannot have, and what was decided."""

from collections.abc import Iterator, Sequence, Set

from scmigen.assignment.assignment import Agent
from scmigen.bindings.dialects import DIALECTS, Os
from scmigen.bindings.facts import ProviderClass
from scmigen.bindings.node_kinds import bus_of
from scmigen.bindings.repointing import Lost, Trouble, Unattached, Unvoted
from scmigen.bindings.status_edits import switches_off
from scmigen.bindings.transports import PART_OF, TRANSPORTS, Part, ScmiTransport
from scmigen.checks import hints
from scmigen.checks.controllers import entry_of, place_of
from scmigen.checks.words import listed, names, node_word, resource_name
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Related, counted
from scmigen.model.platform import Platform
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.names import title_of
from scmigen.targets.consumer.board import Board
from scmigen.targets.consumer.findings import (
    CHANNEL_UNSAID,
    CHANNELS_FEW,
    CONTROLLER_FOREIGN,
    DOMAIN_UNATTACHED,
    OPERATION_LOST,
    OS_KINDS,
    OS_TRANSPORT,
    PROVIDER_KEPT,
    REFERENCE_LOST,
    TRANSPORT_ASSUMED,
    VOTES_LOST,
)
from scmigen.targets.consumer.plan import Plan
from scmigen.targets.consumer.reach import others_channels, served_elsewhere
from scmigen.targets.consumer.waiting import Waiting

_EVERY = "every agent's tree"
#: Part of a channel → how an agents file says it, by example; of mailboxes it cannot.
_KEYS = {
    Part.SMC_ID: "smc-id: 0x82000010",
    Part.MEMORY: 'shmem: "&scmi_shmem"',
    Part.NUMBER: "channel: 0",
}


def told(platform: Platform, board: Board, plans: Sequence[Plan]) -> Iterator[Diagnostic]:
    """All findings of the trees of a platform."""
    native = {
        use.consumer
        for use in platform.inventory.uses
        if platform.providers[use.key.provider].category is ProviderClass.LOCAL
    }
    for plan in plans:
        if plan.short:
            yield _short(plan)
            continue
        yield from _channel(plan)
        yield from _os(platform, plan)
        for item in plan.trouble:
            if _concerns(platform, plan, board, item):
                yield _trouble(platform, plan, item).about(
                    [resource_name(item.key)] if isinstance(item, Lost) else (),
                    [item.consumer.path],
                    [plan.agent.name],
                )
        for each in plan.waiting:
            yield _waiting(platform, plan.agent, each, native)
    yield from _kept(platform, board, plans)


def _kept(platform: Platform, board: Board, plans: Sequence[Plan]) -> Iterator[Diagnostic]:
    """The providers that stay enabled, and in whose trees."""
    off = [
        (plan.agent.name, {edit.path for edit in plan.edits if switches_off(edit)})
        for plan in (plans if board.kept else ())
    ]
    for path, why in sorted(board.kept.items()):
        node = platform.inventory.tree.node(path)
        above = () if node is None else (node.path, *(up.path for up in node.ancestors()))
        having = [name for name, paths in off if paths.isdisjoint(above)]
        trees = f"the tree{'s' if len(having) > 1 else ''} of {listed(having)}"
        if having:
            yield PROVIDER_KEPT.note(
                f"{path} stays enabled in {trees if len(having) < len(off) else _EVERY},"
                f" though the platform drives it: {why}",
                node.position if node is not None else None,
                hint="see that its driver in the agents' kernels leaves alone what the platform"
                " drives, or leave the driver out of them",
            ).about(nodes=[path])


def _short(plan: Plan) -> Diagnostic:
    """An agent with fewer channels than platforms that serve it."""
    agent, paths = plan.agent, [each.node.path for each in plan.short]
    return CHANNELS_FEW.error(
        f"no source says a channel of {agent.name} for each of {listed(paths)},"
        " whose platforms serve it",
        agent.position,
        [Related(each.node.path, each.node.position) for each in plan.short],
        f"leave {agent.name} what one of them serves, or claim those with its channels for it:"
        " access: [{dev: …}]",
    ).about(nodes=paths, agents=[agent.name])


def _os(platform: Platform, plan: Plan) -> Iterator[Diagnostic]:
    """What the system that reads the tree lacks."""
    agent, dialect = plan.agent, DIALECTS[plan.os]
    if not plan.is_spoken and plan.transport is not None:
        known = [row.word for row in TRANSPORTS if row.compatible in dialect.transports]
        yield OS_TRANSPORT.error(
            f"{plan.os}, the os of {agent.name}, has no driver for {plan.transport.compatible}",
            agent.position,
            hint=f"it has {', '.join(known)}",
        ).about(agents=[agent.name])
    theirs = others_channels(platform, agent)
    for other in platform.inventory.instances if plan.os is Os.U_BOOT else ():
        is_second = other is not platform.instance and other.node not in theirs
        if is_second and other.transport.compatible in dialect.transports:
            yield OS_KINDS.note(
                f"{plan.os}, the os of {agent.name}, takes one SCMI node only; {other.node.path} is"
                " disabled in this tree, and devices do not refer to it",
                other.node.position,
            ).about(nodes=[other.node.path], agents=[agent.name])
    kinds = [k for k in Kind if k not in dialect.kinds and platform.grants_of(agent, k)]
    if kinds:
        yield OS_KINDS.note(
            f"{plan.os}, the os of {agent.name}, has no driver by which devices use its"
            f" {listed(kinds)} resources; its tree does not refer to these",
            agent.position,
        ).about(agents=[agent.name])


def _concerns(platform: Platform, plan: Plan, board: Board, item: Trouble) -> bool:
    """Whether the agent misses it: what it runs on, others drive; and a fixed provider works
    without its supply where no device of the agent needs it."""
    node = item.consumer
    provider = platform.providers.get(node.path)
    if provider is not None and provider.category is ProviderClass.FIXED:
        return False
    return node not in board.common or plan.agent in platform.owners.of(node).all_agents


def _waiting(platform: Platform, agent: Agent, item: Waiting, native: Set[Node]) -> Diagnostic:
    """What waits for a controller; ``native``: the nodes that use what agents drive natively."""
    tree = platform.inventory.tree
    first, *others = item.entries
    users = list(dict.fromkeys(entry.consumer.path for entry in item.entries))
    more = f" and {counted(len(users) - 1, 'other node')}" if len(users) > 1 else ""
    props = listed(dict.fromkeys(entry.prop for entry in item.entries))
    word, owner = node_word(tree, item.controller.path), platform.owners.of(item.controller)
    whose = "the platform" if owner.platform else names(owner.all_agents) or "nobody"
    return CONTROLLER_FOREIGN.warning(
        f"{agent.name}: {users[0]}{more} {'refer' if more else 'refers'} to {word} ({props}), which"
        f" is {whose}'s and so reserved in this tree",
        place_of(tree, first),
        [entry_of(tree, entry) for entry in others],
        _both(platform, agent, item.controller, native),
    ).about(nodes=[item.controller.path, *users], agents=[agent.name])


def _both(platform: Platform, agent: Agent, node: Node, native: Set[Node]) -> str:
    """How an agent comes to have what others drive, unless that depends on more of theirs."""
    tree, owner = platform.inventory.tree, platform.owners.of(node)
    alone = f"give {node_word(tree, node.path)} and what works through it to one agent"
    bus = bus_of(node)
    is_native = not native.isdisjoint(node.walk())
    foreign_bus = bus is not None and agent not in platform.owners.of(bus).all_agents
    if owner.platform or is_native or foreign_bus or not owner.all_agents:
        return alone
    agents = [each for each in (*owner.all_agents, agent) if not each.default]
    return f"{hints.shared(tree, owner.claims, node, agents)} shares it; or {alone}"


def _channel(plan: Plan) -> Iterator[Diagnostic]:
    agent, transport = plan.agent, plan.transport
    name = agent.name
    if transport is None:
        return
    if plan.assumed:
        said = agent.transport
        yield TRANSPORT_ASSUMED.warning(
            f"no source says how {name} reaches the platform: its tree has {transport.compatible}"
            if said is None
            else f"no device tree can have the transport {said.type} of {name}: its tree has"
            f" {transport.compatible}",
            agent.position,
            hint=f"{_in_agents_file(name, transport.word)} if that is right; or such as"
            f" {{type: smc, {_KEYS[Part.SMC_ID]}, {_KEYS[Part.MEMORY]}}}",
        ).about(agents=[name])
    if plan.missing:
        yield CHANNEL_UNSAID.error(
            f"the {transport.word} channel of {name} needs {' and '.join(plan.missing)},"
            " which no source says",
            agent.position,
            hint=_how_to_say(plan.missing, transport, name),
        ).about(agents=[name])


def _how_to_say(missing: Sequence[str], transport: ScmiTransport, agent: str) -> str:
    """Where a channel can be said."""
    parts = [PART_OF.get(name) for name in missing]
    if Part.MAILBOX in parts:
        return (
            f"an agents file has no mailboxes: write {' and '.join(missing)} in the board's SCMI"
            f" node, if it is {agent}'s, or in {agent}'s node of a server description; or give it"
            " another transport"
        )
    if None in parts:
        return "the board's tree has no node that the SCMI node could name there"
    keys = (_KEYS[part] for part in (PART_OF[name] for name in transport.needs) if part in _KEYS)
    such = _in_agents_file(agent, transport.word, *keys)
    return f"such as {such}; or in the board's SCMI node, if that is {agent}'s"


def _in_agents_file(agent: str, *words: str) -> str:
    """How an agents file says a transport: its type, and more of its keys."""
    inner = ", ".join((f"type: {words[0]}", *words[1:]))
    return f"domains: {{{agent}: {{scmi: {{transport: {{{inner}}}}}}}}}"


def _trouble(platform: Platform, plan: Plan, item: Trouble) -> Diagnostic:
    agent = plan.agent.name
    if isinstance(item, Unattached):
        return DOMAIN_UNATTACHED.note(
            f"{agent}: {item.consumer.path} has a power domain and a performance domain",
            item.consumer.position,
        )
    if isinstance(item, Unvoted):
        return VOTES_LOST.note(
            f"{agent}: the operating points of {item.consumer.path} vote on several domains;"
            " its tree has none of these votes",
            item.consumer.position,
        )
    found = item.consumer.get(item.prop)
    where = found.position if found is not None else item.consumer.position
    title = f"{item.key.kind} {title_of(platform, item.key)}"
    entry = f"{item.consumer.path} {item.prop}[{item.index}]"
    if item.operations:
        may = " and ".join(ordered(item.key.kind, item.operations))
        scales = item.prop == "clocks" or item.key.kind is Kind.PERFORMANCE
        left = "does not scale it" if scales else "is <0>"
        message = f"{agent} may not set the {may} of {title}: {entry} {left}"
        return OPERATION_LOST.note(message, where)
    other = served_elsewhere(platform, plan.agent, item.key)
    if other is not None:
        return REFERENCE_LOST.warning(
            f"{entry} is {title}, which {agent} has through {other.node.path}",
            where,
            [Related(other.node.path, other.node.position)],
            f"have {agent} boot with its tree for the platform of that SCMI node",
        )
    return REFERENCE_LOST.warning(
        f"{entry} is {title}, to which {agent} has no access",
        where,
        hint="give the agent what it needs of it, or the device to another one",
    )
