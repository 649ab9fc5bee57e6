/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Reads the compiled tables the way the firmware does and prints what they say,
 * one fact a line. Where the firmware would stop, it prints "trap" and why.
 */

#include "scmi_idx.h"

#include <mod_clock.h>
#include <mod_mock_clock.h>
#include <mod_mock_ppu.h>
#include <mod_power_domain.h>
#include <mod_reset_domain.h>
#include <mod_resource_perms.h>
#include <mod_scmi.h>
#include <mod_scmi_clock.h>
#include <mod_scmi_power_domain.h>
#include <mod_scmi_reset_domain.h>
#include <mod_transport.h>

#include <fwk_module.h>
#include <fwk_module_idx.h>
#include <fwk_status.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct fwk_module_config config_scmi, config_resource_perms,
    config_transport, config_mock_doorbell;

static void trap(const char *why)
{
    printf("trap %s\n", why);
    exit(1);
}

/* Elements end at the first one without a name; each needs data */
static size_t count(const struct fwk_module_config *config)
{
    const struct fwk_element *element = config->elements.table;
    size_t elements;

    if (config->elements.type != FWK_MODULE_ELEMENTS_TYPE_STATIC) {
        trap("elements are not static");
    }
    for (elements = 0; element[elements].name != NULL; elements++) {
        if (element[elements].data == NULL) {
            trap("an element has no data");
        }
        if (element[elements].sub_element_count != 0) {
            trap("an element has sub-elements");
        }
    }
    return elements;
}

static void print_name(const char *name)
{
    printf(" name=");
    for (; *name != '\0'; name++) {
        printf("%02x", (unsigned char)*name);
    }
}

static void print_id(const char *what, fwk_id_t id)
{
    switch (id.common.type) {
    case 0:
        printf(" %s=unset", what);
        break;
    case FWK_ID_TYPE_NONE:
        printf(" %s=none", what);
        break;
    case FWK_ID_TYPE_ELEMENT:
        printf(
            " %s=element:%u:%u",
            what,
            (unsigned int)id.element.module_idx,
            (unsigned int)id.element.element_idx);
        break;
    case FWK_ID_TYPE_API:
        printf(
            " %s=api:%u:%u",
            what,
            (unsigned int)id.api.module_idx,
            (unsigned int)id.api.api_idx);
        break;
    default:
        printf(
            " %s=other:%u:%u",
            what,
            (unsigned int)id.common.type,
            (unsigned int)id.common.module_idx);
        break;
    }
}

static void walk_scmi(void)
{
    const struct mod_scmi_config *scmi = config_scmi.data;
    const struct fwk_element *table = config_scmi.elements.table;

    printf("protocols %u\n", scmi->protocol_count_max);
    printf("vendor");
    print_name(scmi->vendor_identifier);
    print_name(scmi->sub_vendor_identifier);
    printf("\n");
    for (unsigned int i = 1; i <= scmi->agent_count; i++) {
        printf("agent %u type=%u", i, (unsigned int)scmi->agent_table[i].type);
        print_name(scmi->agent_table[i].name);
        printf("\n");
    }
    for (size_t i = 0; i < count(&config_scmi); i++) {
        const struct mod_scmi_service_config *service = table[i].data;

        if (service->scmi_agent_id == 0 ||
            service->scmi_agent_id > scmi->agent_count) {
            trap("a service belongs to no agent");
        }
        printf("service %zu agent=%u", i, service->scmi_agent_id);
        print_id("transport", service->transport_id);
        print_id("api", service->transport_api_id);
        print_id("init", service->transport_notification_init_id);
        print_id("p2a", service->scmi_p2a_id);
        print_name(table[i].name);
        printf("\n");
    }
}

