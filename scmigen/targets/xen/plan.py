"""Who is who under Xen, and by which channel: one table for all that Xen, dom0 and domains read."""

from collections.abc import Iterator

from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import PAGE
from scmigen.assignment.select import Selector
from scmigen.bindings.addresses import Region, regions
from scmigen.bindings.xen import nodes_over_smc
from scmigen.bindings.xen_emission import XenChannel
from scmigen.bindings.xen_single import SCMI_PATH, is_forwarded, root_holds
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.model.platform import Platform
from scmigen.runtime import Role
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.kept import kept
from scmigen.targets.limits import related, where
from scmigen.targets.xen.options import Driver, XenOptions

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
XEN_ONE = Finding(
    "xen-one",
    "Two agents need SCMI, and Xen's driver for one agent passes on the calls of one domain.",
    "Give the devices to one domain, or use Xen's driver for several agents.",
)
XEN_NODE = Finding(
    "xen-node",
    "The host's tree has an SCMI node that Xen's driver for one agent would take wrongly.",
    "Keep one arm,scmi-smc node, /firmware/scmi, and disable the others.",
)
FINDINGS = (XEN_PRIVILEGED, XEN_CHANNEL, XEN_SHMEM, XEN_EMPTY, XEN_SHARED, XEN_ONE, XEN_NODE)
#: Firmware is served by what serves Xen, and no domain.
_FIRMWARE = frozenset({Role.PSCI, Role.SECURE})
_SEVERAL = f"outputs: {{xen: {{driver: {Driver.MULTIPLE}}}}}"


class Plan(Data):
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
    if options.driver is Driver.SINGLE:
        return _single(platform, agents, options, problems)
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


def _single(
    platform: Platform, agents: list[Agent], options: XenOptions, problems: list[Diagnostic]
) -> Plan:
    """The one domain that Xen's driver for one agent serves: dom0, or another one."""
    served = [a for a in agents if any(platform.grants_of(a, kind) for kind in Kind)]
    if not served:
        problems.append(XEN_EMPTY.error("no agent needs anything of SCMI"))
        return Plan(None, None, (), tuple(problems))
    first, *more = served
    named = _named(agents, options.dom0)
    monitors = [a.name for a in served if a.role is Role.HYPERVISOR and a is not named]
    if more:
        problems.append(
            XEN_ONE.error(
                f"{' and '.join(agent.name for agent in served)} need SCMI, and Xen passes on the"
                f" calls of one domain ({Driver.SINGLE})",
                first.position,
                [Related(agent.name, agent.position) for agent in more],
                f"give the devices to one of them; or {_SEVERAL}, for a Xen that has that driver",
            ).about(agents=[agent.name for agent in served])
        )
    elif monitors:
        problems.append(
            XEN_ONE.error(
                f"{first.name} has the role hypervisor, and Xen makes no calls of its own"
                f" ({Driver.SINGLE})",
                first.position,
                hint=f"give it the role ospm for dom0, vm for another domain; or {_SEVERAL}",
            ).about(agents=[first.name])
        )
    channel = _channel(platform, first, options, problems)
    if channel is None or problems:
        return Plan(None, None, (), tuple(problems))
    is_dom0 = first is named if named is not None else first.role is not Role.VM
    problems += _nodes(platform, channel, is_dom0)
    if is_dom0:
        return Plan(None, channel, (), tuple(problems))
    problems += _apart([channel], platform)
    return Plan(None, None, ((first, channel),), tuple(problems))


def _nodes(platform: Platform, channel: XenChannel, is_dom0: bool) -> Iterator[Diagnostic]:
    """What the host's tree cannot say, and SCMI nodes that Xen would take for another or give to
    dom0."""
    tree = platform.inventory.tree
    nodes = nodes_over_smc(tree)
    if channel.node is None and not root_holds(tree, channel.memory):
        yield XEN_SHMEM.error(
            f"the shared memory of {channel.name} at {channel.memory.start:#x} is beyond what a"
            " node of the root can say, with its #address-cells",
            hint="memory that one cell can say, or a node of the board that is it",
        ).about(agents=[channel.name])
    if len(nodes) > 1:
        yield XEN_NODE.error(
            f"{counted(len(nodes), 'SCMI node')} over SMC run: Xen would pass on the SMC id of"
            f" {nodes[-1].path} alone",
            nodes[-1].position,
            related((node.path, node.position) for node in nodes[:-1]),
            'status = "disabled"; in the others',
        ).about(nodes=[node.path for node in nodes])
    elif nodes and not is_dom0 and nodes[0].path != SCMI_PATH:
        yield XEN_NODE.error(
            f"{nodes[0].path} stays in dom0's tree: Xen keeps {SCMI_PATH} from it, no other node",
            nodes[0].position,
            hint=f"call the node {SCMI_PATH}",
        ).about(nodes=[nodes[0].path], agents=[channel.name])


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
    memory, node = _memory(platform, agent, options)
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
    if not is_forwarded(smc_id):
        problems.append(
            XEN_CHANNEL.error(
                f"the SMC id of {agent.name}, {smc_id:#x}, is none of the SoC's vendor: Xen asks"
                " its SCMI drivers about these alone",
                agent.position,
                hint="an id that begins with 0x82 or 0xc2",
            ).about(agents=[agent.name])
        )
        return None
    return XenChannel(agent.id, agent.name, smc_id, memory, node)


def _memory(
    platform: Platform, agent: Agent, options: XenOptions
) -> tuple[Region | None, str | None]:
    """Where the shared memory of an agent is, and the node of the board that is that."""
    if agent.name in options.memory:
        return Region(options.memory[agent.name], PAGE), None
    said = agent.transport
    if said is None or said.shmem is None:
        return None, None
    nodes = Selector(platform.inventory.tree).select(said.shmem).nodes
    found = regions(nodes[0]) if nodes else ()
    return (found[0], nodes[0].path) if found else (None, None)


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
