"""Clock management, 0x14 (DEN0056, section 4.6)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import Bits, Entries, layout, row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, REMAINING, RETURNED, TRIPLET, Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes",  # [23:16] pending asynchronous rate changes, [15:0] clocks
    commands=(
        row(0x3, "CLOCK_ATTRIBUTES", 0x10000, "u32 clock", "u32 attributes, name16 name"),
        row(
            0x3,
            "CLOCK_ATTRIBUTES",
            0x20000,
            "u32 clock",
            "u32 attributes, name16 name, u32 enable_delay",
        ),
        row(
            0x4,
            "CLOCK_DESCRIBE_RATES",
            0x10000,
            "u32 clock, u32 index",
            "u32 flags",
            Entries(layout("u64 rate"), "index", RETURNED, REMAINING, triplet=TRIPLET),
        ),
        row(0x5, "CLOCK_RATE_SET", 0x10000, "u32 flags, u32 clock, u64 rate"),
        row(0x6, "CLOCK_RATE_GET", 0x10000, "u32 clock", "u64 rate"),
        row(0x7, "CLOCK_CONFIG_SET", 0x10000, "u32 clock, u32 attributes"),
        row(  # Linux up to 6.6 and others send 8 bytes whatever the version; so does i.MX take them
            0x7,
            "CLOCK_CONFIG_SET",
            0x20001,
            "u32 clock, u32 attributes, u32 extended_value",
            optional=4,
        ),
        row(0x8, "CLOCK_NAME_GET", 0x20000, "u32 clock", NAME),
        row(0x9, "CLOCK_RATE_NOTIFY", 0x20000, "u32 clock, u32 enable"),
        row(0xA, "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY", 0x20000, "u32 clock, u32 enable"),
        row(
            0xB,
            "CLOCK_CONFIG_GET",
            0x30000,
            "u32 clock, u32 flags",
            "u32 attributes, u32 config, u32 extended_value",
        ),
        row(
            0xC,
            "CLOCK_POSSIBLE_PARENTS_GET",
            0x30000,
            "u32 clock, u32 skip",
            "u32 flags",
            Entries(layout("u32 parent"), "skip", Bits(0, 8), Bits(24, 8)),
        ),
        row(0xD, "CLOCK_PARENT_SET", 0x30000, "u32 clock, u32 parent"),
        row(0xE, "CLOCK_PARENT_GET", 0x30000, "u32 clock", "u32 parent"),
        row(0xF, "CLOCK_GET_PERMISSIONS", 0x30000, "u32 clock", "u32 permissions"),
    ),
    delayed=(row(0x5, "CLOCK_RATE_SET_COMPLETE", 0x10000, "", "u32 clock, u64 rate"),),
    notifications=(
        row(0x0, "CLOCK_RATE_CHANGED", 0x20000, "", "u32 agent, u32 clock, u64 rate"),
        row(0x1, "CLOCK_RATE_CHANGE_REQUESTED", 0x20000, "", "u32 agent, u32 clock, u64 rate"),
    ),
    needed={
        0x3: None,
        0x4: Operation.READ,
        0x5: Operation.RATE,
        0x6: Operation.READ,
        0x7: Operation.STATE,
        0x8: None,
        0x9: Operation.READ,
        0xA: Operation.READ,
        0xB: Operation.READ,
        0xC: Operation.READ,
        0xD: Operation.PARENT,
        0xE: Operation.READ,
        0xF: None,
    },
    describing=frozenset({0x4, 0xC}),
)
