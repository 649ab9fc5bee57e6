"""Power capping and monitoring, 0x18 (DEN0056, section 4.10).

Version 3.0 is of the public beta of release 4.0, with the layouts of Linux' driver as proposed
(drivers/firmware/arm_scmi/powercap.c): a domain may have several limits that hold at once, each
with a number (``limit``, the CPLI there); measurements and caps have averaging intervals of their
own, MAI and CAI.
"""

from scmigen.hints import Final
from scmigen.scmi.layouts import Bits, Entries, layout, row
from scmigen.scmi.protocols import Operation
from scmigen.scmi.specification import NAME, REMAINING, Specification

SPECIFICATION: Final = Specification(
    attributes="u32 attributes",
    commands=(
        row(
            0x3,
            "POWERCAP_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, name16 name, u32 min_pai, u32 max_pai, u32 pai_step, u32 min_cap, "
            "u32 max_cap, u32 cap_step, u32 sustainable_power, u32 accuracy, u32 parent",
        ),
        row(
            0x3,
            "POWERCAP_DOMAIN_ATTRIBUTES",
            0x30000,
            "u32 domain",
            "u32 attributes, name16 name, u32 min_mai, u32 max_mai, u32 mai_step, u32 min_cap, "
            "u32 max_cap, u32 cap_step, u32 sustainable_power, u32 accuracy, u32 parent, "
            "u32 min_cai, u32 max_cai, u32 cai_step",
        ),
        row(0x4, "POWERCAP_CAP_GET", 0x10000, "u32 domain", "u32 cap"),
        row(0x4, "POWERCAP_CAP_GET", 0x30000, "u32 domain, u32 limit", "u32 cap"),
        row(0x5, "POWERCAP_CAP_SET", 0x10000, "u32 domain, u32 flags, u32 cap"),
        row(0x5, "POWERCAP_CAP_SET", 0x30000, "u32 domain, u32 limit, u32 flags, u32 cap"),
        row(0x6, "POWERCAP_PAI_GET", 0x10000, "u32 domain", "u32 pai"),
        row(0x6, "POWERCAP_MAI_GET", 0x30000, "u32 domain", "u32 mai"),
        row(0x7, "POWERCAP_PAI_SET", 0x10000, "u32 domain, u32 flags, u32 pai"),
        row(0x7, "POWERCAP_MAI_SET", 0x30000, "u32 domain, u32 flags, u32 mai"),
        row(0x8, "POWERCAP_DOMAIN_NAME_GET", 0x10000, "u32 domain", NAME),
        row(0x9, "POWERCAP_MEASUREMENTS_GET", 0x10000, "u32 domain", "u32 power, u32 pai"),
        row(0xA, "POWERCAP_CAP_NOTIFY", 0x10000, "u32 domain, u32 enable"),
        row(
            0xB,
            "POWERCAP_MEASUREMENTS_NOTIFY",
            0x10000,
            "u32 domain, u32 enable, u32 low, u32 high",
        ),
        row(
            0xC,
            "POWERCAP_DESCRIBE_FASTCHANNEL",
            0x10000,
            "u32 domain, u32 message",
            "u32 attributes, u32 rate_limit, u64 channel, u32 channel_size, u64 doorbell, "
            "u64 doorbell_set, u64 doorbell_preserve",
        ),
        row(
            0xC,
            "POWERCAP_DESCRIBE_FASTCHANNEL",
            0x30000,
            "u32 domain, u32 message, u32 limit",
            "u32 attributes, u32 rate_limit, u64 channel, u32 channel_size, u64 doorbell, "
            "u64 doorbell_set, u64 doorbell_preserve",
        ),
        row(
            0xD,
            "POWERCAP_CPC_ATTRIBUTES",
            0x30000,
            "u32 domain, u32 index",
            "u32 count",
            Entries(
                # flags [0]: its cap can be set
                layout(
                    "u32 limit, u32 flags, u32 min_cap, u32 max_cap, u32 cap_step, u32 min_cai, "
                    "u32 max_cai, u32 cai_step, name16 name"
                ),
                "index",
                Bits(0, 16),
                REMAINING,
            ),
        ),
        row(0xE, "POWERCAP_CAI_GET", 0x30000, "u32 domain, u32 limit", "u32 cai"),
        row(0xF, "POWERCAP_CAI_SET", 0x30000, "u32 domain, u32 flags, u32 cai, u32 limit"),
    ),
    delayed=(
        row(0x5, "POWERCAP_CAP_SET_COMPLETE", 0x10000, "", "u32 domain, u32 cap"),
        row(0x5, "POWERCAP_CAP_SET_COMPLETE", 0x30000, "", "u32 domain, u32 cap, u32 limit"),
    ),
    notifications=(
        row(0x0, "POWERCAP_CAP_CHANGED", 0x10000, "", "u32 agent, u32 domain, u32 cap, u32 pai"),
        row(
            0x0,
            "POWERCAP_CAP_CHANGED",
            0x30000,
            "",
            "u32 agent, u32 domain, u32 cap, u32 cai, u32 limit",
        ),
        row(
            0x1,
            "POWERCAP_MEASUREMENTS_CHANGED",
            0x10000,
            "",
            "u32 agent, u32 domain, u32 power",
        ),
        row(
            0x1,
            "POWERCAP_MEASUREMENTS_CHANGED",
            0x30000,
            "",
            "u32 agent, u32 domain, u32 power, u32 mai",
        ),
    ),
    needed={
        0x3: None,
        0x4: Operation.READ,
        0x5: Operation.CONFIG,
        0x6: Operation.READ,
        0x7: Operation.CONFIG,
        0x8: None,
        0x9: Operation.READ,
        0xA: Operation.READ,
        0xB: Operation.READ,
        0xC: Operation.READ,
        0xD: None,
        0xE: Operation.READ,
        0xF: Operation.CONFIG,
    },
    registering=frozenset({0x4}),
)
