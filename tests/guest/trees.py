"""The device tree of a guest: what scmigen wrote for an agent, on QEMU's ``virt`` machine.

`reduced` is the whole reduction. An agent's tree describes a board, and ``virt`` is another, so:

- Processors, memory, interrupts, timers, buses and ``/chosen`` are those of ``virt``. Its first
  processors ask for what the agent's first processors ask for (clocks, domains, supply, operating
  points), so that CPU frequency scaling is the board's.
- The SCMI node stays as it is, but for its transport: ``arm,scmi-virtio`` in place of shared
  memories, mailboxes and SMC ids. Of several SCMI nodes the others go.
- Fixed clocks and fixed regulators stay whole, as do operating points and thermal zones of SCMI
  sensors. A regulator's GPIO and its pins go: the kernel
  has neither. ``opp-supported-hw`` goes: there are no
  fuses to read. Nor do cooling maps stay: they name the board's processors.
- Every other node stays in its place with its references to SCMI and to those fixed providers,
  names and order kept, and with nothing else: no compatible, so that no driver touches hardware
  that is not here, no addresses, and no reference of another kind (pins, DMA, IOMMUs, PHYs). The
  module ``scmi_consumer`` takes the node by its path.
- What asks for nothing else has no operating points either.
- What refers to a provider that has no driver in the guest (a PHY's clock, the regulators of a PMIC
  behind I2C, a PSCI domain) goes: as ``<0>`` in ``clocks``, ``assigned-clocks``,
  ``assigned-clock-parents`` and ``resets``, where indexes count, else without a trace. Where the
  assigned clock goes, its rate and its parent go too.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import cycle
from struct import pack

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.drafts import DraftNode, draft_of
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Node, Property
from scmigen.devicetree.tree import DeviceTree

SCMI = (
    "arm,scmi",
    "arm,scmi-smc",
    "arm,scmi-smc-param",
    "arm,scmi-virtio",
    "linaro,scmi-optee",
    "qcom,scmi-smc",
)
#: Providers that the guest's kernel has a driver for, and that touch no hardware.
FIXED = frozenset({"fixed-clock", "fixed-factor-clock", "regulator-fixed"})
#: Properties of a transport, of the SCMI node or of a protocol's own channel.
TRANSPORT = frozenset(
    {
        *("arm,smc-id", "arm,no-completion-irq", "atomic-threshold-us", "interrupts"),
        *("interrupt-names", "interrupts-extended", "interrupt-parent", "linaro,optee-channel-id"),
        *("mbox-names", "mboxes", "shmem"),
    }
)
#: Lists of references: the property of the provider that counts the cells, the property with the
#: names, and whether an entry that goes leaves a null, so that the others keep their index.
LISTS = {
    "clocks": ("#clock-cells", "clock-names", True),
    "assigned-clocks": ("#clock-cells", None, True),
    "assigned-clock-parents": ("#clock-cells", None, True),
    "resets": ("#reset-cells", "reset-names", True),
    "power-domains": ("#power-domain-cells", "power-domain-names", False),
    "performance-domains": ("#performance-domain-cells", None, False),
    "thermal-sensors": ("#thermal-sensor-cells", None, False),
    "io-channels": ("#io-channel-cells", "io-channel-names", False),
}
#: What goes with the references.
BESIDE = frozenset(
    {
        *("assigned-clock-rates", "assigned-clock-rates-u64", "clock-names", "io-channel-names"),
        *("operating-points-v2", "phandle", "power-domain-names", "reset-names", "status"),
    }
)
#: Children of the root that are the machine's.
MACHINE = frozenset({"aliases", "chosen", "cpus", "psci", "reserved-memory", "timer"})
#: Of operating points, what names hardware that is not here.
FUSES = frozenset({"nvmem-cells", "nvmem-cell-names", "opp-supported-hw", "required-opps"})


@dataclass(frozen=True)
class Reduced:
    """A tree for ``virt``, and the paths of its nodes that ask for something, by path.

    ``processors`` are the paths of the board's by those of the machine's.
    """

    blob: bytes
    consumers: tuple[str, ...]
    processors: Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """An entry of a list of references: its node (None: a null or one that dangles), and cells."""

    node: Node | None
    cells: tuple[int, ...]

    def pack(self) -> bytes:
        """The entry as it is written; a null without a node."""
        if self.node is None or self.node.phandle is None:
            return bytes(4)
        return pack(f">{1 + len(self.cells)}I", self.node.phandle, *self.cells)


def reduced(emitted: DeviceTree, machine: bytes, processors: int = 1) -> Reduced:
    """The agent's tree ``emitted`` on ``machine``, QEMU's own tree for as many processors."""
    root = draft_of(read_blob(machine, "virt.dtb").root)
    own = {node.path for node in root.walk()}
    _no_shared_phandles(root, emitted)
    scmi = scmi_node(emitted)
    _graft(root, scmi)
    for child in emitted.root.children.values():
        if child.name not in {*MACHINE, *root.children} and child.base_name != "memory":
            root.children[child.name] = _device(emitted, scmi, child, root)
    for child in _holder(emitted, "/cpus").children.values():
        if child.string("device_type") != "cpu" and "compatible" in child:
            root.children[child.name] = _device(emitted, scmi, child, root)
    renamed = _processors(emitted, scmi, root, processors)
    tree = DeviceTree(root, "guest.dtb")
    return Reduced(flatten(tree), tuple(_consumers(tree, own - renamed.keys())), renamed)


def scmi_node(tree: DeviceTree) -> Node:
    """The SCMI node of a tree: the first one that is enabled."""
    return next(n for n in tree.nodes if n.string("compatible") in SCMI and is_enabled(n))


def is_enabled(node: Node) -> bool:
    """Whether Linux makes a device of it: itself and all above it."""
    return all(each.string("status") in {None, "okay", "ok"} for each in (node, *node.ancestors()))


def entries(tree: DeviceTree, node: Node, name: str) -> list[Entry]:
    """The entries of a list of references, by the cells of their providers."""
    counted = LISTS[name][0]
    cells = node.cells(name) or ()
    found: list[Entry] = []
    at = 0
    while at < len(cells):
        provider = tree.by_phandle(cells[at]) if cells[at] else None
        count = 0 if provider is None else provider.cell(counted) or 0
        found.append(Entry(provider, cells[at + 1 : at + 1 + count]))
        at += 1 + count
    return found


def _no_shared_phandles(machine: Node, emitted: DeviceTree) -> None:
    """QEMU numbers from 0x8000, dtc and scmigen from 1: no phandle has to change."""
    for node in machine.walk():
        if node.phandle is not None and emitted.by_phandle(node.phandle) is not None:
            raise ValueError(f"{node.path} and the board share phandle {node.phandle:#x}")


def _graft(root: DraftNode, scmi: Node) -> None:
    """The SCMI node below /firmware, with virtio as its transport."""
    firmware = root.children.setdefault("firmware", DraftNode("firmware", root))
    copy = draft_of(scmi)
    copy.parent = firmware
    firmware.children[copy.name] = copy
    for node in copy.walk():
        for name in TRANSPORT & node.properties.keys():
            del node.properties[name]
    copy.properties["compatible"] = Property("compatible", b"arm,scmi-virtio\0")
    copy.properties.setdefault("arm,max-rx-timeout-ms", Property("", pack(">I", 2000)))


def _device(tree: DeviceTree, scmi: Node, node: Node, parent: DraftNode) -> DraftNode:
    """A node and all below it, but for what ``virt`` does not have."""
    copy = DraftNode(node.name, parent)
    copy.properties = _kept(tree, scmi, node)
    for child in node.children.values():
        if child is scmi or child.base_name == "cooling-maps":
            continue
        if node.name == "thermal-zones" and not _served_sensor(tree, scmi, child):
            continue
        copy.children[child.name] = _device(tree, scmi, child, copy)
    return copy


def _kept(tree: DeviceTree, scmi: Node, node: Node) -> dict[str, Property]:
    """The properties that stay."""
    if _is_whole(node):
        lost = FUSES | {n for n in node.properties if "gpio" in n or n.startswith("pinctrl-")}
        kept = {n: item for n, item in node.properties.items() if n not in lost}
    else:
        kept = {n: item for n, item in node.properties.items() if n in BESIDE or n.startswith("#")}
        if "simple-bus" in node.strings("compatible"):
            kept["compatible"] = Property("compatible", b"simple-bus\0")
    references = _references(tree, scmi, node, kept)
    if "assigned-clock-rates" in kept:
        cells = node.cells("assigned-clock-rates") or ()
        rates = zip(cells, _assigned(tree, scmi, node), strict=False)
        value = b"".join(pack(">I", rate if stays else 0) for rate, stays in rates)
        kept["assigned-clock-rates"] = Property("assigned-clock-rates", value)
    if not references:
        kept.pop("operating-points-v2", None)
    return kept | references


def _is_whole(node: Node) -> bool:
    """Whether a node says nothing but what the kernel can do here."""
    above = (node, *node.ancestors())
    tables = ("operating-points-v2", "thermal-zones")
    return bool(FIXED & {*node.strings("compatible")}) or any(
        each.name == "thermal-zones" or (each.string("compatible") or "").startswith(tables)
        for each in above
    )


def _references(
    tree: DeviceTree, scmi: Node, node: Node, kept: dict[str, Property]
) -> dict[str, Property]:
    """The references of a node to SCMI and to fixed providers. Names of others go from ``kept``."""
    found: dict[str, Property] = {}
    for name, (_, names, leaves_null) in LISTS.items():
        if name not in node:
            continue
        kept.pop(name, None)
        listed = entries(tree, node, name)
        served = [_is_served(scmi, entry.node) for entry in listed]
        if name == "assigned-clock-parents":
            stay = _assigned(tree, scmi, node)
            served = [both and own for both, own in zip(stay, served, strict=False)]
            listed = listed[: len(served)]
        if not any(served):
            kept.pop(names or "", None)
            continue
        pairs = list(zip(listed, served, strict=True))
        if leaves_null:
            value = b"".join((entry if stays else Entry(None, ())).pack() for entry, stays in pairs)
        else:
            value = b"".join(entry.pack() for entry, stays in pairs if stays)
            if names in kept and not all(served):
                named = zip(node.strings(names), served, strict=False)
                words = b"".join(word.encode() + b"\0" for word, stays in named if stays)
                kept[names] = Property(names, words)
        found[name] = Property(name, value)
    for name in node.properties:
        if name.endswith("-supply"):
            kept.pop(name, None)
            provider = tree.by_phandle(node.cell(name) or 0)
            if _is_served(scmi, provider):
                found[name] = node.properties[name]
    return found


def _assigned(tree: DeviceTree, scmi: Node, node: Node) -> list[bool]:
    """Which of the assigned clocks stay."""
    return [_is_served(scmi, entry.node) for entry in entries(tree, node, "assigned-clocks")]


def _is_served(scmi: Node, provider: Node | None) -> bool:
    """Whether the guest's kernel has a driver for a provider."""
    if provider is None:
        return False
    within = scmi in (provider, *provider.ancestors())
    return within or (bool(FIXED & {*provider.strings("compatible")}) and is_enabled(provider))


