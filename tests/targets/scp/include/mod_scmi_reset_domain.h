/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_RESET_DOMAIN_H
#define MOD_SCMI_RESET_DOMAIN_H

#include <fwk_id.h>

#include <stdint.h>

struct mod_scmi_reset_domain_device {
    fwk_id_t element_id;
    uint8_t permissions;
};

struct mod_scmi_reset_domain_agent {
    const struct mod_scmi_reset_domain_device *device_table;
    uint8_t agent_domain_count;
};

struct mod_scmi_reset_domain_config {
    const struct mod_scmi_reset_domain_agent *agent_table;
    unsigned int agent_count;
};

#endif /* MOD_SCMI_RESET_DOMAIN_H */
