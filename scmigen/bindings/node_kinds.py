"""Kinds of nodes, by name and properties: the one module that compares such strings.

Everything outside `scmigen.bindings` asks these functions in place of comparing a ``compatible``, a
``device_type`` or a ``status`` itself. They look at one node and those around it; what needs
references (who provides what to whom) is in the other modules of this package.
"""

from collections.abc import Iterator

from scmigen.bindings.transports import SHARED_MEMORY, transport_of
from scmigen.devicetree.nodes import Node, Property
from scmigen.patterns import pattern

#: A description of the server itself: who may use what under which number.
SCMI_SERVER = "optee,scmi-server"
#: Names of bus controllers whose devices are reached through them; those on GPIOs are numbered or
#: say what they are (``i2c-8``, ``i2c-gpio-0``, ``i2c-mux``, ``mdio-mux``).
_BUS_NAME = pattern(
    r"(i2c|spi|mdio)(-(gpio|controller|mux|arb|bus|external|\d+))*"
    r"|(i3c|spmi|rsb|pwrap|slim|soundwire|usb|pcie|w1|onewire)(-\d+)?"
)
#: NVIDIA's boot and power management processor (Linux
#: ``Bindings/firmware/nvidia,tegra186-bpmp.yaml``).
_BPMP = pattern(r"nvidia,tegra[0-9]+-bpmp")
#: Names of nodes that all agents run on, besides CPUs.
_MEMORY_CONTROLLERS = frozenset({"memory-controller", "ddr"})
#: Lists of other devices' sensor channels, which have no registers of their own
#: (Linux ``Bindings/hwmon/iio-hwmon.yaml``).
_LISTS = frozenset({"iio-hwmon"})
#: Tables that devices refer to.
_TABLES = frozenset({"operating-points-v2", "operating-points-v2-kryo-cpu", "domain-idle-state"})
#: What a node without a driver lists: a thermal zone its sensors.
_CHANNELS = ("thermal-sensors", "io-channels")
#: What a device is joined to, below it.
_PORTS = frozenset({"port", "ports"})
#: Nodes whose registers others reach by naming the node in properties of their own, or from below.
_SHARED_REGISTERS = frozenset({"syscon", "simple-mfd"})
#: The parent supplies of regulators and power domains; ``power-supply`` is that of i.MX's domains.
_PARENT_SUPPLIES = frozenset({"domain-supply", "power-supply", "vin-supply"})
#: Compatible → the clock, by name, that its driver can do without, and what is lost then. Boards
#: protect what the tree of their SoC names, and Linux gives the driver an empty clock.
_OPTIONAL_CLOCKS = {"qcom,qfprom": ("core", "fuses can be read, but not written")}


def compatibles(node: Node) -> frozenset[str]:
    """The strings of a node's ``compatible``."""
    return frozenset(node.strings("compatible"))


def rings_doorbells(node: Node) -> bool:
    """Whether the last cell of a reference to a mailbox controller is a doorbell that rings."""
    return any(name.startswith("arm,mhu") for name in compatibles(node))


def nearest_compatibles(node: Node) -> tuple[str, ...]:
    """The ``compatible`` of a node, or of the nearest one above it but the root; of the root its
    own."""
    if node.parent is None:
        return node.strings("compatible")
    while node.parent is not None:
        found = node.strings("compatible")
        if found:
            return found
        node = node.parent
    return ()


def has_driver(node: Node) -> bool:
    """Whether a driver can bind to the node: it has a ``compatible``. Others are part of the node
    above them."""
    return "compatible" in node


