"""What a node works through besides the resources it consumes: DMA, PHYs, IOMMUs, GPIOs, pins, …

Each of these properties names a controller that must be running for the node to work, but that no
SCMI protocol serves. `REFERENCES` has one row per property; clocks, resets, power domains, supplies
and sensors are resources: see `scmigen.bindings.consumers`. Properties that only describe
how parts of the board are joined (``remote-endpoint``, ``sound-dai``, ``cooling-device``) or that
name memory (``memory-region``) are not listed: nothing can be switched off through them.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache

from scmigen.bindings.references import read_list
from scmigen.data import Data
from scmigen.devicetree.nodes import NULL_PHANDLES, Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.tuples import NamedTuple


class Crossing(Enum):
    """Whether a reference is meant to lead from one agent's device to another agent's."""

    #: The controller is part of how the device works, and belongs to the same agent.
    NO = "no"
    #: A hypervisor keeps the controller and serves its guests through it.
    HYPERVISOR = "hypervisor"
    #: The controller is there for agents to synchronise or to be told apart.
    ANY = "any"


class Shape(Enum):
    """How a property names its controllers."""

    #: ``<&a 1>, <&b 2>``: phandles with as many cells as ``#…-cells`` of the target says.
    LIST = "list"
    #: ``<&a 0x10>``: the first cell is a phandle, the others are an offset or an index.
    FIRST = "first"
    #: ``<0x0 &a 0x100 0x10>``: entries of four cells, the second of which is a phandle.
    MAP = "map"


class ReferenceProperty(NamedTuple):
    """One property; ``cells`` is the ``#…-cells`` of its targets, empty where they take none."""

    name: str
    cells: str = ""
    crossing: Crossing = Crossing.NO
    shape: Shape = Shape.LIST


class Dependency(Data):
    """One entry of a reference property: ``consumer`` works through ``controller``.

    ``target`` is the node that the entry names, ``controller`` the device which that is or is part
    of (a pin configuration, a port of a PHY, a cell of a fuse array). ``at`` is the byte of the
    property's value where the entry begins.
    """

    consumer: Node
    target: Node
    controller: Node
    prop: str
    index: int
    crossing: Crossing
    at: int = 0


_HYPERVISOR = Crossing.HYPERVISOR

_ROWS = (
    ReferenceProperty("dmas", "#dma-cells"),
    ReferenceProperty("phys", "#phy-cells"),
    ReferenceProperty("interconnects", "#interconnect-cells"),
    ReferenceProperty("mboxes", "#mbox-cells"),
    ReferenceProperty("pwms", "#pwm-cells"),
    ReferenceProperty("mux-controls", "#mux-control-cells"),
    ReferenceProperty("mux-states", "#mux-state-cells"),
    ReferenceProperty("nvmem-cells", "#nvmem-cell-cells"),
    ReferenceProperty("pses", "#pse-cells"),
    ReferenceProperty("iommus", "#iommu-cells", _HYPERVISOR),
    ReferenceProperty("iommu-map", "", _HYPERVISOR, Shape.MAP),
    ReferenceProperty("msi-parent", "#msi-cells", _HYPERVISOR),
    ReferenceProperty("msi-map", "", _HYPERVISOR, Shape.MAP),
    ReferenceProperty("interrupts-extended", "#interrupt-cells", _HYPERVISOR),
    ReferenceProperty("hwlocks", "#hwlock-cells", Crossing.ANY),
    # Other devices by their bare phandle: Ethernet PHYs and switches, buses, panels, memories.
    *map(
        ReferenceProperty,
        (
            "backlight",
            "ddc-i2c-bus",
            "ethernet",
            "extcon",
            "fsl,usbphy",
            "i2c-bus",
            "i2c-parent",
            "iram",
            "mdio-parent-bus",
            "mediatek,larb",
            "mediatek,larbs",
            "mediatek,smi",
            "mmc-pwrseq",
            "nand-ecc-engine",
            "pcs-handle",
            "pcsphy-handle",
            "phy",
            "phy-handle",
            "ptp-timer",
            "qcom,gmu",
            "renesas,fcp",
            "sfp",
            "sram",
            "tbi-handle",
            "ti,elm-id",
            "ti,timers",
            "usb-phy",
        ),
    ),
    *(
        ReferenceProperty(name, shape=Shape.FIRST)
        for name in ("fsl,usbmisc", "regmap", "renesas,ipmmu-main", "syscon")
    ),
)

#: Property → its row. Pins and GPIOs come under many names: `_row` knows them.
REFERENCES = {row.name: row for row in _ROWS}

_PINS = "pinctrl-"
_GPIOS = ("gpio", "gpios")
_GPIO_CELLS = "#gpio-cells"
#: Counts of GPIOs, by a name that looks like a list of them.
_COUNTS = ("nr-gpio", "nr-gpios")
#: What a GPIO controller does with a line of its own; its ``gpios`` name no controller.
_HOG = "gpio-hog"
#: Layouts of a memory, which are not devices.
_LAYOUTS = frozenset({"nvmem-layout", "partitions"})


