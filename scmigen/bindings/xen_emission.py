"""What Xen is told of SCMI, as edits of the host's tree and as nodes of a domain's partial tree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scmigen.bindings.addresses import Region, regions
from scmigen.bindings.node_kinds import compatibles, is_scmi
from scmigen.bindings.references import References
from scmigen.bindings.transports import BY_WORD, SHARED_MEMORY
from scmigen.bindings.xen import (
    DOM0_AGENT,
    DOMAIN,
    DOMAIN_AGENT,
    MULTIAGENT,
    SCI,
    SCI_TYPE,
    SECONDARY,
    WIDTH,
    sci_of,
)
from scmigen.devicetree.edits import (
    AddNode,
    Edit,
    Entry,
    SetProperty,
    Strings,
    cells,
    free_label,
)
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree

_CHOSEN, _XEN = "/chosen", "/chosen/xen"
_CONTAINER = f"{_XEN}/xen_scmi_config"
_CONTROLLERS = "access-controllers"
_SMC = BY_WORD["smc"].compatible
#: Interrupt controllers whose first cell is the type, 0 for the shared ones, that begin at 32.
_GICS = ("arm,gic", "arm,cortex-a15-gic", "arm,cortex-a9-gic", "arm,cortex-a7-gic")
_SHARED, _FIRST_SHARED, _GIC_CELLS = 0, 32, 3


@dataclass(frozen=True, slots=True)
class XenChannel:
    """The channel of an agent: its id, SMC id, and where its shared memory is for the CPU. ``name``
    is for people."""

    agent: int
    name: str
    smc_id: int
    memory: Region


def host_edits(
    tree: DeviceTree,
    xen: XenChannel,
    others: Sequence[XenChannel],
    dom0: int | None,
    devices: Mapping[str, int],
) -> Iterator[Edit]:
    """The container with Xen's channel and those of the domains, and the device ids of ``devices``,
    by path: as version 10 of the multi-agent driver reads them."""
    there = sci_of(tree)
    path = there.node.path if there is not None else _CONTAINER
    if there is None:
        for each in (_CHOSEN, _XEN):
            if tree.node(each) is None:
                yield AddNode(each)
            # Without ranges no address in the container could be translated.
            yield SetProperty(each, "ranges", ())
        yield SetProperty(_XEN, "#address-cells", cells(2))
        yield SetProperty(_XEN, "#size-cells", cells(2))
        yield AddNode(path)
        yield SetProperty(path, "compatible", Strings((SCI,)))
    for name, value in (("#address-cells", cells(2)), ("#size-cells", cells(2)), ("ranges", ())):
        yield SetProperty(path, name, value)
    memories = {c.agent: f"{path}/sram@{c.memory.start:x}" for c in (xen, *others)}
    entries = tuple(
        Entry(memories[c.agent], (c.agent,), c.name, before=(c.smc_id,)) for c in others
    )
    yield SetProperty(path, SECONDARY, entries)
    yield SetProperty(path, WIDTH, cells(3))
    if dom0 is not None:
        yield SetProperty(path, DOM0_AGENT, cells(dom0))
    taken = set(tree.labels)
    for channel in (xen, *others):
        yield from _memory(tree, memories[channel.agent], channel, taken)
    scmi = there.scmi.path if there is not None and there.scmi is not None else f"{path}/scmi"
    yield from _xens_own(tree, scmi, xen, memories[xen.agent], taken)
    references = References(tree)
    for device, number in devices.items():
        node = tree.node(device)
        kept = references.of(node, _CONTROLLERS) if node is not None else ()
        firewalls = (Entry(e.provider.path, e.cells) for e in kept if not is_scmi(e.provider))
        yield SetProperty(device, _CONTROLLERS, (*firewalls, Entry(scmi, (number,))))


def _memory(tree: DeviceTree, path: str, channel: XenChannel, taken: set[str]) -> Iterator[Edit]:
    if tree.node(path) is None:
        yield AddNode(path, _label(taken, f"scmi_shm_{channel.agent}"), channel.name)
    yield SetProperty(path, "compatible", Strings((SHARED_MEMORY,)))
    region = channel.memory
    yield SetProperty(path, "reg", cells(*_wide(region.start), *_wide(region.size)))


def _xens_own(
    tree: DeviceTree, path: str, xen: XenChannel, memory: str, taken: set[str]
) -> Iterator[Edit]:
    if tree.node(path) is None:
        yield AddNode(
            path, _label(taken, "scmi_xen"), "Xen's own agent, which gives others devices"
        )
    yield SetProperty(path, "compatible", Strings((_SMC,)))
    yield SetProperty(path, "arm,smc-id", cells(xen.smc_id))
    yield SetProperty(path, "#address-cells", cells(1))
    yield SetProperty(path, "#size-cells", cells(0))
    yield SetProperty(path, "#access-controller-cells", cells(1))
    yield SetProperty(path, "shmem", (Entry(memory),))


def domain_edits(tree: DeviceTree, domains: Mapping[str, int]) -> Iterator[Edit]:
    """The lines of domains that Xen starts itself: name → agent id."""
    if tree.node(_CHOSEN) is None:
        yield AddNode(_CHOSEN)
    for name, agent in domains.items():
        path = f"{_CHOSEN}/{name}"
        if tree.node(path) is None:
            yield AddNode(path)
            yield SetProperty(path, "compatible", Strings((DOMAIN,)))
        yield SetProperty(path, SCI_TYPE, Strings((MULTIAGENT,)))
        yield SetProperty(path, DOMAIN_AGENT, cells(agent))


def _label(taken: set[str], wanted: str) -> str:
    label = free_label(taken, wanted)
    taken.add(label)
    return label


def _wide(number: int) -> tuple[int, int]:
    """A number as two cells."""
    return number >> 32, number & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Passed:
    """A device as a domain has it: where it is for the CPU, its compatibles, and its interrupts as
    cells and as numbers of the GIC; no interrupts where another controller has them."""

    node: Node
    regions: tuple[Region, ...]
    compatibles: tuple[str, ...]
    interrupts: tuple[int, ...]
    numbers: tuple[int, ...]


def passed(tree: DeviceTree, node: Node) -> Passed:
    """What a partial tree has of a device besides its SCMI resources."""
    found = node.cells("interrupts") or ()
    mine = found if len(found) % _GIC_CELLS == 0 and _is_gic(_interrupt_parent(tree, node)) else ()
    numbers = tuple(
        mine[at + 1] + _FIRST_SHARED
        for at in range(0, len(mine), _GIC_CELLS)
        if mine[at] == _SHARED
    )
    return Passed(node, regions(node), node.strings("compatible"), mine, numbers)


def _interrupt_parent(tree: DeviceTree, node: Node) -> Node | None:
    for each in node.upwards():
        phandle = each.cell("interrupt-parent")
        if phandle is not None:
            return tree.by_phandle(phandle)
    return None


def _is_gic(node: Node | None) -> bool:
    if node is None or node.cell("#interrupt-cells") != _GIC_CELLS:
        return False
    return any(name.startswith(_GICS) for name in compatibles(node))
