"""What the user is told of the trees: what they cannot have, and what was decided."""

from collections.abc import Iterable, Iterator

from scmigen.bindings.dialects import DIALECTS, Os
from scmigen.bindings.facts import ProviderClass
from scmigen.bindings.repointing import Lost, Trouble, Unattached, Unvoted
from scmigen.bindings.transports import TRANSPORTS
from scmigen.checks.words import listed, resource_name
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.names import title_of
from scmigen.targets.consumer.board import Board
from scmigen.targets.consumer.findings import (
    CHANNEL_UNSAID,
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


def told(platform: Platform, board: Board, plans: Iterable[Plan]) -> Iterator[Diagnostic]:
    """All findings of the trees of a platform."""
    for plan in plans:
        yield from _channel(plan)
        yield from _os(platform, plan)
        for item in plan.trouble:
            if _concerns(platform, plan, board, item):
                yield _trouble(platform, plan, item).about(
                    [resource_name(item.key)] if isinstance(item, Lost) else (),
                    [item.consumer.path],
                    [plan.agent.name],
                )
    for path, why in sorted(board.kept.items()):
        node = platform.inventory.tree.node(path)
        yield PROVIDER_KEPT.note(
            f"{path} stays enabled in every agent's tree, though the platform drives it: {why}",
            node.position if node is not None else None,
            hint="leave its driver out of the agents' kernels",
        ).about(nodes=[path])


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
    for other in platform.inventory.instances if plan.os is Os.U_BOOT else ():
        if other is not platform.instance and other.transport.compatible in dialect.transports:
            yield OS_KINDS.note(
                f"{plan.os}, the os of {agent.name}, takes one SCMI node only; {other.node.path} is"
                " disabled in this tree",
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


def _channel(plan: Plan) -> Iterator[Diagnostic]:
    agent = plan.agent
    if plan.assumed and plan.channel is not None:
        has = plan.channel.transport.compatible
        yield TRANSPORT_ASSUMED.warning(
            f"no source says how {agent.name} reaches the platform: its tree has {has}",
            agent.position,
            hint="say it in the agents file: scmi: {transport: {type: smc, smc-id: …, shmem: …}}",
        ).about(agents=[agent.name])
    if plan.missing and plan.channel is not None:
        needs = " and ".join(plan.missing)
        yield CHANNEL_UNSAID.error(
            f"the {plan.channel.transport.word} channel of {agent.name} needs {needs},"
            " which no source says",
            agent.position,
            hint="say it below scmi: {transport: …} of the agent, or in an SCMI node of the board",
        ).about(agents=[agent.name])


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
    return REFERENCE_LOST.warning(
        f"{entry} is {title}, to which {agent} has no access",
        where,
        hint="give the agent what it needs of it, or the device to another one",
    )
