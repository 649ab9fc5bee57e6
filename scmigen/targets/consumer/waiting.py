"""What an agent's nodes refer to and others drive: their drivers wait for it.

A resource that another agent drives natively is an error before there are trees (`local-foreign`).
"""

from collections.abc import Collection, Iterable, Iterator

from scmigen.assignment.assignment import Agent
from scmigen.bindings.dependencies import DISPENSABLE, Dependency, dependencies_of
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Platform
from scmigen.targets.consumer.board import Sides


class Waiting(Data):
    """A controller that is left to others, and the entries that lead to it."""

    controller: Node
    entries: tuple[Dependency, ...]


def waiting(platform: Platform, agent: Agent, parts: Sides) -> tuple[Waiting, ...]:
    """What is left to others and the agent's nodes refer to, or what these work through."""
    left = {below for node in parts.others for below in node.walk()}
    if not left:
        return ()
    stays = frozenset(parts.kept)
    own = [n for n in parts.kept if agent in platform.owners.of(n).all_agents]
    found: dict[Node, dict[tuple[str, str, int], Dependency]] = {}
    for entry in _entries(platform, own, stays):
        if entry.target in left and entry.prop not in DISPENSABLE:
            place = entry.consumer.path, entry.prop, entry.index
            found.setdefault(entry.controller, {}).setdefault(place, entry)
    return tuple(Waiting(node, tuple(rows.values())) for node, rows in found.items())


def _entries(
    platform: Platform, own: Iterable[Node], stays: Collection[Node]
) -> Iterator[Dependency]:
    """The entries of an agent's nodes, and of what stays and these work through in turn."""
    seen = set(own)
    nodes = list(own)
    while nodes:
        entries = list(dependencies_of(platform.inventory.tree, nodes))
        yield from entries
        reached = dict.fromkeys(item.controller for item in entries)
        nodes = [node for node in reached if node in stays and node not in seen]
        seen.update(nodes)
