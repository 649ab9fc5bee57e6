"""Checks of who shares what: devices between agents, and operations that do not aggregate."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from scmigen.assignment.assignment import Agent, Claim, HandGrant
from scmigen.bindings.classify import switch_of
from scmigen.bindings.consumers import driver_entry
from scmigen.bindings.facts import Use
from scmigen.bindings.node_kinds import bus_of
from scmigen.checks import hints
from scmigen.checks.check import Check, check
from scmigen.checks.words import (
    agent_names,
    depends,
    examples,
    names,
    node_word,
    position,
    resource_name,
    resource_word,
)
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position, Related, Severity
from scmigen.model.ownership import Ownership
from scmigen.model.platform import Model
from scmigen.model.sharing import Conflict
from scmigen.runtime import Role
from scmigen.scmi.operations import Operation


@check(
    "device-conflict",
    about="Two agents claim one device, and it is not shared.",
    advice="Give it to one of them, or mark every entry shared or assignable.",
)
def device_conflict(model: Model) -> Iterator[Diagnostic]:
    """Claims of one rank by several agents on one device."""
    for conflict in model.findings.claims:
        claims = conflict.claims
        agents = list(dict.fromkeys(claim.agent or "the platform" for claim in claims))
        yield device_conflict.error(
            f"{conflict.node.path} is given to {' and '.join(agents)}",
            claims[-1].position,
            [Related(f"{claim.agent or 'the platform'}", claim.position) for claim in claims[:-1]],
            "remove one of the entries: what the platform keeps cannot be shared"
            if any(claim.agent is None for claim in claims)
            else "remove all entries but one, or add flags: {shared: true} to every entry",
        ).about(nodes=[conflict.node.path], agents=[c.agent for c in claims if c.agent])


@check(
    "device-disabled",
    about="An agent is given a device that is not enabled.",
    advice="Enable the device in the tree or an overlay, or remove the entry.",
    severity=Severity.WARNING,
)
def device_disabled(model: Model) -> Iterator[Diagnostic]:
    """Exact claims on devices that are not enabled."""
    availability = model.inventory.availability
    for claim in model.assignment.claims:
        reserved = claim.agent is not None and availability.reserved(claim.node)
        if claim.exact and not reserved and not availability.present(claim.node):
            yield device_disabled.warning(
                f"{claim.node.path} is given to {claim.agent or 'the platform'}, "
                "but it is not enabled",
                claim.position,
                hint='an overlay may enable it; otherwise set status = "okay" or remove the entry',
            ).about(nodes=[claim.node.path], agents=[claim.agent] if claim.agent else [])


@check(
    "device-secure",
    about="An agent that is not secure is given a secure-only device.",
    advice="Give it to an agent of the role secure.",
    severity=Severity.WARNING,
)
def device_secure(model: Model) -> Iterator[Diagnostic]:
    """Claims by agents that are not secure on devices that only the secure world may use."""
    availability = model.inventory.availability
    roles = {agent.name: agent.role for agent in model.assignment.agents}
    for claim in model.assignment.claims:
        if not claim.exact or claim.agent is None or roles[claim.agent] is Role.SECURE:
            continue
        if claim.node.path in model.inventory.secure_only:
            yield device_secure.warning(
                f"{claim.node.path} is given to {claim.agent}, but secure-status reserves it for "
                "the secure world; nothing is granted",
                claim.position,
                [Related("for the secure world", availability.status_position(claim.node))],
                "give it to an agent of the role secure",
            ).about(nodes=[claim.node.path], agents=[claim.agent])


@check(
    "bus-owner",
    about="A device is behind a bus whose controller another agent owns.",
    advice="Give device and bus controller to one agent, or share the device.",
)
def bus_owner(model: Model) -> Iterator[Diagnostic]:
    """Devices on a bus whose controller no agent of theirs owns; those of one bus that one entry of
    an agents file takes are one finding."""
    availability = model.inventory.availability
    found: dict[tuple[Position | None, str, tuple[Agent, ...]], list[Claim]] = {}
    seen: set[str] = set()
    for claim in model.assignment.claims:
        bus = bus_of(claim.node)
        if bus is None or claim.node.path in seen or not availability.present(claim.node):
            continue
        seen.add(claim.node.path)
        of_device = model.owners.of(claim.node)
        of_bus = model.owners.of(bus)
        if of_device.platform or not set(of_device.all_agents) - set(of_bus.all_agents):
            continue
        if of_bus.shared or (of_device.shared and set(of_device.agents) & set(of_bus.agents)):
            continue
        entry = claim.position, bus.path, tuple(of_device.all_agents)
        found.setdefault(entry, []).append(claim)
    for claims in found.values():
        yield _on_bus(model, claims)


def _on_bus(model: Model, claims: Sequence[Claim]) -> Diagnostic:
    """What one entry takes from a bus of others."""
    first, nodes = claims[0].node, [claim.node for claim in claims]
    bus = bus_of(first)
    assert bus is not None
    agents, of_bus = model.owners.of(first).all_agents, model.owners.of(bus)
    owner = "the platform" if of_bus.platform else names(of_bus.all_agents) or "nobody"
    alone = len(nodes) == 1
    subject = f"{first.path} is" if alone else f"{len(nodes)} devices are"
    return bus_owner.error(
        f"{subject} {names(agents)}'s, but the controller of {'its' if alone else 'their'} bus, "
        f"{bus.path}, is {owner}'s",
        claims[0].position,
        () if alone else [Related(node.path, node.position) for node in nodes],
        _bus_hint(model, claims, bus, of_bus),
    ).about(nodes=[node.path for node in nodes], agents=agent_names(agents))


def _bus_hint(model: Model, claims: Sequence[Claim], bus: Node, of_bus: Ownership) -> str:
    """Whichever of both can be moved. A bus stays where it is if an agent claims it, or if what is
    on it and what is elsewhere drive each other natively."""
    tree, node = model.inventory.tree, claims[0].node
    of_device, alone = model.owners.of(node), len(claims) == 1
    drop = f"remove the entry for {node_word(tree, node.path)}" if alone else "narrow the pattern"
    if of_bus.platform:
        return f"{drop}, or take {node_word(tree, bus.path)} out of platform.devices"
    given = f"give {node_word(tree, bus.path)} to the same agent"
    if not of_bus.claims and len(of_device.agents) == 1 and _moves_alone(model, bus):
        given = hints.access(tree, [bus.path], of_device.agents)
    default = [agent for agent in of_bus.agents if agent.default]
    share = hints.shared(tree, model.assignment.claims, node, of_device.agents)
    return f"{given}; or {share if default and alone else drop}"


def _moves_alone(model: Model, bus: Node) -> bool:
    """Whether no native use leads into the bus or out of it."""
    tree = model.inventory.tree
    for use in model.findings.closure.native:
        provider = model.providers[use.key.provider]
        switch = switch_of(tree, provider.node) if provider.switched_by_board else None
        if _is_on(bus, use.consumer) != _is_on(bus, switch[1] if switch else provider.node):
            return False
    return True


def _is_on(bus: Node, node: Node) -> bool:
    return node is bus or bus in node.ancestors()


_WORDS = {
    Operation.RATE: "its rate is set",
    Operation.PARENT: "its parent is set",
    Operation.RESET: "it is asserted",
    Operation.LEVEL: "its level is set",
    Operation.CONFIG: "it is configured",
}


def shared_operation(operation: Operation, model: Model) -> Iterator[Diagnostic]:
    """An operation that does not aggregate, on what several agents use, and no owner."""
    tree = model.inventory.tree
    for conflict in model.findings.granted.conflicts:
        if conflict.operation is not operation:
            continue
        word = resource_word(model.inventory, conflict.key)
        agents = names(conflict.holders)
        others = [user for user in conflict.users if user not in conflict.holders]
        if others:
            what = f"{_WORDS[conflict.operation]} by {agents} while {depends(others)} on it"
        else:
            what = f"{_WORDS[conflict.operation]} by {agents}"
        yield (
            SHARED[operation]
            .error(
                f"{word}: {what}",
                _first_position(model, conflict),
                examples(
                    tree, sorted(conflict.uses, key=lambda pair: not _wants(pair[1], operation))
                ),
                _owner_hint(model, conflict),
            )
            .about([resource_name(conflict.key)], agents=agent_names(conflict.users))
        )


def _shared(operation: Operation, about: str, advice: str) -> Check:
    return Check(f"{operation}-shared", about, advice, run=partial(shared_operation, operation))


#: Operation that does not aggregate → the check that two agents do not compete for it.
SHARED: Mapping[Operation, Check] = {
    **{
        operation: _shared(
            operation,
            f"An agent may set the {operation} of what another agent depends on; nobody owns it.",
            "Name an owner of the resource, or give the devices that use it to one agent.",
        )
        for operation in (Operation.RATE, Operation.PARENT, Operation.LEVEL, Operation.CONFIG)
    },
    Operation.RESET: _shared(
        Operation.RESET,
        "An agent may assert a reset that another agent's device depends on.",
        "Name an owner of the reset, or give the devices that use it to one agent.",
    ),
}


def _wants(why: Use | HandGrant, operation: Operation) -> bool:
    return operation in (why.needs if isinstance(why, Use) else why.operations)


def _first_position(model: Model, conflict: Conflict) -> Position | None:
    """Where the first of those who hold the operation says that it needs it."""
    for agent, why in conflict.uses:
        if agent in conflict.holders and _wants(why, conflict.operation):
            return position(model.inventory.tree, why) if isinstance(why, Use) else why.position
    return None


def _owner_hint(model: Model, conflict: Conflict) -> str:
    nested = _nested(conflict) if conflict.operation is Operation.RESET else None
    if nested is not None:
        part, whole = nested
        return (
            f"{part.path} is part of {whole.path}: give both to one agent, "
            "or leave the reset to one of them"
        )
    written = {
        why.agent
        for _, why in conflict.uses
        if isinstance(why, HandGrant) and _wants(why, conflict.operation)
    }
    if len(written) > 1:
        return f"remove {conflict.operation} from all grants but one"
    owner = next((h for h in conflict.holders if h.name in written), conflict.holders[0])
    line = hints.owners(model.inventory, [(conflict.key, owner)])
    return f"name an owner ({line}){_together(conflict, owner)}{_undriven(conflict)}"


def _together(conflict: Conflict, owner: Agent) -> str:
    """The way out by the devices: that one agent has all, where no user has a grant without any.

    Assignable ones are none: with what else uses the resource, they stay several that use it.
    """
    if any(isinstance(why, HandGrant) for agent, why in conflict.uses if agent != owner):
        return ""
    if None in conflict.users and set(conflict.users) <= {None, owner}:
        return f", or give {owner.name} the platform's devices that use it"
    return ", or give the devices that use it to one agent"


def _undriven(conflict: Conflict) -> str:
    """The other way out where only one driver is said to use the operation: that it does not."""
    wanted = [
        (agent, why)
        for agent, why in conflict.uses
        if agent in conflict.holders and _wants(why, conflict.operation)
    ]
    if len(wanted) != 1:
        return ""
    ((agent, why),) = wanted
    if not isinstance(why, Use):
        return ""
    entry = driver_entry(why)
    if entry is None or conflict.operation in why.told_by_tree:
        return ""
    return f"; or {hints.needs(entry, (), agent)} if its driver does not set it"


def _nested(conflict: Conflict) -> tuple[Node, Node] | None:
    """A device of one agent below a device of another, which both name the resource."""
    pairs = [(agent, why.consumer) for agent, why in conflict.uses if isinstance(why, Use)]
    agents = {node.path: agent for agent, node in pairs}
    for agent, node in pairs:
        for above in node.ancestors():
            if above.path in agents and agents[above.path] != agent:
                return node, above
    return None


@check(
    "feeds-others",
    about="An agent may change a clock that may feed another agent's.",
    advice="Name the owner of each input, or give the whole block to one agent.",
    severity=Severity.WARNING,
)
def feeds_others(model: Model) -> Iterator[Diagnostic]:
    """One warning per provider whose many inputs may carry one agent's change to another."""
    tree = model.inventory.tree
    by_provider: dict[str, list[Conflict]] = {}
    for path, conflict in model.findings.granted.possible:
        by_provider.setdefault(path, []).append(conflict)
    for path, conflicts in by_provider.items():
        inputs = ", ".join(sorted({resource_word(model.inventory, c.key) for c in conflicts}))
        yield feeds_others.warning(
            f"{node_word(tree, path)} serves several agents, and it may feed them from {inputs}: "
            "a change by one agent may affect another",
            model.providers[path].node.position,
            hint=hints.owners(model.inventory, ((c.key, c.holders[0]) for c in conflicts))
            + " names an owner of each input; or give the whole block to one agent",
        ).about(
            [resource_name(c.key) for c in conflicts],
            [path],
            agent_names(agent for c in conflicts for agent in (*c.holders, *c.users)),
        )


@check(
    "grant-against-owner",
    about="An explicit grant gives what only the owner of the resource may do.",
    advice="Remove the grant or the owner.",
)
def grant_against_owner(model: Model) -> Iterator[Diagnostic]:
    """Explicit grants of an operation that only the declared owner may use."""
    for grant, owner in model.findings.granted.against_owner:
        word = resource_word(model.inventory, grant.key)
        yield grant_against_owner.error(
            f"{grant.agent} is granted {', '.join(sorted(grant.operations))} on {word}, "
            f"but {owner.name} owns it",
            grant.position,
            hint="remove the grant or the owner",
        ).about([resource_name(grant.key)], agents=[grant.agent])
