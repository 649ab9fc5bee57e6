"""What ``scmigen why`` says of the parents that an agent may set."""

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.words import listed
from scmigen.cli.subjects import identity, numbered
from scmigen.hints import Any
from scmigen.model.platform import Grant, Model
from scmigen.scmi.operations import Operation


def parents(model: Model, agent: Agent, key: ResourceKey) -> tuple[Grant, ...] | None:
    """What an agent can set the parent of a clock to; None: it may not set it."""
    for platform in model.platforms:
        grant = platform.holders(key).get(agent.id)
        if grant is not None and Operation.PARENT in grant.operations:
            return platform.parents_for(grant)
    return None


def parents_text(model: Model, agent: Agent, key: ResourceKey) -> str | None:
    """The same as a line."""
    found = parents(model, agent, key)
    if found is None:
        return None
    if found:
        return f"its parent can be {listed(numbered(model, g.resource.key, g.id) for g in found)}"
    known = model.inventory.facts.get(key)
    seen = f" that {agent.name} sees" if known is not None and known.parents else ""
    return f"no parent of it is known{seen}: the server of a build refuses to set one"


def parents_plain(model: Model, agent: Agent, key: ResourceKey) -> list[dict[str, Any]] | None:
    """What an agent can set the parent of a clock to, as JSON; null where it may not set it."""
    found = parents(model, agent, key)
    return None if found is None else [identity(model, g.resource.key, g.id) for g in found]
