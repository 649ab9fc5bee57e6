"""What Xen is told of SCMI, as edits of the host's tree and as nodes of a domain's partial tree."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scmigen.bindings.addresses import Region, regions
from scmigen.bindings.node_kinds import is_scmi
from scmigen.bindings.references import References
from scmigen.bindings.transports import BY_WORD, SHARED_MEMORY
from scmigen.bindings.xen import (
    DOM0_AGENT,
    DOMAIN,
    DOMAIN_AGENT,
    MULTIAGENT,
    PASSTHROUGH,
    SCI,
    SCI_TYPE,
    SECONDARY,
    WIDTH,
    Sci,
    is_mediators,
    sci_of,
)
from scmigen.data import Data
from scmigen.devicetree.edits import (
    AddNode,
    Edit,
    Entry,
    SetProperty,
    Strings,
    cells,
    free_label,
)
from scmigen.devicetree.tree import DeviceTree

CHOSEN = "/chosen"
_XEN = f"{CHOSEN}/xen"
_CONTAINER = f"{_XEN}/xen_scmi_config"
_CONTROLLERS = "access-controllers"
_SMC = BY_WORD["smc"].compatible


class XenChannel(Data):
    """The channel of an agent: its id, SMC id, and where its shared memory is for the CPU. ``name``
    is for people; ``node`` is the path of the board's node that is that memory, if one is."""

    agent: int
    name: str
    smc_id: int
    memory: Region
    node: str | None = None


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
        for each in (CHOSEN, _XEN):
            node = tree.node(each)
            if node is None:
                yield AddNode(each)
            # Without ranges no address in the container could be translated.
            yield SetProperty(each, "ranges", ())
            for width in ("#address-cells", "#size-cells"):
                if node is None or width not in node or each == _XEN:
                    yield SetProperty(each, width, cells(2))
        yield AddNode(path)
        yield SetProperty(path, "compatible", Strings((SCI,)))
    channels = (xen, *others)
    kept = _kept_widths(there, channels)
    if kept is None:
        yield from _wide_bus(path, there)
    memories = {
        c.agent: _there(there, c.memory) or f"{path}/sram@{c.memory.start:x}" for c in channels
    }
    entries = tuple(
        Entry(memories[c.agent], (c.agent,), c.name, before=(c.smc_id,)) for c in others
    )
    yield SetProperty(path, SECONDARY, entries)
    yield SetProperty(path, WIDTH, cells(3))
    if dom0 is not None:
        yield SetProperty(path, DOM0_AGENT, cells(dom0))
    taken = set(tree.labels)
    for channel in (xen, *others):
        yield from _memory(tree, memories[channel.agent], channel, taken, kept or (2, 2))
    scmi = there.scmi.path if there is not None and there.scmi is not None else f"{path}/scmi"
    yield from _xens_own(tree, scmi, xen, memories[xen.agent], taken)
    references = References(tree)
    for device, number in devices.items():
        node = tree.node(device)
        named = references.of(node, _CONTROLLERS) if node is not None else ()
        firewalls = (Entry(e.provider.path, e.cells) for e in named if not is_scmi(e.provider))
        yield SetProperty(device, _CONTROLLERS, (*firewalls, Entry(scmi, (number,))))


def _kept_widths(there: Sci | None, channels: Sequence[XenChannel]) -> tuple[int, int] | None:
    """The cells of addresses and sizes in a container that is there, if they are enough."""
    if there is None or "ranges" not in there.node:
        return None
    address, size = there.node.cell("#address-cells"), there.node.cell("#size-cells")
    if address not in (1, 2) or size not in (1, 2):
        return None
    enough = all(c.memory.end <= 1 << 32 * address for c in channels)
    return (address, size) if enough else None


def _wide_bus(path: str, there: Sci | None) -> Iterator[Edit]:
    """Two cells for addresses and sizes in the container, also of what it has already."""
    for name, value in (("#address-cells", cells(2)), ("#size-cells", cells(2)), ("ranges", ())):
        yield SetProperty(path, name, value)
    for child in () if there is None else there.node.children.values():
        for region in regions(child)[:1]:
            yield _reg(child.path, region, (2, 2))


def _there(there: Sci | None, memory: Region) -> str | None:
    """The node of a container that is that shared memory."""
    children = () if there is None else there.node.children.values()
    alike = (
        child.path
        for child in children
        if SHARED_MEMORY in child.strings("compatible") and regions(child)[:1] == (memory,)
    )
    return next(alike, None)


def _memory(
    tree: DeviceTree, path: str, channel: XenChannel, taken: set[str], widths: tuple[int, int]
) -> Iterator[Edit]:
    if tree.node(path) is None:
        yield AddNode(path, _label(taken, f"scmi_shm_{channel.agent}"), channel.name)
    yield SetProperty(path, "compatible", Strings((SHARED_MEMORY,)))
    yield _reg(path, channel.memory, widths)


def _reg(path: str, region: Region, widths: tuple[int, int]) -> Edit:
    address, size = (
        _wide(number)[2 - width :]
        for number, width in zip((region.start, region.size), widths, strict=True)
    )
    return SetProperty(path, "reg", cells(*address, *size))


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


def passed_edits(paths: Iterable[str]) -> Iterator[Edit]:
    """What keeps devices of domains from dom0, and lets them have these."""
    return (SetProperty(path, PASSTHROUGH, ()) for path in paths)


def memories_of(tree: DeviceTree, channels: Iterable[XenChannel]) -> Iterator[str]:
    """The board's nodes that are shared memory of these channels: dom0 would have them mapped.
    Those in the container it never sees."""
    known = list(channels)
    named = {channel.node for channel in known}
    for node in tree.nodes:
        if is_mediators(node):
            continue
        if node.path in named or (
            SHARED_MEMORY in node.strings("compatible")
            and any(c.memory.overlaps(region) for c in known for region in regions(node))
        ):
            yield node.path


def taken_names(tree: DeviceTree) -> set[str]:
    """What no domain's node can be called: nodes of ``/chosen`` that are no domains, and Xen's."""
    chosen = tree.node(CHOSEN)
    children = () if chosen is None else chosen.children.values()
    others = {child.name for child in children if DOMAIN not in child.strings("compatible")}
    return others | {_XEN.rpartition("/")[2]}


def domain_edits(tree: DeviceTree, domains: Mapping[str, int]) -> Iterator[Edit]:
    """The lines of domains that Xen starts itself: name → agent id."""
    if tree.node(CHOSEN) is None:
        yield AddNode(CHOSEN)
    for name, agent in domains.items():
        path = f"{CHOSEN}/{name}"
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
