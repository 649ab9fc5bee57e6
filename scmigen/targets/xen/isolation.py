"""Where what a domain is given reaches beyond the domain: shared pages and devices, DMA, IOMMUs."""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.bindings.addresses import Region, memory, regions, reserved
from scmigen.bindings.node_kinds import has_registers, has_shared_registers, is_cpu
from scmigen.bindings.passthrough import (
    Passed,
    Passing,
    foreign_iommu,
    has_interrupts,
    has_iommu,
    reaches_others,
)
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Finding, Severity, counted
from scmigen.hints import TypeAlias
from scmigen.model.platform import Platform
from scmigen.targets.limits import related
from scmigen.targets.xen.options import XenOptions
from scmigen.targets.xen.partials import partials, passing
from scmigen.targets.xen.plan import XEN_SHMEM, Plan, plan_of
from scmigen.tuples import NamedTuple

XEN_PAGE = Finding(
    "xen-page",
    "A domain's device has registers in a page with those of another's: it may write both.",
    "Give both devices to one domain, or keep both from it.",
)
XEN_TWICE = Finding(
    "xen-twice",
    "A device or an interrupt is given to two domains, or to one and dom0: Xen gives it to one.",
    "Give it to one of them; the others reach it over drivers of their own.",
)
XEN_KEPT = Finding(
    "xen-kept",
    "A domain has an IOMMU or an interrupt controller, by which it would reach all others.",
    "It is left out of what Xen gives the domain: name it under access of none.",
    Severity.WARNING,
)
XEN_DMA = Finding(
    "xen-dma",
    "A domain has devices without an IOMMU: one that does DMA reaches the memory of all.",
    "See that none of them does DMA, or trust the domain; or name its IOMMU in iommus.",
    Severity.WARNING,
)
XEN_IOMMU = Finding(
    "xen-iommu",
    "A device is behind an IOMMU that Xen does not drive, beside one that it does: it refuses it.",
    "Disable the one or the other in the host's tree.",
    Severity.WARNING,
)
FINDINGS = (XEN_PAGE, XEN_TWICE, XEN_KEPT, XEN_DMA, XEN_IOMMU)


_Pages: TypeAlias = Mapping[Node, tuple[Region, ...]]


class _Place(NamedTuple):
    """The pages of one region of a node, and who has that."""

    pages: Region
    node: Node
    owners: tuple[str, ...]


def check_isolation(platform: Platform, options: XenOptions) -> Iterator[Diagnostic]:
    """Everything by which a domain reaches beyond what is its own."""
    plan = plan_of(platform, options)
    given = {each.agent.name: each.given for each in partials(platform, options)}
    yield from _twice(platform)
    yield from _kept(platform, [agent for agent, _ in plan.domains])
    known = passing(platform, options)
    pages = _pages_of(platform, known)
    yield from _together(platform, given, pages)
    yield from _interrupts(platform, given, known)
    yield from _memories(platform, plan, pages)
    yield from _seen(options, plan, given)
    yield from _unknown(platform, given)
    for name, devices in given.items():
        bare = [each.node for each in devices if each.pages and not each.is_confined]
        if bare:
            more = f" and {counted(len(bare) - 1, 'other device')}" if len(bare) > 1 else ""
            yield XEN_DMA.warning(
                f"{name} has {bare[0].path}{more} without an IOMMU: DMA would reach all memory",
                bare[0].position,
                related((node.path, node.position) for node in bare[1:]),
            ).about(nodes=[node.path for node in bare], agents=[name])


def _unknown(platform: Platform, given: dict[str, tuple[Passed, ...]]) -> Iterator[Diagnostic]:
    """Devices behind an IOMMU that the driver of another one would be asked for."""
    tree = platform.inventory.tree
    known = has_iommu(tree)
    for name, devices in given.items() if known else ():
        behind = [each.node for each in devices if each.pages and foreign_iommu(tree, each.node)]
        if behind:
            first, *more = behind
            rest = f" and {counted(len(more), 'other device')}" if more else ""
            yield XEN_IOMMU.warning(
                f"{name} has {first.path}{rest} behind an IOMMU that Xen does not drive: on a board"
                " with one that it drives, it refuses the device",
                first.position,
                related((node.path, node.position) for node in more),
                hint='status = "disabled"; in the one or the other, in the host\'s tree',
            ).about(nodes=[node.path for node in behind], agents=[name])


def _twice(platform: Platform) -> Iterator[Diagnostic]:
    for device in platform.devices:
        if len(device.agents) > 1 and regions(device.node) and not is_cpu(device.node):
            names = [agent.name for agent in device.agents]
            yield XEN_TWICE.error(
                f"{' and '.join(names)} have {device.node.path}: Xen gives a device to one domain",
                device.node.position,
                hint="give it to one of them",
            ).about(nodes=[device.node.path], agents=names)


def _kept(platform: Platform, domains: list[Agent]) -> Iterator[Diagnostic]:
    for device in platform.devices:
        what = reaches_others(device.node)
        names = [agent.name for agent in device.agents if agent in domains]
        if what is not None and names:
            yield XEN_KEPT.warning(
                f"{device.node.path} is {what}: Xen keeps it, {' and '.join(names)} cannot have it",
                device.node.position,
            ).about(nodes=[device.node.path], agents=names)


