"""The SCMI nodes of a tree (Linux ``Bindings/firmware/arm,scmi.yaml``).

An SCMI node belongs to the agent that reads the tree: it is that agent's access to the platform,
not hardware of the platform. What an operating system does because of the node alone is that
agent's use too: it registers each child of ``regulators``, and its clock driver applies
``assigned-clocks``. Supplies and parent domains that the node names describe the platform.
"""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.bindings.channels import channel_at
from scmigen.bindings.facts import ScmiInstance, Use
from scmigen.bindings.identity import voltage_key
from scmigen.bindings.node_kinds import SCMI_SERVER, is_scmi
from scmigen.bindings.references import References
from scmigen.bindings.status import Availability
from scmigen.bindings.transports import CHANNEL_PROPERTIES, transport_of
from scmigen.bindings.xen import is_mediators
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Protocol

#: The property of a regulator node that is its id.
_NUMBER = "reg"
_CHANNEL_NUMBER = "linaro,optee-channel-id"
#: The node below the voltage protocol in which Linux looks for regulators.
REGULATORS = "regulators"
_STATE_READ = frozenset({Operation.STATE, Operation.READ})


#: What each protocol provides, and so the one ``#…-cells`` that its node may have; protocols that
#: are not listed have no specifiers either, or are a vendor's.
PROVIDES: Mapping[int, tuple[str, ...]] = {
    Protocol.BASE: (),
    Protocol.POWER: ("#power-domain-cells",),
    Protocol.SYSTEM: (),
    Protocol.PERFORMANCE: ("#clock-cells", "#power-domain-cells", "#performance-domain-cells"),
    Protocol.CLOCK: ("#clock-cells",),
    Protocol.SENSOR: ("#thermal-sensor-cells",),
    Protocol.RESET: ("#reset-cells",),
    Protocol.VOLTAGE: (),
    Protocol.POWERCAP: (),
    Protocol.PINCTRL: (),
}
_CELLS = tuple(dict.fromkeys(name for names in PROVIDES.values() for name in names))


def provided_cells(protocol: Node) -> dict[str, int | None]:
    """The ``#…-cells`` of SCMI that a protocol node has, with their values."""
    return {name: protocol.cell(name) for name in _CELLS if name in protocol}


def id_of(node: Node) -> int | None:
    """The SCMI id of a protocol, a regulator or an entry of a server description: its ``reg``."""
    return node.cell("reg")


def protocol_nodes(node: Node, availability: Availability) -> Iterator[tuple[int, Node]]:
    """The enabled protocol nodes of an SCMI node with their ids, in the order of the tree."""
    for child in node.children.values():
        number = child.cell("reg")
        if number is not None and child.base_name == "protocol" and availability.present(child):
            yield number, child


def _instance(references: References, node: Node, availability: Availability) -> ScmiInstance:
    transport = transport_of(node)
    assert transport is not None
    # Of two nodes for one protocol the first counts, as in Linux.
    protocols = dict(reversed(list(protocol_nodes(node, availability))))
    own = {
        number: channel_at(references, protocol, _CHANNEL_NUMBER)
        for number, protocol in protocols.items()
        if any(name in protocol for name in CHANNEL_PROPERTIES)
    }
    ordered = dict(sorted(protocols.items()))
    channel = channel_at(references, node, _CHANNEL_NUMBER)
    return ScmiInstance(node, transport, ordered, channel, dict(sorted(own.items())))


def instances_of(references: References, availability: Availability) -> tuple[ScmiInstance, ...]:
    """The enabled SCMI nodes of the tree, in the order of their paths; a hypervisor has its own."""
    nodes = [
        node
        for node in references.tree.nodes
        if is_scmi(node) and availability.enabled(node) and not is_mediators(node)
    ]
    nodes.sort(key=lambda node: node.path)
    return tuple(_instance(references, node, availability) for node in nodes)


