"""Who is who under Xen, and by which channel: one table for all that Xen, dom0 and domains read."""

from collections.abc import Iterator
from dataclasses import dataclass

from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import PAGE
from scmigen.assignment.select import Selector
from scmigen.bindings.addresses import Region, regions
from scmigen.bindings.xen_emission import XenChannel
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.model.platform import Platform
from scmigen.runtime import Role
from scmigen.targets.common.kept import kept
from scmigen.targets.limits import where
from scmigen.targets.xen.options import XenOptions

XEN_PRIVILEGED = Finding(
    "xen-privileged",
    "Xen needs an agent of its own, which gives the domains their devices and is no domain.",
    "Add one with the role hypervisor and a channel, beside that of dom0.",
)
XEN_CHANNEL = Finding(
    "xen-channel",
    "An agent has no SMC id or no shared memory; Xen's driver has no other transport.",
    "Say it: scmi: {transport: {type: smc, smc-id: …}}, and outputs: {xen: {memory: {AGENT: …}}}.",
)
XEN_SHMEM = Finding(
    "xen-shmem",
    "Xen maps shared memory as whole pages, and each agent has its own.",
    "Give each agent a page of its own, at a multiple of 4096.",
)
XEN_EMPTY = Finding(
    "xen-empty",
    "No domain besides dom0 is an agent.",
    "Describe one in the agents file, or give the partial tree of one with --tree.",
)
XEN_SHARED = Finding(
    "xen-shared",
    "Devices of two domains need one resource: Xen takes devices away one by one.",
    "See that the firmware counts votes, or give the devices to one domain.",
    Severity.WARNING,
)
FINDINGS = (XEN_PRIVILEGED, XEN_CHANNEL, XEN_SHMEM, XEN_EMPTY, XEN_SHARED)
#: Firmware is served by what serves Xen, and no domain.
_FIRMWARE = frozenset({Role.PSCI, Role.SECURE})


@dataclass(frozen=True, slots=True)
class Plan:
    """The channels: Xen's, dom0's if it has one, and of each domain by agent."""

    xen: XenChannel | None
    dom0: XenChannel | None
    domains: tuple[tuple[Agent, XenChannel], ...]
    problems: tuple[Diagnostic, ...]

    @property
    def others(self) -> tuple[XenChannel, ...]:
        """The channels that Xen hands out."""
        first = () if self.dom0 is None else (self.dom0,)
        return (*first, *(channel for _, channel in self.domains))


@kept
def plan_of(platform: Platform, options: XenOptions) -> Plan:
    """The table; what is missing or wrong is among its problems."""
    problems: list[Diagnostic] = []
    agents = [agent for agent in platform.agents if agent.role not in _FIRMWARE]
    dom0 = _named(agents, options.dom0) or next((a for a in agents if a.default), None)
    xen = _xen(agents, options, dom0, problems)
    rest = [agent for agent in agents if agent not in (xen, dom0)]
    if not rest:
        problems.append(XEN_EMPTY.error("no agent is a domain besides dom0"))
    made = {
        agent.name: channel
        for agent in (xen, dom0, *rest)
        if agent is not None
        and (channel := _channel(platform, agent, options, problems)) is not None
    }
    problems += _apart(list(made.values()), platform)
    return Plan(
        None if xen is None else made.get(xen.name),
        None if dom0 is None else made.get(dom0.name),
        tuple((agent, made[agent.name]) for agent in rest if agent.name in made),
        (*problems, *_together(platform, [agent for agent in (dom0, *rest) if agent])),
    )


def _named(agents: list[Agent], name: str | None) -> Agent | None:
    return next((agent for agent in agents if agent.name == name), None)


def _xen(
    agents: list[Agent], options: XenOptions, dom0: Agent | None, problems: list[Diagnostic]
) -> Agent | None:
    """Xen's own agent: the one that is named, else the only hypervisor."""
    monitors = [agent for agent in agents if agent.role is Role.HYPERVISOR]
    found = _named(agents, options.xen) or (monitors[0] if monitors else None)
    add = "domains: {xen: {id: …, scmi: {role: hypervisor, transport: {type: smc, smc-id: …}}}}"
    if found is None:
        problems.append(
            XEN_PRIVILEGED.error("no agent is Xen's own: none has the role hypervisor", hint=add)
        )
    elif found is dom0:
        problems.append(
            XEN_PRIVILEGED.error(
                f"{found.name} is dom0's agent and Xen's: dom0 could take any device from any"
                " domain, and their messages would meet in one channel",
                found.position,
                hint=f"give dom0 the role ospm, and add Xen's own: {add}",
            ).about(agents=[found.name])
        )
    elif not found.permissions:
        problems.append(
            XEN_PRIVILEGED.error(
                f"{found.name} is Xen's agent, but may not change permissions",
                found.position,
                hint="give it the role hypervisor, or permissions: true",
            ).about(agents=[found.name])
        )
    return found


