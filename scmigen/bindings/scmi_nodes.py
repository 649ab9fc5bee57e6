"""The SCMI instances a tree already consumes (Linux ``Bindings/firmware/arm,scmi.yaml``)."""

from collections.abc import Iterable, Iterator

from scmigen.bindings.facts import ScmiChannel, ScmiInstance
from scmigen.bindings.providers import SCMI_COMPATIBLES, is_scmi, is_scmi_server
from scmigen.bindings.references import References
from scmigen.bindings.status import Availability
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position

_TRANSPORTS = {
    "arm,scmi": "mailbox",
    "arm,scmi-smc": "smc",
    "arm,scmi-smc-param": "smc",
    "qcom,scmi-smc": "smc",
    "arm,scmi-virtio": "virtio",
    "linaro,scmi-optee": "optee",
}
#: What makes a channel; a protocol node with one of these has a channel of its own.
_CHANNEL = ("mboxes", "shmem", "arm,smc-id", "linaro,optee-channel-id")


def _protocols(node: Node) -> dict[int, Node]:
    found: dict[int, Node] = {}
    for child in node.children.values():
        number = child.cell("reg")
        if number is not None and child.base_name == "protocol":
            found.setdefault(number, child)
    return found


def _channel(references: References, node: Node) -> ScmiChannel:
    return ScmiChannel(
        node,
        node.cell("arm,smc-id"),
        node.cell("linaro,optee-channel-id"),
        tuple(entry.provider for entry in references.of(node, "shmem")),
        tuple(entry.provider for entry in references.of(node, "mboxes")),
    )


def _instance(references: References, node: Node) -> ScmiInstance:
    protocols = _protocols(node)
    compatible = next(text for text in node.strings("compatible") if text in SCMI_COMPATIBLES)
    own = {
        number: _channel(references, protocol)
        for number, protocol in protocols.items()
        if any(name in protocol for name in _CHANNEL)
    }
    channel = _channel(references, node)
    return ScmiInstance(node, compatible, protocols, _TRANSPORTS[compatible], channel, own)


def instances_of(references: References, availability: Availability) -> tuple[ScmiInstance, ...]:
    """The enabled SCMI nodes of the tree, in the order of their paths."""
    nodes = [node for node in references.tree.nodes if is_scmi(node) and availability.enabled(node)]
    nodes.sort(key=lambda node: node.path)
    return tuple(_instance(references, node) for node in nodes)


def regulators_of(instance: ScmiInstance) -> Iterator[Node]:
    """The regulators below the voltage protocol of an instance; ``reg`` is the domain's id."""
    protocol = instance.protocols.get(0x17)
    holder = protocol.children.get("regulators") if protocol is not None else None
    yield from holder.children.values() if holder is not None else ()


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


def server_nodes(tree: DeviceTree) -> tuple[Node, ...]:
    """The nodes that describe an SCMI server, in the order of the tree, enabled or not."""
    return tuple(node for node in tree.nodes if is_scmi_server(node))


def server_paths(tree: DeviceTree) -> frozenset[str]:
    """The paths of the server descriptions and of all below them: none of it is a device."""
    return frozenset(part.path for node in server_nodes(tree) for part in node.walk())
