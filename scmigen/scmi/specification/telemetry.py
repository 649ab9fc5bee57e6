"""System telemetry, 0x1B: the public beta of release 4.0 (DEN0056F).

The layouts are those of Linux' driver as proposed (drivers/firmware/arm_scmi/telemetry.c). Data
elements are known by numbers of 32 bits; their values are in memory that the platform shares with
the agent (SHMTI), which `scmigen.server.telemetry` lays out.
"""

from scmigen.hints import Final
from scmigen.scmi.layouts import Bits, Entries, Longer, layout, row
from scmigen.scmi.specification import REMAINING, RETURNED, TRIPLET, Specification

#: What a descriptor goes on with: the rate of the timestamps of its line in kHz, where the last two
#: bits of its attributes say that it has such; its name, where their first bit says so.
LINE_RATE: Final = layout("u32 rate")
NAME: Final = layout("name16 name")
_MORE: Final = (
    Longer(LINE_RATE, (("attributes", Bits(0, 2), 1),)),
    Longer(NAME, (("attributes", Bits(31, 1), 1),)),
)
_COUNT: Final = Bits(0, 16)

SPECIFICATION: Final = Specification(
    # attributes [31] single read, [30] notifications, [18] groups are configured each, [17] reset,
    # [16] FastChannels, [15:0] how many SHMTIs; revision: of the elements, a UUID
    attributes="u32 elements, u32 groups, u32 revision_0, u32 revision_1, u32 revision_2, "
    "u32 revision_3, u32 attributes, u32 block_rate",
    commands=(
        row(
            0x3,
            "TELEMETRY_LIST_SHMTI",
            0x10000,
            "u32 index",
            "u32 count",
            Entries(
                layout("u32 shmti, u64 address, u32 length, u32 flags"), "index", _COUNT, REMAINING
            ),
        ),
        # attributes [31] name, [30] FastChannel, [29:22] type, [21] persistent, [20:13] exponent of
        # the unit, signed, [12:5] unit, [1:0] timestamps: 1 each, 2 one for many
        # instances [31:24] of the element, [23:8] of the component, [7:0] the component's type
        row(
            0x4,
            "TELEMETRY_DE_DESCRIPTION",
            0x10000,
            "u32 index",
            "u32 count",
            Entries(
                layout(
                    "u32 element, u32 group, u32 size, u32 attributes, u32 instances, u32 reserved"
                ),
                "index",
                _COUNT,
                REMAINING,
                _MORE,
            ),
        ),
        # flags [3:0]: 0 what is in no group, 1 of one group, 2 of all
        row(
            0x5,
            "TELEMETRY_LIST_UPDATE_INTERVALS",
            0x10000,
            "u32 index, u32 group, u32 flags",
            "u32 flags",
            Entries(layout("u32 interval"), "index", RETURNED, REMAINING, triplet=TRIPLET),
        ),
        # flags [3] a group, [2:0] 0 off, 1 on, 2 on with timestamps, 4 all off
        row(
            0x6,
            "TELEMETRY_DE_CONFIGURE",
            0x10000,
            "u32 element, u32 flags",
            "u32 shmti, u32 offset, u32 block_offset",
        ),
        row(
            0x7,
            "TELEMETRY_DE_ENABLED_LIST",
            0x10000,
            "u32 index, u32 flags",
            "u32 flags",
            Entries(layout("u32 element, u32 mode"), "index", RETURNED, REMAINING),
        ),
        # control [0] on, [4:1] mode: 0 in memory, 1 notifications, 2 once; [8:5]: 0 what is in no
        # group, 1 of one group, 2 of all
        row(0x8, "TELEMETRY_CONFIG_SET", 0x10000, "u32 group, u32 control, u32 interval"),
        row(
            0x9,
            "TELEMETRY_CONFIG_GET",
            0x10000,
            "u32 group, u32 flags",
            "u32 control, u32 interval",
        ),
        row(0xA, "TELEMETRY_RESET", 0x10000, "u32 flags"),
    ),
)
