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

#include <stddef.h>
#include <stdint.h>

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

enum mod_scmi_api_idx {
    MOD_SCMI_API_IDX_PROTOCOL,
};

typedef int (*handler_table_t)(fwk_id_t, const uint32_t *);

struct mod_scmi_to_protocol_api {
    int (*get_scmi_protocol_id)(fwk_id_t protocol_id, uint8_t *scmi_protocol_id);
    int (*message_handler)(
        fwk_id_t protocol_id,
        fwk_id_t service_id,
        const uint32_t *payload,
        size_t payload_size,
        unsigned int message_id);
    int (*notification_handler)(
        fwk_id_t protocol_id,
        fwk_id_t service_id,
        const uint32_t *payload,
        size_t payload_size,
        unsigned int message_id);
};

struct mod_scmi_from_protocol_api {
    int (*get_agent_count)(unsigned int *agent_count);
    int (*get_agent_id)(fwk_id_t service_id, unsigned int *agent_id);
    int (*get_agent_type)(uint32_t scmi_agent_id, enum scmi_agent_type *type);
    int (*get_max_payload_size)(fwk_id_t service_id, size_t *size);
    int (*write_payload)(
        fwk_id_t service_id,
        size_t offset,
        const void *payload,
        size_t size);
    int (*respond)(fwk_id_t service_id, const void *payload, size_t size);
    int (*scmi_message_validation)(
        uint8_t protocol_id,
        fwk_id_t service_id,
        const uint32_t *payload,
        size_t payload_size,
        size_t message_id,
        const size_t *payload_size_table,
        size_t command_count,
        const handler_table_t *handler_table);
    void (*notify)(
        fwk_id_t service_id,
        int protocol_id,
        int message_id,
        const void *payload,
        size_t size);
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
