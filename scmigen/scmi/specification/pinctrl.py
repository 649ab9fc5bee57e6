"""Pin control, 0x19 (DEN0056, section 4.11)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import Bits, Entries, layout, row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, REMAINING, RETURNED, Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes_low, u32 attributes_high",
    commands=(
        row(
            0x3,
            "PINCTRL_ATTRIBUTES",
            0x10000,
            "u32 id, u32 flags",
            "u32 attributes, name16 name",
        ),
        row(
            0x4,
            "PINCTRL_LIST_ASSOCIATIONS",
            0x10000,
            "u32 id, u32 flags, u32 index",
            "u32 flags",
            Entries(layout("u16 id"), "index", RETURNED, REMAINING),
        ),
        row(
            0x5,
            "PINCTRL_SETTINGS_GET",
            0x10000,
            "u32 id, u32 attributes",
            "u32 function, u32 count",
            Entries(
                layout("u32 type, u32 value"),
                "attributes",
                Bits(0, 8),
                Bits(24, 8),
                at=Bits(8, 8),
            ),
        ),
        row(  # attributes [9:2]: how many pairs of type and value follow
            0x6,
            "PINCTRL_SETTINGS_CONFIGURE",
            0x10000,
            "u32 id, u32 function, u32 attributes",
            request_tail="u32 type, u32 value",
        ),
        row(0x7, "PINCTRL_REQUEST", 0x10000, "u32 id, u32 flags"),
        row(0x8, "PINCTRL_RELEASE", 0x10000, "u32 id, u32 flags"),
        row(0x9, "PINCTRL_NAME_GET", 0x10000, "u32 id, u32 flags", NAME),
        # flags [2]: allow, [1:0]: a pin or a group
        row(0xA, "PINCTRL_SET_PERMISSIONS", 0x10000, "u32 agent, u32 id, u32 flags"),
    ),
    # A message says in its flags whether it is about a pin, a group or a function; a group needs
    # the operation on each of its pins. Who may send 0xA says the agent's right to permissions.
    needed={
        0x3: None,
        0x4: None,
        0x5: Operation.READ,
        0x6: Operation.CONFIG,
        0x7: Operation.CONFIG,
        0x8: Operation.CONFIG,
        0x9: None,
    },
)
