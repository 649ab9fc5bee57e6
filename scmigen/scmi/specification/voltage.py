"""Voltage domain management, 0x17 (DEN0056, section 4.9)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import Entries, layout, row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, REMAINING, RETURNED, TRIPLET, Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes",
    commands=(
        row(
            0x3,
            "VOLTAGE_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, name16 name",
        ),
        row(
            0x4,
            "VOLTAGE_DESCRIBE_LEVELS",
            0x10000,
            "u32 domain, u32 index",
            "u32 flags",
            Entries(layout("i32 level"), "index", RETURNED, REMAINING, triplet=TRIPLET),
        ),
        row(0x5, "VOLTAGE_CONFIG_SET", 0x10000, "u32 domain, u32 config"),
        row(0x6, "VOLTAGE_CONFIG_GET", 0x10000, "u32 domain", "u32 config"),
        row(0x7, "VOLTAGE_LEVEL_SET", 0x10000, "u32 domain, u32 flags, i32 level"),
        row(0x8, "VOLTAGE_LEVEL_GET", 0x10000, "u32 domain", "i32 level"),
        row(0x9, "VOLTAGE_DOMAIN_NAME_GET", 0x20000, "u32 domain", NAME),
    ),
    delayed=(row(0x7, "VOLTAGE_LEVEL_SET_COMPLETE", 0x20000, "", "u32 domain, i32 level"),),
    needed={
        0x3: None,
        0x4: Operation.READ,
        0x5: Operation.STATE,
        0x6: Operation.READ,
        0x7: Operation.LEVEL,
        0x8: Operation.READ,
        0x9: None,
    },
    describing=frozenset({0x4}),
    registering=frozenset({0x6, 0x8}),
)
