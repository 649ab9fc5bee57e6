"""The SCMI instances a tree already consumes (Linux ``Bindings/firmware/arm,scmi.yaml``)."""

from scmigen.bindings.facts import ScmiInstance
from scmigen.bindings.providers import SCMI_COMPATIBLES, is_scmi
from scmigen.bindings.status import Availability
from scmigen.devicetree.tree import DeviceTree, Node


def _protocols(node: Node) -> dict[int, Node]:
    found: dict[int, Node] = {}
    for child in node.children.values():
        number = child.cell("reg")
        if number is not None and child.base_name == "protocol":
            found.setdefault(number, child)
    return found


def instances_of(tree: DeviceTree, availability: Availability) -> tuple[ScmiInstance, ...]:
    """The enabled SCMI nodes of the tree, in the order of their paths."""
    nodes = (node for node in tree.nodes if is_scmi(node) and availability.enabled(node))
    return tuple(
        ScmiInstance(
            node,
            next(text for text in node.strings("compatible") if text in SCMI_COMPATIBLES),
            _protocols(node),
        )
        for node in sorted(nodes, key=lambda node: node.path)
    )
