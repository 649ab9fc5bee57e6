"""Devices inside a device of another agent, which may turn off what both of them run on."""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import Agent, Claim
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.node_kinds import is_bus
from scmigen.checks import hints
from scmigen.checks.words import agent_names, names, position, powers_word, use_word
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, counted
from scmigen.model.platform import Device, Model
from scmigen.scmi.operations import Operation, aggregates


class _Enclosed(Data, frozen=False):
    """What some agents have inside one device of others, and what these may do to it.

    ``powers``: (turn off or assert, resource) → the use of the outer device.
    """

    outer: Device
    agents: tuple[Agent, ...]
    claims: list[Claim] = field(default_factory=list)
    powers: dict[tuple[Operation, ResourceKey], Use] = field(default_factory=dict)


def inside_devices(model: Model, finding: Finding) -> Iterator[Diagnostic]:
    """One warning per enclosing device and agents that have something inside it."""
    if len(model.assignment.agents) < 2:
        return
    for enclosed in _enclosed(model):
        claimed = [claim.node.path for claim in enclosed.claims]
        owners = (*enclosed.agents, *enclosed.outer.agents)
        yield finding.warning(*_warning(model, enclosed)).about(
            nodes=[enclosed.outer.node.path, *claimed],
            agents=agent_names(owners),
            by=agent_names(enclosed.outer.agents),
        )


def _enclosed(model: Model) -> list[_Enclosed]:
    devices = {
        device.node.path: device for platform in model.platforms for device in platform.devices
    }
    votes = {(g.agent, g.key) for g in model.assignment.grants if Operation.STATE in g.operations}
    found: dict[tuple[str, tuple[Agent, ...]], _Enclosed] = {}
    availability = model.inventory.availability
    claims = {claim.node.path: claim for claim in reversed(model.assignment.claims)}
    for path, claim in sorted(claims.items()):
        outer = _around(claim.node, devices)
        mine = model.owners.of(claim.node).all_agents
        if outer is None or not mine or not availability.present(claim.node):
            continue
        powers = {
            (operation, use.key): use
            for operation, use in _power_over(outer, devices.get(path))
            if not votes.issuperset((agent.name, use.key) for agent in mine)
        }
        if powers and outer.agents and not set(mine) & set(outer.agents):
            enclosed = found.setdefault((outer.node.path, mine), _Enclosed(outer, mine))
            enclosed.claims.append(claim)
            enclosed.powers.update(powers)
    return list(found.values())


def _power_over(outer: Device, inner: Device | None) -> Iterator[tuple[Operation, Use]]:
    """What a device can turn off or reset under one inside it, which has no vote of its own."""
    held = {use.key for use in inner.uses} if inner is not None else set()
    for use in outer.uses:
        if Operation.STATE in use.needs and use.key not in held:
            yield Operation.STATE, use
        if Operation.RESET in use.needs:
            yield Operation.RESET, use


def _around(node: Node, devices: Mapping[str, Device]) -> Device | None:
    """The device that a node is inside of; a bus has a check of its own."""
    for above in node.ancestors():
        if is_bus(above):
            return None
        if above.path in devices:
            return devices[above.path]
    return None


def _warning(model: Model, enclosed: _Enclosed) -> tuple[str, Position | None, list[Related], str]:
    tree = model.inventory.tree
    mine, theirs = names(enclosed.agents), names(enclosed.outer.agents)
    first, *others = enclosed.claims
    what = f"{first.node.path} is {mine}'s"
    if others:
        what = f"{first.node.path} and {counted(len(others), 'other device')} are {mine}'s"
    may = powers_word(model.inventory, enclosed.powers)
    related = [Related(claim.node.path, claim.position) for claim in others]
    related += [Related(use_word(use), position(tree, use)) for use in enclosed.powers.values()]
    return (
        f"{what}, inside {enclosed.outer.node.path}, which is {theirs}'s: {theirs} can {may}",
        first.position,
        related,
        f"give both to one agent{_vote(model, enclosed)}",
    )


def _vote(model: Model, enclosed: _Enclosed) -> str:
    """The grant that keeps everything on, unless an agent may assert or set some of it."""
    keys = {key for _, key in enclosed.powers}
    decided = any(
        not aggregates(draft.key.kind, operation)
        for draft in model.findings.granted.drafts.values()
        if draft.key in keys
        for operation in draft.operations
    )
    if decided or any(operation is Operation.RESET for operation, _ in enclosed.powers):
        return ""
    return f", or {hints.votes(model.inventory, sorted(keys), enclosed.agents)}"