def _together(
    platform: Platform, given: dict[str, tuple[Passed, ...]], pages: _Pages
) -> Iterator[Diagnostic]:
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[_Place, _Place]]] = {}
    mine = {each.node for devices in given.values() for each in devices}
    for one, other in _overlapping(_places(platform, pages)):
        first, second = (one, other) if one.node in mine else (other, one)
        if first.node in mine and first.owners != second.owners:
            found.setdefault((first.owners, second.owners), []).append((first, second))
    for (owners, others), pairs in found.items():
        first, second = pairs[0]
        who = " and ".join(others) or "no agent"
        text = (
            f"{first.node.path} of {' and '.join(owners)} and {second.node.path} of {who} share"
            f" the page {max(first.pages.start, second.pages.start):#x}"
            + (f"; so do {counted(len(pairs) - 1, 'pair')} more" if len(pairs) > 1 else "")
        )
        rest = related((other.node.path, other.node.position) for _, other in pairs)
        make = XEN_PAGE.error if others else XEN_PAGE.warning
        yield make(text, first.node.position, rest).about(
            nodes=[place.node.path for pair in pairs for place in pair],
            agents=[*owners, *others],
        )


def _pages_of(platform: Platform, known: Passing) -> _Pages:
    """The pages of all devices that run."""
    enabled = platform.inventory.availability.enabled
    return {
        node: known.of(node).pages
        for node in platform.inventory.tree.nodes
        if has_registers(node) and enabled(node)
    }


def _places(platform: Platform, pages: _Pages) -> list[_Place]:
    """The same with whose they are."""
    owner = platform.owners.of
    return [
        _Place(page, node, tuple(agent.name for agent in owner(node).agents))
        for node, found in pages.items()
        for page in found
    ]


def _overlapping(places: list[_Place]) -> Iterator[tuple[_Place, _Place]]:
    """The pairs of places that have a page in common, but for a bus and what is on it."""
    running: list[_Place] = []
    for place in sorted(places, key=lambda each: each.pages.start):
        running = [each for each in running if each.pages.end > place.pages.start]
        for each in running:
            if not _is_bus(each.node, place.node) and not _is_bus(place.node, each.node):
                yield each, place
        running.append(place)


def _is_bus(node: Node, above: Node) -> bool:
    """Whether ``above`` is the node, or a bus around it, whose ``reg`` is the window for it."""
    if node is above:
        return True
    return above in node.ancestors() and not has_shared_registers(above)


def _interrupts(
    platform: Platform, given: dict[str, tuple[Passed, ...]], known: Passing
) -> Iterator[Diagnostic]:
    """Interrupts of a domain's devices that a device of another agent has, too."""
    inventory, owners = platform.inventory, platform.owners.of
    domains = {each.node: name for name, devices in given.items() for each in devices}
    users: dict[int, list[Node]] = {}
    for node in inventory.tree.nodes:
        if has_interrupts(node) and inventory.availability.enabled(node) and not is_cpu(node):
            for number in dict.fromkeys(known.of(node).numbers):
                users.setdefault(number, []).append(node)
    for number, nodes in users.items():
        # Of several domains the first tells.
        name = next((name for name in given if name in map(domains.get, nodes)), "")
        others = [node for node in nodes if domains.get(node) != name]
        if name and others:
            first = next(node for node in nodes if domains.get(node) == name)
            agents = {agent.name for node in others for agent in owners(node).agents} - {name}
            make = XEN_TWICE.error if agents else XEN_TWICE.warning
            whose = " and ".join(sorted(agents)) or "no agent"
            yield make(
                f"{first.path} of {name} and {others[0].path} of {whose} have the"
                f" interrupt {number}: Xen gives an interrupt to one domain",
                first.position,
                related((node.path, node.position) for node in others),
                "give both devices to one domain",
            ).about(nodes=[node.path for node in nodes], agents=[name, *sorted(agents)])


def _memories(platform: Platform, plan: Plan, pages: _Pages) -> Iterator[Diagnostic]:
    """Shared memory in a page with registers, or in memory that Xen gives to domains."""
    position = {agent.name: agent.position for agent in platform.agents}
    tree = platform.inventory.tree
    ram, kept = memory(tree), tuple(reserved(tree))
    loose = []
    for channel in filter(None, (plan.xen, *plan.others)):
        at = channel.memory
        there = [node for node, found in pages.items() if any(map(at.overlaps, found))]
        if there:
            yield XEN_SHMEM.error(
                f"the shared memory of {channel.name} at {at.start:#x} is in a page with registers"
                f" of {there[0].path}",
                position[channel.name],
                related((node.path, node.position) for node in there),
                hint="give each agent a page of its own",
            ).about(nodes=[node.path for node in there], agents=[channel.name])
        if any(at.overlaps(region) for region in ram) and not any(map(at.within, kept)):
            loose.append(channel)
    if loose:
        names = [channel.name for channel in loose]
        yield XEN_SHMEM.warning(
            f"the shared memory of {', '.join(names)} is in memory that Xen gives to domains:"
            f" {loose[0].memory.start:#x} is not reserved",
            position[loose[0].name],
            hint="reserve it in the host's tree, a child of /reserved-memory with no-map, unless"
            " firmware takes it out of the memory node",
        ).about(agents=names)


def _seen(
    options: XenOptions, plan: Plan, given: dict[str, tuple[Passed, ...]]
) -> Iterator[Diagnostic]:
    """Shared memory where the domain has a device: devices are where the host has them."""
    for agent, channel in plan.domains:
        at = Region(options.seen_at(agent.name), channel.memory.size)
        for each in given[agent.name]:
            if any(page.overlaps(at) for page in each.pages):
                yield XEN_SHMEM.error(
                    f"{agent.name} would see its shared memory at {at.start:#x}, where"
                    f" {each.node.path} is",
                    options.at("guest-memory", agent.name) or agent.position,
                    related([(each.node.path, each.node.position)]),
                    hint=f"outputs: {{xen: {{guest-memory: {{{agent.name}: 0x…}}}}}}",
                ).about(nodes=[each.node.path], agents=[agent.name])
