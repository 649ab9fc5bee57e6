"""Ways from a grant to the device that it affects, in words and places."""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.words import VERBS, node_word, position, resource_word, use_word
from scmigen.data import Data
from scmigen.diagnostics import Position, Related
from scmigen.model.influence import Influence, Way
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

_VERBS = {**VERBS, Operation.CONFIG: "configure", Operation.READ: "read"}


class Reach(Data):
    """An agent that affects a device of others, with a shortest way. ``word`` is the device's
    label where it has one, else its path. The platform's devices have no ``owners``."""

    agent: str
    device: str
    word: str
    owners: tuple[str, ...]
    steps: tuple[Related, ...]


def power_word(model: Model, way: Way) -> str:
    """``set the rate of clock <&cru 1>``: what a way begins with."""
    return f"{_VERBS[way.operation]} {resource_word(model.inventory, way.keys[0])}"


def beginning(model: Model, way: Way) -> Related:
    """What grants the operation that a way begins with."""
    why = way.because
    place = why.position if isinstance(why, HandGrant) else position(model.inventory.tree, why)
    word = why.word if isinstance(why, HandGrant) else use_word(why)
    return Related(f"{way.agent.name} may {power_word(model, way)}: {word}", place)


def steps(model: Model, influence: Influence, way: Way) -> Iterator[Related]:
    """From the reason of the grant to the device."""
    yield beginning(model, way)
    inventory = model.inventory
    for above, below in zip(way.keys, way.keys[1:], strict=False):
        words = (resource_word(inventory, key) for key in (below, above))
        if above.kind is not Kind.RESET and model.findings.feeding.is_certain(below, above):
            changes = " changes with "
        else:
            changes = " works with " if influence.works_with(below, above) else " may change with "
        yield Related(changes.join(words), _fed_at(model, influence, above, below))
    if way.use is not None:
        yield Related(f"{use_word(way.use)} needs it", position(inventory.tree, way.use))


def _fed_at(
    model: Model, influence: Influence, above: ResourceKey, below: ResourceKey
) -> Position | None:
    """Where it is written that a resource changes with another."""
    use = influence.feeding_use(above, below)
    if use is not None:
        return use.position
    facts = model.inventory.facts.get(below)
    return None if facts is None else facts.position


def reached(model: Model) -> Mapping[tuple[str, str], Reach]:
    """By agent and device: which devices of others each agent affects."""
    influence = Influence(model)
    found: dict[tuple[str, str], Reach] = {}
    for path, uses in influence.devices.items():
        owners = influence.owners(uses[0].consumer)
        for agent in influence.affecting(path):
            if agent not in owners:
                ways = influence.on_device(agent, path, frozenset())
                way = min(ways, key=lambda way: len(way.keys), default=None)
                if way is not None:
                    found[agent.name, path] = _reach(model, influence, way, path, owners)
    return found


def has(model: Model, agent: str, device: str) -> bool:
    """Whether an agent has a device, or may be given it."""
    node = model.inventory.tree.node(device)
    return node is not None and agent in {each.name for each in model.owners.of(node).all_agents}


def _reach(
    model: Model, influence: Influence, way: Way, path: str, owners: tuple[Agent, ...]
) -> Reach:
    names = tuple(owner.name for owner in owners)
    word = node_word(model.inventory.tree, path)
    return Reach(way.agent.name, path, word, names, tuple(steps(model, influence, way)))
