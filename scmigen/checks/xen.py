"""Checks of a host's tree for Xen: the list of its agents, and what devices say of it.

Xen ``docs/hypervisor-guide/arm/firmware/arm-scmi.rst`` and the driver for several agents.
"""

from collections.abc import Iterator, Sequence

from scmigen.bindings.addresses import regions
from scmigen.bindings.references import position_of
from scmigen.bindings.scmi_nodes import device_id_position
from scmigen.bindings.transports import BY_WORD
from scmigen.bindings.xen import (
    DOM0_AGENT,
    DOMAIN_AGENT,
    MULTIAGENT,
    PASSTHROUGH,
    SCI_TYPE,
    SCI_TYPES,
    SECONDARY,
    Sci,
    SciEntry,
    agents_of,
    domains_of,
    mediator_ids,
    passed_through,
    sci_of,
)
from scmigen.checks.check import check
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related, Severity, counted
from scmigen.model.platform import Model

_PAGE = 4096
#: What Xen takes for no agent (``SCMI_AGENT_ID_INVALID``).
_NONE = 255


@check(
    "xen-agents",
    about="The list of agents in a host's tree for Xen contradicts itself.",
    advice="Give each agent an id, an SMC id and a page of shared memory of its own.",
)
def xen_agents(model: Model) -> Iterator[Diagnostic]:
    """Agents that Xen could not tell apart, or that it would not find."""
    tree = model.inventory.tree
    sci = sci_of(tree)
    if sci is not None:
        for found in _wrong(model, sci):
            yield found.about(nodes=[sci.node.path])
    for domain in domains_of(tree):
        for found in _typed(tree, domain):
            yield found.about(nodes=[domain.path])


def _typed(tree: DeviceTree, domain: Node) -> Iterator[Diagnostic]:
    """What a domain that Xen starts itself says of SCMI; Xen makes none that says it wrongly."""
    kind = domain.string(SCI_TYPE)
    if SCI_TYPE not in domain:
        return
    if kind not in SCI_TYPES:
        yield xen_agents.error(
            f"{domain.path}: {SCI_TYPE} is {'no text' if kind is None else repr(kind)}; Xen makes"
            " no domain with it",
            _at(tree, domain, SCI_TYPE),
            hint=f"one of {', '.join(SCI_TYPES)}",
        )
    elif kind == MULTIAGENT and DOMAIN_AGENT not in domain:
        yield xen_agents.error(
            f"{domain.path} has {SCI_TYPE} {kind!r}, and no {DOMAIN_AGENT}: Xen makes no domain"
            " without",
            _at(tree, domain, SCI_TYPE),
            hint=f"{DOMAIN_AGENT} = <…>; as in {SECONDARY}",
        )


def _wrong(model: Model, sci: Sci) -> Iterator[Diagnostic]:
    tree = model.inventory.tree
    if sci.problem is not None:
        yield xen_agents.error(
            sci.problem, _at(tree, sci.node, SECONDARY), hint="<SMC-id &memory agent>, …"
        )
    yield from _own_channel(tree, sci)
    # Channels of agents are compared with all others already.
    compared = {agent.id for agent in model.assignment.agents}
    for number, entry in enumerate(sci.entries):
        yield from _entry(sci, entry)
        yield from _twice(sci.entries[:number], entry)
        for name, other in (*_own(sci), *((_word(e), e) for e in sci.entries[:number])):
            if not {*compared, None} >= {entry.agent, other.agent} or entry.agent is None:
                yield from _alike(name, other, entry)
    yield from _domains(tree, sci)


def _own_channel(tree: DeviceTree, sci: Sci) -> Iterator[Diagnostic]:
    if sci.scmi is None:
        yield xen_agents.error(
            f"{sci.node.path} has no SCMI node: Xen has no channel of its own",
            sci.node.position or Position(tree.file),
            hint=f'scmi {{ compatible = "{BY_WORD["smc"].compatible}"; arm,smc-id = <…>; … }};',
        )
    elif sci.smc_id is None or sci.memory is None:
        yield xen_agents.error(
            f"{sci.scmi.path} has no SMC id or no shared memory",
            sci.scmi.position or Position(tree.file),
            hint="arm,smc-id = <…>; shmem = <&…>;",
        )


