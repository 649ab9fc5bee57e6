"""The devices of one platform: which node a device is, whose it is, and its id."""

from collections.abc import Container
from itertools import chain, groupby
from operator import attrgetter

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
    idle = decided.granted.idle
    needs = chain(decided.closure.needs, decided.closure.above)
    for consumer, of_it in groupby(needs, attrgetter("consumer")):
        here = [use for use in of_it if use.key in resources]
        node = device_of(decided.owners, consumer) if here else None
        if node is not None:
            nodes[node.path] = node
            told = [use for use in here if use not in idle] if idle else here
            uses.setdefault(node.path, []).extend(told)
    numbers, moved = number_devices(nodes, scheme.numbers(platform), decided.inventory.device_ids)
    locked = scheme.names(platform).devices
    tree, name_of = decided.inventory.tree, decided.inventory.references.once(device_name)
    found = []
    for path, node in nodes.items():
        owner = decided.owners.of(node)
        name = locked[path].name if path in locked else name_of(tree, node)
        device = Device(
            node, numbers[path], owner.agents, owner.assignable, tuple(uses[path]), name
        )
        found.append(device)
    return tuple(sorted(found, key=lambda device: device.number or 0)), moved
