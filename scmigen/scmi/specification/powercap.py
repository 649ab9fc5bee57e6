"""Power capping and monitoring, 0x18 (DEN0056, section 4.10)."""

from typing import Final

from scmigen.scmi.layouts import row
from scmigen.scmi.specification import NAME, Specification

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
        row(0x4, "POWERCAP_CAP_GET", 0x10000, "u32 domain", "u32 cap"),
        row(0x5, "POWERCAP_CAP_SET", 0x10000, "u32 domain, u32 flags, u32 cap"),
        row(0x6, "POWERCAP_PAI_GET", 0x10000, "u32 domain", "u32 pai"),
        row(0x7, "POWERCAP_PAI_SET", 0x10000, "u32 domain, u32 flags, u32 pai"),
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
    ),
    delayed=(row(0x5, "POWERCAP_CAP_SET_COMPLETE", 0x10000, "", "u32 domain, u32 cap"),),
    notifications=(
        row(0x0, "POWERCAP_CAP_CHANGED", 0x10000, "", "u32 agent, u32 domain, u32 cap, u32 pai"),
        row(
            0x1,
            "POWERCAP_MEASUREMENTS_CHANGED",
            0x10000,
            "",
            "u32 agent, u32 domain, u32 power",
        ),
    ),
)
