"""Xen with SCMI for one domain, or an agent for each: the host's overlay, partial trees, lines for
xl.

Xen, dom0, the domains and the firmware all have the same ids of agents, SMC calls and devices; here
they come from one table.
"""

from collections.abc import Iterator
from itertools import chain

from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.passthrough import has_iommu
from scmigen.bindings.xen_emission import (
    XenChannel,
    domain_edits,
    host_edits,
    memories_of,
    passed_edits,
    taken_names,
)
from scmigen.bindings.xen_single import single_domain_edits, single_edits
from scmigen.devicetree.edit_text import blocks
from scmigen.devicetree.edits import Edit, apply
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic, Finding, Severity, counted
from scmigen.escape import python
from scmigen.model.platform import Platform
from scmigen.targets.base import Target
from scmigen.targets.common.ctext import notice, plain
from scmigen.targets.common.files import File
from scmigen.targets.common.guests import words
from scmigen.targets.common.names import board_name
from scmigen.targets.common.overlay import overlay
from scmigen.targets.common.templates import render
from scmigen.targets.limits import Limits
from scmigen.targets.xen.isolation import FINDINGS as ISOLATION
from scmigen.targets.xen.isolation import check_isolation
from scmigen.targets.xen.options import Driver, XenOptions, check_options
from scmigen.targets.xen.partials import Partial, devices_of, partials
from scmigen.targets.xen.places import XEN_PLACE, check_places
from scmigen.targets.xen.plan import FINDINGS, Plan, plan_of

#: Agent ids have 8 bits in Xen, and 255 is none.
LIMITS = Limits(prefix="xen", holder="Xen", agents=254)
PAGE_BITS = 12

XEN_LEFT = Finding(
    "xen-reference",
    "A device of a domain refers to what its partial tree does not have; that is left out.",
    "Add what its driver needs to the partial tree: a stand-in, or the node with its registers.",
    Severity.NOTE,
)


_ABOUT_SINGLE = (
    "What Xen's SCMI driver for one agent reads (Xen 4.21 and newer). Start Xen with"
    " scmi-smc-passthrough, without which the agent is dom0's."
)
_ABOUT_DOM0 = (
    "What Xen's SCMI driver for one agent reads (Xen 4.21 and newer), and dom0 as its agent. Xen is"
    " started without scmi-smc-passthrough."
)


def _check(platform: Platform, options: XenOptions) -> Iterator[Diagnostic]:
    plan = plan_of(platform, options)
    yield from plan.problems
    yield from check_isolation(platform, options)
    for each in partials(platform, options):
        yield from check_places(each.agent, each.given, platform.inventory.tree)
        agent, left = each.agent, each.left
        if left.found:
            first, names = next(iter(left.found.items()))
            more = (
                f", and of {counted(len(left.found) - 1, 'device')} more"
                if len(left.found) > 1
                else ""
            )
            node = platform.inventory.tree.node(first)
            yield XEN_LEFT.note(
                f"{agent.name}: {', '.join(names)} of {first}{more} lead out of its partial tree",
                node.position if node is not None else None,
            ).about(nodes=left.found, agents=[agent.name])


def _files(platform: Platform, options: XenOptions) -> Iterator[File]:
    plan = plan_of(platform, options)
    channels = plan.others
    if not channels:
        return
    tree = platform.inventory.tree
    names = words(platform, taken_names(tree))
    passed = passed_edits(dict.fromkeys(_apart_from_dom0(platform, plan, options)))
    domains = {names[agent.name]: channel.agent for agent, channel in plan.domains}
    if options.driver is Driver.SINGLE:
        (channel,) = channels
        about = _ABOUT_SINGLE if plan.domains else _ABOUT_DOM0
        host: Iterator[Edit] = single_edits(tree, channel, channel.node)
        lines: Iterator[Edit] = chain.from_iterable(
            single_domain_edits(tree, name) for name in domains
        )
    elif plan.xen is not None:
        about = "What Xen's SCMI driver with several agents reads (version 10 of 2026-02)."
        host = _host(platform, plan, plan.xen)
        lines = domain_edits(tree, domains)
    else:
        return
    yield from overlay(platform, "xen", about, (*host, *passed), options)
    if domains:
        about = "The lines of the domains that Xen starts itself (dom0less), in their nodes."
        yield from overlay(platform, "dom0less", about, tuple(lines), options)
    for each in partials(platform, options):
        yield from _domain(platform, each, names[each.agent.name], options)


def _apart_from_dom0(platform: Platform, plan: Plan, options: XenOptions) -> Iterator[str]:
    """The devices of domains, what Xen would map for dom0 below them, and the shared memory of
    others."""
    for partial in partials(platform, options):
        devices = set(devices_of(platform, partial.agent))
        for each in partial.given:
            if each.pages or each.node in devices:
                yield each.node.path
    own = () if plan.xen is None else (plan.xen,)
    others = (*own, *(channel for _, channel in plan.domains))
    yield from memories_of(platform.inventory.tree, others)


def _host(platform: Platform, plan: Plan, xen: XenChannel) -> Iterator[Edit]:
    devices = {
        device.node.path: device.number
        for device in platform.devices
        if device.number is not None and not is_cpu(device.node)
    }
    dom0 = None if plan.dom0 is None else plan.dom0.agent
    return host_edits(platform.inventory.tree, xen, plan.others, dom0, devices)


def _domain(platform: Platform, partial: Partial, name: str, options: XenOptions) -> Iterator[File]:
    agent, channel, left = partial.agent, partial.channel, partial.left
    empty = read_source("/dts-v1/; / { };", f"{name}.dts")
    text = render(
        "xen/partial.dts.j2",
        blocks=blocks(empty, partial.edits),
        agent=plain(agent.name),
        board=plain(board_name(platform)),
        left=[(plain(path), plain(", ".join(names))) for path, names in left.found.items()],
        license=options.license,
        copyright=None if options.copyright is None else notice(options.copyright, " * "),
    )
    yield File(f"{name}.dts", text)
    yield File(f"{name}.dtb", flatten(apply(empty, partial.edits)))
    # Xen itself assigns no other devices than those behind an IOMMU; its driver for several agents
    # tells the firmware of all that have a number.
    single = options.driver is Driver.SINGLE
    numbered = set() if single else set(devices_of(platform, agent))
    given = partial.given
    pages = dict.fromkeys(page for each in given for page in each.pages)
    yield File(
        f"{name}.cfg",
        render(
            "xen/domain.cfg.j2",
            agent=plain(agent.name),
            name=name,
            channel=channel,
            driver=options.driver,
            single=single,
            memory=options.seen_at(agent.name),
            devices=[each for each in given if each.is_confined or each.node in numbered],
            confined=has_iommu(platform.inventory.tree),
            page=PAGE_BITS,
            quoted=python,
            numbers=sorted({number for each in given for number in each.numbers}),
            regions=list(pages),
        ),
    )


TARGET = Target(
    name="xen",
    values=False,
    about="what Xen, dom0less and xl read of domains that are SCMI agents, and their partial trees",
    options=XenOptions,
    files=_files,
    limits=LIMITS,
    check=_check,
    check_options=check_options,
    findings=(*FINDINGS, *ISOLATION, XEN_PLACE, XEN_LEFT),
)
