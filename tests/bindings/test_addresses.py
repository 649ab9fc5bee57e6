"""Where nodes are in memory: entries of ``reg`` and ``ranges`` of any width."""

import pytest
from support import tree_of

from scmigen.bindings.addresses import Region, memory, regions, reserved

NO_CELLS = "#address-cells = <0>; #size-cells = <0>;"
ONE_CELL = "#address-cells = <1>; #size-cells = <1>;"
TWO_CELLS = "#address-cells = <2>; #size-cells = <1>;"

REGIONS = [
    pytest.param(f"{ONE_CELL} n {{ reg = <0x10 4>, <0x20 8>; }};", [(16, 4), (32, 8)], id="two"),
    pytest.param(f"{TWO_CELLS} n {{ reg = <1 0 4>; }};", [(2**32, 4)], id="64-bit address"),
    pytest.param(f"{NO_CELLS} n {{ reg = <1>; }};", [], id="zero cells"),
    pytest.param("#address-cells = <0>; n { reg = <4>; };", [(0, 4)], id="a size alone"),
    pytest.param("#size-cells = <0>; n { reg = <0 4>; };", [(4, 0)], id="an address alone"),
    pytest.param(f"{ONE_CELL} n {{ reg = <0x10 4 0x20>; }};", [(16, 4)], id="cut short"),
    pytest.param(f"{ONE_CELL} n {{ reg = [10 20 30]; }};", [], id="not cells"),
    pytest.param(f"{ONE_CELL} n {{ }};", [], id="no reg"),
]


@pytest.mark.parametrize(("body", "expected"), REGIONS)
def test_regions_of_a_node(body: str, expected: list[tuple[int, int]]) -> None:
    node = tree_of(body).node("/n")
    assert node is not None
    assert list(regions(node)) == [Region(*pair) for pair in expected]


RANGES = [
    pytest.param("ranges;", [(0x10, 4)], id="the same addresses"),
    pytest.param("ranges = <0 0x1000 0x100>;", [(0x1010, 4)], id="a window"),
    pytest.param("ranges = <0x80 0x1000 0x100>;", [], id="outside the window"),
    pytest.param("ranges = <0 0x1000>;", [], id="cut short"),
    pytest.param("", [], id="not reachable"),
]


@pytest.mark.parametrize(("ranges", "expected"), RANGES)
def test_regions_behind_a_bus(ranges: str, expected: list[tuple[int, int]]) -> None:
    node = tree_of(f"{ONE_CELL} b {{ {ONE_CELL} {ranges} n {{ reg = <0x10 4>; }}; }};").node("/b/n")
    assert node is not None
    assert list(regions(node)) == [Region(*pair) for pair in expected]


def test_a_bus_without_any_cells_has_no_windows() -> None:
    tree = tree_of(f"{NO_CELLS} b {{ {NO_CELLS} ranges = <1>; n {{ reg = <1>; }}; }};")
    node = tree.node("/b/n")
    assert node is not None
    assert regions(node) == ()


def test_memory_of_a_root_without_cells_is_empty() -> None:
    tree = tree_of(
        f'{NO_CELLS} memory@0 {{ device_type = "memory"; reg = <1>; }};'
        "reserved-memory { ranges; r { reg = <1>; }; };"
    )
    assert memory(tree) == ()
    assert list(reserved(tree)) == []
