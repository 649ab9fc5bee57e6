"""Checks of what the platform's providers work with that an agent drives, or has around them."""

from collections.abc import Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.bindings.classify import switch_of
from scmigen.bindings.facts import ProviderClass, ResourceKey, Use
from scmigen.bindings.node_kinds import is_parent_supply
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.words import (
    agent_names,
    depends,
    names,
    node_word,
    position,
    powers_word,
    use_word,
)
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.model.boot_state import own_uses
from scmigen.model.platform import Device, Model
from scmigen.scmi.operations import Operation


@check(
    "managed-consumes-local",
    about="A platform-managed provider depends on something that an agent drives.",
    advice="Make sure the agent turns it on before anything that depends on it is used.",
    severity=Severity.WARNING,
)
def managed_consumes_local(model: Model) -> Iterator[Diagnostic]:
    """One warning per local parent supply, which must be on, and per switched regulator whose pin
    an agent drives; one note per tree for the rest."""
    tree = model.inventory.tree
    yield from _switched_by_agents(model)
    by_provider: dict[str, list[Use]] = {}
    for use in model.findings.closure.fed_locally:
        by_provider.setdefault(use.key.provider, []).append(use)
    rest = []
    for path, uses in sorted(by_provider.items()):
        if any(is_parent_supply(use.prop) for use in uses):
            message, where, hint = _feeding(model, path, uses)
            found = managed_consumes_local.warning(message, where, hint=hint)
            yield _about_feeding(model, found, [(path, uses)])
        else:
            rest.append((path, uses))
    if rest:
        first, *others = rest
        more = [
            Related(f"{node_word(tree, path)} too", position(tree, uses[0]))
            for path, uses in others
        ]
        message, where, hint = _feeding(model, *first)
        found = managed_consumes_local.note(message, where, more, hint)
        yield _about_feeding(model, found, rest)


def _switched_by_agents(model: Model) -> Iterator[Diagnostic]:
    """Regulators that the user has the platform serve, and whose GPIO or PWM is an agent's."""
    tree = model.inventory.tree
    for path, provider in model.providers.items():
        found = model.inventory.providers[path].switched_by_board
        switch = switch_of(tree, provider.node) if found else None
        if switch is None or provider.category is not ProviderClass.MANAGED:
            continue
        owner = model.owners.of(switch[1])
        agents = owner.agents
        if agents:
            word = node_word(tree, switch[1].path)
            drops = (
                f"remove {word} from access of {claim.agent}; "
                for claim in owner.claims
                if claim.node is switch[1] and claim.agent is not None
            )
            way = "".join((*drops, hints.devices(tree, [switch[1].path])))
            yield managed_consumes_local.warning(
                f"the platform is to serve {node_word(tree, path)}, which is switched by "
                f"{node_word(tree, switch[1].path)}, and {names(agents)} drives that",
                provider.node.position,
                hint=f"{way}, and the platform drives that too; or give {node_word(tree, path)} to "
                "the agent that needs it",
            ).about(nodes=[path], agents=agent_names(agents), by=agent_names(agents))


def _about_feeding(
    model: Model, found: Diagnostic, fed: Sequence[tuple[str, list[Use]]]
) -> Diagnostic:
    """A finding about what agents drive and providers of the platform take."""
    owners = (model.owners.of(model.providers[path].node) for path, _ in fed)
    return found.about(
        nodes=[node for path, uses in fed for node in (path, *(u.consumer.path for u in uses))],
        by=agent_names(agent for owner in owners for agent in owner.all_agents),
    )


def _feeding(model: Model, path: str, uses: list[Use]) -> tuple[str, Position, str]:
    owner = names(model.owners.of(model.providers[path].node).agents) or "nobody"
    return (
        f"the platform's {uses[0].consumer.path} takes {uses[0].prop} from "
        f"{node_word(model.inventory.tree, path)}, which {owner} drives",
        position(model.inventory.tree, uses[0]),
        "that agent must turn it on before anything that depends on it is used",
    )


#: What an agent may do to a resource → the entry of its device.
_Powers = dict[tuple[Operation, ResourceKey], Use]


def around_providers(model: Model, finding: Finding) -> Iterator[Diagnostic]:
    """One warning per device of an agent around a provider of the platform that others need: they
    run on what the agent may turn off or reset. A note where only the platform needs it."""
    devices = {
        device.node.path: device for platform in model.platforms for device in platform.devices
    }
    users: dict[str, dict[int, Agent]] = {}
    for draft in model.findings.granted.drafts.values():
        users.setdefault(draft.key.provider, {})[draft.agent.id] = draft.agent
    own = {use.key.provider for use in own_uses(model.findings.closure, model.owners)}
    for path in sorted(users.keys() | own):
        node = model.inventory.tree.node(path)
        for above in node.ancestors() if node is not None else ():
            device = devices.get(above.path)
            if node is not None and device is not None:
                yield from _around(
                    model, finding, node, device, list(users.get(path, {}).values()), path in own
                )


def _around(
    model: Model, finding: Finding, node: Node, device: Device, users: list[Agent], is_own: bool
) -> Iterator[Diagnostic]:
    holders = (*device.agents, *device.assignable)
    users = [agent for agent in users if agent not in holders]
    others = [*users, *([None] if is_own else [])]
    powers = _powers(model, node, device, others) if others else {}
    if not powers or not holders:
        return
    tree = model.inventory.tree
    make = finding.warning if users else finding.note
    yield make(
        f"{node_word(tree, node.path)}, which {depends(others)} on, is inside {device.node.path}, "
        f"and {names(holders)} can {powers_word(model.inventory, powers)}",
        node.position,
        [Related(use_word(use), position(tree, use)) for use in powers.values()],
        f"{hints.devices(tree, [device.node.path])} keeps it for the platform",
    ).about(
        nodes=[node.path, device.node.path],
        agents=agent_names((*holders, *users)),
        by=agent_names(holders),
    )


def _powers(model: Model, node: Node, device: Device, others: Sequence[Agent | None]) -> _Powers:
    """What agents may turn off or reset by a device, but for what all others vote for, what the
    platform keeps on, and what the provider inside it has or takes itself: with that it changes
    without the device, too."""
    taken = {use.key for use in model.findings.closure.fed if use.consumer is node}
    drafts = model.findings.granted.drafts
    found: _Powers = {}
    for use in device.uses:
        if use.key.provider == node.path or use.key in taken:
            continue
        held = [drafts.get((a.id, use.key)) for a in (*device.agents, *device.assignable)]
        allowed = {op for draft in held if draft is not None for op in draft.operations}
        voted = all(
            each is not None
            and (draft := drafts.get((each.id, use.key))) is not None
            and Operation.STATE in draft.operations
            for each in others
        )
        kept = any(platform.keeps_on(use.key) for platform in model.platforms)
        for operation in (Operation.STATE, Operation.RESET):
            is_kept = operation is Operation.STATE and (kept or voted)
            if operation in use.needs & allowed and not is_kept:
                found.setdefault((operation, use.key), use)
    return found
