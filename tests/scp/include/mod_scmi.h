/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_H
#define MOD_SCMI_H

#include <fwk_id.h>
#include <mod_scmi_std.h>

enum scmi_agent_type {
    SCMI_AGENT_TYPE_PSCI,
    SCMI_AGENT_TYPE_MANAGEMENT,
    SCMI_AGENT_TYPE_OSPM,
    SCMI_AGENT_TYPE_OTHER,
};

enum mod_scmi_entity_role {
    MOD_SCMI_ROLE_PLATFORM,
    MOD_SCMI_ROLE_AGENT,
};

struct mod_scmi_agent {
    enum scmi_agent_type type;
    const char *name;
};

/* As it is with the module resource_perms in the build */
struct mod_scmi_config {
    unsigned int protocol_count_max;
    unsigned int protocol_requester_count_max;
    unsigned int agent_count;
    const struct mod_scmi_agent *agent_table;
    const char *vendor_identifier;
    const char *sub_vendor_identifier;
};

struct mod_scmi_service_config {
    fwk_id_t transport_id;
    fwk_id_t transport_api_id;
    fwk_id_t transport_notification_init_id;
    unsigned int scmi_agent_id;
    fwk_id_t scmi_p2a_id;
    enum mod_scmi_entity_role scmi_entity_role;
};

#endif /* MOD_SCMI_H */