static void walk_transport(void)
{
    const struct fwk_element *table = config_transport.elements.table;
    const struct fwk_element *bells = config_mock_doorbell.elements.table;
    uintptr_t last = 0;

    if (count(&config_transport) != count(&config_scmi) ||
        count(&config_transport) != count(&config_mock_doorbell)) {
        trap("a channel without a service or a doorbell");
    }
    for (size_t i = 0; i < count(&config_transport); i++) {
        const struct mod_transport_channel_config *channel = table[i].data;
        const fwk_id_t *rings = bells[i].data;

        if (channel->out_band_mailbox_size <=
                sizeof(struct mod_transport_buffer) ||
            channel->out_band_mailbox_address % 8 != 0 ||
            channel->out_band_mailbox_address == last) {
            trap("a mailbox is not usable");
        }
        last = channel->out_band_mailbox_address;
        printf(
            "channel %zu transport=%u type=%u size=%zu policies=%" PRIu32,
            i,
            (unsigned int)channel->transport_type,
            (unsigned int)channel->channel_type,
            channel->out_band_mailbox_size,
            channel->policies);
        print_id("pd", channel->pd_source_id);
        print_id("driver", channel->driver_id);
        print_id("api", channel->driver_api_id);
        print_id("rings", *rings);
        printf("\n");
    }
}

#ifdef BUILD_HAS_MOD_SCMI_CLOCK
extern const struct fwk_module_config config_clock, config_scmi_clock,
    config_mock_clock;

static void walk_clocks(void)
{
    const struct fwk_element *table = config_clock.elements.table;
    const struct fwk_element *drivers = config_mock_clock.elements.table;
    const struct mod_clock_config *module = config_clock.data;
    const struct mod_scmi_clock_config *scmi = config_scmi_clock.data;

    if (module == NULL || config_mock_clock.data != NULL) {
        trap("data of the clock modules");
    }
    for (size_t i = 0; i < count(&config_clock); i++) {
        const struct mod_clock_dev_config *clock = table[i].data;

        printf("clock %zu", i);
        print_id("driver", clock->driver_id);
        print_id("api", clock->api_id);
        print_id("pd", clock->pd_source_id);
        print_id("parent", clock->parent_id);
        print_name(table[i].name);
        printf("\n");
    }
    for (size_t i = 0; i < count(&config_mock_clock); i++) {
        const struct mod_mock_clock_element_cfg *mock = drivers[i].data;
        int found = 0;

        printf("rates %zu boot=%" PRIu32, i, mock->default_rate);
        for (unsigned int rate = 0; rate < mock->rate_count; rate++) {
            if (rate > 0 &&
                mock->rate_table[rate].rate < mock->rate_table[rate - 1].rate) {
                trap("rates do not ascend");
            }
            found |= mock->rate_table[rate].rate == mock->default_rate;
            printf(" %" PRIu32, mock->rate_table[rate].rate);
        }
        printf("\n");
        if (!found) {
            trap("the rate at boot is not a rate of the clock");
        }
    }
    for (size_t agent = 0; agent < scmi->agent_count; agent++) {
        for (size_t i = 0; i < scmi->agent_table[agent].device_count; i++) {
            const struct mod_scmi_clock_device *device =
                &scmi->agent_table[agent].device_table[i];

            printf("scmi-clock %zu %zu", agent, i);
            print_id("is", device->element_id);
            printf(" on=%d\n", device->starts_enabled);
        }
    }
}
#endif

#ifdef BUILD_HAS_MOD_SCMI_POWER_DOMAIN
extern const struct fwk_module_config config_power_domain,
    config_scmi_power_domain, config_mock_ppu;

static void walk_power_domains(void)
{
    const struct fwk_element *table = config_power_domain.elements.table;
    const struct fwk_element *drivers = config_mock_ppu.elements.table;
    size_t domains = count(&config_power_domain);

    if (config_power_domain.data == NULL || domains < 2 ||
        config_scmi_power_domain.data != NULL) {
        trap("data of the power domain modules");
    }
    for (size_t i = 0; i < domains; i++) {
        const struct mod_power_domain_element_config *domain = table[i].data;

        printf(
            "domain %zu type=%u parent=%s",
            i,
            (unsigned int)domain->attributes.pd_type,
            domain->parent_idx >= domains ? "none" :
                domain->parent_idx == domains - 1 ? "last" : "other");
        print_id("driver", domain->driver_id);
        print_id("api", domain->api_id);
        printf(" states=");
        for (size_t j = 0; j < domain->allowed_state_mask_table_size; j++) {
            printf("%" PRIu32, domain->allowed_state_mask_table[j]);
        }
        print_name(table[i].name);
        printf("\n");
    }
    for (size_t i = 0; i < count(&config_mock_ppu); i++) {
        const struct mod_mock_ppu_pd_config *ppu = drivers[i].data;

        /* A register of its own: what is written to it is only there */
        if (*(uint32_t *)ppu->ppu.reg_base != 0) {
            trap("two domains share a register");
        }
        *(uint32_t *)ppu->ppu.reg_base = 1;
        printf(
            "ppu %zu type=%u on=%d\n",
            i,
            (unsigned int)ppu->pd_type,
            ppu->default_power_on);
    }
}

