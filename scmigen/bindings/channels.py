"""The parts of a channel to the platform, and whether two descriptions are of one channel."""

from collections.abc import Hashable, Mapping

from scmigen.bindings.facts import ScmiChannel
from scmigen.bindings.references import References
from scmigen.bindings.transports import Part, ScmiTransport
from scmigen.devicetree.nodes import Node

#: The values of each part; none where the part is not known.
Parts = Mapping[Part, tuple[Hashable, ...]]


def channel_at(references: References, node: Node, number: str) -> ScmiChannel:
    """The channel that the properties of a node describe; ``number`` names the one with the
    channel number."""
    return ScmiChannel(
        node,
        node.cell("arm,smc-id"),
        node.cell(number),
        tuple(entry.provider for entry in references.of(node, "shmem")),
        references.of(node, "mboxes"),
    )


def parts_of(channel: ScmiChannel) -> Parts:
    """The parts of a channel. Each of its mailboxes is a value of the part; of its shared memory
    only the first is."""
    return {
        Part.SMC_ID: () if channel.smc_id is None else (channel.smc_id,),
        Part.NUMBER: () if channel.number is None else (channel.number,),
        Part.MEMORY: tuple(node.path for node in channel.shmem[:1]),
        Part.MAILBOX: tuple((entry.provider.path, entry.cells) for entry in channel.mailboxes),
    }


def is_same(transport: ScmiTransport, one: Parts, other: Parts) -> bool | None:
    """Whether two descriptions are of one channel; None if not enough parts of both are known."""
    pairs = [(one.get(part, ()), other.get(part, ())) for part in transport.distinct]
    known = [pair for pair in pairs if all(pair)]
    if any(set(mine).isdisjoint(theirs) for mine, theirs in known):
        return False
    return True if len(known) == len(pairs) else None