def _served_sensor(tree: DeviceTree, scmi: Node, zone: Node) -> bool:
    return any(_is_served(scmi, entry.node) for entry in entries(tree, zone, "thermal-sensors"))


def _processors(
    tree: DeviceTree, scmi: Node, root: DraftNode, processors: int
) -> Mapping[str, str]:
    """Have the machine's processors ask for what the board's ask for; the paths of both.

    The board's are taken in their order, and from the start again if there are too few.
    """
    theirs = [cpu for cpu in _of_type_cpu(_holder(tree, "/cpus")) if is_enabled(cpu)]
    ours = _of_type_cpu(root.children["cpus"])[:processors]
    renamed: dict[str, str] = {}
    for cpu, node in zip(ours, cycle(theirs), strict=False):
        kept = _kept(tree, scmi, node)
        for name in ("phandle", "status", *[n for n in kept if n.startswith("#")]):
            kept.pop(name, None)
        cpu.properties = {**cpu.properties, **kept}
        renamed[cpu.path] = node.path
    return renamed


def _of_type_cpu(cpus: Node) -> list[Node]:
    return [node for node in cpus.children.values() if node.string("device_type") == "cpu"]


def _holder(tree: DeviceTree, path: str) -> Node:
    return tree.node(path) or DraftNode(path)


def _consumers(tree: DeviceTree, own: Set[str]) -> Iterator[str]:
    """Nodes that ask SCMI for something and that no driver of the kernel has; not the machine's."""
    scmi = scmi_node(tree)
    for node in tree.nodes:
        local = node.path in own or "thermal-zones" in node.path or not is_enabled(node)
        if not local and scmi not in (node, *node.ancestors()) and _asks(tree, scmi, node):
            yield node.path


def _asks(tree: DeviceTree, scmi: Node, node: Node) -> bool:
    """Whether a node refers to anything of SCMI."""
    providers = [
        *(entry.node for name in LISTS if name in node for entry in entries(tree, node, name)),
        *(tree.by_phandle(node.cell(n) or 0) for n in node.properties if n.endswith("-supply")),
    ]
    return any(each is not None and scmi in each.ancestors() for each in providers)
