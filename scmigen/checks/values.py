"""Checks of values: voltages that supplies cannot have, and what ``platform`` says of the tree."""

from collections.abc import Collection, Iterator

from scmigen.assignment.assignment import Assumption
from scmigen.bindings.opp_bins import (
    ANY,
    OppBin,
    certain_opps,
    enabled_opps,
    likely_bin,
    masks_of,
    missing_keys,
    names_of,
    possible_opps,
    words_of,
)
from scmigen.bindings.regulators import Supply
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.words import joined, listed, node_word, resource_name, resource_word
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Related, Severity, counted
from scmigen.model.assumed import assumption_for
from scmigen.model.order import natural
from scmigen.model.platform import Model, Resource
from scmigen.scmi.protocols import Kind


@check(
    "opp-voltage",
    about="An OPP asks for a voltage that its supply cannot have.",
    advice="Correct opp-microvolt, or the limits or listed voltages of the regulator.",
    severity=Severity.WARNING,
)
def opp_voltage(model: Model) -> Iterator[Diagnostic]:
    """OPPs whose voltages no supply of their devices reaches, one warning per table and devices."""
    tree = model.inventory.tree
    for found in model.findings.unreached:
        first, *others = found.asked
        supplies = [
            f"{resource_word(model.inventory, key)} has {_has(supply)}"
            for key, supply in found.supplies.items()
        ]
        more = f" (and {counted(len(others), 'other OPP')})" if others else ""
        yield opp_voltage.warning(
            f"{first.opp} of {node_word(tree, found.table.node.path)}{more} asks for "
            f"{_volts(first.lowest, first.highest)}; {joined(supplies)}",
            first.position or found.table.node.position,
            [Related(f"{item.opp} too", item.position) for item in others],
            "an operating system leaves out an OPP that the regulator does not reach",
        ).about(
            map(resource_name, found.supplies),
            dict.fromkeys(node.path for node in found.table.consumers),
        )


def _volts(lowest: int, highest: int) -> str:
    return f"{lowest} µV" if lowest == highest else f"{lowest} to {highest} µV"


def _has(supply: Supply) -> str:
    """What a supply with limits, or with listed voltages, can have."""
    if supply.listed:
        return f"{joined([str(voltage) for voltage in supply.listed])} µV"
    if supply.lowest is None or supply.highest is None:
        return (
            f"at most {supply.highest} µV"
            if supply.lowest is None
            else f"{supply.lowest} µV or more"
        )
    return _volts(supply.lowest, supply.highest)


@check(
    "opp-bin",
    about="An OPP table is for chips of several bins, and none is chosen.",
    advice="Say in platform.opp which chip is there.",
    severity=Severity.WARNING,
)
def opp_bin(model: Model) -> Iterator[Diagnostic]:
    """OPP tables of performance domains whose OPPs or voltages depend on the chip, if that is not
    known: one warning per table."""
    for table in model.findings.tables:
        chosen = model.assignment.options.bins.get(table.path, ANY)
        lacks = missing_keys(table, chosen)
        certain = {opp.path for opp in certain_opps(table, chosen)}
        possible = possible_opps(enabled_opps(table), chosen)
        lost = [opp for opp in possible if opp.path not in certain]
        if not lost and "name" not in lacks:
            continue
        yield opp_bin.warning(
            f"{node_word(model.inventory.tree, table.path)} is for chips of several bins, and none "
            f"is chosen: {_bins(table, lacks)}; {_meanwhile(lost, lacks, chosen)}",
            table.position,
            [Related(f"{opp.name} is left out", opp.position) for opp in lost],
            hints.opp(model.inventory.tree, table.path, likely_bin(table, chosen)),
        ).about(nodes=[table.path])


def _bins(table: Node, lacks: Collection[str]) -> str:
    """``voltages for speed0 and speed1; hardware 0x1, 0x2``: what there is to choose."""
    opps = enabled_opps(table)
    words = words_of(opps)
    blocks = dict.fromkeys(block for opp in opps for block in masks_of(opp, words))
    masks = (" ".join(f"0x{mask:X}" for mask in block) for block in blocks)
    said = {
        "name": f"voltages for {listed(sorted(names_of(opps), key=natural))}",
        "supported-hw": f"OPPs for hardware {listed(f'<{each}>' for each in masks)}",
    }
    return "; ".join(said[key] for key in lacks)


def _meanwhile(lost: Collection[Node], lacks: Collection[str], chosen: OppBin) -> str:
    """What holds as long as no bin is chosen. OPPs that chosen hardware does not have do not
    count."""
    count = counted(len(lost), "OPP is", "OPPs are")
    said = [f"{count} left out"] if lost else [] if chosen.hardware else ["no OPP is left out"]
    said += ["each voltage is the highest one of its OPP"] if "name" in lacks else []
    return ", and ".join(said)


