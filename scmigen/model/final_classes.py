"""The final class of each provider: what the rules say, then the user, then who owns it."""

from collections.abc import Mapping

from scmigen.assignment.assignment import PlatformOptions
from scmigen.bindings.facts import Provider, ProviderClass
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import has_driver, is_scmi
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.model.ownership import Owners
from scmigen.scmi.protocols import Kind


def final_providers(
    inventory: Inventory, options: PlatformOptions, owners: Owners
) -> dict[str, Provider]:
    """Every provider with its final class, by path."""
    overrides = {
        **dict.fromkeys(options.managed, ProviderClass.MANAGED),
        **dict.fromkeys(options.fixed, ProviderClass.FIXED),
        **dict.fromkeys(options.local, ProviderClass.LOCAL),
    }
    return {
        path: _final(provider, overrides, owners) for path, provider in inventory.providers.items()
    }


def _final(provider: Provider, overrides: Mapping[str, ProviderClass], owners: Owners) -> Provider:
    for node in provider.node.upwards():
        if node.path in overrides:
            word = overrides[node.path]
            return _decided(
                provider, word, f"platform.{word}", f"platform.{word} names {node.path}"
            )
    if provider.by_default and _is_claimed(provider.node, owners):
        reason = "an agent names it as its device"
        return _decided(provider, ProviderClass.LOCAL, "claimed", reason)
    if provider.category is ProviderClass.LOCAL and owners.of(provider.node).platform:
        reason = "the platform owns the device it is part of"
        return _decided(provider, ProviderClass.MANAGED, "platform.devices", reason)
    return provider


def _decided(provider: Provider, category: ProviderClass, rule: str, reason: str) -> Provider:
    """The provider with the class that the user or its owner gives it."""
    return replace(
        provider,
        category=category,
        rule=rule,
        reason=reason,
        beside_scmi=False,
        switched_by_board=False,
        by_default=False,
    )


def _is_claimed(node: Node, owners: Owners) -> bool:
    """Whether the node, or one above it that it belongs to for want of a compatible, is named."""
    part: Node | None = node
    while part is not None:
        if owners.claimed_exactly(part.path):
            return True
        if has_driver(part):
            return False
        part = part.parent
    return False


def platform_nodes(providers: Mapping[str, Provider]) -> frozenset[str]:
    """The paths of the platform's own nodes: managed providers that are used, their parts, the
    parents of managed regulators, and power domains that are nodes of a controller, used or not.
    What they consume grants nothing."""
    found: set[str] = set()
    for provider in providers.values():
        if provider.category is not ProviderClass.MANAGED:
            continue
        if not provider.consumers and not _is_domain_of_controller(provider):
            continue
        found.add(provider.node.path)
        found.update(_parts(provider.node, providers))
        parent = provider.node.parent
        if Kind.VOLTAGE in provider.kinds and parent is not None:
            found.add(parent.path)
    return frozenset(found)


def _is_domain_of_controller(provider: Provider) -> bool:
    """Whether the provider is one domain of a power controller: a node without its own driver.

    What it consumes is for switching it, so that its users being disabled gives it to nobody.
    """
    return (
        Kind.POWER in provider.kinds
        and provider.node.parent is not None
        and not has_driver(provider.node)
        and not any(is_scmi(above) for above in provider.node.ancestors())
    )


def _parts(node: Node, providers: Mapping[str, Provider]) -> list[str]:
    """The nodes below that have no ``compatible`` and no class of their own that says otherwise."""
    found: list[str] = []
    stack = list(node.children.values())
    while stack:
        part = stack.pop()
        own = providers.get(part.path)
        other = own is not None and own.consumers and own.category is not ProviderClass.MANAGED
        if not has_driver(part) and not other:
            found.append(part.path)
            stack.extend(part.children.values())
    return found
