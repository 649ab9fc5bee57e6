/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_CLOCK_H
#define MOD_SCMI_CLOCK_H

#include <fwk_id.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mod_scmi_clock_device {
    fwk_id_t element_id;
    bool starts_enabled;
#if SCP_VERSION >= 216
    bool supports_extended_name;
#    ifdef BUILD_HAS_SCMI_NOTIFICATIONS
    bool notify_changed_rate;
    bool notify_requested_rate;
#    endif
#endif
};

#if SCP_VERSION >= 202511
struct mod_scmi_clock_agent_config {
    const struct mod_scmi_clock_device *device_table;
    uint8_t agent_device_count;
};

struct mod_scmi_clock_config {
    uint8_t max_pending_transactions;
};
#else
struct mod_scmi_clock_agent {
    const struct mod_scmi_clock_device *device_table;
    uint8_t device_count;
};

struct mod_scmi_clock_config {
    uint8_t max_pending_transactions;
    const struct mod_scmi_clock_agent *agent_table;
    size_t agent_count;
};
#endif

#endif /* MOD_SCMI_CLOCK_H */
