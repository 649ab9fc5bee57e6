"""Checks of how agents reach the platform: SMC ids and shared memory, each agent's own."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from scmigen.assignment.select import Selector
from scmigen.bindings.addresses import Region, memory, regions, reserved
from scmigen.checks.check import check
from scmigen.checks.words import node_word
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.model.platform import Model
from scmigen.runtime import Role

#: What a hypervisor can map to one guest alone, and what shared memory must be aligned to at all.
_PAGE, _WORD = 4096, 4


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a channel: whose it is, its SMC id, and the nodes of its shared memory."""

    who: str
    smc_id: int | None
    shmem: tuple[Node, ...]
    position: Position | None
    guest: bool = False


def _agents(model: Model) -> Iterator[_End]:
    selector = Selector(model.inventory.tree)
    for agent in model.assignment.agents:
        if agent.transport is not None:
            text = agent.transport.shmem
            nodes = tuple(selector.select(text).nodes) if text else ()
            guest = agent.role is Role.VM
            yield _End(agent.name, agent.transport.smc_id, nodes, agent.position, guest)


def _instances(model: Model) -> Iterator[_End]:
    for instance in model.inventory.instances:
        shmem = [*instance.channel.shmem, *(n for own in instance.own.values() for n in own.shmem)]
        # With the address as a parameter one SMC serves many channels.
        smc_id = None if "param" in instance.compatible else instance.channel.smc_id
        nodes = tuple({node.path: node for node in shmem}.values())
        yield _End(instance.node.path, smc_id, nodes, instance.node.position)


def _ends(model: Model) -> list[list[_End]]:
    """The agents' ends and the tree's. An SCMI node may be one of the agents, seen by itself."""
    return [list(_agents(model)), list(_instances(model))]


@check(
    "smc-id-duplicate",
    about="Two agents have one SMC function id.",
    advice="Give each agent an SMC id of its own.",
)
def smc_id_duplicate(model: Model) -> Iterator[Diagnostic]:
    """One SMC function id for two agents: the platform could not tell them apart."""
    for ends in _ends(model):
        first: dict[int, _End] = {}
        for end in ends:
            other = first.setdefault(end.smc_id, end) if end.smc_id is not None else end
            if other is not end:
                yield smc_id_duplicate.error(
                    f"{other.who} and {end.who} have the same SMC id {end.smc_id:#x}",
                    end.position,
                    [Related(other.who, other.position)],
                    "give each agent an SMC id of its own",
                )


@check(
    "shmem-unresolved",
    about="The shared memory of an agent is no node of the tree, or has no address.",
    advice="Name a node with reg that the CPU can reach.",
)
def shmem_unresolved(model: Model) -> Iterator[Diagnostic]:
    """Shared memory that is no node of the tree, or has no address there."""
    selector = Selector(model.inventory.tree)
    for agent in model.assignment.agents:
        text = agent.transport.shmem if agent.transport is not None else None
        if not text:
            continue
        nodes = selector.select(text).nodes
        if len(nodes) == 1 and regions(nodes[0]):
            continue
        said = "has no address that the CPU can reach" if len(nodes) == 1 else "is no node"
        yield shmem_unresolved.error(
            f"the shared memory of {agent.name}, {text}, {said}",
            agent.position,
            hint='name a node with compatible = "arm,scmi-shmem" and reg, below ranges',
        )


@check(
    "shmem-overlap",
    about="The shared memories of two agents overlap.",
    advice="Give each agent a region of its own.",
)
def shmem_overlap(model: Model) -> Iterator[Diagnostic]:
    """Shared memory of two agents with bytes in common."""
    tree = model.inventory.tree
    for ends in _ends(model):
        for one, other in combinations(ends, 2):
            for first in one.shmem:
                for second in other.shmem:
                    if _meet(first, second):
                        yield shmem_overlap.error(
                            f"{one.who} and {other.who} share memory: "
                            f"{node_word(tree, first.path)} and {node_word(tree, second.path)}",
                            second.position or other.position,
                            [Related(one.who, first.position)],
                            "give each agent a region of its own",
                        )


def _meet(first: Node, second: Node) -> bool:
    return any(one.overlaps(other) for one in regions(first) for other in regions(second))


def _regions(model: Model) -> Iterator[tuple[_End, Node, Region]]:
    """Every region of shared memory once, the agents' before the tree's."""
    seen: set[str] = set()
    for ends in _ends(model):
        for end in ends:
            for node in end.shmem:
                if node.path not in seen:
                    seen.add(node.path)
                    yield from ((end, node, region) for region in regions(node))


@check(
    "shmem-alignment",
    about="Shared memory is not aligned to words, or a guest's not to pages.",
    advice="Make its address and size multiples of 4, for a guest of 4096.",
)
def shmem_alignment(model: Model) -> Iterator[Diagnostic]:
    """Shared memory that is not aligned; a guest's must be whole pages."""
    for end, node, region in _regions(model):
        unit = _PAGE if end.guest else _WORD
        if region.start % unit or region.size % unit:
            why = "a guest is given whole pages" if end.guest else "messages are 32-bit words"
            yield shmem_alignment.error(
                f"the shared memory of {end.who}, {node.path}, is {region.size:#x} bytes at "
                f"{region.start:#x}: {why}",
                node.position or end.position,
                hint=f"make address and size multiples of {unit:#x}",
            )


@check(
    "shmem-unreserved",
    about="Shared memory is part of the system's memory, and nothing reserves it.",
    advice="Put it below /reserved-memory with no-map, or outside the memory node.",
)
def shmem_unreserved(model: Model) -> Iterator[Diagnostic]:
    """Shared memory in the memory of the operating system, which would use it for itself."""
    tree = model.inventory.tree
    taken, kept = memory(tree), tuple(reserved(tree))
    for end, node, region in _regions(model):
        if any(map(region.overlaps, taken)) and not any(map(region.within, kept)):
            yield shmem_unreserved.warning(
                f"the shared memory of {end.who}, {node.path} at {region.start:#x}, is memory that "
                "nothing reserves",
                node.position or end.position,
                hint="put it below /reserved-memory with no-map, or outside the memory node",
            )