@check(
    "assume-unfit",
    about="An assumed range has not all rates or voltages that the tree asks for, or no step.",
    advice="Widen the range, lower its step, or give that resource an entry of its own.",
)
def assume_unfit(model: Model) -> Iterator[Diagnostic]:
    """Ranges of ``platform.assume`` without what the tree asks for, and steps that no range of the
    tree has room for, one error per resource."""
    for resource, assumption in _assumed(model):
        without = _no_step(resource, assumption)
        if without:
            yield assume_unfit.error(
                f"a step of {assumption.step} µV is nothing to "
                f"{resource_word(model.inventory, resource.key)}, {without}",
                assumption.position,
                hint=assume_unfit.advice,
            ).about([resource_name(resource.key)])
        lacks = _lacking(model, resource, assumption)
        if lacks:
            unit = "Hz" if resource.kind is Kind.CLOCK else "µV"
            values = listed(f"{value} {unit}" for value in lacks)
            yield assume_unfit.error(
                f"the range of {resource_word(model.inventory, resource.key)} lacks {values}, "
                "which the tree asks for",
                assumption.position,
                hint=assume_unfit.advice,
            ).about([resource_name(resource.key)])


def _assumed(model: Model) -> Iterator[tuple[Resource, Assumption]]:
    """Each resource with the assumption that holds for it."""
    assumptions = model.assignment.options.assumptions
    for platform in model.platforms if assumptions else ():
        for kind in dict.fromkeys(item.kind for item in assumptions):
            for resource in platform.resources[kind]:
                assumption = assumption_for(assumptions, resource.key)
                if assumption is not None:
                    yield resource, assumption


def _no_step(resource: Resource, assumption: Assumption) -> str:
    """Why a step alone says nothing of a supply. Of those that an entry does not name itself, only
    a range counts: a supply with one voltage has no steps anyway."""
    facts, step = resource.facts, assumption.step
    if assumption.kind is not Kind.VOLTAGE or assumption.values or step is None:
        return ""
    if facts.step is not None:
        return ""
    lowest, highest = min(facts.voltages, default=0), max(facts.voltages, default=0)
    if lowest < highest and not facts.listed:
        return f"which has {_volts(lowest, highest)} in the tree"
    if not assumption.exact:
        return ""
    if facts.listed:
        return f"which has only {joined([str(voltage) for voltage in facts.voltages])} µV"
    return f"which has only {lowest} µV" if highest else "which has no limits in the tree"


def _lacking(model: Model, resource: Resource, assumption: Assumption) -> list[int]:
    """What the tree asks of a resource and the range that is assumed does not have."""
    step, facts = assumption.step, resource.facts
    wanted = facts.rates or model.findings.asked.get(resource.key, ())
    asked = {*wanted, *_level_rates(model, resource)}
    ends = assumption.values or (*facts.voltages[:1], *facts.voltages[-1:])
    if step is None or not ends:
        return []
    return sorted(v for v in asked if not ends[0] <= v <= ends[-1] or (v - ends[0]) % step)


def _level_rates(model: Model, resource: Resource) -> set[int]:
    """The rates of the levels of the performance domains that set a clock."""
    return {
        next(filter(None, point.rates))
        for platform in model.platforms
        for domain in platform.resources[Kind.PERFORMANCE]
        if domain.facts.clock == resource.key
        for point in domain.facts.points
        if any(point.rates)
    }


@check(
    "assume-unused",
    about="An entry of platform.assume covers nothing that the platform serves.",
    advice="Correct the resource, or remove the entry.",
    severity=Severity.WARNING,
)
def assume_unused(model: Model) -> Iterator[Diagnostic]:
    """Entries of ``platform.assume`` that say nothing about any resource."""
    assumptions = model.assignment.options.assumptions
    tables = [table for platform in model.platforms for table in platform.resources.values()]
    keys = [resource.key for table in tables for resource in table] if assumptions else []
    for item in assumptions:
        if not any(map(item.covers, keys)):
            yield assume_unused.warning(
                f"the platform serves no {item.kind} that this entry covers",
                item.position,
                hint=assume_unused.advice,
            ).about(map(resource_name, sorted(item.keys)), item.below)


@check(
    "provider-none",
    about="The platform's options give a class to a node that provides nothing.",
    advice="Name the provider itself; scmigen show providers lists all.",
    severity=Severity.WARNING,
)
def provider_none(model: Model) -> Iterator[Diagnostic]:
    """Entries of ``platform.managed``, ``fixed`` and ``local`` without a provider in or below any
    node that they name."""
    tree, options = model.inventory.tree, model.assignment.options
    nodes = [provider.node for provider in model.providers.values()]
    provide = {part.path for node in nodes for part in node.upwards()}
    classes = {"managed": options.managed, "fixed": options.fixed, "local": options.local}
    for word, named in classes.items():
        useful = {where for path, where in named.items() if path in provide}
        for where in dict.fromkeys(named.values()):
            if where is not None and where not in useful:
                paths = [path for path, at in named.items() if at == where]
                yield provider_none.warning(
                    f"platform.{word} names {listed(node_word(tree, path) for path in paths)}, "
                    f"which {'provides' if len(paths) == 1 else 'provide'} no clocks, power "
                    "domains or other resources",
                    where,
                    hint="name the provider itself; scmigen show providers lists all",
                ).about(nodes=paths)
