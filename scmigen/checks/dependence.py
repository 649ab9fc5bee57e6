"""Checks of what devices depend on: who owns it, and who could turn it off."""

from collections import Counter
from collections.abc import Iterable, Iterator

from scmigen.assignment.assignment import Agent
from scmigen.bindings.consumers import (
    is_clock_input,
)
from scmigen.bindings.dependencies import interrupt_root
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.node_kinds import is_cpu, is_critical
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.controllers import kept_on, through_controllers
from scmigen.checks.enclosing import inside_devices
from scmigen.checks.provider_inputs import around_providers
from scmigen.checks.topology import above_others
from scmigen.checks.words import (
    VERBS,
    agent_names,
    depends,
    listed,
    names,
    node_word,
    position,
    powers_word,
    resource_name,
    resource_word,
    use_word,
)
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position, Related, Severity, counted
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


@check(
    "depends-foreign",
    about="Another agent can turn off, reset or change what an agent's device depends on.",
    advice="Make it always-on, give both to one agent, or have the platform serve it.",
    severity=Severity.WARNING,
)
def depends_foreign(model: Model) -> Iterator[Diagnostic]:
    """Resources and controllers a device depends on that another agent can switch off."""
    yield from _through_platform(model)
    yield from inside_devices(model, depends_foreign)
    yield from around_providers(model, depends_foreign)
    yield from through_controllers(model, depends_foreign)
    yield from above_others(model, depends_foreign)


def _through_platform(model: Model) -> Iterator[Diagnostic]:
    """Managed providers that an agent uses and that depend on what another agent drives."""
    tree = model.inventory.tree
    users: dict[str, dict[int, Agent]] = {}
    for draft in model.findings.granted.drafts.values():
        users.setdefault(draft.key.provider, {})[draft.agent.id] = draft.agent
    told: set[tuple[str, str]] = set()
    closure = model.findings.closure
    clocks = Counter(
        use.consumer.path for use in (*closure.fed, *closure.fed_locally) if is_clock_input(use)
    )
    for use in closure.fed_locally:
        if use.key.kind is Kind.CLOCK and clocks[use.consumer.path] != 1:
            # One of many inputs: which outputs depend on it is unknown.
            continue
        holder = model.owners.of(model.providers[use.key.provider].node).all_agents
        others = [
            agent
            for _, agent in sorted(users.get(use.consumer.path, {}).items())
            if agent not in holder
        ]
        place = use.consumer.path, use.key.provider
        if others and holder and place not in told:
            told.add(place)
            yield depends_foreign.warning(
                f"{node_word(tree, use.consumer.path)}, which {depends(others)} on, takes "
                f"{use.prop} from {node_word(tree, use.key.provider)}, and {names(holder)} "
                "can turn that off",
                position(tree, use),
                hint=f"{hints.managed(tree, [use.key.provider])} has the platform serve it",
            ).about(
                nodes=[use.consumer.path, use.key.provider],
                agents=agent_names((*others, *holder)),
                by=agent_names(holder),
            )


#: Operations that affect every agent. CPUs are scaled by the operating system that runs on them.
_OVER_ALL = frozenset(VERBS)
_OVER_CPUS = frozenset({Operation.STATE, Operation.RESET})

_Critical = tuple[Operation, Use]


@check(
    "critical-resource",
    about="One of several agents may turn off or slow down what all of them run on.",
    advice="Keep these devices for the platform (platform.devices), or what CPUs run on always on "
    "(platform.always-on).",
    severity=Severity.WARNING,
)
def critical_resource(model: Model) -> Iterator[Diagnostic]:
    """What all agents run on, and one of several may change: one warning per agent."""
    if len(model.assignment.agents) < 2:
        return
    for agent, powers in sorted(_critical_powers(model).items(), key=lambda item: item[0].id):
        yield critical_resource.warning(*_critical(model, agent, powers)).about(
            [resource_name(use.key) for _, use in powers],
            [use.consumer.path for _, use in powers],
            [agent.name],
            [agent.name],
        )


def _critical_powers(model: Model) -> dict[Agent, list[_Critical]]:
    """What each agent may do to what everything runs on, except turn off what is kept on, or what
    every other agent may keep on by a vote of its own."""
    tree = model.inventory.tree
    critical = {interrupt_root(tree), *filter(is_critical, tree.nodes)}
    kept = kept_on(model)
    drafts = model.findings.granted.drafts
    found: dict[Agent, dict[tuple[Operation, ResourceKey], Use]] = {}
    for use in model.findings.closure.needs:
        if use.consumer not in critical:
            continue
        over = _OVER_CPUS if is_cpu(use.consumer) else _OVER_ALL
        for agent in model.owners.of(use.consumer).agents:
            draft = drafts.get((agent.id, use.key))
            allowed = over & use.needs & (draft.operations if draft is not None else set())
            voted = use.key in kept or _others_vote(model, agent, use.key)
            for operation in filter(allowed.__contains__, VERBS):
                if operation is not Operation.STATE or not voted:
                    found.setdefault(agent, {}).setdefault((operation, use.key), use)
    return {
        agent: [(operation, use) for (operation, _), use in powers.items()]
        for agent, powers in found.items()
    }


def may_turn_off(model: Model) -> frozenset[ResourceKey]:
    """What `critical_resource` reports that one of several agents may turn off."""
    if len(model.assignment.agents) < 2:
        return frozenset()
    every = (power for powers in _critical_powers(model).values() for power in powers)
    return frozenset(use.key for operation, use in every if operation is Operation.STATE)


