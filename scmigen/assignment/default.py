"""The assignment where the user says nothing: one operating system, and the secure world's own."""

from scmigen.assignment.assignment import Agent, Assignment, PlatformOptions
from scmigen.bindings.facts import Inventory
from scmigen.runtime import Role


def default_assignment(inventory: Inventory) -> Assignment:
    """``ospm`` gets every enabled device; ``secure`` what ``secure-status`` keeps from it."""
    agents = [Agent(1, "ospm", Role.OSPM, default=True)]
    if any(use.consumer.path in inventory.secure_only for use in inventory.uses):
        agents.append(Agent(2, "secure", Role.SECURE))
    return Assignment(tuple(agents), (), (), PlatformOptions({}, {}, {}))
