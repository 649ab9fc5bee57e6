/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * A guard of numbers as the module that it is compiled with meets it: it binds
 * to SCMI, and asks whether a message is valid. Of the agents' tables are those
 * that are compiled with it; the index of a service is the agent.
 */

#include <mod_scmi.h>
#include <mod_scmi_std.h>

#include <fwk_module.h>
#include <fwk_module_idx.h>
#include <fwk_status.h>

#include <stdio.h>
#include <stdlib.h>

int GUARD_BIND(fwk_id_t target_id, fwk_id_t api_id, const void *api);

static int get_agent_id(fwk_id_t service_id, unsigned int *agent_id)
{
    *agent_id = fwk_id_get_element_idx(service_id);
    return *agent_id == 0 ? FWK_E_PARAM : FWK_SUCCESS;
}

/* As SCMI's: a message that is not there, or not whole */
static int validate(
    uint8_t protocol_id,
    fwk_id_t service_id,
    const uint32_t *payload,
    size_t payload_size,
    size_t message_id,
    const size_t *payload_size_table,
    size_t command_count,
    const handler_table_t *handler_table)
{
    (void)service_id;
    (void)payload;
    if (protocol_id != GUARDED || handler_table != NULL) {
        return SCMI_INVALID_PARAMETERS;
    }
    return message_id >= command_count ? SCMI_NOT_FOUND :
        payload_size != payload_size_table[message_id] ? SCMI_PROTOCOL_ERROR :
                                                         SCMI_SUCCESS;
}

static const struct mod_scmi_from_protocol_api scmi_api = {
    .get_agent_id = get_agent_id,
    .scmi_message_validation = validate,
};
static int other_api;

int fwk_module_bind(fwk_id_t target_id, fwk_id_t api_id, const void *api)
{
    const void **bound = (const void **)(uintptr_t)api;

    (void)api_id;
    if (target_id.common.module_idx == FWK_MODULE_IDX_SCMI) {
        *bound = &scmi_api;
        return FWK_SUCCESS;
    }
    *bound = &other_api;
    return target_id.common.module_idx == FWK_MODULE_IDX_RESOURCE_PERMS ? FWK_SUCCESS :
                                                                          FWK_E_PARAM;
}

/* One message for each line of the input: agent, message, bytes, two words */
int main(void)
{
    static const size_t sizes[] = { SIZES };
    const struct mod_scmi_from_protocol_api *scmi = NULL;
    const void *other = NULL;
    unsigned int agent, message, size;
    uint32_t payload[3] = { 0 };
    int status;

    printf(
        "bind %d\n",
        GUARD_BIND(
            FWK_ID_MODULE(FWK_MODULE_IDX_SCMI),
            FWK_ID_API(FWK_MODULE_IDX_SCMI, MOD_SCMI_API_IDX_PROTOCOL),
            &scmi));
    status = GUARD_BIND(
        FWK_ID_MODULE(FWK_MODULE_IDX_RESOURCE_PERMS),
        FWK_ID_API(FWK_MODULE_IDX_RESOURCE_PERMS, 0),
        &other);
    printf("other %d %d\n", status, other == &other_api);
    while (scanf("%u %u %u %u %u", &agent, &message, &size, &payload[0], &payload[1]) == 5) {
        const fwk_id_t service = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_SCMI, agent);

        printf(
            "%d\n",
            scmi->scmi_message_validation(
                GUARDED,
                service,
                payload,
                size,
                message,
                sizes,
                sizeof(sizes) / sizeof(sizes[0]),
                NULL));
    }
    return EXIT_SUCCESS;
}