def own_parts(node: Node) -> Iterator[Node]:
    """A device with what it consists of, but for ports: these say what it is joined to."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        stack += (
            child
            for child in part.children.values()
            if not has_driver(child) and child.base_name not in _PORTS
        )


def is_device(node: Node) -> bool:
    """Whether the node is a device by itself; a table has a ``compatible``, too."""
    return has_driver(node) and _TABLES.isdisjoint(compatibles(node))


def has_registers(node: Node) -> bool:
    """Whether the node is a device that is driven through an address: no memory, no part of a CPU
    and nothing that shared memory of SCMI is in."""
    if not is_device(node) or "reg" not in node or is_memory(node):
        return False
    top = [node, *node.ancestors()][-2:][0]
    if top.base_name in ("cpus", "reserved-memory"):
        return False
    return not any(SHARED_MEMORY in below.strings("compatible") for below in node.walk())


def is_cpu(node: Node) -> bool:
    """Whether the node is a CPU (Devicetree Specification v0.4, section 3.8)."""
    return node.string("device_type") == "cpu"


def is_memory(node: Node) -> bool:
    """Whether the node describes main memory (Devicetree Specification v0.4, section 3.4)."""
    return node.string("device_type") == "memory"


def is_pci(node: Node) -> bool:
    """Whether the node is a PCI host bridge or port; its OPP table holds link speeds."""
    return node.string("device_type") == "pci"


def is_memory_controller(node: Node) -> bool:
    """Whether the node controls main memory, by its name."""
    return node.base_name in _MEMORY_CONTROLLERS


def is_critical(node: Node) -> bool:
    """Whether all agents run on the node: a CPU or a memory controller."""
    return is_cpu(node) or is_memory_controller(node)


def status_of(node: Node) -> Property | None:
    """The nearest ``secure-status`` or, without one, ``status`` of the node or above it."""
    for part in node.upwards():
        found = part.get("secure-status") or part.get("status")
        if found is not None:
            return found
    return None


def is_bus(node: Node) -> bool:
    """Whether the node is a bus controller, by its name (Linux ``Bindings/i2c``, ``…/spi``, …)."""
    return _BUS_NAME.fullmatch(node.base_name) is not None


def bus_of(node: Node) -> Node | None:
    """The controller of the bus that a node is on: the nearest one with a driver of its own."""
    return next((above for above in node.ancestors() if is_bus(above) and has_driver(above)), None)


def chip_of(node: Node) -> Node:
    """The chip on a bus that a node is part of, or the node itself."""
    for part in node.upwards():
        if part.parent is not None and is_bus(part.parent) and has_driver(part):
            return part
    return node


def is_pmic(chip: Node) -> bool:
    """Whether a chip on a bus has regulators."""
    return any(
        "regulator-min-microvolt" in part or "regulator-name" in part for part in chip.walk()
    )


def pmic_bus_of(node: Node) -> Node | None:
    """The bus that a node is on, whichever kind of bus, if it has nothing but PMICs on it."""
    bus = next(filter(is_bus, node.ancestors()), None)
    chips = [child for child in bus.children.values() if has_driver(child)] if bus else []
    return bus if chips and all(map(is_pmic, chips)) else None


def is_list(node: Node) -> bool:
    """Whether the node only lists other devices' channels (``iio-hwmon``, a thermal zone): it is
    not a device, and its driver does without a channel that is not there."""
    if has_driver(node):
        return not _LISTS.isdisjoint(compatibles(node))
    return any(name in node for name in _CHANNELS)


def is_bpmp(node: Node) -> bool:
    """Whether the node is NVIDIA's BPMP, whose firmware serves clocks by number."""
    return any(map(_BPMP.fullmatch, compatibles(node)))


def is_scmi(node: Node) -> bool:
    """Whether the node is an SCMI instance (Linux ``Bindings/firmware/arm,scmi.yaml``).

    The agents in a server description have the same compatibles, but are not instances.
    """
    if transport_of(node) is None:
        return False
    return node.parent is None or not is_scmi_server(node.parent)


def is_scmi_server(node: Node) -> bool:
    """Whether the node describes an SCMI server (OP-TEE's ``optee,scmi-server``)."""
    return SCMI_SERVER in node.strings("compatible")


def lists_for_guests(node: Node) -> bool:
    """Whether the node lists what a hypervisor serves to its guests (hvisor); it uses none."""
    return "hvisor" in node.strings("compatible")


def is_psci(node: Node) -> bool:
    """Whether the node is the PSCI firmware interface."""
    return any(text.startswith("arm,psci") for text in node.strings("compatible"))


def is_parent_supply(prop: str) -> bool:
    """Whether a property names the supply that a regulator or a power domain is itself fed from."""
    return prop in _PARENT_SUPPLIES


def lost_without(node: Node, clock: str | None) -> str | None:
    """What does not work without the clock of a device that ``clock`` names in ``clock-names``;
    None unless the driver accepts that the clock is missing."""
    for text in node.strings("compatible"):
        name, lost = _OPTIONAL_CLOCKS.get(text, (None, None))
        if name is not None and name == clock:
            return lost
    return None


def has_shared_registers(node: Node) -> bool:
    """Whether other nodes, and those below it, use its registers, as of a ``syscon``."""
    return not _SHARED_REGISTERS.isdisjoint(compatibles(node))
