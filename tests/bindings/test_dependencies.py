"""What a node works through besides resources: each property of the table, and what is no entry."""

import pytest
from support import tree_of

from scmigen.bindings.dependencies import REFERENCES, Crossing, Shape, dependencies_of

CONTROLLER = 'x: x { compatible = "acme,x"; %s };'


def found(body: str) -> list[tuple[str, str, str, int]]:
    tree = tree_of(body)
    return [
        (entry.consumer.path, entry.prop, entry.controller.path, entry.index)
        for entry in dependencies_of(tree, tree.nodes)
    ]


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_every_property_of_the_table_names_its_controller(name: str) -> None:
    row = REFERENCES[name]
    cells = f"{row.cells} = <1>;" if row.cells else ""
    value = {
        Shape.LIST: "<&x 1>" if row.cells else "<&x>",
        Shape.FIRST: "<&x 0x10>",
        Shape.MAP: "<0 &x 0x100 0x10>",
    }[row.shape]
    assert found(f"{CONTROLLER % cells} d {{ {name} = {value}; }};") == [("/d", name, "/x", 0)]


@pytest.mark.parametrize(
    "name", ["gpio", "gpios", "reset-gpio", "cs-gpios", "snps,reset-gpio", "hub-reset-gpios"]
)
def test_gpios_come_under_many_names(name: str) -> None:
    body = f"{CONTROLLER % '#gpio-cells = <2>;'} d {{ {name} = <&x 1 0>, <0>, <&x 2 0>; }};"
    assert found(body) == [("/d", name, "/x", 0), ("/d", name, "/x", 2)]


@pytest.mark.parametrize("name", ["nr-gpios", "snps,nr-gpios", "ngpios", "gpio-controller"])
def test_what_counts_gpios_names_no_controller(name: str) -> None:
    assert found(f"{CONTROLLER % ''} d {{ {name} = <1>; }};") == []


def test_a_hog_is_the_controllers_own_line() -> None:
    hog = "hog { gpio-hog; gpios = <3 0>; };"
    assert found(CONTROLLER % f"#gpio-cells = <2>; {hog}") == []


def test_pins_belong_to_the_controller_around_the_configuration() -> None:
    body = CONTROLLER % "group { a: a { }; b: b { }; };"
    assert found(f"{body} d {{ pinctrl-0 = <&a &b>; pinctrl-1 = <&a>; }};") == [
        ("/d", "pinctrl-0", "/x", 0),
        ("/d", "pinctrl-0", "/x", 1),
        ("/d", "pinctrl-1", "/x", 0),
    ]


def test_what_a_controller_refers_to_within_itself_is_left_out() -> None:
    inner = 'a: a { }; c { compatible = "acme,c"; pinctrl-0 = <&a>; };'
    assert found(CONTROLLER % f"pinctrl-0 = <&a>; {inner}") == []


def test_a_cell_of_a_fuse_array_is_the_arrays() -> None:
    layout = 'nvmem-layout { compatible = "fixed-layout"; c: c@4 { reg = <4 1>; }; };'
    body = f"{CONTROLLER % layout} d {{ nvmem-cells = <&c>; }};"
    assert found(body) == [("/d", "nvmem-cells", "/x", 0)]


def test_lists_that_cannot_be_read_end_there() -> None:
    """What is wrong with them is not this module's to tell."""
    assert found("d { dmas = <99 1>; };") == []
    assert found(f"{CONTROLLER % ''} d {{ dmas = <&x 1>; }};") == []


ROOT = 'interrupt-parent = <&gic>; gic: gic { compatible = "gic"; #interrupt-cells = <1>; %s };'
GPIO = 'g: g { compatible = "g"; #interrupt-cells = <1>; interrupt-controller; interrupts = <1>; };'


def test_the_root_of_the_interrupt_tree_is_everybodys() -> None:
    assert found(ROOT % "" + "d { interrupts = <3>; };") == []
    # The GIC's own interrupt does not make it depend on itself.
    assert found(ROOT % "interrupts = <9>;" + "d { interrupts = <3>; };") == []


def test_interrupts_of_a_controller_behind_the_root() -> None:
    device = "d { interrupt-parent = <&g>; interrupts = <3>; };"
    assert found(ROOT % "" + GPIO + device) == [("/d", "interrupts", "/g", 0)]


def test_interrupts_below_a_node_that_says_where_they_go() -> None:
    body = f"{ROOT % ''} {GPIO} bus {{ interrupt-parent = <&g>; d {{ interrupts = <3>; }}; }};"
    assert found(body) == [("/bus/d", "interrupts", "/g", 0)]


def test_what_is_meant_to_cross_is_told_apart() -> None:
    rows = {name: row.crossing for name, row in REFERENCES.items()}
    assert {name for name, crossing in rows.items() if crossing is Crossing.ANY} == {"hwlocks"}
    assert {name for name, crossing in rows.items() if crossing is Crossing.HYPERVISOR} == {
        *("iommus", "iommu-map", "msi-parent", "msi-map", "interrupts-extended"),
    }
