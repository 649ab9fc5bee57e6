"""The partial trees of Xen's domains."""

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ProviderClass, ResourceKey, Use
from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.partial import Wanted, partial_edits, protocol_path, regulator_path
from scmigen.bindings.partial_devices import DomainDevices, Left
from scmigen.bindings.passthrough import Passed, Passing, reaches_others
from scmigen.bindings.repointing import Answer, Fate, Served
from scmigen.bindings.xen_emission import XenChannel
from scmigen.data import Data
from scmigen.devicetree.edits import Edit
from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Grant, Platform
from scmigen.model.protocol_grants import Right
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.kept import kept
from scmigen.targets.xen.options import XenOptions
from scmigen.targets.xen.plan import plan_of


def devices_of(platform: Platform, agent: Agent) -> list[Node]:
    """The devices that a domain has at boot. CPUs are Xen's, and so is what stands between domains:
    IOMMUs and interrupt controllers."""
    return [
        device.node
        for device in platform.devices
        if device.number is not None
        and agent in device.agents
        and not is_cpu(device.node)
        and reaches_others(device.node) is None
    ]


def domain_devices(platform: Platform, agent: Agent, options: XenOptions) -> DomainDevices:
    """The devices of a domain with what it has below them."""
    enabled, owner = platform.inventory.availability.enabled, platform.owners.of
    return DomainDevices(
        devices_of(platform, agent),
        lambda node: enabled(node) and agent in owner(node).agents and reaches_others(node) is None,
        lambda key: _answer(platform, agent, key),
        _scaled(platform, agent).get,
        passing(platform, options),
    )


@kept
def passing(platform: Platform, _options: XenOptions) -> Passing:
    """What domains have of devices."""
    return Passing(platform.inventory.tree)


class Partial(Data):
    """The partial tree of a domain as edits of an empty one, what it lacks, and what the domain is
    given: its devices, and what is below them."""

    agent: Agent
    channel: XenChannel
    edits: tuple[Edit, ...]
    left: Left
    given: tuple[Passed, ...]


@kept
def partials(platform: Platform, options: XenOptions) -> tuple[Partial, ...]:
    """The partial trees of all domains."""
    plan = plan_of(platform, options)
    return tuple(_partial(platform, agent, ch, options) for agent, ch in plan.domains)


def _partial(platform: Platform, agent: Agent, channel: XenChannel, options: XenOptions) -> Partial:
    left = Left()
    kinds = [kind for kind in Kind if platform.grants_of(agent, kind)]
    protocols = {int(kind.protocol) for kind in kinds}
    if platform.has_right(agent, Right.SYSTEM_POWER):
        protocols.add(int(Right.SYSTEM_POWER.protocol))
    devices = domain_devices(platform, agent, options)
    wanted = Wanted(
        channel,
        options.seen_at(agent.name),
        sorted(protocols),
        {g.id: g.name for g in platform.grants_of(agent, Kind.VOLTAGE)},
        devices,
    )
    edits = tuple(partial_edits(platform.inventory.references, wanted, left))
    nodes = (node for top in devices.tops for node in devices.below(top))
    return Partial(agent, channel, edits, left, tuple(map(devices.passing.of, nodes)))


def _answer(platform: Platform, agent: Agent, key: ResourceKey) -> Answer:
    provider = platform.providers.get(key.provider)
    if provider is None or provider.category is not ProviderClass.MANAGED:
        return Fate.NATIVE
    grant = platform.holders(key).get(agent.id)
    return Fate.LOST if grant is None else _served(grant)


def _served(grant: Grant) -> Served:
    if grant.kind is Kind.VOLTAGE:
        return Served(regulator_path(grant.id), (), grant.operations, grant.name)
    path = protocol_path(int(grant.kind.protocol))
    return Served(path, (grant.id,), grant.operations, grant.name)


def _scaled(platform: Platform, agent: Agent) -> dict[Node, Served]:
    """The performance domains that took the place of the OPP tables of nodes."""
    return {
        use.consumer: _served(grant)
        for grant in platform.grants_of(agent, Kind.PERFORMANCE)
        for use in grant.because
        if isinstance(use, Use) and platform.inventory.is_scaled(use)
    }