def _others_vote(model: Model, agent: Agent, key: ResourceKey) -> bool:
    drafts = model.findings.granted.drafts
    others = (drafts.get((other.id, key)) for other in model.assignment.agents if other != agent)
    return all(draft is not None and Operation.STATE in draft.operations for draft in others)


def _critical(
    model: Model, agent: Agent, powers: list[_Critical]
) -> tuple[str, Position, list[Related], str]:
    tree = model.inventory.tree
    _, first = powers[0]
    here = [power for power in powers if power[1].consumer is first.consumer]
    words = powers_word(model.inventory, ((operation, use.key) for operation, use in here))
    uses = {(use.consumer.path, use.prop, use.index): use for _, use in powers}
    return (
        f"{agent.name} may {words}, on which {first.consumer.path} and so every agent runs",
        position(tree, first),
        [Related(use_word(use), position(tree, use)) for use in [*uses.values()][1:]],
        _critical_hint(model, agent, powers),
    )


def _critical_hint(model: Model, agent: Agent, powers: list[_Critical]) -> str:
    """The platform keeps the devices, but not CPUs that the agent scales: nobody could then."""
    voted = {use.key: None for _, use in powers if _is_scaled(model, agent, use, powers)}
    nodes = [use.consumer for _, use in powers if use.key not in voted]
    parts = [_kept_hint(model, nodes)] if nodes else []
    if voted:
        parts.append(
            f"{agent.name} scales the CPUs, so that they stay {agent.name}'s: "
            f"{hints.always_on(model.inventory, voted)} keeps on what they run on"
        )
    return "; ".join(parts)


def _is_scaled(model: Model, agent: Agent, use: Use, powers: list[_Critical]) -> bool:
    """Whether a CPU is scaled by the agent that may turn off, and no more, what it runs on."""
    if not is_cpu(use.consumer) or any(
        operation is not Operation.STATE for operation, other in powers if other.key == use.key
    ):
        return False
    return any(
        need.needs & {Operation.LEVEL, Operation.RATE}
        and agent in model.owners.of(need.consumer).agents
        for need in model.findings.closure.needs
        if is_cpu(need.consumer)
    )


def _kept_hint(model: Model, nodes: Iterable[Node]) -> str:
    """The platform keeps the devices; of CPUs all, since they share clocks and OPP tables."""
    tree = model.inventory.tree
    kept = dict.fromkeys(
        node.parent.path if is_cpu(node) and node.parent is not None else node.path
        for node in nodes
    )
    claimed: dict[str, dict[str, None]] = {}
    for claim in model.assignment.claims:
        above = {claim.node.path, *(part.path for part in claim.node.ancestors())}
        if claim.agent is not None and claim.exact and not above.isdisjoint(kept):
            claimed.setdefault(claim.agent, {}).setdefault(node_word(tree, claim.node.path))
    drops = (
        f"remove {', '.join(words)} from access of {agent}; " for agent, words in claimed.items()
    )
    it = "them" if len(kept) > 1 else "it"
    return (
        f"{''.join(drops)}{hints.devices(tree, kept)} keeps {it} for the platform"
        f"{_scaling_lost(model, kept)}"
    )


def _scaling_lost(model: Model, kept: Iterable[str]) -> str:
    """What agents lose with the devices: nobody scales what only the platform has."""
    inside = set(kept)
    lost: dict[ResourceKey, None] = {}
    for use in model.findings.closure.needs:
        above = {use.consumer.path, *(part.path for part in use.consumer.ancestors())}
        if not above.isdisjoint(inside) and use.needs & {Operation.LEVEL, Operation.RATE}:
            lost.setdefault(use.key)
    words = [resource_word(model.inventory, key) for key in lost]
    return f"; no agent can scale {listed(words)} then" if words else ""


@check(
    "device-unassigned",
    about="A device needs something from the platform and belongs to no agent.",
    advice="Make one agent the default, or name the device in an access entry.",
    severity=Severity.WARNING,
)
def device_unassigned(model: Model) -> Iterator[Diagnostic]:
    """Devices that need something and belong to no agent, one warning per tree."""
    tree = model.inventory.tree
    first_uses: dict[str, Use] = {}
    for use in model.findings.closure.unowned:
        if use.consumer.path not in model.inventory.secure_only:
            first_uses.setdefault(use.consumer.path, use)
    if first_uses:
        first, *others = first_uses.values()
        yield device_unassigned.warning(
            f"{counted(len(first_uses), 'device is', 'devices are')} assigned to no agent, so no "
            f"agent may use what {'it needs' if len(first_uses) == 1 else 'they need'}: "
            f"{first.consumer.path}",
            position(tree, first),
            [Related(use.consumer.path, position(tree, use)) for use in others],
            "make one agent the default (default: true), or name the devices in access entries",
        ).about(nodes=first_uses)


@check(
    "device-reserved",
    about="An agent is given a device that is reserved for other firmware (status).",
    advice="Remove the entry, or enable the device if it is free.",
    severity=Severity.WARNING,
)
def device_reserved(model: Model) -> Iterator[Diagnostic]:
    """Exact claims on devices that ``status = "reserved"`` leaves to other firmware."""
    for claim in model.assignment.claims:
        reserved = model.inventory.availability.reserved(claim.node)
        if claim.exact and claim.agent is not None and reserved:
            yield device_reserved.warning(
                f"{claim.node.path} is given to {claim.agent}, but its status is reserved: "
                "other firmware uses it, and nothing is granted",
                claim.position,
                hint='remove the entry, or set status = "okay" if the device is free',
            ).about(nodes=[claim.node.path], agents=[claim.agent])
