/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_POWER_DOMAIN_H
#define MOD_SCMI_POWER_DOMAIN_H

#include <fwk_id.h>

#include <stdint.h>

#ifdef BUILD_HAS_AGENT_LOGICAL_DOMAIN
struct mod_scmi_pd_agent_config {
    uint32_t *domains;
    unsigned int domain_count;
};

/* As it is without the module debug in the build */
struct mod_scmi_pd_config {
    struct mod_scmi_pd_agent_config *agent_config_table;
};
#endif

enum mod_scmi_pd_policy_status {
    MOD_SCMI_PD_SKIP_MESSAGE_HANDLER,
    MOD_SCMI_PD_EXECUTE_MESSAGE_HANDLER,
};

int scmi_pd_power_state_set_policy(
    enum mod_scmi_pd_policy_status *policy_status,
    uint32_t *state,
    unsigned int agent_id,
    fwk_id_t pd_id);

#endif /* MOD_SCMI_POWER_DOMAIN_H */
