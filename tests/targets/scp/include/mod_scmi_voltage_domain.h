/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_VOLTAGE_DOMAIN_H
#define MOD_SCMI_VOLTAGE_DOMAIN_H

#include <fwk_id.h>

#include <stddef.h>
#include <stdint.h>

struct mod_scmi_voltd_device {
    fwk_id_t element_id;
    uint32_t config;
};

struct mod_scmi_voltd_agent {
    struct mod_scmi_voltd_device *device_table;
    uint32_t domain_count;
};

struct mod_scmi_voltd_config {
    const struct mod_scmi_voltd_agent *agent_table;
    size_t agent_count;
};

#endif /* MOD_SCMI_VOLTAGE_DOMAIN_H */
