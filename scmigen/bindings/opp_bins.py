"""The bins of a chip that an OPP table has OPPs and voltages for (Linux
``Bindings/opp/opp-v2-base.yaml``).

A chip is described by one or more words. ``opp-supported-hw`` has blocks of as many masks: the chip
has the OPP if in some block each of its words shares a bit with its mask. ``opp-microvolt-<name>``
is the voltage for chips that have that name.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from scmigen.bindings.status import Status
from scmigen.devicetree.nodes import Node
from scmigen.tuples import NamedTuple

#: The blocks of masks of the chips that have an OPP.
HARDWARE = "opp-supported-hw"
VOLTAGE = "opp-microvolt"

#: How many OPPs, names and bits a proposal is made from.
_MOST = 32


class OppBin(NamedTuple):
    """What a chip is: the name of its voltages, and its words; none: not said."""

    name: str | None = None
    hardware: tuple[int, ...] = ()


#: A chip of which nothing is known.
ANY = OppBin()


def enabled_opps(table: Node) -> tuple[Node, ...]:
    """The OPPs of a table; Linux passes over disabled ones."""
    return tuple(child for child in table.children.values() if Status.of(child).is_okay)


def names_of(opps: Iterable[Node]) -> tuple[str, ...]:
    """The names that voltages are for, in the order of the tree."""
    prefix = f"{VOLTAGE}-"
    found = (name for opp in opps for name in opp.properties if name.startswith(prefix))
    return tuple(dict.fromkeys(name.removeprefix(prefix) for name in found))


def masks_of(opp: Node, words: int) -> tuple[tuple[int, ...], ...]:
    """The blocks of an OPP; none where they are not of so many words."""
    cells = opp.cells(HARDWARE) or ()
    if not words or len(cells) % words:
        return ()
    return tuple(tuple(cells[at : at + words]) for at in range(0, len(cells), words))


def words_of(opps: Iterable[Node]) -> int:
    """How many words describe a chip, as far as the lengths of the properties tell; 0: none."""
    from math import gcd  # a library of its own, and few OPPs have such words

    return gcd(*(len(opp.cells(HARDWARE) or ()) for opp in opps))


def missing_keys(table: Node, chosen: OppBin) -> tuple[str, ...]:
    """Which keys of a choice are missing: ``name``, ``supported-hw``."""
    opps = enabled_opps(table)
    named = chosen.name is None and bool(names_of(opps))
    masked = not chosen.hardware and any(HARDWARE in opp for opp in opps)
    return (*(("name",) if named else ()), *(("supported-hw",) if masked else ()))


def property_of(opp: Node, stem: str, chosen: OppBin) -> str:
    """The property of an OPP that holds for the chosen bin, as Linux looks for it."""
    named = f"{stem}-{chosen.name}"
    return named if chosen.name is not None and named in opp else stem


def possible_opps(opps: Iterable[Node], chosen: OppBin) -> tuple[Node, ...]:
    """Those of some OPPs that the chosen chip has, or may have.

    With a name chosen, not those that have voltages for other names only.
    """
    return tuple(
        opp
        for opp in opps
        if (not chosen.hardware or HARDWARE not in opp or _has(opp, chosen.hardware))
        and (chosen.name is None or property_of(opp, VOLTAGE, chosen) in opp or not names_of([opp]))
    )


def certain_opps(table: Node, chosen: OppBin) -> tuple[Node, ...]:
    """The OPPs that the chosen chip has for certain.

    Where no words are chosen, Linux leaves out every OPP that asks for some. If that leaves none,
    these are the OPPs of all the chips that the table has.
    """
    opps = possible_opps(enabled_opps(table), chosen)
    if chosen.hardware:
        return opps
    free = tuple(opp for opp in opps if HARDWARE not in opp)
    return free or _common(opps)


def _has(opp: Node, hardware: Sequence[int]) -> bool:
    """Whether a chip has an OPP."""
    blocks = masks_of(opp, len(hardware))
    return any(
        all(word & mask for word, mask in zip(hardware, block, strict=True)) for block in blocks
    )


def _common(opps: Sequence[Node]) -> tuple[Node, ...]:
    """The OPPs whose masks have every bit that those of the others have."""
    words = words_of(opps)
    every = _union(block for opp in opps for block in masks_of(opp, words))
    return tuple(opp for opp in opps if every in masks_of(opp, words))


def _union(blocks: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """Word by word the bits of any of the blocks."""
    every: tuple[int, ...] = ()
    for block in blocks:
        every = tuple(a | b for a, b in zip(every, block, strict=True)) if every else block
    return every


def likely_bin(table: Node, chosen: OppBin = ANY) -> OppBin:
    """A choice that leaves as many OPPs as any, with what is chosen already: an example for people,
    from the first OPPs."""
    opps = enabled_opps(table)[:_MOST]
    names: Sequence[str | None] = names_of(opps)[:_MOST] or (None,)
    choices = product(
        (chosen.name,) if chosen.name is not None else names,
        (chosen.hardware,) if chosen.hardware else _hardware(opps),
    )
    return max(
        (OppBin(*choice) for choice in choices),
        key=lambda choice: len(possible_opps(opps, choice)),
    )


def _hardware(opps: Sequence[Node]) -> Iterator[tuple[int, ...]]:
    """Words of one bit each: every bit of the first, with the most usual ones of the others."""
    words = words_of(opps)
    blocks = [block for opp in opps for block in masks_of(opp, words)]
    if not blocks:
        yield ()
        return
    first, *others = zip(*blocks, strict=True)
    rest = tuple(1 << max(range(_MOST), key=lambda bit: _uses(masks, bit)) for masks in others)
    for bit in range(_MOST):
        if _uses(first, bit) or not any(first):
            yield (1 << bit, *rest)


def _uses(masks: Iterable[int], bit: int) -> int:
    """How many masks have a bit."""
    return sum(mask >> bit & 1 for mask in masks)
