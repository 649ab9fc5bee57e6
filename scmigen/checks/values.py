"""Checks of values: voltages that supplies cannot have."""

from collections.abc import Iterator

from scmigen.bindings.regulators import Supply
from scmigen.checks.check import check
from scmigen.checks.words import joined, node_word, resource_name, resource_word
from scmigen.diagnostics import Diagnostic, Related, Severity, counted
from scmigen.model.platform import Model


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
