"""Reset domain management, 0x16 (DEN0056, section 4.8)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes",
    commands=(
        row(
            0x3,
            "RESET_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, u32 latency, name16 name",
        ),
        row(0x4, "RESET", 0x10000, "u32 domain, u32 flags, u32 reset_state"),
        row(0x5, "RESET_NOTIFY", 0x10000, "u32 domain, u32 enable"),
        row(0x6, "RESET_DOMAIN_NAME_GET", 0x30000, "u32 domain", NAME),
    ),
    delayed=(row(0x4, "RESET_COMPLETE", 0x10000, "", "u32 domain"),),
    notifications=(
        row(0x0, "RESET_ISSUED", 0x10000, "", "u32 agent, u32 domain, u32 reset_state"),
    ),
    needed={
        0x3: None,
        0x4: Operation.RESET,
        0x5: Operation.RESET,
        0x6: None,
    },
)
