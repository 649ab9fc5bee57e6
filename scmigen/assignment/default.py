"""The agents where no source describes any: an operating system, the secure world's devices."""

from collections.abc import Iterator, Mapping, Set

from scmigen.assignment.findings import PROVIDER_SECURE
from scmigen.assignment.said import AgentSaid, PlatformSaid, Said, SourceSaid
from scmigen.bindings.facts import ProviderClass, Use
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import has_driver
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Related
from scmigen.runtime import Role


def default_source(inventory: Inventory, classes: Set[str] = frozenset()) -> SourceSaid:
    """``ospm`` has every enabled device; ``secure`` those that ``secure-status`` keeps from it.

    What only the secure world can reach and ``ospm`` depends on is served by the platform, such as
    a regulator on a bus of the secure world. ``classes``: paths of the providers
    whose class a source states, which holds for what is below, too.
    """
    agents = [AgentSaid("ospm", id=Said(1), role=Said(Role.OSPM), default=Said(True))]
    if any(use.consumer.path in inventory.secure_only for use in inventory.uses):
        agents.append(AgentSaid("secure", id=Said(2), role=Said(Role.SECURE)))
    served = _served(inventory, classes)
    managed = {
        use.key.provider: Said(ProviderClass.MANAGED.value)
        for uses in served.values()
        for use in uses
    }
    return SourceSaid(
        tuple(agents), platform=PlatformSaid(managed), reported=tuple(_notes(inventory, served))
    )


def _served(inventory: Inventory, classes: Set[str]) -> dict[str, list[Use]]:
    """Path of each chip of the secure world → the normal world's uses of it."""
    found: dict[str, list[Use]] = {}
    for use in inventory.uses:
        provider = inventory.providers.get(use.key.provider)
        if (
            provider is not None
            and provider.category is ProviderClass.LOCAL
            and provider.node.path in inventory.secure_only
            and use.consumer.path not in inventory.secure_only
            and classes.isdisjoint(_line(provider.node))
        ):
            found.setdefault(_chip(provider.node).path, []).append(use)
    return found


def _line(node: Node) -> Iterator[str]:
    """The paths of a node and of those above it."""
    return (part.path for part in node.upwards())


def _chip(node: Node) -> Node:
    """The node with a driver that a provider is, or is part of."""
    return next((part for part in node.upwards() if has_driver(part)), node)


def _notes(inventory: Inventory, served: Mapping[str, list[Use]]) -> Iterator[Diagnostic]:
    for path, uses in served.items():
        node = inventory.tree.node(path)
        yield PROVIDER_SECURE.note(
            f"{path} belongs to the secure world, but ospm depends on it: the platform serves it",
            node.position if node is not None else None,
            [Related(f"{use.consumer.path} {use.prop}[{use.index}]", use.position) for use in uses],
            f'platform.managed: ["{path}"] says so in an agents file',
        )
