"""What Xen's driver for one agent reads of a host's tree, and that tree as edits.

Xen 4.23 ``xen/arch/arm/firmware/{sci,scmi-smc}.c``: of all ``arm,scmi-smc`` nodes that run the last
one's id counts, and only ``/firmware/scmi`` is kept from dom0 where a domain has the agent.
"""

from collections.abc import Iterator

from scmigen.bindings.addresses import Region
from scmigen.bindings.transports import BY_WORD, SHARED_MEMORY
from scmigen.bindings.xen import DOMAIN, SCI_TYPE, SINGLE, nodes_over_smc
from scmigen.bindings.xen_emission import CHOSEN, XenChannel
from scmigen.devicetree.edits import AddNode, Edit, Entry, SetProperty, Strings, cells, free_label
from scmigen.devicetree.tree import DeviceTree

_FIRMWARE = "/firmware"
#: The SCMI node that Xen knows by its path.
SCMI_PATH = f"{_FIRMWARE}/scmi"
_SMC = BY_WORD["smc"].compatible
#: The owner of a call is in these bits of its id; Xen asks its SCMI driver about those of the SoC.
_OWNER, _OWNERS, _SOC = 24, 0x3F, 2


def is_forwarded(smc_id: int) -> bool:
    """Whether Xen asks its SCMI drivers about a call: its owner is the SoC's vendor (SiP)."""
    return smc_id >> _OWNER & _OWNERS == _SOC


def root_holds(tree: DeviceTree, memory: Region) -> bool:
    """Whether a node of the root can say that address."""
    return memory.end <= 1 << 32 * _widths(tree)[0]


def single_edits(tree: DeviceTree, channel: XenChannel, memory: str | None) -> Iterator[Edit]:
    """The SCMI node with the channel. ``memory``: the path of the node that is its shared memory,
    if there is one."""
    there = nodes_over_smc(tree)
    path = there[0].path if there else SCMI_PATH
    region, taken = channel.memory, tree.labels
    if memory is None:
        memory = f"/sram@{region.start:x}"
        if tree.node(memory) is None:
            yield AddNode(memory, free_label(taken, f"scmi_shm_{channel.agent}"), channel.name)
        yield SetProperty(memory, "compatible", Strings((SHARED_MEMORY,)))
        yield SetProperty(memory, "reg", cells(*_in_cells(region, *_widths(tree))))
    if not there:
        if tree.node(_FIRMWARE) is None:
            yield AddNode(_FIRMWARE)
        if tree.node(path) is None:
            yield AddNode(path, free_label(taken, "scmi"), channel.name)
        yield SetProperty(path, "#address-cells", cells(1))
        yield SetProperty(path, "#size-cells", cells(0))
    yield SetProperty(path, "compatible", Strings((_SMC,)))
    yield SetProperty(path, "arm,smc-id", cells(channel.smc_id))
    yield SetProperty(path, "shmem", (Entry(memory),))


def single_domain_edits(tree: DeviceTree, name: str) -> Iterator[Edit]:
    """The line of the domain with the agent, where Xen starts it itself."""
    if tree.node(CHOSEN) is None:
        yield AddNode(CHOSEN)
    path = f"{CHOSEN}/{name}"
    if tree.node(path) is None:
        yield AddNode(path)
        yield SetProperty(path, "compatible", Strings((DOMAIN,)))
    yield SetProperty(path, SCI_TYPE, Strings((SINGLE,)))


def _widths(tree: DeviceTree) -> tuple[int, int]:
    """The cells of addresses and sizes in the root."""
    address, size = tree.root.cell("#address-cells"), tree.root.cell("#size-cells")
    return 2 if address is None else address, 1 if size is None else size


def _in_cells(region: Region, address: int, size: int) -> Iterator[int]:
    for number, width in ((region.start, address), (region.size, size)):
        for place in reversed(range(width)):
            yield number >> 32 * place & 0xFFFFFFFF
