"""Registers of a domain's devices where Xen gives the domain something else: RAM, its GIC.

Xen ``xen/include/public/arch-arm.h``. Devices are where the host has them, and Xen maps them last:
it says nothing where they take the place of RAM.
"""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.bindings.addresses import Region
from scmigen.bindings.passthrough import Passed
from scmigen.diagnostics import Diagnostic, Finding, Severity
from scmigen.targets.limits import related

XEN_PLACE = Finding(
    "xen-place",
    "Registers of a domain's device are where Xen gives it RAM, or its interrupt controller.",
    "Move them in the partial tree (reg, and the last part of xen,reg); or less memory.",
    Severity.WARNING,
)
#: What every domain has, and where: ``GUEST_GICV3_GICD_BASE`` to the end of
#: ``GUEST_GICV3_GICR0``, ``GUEST_GNTTAB``, ``GUEST_MAGIC``.
_FIXED: Mapping[str, Region] = {
    "its interrupt controller": Region(0x0300_1000, 0x0101_F000),
    "its grant tables": Region(0x3800_0000, 0x100_0000),
    "the pages by which Xen speaks to it": Region(0x3900_0000, 0x100_0000),
}
#: The first RAM of a domain, filled from below: ``GUEST_RAM0``.
_RAM = Region(0x4000_0000, 0xC000_0000)
#: MiB that no Linux runs in.
_LITTLE = 64


def check_places(agent: Agent, given: tuple[Passed, ...]) -> Iterator[Diagnostic]:
    """Where the registers of a domain's devices are in the way."""
    places = sorted(
        ((page, each) for each in given for page in each.pages),
        key=lambda place: place[0].start,
    )
    for what, region in _FIXED.items():
        found = [each for page, each in places if page.overlaps(region)]
        if found:
            first = found[0].node
            yield XEN_PLACE.warning(
                f"{agent.name} has {first.path} where Xen gives it {what}, at {region.start:#x}",
                first.position,
                related((each.node.path, each.node.position) for each in found[1:]),
            ).about(nodes=[each.node.path for each in found], agents=[agent.name])
    within = [(page, each) for page, each in places if page.overlaps(_RAM)]
    if within:
        page, each = within[0]
        room = max(0, page.start - _RAM.start) >> 20
        make = XEN_PLACE.note if room >= _LITTLE else XEN_PLACE.warning
        yield make(
            f"{agent.name} can have {room} MiB of memory: registers of {each.node.path} are at"
            f" {page.start:#x}, and its RAM begins at {_RAM.start:#x}",
            each.node.position,
        ).about(nodes=[each.node.path], agents=[agent.name])
