"""Registers of a domain's devices where Xen gives the domain something else: RAM, its GIC.

Xen ``xen/include/public/arch-arm.h``. Devices are where the host has them, and Xen maps them last:
it says nothing where they take the place of RAM.
"""

from collections.abc import Iterator

from scmigen.assignment.assignment import Agent
from scmigen.bindings.addresses import Region, memory
from scmigen.bindings.passthrough import Passed, has_gic_v3
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding, Severity
from scmigen.targets.limits import related

XEN_PLACE = Finding(
    "xen-place",
    "Registers of a domain's device are where Xen gives it RAM, or its interrupt controller.",
    "Move them in the partial tree (reg, and the last part of xen,reg); or less memory.",
    Severity.WARNING,
)
_GIC = "its interrupt controller"
#: Where a domain has that: Xen gives it one of the host's version. ``GUEST_GICD`` and
#: ``GUEST_GICC``; ``GUEST_GICV3_GICD`` and ``GUEST_GICV3_GICR0``.
_V2 = ((_GIC, Region(0x0300_1000, 0x3000)),)
_V3 = ((_GIC, Region(0x0300_1000, 0x1_0000)), (_GIC, Region(0x0302_0000, 0x100_0000)))
#: What every domain has, and where: ``GUEST_GNTTAB``, ``GUEST_MAGIC``.
_FIXED = (
    ("its grant tables", Region(0x3800_0000, 0x100_0000)),
    ("the pages by which Xen speaks to it", Region(0x3900_0000, 0x100_0000)),
)
#: The RAM of a domain, each part filled from below, the first one first: ``GUEST_RAM0`` and
#: ``GUEST_RAM1``.
_RAM = (Region(0x4000_0000, 0xC000_0000), Region(0x2_0000_0000, 0xFE_0000_0000))
#: MiB that no Linux runs in.
_LITTLE = 64


def check_places(agent: Agent, given: tuple[Passed, ...], tree: DeviceTree) -> Iterator[Diagnostic]:
    """Where the registers of a domain's devices are in the way, on the host of ``tree``."""
    places = sorted(
        ((page, each) for each in given for page in each.pages),
        key=lambda place: place[0].start,
    )
    gic = _V3 if has_gic_v3(tree) else _V2
    for what, region in (*gic, *_FIXED):
        found = [each for page, each in places if page.overlaps(region)]
        if found:
            first = found[0].node
            yield XEN_PLACE.warning(
                f"{agent.name} has {first.path} where Xen gives it {what}, at {region.start:#x}",
                first.position,
                related((each.node.path, each.node.position) for each in found[1:]),
            ).about(nodes=[each.node.path for each in found], agents=[agent.name])
    yield from _below(agent, places, sum(region.size for region in memory(tree)))


def _below(agent: Agent, places: list[tuple[Region, Passed]], host: int) -> Iterator[Diagnostic]:
    """How much memory a domain can have below its devices, if the ``host`` has more or does not
    say how much it has."""
    before = 0
    for ram in _RAM:
        page, each = next((one for one in places if one[0].overlaps(ram)), (None, None))
        if page is not None and each is not None:
            room = before + max(0, page.start - ram.start)
            if before and 0 < host <= room:
                return
            make = XEN_PLACE.note if room >> 20 >= _LITTLE else XEN_PLACE.warning
            where = f"its RAM begins at {ram.start:#x}"
            if before:
                where = f"behind {before >> 20} MiB, {where}"
            yield make(
                f"{agent.name} can have {room >> 20} MiB of memory: registers of {each.node.path}"
                f" are at {page.start:#x}, and {where}",
                each.node.position,
            ).about(nodes=[each.node.path], agents=[agent.name])
            return
        before += ram.size
