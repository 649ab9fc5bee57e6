"""What keeps U-Boot from starting at all, and the edits that prevent it.

It speaks to the platform when it binds the SCMI node, and a node that cannot be bound is an error
of ``initr_dm`` (``drivers/firmware/scmi/scmi_agent-uclass.c``, ``common/board_r.c``).
"""

from collections.abc import Iterator

from scmigen.bindings.dialects import U_BOOT
from scmigen.bindings.scmi_nodes import REGULATORS
from scmigen.bindings.status import DISABLED, Availability
from scmigen.bindings.transports import transport_of
from scmigen.devicetree.edits import SetProperty, Strings
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.protocols import Protocol

_NAME = "regulator-name"


def bindable(tree: DeviceTree, scmi: str) -> Iterator[SetProperty]:
    """The edits of a tree whose SCMI node is at the path ``scmi``.

    There is one SCMI node; the voltage protocol has its regulators; and no two regulators that are
    bound have one name, those that are disabled below that protocol included.
    """
    available = Availability()
    for node in tree.nodes:
        if node.path != scmi and _has_driver(node) and available.enabled(node):
            yield _disabled(node)
    own = tree.node(scmi)
    for protocol in own.children.values() if own is not None else ():
        if protocol.cell("reg") != Protocol.VOLTAGE or not available.enabled(protocol):
            continue
        if REGULATORS not in protocol.children:
            yield _disabled(protocol)
            continue
        regulators = tuple(protocol.children[REGULATORS].children.values())
        others = (n for n in tree.nodes if _is_regulator(n) and available.enabled(n))
        taken = {_name(node) for node in others if node not in regulators}
        for node in regulators:
            name = free = _name(node)
            number = 0
            while free in taken:
                free = f"scmi-{name}" + (f"-{number}" if number else "")
                number += 1
            taken.add(free)
            if free != name:
                yield SetProperty(node.path, _NAME, Strings((free,)))


def _disabled(node: Node) -> SetProperty:
    return SetProperty(node.path, "status", Strings((DISABLED,)))


def _has_driver(node: Node) -> bool:
    transport = transport_of(node)
    return transport is not None and transport.compatible in U_BOOT.transports


def _is_regulator(node: Node) -> bool:
    return any(name.startswith("regulator-") for name in node.properties)


def _name(node: Node) -> str:
    """What U-Boot calls a regulator (``regulator_post_bind``)."""
    return node.string(_NAME) or node.name