static void request(unsigned int agent, unsigned int domain, uint32_t state)
{
    fwk_id_t id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_POWER_DOMAIN, domain);
    enum mod_scmi_pd_policy_status verdict = MOD_SCMI_PD_SKIP_MESSAGE_HANDLER;
    uint32_t asked = state;
    int status =
        scmi_pd_power_state_set_policy(&verdict, &state, agent, id);

    printf("vote %u %u %" PRIx32 " ", agent, domain, asked);
    if (status != FWK_SUCCESS) {
        printf("refused\n");
    } else if (verdict == MOD_SCMI_PD_SKIP_MESSAGE_HANDLER) {
        printf("stays\n");
    } else {
        printf(
            "%s\n",
            state == MOD_PD_STATE_ON ? "on" :
                state == MOD_PD_STATE_OFF ? "off" : "unknown");
    }
}

/* Every agent takes each domain and leaves it again, the first come last */
static void walk_votes(void)
{
    unsigned int agents = SCMI_AGENT_IDX_COUNT - 1;
    unsigned int domains = (unsigned int)count(&config_power_domain) - 1;

    for (unsigned int domain = 0; domain < domains; domain++) {
        for (unsigned int agent = 1; agent <= agents; agent++) {
            request(agent, domain, 0);
        }
        request(1, domain, 0);
        for (unsigned int agent = agents; agent >= 1; agent--) {
            request(agent, domain, 0x40000000);
        }
        request(1, domain, 5);
    }
    request(1, domains, 0);
    request(0, 0, 0);
    request(agents + 1, 0, 0);
}
#endif

#ifdef BUILD_HAS_MOD_SCMI_RESET_DOMAIN
extern const struct fwk_module_config config_reset_domain,
    config_scmi_reset_domain, config_mock_reset;

static void walk_resets(void)
{
    const struct fwk_element *table = config_reset_domain.elements.table;
    const struct fwk_element *drivers = config_mock_reset.elements.table;
    const struct mod_reset_domain_config *module = config_reset_domain.data;
    const struct mod_scmi_reset_domain_config *scmi =
        config_scmi_reset_domain.data;

    printf("reset-module");
    print_id("notification", module->notification_id);
    printf("\n");
    for (size_t i = 0; i < count(&config_reset_domain); i++) {
        const struct mod_reset_domain_dev_config *reset = table[i].data;
        const fwk_id_t *reports = drivers[i].data;

        printf(
            "reset %zu modes=%u capabilities=%u latency=%u",
            i,
            (unsigned int)reset->modes,
            (unsigned int)reset->capabilities,
            reset->latency);
        print_id("driver", reset->driver_id);
        print_id("api", reset->driver_api_id);
        print_id("reports", *reports);
        print_name(table[i].name);
        printf("\n");
    }
    if (count(&config_mock_reset) != count(&config_reset_domain)) {
        trap("a reset without a driver");
    }
    for (size_t agent = 0; agent < scmi->agent_count; agent++) {
        for (size_t i = 0; i < scmi->agent_table[agent].agent_domain_count;
             i++) {
            printf("scmi-reset %zu %zu", agent, i);
            print_id(
                "is", scmi->agent_table[agent].device_table[i].element_id);
            printf("\n");
        }
    }
}
#endif

/*
 * Whether the firmware lets an agent send a message about a resource: protocol,
 * then message, then resource.
 */
