"""What a node is, by its name and properties: buses, chips, PMICs, lists, critical nodes."""

import pytest

from scmigen.bindings import node_kinds
from scmigen.bindings.status import Availability
from scmigen.devicetree.nodes import Node
from tests.support import tree_of


def _node(text: str, path: str) -> Node:
    found = tree_of(text).node(path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "bus", ["i2c@1", "spi@1", "spmi@1", "rsb@1", "pwrap@1", "i3c@1", "i2c-8", "i2c-gpio-0"]
)
def test_a_bus_with_nothing_but_pmics_is_one_whatever_its_kind(bus: str) -> None:
    regulator = 'regulators { buck { regulator-name = "vdd"; }; };'
    pmic = _node(
        bus + ' { compatible = "v,bus"; pmic@4 { compatible = "v,pmic"; ' + regulator + " }; };",
        f"/{bus}/pmic@4/regulators/buck",
    )
    found = node_kinds.pmic_bus_of(pmic)
    assert found is not None
    assert found.path == f"/{bus}"


def test_a_bus_with_another_chip_is_no_pmic_bus() -> None:
    pmic = _node(
        'i2c@1 { compatible = "v,bus";'
        ' pmic@4 { compatible = "v,pmic"; buck { regulator-name = "vdd"; }; };'
        ' codec@5 { compatible = "v,codec"; }; };',
        "/i2c@1/pmic@4/buck",
    )
    assert node_kinds.pmic_bus_of(pmic) is None


def test_a_node_on_no_bus_has_no_pmic_bus() -> None:
    assert node_kinds.pmic_bus_of(_node('soc { r { regulator-name = "a"; }; };', "/soc/r")) is None


def test_the_bus_of_a_node_is_the_nearest_controller_with_a_driver() -> None:
    text = 'i2c@1 { compatible = "v,i2c"; mux@70 { i2c@0 { chip@4 { }; }; }; };'
    bus = node_kinds.bus_of(_node(text, "/i2c@1/mux@70/i2c@0/chip@4"))
    assert bus is not None
    assert bus.path == "/i2c@1"


def test_a_chip_is_the_part_of_the_bus_that_has_a_driver() -> None:
    text = 'spi@1 { chip@0 { compatible = "v,chip"; clocks { out { }; }; }; }; lone { };'
    inner = _node(text, "/spi@1/chip@0/clocks/out")
    assert node_kinds.chip_of(inner).path == "/spi@1/chip@0"
    lone = _node(text, "/lone")
    assert node_kinds.chip_of(lone) is lone


@pytest.mark.parametrize(
    ("text", "is_list"),
    [
        pytest.param('n { compatible = "iio-hwmon"; };', True, id="iio-hwmon"),
        pytest.param("n { thermal-sensors = <1>; };", True, id="thermal zone"),
        pytest.param('n { label = "a"; };', False, id="part without sensors"),
        pytest.param('n { compatible = "adc-keys"; };', False, id="keys on an ADC"),
        pytest.param('n { compatible = "voltage-divider"; };', False, id="divider"),
    ],
)
def test_lists_of_sensors(text: str, is_list: bool) -> None:
    assert node_kinds.is_list(_node(text, "/n")) is is_list


@pytest.mark.parametrize(
    ("text", "is_critical"),
    [
        pytest.param('n { device_type = "cpu"; };', True, id="cpu"),
        pytest.param("memory-controller@0 { };", True, id="memory controller"),
        pytest.param("ddr@0 { };", True, id="DDR"),
        pytest.param('n { device_type = "memory"; };', False, id="main memory"),
    ],
)
def test_what_everybody_runs_on(text: str, is_critical: bool) -> None:
    path = "/" + text.partition(" ")[0]
    assert node_kinds.is_critical(_node(text, path)) is is_critical


def test_the_status_of_a_node_is_the_nearest_and_the_secure_one_first() -> None:
    text = 'a { status = "okay"; secure-status = "disabled"; b { c { status = "okay"; }; }; };'
    found = node_kinds.status_of(_node(text, "/a/b"))
    assert found is not None
    assert found.name == "secure-status"
    found = node_kinds.status_of(_node(text, "/a/b/c"))
    assert found is not None
    assert found.name == "status"
    assert node_kinds.status_of(_node("a { };", "/a")) is None


def test_a_driver_does_without_some_clocks() -> None:
    node = _node('n { compatible = "v,sm-qfprom", "qcom,qfprom"; };', "/n")
    assert node_kinds.lost_without(node, "core") == "fuses can be read, but not written"
    assert node_kinds.lost_without(node, "iface") is None
    assert node_kinds.lost_without(node, None) is None


def test_parent_supplies() -> None:
    assert node_kinds.is_parent_supply("vin-supply")
    assert not node_kinds.is_parent_supply("vqmmc-supply")


def test_reserved_is_the_status_of_the_node_itself() -> None:
    text = 'a { status = "reserved"; b { }; };'
    assert Availability().reserved(_node(text, "/a"))
    assert not Availability().reserved(_node(text, "/a/b"))
