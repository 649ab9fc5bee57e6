"""The base protocol, 0x10 (DEN0056, section 4.2)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import Bits, Entries, layout, row
from scmigen.scmi.specification import Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes",  # [15:8] agents, [7:0] protocols
    commands=(
        row(0x3, "BASE_DISCOVER_VENDOR", 0x10000, "", "name16 vendor"),
        row(0x4, "BASE_DISCOVER_SUB_VENDOR", 0x10000, "", "name16 sub_vendor"),
        row(0x5, "BASE_DISCOVER_IMPLEMENTATION_VERSION", 0x10000, "", "u32 version"),
        row(
            0x6,
            "BASE_DISCOVER_LIST_PROTOCOLS",
            0x10000,
            "u32 skip",
            "u32 count",
            Entries(layout("u8 protocol"), "skip", Bits(0, 32)),  # padded to a whole word
        ),
        row(0x7, "BASE_DISCOVER_AGENT", 0x10000, "u32 agent", "name16 name"),
        row(0x7, "BASE_DISCOVER_AGENT", 0x20000, "u32 agent", "u32 agent, name16 name"),
        row(0x8, "BASE_NOTIFY_ERRORS", 0x10000, "u32 enable"),
        row(
            0x9,
            "BASE_SET_DEVICE_PERMISSIONS",
            0x20000,
            "u32 agent, u32 device, u32 flags",
        ),
        row(
            0xA,
            "BASE_SET_PROTOCOL_PERMISSIONS",
            0x20000,
            "u32 agent, u32 device, u32 command, u32 flags",
        ),
        row(0xB, "BASE_RESET_AGENT_CONFIGURATION", 0x20000, "u32 agent, u32 flags"),
    ),
    notifications=(
        # error [31]: fatal, [9:0]: how many commands are reported
        row(0x0, "BASE_ERROR_EVENT", 0x10000, "", "u32 agent, u32 error", reply_tail="u64 report"),
    ),
)
