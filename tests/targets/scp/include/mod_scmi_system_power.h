/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_SYSTEM_POWER_H
#define MOD_SCMI_SYSTEM_POWER_H

#include <fwk_id.h>

#include <stdint.h>

enum mod_scmi_system_view {
    MOD_SCMI_SYSTEM_VIEW_OSPM,
    MOD_SCMI_SYSTEM_VIEW_FULL,
};

struct mod_scmi_system_power_config {
    enum mod_scmi_system_view system_view;
    fwk_id_t wakeup_power_domain_id;
    uint32_t wakeup_composite_state;
    unsigned int system_suspend_state;
    fwk_id_t alarm_id;
    uint32_t graceful_timeout;
};

#endif /* MOD_SCMI_SYSTEM_POWER_H */
