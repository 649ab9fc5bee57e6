/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_STD_H
#define MOD_SCMI_STD_H

#include <stdint.h>

#define MOD_SCMI_AGENT_ID_MAX 0xFF

#define MOD_SCMI_PROTOCOL_ID_BASE           UINT32_C(0x10)
#define MOD_SCMI_PROTOCOL_ID_POWER_DOMAIN   UINT32_C(0x11)
#define MOD_SCMI_PROTOCOL_ID_SYS_POWER      UINT32_C(0x12)
#define MOD_SCMI_PROTOCOL_ID_PERF           UINT32_C(0x13)
#define MOD_SCMI_PROTOCOL_ID_CLOCK          UINT32_C(0x14)
#define MOD_SCMI_PROTOCOL_ID_SENSOR         UINT32_C(0x15)
#define MOD_SCMI_PROTOCOL_ID_RESET_DOMAIN   UINT32_C(0x16)
#define MOD_SCMI_PROTOCOL_ID_VOLTAGE_DOMAIN UINT32_C(0x17)

enum {
    MOD_SCMI_PD_POWER_DOMAIN_ATTRIBUTES = 0x3,
    MOD_SCMI_PD_POWER_STATE_SET = 0x4,
    MOD_SCMI_PD_POWER_STATE_GET = 0x5,
    MOD_SCMI_PD_POWER_STATE_NOTIFY = 0x6,
    MOD_SCMI_PD_POWER_COMMAND_COUNT = 0x8,
};

enum {
    MOD_SCMI_CLOCK_ATTRIBUTES = 0x3,
    MOD_SCMI_CLOCK_DESCRIBE_RATES = 0x4,
    MOD_SCMI_CLOCK_RATE_SET = 0x5,
    MOD_SCMI_CLOCK_RATE_GET = 0x6,
    MOD_SCMI_CLOCK_CONFIG_SET = 0x7,
    MOD_SCMI_CLOCK_COMMAND_COUNT = 0x8,
};

enum {
    MOD_SCMI_RESET_DOMAIN_ATTRIBUTES = 0x3,
    MOD_SCMI_RESET_REQUEST = 0x4,
    MOD_SCMI_RESET_NOTIFY = 0x5,
    MOD_SCMI_RESET_COMMAND_COUNT = 0x6,
};

#endif /* MOD_SCMI_STD_H */
