/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_POWER_CAPPING_H
#define MOD_SCMI_POWER_CAPPING_H

#include <fwk_id.h>

#include <stdbool.h>
#include <stdint.h>

/* What the framework's build defines unless it is told otherwise */
#define BUILD_HAS_SCMI_POWER_CAPPING_STD_COMMANDS

enum mod_scmi_power_capping_power_cap_unit {
    MOD_SCMI_PCAPPING_POWER_CAP_ABSTRACT,
    MOD_SCMI_PCAPPING_POWER_CAP_MICROWATT,
    MOD_SCMI_PCAPPING_POWER_CAP_MILLIWATT,
};

#if SCP_VERSION >= 216
struct mod_scmi_power_capping_domain_config {
    uint32_t min_power_cap;
    uint32_t max_power_cap;
    uint32_t power_cap_step;
#    if SCP_VERSION >= 202511
    bool pai_config_support;
    uint32_t max_sustainable_power;
#    else
    uint32_t max_sustainable_power;
    bool pai_config_support;
#    endif
    uint32_t parent_idx;
    enum mod_scmi_power_capping_power_cap_unit power_cap_unit;
    bool cap_pai_change_notification_support;
    bool power_measurements_change_notification_support;
    fwk_id_t power_capping_domain_id;
#    if SCP_VERSION < 202511
    fwk_id_t power_coordinator_domain_id;
    fwk_id_t power_meter_domain_id;
#    endif
};
#endif

#endif /* MOD_SCMI_POWER_CAPPING_H */
