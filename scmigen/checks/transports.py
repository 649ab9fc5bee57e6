"""Checks of how agents reach the platform: what tells their channels apart and what they need.

An SCMI node of the tree may describe the channel of an agent that an agents file or a server
description has, too; that is one channel (`scmigen.model.channels`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from scmigen.bindings.facts import ScmiChannel, ScmiInstance
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import compatibles
from scmigen.bindings.transports import (
    CHANNEL_PROPERTIES,
    SHARED_MEMORY,
    Part,
)
from scmigen.checks.check import check
from scmigen.checks.words import joined, listed, names, node_word
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.model.channels import Channel, Mark, channels_of, said_channels
from scmigen.model.order import natural
from scmigen.model.platform import Model

#: Mailboxes and shared memories of a channel that Linux knows what to do with
#: (``mailbox_chan_validate`` in ``transports/mailbox.c``).
_MAILBOXES = frozenset({(1, 1), (2, 1), (2, 2), (3, 2), (4, 2)})


def scmi_nodes(model: Model) -> Iterator[tuple[Inventory, ScmiInstance]]:
    """The SCMI nodes of the board and those of agents' own trees."""
    for inventory in (model.inventory, *(own.inventory for own in model.assignment.trees)):
        for instance in inventory.instances:
            yield inventory, instance


def all_channels(model: Model) -> list[Channel]:
    """All channels: those that agents are said to have, then those of SCMI nodes."""
    agents = list(said_channels(model.assignment, model.inventory).values())
    described = {channel.owner for channel in agents}
    for own in model.assignment.trees:
        for instance in own.inventory.instances if own.agent not in described else ():
            first, *_ = channels_of(instance, own.inventory.tree, own.agent)
            # Addresses in an agent's tree are those that the agent sees.
            if Part.MEMORY not in instance.transport.distinct:
                agents.append(replace(first, owner=own.agent, name=own.agent, shmem=()))
    return [*agents, *_of_nodes(model)]


def _of_nodes(model: Model) -> Iterator[Channel]:
    """The channels of the board's SCMI nodes."""
    for instance in model.inventory.instances:
        agents = model.owners.of(instance.node).agents
        agent = agents[0].name if len(agents) == 1 else None
        yield from channels_of(instance, model.inventory.tree, agent)


def clashing(channels: Sequence[Channel]) -> list[Channel]:
    """Those of some equal channels that must be distinct, each owner once, in natural order."""
    described = {channel.agent for channel in channels if not channel.is_node}
    once = [c for c in channels if not (c.is_node and c.agent in described)]
    found = [c for c in once if any(c.differs(other) for other in once)]
    return sorted(found, key=lambda channel: natural(channel.name))


def _same(model: Model) -> Iterator[tuple[Mark, list[Channel]]]:
    """The channels that nothing tells apart, by what they have in common.

    A channel with further parts counts, too: where nothing but an SMC id is read, the memory
    beside the id tells nothing. Channels whose memory is part of what tells all of them apart are
    left to `shmem_overlap`.
    """
    found: dict[Mark, dict[str, Channel]] = {}
    for channel in all_channels(model):
        for parts, values in channel.marks:
            for count in range(1, len(parts) + 1):
                if Part.MEMORY not in parts[:count]:
                    mark = parts[:count], values[:count]
                    found.setdefault(mark, {}).setdefault(channel.owner, channel)
    for mark, channels in found.items():
        same = clashing(_alike(mark, list(channels.values())))
        if same:
            yield mark, same


def _alike(mark: Mark, channels: Sequence[Channel]) -> list[Channel]:
    """The channels that only this mark tells from others, and those that must differ from them.

    Of an agent with several channels of SCMI nodes among them, these stand for the agent.
    """
    whole = [channel for channel in channels if mark in channel.marks]
    nodes = Counter(channel.agent for channel in channels if channel.is_node)
    return [
        channel
        for channel in channels
        if (mark in channel.marks or any(channel.differs(other) for other in whole))
        and (channel.is_node or nodes[channel.agent] < 2)
    ]


@check(
    "smc-id-duplicate",
    about="Several agents have one SMC function id, and nothing else tells them apart.",
    advice="Give each agent an SMC id of its own.",
)
def smc_id_duplicate(model: Model) -> Iterator[Diagnostic]:
    """One SMC function id for several agents: the platform could not tell them apart."""
    for (parts, values), channels in _same(model):
        if parts == (Part.SMC_ID,):
            (smc_id,) = values
            yield smc_id_duplicate.error(
                f"{listed(c.name for c in channels)} have the same SMC id {smc_id:#x}",
                channels[1].position,
                _others(channels),
                "give each agent an SMC id of its own, or use a transport (smc-param) whose call "
                "has the address of the shared memory as a parameter",
            )


