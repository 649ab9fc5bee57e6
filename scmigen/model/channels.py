"""Channels to the platform, the same whether an agents file, a server description or an SCMI node
of a tree describes them."""

from collections.abc import Hashable, Iterable, Iterator, Mapping

from scmigen.assignment.assignment import Agent, Assignment, OwnTree
from scmigen.assignment.roles import ROLES, WORD
from scmigen.assignment.select import Selector
from scmigen.bindings.channels import Parts, parts_of
from scmigen.bindings.facts import ScmiChannel, ScmiInstance
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.scmi_nodes import id_of
from scmigen.bindings.served import agent_of, described_channels
from scmigen.bindings.transports import BY_WORD, Part, ScmiTransport
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position

#: What tells a channel from all others: the parts and their values.
Mark = tuple[tuple[Part, ...], tuple[Hashable, ...]]


class Channel(Data):
    """A channel, described in one place.

    ``owner`` is the agent or the path of the node that it is a channel of, and ``name`` what
    messages call it. ``agent`` is the name of the agent, also of an SCMI node's; None if that is
    not known. ``marks`` are empty if not all parts that tell it from others are known.
    ``alignment`` is that of its memory in bytes, by the role of its agent.
    """

    owner: str
    name: str
    agent: str | None
    transport: ScmiTransport | None
    marks: frozenset[Mark]
    shmem: tuple[Node, ...]
    position: Position | None
    alignment: int = WORD

    @property
    def is_node(self) -> bool:
        """Whether an SCMI node describes it."""
        return self.owner != self.agent

    def differs(self, other: "Channel") -> bool:
        """Whether the two must be distinct: they are different agents', or different SCMI nodes'.

        What an SCMI node says of its own agent's channel is the same channel, described twice.
        """
        if self.is_node != other.is_node:
            return None not in (self.agent, other.agent) and self.agent != other.agent
        return self.owner != other.owner


def _marks(transport: ScmiTransport | None, parts: Parts) -> set[Mark]:
    """One mark for each value of the last part, if every part is known."""
    if transport is None:
        return set()
    *first, last = ([*parts.get(part, ())] for part in transport.distinct)
    if not all(first):
        return set()
    before = tuple(values[0] for values in first)
    return {(transport.distinct, (*before, value)) for value in last}


def said_channels(assignment: Assignment, inventory: Inventory) -> dict[str, Channel]:
    """The channels that agents files and server descriptions give agents, by the names of these."""
    selector = Selector(inventory.tree)
    described = described_channels(inventory.references, inventory.availability)
    found = (_said(agent, selector, described.get(agent.id)) for agent in assignment.agents)
    return {channel.name: channel for channel in found if channel is not None}


def _said(agent: Agent, selector: Selector, described: ScmiChannel | None) -> Channel | None:
    """The channel of an agent; only a server description, ``described``, has its mailboxes."""
    said = agent.transport
    if said is None:
        return None
    shmem = tuple(selector.select(said.shmem).nodes) if said.shmem else ()
    parts: Parts = {
        Part.SMC_ID: () if said.smc_id is None else (said.smc_id,),
        Part.NUMBER: () if said.channel is None else (said.channel,),
        Part.MEMORY: tuple(node.path for node in shmem[:1]),
        Part.MAILBOX: parts_of(described)[Part.MAILBOX] if described is not None else (),
    }
    transport = BY_WORD.get(said.type)
    marks = frozenset(_marks(transport, parts))
    unit = ROLES[agent.role].alignment
    return Channel(
        agent.name, agent.name, agent.name, transport, marks, shmem, agent.position, unit
    )


def channels_of(
    instance: ScmiInstance, tree: DeviceTree, agent: str | None = None
) -> Iterator[Channel]:
    """The channels of an SCMI node, that of an agent if it is known: its own, then those of its
    protocols.

    A mailbox has one client, so there every channel must be distinct; else those of one node may
    have an SMC id in common.
    """
    alone = Part.MAILBOX in instance.transport.distinct
    for channel in instance.channels:
        where = channel.node.position or Position(tree.file)
        marks = frozenset(_marks(instance.transport, _parts(instance, channel)))
        path = channel.node.path
        owner = path if alone else instance.node.path
        yield Channel(owner, path, agent, instance.transport, marks, channel.shmem, where)


def _parts(instance: ScmiInstance, channel: ScmiChannel) -> Parts:
    own, base = parts_of(channel), parts_of(instance.channel)
    return {
        **own,
        Part.SMC_ID: own[Part.SMC_ID] or base[Part.SMC_ID],
        Part.DEVICE: (0,) if channel is instance.channel else (),
    }


def speakers(assignment: Assignment, inventory: Inventory) -> dict[str, Agent]:
    """The agent that each SCMI node of the board belongs to, by the path of the node, as far as
    its channel tells that."""
    found = {}
    said = said_channels(assignment, inventory)
    for instance in inventory.instances:
        described = agent_of(inventory.references, instance, inventory.availability)
        if described is not None:
            agents = [agent for agent in assignment.agents if agent.id == id_of(described)]
        else:
            mine = next(channels_of(instance, inventory.tree))
            agents = [
                agent
                for agent in assignment.agents
                if _has_channel(said.get(agent.name), mine)
                or _has_node(agent.name, assignment.trees, instance)
            ]
        if len(agents) == 1:
            found[instance.node.path] = agents[0]
    return found


def _has_channel(said: Channel | None, mine: Channel) -> bool:
    """Whether what is said of an agent's channel is what an SCMI node has."""
    return (
        said is not None
        and said.transport is mine.transport
        and not said.marks.isdisjoint(mine.marks)
    )


def _has_node(agent: str, trees: Iterable[OwnTree], instance: ScmiInstance) -> bool:
    """Whether the agent's own tree has the SCMI node of the board."""
    return any(
        own.agent == agent and _is_same(own.nodes, theirs, instance)
        for own in trees
        for theirs in own.inventory.instances
    )


def _is_same(nodes: Mapping[str, Node], theirs: ScmiInstance, mine: ScmiInstance) -> bool:
    """Whether an SCMI node of an agent's own tree is that of the board."""
    matched = nodes.get(theirs.node.path)
    facts = [
        (i.transport, i.channel.smc_id, i.channel.number, [n.path for n in i.channel.shmem])
        for i in (theirs, mine)
    ]
    return matched is mine.node and facts[0] == facts[1]
