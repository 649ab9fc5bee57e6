"""Checks of shared memory: whose it is, and whether messages fit."""

from collections.abc import Iterator, Sequence

from scmigen.assignment.select import Selector
from scmigen.bindings.addresses import Region, memory, regions, reserved
from scmigen.bindings.transports import LAYOUT_SIZE, SHARED_MEMORY, WORD_SIZE, payload_size
from scmigen.checks.check import check
from scmigen.checks.transports import all_channels, clashing, memories_of, scmi_nodes
from scmigen.checks.words import listed, node_word
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position, Related, Severity
from scmigen.model.channels import Channel
from scmigen.model.platform import Model


@check(
    "shmem-size",
    about="Shared memory is too small for the largest message.",
    advice="Make it at least 128 bytes, or 24 more than arm,max-msg-size.",
)
def shmem_size(model: Model) -> Iterator[Diagnostic]:
    """Shared memory of SCMI nodes that Linux refuses (``shmem_setup_iomap``, since 6.13)."""
    for inventory, instance in scmi_nodes(model):
        payload = payload_size(instance.node)
        for node in memories_of(instance):
            for region in regions(node)[:1]:
                if region.size < LAYOUT_SIZE + payload:
                    yield shmem_size.error(
                        f"the shared memory of {instance.node.path}, {node.path}, is "
                        f"{region.size:#x} bytes, which hold no message of {payload} bytes",
                        node.position or Position(inventory.tree.file),
                        [Related(instance.node.path, instance.node.position)],
                        f"make it at least {LAYOUT_SIZE + payload:#x} bytes: {LAYOUT_SIZE} of "
                        f"layout and {payload} of payload",
                    )


@check(
    "shmem-unresolved",
    about="The shared memory of an agent is not a node of the tree, or has no address.",
    advice="Name a node with reg that the CPU can reach.",
)
def shmem_unresolved(model: Model) -> Iterator[Diagnostic]:
    """Shared memory that is not a node of the tree, or has no address there."""
    selector = Selector(model.inventory.tree)
    told: set[str] = set()
    for agent in model.assignment.agents:
        text = agent.transport.shmem if agent.transport is not None else None
        if not text:
            continue
        nodes = selector.select(text).nodes
        if len(nodes) == 1 and regions(nodes[0]):
            continue
        told.update(node.path for node in nodes)
        said = "has no address that the CPU can reach" if len(nodes) == 1 else "is no node"
        yield shmem_unresolved.error(
            f"the shared memory of {agent.name}, {text}, {said}",
            agent.position or (nodes[0].position if nodes else None),
            hint=f'name a node with compatible = "{SHARED_MEMORY}" and reg, below ranges',
        )
    for inventory, instance in scmi_nodes(model):
        for node in memories_of(instance):
            if not regions(node) and node.path not in told:
                yield shmem_unresolved.error(
                    f"the shared memory of {instance.node.path}, {node.path}, has no address that "
                    "the CPU can reach",
                    node.position or Position(inventory.tree.file),
                    [Related(instance.node.path, instance.node.position)],
                    "give it a reg, and the buses above it ranges",
                )


@check(
    "shmem-overlap",
    about="The shared memories of several agents overlap.",
    advice="Give each agent a region of its own.",
)
def shmem_overlap(model: Model) -> Iterator[Diagnostic]:
    """Shared memory of several agents with bytes in common: one finding for each such stretch."""
    tree = model.inventory.tree
    for stretch in _stretches(all_channels(model)):
        first = {channel.owner: (channel, node) for channel, node in reversed(stretch)}
        found = [first[channel.owner] for channel in clashing([c for c, _ in first.values()])]
        if found:
            nodes = dict.fromkeys(node_word(tree, node.path) for _, node in found)
            channel, node = found[1]
            yield shmem_overlap.error(
                f"{listed(c.owner for c, _ in found)} share memory: {listed(nodes)}",
                node.position or channel.position,
                [Related(c.owner, n.position) for c, n in found if c is not channel],
                "give each agent a region of its own",
            )


def _stretches(channels: Sequence[Channel]) -> Iterator[list[tuple[Channel, Node]]]:
    """The regions of shared memory, those together that overlap one after the other."""
    found = sorted(
        (
            (region, order, channel, node)
            for order, channel in enumerate(channels)
            for node in channel.shmem
            for region in regions(node)
            if region.size
        ),
        key=lambda item: item[:2],
    )
    stretch: list[tuple[Channel, Node]] = []
    end = 0
    for region, _, channel, node in found:
        if stretch and region.start >= end:
            yield stretch
            stretch = []
        stretch.append((channel, node))
        end = region.end if len(stretch) == 1 else max(end, region.end)
    if stretch:
        yield stretch


def _regions(model: Model) -> Iterator[tuple[Channel, Node, Region]]:
    """Every region of shared memory once, the agents' before the tree's."""
    seen: set[str] = set()
    for channel in all_channels(model):
        for node in channel.shmem:
            if node.path not in seen:
                seen.add(node.path)
                yield from ((channel, node, region) for region in regions(node))


@check(
    "shmem-alignment",
    about="Shared memory is not aligned to words, or a guest's not to pages.",
    advice="Make its address and size multiples of 4, for a guest of 4096.",
)
def shmem_alignment(model: Model) -> Iterator[Diagnostic]:
    """Shared memory that is not aligned; a guest's must be whole pages."""
    for channel, node, region in _regions(model):
        unit = channel.alignment
        if region.start % unit or region.size % unit:
            why = (
                "a guest is given whole pages" if unit > WORD_SIZE else "messages are 32-bit words"
            )
            yield shmem_alignment.error(
                f"the shared memory of {channel.owner}, {node.path}, is {region.size:#x} bytes at "
                f"{region.start:#x}: {why}",
                node.position or channel.position,
                hint=f"make address and size multiples of {unit:#x}",
            )


@check(
    "shmem-unreserved",
    about="Shared memory is part of the system's memory, and nothing reserves it.",
    advice="Put it below /reserved-memory with no-map, or outside the memory node.",
    severity=Severity.WARNING,
)
def shmem_unreserved(model: Model) -> Iterator[Diagnostic]:
    """Shared memory in the memory of the operating system, which would use it for itself."""
    tree = model.inventory.tree
    taken, kept = memory(tree), tuple(reserved(tree))
    for channel, node, region in _regions(model):
        if any(map(region.overlaps, taken)) and not any(map(region.within, kept)):
            yield shmem_unreserved.warning(
                f"the shared memory of {channel.owner}, {node.path} at {region.start:#x}, is "
                "memory that nothing reserves",
                node.position or channel.position,
                hint="put it below /reserved-memory with no-map, or outside the memory node",
            )