@check(
    "channel-duplicate",
    about="Several agents have one channel, so the platform cannot tell who speaks.",
    advice="Give each agent a mailbox, a channel number or a virtio device of its own.",
)
def channel_duplicate(model: Model) -> Iterator[Diagnostic]:
    """One SCMI node, mailbox, channel number or virtio device for several agents."""
    tree = model.inventory.tree
    for instance in model.inventory.instances:
        agents = model.owners.of(instance.node).all_agents
        if len(agents) > 1:
            yield channel_duplicate.error(
                f"{instance.node.path} belongs to {names(agents)}, but an SCMI node is the channel "
                "of one agent",
                instance.node.position or Position(tree.file),
                [Related(agent.name, agent.position) for agent in agents],
                "give each agent an SCMI node of its own, or its channel in the agents file",
            )
    for (parts, values), channels in _same(model):
        if parts != (Part.SMC_ID,):
            said, hint = _common(tree, parts[0], values)
            yield channel_duplicate.error(
                f"{listed(channel.name for channel in channels)} have the same {said}",
                channels[1].position,
                _others(channels),
                hint,
            )


def _common(tree: DeviceTree, part: Part, values: tuple[object, ...]) -> tuple[str, str]:
    """What channels have in common, in words, and a way out."""
    (value,) = values
    if part is Part.NUMBER:
        return (
            f"channel number {value}",
            "give each agent a channel number of its own; OP-TEE's server itself has only "
            "channel 0 so far, which is one agent",
        )
    if part is Part.MAILBOX and isinstance(value, tuple):
        path, cells = value
        word = " ".join((node_word(tree, path), *map(str, cells)))
        return f"mailbox <{word}>", "give each channel mailboxes of its own"
    return part.value, "keep one SCMI node of this transport in a tree"


def _others(channels: Sequence[Channel]) -> list[Related]:
    return [Related(c.name, c.position) for c in channels if c is not channels[1]]


@check(
    "scmi-transport",
    about="An SCMI node lacks what its transport needs, or has what the transport ignores.",
    advice="Write the properties that the compatible needs.",
)
def scmi_transport(model: Model) -> Iterator[Diagnostic]:
    """SCMI nodes that no driver can use: without the properties of their transport."""
    for inventory, instance in scmi_nodes(model):
        tree = inventory.tree
        for channel in instance.channels:
            problem = _lacking(instance, channel) or _miscounted(instance, channel)
            if problem is not None:
                message, hint = problem
                where = channel.node.position or Position(tree.file)
                yield scmi_transport.error(f"{channel.node.path} {message}", where, hint=hint)
        yield from _no_shared_memory(tree, instance)


def _lacking(instance: ScmiInstance, channel: ScmiChannel) -> tuple[str, str] | None:
    """What a channel lacks, and the remedy."""
    transport, node = instance.transport, channel.node
    base = node is instance.node
    wanted = transport.needs if base else transport.own
    there = [name for name in CHANNEL_PROPERTIES if name in node]
    if not base and not wanted:
        return (
            f"has {joined(there)}, but {transport.compatible} has one channel for all protocols",
            "drop it, or use another transport",
        )
    missing = [name for name in wanted if name not in node]
    if not missing:
        return None
    said = f"is {transport.compatible}" if base else f"has {joined(there)}"
    hint = f"{transport.compatible} needs {joined(wanted)}"
    if not base:
        hint = f"a channel of its own needs {joined(wanted)}; without any it uses that of the node"
    return f"{said}, but it has no {' and no '.join(missing)}", hint


def _miscounted(instance: ScmiInstance, channel: ScmiChannel) -> tuple[str, str] | None:
    """Lists of mailboxes and shared memory that do not fit each other."""
    if Part.MAILBOX not in instance.transport.distinct:
        return None
    mailboxes, memories = len(channel.mailboxes), len(channel.shmem)
    # What could not be read is reported where it was read.
    if not mailboxes or not memories:
        return None
    if (mailboxes, memories) not in _MAILBOXES:
        return (
            f"has {mailboxes} mboxes and {memories} shmem",
            "write 1 and 1, 2 and 1 (for one direction each), or 2, 3 or 4 and 2",
        )
    if len({node.path for node in channel.shmem}) < memories:
        return "sends and receives in the same shared memory", "write two different nodes in shmem"
    return None


def _no_shared_memory(tree: DeviceTree, instance: ScmiInstance) -> Iterator[Diagnostic]:
    """Nodes that ``shmem`` refers to although they are not shared memory."""
    for node in memories_of(instance):
        if SHARED_MEMORY not in compatibles(node):
            yield scmi_transport.error(
                f"{node.path} is the shared memory of {instance.node.path}, but its compatible "
                f'is not "{SHARED_MEMORY}"',
                node.position or Position(tree.file),
                [Related(instance.node.path, instance.node.position)],
                f'write compatible = "{SHARED_MEMORY}"; Linux takes no other node',
            )


def memories_of(instance: ScmiInstance) -> list[Node]:
    """The nodes of shared memory of an SCMI node, each once."""
    if not instance.transport.has_memory:
        return []
    return list({n.path: n for channel in instance.channels for n in channel.shmem}.values())
