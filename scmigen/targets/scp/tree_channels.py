"""The channels of an agent that the device tree has: those of its SCMI node and of its protocols.

Linux ``drivers/firmware/arm_scmi/transports/mailbox.c``: the first mailbox and shared memory are
from the agent to the platform, the second shared memory is from the platform to the agent, with the
mailbox after those of the first.
"""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.assignment.select import Selector
from scmigen.bindings.facts import ScmiChannel, ScmiInstance
from scmigen.bindings.node_kinds import rings_doorbells
from scmigen.bindings.references import Reference
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Position
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import KIND_OF, Protocol

#: Mailboxes, where there are two shared memories → the place of that to the agent among them.
_TO_AGENT = {2: 1, 3: 2, 4: 2}


class TreeChannel(Data):
    """A channel of the tree: its shared memory, and the number of the doorbell if that is known."""

    memory: Node
    slot: int | None
    position: Position | None


def tree_channels(platform: Platform, agent: Agent) -> Mapping[str, TreeChannel]:
    """The channels of an agent, by what the options call them; the agent's own come first."""
    found: dict[str, TreeChannel] = {}
    for instance in platform.inventory.instances:
        if _is_of(platform, agent, instance):
            found |= _both_ways(instance.channel, "")
            for number, channel in instance.own.items():
                found |= _both_ways(channel, f" {_word(number)}")
    return found


def _is_of(platform: Platform, agent: Agent, instance: ScmiInstance) -> bool:
    """Whether the channel of an agent is that of an SCMI node."""
    said = agent.transport
    if said is None or said.shmem is None or said.type != instance.transport.word:
        return False
    nodes = Selector(platform.inventory.tree).select(said.shmem).nodes
    return bool(nodes) and nodes[:1] == instance.channel.shmem[:1]


def _word(number: int) -> str:
    """What a protocol is called: ``performance``, ``system``, or its number."""
    if number not in {*Protocol}:
        return f"{number:x}"
    return str(KIND_OF.get(Protocol(number), Protocol(number).name.lower()))


def _both_ways(channel: ScmiChannel, suffix: str) -> Iterator[tuple[str, TreeChannel]]:
    boxes, where = channel.mailboxes, channel.node.position
    places = (("a2p", 0), ("p2a", _TO_AGENT.get(len(boxes))))
    for memory, (way, place) in zip(channel.shmem, places, strict=False):
        slot = _slot(boxes[place]) if place is not None and place < len(boxes) else None
        yield f"{way}{suffix}", TreeChannel(memory, slot, where)


def _slot(box: Reference) -> int | None:
    rings = rings_doorbells(box.provider) and len(box.cells) > 1
    return box.cells[-1] if rings else None
