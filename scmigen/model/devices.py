"""The devices of one platform: which node a device is, whose it is, and its id."""

from collections.abc import Container
from itertools import chain

from scmigen.bindings.facts import ResourceKey, Use
from scmigen.devicetree.nodes import Node
from scmigen.model.decisions import Decisions
from scmigen.model.identifiers import Moved, Scheme, number_devices
from scmigen.model.naming import device_name
from scmigen.model.ownership import device_of
from scmigen.model.platform import Device


def numbered_devices(
    decided: Decisions, resources: Container[ResourceKey], scheme: Scheme, platform: str
) -> tuple[tuple[Device, ...], tuple[Moved, ...]]:
    """The devices that need some of ``resources``, by id, and the ids that have moved."""
    uses: dict[str, list[Use]] = {}
    nodes: dict[str, Node] = {}
    devices: dict[Node, Node | None] = {}
    idle = decided.granted.idle
    for use in chain(decided.closure.needs, decided.closure.above):
        if use.key not in resources:
            continue
        if use.consumer not in devices:
            devices[use.consumer] = device_of(decided.owners, use.consumer)
        node = devices[use.consumer]
        if node is not None:
            nodes[node.path] = node
            of_it = uses.setdefault(node.path, [])
            if not idle or use not in idle:
                of_it.append(use)
    numbers, moved = number_devices(nodes, scheme.numbers(platform), decided.inventory.device_ids)
    locked = scheme.names(platform).devices
    found = []
    for path, node in nodes.items():
        owner = decided.owners.of(node)
        name = locked[path].name if path in locked else device_name(decided.inventory.tree, node)
        device = Device(
            node, numbers[path], owner.agents, owner.assignable, tuple(uses[path]), name
        )
        found.append(device)
    return tuple(sorted(found, key=lambda device: device.number or 0)), moved
