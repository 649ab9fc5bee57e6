"""Sensor management, 0x15 (DEN0056, section 4.7)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import Bits, Entries, Longer, layout, row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, REMAINING, RETURNED, TRIPLET, Specification

_DESCRIPTOR: Final = layout("u32 sensor, u32 attributes_low, u32 attributes_high, name16 name")

#: What a descriptor of a sensor goes on with: power in µW; then, also for an axis, the resolution
#: ([26:0], [31:27] a signed power of ten) and the least and greatest value.
EXTENDED_SENSOR: Final = layout("u32 power")
EXTENDED_RANGE: Final = layout("u32 resolution, i64 minimum, i64 maximum")
#: Bit 8 of the low attribute word says that it goes on, that of the high one that there are axes.
_GOES_ON: Final = ("attributes_low", Bits(8, 1), 1)
_NO_AXES: Final = ("attributes_high", Bits(8, 1), 0)
_LONGER_SENSOR: Final = (
    Longer(EXTENDED_SENSOR, (_GOES_ON,)),
    Longer(EXTENDED_RANGE, (_GOES_ON, _NO_AXES)),
)
_LONGER_AXIS: Final = (Longer(EXTENDED_RANGE, (_GOES_ON,)),)

SPECIFICATION: Final = Specification(
    attributes="u32 attributes, u64 registers, u32 registers_length",
    commands=(
        row(
            0x3,
            "SENSOR_DESCRIPTION_GET",
            0x10000,
            "u32 index",
            "u32 flags",
            Entries(_DESCRIPTOR, "index", RETURNED, REMAINING),
        ),
        row(
            0x3,
            "SENSOR_DESCRIPTION_GET",
            0x20000,
            "u32 index",
            "u32 flags",
            Entries(_DESCRIPTOR, "index", RETURNED, REMAINING, _LONGER_SENSOR),
        ),
        row(0x4, "SENSOR_TRIP_POINT_NOTIFY", 0x10000, "u32 sensor, u32 control"),
        row(0x5, "SENSOR_TRIP_POINT_CONFIG", 0x10000, "u32 sensor, u32 control, i64 value"),
        row(0x6, "SENSOR_READING_GET", 0x10000, "u32 sensor, u32 flags", "i64 value"),
        # One reading; a sensor with axes has one for each.
        row(
            0x6,
            "SENSOR_READING_GET",
            0x20000,
            "u32 sensor, u32 flags",
            reply_tail="i64 value, u64 timestamp",
        ),
        row(
            0x7,
            "SENSOR_AXIS_DESCRIPTION_GET",
            0x20000,
            "u32 sensor, u32 index",
            "u32 flags",
            Entries(
                layout("u32 axis, u32 attributes_low, u32 attributes_high, name16 name"),
                "index",
                Bits(0, 6),
                Bits(26, 6),
                _LONGER_AXIS,
            ),
        ),
        row(
            0x8,
            "SENSOR_LIST_UPDATE_INTERVALS",
            0x20000,
            "u32 sensor, u32 index",
            "u32 flags",
            Entries(layout("u32 interval"), "index", RETURNED, REMAINING, triplet=TRIPLET),
        ),
        row(0x9, "SENSOR_CONFIG_GET", 0x20000, "u32 sensor", "u32 config"),
        row(0xA, "SENSOR_CONFIG_SET", 0x20000, "u32 sensor, u32 config"),
        row(0xB, "SENSOR_CONTINUOUS_UPDATE_NOTIFY", 0x20000, "u32 sensor, u32 control"),
        row(0xC, "SENSOR_NAME_GET", 0x30000, "u32 sensor", NAME),
        row(
            0xD,
            "SENSOR_AXIS_NAME_GET",
            0x30000,
            "u32 sensor, u32 index",
            "u32 flags",
            Entries(layout("u32 axis, name64 name"), "index", Bits(0, 6), Bits(26, 6)),
        ),
    ),
    delayed=(
        row(
            0x6,
            "SENSOR_READING_COMPLETE",
            0x10000,
            "",
            "u32 sensor",
            reply_tail="i64 value",
        ),
        row(
            0x6,
            "SENSOR_READING_COMPLETE",
            0x20000,
            "",
            "u32 sensor",
            reply_tail="i64 value, u64 timestamp",
        ),
    ),
    notifications=(
        row(0x0, "SENSOR_TRIP_POINT_EVENT", 0x10000, "", "u32 agent, u32 sensor, u32 point"),
        row(
            0x1,
            "SENSOR_UPDATE",
            0x20000,
            "",
            "u32 agent, u32 sensor",
            reply_tail="i64 value, u64 timestamp",
        ),
    ),
    needed={
        0x3: None,
        0x4: Operation.READ,
        0x5: Operation.CONFIG,
        0x6: Operation.READ,
        0x7: None,
        0x8: Operation.READ,
        0x9: Operation.READ,
        0xA: Operation.CONFIG,
        0xB: Operation.READ,
        0xC: None,
        0xD: None,
    },
    describing=frozenset({0x8}),
)
