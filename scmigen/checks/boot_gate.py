"""What an operating system switches off as unused, though something that has no vote runs on it.

Late in its boot Linux switches off every clock, power domain and supply that is on and that no
driver of its own uses (``clk_disable_unused``, ``genpd_power_off_unused``,
``regulator_late_cleanup``), and later whatever its drivers no longer use. An agent with a vote
keeps what it needs; CPUs, the interrupt controller and the devices of other firmware have none.
"""

from collections.abc import Iterable, Iterator, Set

from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import ROLES
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.scmi_nodes import is_registration
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.dependence import may_turn_off
from scmigen.checks.words import (
    agent_names,
    names,
    node_word,
    position,
    powers_word,
    resource_name,
    use_word,
)
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Related, Severity
from scmigen.model.boot_state import Dependencies, running
from scmigen.model.platform import Grant, Model, Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

_SWITCHED = (Kind.CLOCK, Kind.POWER, Kind.VOLTAGE)


class _Loss(Data, frozen=False):
    """What some agents switch off, and the uses of it that have no vote."""

    keys: dict[ResourceKey, None] = field(default_factory=dict)
    uses: dict[tuple[str, str, int], Use] = field(default_factory=dict)

    def add(self, key: ResourceKey, uses: Iterable[Use]) -> None:
        self.keys.setdefault(key)
        for use in uses:
            self.uses.setdefault((use.consumer.path, use.prop, use.index), use)


@check(
    "boot-gate",
    about="An operating system switches off as unused what runs without a driver or an agent.",
    advice="Have the platform keep it on (platform.always-on).",
    severity=Severity.WARNING,
)
def boot_gate(model: Model) -> Iterator[Diagnostic]:
    """What has no vote and runs on something that only operating systems vote on."""
    for voters, loss in _losses(model).items():
        first = next(iter(loss.uses.values()))
        tree = model.inventory.tree
        what = powers_word(model.inventory, ((Operation.STATE, key) for key in loss.keys))
        yield boot_gate.warning(
            f"{names(voters)} may {what} as unused, late in its boot or any time later: "
            f"{first.consumer.path} runs on it, {_why(model, first.consumer)}",
            position(tree, first),
            [Related(use_word(use), position(tree, use)) for use in [*loss.uses.values()][1:]],
            f"{hints.always_on(model.inventory, loss.keys)} keeps "
            f"{'it' if len(loss.keys) == 1 else 'them'} on",
        ).about(
            [resource_name(key) for key in loss.keys],
            [use.consumer.path for use in loss.uses.values()],
            agent_names(voters),
        )


def _losses(model: Model) -> dict[tuple[Agent, ...], _Loss]:
    mute = dict.fromkeys(running(model.inventory, model.findings.closure)).keys()
    if not mute:
        return {}
    told = may_turn_off(model)
    firmware = set(model.findings.closure.firmware)
    found: dict[tuple[Agent, ...], _Loss] = {}
    for platform in model.platforms:
        for key, needed in _needed(platform, mute).items():
            voters = _voters(platform, key)
            driven = any(_is_driven(grant, mute) for grant in voters)
            lost = [use for use in needed if not driven or use in firmware]
            if voters and lost and key not in told and _all_switch_off(voters):
                agents = tuple(grant.agent for grant in voters)
                found.setdefault(agents, _Loss()).add(key, lost)
    return found


def _needed(platform: Platform, uses: Iterable[Use]) -> dict[ResourceKey, list[Use]]:
    """The resources of a platform that must be on for some uses, those they run on included."""
    facts = {r.key: r.facts for found in platform.resources.values() for r in found}
    needed = Dependencies(facts)
    kept = needed.of(key for key in facts if facts[key].always_on)
    found: dict[ResourceKey, list[Use]] = {}
    for use in uses:
        for key in sorted(needed.of([use.key])):
            if key.kind in _SWITCHED and key in facts and key not in kept:
                found.setdefault(key, []).append(use)
    return found


def _voters(platform: Platform, key: ResourceKey) -> list[Grant]:
    """The grants of those who keep a resource on at boot, by the agent's id."""
    grants = platform.holders(key)
    return [grants[number] for number in sorted(grants) if Operation.STATE in grants[number].boot]


def _all_switch_off(voters: Iterable[Grant]) -> bool:
    """Whether each may run an operating system that gives up its vote."""
    return all(ROLES[grant.agent.role].switches_unused_off for grant in voters)


def _is_driven(grant: Grant, mute: Set[Use]) -> bool:
    """Whether a driver of the agent keeps the resource on while it is at work: some use of it is
    not ``mute``, or sets a supply's voltage, before which Linux turns it on."""
    uses = [why for why in grant.because if isinstance(why, Use) and not is_registration(why)]
    return any(
        Operation.LEVEL in use.needs or (Operation.STATE in use.needs and use not in mute)
        for use in uses
    )


def _why(model: Model, node: Node) -> str:
    """Why a node has no vote."""
    inventory = model.inventory
    if inventory.availability.left_to_others(node):
        return "which is reserved for other firmware"
    if node.path in inventory.secure_only:
        return "which is the secure world's"
    if not model.owners.of(node).all_agents:
        return "which no agent has"
    return "and no driver keeps on what " + ("CPUs need" if is_cpu(node) else "it needs")


@check(
    "boot-gate-local",
    about="An operating system drives a provider, and switches off what others run on as unused.",
    advice="Have the platform serve the provider.",
    severity=Severity.WARNING,
)
def boot_gate_local(model: Model) -> Iterator[Diagnostic]:
    """Providers that an agent drives natively, on which something runs that is no agent's."""
    tree = model.inventory.tree
    found: dict[str, _Loss] = {}
    for use in _without_agent(model):
        holders = model.owners.of(model.providers[use.key.provider].node).agents
        if use.key.kind in _SWITCHED and any(map(_switches_off, holders)):
            found.setdefault(use.key.provider, _Loss()).add(use.key, [use])
    for path, loss in found.items():
        first, *others = loss.uses.values()
        holders = model.owners.of(model.providers[path].node).agents
        what = powers_word(model.inventory, ((Operation.STATE, key) for key in loss.keys))
        yield boot_gate_local.warning(
            f"{names(holders)} drives {node_word(tree, path)} and may {what} as unused, late in "
            f"its boot or any time later: {first.consumer.path} runs on it, "
            f"{_whose(model, first.consumer)}",
            position(tree, first),
            [Related(use_word(use), position(tree, use)) for use in others],
            f"{hints.managed(tree, [path])} has the platform serve it",
        ).about(
            [resource_name(key) for key in loss.keys],
            [path, *(use.consumer.path for use in loss.uses.values())],
            agent_names(holders),
        )


def _without_agent(model: Model) -> Iterator[Use]:
    """The uses of local providers by devices of the platform and of other firmware."""
    closure = model.findings.closure
    for use in closure.fed_locally:
        if model.owners.of(use.consumer).platform:
            yield use
    yield from closure.firmware_native


def _switches_off(agent: Agent) -> bool:
    return ROLES[agent.role].switches_unused_off


def _whose(model: Model, node: Node) -> str:
    if model.owners.of(node).platform:
        return "which is the platform's"
    return _why(model, node)