static int is_allowed(
    uint32_t agent,
    uint32_t protocol,
    uint32_t message,
    uint32_t resource)
{
    const struct mod_res_resource_perms_config *config =
        config_resource_perms.data;
    const struct mod_res_agent_permission *tables =
        (const struct mod_res_agent_permission *)config->agent_permissions;
    const mod_res_perms_t *bits = NULL;
    uint32_t count = 0, last = 0, row = agent - 1;

    if (agent == 0) {
        return 1;
    }
    if (tables->agent_protocol_permissions != NULL &&
        (row >= config->agent_count ||
         protocol - 0x10 >= config->protocol_count ||
         ((tables->agent_protocol_permissions[row].protocols >>
           (protocol - 0x10)) &
          1) != 0)) {
        return 0;
    }
    if (message < 3) {
        return 1;
    }
    if (tables->agent_msg_permissions != NULL) {
        trap("there is a table of messages, which this does not read");
    }
    switch (protocol) {
    case 0x11:
        bits = tables->scmi_pd_perms;
        count = config->pd_counters.count;
        last = 0x6;
        break;
    case 0x14:
        bits = tables->scmi_clock_perms;
        count = config->clock_counters.count;
        last = 0x7;
        break;
#ifdef BUILD_HAS_MOD_SCMI_RESET_DOMAIN
    case 0x16:
        bits = tables->scmi_reset_domain_perms;
        count = config->reset_domain_counters.count;
        last = 0x5;
        break;
#endif
    default:
        return 1;
    }
    if (message > last) {
        return 1; /* Not managed */
    }
    if (row >= config->agent_count) {
        return 0;
    }
    if (bits == NULL) {
        return 1;
    }
    if (resource >= count) {
        return 0;
    }
    /* Words of a row, rows of an agent */
    uint32_t words = (count >> 4) + 1, rows = last - 3 + 1;

    bits += (row * rows + message - 3) * words;
    return ((bits[resource >> 4] >> (resource & 15)) & 1) == 0;
}

static void walk_permissions(void)
{
    const struct mod_res_resource_perms_config *config =
        config_resource_perms.data;

    printf(
        "permissions agents=%" PRIu32 " devices=%" PRIu32 "\n",
        config->agent_count,
        config->device_count);
    for (uint32_t agent = 1; agent <= config->agent_count + 1; agent++) {
        for (uint32_t protocol = 0x10; protocol <= 0x19; protocol++) {
            printf(
                "protocol %" PRIu32 " %" PRIx32 " %d\n",
                agent,
                protocol,
                is_allowed(agent, protocol, 0, 0));
        }
        for (uint32_t protocol = 0x11; protocol <= 0x16; protocol++) {
            if (protocol != 0x11 && protocol != 0x14 && protocol != 0x16) {
                continue;
            }
            for (uint32_t message = 3; message <= 7; message++) {
                printf(
                    "message %" PRIu32 " %" PRIx32 " %" PRIx32 " ",
                    agent,
                    protocol,
                    message);
                for (uint32_t resource = 0; resource < 320; resource++) {
                    putchar(
                        is_allowed(agent, protocol, message, resource) ? 'y' :
                                                                         '.');
                }
                putchar('\n');
            }
        }
    }
}

/* The copies that RESET_AGENT_CONFIG works with must hold the tables */
static void walk_sizes(void)
{
    const struct mod_res_resource_perms_config *config =
        config_resource_perms.data;

#ifdef BUILD_HAS_MOD_SCMI_CLOCK
    printf(
        "copies clock %" PRIu32 " %" PRIu32 "\n",
        config->clock_counters.cmd_count,
        config->clock_counters.resource_count);
#endif
#ifdef BUILD_HAS_MOD_SCMI_POWER_DOMAIN
    printf(
        "copies power %" PRIu32 " %" PRIu32 "\n",
        config->pd_counters.cmd_count,
        config->pd_counters.resource_count);
#endif
#ifdef BUILD_HAS_MOD_SCMI_RESET_DOMAIN
    printf(
        "copies reset %" PRIu32 " %" PRIu32 "\n",
        config->reset_domain_counters.cmd_count,
        config->reset_domain_counters.resource_count);
#endif
}

int main(void)
{
    walk_scmi();
    walk_transport();
#ifdef BUILD_HAS_MOD_SCMI_CLOCK
    walk_clocks();
#endif
#ifdef BUILD_HAS_MOD_SCMI_POWER_DOMAIN
    walk_power_domains();
    walk_votes();
#endif
#ifdef BUILD_HAS_MOD_SCMI_RESET_DOMAIN
    walk_resets();
#endif
    walk_permissions();
    walk_sizes();
    return 0;
}
