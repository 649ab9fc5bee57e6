"""The channel of an agent as its own board has it, against the one that the server has."""

from collections.abc import Iterator

from scmigen import runtime
from scmigen.assignment.assignment import Agent, Transport
from scmigen.assignment.channels import read_channels
from scmigen.assignment.merge import merge
from scmigen.assignment.said import AgentSaid, Said, SharedMemory
from scmigen.assignment.select import Selector
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position
from scmigen.model.platform import Model, Platform


def channel_differs(
    model: Model, platform: Platform, mine: Agent, theirs: runtime.ServedAgent, where: Position
) -> Iterator[Diagnostic]:
    """One error per part of the channel that the two sides state differently.

    Positions are those of the SCMI node of the board where it describes the agent's channel.
    """
    inventory = model.inventory
    tree = inventory.tree
    here = _said(tree, theirs.name, mine.transport, mine.position or Position(tree.file))
    there = _said(tree, theirs.name, theirs.transport, where)
    for channel in read_channels(inventory.references, inventory.instances, inventory.availability):
        if platform.instance is not None and channel.node is platform.instance.node:
            node, problems = merge([channel.said, here])
            here = here if problems else node
    _, problems = merge([there, here])
    yield from problems


def is_compared(tree: DeviceTree, here: str, there: str) -> bool:
    """Whether `channel_differs` tells two memories apart: the tree has nodes for the names of
    both. A name that it does not know may be of another tree, and mean the same."""
    select = Selector(tree).select
    return bool(select(here).nodes and select(there).nodes)


def _said(
    tree: DeviceTree, name: str, transport: Transport | runtime.Transport | None, position: Position
) -> AgentSaid:
    if transport is None:
        return AgentSaid(name)
    memory = None
    if transport.shmem is not None:
        nodes = Selector(tree).select(transport.shmem).nodes
        paths = tuple(node.path for node in nodes)
        memory = Said(SharedMemory(transport.shmem, paths), position)
    return AgentSaid(
        name,
        transport=Said(transport.type, position),
        smc_id=None if transport.smc_id is None else Said(transport.smc_id, position),
        channel=None if transport.channel is None else Said(transport.channel, position),
        shmem=memory,
    )