def _channel(
    platform: Platform, agent: Agent, options: XenOptions, problems: list[Diagnostic]
) -> XenChannel | None:
    said = agent.transport
    smc_id = said.smc_id if said is not None and said.type == "smc" else None
    memory = _memory(platform, agent, options)
    lacking = [
        word
        for word, found in (("no SMC id", smc_id), ("no shared memory", memory))
        if found is None
    ]
    if smc_id is None or memory is None:
        problems.append(
            XEN_CHANNEL.error(
                f"{agent.name} has {' and '.join(lacking)} that any source says",
                agent.position,
                hint=f"domains: {{{agent.name}: {{scmi: {{transport: {{type: smc, smc-id: …}}}}}}}}"
                f" and outputs: {{xen: {{memory: {{{agent.name}: 0x…}}}}}}",
            ).about(agents=[agent.name])
        )
        return None
    return XenChannel(agent.id, agent.name, smc_id, memory)


def _memory(platform: Platform, agent: Agent, options: XenOptions) -> Region | None:
    if agent.name in options.memory:
        return Region(options.memory[agent.name], PAGE)
    said = agent.transport
    if said is None or said.shmem is None:
        return None
    nodes = Selector(platform.inventory.tree).select(said.shmem).nodes
    found = regions(nodes[0]) if nodes else ()
    return found[0] if found else None


def _apart(channels: list[XenChannel], platform: Platform) -> Iterator[Diagnostic]:
    """Channels that Xen or the firmware would mix up."""
    place = {agent.id: agent.position for agent in platform.agents}
    for number, channel in enumerate(channels):
        region = channel.memory
        if region.start % PAGE or region.size % PAGE or not region.size:
            yield XEN_SHMEM.error(
                f"the shared memory of {channel.name} is {region.size:#x} bytes at"
                f" {region.start:#x}, no whole pages",
                place[channel.agent],
                hint=f"a page of its own at a multiple of {PAGE:#x}",
            ).about(agents=[channel.name])
        for other in channels[:number]:
            if region.overlaps(other.memory):
                yield XEN_SHMEM.error(
                    f"{other.name} and {channel.name} share memory at"
                    f" {max(region.start, other.memory.start):#x}",
                    place[channel.agent],
                    [Related(other.name, place[other.agent])],
                    "give each agent a page of its own",
                ).about(agents=[other.name, channel.name])
            if channel.smc_id == other.smc_id:
                yield XEN_CHANNEL.error(
                    f"{other.name} and {channel.name} have the SMC id {channel.smc_id:#x}",
                    place[channel.agent],
                    [Related(other.name, place[other.agent])],
                    "give each agent an SMC id of its own",
                ).about(agents=[other.name, channel.name])


def _together(platform: Platform, domains: list[Agent]) -> Iterator[Diagnostic]:
    """Resources that devices of several domains need."""
    known = {agent.id for agent in domains}
    for kind, resources in platform.resources.items():
        found: dict[tuple[str, ...], list[str]] = {}
        places: dict[tuple[str, ...], Position | None] = {}
        for resource in resources:
            holders = platform.holders(resource.key).values()
            names = tuple(g.agent.name for g in holders if g.boot and g.agent.id in known)
            if len(names) > 1 and not platform.keeps_on(resource.key):
                found.setdefault(names, []).append(resource.name)
                places.setdefault(names, where(resource))
        for names, shared in found.items():
            more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
            yield XEN_SHARED.warning(
                f"{', '.join(names)} use {kind} {shared[0]}{more}: when Xen takes a device from one"
                " of them, the firmware must not take the resource from the others",
                places[names],
                hint="the server of scmigen and its tables for SCP-firmware count votes of clocks;"
                " see what another one does",
            ).about(agents=names)
