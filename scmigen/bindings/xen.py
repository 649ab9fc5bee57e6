"""What Xen reads of a host's tree about SCMI: its agents, its domains, what is passed through.

Xen ``docs/hypervisor-guide/arm/firmware/arm-scmi.rst`` with the multi-agent driver (series of
2026-02, version 10), ``docs/misc/arm/device-tree/booting.txt``, ``docs/misc/arm/passthrough.txt``.
"""

from collections.abc import Iterator

from scmigen.bindings.addresses import regions
from scmigen.bindings.references import References, position_of
from scmigen.bindings.status import Status
from scmigen.bindings.transports import BY_WORD, SHARED_MEMORY
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position

#: The container of Xen's agents, and the nodes of domains that Xen starts itself.
SCI, DOMAIN = "xen,sci", "xen,domain"
SECONDARY, WIDTH = "scmi-secondary-agents", "#scmi-secondary-agents-cells"
DOM0_AGENT, DOMAIN_AGENT = "xen,dom0-sci-agent-id", "xen,sci-agent-id"
#: ``xen,sci_type`` and ``arm_sci`` of a domain that is an agent of its own.
SCI_TYPE, MULTIAGENT, SINGLE = "xen,sci_type", "scmi_smc_multiagent", "scmi_smc"
#: What ``xen,sci_type`` may be (``domu_dt_sci_parse``).
SCI_TYPES = ("none", SINGLE, MULTIAGENT)
PASSTHROUGH, PATH = "xen,passthrough", "xen,path"
#: Cells of an entry where the container does not say.
_CELLS = 3
_SMC = BY_WORD["smc"].compatible


class SciEntry(Data):
    """An agent of the list: SMC id, node of shared memory, agent id; None where that is not there
    or leads nowhere."""

    smc_id: int
    memory: Node | None
    agent: int | None
    position: Position


class Sci(Data):
    """The container: its list, the SCMI node of Xen's own channel with SMC id and memory, and the
    agent of dom0. ``problem``: why the list cannot be read to its end."""

    node: Node
    entries: tuple[SciEntry, ...]
    scmi: Node | None
    smc_id: int | None
    memory: Node | None
    dom0: int | None
    problem: str | None = None


def sci_of(tree: DeviceTree) -> Sci | None:
    """The first container of a tree; Xen has one SCMI interface."""
    node = next(iter(tree.with_compatible(SCI)), None)
    if node is None:
        return None
    children = node.children.values()
    scmi = next((child for child in children if _SMC in child.strings("compatible")), None)
    memory = scmi.cell("shmem") if scmi is not None else None
    entries, problem = _entries(tree, node)
    return Sci(
        node,
        entries,
        scmi,
        scmi.cell("arm,smc-id") if scmi is not None else None,
        None if memory is None else tree.by_phandle(memory),
        node.cell(DOM0_AGENT),
        problem,
    )


def _entries(tree: DeviceTree, node: Node) -> tuple[tuple[SciEntry, ...], str | None]:
    prop = node.get(SECONDARY)
    if prop is None:
        return (), None
    said = node.cell(WIDTH)
    width = _CELLS if said is None else said
    if width not in (2, 3):
        return (), f"{WIDTH} is <{width}>; entries have 2 or 3 cells"
    if len(prop.value) % (4 * width) or not prop.value:
        return (), f"{SECONDARY} has {len(prop.value)} bytes, no whole number of {width} cells"
    cells = prop.cells()
    found = [
        SciEntry(
            cells[at],
            tree.by_phandle(cells[at + 1]),
            cells[at + 2] if width == _CELLS else None,
            position_of(tree, prop, at),
        )
        for at in range(0, len(cells), width)
    ]
    return tuple(found), None


def is_mediators(node: Node) -> bool:
    """Whether an SCMI node is Xen's own channel, not one of the board's systems."""
    return node.parent is not None and SCI in node.parent.strings("compatible")


def domains_of(tree: DeviceTree) -> tuple[Node, ...]:
    """The domains that Xen starts itself, in the order of the tree."""
    return tuple(tree.with_compatible(DOMAIN))


def passed_through(tree: DeviceTree) -> tuple[Node, ...]:
    """The devices that Xen keeps from dom0 for a domain. Shared memory is none: it follows from the
    channels."""
    return tuple(
        node
        for node in tree.nodes
        if PASSTHROUGH in node and SHARED_MEMORY not in node.strings("compatible")
    )


def same_memories(tree: DeviceTree, memory: Node) -> tuple[str, ...]:
    """The paths of a node of shared memory, and of all others that are the same memory."""
    found = regions(memory)
    twins = (
        node.path
        for node in tree.nodes
        if node is not memory
        and SHARED_MEMORY in node.strings("compatible")
        and found
        and regions(node) == found
    )
    return (memory.path, *twins)


def named_paths(domain: Node) -> Iterator[Node]:
    """The nodes in a domain that name one of the board."""
    return (node for node in domain.walk() if PATH in node)


def agents_of(tree: DeviceTree, sci: Sci) -> Iterator[tuple[Node, str, int]]:
    """The agent of each domain, with the node and the property that say it; dom0's first."""
    for node, name in ((sci.node, DOM0_AGENT), *((n, DOMAIN_AGENT) for n in domains_of(tree))):
        number = node.cell(name)
        if number is not None:
            yield node, name, number


def mediator_ids(references: References, scmi: Node) -> dict[Node, int]:
    """The device ids that nodes have at Xen's own SCMI node."""
    return {
        node: entry.cells[0]
        for node in references.tree.nodes
        for entry in references.of(node, "access-controllers")
        if entry.provider is scmi and len(entry.cells) == 1
    }


def nodes_over_smc(tree: DeviceTree) -> tuple[Node, ...]:
    """The SCMI nodes that Xen's driver takes, each in place of the one before it."""
    return tuple(
        node
        for node in tree.nodes
        if _SMC in node.strings("compatible")
        and Status.of(node).is_okay
        and PASSTHROUGH not in node
    )
