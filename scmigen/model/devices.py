"""The devices of one platform: which node a device is, whose it is, and its id."""

from collections.abc import Container

from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.node_kinds import has_driver
from scmigen.bindings.scmi_nodes import is_in_scmi
from scmigen.devicetree.nodes import Node
from scmigen.model.decisions import Decisions
from scmigen.model.identifiers import Moved, Scheme, number_devices
from scmigen.model.naming import device_name
from scmigen.model.ownership import Owners
from scmigen.model.platform import Device


def device_of(owners: Owners, node: Node) -> Node | None:
    """The device a consumer is part of: itself, or the nearest node above that has a driver.

    An SCMI node is not a device: it is an agent's access to the platform and stays with the agent.
    A part that the device's owners do not own is a device of its own, from where it is named.
    """
    if is_in_scmi(node):
        return None
    parts = [part for part in node.upwards() if part.parent is not None]
    whole = next(filter(has_driver, parts), None)
    if whole is not None:
        ours, others = owners.of(node), owners.of(whole)
        if (ours.agents, ours.assignable) == (others.agents, others.assignable):
            return whole
        parts = parts[: parts.index(whole)] or [whole]
    named = next((part for part in parts if owners.names(part.path)), None)
    return named or (node if whole is not None else None)


def numbered_devices(
    decided: Decisions, resources: Container[ResourceKey], scheme: Scheme, platform: str
) -> tuple[tuple[Device, ...], tuple[Moved, ...]]:
    """The devices that need some of ``resources``, by id, and the ids that have moved."""
    uses: dict[str, list[Use]] = {}
    nodes: dict[str, Node] = {}
    for use in (*decided.closure.needs, *decided.closure.above):
        node = device_of(decided.owners, use.consumer) if use.key in resources else None
        if node is not None:
            nodes[node.path] = node
            of_it = uses.setdefault(node.path, [])
            if use not in decided.granted.idle:
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