def repeated_protocols(
    instance: ScmiInstance, availability: Availability
) -> Iterator[tuple[int, Node]]:
    """Protocol nodes that are ignored, because one before them has the same id."""
    for number, node in protocol_nodes(instance.node, availability):
        if instance.protocols[number] is not node:
            yield number, node


def unnumbered(instance: ScmiInstance, availability: Availability) -> Iterator[Node]:
    """Protocol nodes and regulators that are ignored, because they have no ``reg``."""
    protocols = (n for n in instance.node.children.values() if n.base_name == "protocol")
    for node in (*protocols, *regulators_of(instance, availability)):
        if id_of(node) is None and availability.present(node):
            yield node


def misplaced_regulators(instance: ScmiInstance) -> tuple[Node, ...]:
    """Nodes directly below the voltage protocol that are not the list of its regulators."""
    protocol = instance.protocols.get(Protocol.VOLTAGE)
    if protocol is None:
        return ()
    return tuple(node for node in protocol.children.values() if node.name != REGULATORS)


def is_in_scmi(node: Node) -> bool:
    """Whether the node is an SCMI node or below one."""
    above: Node | None = node
    while above is not None:
        if is_scmi(above):
            return True
        above = above.parent
    return False


def is_applied_by_agent(use: Use) -> bool:
    """Whether the agent of an SCMI node, not the platform, acts on a property in or below it."""
    return use.prop.startswith("assigned-clock") and is_in_scmi(use.consumer)


def regulators_of(instance: ScmiInstance, availability: Availability) -> Iterator[Node]:
    """The regulators below the voltage protocol of an instance; ``reg`` is the domain's id."""
    protocol = instance.protocols.get(Protocol.VOLTAGE)
    holder = protocol.children.get(REGULATORS) if protocol is not None else None
    for node in holder.children.values() if holder is not None else ():
        if availability.present(node):
            yield node


def registered_uses(instances: Iterable[ScmiInstance], availability: Availability) -> Iterator[Use]:
    """What an operating system uses because an SCMI node lists it: each regulator is registered,
    read, and switched on if it is always on (Linux ``drivers/regulator/scmi-regulator.c``)."""
    for instance in instances:
        for regulator in regulators_of(instance, availability):
            key = voltage_key(regulator)
            if key.cells:
                yield Use(regulator, key, _NUMBER, 0, _STATE_READ)


def is_registration(use: Use) -> bool:
    """Whether the use is one of `registered_uses`."""
    return use.prop == _NUMBER


def device_ids(references: References, nodes: Iterable[Node]) -> dict[str, int]:
    """The SCMI device ids that a tree gives some of its nodes, by path.

    An ``access-controllers`` cell is one only where the controller is an SCMI node; others are
    firewalls with numbers of their own (Linux ``Bindings/access-controllers``).
    """
    return {
        node.path: entry.cells[0]
        for node in nodes
        for entry in references.of(node, "access-controllers")
        if len(entry.cells) == 1 and is_scmi(entry.provider)
    }


def device_id_position(node: Node) -> Position | None:
    """Where a node says its SCMI device id."""
    found = node.get("access-controllers")
    return found.position if found is not None else None


def is_in_protocol(path: str) -> bool:
    """Whether a path is that of a ``protocol@N`` or below: its specifiers are the numbers of the
    firmware that implements it, and so are the addresses of its regulators."""
    return any(part.startswith("protocol@") for part in path.split("/"))


def server_nodes(tree: DeviceTree) -> tuple[Node, ...]:
    """The nodes that describe an SCMI server, in the order of the tree, enabled or not."""
    return tuple(tree.with_compatible(SCMI_SERVER))


def describes_server(tree: DeviceTree) -> bool:
    """Whether the tree has an enabled server description with agents."""
    availability = Availability()
    children = (child for node in server_nodes(tree) for child in node.children.values())
    return any(map(availability.present, children))


def server_paths(tree: DeviceTree) -> frozenset[str]:
    """The paths of the server descriptions and of all below them: none of it is a device."""
    return frozenset(part.path for node in server_nodes(tree) for part in node.walk())
