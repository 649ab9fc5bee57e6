"""Lines of ``scmigen why`` on a resource itself: who keeps it on, what it feeds as it runs."""

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.words import resource_word, use_word
from scmigen.cli.why_not import Because
from scmigen.model.boot_state import dependencies, own_uses
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Kind


def kept_on(model: Model, key: ResourceKey) -> Because | None:
    """Who keeps a resource on for good, and since where; None: only the votes of agents do."""
    facts = {
        r.key: r.facts for p in model.platforms for found in p.resources.values() for r in found
    }
    if key not in facts or not facts[key].always_on:
        return None
    closure, inventory = model.findings.closure, model.inventory
    needed = dependencies(inventory, closure, {**inventory.facts, **facts})
    keeps = "the platform keeps it on"
    entries = model.assignment.options.always_on
    for entry in sorted(entries, key=lambda entry: entry.key != key):
        if key in needed.of([entry.key]):
            word = resource_word(model.inventory, entry.key)
            runs = "" if entry.key == key else f" for {word}, which runs on it"
            return Because("always-on", f"{keeps}{runs}: platform.always-on", entry.position)
    for use in own_uses(closure, model.owners):
        if key in needed.of([use.key]):
            text = f"{keeps} for a device of its own, {use_word(use)}"
            return Because("platform", text, use.position)
    return Because("tree", "the tree says that it is always on", facts[key].position)


def feeds(model: Model, agent: Agent, key: ResourceKey) -> list[Because]:
    """The clocks of an agent that a clock feeds in the running system, with their lines there."""
    topology = model.inventory.topology
    had = {g.resource.key for p in model.platforms for g in p.grants_of(agent, Kind.CLOCK)}
    return [
        Because("topology", f"in the running system it feeds {clock.name}", clock.position)
        for clock in topology.clocks
        if clock.key in had and topology.parent(clock.key) == key
    ]