#: What Linux does without if the controller is not enabled, or reaches without its driver.
DISPENSABLE = frozenset({"iommus", "iommu-map", "msi-parent", "msi-map", "regmap", "syscon"})


def _row(node: Node, name: str) -> ReferenceProperty | None:
    """The row of a property of a node; ``None`` if it does not name a controller."""
    row = _named(name)
    return None if row is not None and row.cells == _GPIO_CELLS and _HOG in node else row


@lru_cache(maxsize=1 << 10)
def _named(name: str) -> ReferenceProperty | None:
    """The row of a property by its name alone, which many nodes have."""
    if is_pin_state(name):
        return ReferenceProperty(name)
    return ReferenceProperty(name, _GPIO_CELLS) if _is_gpios(name) else REFERENCES.get(name)


def is_pin_state(name: str) -> bool:
    """Whether a property names the groups of pins of a state: ``pinctrl-0``."""
    return name.startswith(_PINS) and name.removeprefix(_PINS).isdecimal()


def _is_gpios(name: str) -> bool:
    """Whether a property lists GPIOs: ``gpios``, ``reset-gpio``."""
    return name.rpartition("-")[2] in _GPIOS and name.rpartition(",")[2] not in _COUNTS


def dependencies_of(tree: DeviceTree, nodes: Iterable[Node]) -> Iterator[Dependency]:
    """What each of ``nodes`` works through, in the order of its properties.

    Entries that cannot be read, and what a node refers to within itself or around it, are left out.
    """
    for node in nodes:
        for name in node.properties:
            row = _row(node, name)
            if row is not None:
                for index, target, at in _entries(tree, node, row):
                    controller = _controller(target)
                    if controller is not node and controller not in node.ancestors():
                        yield Dependency(node, target, controller, name, index, row.crossing, at)
        parent = _interrupt_controller(tree, node)
        if parent is not None:
            yield Dependency(node, parent, _controller(parent), "interrupts", 0, _HYPERVISOR)


def named_by(tree: DeviceTree, node: Node, name: str) -> Iterator[tuple[int, Node]]:
    """The nodes that one property names, if it is one of those that name a controller, each with
    the byte of the value where its phandle is."""
    row = _row(node, name)
    if row is not None:
        before = 4 if row.shape is Shape.MAP else 0
        yield from ((at + before, target) for _, target, at in _entries(tree, node, row))


def _entries(
    tree: DeviceTree, node: Node, row: ReferenceProperty
) -> Iterator[tuple[int, Node, int]]:
    """(index, target, byte where the entry begins) of the entries of a property."""
    if row.shape is Shape.LIST:
        for entry in read_list(tree, node, row.name, lambda it: _cells(it, row)).entries:
            yield entry.index, entry.provider, entry.start
        return
    cells = node.cells(row.name) or ()
    if row.shape is Shape.FIRST:
        found = [(0, cells[:1], 0)]
    else:
        found = [(at // 4, cells[at + 1 : at + 2], 4 * at) for at in range(0, len(cells), 4)]
    for index, phandle, start in found:
        target = tree.by_phandle(phandle[0]) if phandle else None
        if target is not None:
            yield index, target, start


#: Targets that need not say how many cells they take, for they mostly take none.
_OPTIONAL = frozenset({"#msi-cells", "#nvmem-cell-cells"})


def _cells(target: Node, row: ReferenceProperty) -> int | None:
    if not row.cells:
        return 0
    found = target.cell(row.cells)
    return 0 if found is None and row.cells in _OPTIONAL else found


def _controller(node: Node) -> Node:
    """The device that ``node`` is, or is a part of."""
    for part in node.upwards():
        if "compatible" in part and part.base_name not in _LAYOUTS:
            return part
    return node


def _interrupt_controller(tree: DeviceTree, node: Node) -> Node | None:
    """Where the ``interrupts`` of a node go, unless that is the root of the interrupt tree.

    Devicetree Specification v0.4 section 2.4. Everything runs on the root, whoever has it.
    """
    parent = interrupt_parent(tree, node) if "interrupts" in node else None
    if parent is None or parent is node or parent in node.ancestors():
        return None
    above = interrupt_parent(tree, parent)
    chained = "interrupts" in parent or "interrupts-extended" in parent
    return None if above in (None, parent) or not chained else parent


def interrupt_root(tree: DeviceTree) -> Node | None:
    """The interrupt controller that the root node names: everything runs on it."""
    return interrupt_parent(tree, tree.root)


def interrupt_parent(tree: DeviceTree, node: Node) -> Node | None:
    """Where the ``interrupts`` of a node go."""
    for part in node.upwards():
        phandle = part.cell("interrupt-parent")
        if phandle is not None:
            return None if phandle in NULL_PHANDLES else tree.by_phandle(phandle)
        if part is not node and "#interrupt-cells" in part:
            return part
    return None
