"""Performance domain management, 0x13 (DEN0056, section 4.5)."""

from scmigen.hints import Final
from scmigen.scmi.layouts import Entries, layout, row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, REMAINING, RETURNED, Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes, u64 statistics, u32 statistics_length",
    commands=(
        row(
            0x3,
            "PERFORMANCE_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, u32 rate_limit, u32 sustained_frequency, u32 sustained_level, "
            "name16 name",
        ),
        row(
            0x4,
            "PERFORMANCE_DESCRIBE_LEVELS",
            0x10000,
            "u32 domain, u32 index",
            "u32 count",
            Entries(layout("u32 level, u32 power, u32 latency"), "index", RETURNED, REMAINING),
        ),
        row(
            0x4,
            "PERFORMANCE_DESCRIBE_LEVELS",
            0x40000,
            "u32 domain, u32 index",
            "u32 count",
            Entries(
                layout("u32 level, u32 power, u32 latency, u32 frequency, u32 level_index"),
                "index",
                RETURNED,
                REMAINING,
            ),
        ),
        row(0x5, "PERFORMANCE_LIMITS_SET", 0x10000, "u32 domain, u32 maximum, u32 minimum"),
        row(0x6, "PERFORMANCE_LIMITS_GET", 0x10000, "u32 domain", "u32 maximum, u32 minimum"),
        row(0x7, "PERFORMANCE_LEVEL_SET", 0x10000, "u32 domain, u32 level"),
        row(0x8, "PERFORMANCE_LEVEL_GET", 0x10000, "u32 domain", "u32 level"),
        row(0x9, "PERFORMANCE_NOTIFY_LIMITS", 0x10000, "u32 domain, u32 enable"),
        row(0xA, "PERFORMANCE_NOTIFY_LEVEL", 0x10000, "u32 domain, u32 enable"),
        row(
            0xB,
            "PERFORMANCE_DESCRIBE_FASTCHANNEL",
            0x20000,
            "u32 domain, u32 message",
            "u32 attributes, u32 rate_limit, u64 channel, u32 channel_size, u64 doorbell, "
            "u64 doorbell_set, u64 doorbell_preserve",
        ),
        row(0xC, "PERFORMANCE_DOMAIN_NAME_GET", 0x30000, "u32 domain", NAME),
    ),
    notifications=(
        row(
            0x0,
            "PERFORMANCE_LIMITS_CHANGED",
            0x10000,
            "",
            "u32 agent, u32 domain, u32 maximum, u32 minimum",
        ),
        row(0x1, "PERFORMANCE_LEVEL_CHANGED", 0x10000, "", "u32 agent, u32 domain, u32 level"),
    ),
    needed={
        0x3: None,
        0x4: Operation.READ,
        0x5: Operation.LIMITS,
        0x6: Operation.READ,
        0x7: Operation.LEVEL,
        0x8: Operation.READ,
        0x9: Operation.READ,
        0xA: Operation.READ,
        0xB: Operation.READ,
        0xC: None,
    },
    describing=frozenset({0x4}),
)
