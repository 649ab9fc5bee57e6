"""The calls of Linux that take a clock or a supply, and those that change one."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Get:
    """A call that returns a handle: of what kind, and which argument says which one."""

    kind: str
    argument: int
    by: str = "name"  #: "name" or "index"


@dataclass(frozen=True)
class Use:
    """A call that changes something: of what kind, which argument is the handle, what it needs."""

    kind: str
    argument: int
    operation: str
    sure: bool = True


_CLOCK = re.compile(
    r"(devm_)?clk_get(_optional)?(_enabled|_prepared|_prepare|_enable)?(_with_rate)?$"
    r"|clk_get_sys$"
)
_SUPPLY = re.compile(
    r"(devm_)?regulator_get(_exclusive|_optional|_enable|_enable_optional|_enable_read_voltage)*$"
)


def get(name: str) -> Get | None:
    """The row of a function that returns a handle."""
    if _CLOCK.fullmatch(name):
        return Get("clock", 1)
    if _SUPPLY.fullmatch(name):
        return Get("voltage", 1)
    return _GETS.get(name)


_GETS = {
    "of_clk_get": Get("clock", 1, "index"),
    "of_clk_get_by_name": Get("clock", 1),
    "devm_get_clk_from_child": Get("clock", 2),
    "of_regulator_get": Get("voltage", 2),
    "of_regulator_get_optional": Get("voltage", 2),
    "devm_of_regulator_get": Get("voltage", 2),
    "devm_of_regulator_get_optional": Get("voltage", 2),
}

USES = {
    "clk_set_rate": Use("clock", 0, "rate"),
    "clk_set_rate_exclusive": Use("clock", 0, "rate"),
    "clk_set_min_rate": Use("clock", 0, "rate"),
    "clk_set_max_rate": Use("clock", 0, "rate"),
    "clk_set_rate_range": Use("clock", 0, "rate"),
    "clk_drop_range": Use("clock", 0, "rate"),
    "clk_set_parent": Use("clock", 0, "parent"),
    "regulator_set_voltage": Use("voltage", 0, "level"),
    "regulator_set_voltage_tol": Use("voltage", 0, "level"),
    "regulator_set_voltage_triplet": Use("voltage", 0, "level"),
}

#: Calls that take a handle by name and change it at once; the argument is the name.
GETS_AND_USES = {
    "devm_clk_get_optional_enabled_with_rate": Use("clock", 1, "rate"),
}

#: The core of operating points sets the rate of the device's clock.
OPP_RATE = {"dev_pm_opp_set_rate": True, "dev_pm_opp_set_opp": False}
OPP_CLOCK = ("dev_pm_opp_set_clkname", "devm_pm_opp_set_clkname")
OPP_SUPPLIES = ("dev_pm_opp_set_regulators", "devm_pm_opp_set_regulators")
OPP_CONFIG = ("dev_pm_opp_set_config", "devm_pm_opp_set_config")

#: Calls that return what the matched compatible's entry carries.
MATCH_DATA = {
    "of_device_get_match_data",
    "device_get_match_data",
    "i2c_get_match_data",
    "spi_get_device_match_data",
}

#: Calls that read a property of a node, or ask which nodes there are.
PROPERTY = re.compile(
    r"(of|device|fwnode)_property_(read|present|count|match|get|string|for)\w*"
    r"|of_(get|find)_property|of_(get_)?property_\w+"
    r"|(of|device|fwnode)_get_(phy_mode|named_child_node|child_by_name|compatible_child|mac_address)"
    r"|(of|fwnode)_parse_phandle\w*|of_count_phandle\w*|of_machine_\w+|of_graph_\w+"
    r"|fwnode_find_reference|of_node_name_\w+|(devm_)?pm_opp_of_add_table\w*"
)

#: Calls that return their argument.
SAME = {
    "of_match_ptr": 0,
    "devm_kmemdup": 1,
    "kmemdup": 0,
    "devm_kmemdup_array": 1,
    "READ_ONCE": 0,
    "ERR_CAST": 0,
    "pm_ptr": 0,
    "pm_sleep_ptr": 0,
    "unlikely": 0,
    "likely": 0,
    "of_match_node": 0,
    "devm_kstrdup": 1,
    "kstrdup": 0,
    "devm_kstrdup_const": 1,
    "no_free_ptr": 0,
    "ptr_to_u32": 0,
}

#: Calls that make a text: which argument it is put into (None: it is returned), and the format.
FORMATS: dict[str, tuple[int | None, int]] = {
    "sprintf": (0, 1),
    "snprintf": (0, 2),
    "scnprintf": (0, 2),
    "kasprintf": (None, 1),
    "devm_kasprintf": (None, 2),
}

#: Structures that many drivers have arrays of: handle, and the name that it is taken by.
BULK = {
    "clk_bulk_data": ("clock", "clk", "id"),
    "regulator_bulk_data": ("voltage", "consumer", "supply"),
}
