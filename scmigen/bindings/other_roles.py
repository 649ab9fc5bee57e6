"""What a provider of clocks, domains, resets or supplies is besides.

Firmware that serves the provider does not stand in for these: a node that has such a role stays
enabled for who uses it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping

from scmigen.bindings.dependencies import dependencies_of
from scmigen.bindings.node_kinds import has_shared_registers, is_device
from scmigen.bindings.status import Availability
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern
from scmigen.tuples import NamedTuple

#: Property of a node → what the node is then.
_IS = {
    "interrupt-controller": "it is an interrupt controller",
    "gpio-controller": "it is a GPIO controller",
    "#mbox-cells": "it is a mailbox",
    "#iommu-cells": "it is an IOMMU",
}
_ENDPOINT = "remote-endpoint"
_OF_A_VENDOR = pattern(r"[a-z0-9-]+,[a-z0-9-]+")


class Role(NamedTuple):
    """Why a node must stay, in words. ``around``: only because other devices are below it."""

    why: str
    around: bool = False


def other_roles(
    tree: DeviceTree,
    availability: Availability,
    providers: Iterable[Node],
    parts: Container[str],
) -> Mapping[str, Role]:
    """Path → why the node must stay, for those of ``providers`` that must.

    ``parts``: the paths of all nodes that go with the providers: what they refer to, or are below
    a provider, keeps nothing.
    """
    wanted = {node.path: node for node in providers}
    users = [n for n in tree.nodes if n.path not in parts and availability.enabled(n)]
    found: dict[str, Role] = {}
    for path, node in wanted.items():
        role = _itself(node, parts, availability)
        if role is not None:
            found[path] = role
    for item in dependencies_of(tree, users):
        path = item.controller.path
        if path in wanted and path not in found:
            found[path] = Role(f"{item.consumer.path} refers to it ({item.prop})")
    for path, why in _by_vendors(users, wanted.values()):
        found.setdefault(path, Role(why))
    return found


def _itself(node: Node, parts: Container[str], availability: Availability) -> Role | None:
    for name, why in _IS.items():
        if name in node:
            return Role(why)
    for below in node.walk():
        if _ENDPOINT in below:
            return Role("it is part of a graph of ports")
        other = below is not node and is_device(below) and below.path not in parts
        if other and availability.enabled(below):
            return Role(f"{below.path} is below it", around=True)
    return None


def _by_vendors(users: Iterable[Node], providers: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Nodes of registers that a vendor's property names by its first cell."""
    by_phandle = {
        node.phandle: node
        for node in providers
        if node.phandle is not None and has_shared_registers(node)
    }
    for user in users:
        for name in user.properties if by_phandle else ():
            node = by_phandle.get(user.cell(name) or 0) if _OF_A_VENDOR.fullmatch(name) else None
            if node is not None and node is not user:
                yield node.path, f"{user.path} refers to it ({name})"
