"""The line of ``scmigen why`` on a resource that stays on, whatever agents ask for."""

from scmigen.bindings.facts import ResourceKey
from scmigen.checks.words import resource_word, use_word
from scmigen.cli.why_not import Because
from scmigen.model.boot_state import dependencies, own_uses
from scmigen.model.platform import Model


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
