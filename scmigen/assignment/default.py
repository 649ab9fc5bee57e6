"""The assignment without any source: one operating system, and the secure world's devices."""

from scmigen.assignment.said import AgentSaid, Said, SourceSaid
from scmigen.bindings.facts import Inventory
from scmigen.runtime import Role


def default_source(inventory: Inventory) -> SourceSaid:
    """``ospm`` has every enabled device; ``secure`` those that ``secure-status`` keeps from it."""
    agents = [AgentSaid("ospm", id=Said(1), role=Said(Role.OSPM), default=Said(True))]
    if any(use.consumer.path in inventory.secure_only for use in inventory.uses):
        agents.append(AgentSaid("secure", id=Said(2), role=Said(Role.SECURE)))
    return SourceSaid(tuple(agents))
