"""Trees of clocks, power domains and supplies: what the device tree says of what feeds what."""

from collections.abc import Sequence

from support import soc_model, tree_of

import scmigen
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.forest import TreeNode, children_of, descend, forest


def platform(body: str) -> Platform:
    (found,) = scmigen.compile(tree_of(body)).model.platforms
    return found


def outline(nodes: Sequence[TreeNode]) -> list[str]:
    """The trees as lines: ``> > name value``, a ``>`` for each level above."""
    children = children_of(nodes)
    return [
        " ".join((*[">"] * depth, nodes[number].name, nodes[number].value_text)).strip()
        for root in children.get(None, ())
        for number, depth in descend(children, root)
    ]


BOARD = """
    xtal: xtal { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
    half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&xtal>;
                 clock-mult = <1>; clock-div = <2>; };
    rtc: rtc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <32768>; };
    pll: pll@1000 { compatible = "acme,pll"; reg = <0x1000>; #clock-cells = <1>;
                    clocks = <&half>; };
    gate: gate@2000 { compatible = "acme,gate"; reg = <0x2000>; #clock-cells = <1>;
                      clocks = <&pll 3>, <&rtc>; };
    dev@3000 { compatible = "acme,dev"; reg = <0x3000>; clocks = <&gate 7>, <&pll 1>;
               assigned-clocks = <&pll 1>; assigned-clock-rates = <1200000000>; };
"""


def test_clocks_are_below_what_feeds_them_down_from_the_crystal() -> None:
    nodes = forest(platform(BOARD), Kind.CLOCK)
    assert outline(nodes) == [
        "xtal 24 MHz",
        "> half 12 MHz",
        "> > &pll",
        "> > > dev-3000~1 1.2 GHz",
        "> > > &pll 3",
        "> > > > &gate",
        "> > > > > dev-3000",
        "rtc 32.768 kHz",
    ]
    (gate,) = (node for node in nodes if node.name == "&gate")
    assert [nodes[number].name for number in gate.also] == ["rtc"]
    assert [node.source for node in nodes if node.is_provider] == ["gate@2000", "pll@1000"]
    assert {node.name for node in nodes if node.resource is None} == {
        "xtal", "half", "rtc", "&pll", "&pll 3", "&gate",
    }  # fmt: skip


def test_parents_that_go_round_in_a_circle_still_make_a_tree() -> None:
    model = soc_model(
        """
        x: dev@1 { compatible = "x"; reg = <1>; clocks = <&cc 1>, <&cc 2>;
                   assigned-clocks = <&cc 1>, <&cc 2>;
                   assigned-clock-parents = <&cc 2>, <&cc 1>; };
        """
    )
    (found,) = model.platforms
    nodes = forest(found, Kind.CLOCK)
    assert [(node.parent, node.also, node.is_provider) for node in nodes] == [
        (1, (), False),
        (2, (0,), False),
        (None, (), True),
    ]


def test_providers_that_feed_each_other_still_make_a_tree() -> None:
    nodes = forest(
        platform(
            """
            a: a@1000 { compatible = "acme,a"; reg = <0x1000>; #clock-cells = <0>; clocks = <&b>; };
            b: b@2000 { compatible = "acme,b"; reg = <0x2000>; #clock-cells = <0>; clocks = <&a>; };
            dev@3000 { compatible = "acme,dev"; reg = <0x3000>; clocks = <&a>; };
            """
        ),
        Kind.CLOCK,
    )
    assert len(nodes) == 2
    assert sorted((node.parent is None, len(node.also)) for node in nodes) == [(0, 0), (1, 1)]


def test_supplies_are_below_the_supply_that_feeds_them() -> None:
    nodes = forest(
        platform(
            """
            main: main { compatible = "acme,r"; regulator-name = "vin";
                         regulator-min-microvolt = <5000000>;
                         regulator-max-microvolt = <5000000>; };
            core: core { compatible = "acme,r"; regulator-name = "vdd"; vin-supply = <&main>;
                         regulator-min-microvolt = <800000>;
                         regulator-max-microvolt = <1100000>; };
            dev@3000 { compatible = "acme,dev"; reg = <0x3000>; vdd-supply = <&core>; };
            """
        ),
        Kind.VOLTAGE,
    )
    assert outline(nodes) == ["vin 5 V", "> vdd 800 mV to 1.1 V"]


def test_a_board_without_any_has_no_nodes() -> None:
    found = platform(BOARD)
    assert forest(found, Kind.POWER) == ()
    assert outline(()) == []
