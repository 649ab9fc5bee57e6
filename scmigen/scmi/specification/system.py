"""System power management, 0x12 (DEN0056, section 4.4)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import row
from scmigen.scmi.specification import Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes",
    commands=(
        row(0x3, "SYSTEM_POWER_STATE_SET", 0x10000, "u32 flags, u32 state"),
        row(0x4, "SYSTEM_POWER_STATE_GET", 0x10000, "", "u32 state"),
        row(0x5, "SYSTEM_POWER_STATE_NOTIFY", 0x10000, "u32 enable"),
    ),
    notifications=(
        row(0x0, "SYSTEM_POWER_STATE_NOTIFIER", 0x10000, "", "u32 agent, u32 flags, u32 state"),
        row(
            0x0,
            "SYSTEM_POWER_STATE_NOTIFIER",
            0x20000,
            "",
            "u32 agent, u32 flags, u32 state, u32 timeout",
        ),
    ),
)
