/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * The guard of system power between an SCMI module and a system power module
 * that take down what reaches them. Agent 1 has the protocol, agent 2 has not.
 */

#include <mod_resource_perms.h>
#include <mod_scmi.h>

#include <fwk_module.h>
#include <fwk_module_idx.h>
#include <fwk_status.h>

#include <stdio.h>
#include <stdlib.h>

extern const struct fwk_module module_scmi_system_power;
extern const struct fwk_module scmi_system_power_unguarded;
int scmi_system_power_guard_bind(fwk_id_t target, fwk_id_t api_id, const void *api);

static int scmi_bindings;

/* The index of the service is the agent */
static int get_agent_id(fwk_id_t service_id, unsigned int *agent_id)
{
    *agent_id = fwk_id_get_element_idx(service_id);
    return *agent_id == 0 ? FWK_E_PARAM : FWK_SUCCESS;
}

static int respond(fwk_id_t service_id, const void *payload, size_t size)
{
    (void)service_id;
    printf("refused %d %zu\n", *(const int32_t *)payload, size);
    return FWK_SUCCESS;
}

static const struct mod_scmi_from_protocol_api scmi_api = {
    .get_agent_id = get_agent_id,
    .respond = respond,
};

static enum mod_res_perms_permissions permission(uint32_t agent, uint32_t protocol)
{
    return agent == 1 && protocol == MOD_SCMI_PROTOCOL_ID_SYS_POWER ?
        MOD_RES_PERMS_ACCESS_ALLOWED :
        MOD_RES_PERMS_ACCESS_DENIED;
}

static const struct mod_res_permissions_api permissions_api = {
    .agent_has_protocol_permission = permission,
};

int fwk_module_bind(fwk_id_t target_id, fwk_id_t api_id, const void *api)
{
    const void **bound = (const void **)(uintptr_t)api;

    (void)api_id;
    if (target_id.common.module_idx == FWK_MODULE_IDX_SCMI) {
        scmi_bindings++;
        *bound = &scmi_api;
    } else if (target_id.common.module_idx == FWK_MODULE_IDX_RESOURCE_PERMS) {
        *bound = &permissions_api;
    } else {
        return FWK_E_PARAM;
    }
    return FWK_SUCCESS;
}

static int protocol_id(fwk_id_t id, uint8_t *protocol)
{
    (void)id;
    *protocol = (uint8_t)MOD_SCMI_PROTOCOL_ID_SYS_POWER;
    return FWK_SUCCESS;
}

static int handle(
    fwk_id_t id,
    fwk_id_t service_id,
    const uint32_t *payload,
    size_t size,
    unsigned int message)
{
    (void)id;
    (void)payload;
    printf("handled %u %u %zu\n", fwk_id_get_element_idx(service_id), message, size);
    return FWK_SUCCESS;
}

static const struct mod_scmi_to_protocol_api unguarded_api = {
    .get_scmi_protocol_id = protocol_id,
    .message_handler = handle,
};

static int init(fwk_id_t id, unsigned int count, const void *data)
{
    (void)id;
    (void)count;
    return data == &scmi_bindings ? FWK_SUCCESS : FWK_E_PARAM;
}

static int bind(fwk_id_t id, unsigned int round)
{
    static const void *scmi;

    (void)id;
    return round != 0 ? FWK_SUCCESS :
                        scmi_system_power_guard_bind(
                            FWK_ID_MODULE(FWK_MODULE_IDX_SCMI),
                            FWK_ID_API(FWK_MODULE_IDX_SCMI, MOD_SCMI_API_IDX_PROTOCOL),
                            &scmi);
}

static int bind_request(fwk_id_t source, fwk_id_t target, fwk_id_t id, const void **api)
{
    (void)target;
    (void)id;
    if (source.common.module_idx != FWK_MODULE_IDX_SCMI) {
        return FWK_E_ACCESS;
    }
    *api = &unguarded_api;
    return FWK_SUCCESS;
}

const struct fwk_module scmi_system_power_unguarded = {
    .type = FWK_MODULE_TYPE_PROTOCOL,
    .api_count = 1,
    .init = init,
    .bind = bind,
    .process_bind_request = bind_request,
};

/* One message for each line of the input: agent, message, bytes, flags, state */
int main(void)
{
    const struct fwk_module *module = &module_scmi_system_power;
    const struct mod_scmi_to_protocol_api *api;
    const void *found = NULL;
    const fwk_id_t none = FWK_ID_NONE_INIT;
    unsigned int agent, message, size;
    uint32_t payload[2];
    uint8_t protocol = 0;

    printf("init %d\n", module->init(none, 0, &scmi_bindings));
    printf("bind %d %d\n", module->bind(none, 0), module->bind(none, 1));
    printf("bound %d\n", scmi_bindings);
    printf("stranger %d\n", module->process_bind_request(none, none, none, &found));
    if (module->process_bind_request(
            FWK_ID_MODULE(FWK_MODULE_IDX_SCMI), none, none, &found) != FWK_SUCCESS) {
        return EXIT_FAILURE;
    }
    api = found;
    api->get_scmi_protocol_id(none, &protocol);
    printf("protocol %u\n", protocol);
    while (scanf("%u %u %u %u %u", &agent, &message, &size, &payload[0], &payload[1]) == 5) {
        const fwk_id_t service = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_SCMI, agent);
        api->message_handler(none, service, payload, size, message);
    }
    return EXIT_SUCCESS;
}