def _entry(sci: Sci, entry: SciEntry) -> Iterator[Diagnostic]:
    """What is wrong with one entry."""
    if entry.agent is not None and not 1 <= entry.agent < _NONE:
        why = "0 is the platform itself" if entry.agent == 0 else "agents are 1 to 254"
        yield xen_agents.error(
            f"agent {entry.agent} in {SECONDARY}: {why}",
            entry.position,
            hint="write the id that the firmware has for this agent",
        )
    if entry.memory is None:
        yield xen_agents.error(
            f"the shared memory of {_word(entry)} in {SECONDARY} is no node",
            entry.position,
            hint="an entry is <SMC-id &memory agent>",
        )
        return
    for region in regions(entry.memory):
        if region.start % _PAGE or region.size % _PAGE:
            yield xen_agents.error(
                f"the shared memory of {_word(entry)}, {entry.memory.path}, is {region.size:#x}"
                f" bytes at {region.start:#x}; Xen maps whole pages",
                entry.memory.position or entry.position,
                [Related(f"in {sci.node.path}", entry.position)],
                f"address and size are multiples of {_PAGE:#x}",
            )


def _own(sci: Sci) -> Iterator[tuple[str, SciEntry]]:
    """Xen's own channel."""
    if sci.scmi is not None and sci.smc_id is not None:
        where = sci.scmi.position or Position(sci.node.path)
        yield "Xen's own agent", SciEntry(sci.smc_id, sci.memory, None, where)


def _twice(before: Sequence[SciEntry], entry: SciEntry) -> Iterator[Diagnostic]:
    """An id that an entry before has."""
    same = [each for each in before if each.agent is not None and each.agent == entry.agent]
    if same:
        yield xen_agents.error(
            f"agent {entry.agent} is twice in {SECONDARY}",
            entry.position,
            [Related("the first", same[0].position)],
            "each agent has one entry",
        )


def _alike(name: str, first: SciEntry, second: SciEntry) -> Iterator[Diagnostic]:
    """What two channels have in common and must not."""
    word, related = _word(second), [Related(name, first.position)]
    if first.smc_id == second.smc_id:
        yield xen_agents.error(
            f"{name} and {word} have the SMC id {second.smc_id:#x}",
            second.position,
            related,
            "give each agent the SMC id that the firmware has for it",
        )
    if first.memory is None or second.memory is None:
        return
    shared = first.memory is second.memory or any(
        a.overlaps(b) for a in regions(first.memory) for b in regions(second.memory)
    )
    if shared:
        yield xen_agents.error(
            f"{name} and {word} share memory: {second.memory.path}",
            second.position,
            related,
            "give each agent a page of its own",
        )


def _word(entry: SciEntry) -> str:
    return f"SMC id {entry.smc_id:#x}" if entry.agent is None else f"agent {entry.agent}"


def _domains(tree: DeviceTree, sci: Sci) -> Iterator[Diagnostic]:
    """Agents of domains that are not in the list."""
    known = {entry.agent for entry in sci.entries}
    is_complete = None not in known and sci.problem is None
    for node, name, agent in agents_of(tree, sci):
        if is_complete and agent not in known:
            yield xen_agents.error(
                f"agent {agent} of {_domain(node, name)} is not in {SECONDARY}",
                _at(tree, node, name),
                [Related("the list", _at(tree, sci.node, SECONDARY))],
                f"agents there: {', '.join(str(each) for each in sorted(filter(None, known)))}",
            )


def _domain(node: Node, name: str) -> str:
    return "dom0" if name == DOM0_AGENT else node.path


def _at(tree: DeviceTree, node: Node, name: str) -> Position:
    found = node.get(name)
    if found is None:
        return node.position or Position(tree.file)
    return position_of(tree, found)


@check(
    "xen-device",
    about="A device of a host's tree for Xen and its SCMI device id do not fit.",
    advice="Give each device that needs SCMI its id in access-controllers, and no other node one.",
    severity=Severity.WARNING,
)
def xen_device(model: Model) -> Iterator[Diagnostic]:
    """Devices that Xen would pass through without telling the firmware, and ids of none."""
    tree = model.inventory.tree
    sci = sci_of(tree)
    if sci is None or sci.scmi is None:
        return
    ids = mediator_ids(model.inventory.references, sci.scmi)
    devices = {d.node.path: d for p in model.platforms for d in p.devices if d.number is not None}
    for node, number in ids.items():
        if node.path not in devices:
            yield xen_device.warning(
                f"{node.path} has the device id {number}, but needs nothing that the platform"
                " serves",
                device_id_position(node) or Position(tree.file),
                hint="drop the entry, or correct the number of the device that it is meant for",
            ).about(nodes=[node.path])
    for node in passed_through(tree):
        if node.path in devices and node not in ids:
            count = len({use.key for use in devices[node.path].uses})
            yield xen_device.warning(
                f"{node.path} is passed through and needs {counted(count, 'SCMI resource')}, but"
                " has no device id: Xen cannot tell the firmware whose it is",
                _at(tree, node, PASSTHROUGH),
                hint=f"access-controllers = <&… {devices[node.path].number}>, with the SCMI node of"
                f" {sci.node.path}",
            ).about(nodes=[node.path])
