"""Which operating points and voltages a chip has (Linux ``Bindings/opp/opp-v2-base.yaml``).

What is expected is what ``_opp_is_supported`` and ``opp_parse_microvolt`` of Linux
(drivers/opp/of.c) would do, by hand.
"""

import pytest
from support import source

from scmigen.bindings.opp_bins import OppBin, likely_bin, missing_keys
from scmigen.bindings.opp_tables import points_of
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.source import read_source


def table(*opps: str) -> Node:
    """A table whose OPPs have 1, 2, 3, … Hz."""
    rows = (f"o{n} {{ opp-hz = <0 {n}>; {text} }};" for n, text in enumerate(opps, 1))
    tree = read_source(source(f"t: t {{ {' '.join(rows)} }};"), "t.dts")
    return tree.labels["t"]


def found(node: Node, chosen: OppBin) -> list[tuple[int, int | None]]:
    return [(point.rates[0], point.voltage) for point in points_of(node, chosen)]


#: As in i.MX 8M Plus: a word for the speed grade, and one for the market.
GRADES = (
    "opp-supported-hw = <0x8a0>, <0x7>;",
    "opp-supported-hw = <0xa0>, <0x7>;",
    "opp-supported-hw = <0x20>, <0x3>;",
)


@pytest.mark.parametrize(
    ("words", "rates"),
    [
        ((0x20, 0x1), [1, 2, 3]),
        ((0x20, 0x4), [1, 2]),
        ((0x800, 0x1), [1]),
        ((0x10, 0x1), []),
        # Nothing is known of the chip: what all of them have.
        ((), [1]),
    ],
)
def test_a_chip_has_the_opps_whose_masks_share_a_bit(
    words: tuple[int, ...], rates: list[int]
) -> None:
    assert [rate for rate, _ in found(table(*GRADES), OppBin(None, words))] == rates


def test_one_of_several_blocks_is_enough() -> None:
    opp = "opp-supported-hw = <0x6 0x20>, <0x8 0xff>;"
    node = table(opp, "opp-supported-hw = <0x8 0x1>;")
    assert [rate for rate, _ in found(node, OppBin(None, (0x8, 0x40)))] == [1]
    assert [rate for rate, _ in found(node, OppBin(None, (0x2, 0x40)))] == []
    assert [rate for rate, _ in found(node, OppBin(None, (0x2, 0x20)))] == [1]


def test_without_words_opps_that_ask_for_hardware_are_left_out() -> None:
    node = table("", "opp-supported-hw = <0x1>;")
    assert found(node, OppBin()) == [(1, None)]
    assert missing_keys(node, OppBin()) == ("supported-hw",)


#: As in Allwinner H616: some voltages for all, others by name.
NAMED = (
    "opp-microvolt = <900>;",
    "opp-microvolt-s1 = <940>; opp-microvolt-s2 = <910>;",
    "opp-microvolt-s2 = <920>;",
    "opp-microvolt = <980>; opp-microvolt-s1 = <990 900 1100>;",
)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("s1", [(1, 900), (2, 940), (4, 990)]),
        ("s2", [(1, 900), (2, 910), (3, 920), (4, 980)]),
        # The highest of each, and never less than below.
        (None, [(1, 900), (2, 940), (3, 940), (4, 990)]),
    ],
)
def test_voltages_by_name(name: str | None, points: list[tuple[int, int]]) -> None:
    """The name's own voltage, else that of all; an OPP with others only is not of this chip."""
    assert found(table(*NAMED), OppBin(name)) == points


def test_powers_by_name() -> None:
    node = table("opp-microwatt-s1 = <5>; opp-microvolt-s1 = <1>; opp-microwatt = <7>;")
    assert [point.power for point in points_of(node, OppBin("s1"))] == [5]
    assert [point.power for point in points_of(node)] == [7]


def test_a_proposal_leaves_as_many_opps_as_any() -> None:
    node = table(
        "opp-supported-hw = <0x1>; opp-microvolt-s1 = <1>;",
        "opp-supported-hw = <0x2>; opp-microvolt-s2 = <1>;",
        "opp-supported-hw = <0x2>; opp-microvolt-s2 = <2>;",
    )
    assert likely_bin(node) == OppBin("s2", (0x2,))
    assert likely_bin(node, OppBin("s1")) == OppBin("s1", (0x1,))
    assert likely_bin(table(*GRADES)) == OppBin(None, (0x20, 0x1))
    assert likely_bin(table("")) == OppBin()
