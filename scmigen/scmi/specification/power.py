"""Power domain management, 0x11 (DEN0056, section 4.3)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes, u64 statistics, u32 statistics_length",
    commands=(
        row(
            0x3,
            "POWER_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, name16 name",
        ),
        row(0x4, "POWER_STATE_SET", 0x10000, "u32 flags, u32 domain, u32 state"),
        row(0x5, "POWER_STATE_GET", 0x10000, "u32 domain", "u32 state"),
        row(0x6, "POWER_STATE_NOTIFY", 0x10000, "u32 domain, u32 enable"),
        row(0x7, "POWER_STATE_CHANGE_REQUESTED_NOTIFY", 0x20000, "u32 domain, u32 enable"),
        row(0x8, "POWER_DOMAIN_NAME_GET", 0x30000, "u32 domain", NAME),
    ),
    notifications=(
        row(0x0, "POWER_STATE_CHANGED", 0x10000, "", "u32 agent, u32 domain, u32 state"),
        row(
            0x1,
            "POWER_STATE_CHANGE_REQUESTED",
            0x20000,
            "",
            "u32 agent, u32 domain, u32 state",
        ),
    ),
    needed={
        0x3: None,
        0x4: Operation.STATE,
        0x5: Operation.READ,
        0x6: Operation.READ,
        0x7: Operation.READ,
        0x8: None,
    },
    registering=frozenset({0x5}),
)
