"""Manifests of secure partitions: the devices in their regions belong to the partition.

A region corresponds to the device of the board one of whose ranges of registers lies in it: of a
device and its parts, to the whole; or, where the region is a part of such a range, to the innermost
device that has it. Of several devices at one address the enabled one counts.
"""

from collections.abc import Iterable, Mapping, Sequence

from scmigen.assignment.findings import PARTITION_MANIFEST, PARTITION_REGION
from scmigen.assignment.properties import Properties
from scmigen.assignment.said import AgentSaid, ClaimSaid, SourceSaid
from scmigen.bindings.addresses import Region
from scmigen.bindings.partitions import (
    BASE,
    GRANULE,
    GRANULES,
    PAGES,
    device_regions,
    misplaced_regions,
    nodes_in,
)
from scmigen.bindings.status import DISABLED, OKAY, Availability, Status
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related, counted
from scmigen.runtime import Role

#: More device regions than any partition has.
MAX_REGIONS = 1024

_Places = Sequence[tuple[Node, tuple[Region, ...]]]


class Partition(Data):
    """What a manifest says: the devices of the board that the partition has, by where it does."""

    agent: str
    file: str
    nodes: Mapping[Node, Position]
    problems: tuple[Diagnostic, ...]


def read_partitions(board: DeviceTree, manifests: Mapping[str, DeviceTree]) -> list[Partition]:
    """What the manifests of partitions say of a board."""
    places = list(nodes_in(board)) if manifests else []
    return [_partition(name, tree, places) for name, tree in manifests.items()]


def said_by(partitions: Iterable[Partition]) -> tuple[SourceSaid, tuple[Diagnostic, ...]]:
    """What the manifests say together, and the problems. It is not about the other agents: without
    any other source, an operating system has what no partition has."""
    every = list(partitions)
    said = SourceSaid(
        agents=tuple(AgentSaid(each.agent, Position(each.file)) for each in every),
        claims=tuple(
            ClaimSaid(each.agent, node, True, place)
            for each in every
            for node, place in each.nodes.items()
        ),
        roles={each.agent: Role.SECURE for each in every},
        of_agents=False,
    )
    return said, tuple(problem for each in every for problem in each.problems)


def statuses_with(partitions: Iterable[Partition]) -> dict[Node, Status]:
    """The status of devices that a partition has and the board disables: the secure world's."""
    availability = Availability()
    return {
        node: Status(DISABLED, OKAY, place)
        for each in partitions
        for node, place in each.nodes.items()
        if not availability.present(node)
    }


def _partition(agent: str, tree: DeviceTree, places: _Places) -> Partition:
    problems: list[Diagnostic] = [
        PARTITION_MANIFEST.error(
            f"{node.path} has another compatible than regions have, so no partition manager reads "
            "it",
            node.position or Position(tree.file),
            hint=f'write compatible = "arm,ffa-manifest-{node.name}"',
        )
        for node in misplaced_regions(tree)
    ]
    properties = Properties(tree, PARTITION_MANIFEST, problems)
    page = _page(tree, properties)
    found: dict[Node, Position] = {}
    nodes = device_regions(tree)
    if len(nodes) > MAX_REGIONS:
        problems.append(
            PARTITION_MANIFEST.error(
                f"{agent} has {len(nodes)} device regions, more than {MAX_REGIONS}",
                nodes[MAX_REGIONS].position or Position(tree.file),
                hint="a partition has a few devices: is this its manifest?",
            )
        )
    for node in nodes[:MAX_REGIONS]:
        region, place = _region(tree, node, page, properties)
        if region is None:
            continue
        devices = _devices(region, places)
        if len(devices) == 1:
            found.setdefault(devices[0], place)
            problems += _partly(agent, node, region, devices[0], places, place)
            problems += _beyond(agent, node, region, devices[0], page, places, place)
        else:
            problems.append(_unclear(agent, node, region, devices, place))
    return Partition(agent, tree.file, found, tuple(problems))


def _page(tree: DeviceTree, properties: Properties) -> int:
    said = properties.number(tree.root, GRANULE)
    if said is not None and said.value not in GRANULES:
        properties.problems.append(
            PARTITION_MANIFEST.error(
                f"{GRANULE} is 0, 1 or 2, not {said.value}",
                said.position,
                hint="0 is 4 KiB, 1 is 16 KiB, 2 is 64 KiB",
            )
        )
    return GRANULES.get(0 if said is None else said.value, GRANULES[0])


