"""``platform.opp`` of an agents file: the chip that is there, where OPP tables are for several."""

from collections.abc import Iterator

from scmigen.assignment.findings import PROVIDER_UNKNOWN
from scmigen.assignment.located import Located
from scmigen.assignment.lookup import Lookup
from scmigen.assignment.said import Said
from scmigen.assignment.vocabulary import OPP
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.opp_bins import (
    HARDWARE,
    VOLTAGE,
    OppBin,
    certain_opps,
    enabled_opps,
    likely_bin,
    names_of,
    possible_opps,
    words_of,
)
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import counted

#: The most words that describe a chip.
_MAX_WORDS = 16


def read_bins(lookup: Lookup, where: Located) -> Iterator[tuple[str, Said[OppBin]]]:
    """Path of a table and its chip; problems of the other entries are reported."""
    firsts: dict[str, Located] = {}
    for entry in where.items("opp"):
        parts = entry.mapping("an entry of opp", OPP)
        if "table" not in parts:
            entry.lacks("an entry of opp needs a table", 'table: "&LABEL"')
            continue
        table = _table(lookup, parts["table"])
        if table is None:
            continue
        first = firsts.setdefault(table.path, entry)
        if first is not entry:
            entry.wrong(f"the chip of {table.path} is chosen already", f"at {first.position}")
            continue
        chosen = _chosen(table, parts, entry)
        if chosen is not None:
            yield table.path, Said(chosen, entry.position)


def _table(lookup: Lookup, where: Located) -> Node | None:
    """The one OPP table that is named."""
    text = where.text("table")
    nodes = lookup.nodes(text, where, PROVIDER_UNKNOWN).nodes if text else ()
    if len(nodes) > 1:
        where.wrong(f"{text} names {len(nodes)} nodes", "name one table")
    elif nodes and not any("opp-hz" in opp or "opp-level" in opp for opp in enabled_opps(nodes[0])):
        where.wrong(
            f"{nodes[0].path} is no OPP table", "name the node that operating-points-v2 has"
        )
    return nodes[0] if len(nodes) == 1 and enabled_opps(nodes[0]) else None


def _chosen(table: Node, parts: dict[str, Located], entry: Located) -> OppBin | None:
    """The chip of an entry, if the table has OPPs for it."""
    name = _name(table, parts["name"]) if "name" in parts else None
    hardware = _hardware(table, parts["supported-hw"]) if "supported-hw" in parts else ()
    if ("name" in parts and name is None) or hardware is None:
        return None
    chosen = OppBin(name, hardware)
    if chosen == OppBin():
        entry.lacks("an entry of opp needs name or supported-hw", "say which chip is there")
        return None
    if not possible_opps(enabled_opps(table), chosen):
        entry.wrong(f"{table.path} has no OPP for this chip", _known(table))
        return None
    if not certain_opps(table, chosen):
        words = ", ".join(f"0x{word:X}" for word in likely_bin(table, chosen).hardware)
        entry.wrong(
            f"{table.path} has no OPP that every chip of this name has",
            f"say which chip it is with supported-hw as well, such as [{words}]",
        )
        return None
    return chosen


def _name(table: Node, where: Located) -> str | None:
    """A name that voltages of the table have."""
    text, known = where.text("name"), names_of(enabled_opps(table))
    if text is None or text in known:
        return text
    hint = did_you_mean(text, known) if known else "its voltages have no names: leave out name"
    where.wrong(f"no OPP of {table.path} has {VOLTAGE}-{text}", hint)
    return None


def _hardware(table: Node, where: Located) -> tuple[int, ...] | None:
    """As many words as the masks of the table have."""
    words = [item.number("supported-hw") for item in where.items("supported-hw")]
    found = tuple(word for word in words if word is not None)
    if len(found) < len(words):
        return None
    wanted = words_of(enabled_opps(table))
    if not wanted:
        where.wrong(f"no OPP of {table.path} has {HARDWARE}", "leave out supported-hw")
    elif not found or wanted % len(found) or len(found) > _MAX_WORDS:
        where.wrong(
            f"{HARDWARE} of {table.path} has {counted(wanted, 'mask', 'masks')}, and this is "
            f"{counted(len(found), 'word', 'words')}",
            "write as many words as there are masks",
        )
    else:
        return found
    return None


def _known(table: Node) -> str:
    """What to choose from."""
    names = names_of(enabled_opps(table))
    return f"names: {', '.join(names)}" if names else f"look at {HARDWARE} of its OPPs"
