"""SCMI nodes of a tree as a source: each describes the channel of the agent whose node it is.

Linux ``Bindings/firmware/arm,scmi.yaml``. The node says nothing about id, name or role.
"""

from collections.abc import Callable, Iterable

from scmigen.assignment.said import AgentSaid, Said, SharedMemory
from scmigen.bindings.facts import ScmiInstance
from scmigen.bindings.references import References, position_of
from scmigen.bindings.served import agent_of
from scmigen.bindings.status import Availability
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position


class Channel(Data):
    """An SCMI node and what it says; the name in ``said`` is the path of the node.

    ``agent_id`` is the agent that the server description of the same tree serves through it.
    """

    node: Node
    said: AgentSaid
    agent_id: int | None = None


def _same(path: str) -> str | None:
    return path


def read_channels(
    references: References,
    instances: Iterable[ScmiInstance],
    availability: Availability,
    on_board: Callable[[str], str | None] = _same,
) -> tuple[Channel, ...]:
    """Read the SCMI nodes of a tree.

    ``on_board`` gives the path on the board of a node of this tree, where that is another tree.
    """
    found = []
    for instance in instances:
        agent = agent_of(references, instance, availability)
        number = None if agent is None else agent.cell("reg")
        found.append(Channel(instance.node, _said(references.tree, instance, on_board), number))
    return tuple(found)


def _said(
    tree: DeviceTree, instance: ScmiInstance, on_board: Callable[[str], str | None]
) -> AgentSaid:
    node, channel = instance.node, instance.channel

    def at(name: str) -> Position:
        prop = node.get(name)
        return node.position or Position(tree.file) if prop is None else position_of(tree, prop)

    memory = _known(channel.shmem, on_board)
    mailboxes = _known(tuple(entry.provider for entry in channel.mailboxes), on_board)
    return AgentSaid(
        node.path,
        node.position or Position(tree.file),
        transport=Said(instance.transport.word, at("compatible")),
        smc_id=_number(channel.smc_id, at("arm,smc-id")),
        channel=_number(channel.number, at("linaro,optee-channel-id")),
        shmem=Said(SharedMemory(memory[0], memory), at("shmem")) if memory else None,
        mailboxes=Said(mailboxes, at("mboxes")) if mailboxes else None,
    )


def _number(value: int | None, position: Position) -> Said[int] | None:
    return None if value is None else Said(value, position)


def _known(nodes: tuple[Node, ...], on_board: Callable[[str], str | None]) -> tuple[str, ...]:
    """The paths on the board; nothing where one of the nodes is not there."""
    paths = [path for node in nodes if (path := on_board(node.path)) is not None]
    return tuple(paths) if len(paths) == len(nodes) else ()