def _region(
    tree: DeviceTree, node: Node, page: int, properties: Properties
) -> tuple[Region | None, Position]:
    """The region of a node, and where its address is written; what is wrong is reported."""
    place = node.position or Position(tree.file)
    base, pages = properties.cells(node, BASE), properties.number(node, PAGES)
    for name, said in ((BASE, base), (PAGES, pages)):
        if said is None and node.get(name) is None:
            message = f"{node.path} has no {name}"
            hint = f"write {BASE} = <0x0 0x…>; and {PAGES} = <N>;"
            properties.problems.append(PARTITION_MANIFEST.error(message, place, hint=hint))
    if base is None or pages is None:
        return None, place
    where = base.position or place
    wrong = None
    if len(base.value) != 2:
        wrong = f"{BASE} is two cells, not {len(base.value)}"
    elif (start := base.value[0] << 32 | base.value[1]) % page:
        wrong = f"{BASE} is {start:#x}, which is no multiple of the page of {page:#x} bytes"
    elif not pages.value:
        wrong, where = f"{PAGES} is 0", pages.position or place
    elif start + pages.value * page > 1 << 64:
        wrong, where = f"{PAGES} of {pages.value} pages ends beyond 2^64", pages.position or place
    else:
        return Region(start, pages.value * page), where
    properties.problems.append(
        PARTITION_MANIFEST.error(f"{node.path}: {wrong}", where, hint=f"{BASE} = <0x0 0x2a410000>")
    )
    return None, place


def _devices(region: Region, places: _Places) -> list[Node]:
    """The devices that a region may mean."""
    inside = [node for node, each in places if any(part.within(region) for part in each)]
    if inside:
        # What is part of another that lies in it, too, goes with that.
        found = [node for node in inside if not set(inside) & set(node.ancestors())]
    else:
        around = [node for node, each in places if any(map(region.within, each))]
        outer = {above for node in around for above in node.ancestors()}
        found = [node for node in around if node not in outer]
    availability = Availability()
    present = [node for node in found if availability.present(node)]
    return present or found


def _partly(
    agent: str, node: Node, region: Region, device: Node, places: _Places, place: Position
) -> list[Diagnostic]:
    """Other devices that have some of their registers in a region, which the partition is given."""
    availability = Availability()
    others = [
        other
        for other, each in places
        if any(map(region.overlaps, each))
        and availability.present(other)
        and device not in other.upwards()
        and other not in device.ancestors()
    ]
    if not others:
        return []
    message = (
        f"{node.path} of {agent}, {region.start:#x} to {region.end - 1:#x}, is {device.path}, and"
        f" has registers of {', '.join(other.path for other in others)} in it"
    )
    hint = f"{agent} can use these, too: assign them in an agents file, or give it fewer pages"
    related = [Related(other.path, other.position) for other in others]
    return [PARTITION_REGION.warning(message, place, related, hint)]


def _beyond(
    agent: str,
    node: Node,
    region: Region,
    device: Node,
    page: int,
    places: _Places,
    place: Position,
) -> list[Diagnostic]:
    """Pages of a region that have no register of its device, nor of a part of that."""
    parts = [
        part
        for other, each in places
        if device in other.upwards()
        for part in each
        if part.overlaps(region)
    ]
    first = min(part.start for part in parts) // page * page
    last = -(-max(part.end for part in parts) // page) * page
    more = (max(first - region.start, 0) + max(region.end - last, 0)) // page
    if not more:
        return []
    message = (
        f"{node.path} of {agent}, {region.start:#x} to {region.end - 1:#x}, has "
        f"{counted(more, 'page')} without a register of {device.path}"
    )
    hint = f"{agent} can use whatever lies there: registers end at {last - 1:#x} with their page"
    return [PARTITION_REGION.note(message, place, hint=hint)]


def _unclear(
    agent: str, node: Node, region: Region, devices: Sequence[Node], place: Position
) -> Diagnostic:
    what = f"{node.path} of {agent}, {region.start:#x} to {region.end - 1:#x},"
    if not devices:
        return PARTITION_REGION.error(
            f"{what} is no device of the board",
            place,
            hint="addresses are those that the CPU has for the board's reg, through all ranges; "
            "what the board lacks can be added by an overlay, or left out of the manifest here",
        )
    return PARTITION_REGION.error(
        f"{what} is {len(devices)} devices of the board",
        place,
        [Related(device.path, device.position) for device in devices],
        "give each device a region of its own; what shares a page is assigned in an agents file",
    )
