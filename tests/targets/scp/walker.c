/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Reads the compiled tables the way the firmware does and prints what they say,
 * one fact a line. Where the firmware would stop, it prints "trap" and why.
 */

#include "scmi_idx.h"

/* The version of SCP-firmware whose declarations are in ``include`` */
#ifndef SCP_VERSION
#    define SCP_VERSION 214
#endif

#include <mod_clock.h>
#include <mod_dvfs.h>
#include <mod_fch_polled.h>
#include <mod_mock_clock.h>
#include <mod_mock_ppu.h>
#include <mod_mock_psu.h>
#ifdef BUILD_HAS_MOD_MOCK_SUPPLY
#    include <mod_mock_supply.h>
#endif
#include <mod_mock_voltage_domain.h>
#include <mod_msg_smt.h>
#include <mod_optee_mbx.h>
#ifdef BUILD_HAS_MOD_MOCK_POWER
#    include <mod_mock_power.h>
#endif
#include <mod_pid_controller.h>
#include <mod_power_capping.h>
#include <mod_power_domain.h>
#include <mod_psu.h>
#include <mod_reg_sensor.h>
#include <mod_reset_domain.h>
#include <mod_resource_perms.h>
#include <mod_scmi.h>
#include <mod_scmi_clock.h>
#include <mod_scmi_perf.h>
#include <mod_scmi_power_capping.h>
#include <mod_scmi_power_domain.h>
#include <mod_scmi_reset_domain.h>
#include <mod_scmi_system_power.h>
#include <mod_scmi_voltage_domain.h>
#include <mod_sensor.h>
#include <mod_system_power.h>
#include <mod_timer.h>
#include <mod_transport.h>
#include <mod_voltage_domain.h>

#include <fwk_interrupt.h>
#include <fwk_module.h>
#include <fwk_module_idx.h>
#include <fwk_status.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct fwk_module_config config_scmi, config_resource_perms;

static void trap(const char *why)
{
    printf("trap %s\n", why);
    exit(1);
}

#ifdef BUILD_HAS_MOD_TIMER
extern const struct fwk_module_config config_timer;
#endif

/* Sub-elements of each element: only the timer has some, its alarms */
static size_t sub_elements(const struct fwk_module_config *config)
{
#ifdef BUILD_HAS_MOD_TIMER
    return config == &config_timer ? ALARM_IDX_COUNT : 0;
#else
    (void)config;
    return 0;
#endif
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
        if (element[elements].sub_element_count != sub_elements(config)) {
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
    case FWK_ID_TYPE_MODULE:
        printf(" %s=module:%u", what, (unsigned int)id.common.module_idx);
        break;
    case FWK_ID_TYPE_SUB_ELEMENT:
        printf(
            " %s=sub-element:%u:%u:%u",
            what,
            (unsigned int)id.sub_element.module_idx,
            (unsigned int)id.sub_element.element_idx,
            (unsigned int)id.sub_element.sub_element_idx);
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
    printf("\nvendor");
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

#ifdef BUILD_HAS_MOD_MOCK_DOORBELL
extern const struct fwk_module_config config_transport, config_mock_doorbell;

static void walk_transport(void)
{
    const struct fwk_element *table = config_transport.elements.table;
    const struct fwk_element *bells = config_mock_doorbell.elements.table;
    uintptr_t last = 0;

    if (count(&config_scmi) != count(&config_mock_doorbell) ||
        count(&config_transport) < count(&config_scmi)) {
        trap("a channel without a service or a doorbell");
    }
    for (size_t i = count(&config_scmi); i < count(&config_transport); i++) {
        const struct mod_transport_channel_config *channel = table[i].data;

        printf("fast-transport %zu transport=%u", i, (unsigned int)channel->transport_type);
        print_id("driver", channel->driver_id);
        print_id("api", channel->driver_api_id);
        printf("\n");
    }
    for (size_t i = 0; i < count(&config_scmi); i++) {
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
#endif

#ifdef BUILD_HAS_MOD_MSG_SMT
extern const struct fwk_module_config config_msg_smt, config_optee_mbx;

static void walk_transport(void)
{
    const struct fwk_element *table = config_msg_smt.elements.table;
    const struct fwk_element *boxes = config_optee_mbx.elements.table;

    if (count(&config_msg_smt) != count(&config_scmi) ||
        count(&config_msg_smt) != count(&config_optee_mbx)) {
        trap("a channel without a service or a device");
    }
    for (size_t i = 0; i < count(&config_msg_smt); i++) {
        const struct mod_msg_smt_channel_config *channel = table[i].data;
        const struct mod_optee_mbx_channel_config *box = boxes[i].data;

        if (channel->mailbox_size == 0) {
            trap("a mailbox is not usable");
        }
        printf(
            "channel %zu type=%u size=%zu",
            i,
            (unsigned int)channel->type,
            channel->mailbox_size);
        print_id("driver", channel->driver_id);
        print_id("api", channel->driver_api_id);
        print_id("hands", box->driver_id);
        print_id("to", box->driver_api_id);
        printf("\n");
    }
}
#endif

#ifdef BUILD_HAS_MOD_CLOCK
extern const struct fwk_module_config config_clock, config_mock_clock;
#    ifdef BUILD_HAS_MOD_SCMI_CLOCK
extern const struct fwk_module_config config_scmi_clock;

static void walk_scmi_clocks(void)
{
#        if SCP_VERSION >= 202511
    const struct fwk_element *agents = config_scmi_clock.elements.table;
    size_t agent_count = count(&config_scmi_clock);

    if (config_scmi_clock.data == NULL) {
        trap("no data of module scmi-clock");
    }
#        else
    const struct mod_scmi_clock_config *scmi = config_scmi_clock.data;
    size_t agent_count = scmi->agent_count;

#            if SCP_VERSION >= 216
    /* As the module does, which writes what it asks the module scmi */
    *(size_t *)&scmi->agent_count = agent_count;
#            endif
#        endif
    for (size_t agent = 0; agent < agent_count; agent++) {
#        if SCP_VERSION >= 202511
        const struct mod_scmi_clock_agent_config *of = agents[agent].data;
        size_t device_count = of->agent_device_count;
#        else
        const struct mod_scmi_clock_agent *of = &scmi->agent_table[agent];
        size_t device_count = of->device_count;
#        endif

        for (size_t i = 0; i < device_count; i++) {
            const struct mod_scmi_clock_device *device = &of->device_table[i];

            printf("scmi-clock %zu %zu", agent, i);
            print_id("is", device->element_id);
            printf(" on=%d\n", device->starts_enabled);
        }
    }
}
#    endif

static void walk_clocks(void)
{
    const struct fwk_element *table = config_clock.elements.table;
    const struct fwk_element *drivers = config_mock_clock.elements.table;
    const struct mod_clock_config *module = config_clock.data;

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

    if (config_power_domain.data == NULL || domains < 2) {
        trap("data of the power domain modules");
    }
#    ifdef BUILD_HAS_AGENT_LOGICAL_DOMAIN
    const struct mod_scmi_pd_config *scmi = config_scmi_power_domain.data;

    for (size_t agent = 0; agent < SCMI_AGENT_IDX_COUNT; agent++) {
        const struct mod_scmi_pd_agent_config *of = &scmi->agent_config_table[agent];

        for (unsigned int i = 0; i < of->domain_count; i++) {
            printf("scmi-domain %zu %u is=%" PRIu32 "\n", agent, i, of->domains[i]);
        }
    }
#    else
    if (config_scmi_power_domain.data != NULL) {
        trap("data of the power domain protocol");
    }
#    endif
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

#ifdef BUILD_HAS_MOD_SCMI_VOLTAGE_DOMAIN
extern const struct fwk_module_config config_voltage_domain,
    config_scmi_voltage_domain, config_mock_voltage_domain;

/* Whether a range of the lowest, the highest and the step has a level */
static int is_step(const int32_t *range, int32_t level)
{
    return level >= range[0] && level <= range[1] &&
        (level - range[0]) % range[2] == 0;
}

static void walk_voltages(void)
{
    const struct fwk_element *table = config_voltage_domain.elements.table;
    const struct fwk_element *drivers =
        config_mock_voltage_domain.elements.table;
    const struct mod_scmi_voltd_config *scmi = config_scmi_voltage_domain.data;

    if (config_mock_voltage_domain.data != NULL ||
        count(&config_mock_voltage_domain) != count(&config_voltage_domain)) {
        trap("a voltage domain without a driver");
    }
    for (size_t i = 0; i < count(&config_voltage_domain); i++) {
        const struct mod_voltd_dev_config *domain = table[i].data;
        const struct mod_mock_voltage_domain_element_cfg *mock =
            drivers[i].data;
        int found = 0;

        printf("voltage %zu", i);
        print_id("driver", domain->driver_id);
        print_id("api", domain->api_id);
        print_name(table[i].name);
        printf(
            "\nlevels %zu mode=%u type=%u boot=%" PRIu32,
            i,
            (unsigned int)mock->default_mode_id,
            (unsigned int)mock->level_type,
            mock->default_voltage);
        print_id("alarm", mock->async_alarm_id);
        print_id("response", mock->async_response_id);
        print_id("alarm-api", mock->async_alarm_api_id);
        print_id("response-api", mock->async_response_api_id);
        for (size_t level = 0; level < mock->level_count; level++) {
            found |=
                (uint32_t)mock->voltage_levels[level] == mock->default_voltage;
            printf(" %" PRId32, mock->voltage_levels[level]);
        }
        printf("\n");
        if (mock->level_type == MOD_VOLTD_VOLTAGE_LEVEL_CONTINUOUS) {
            found = is_step(mock->voltage_levels, (int32_t)mock->default_voltage);
        }
        if (!found) {
            trap("the level at boot is not a level of the domain");
        }
    }
    for (size_t agent = 0; agent < scmi->agent_count; agent++) {
        for (size_t i = 0; i < scmi->agent_table[agent].domain_count; i++) {
            printf("scmi-voltage %zu %zu", agent, i);
            print_id(
                "is", scmi->agent_table[agent].device_table[i].element_id);
            printf("\n");
        }
    }
}
#endif

#ifdef BUILD_HAS_MOD_SCMI_SENSOR
extern const struct fwk_module_config config_sensor, config_reg_sensor;

static void walk_sensors(void)
{
    const struct fwk_element *table = config_sensor.elements.table;
    const struct fwk_element *drivers = config_reg_sensor.elements.table;
    const struct mod_sensor_config *module = config_sensor.data;

    printf("sensors");
    print_id("notification", module->notification_id);
    print_id("trip-point", module->trip_point_api_id);
    printf("\n");
    if (count(&config_reg_sensor) != count(&config_sensor)) {
        trap("a sensor without a driver");
    }
    for (size_t i = 0; i < count(&config_sensor); i++) {
        const struct mod_sensor_dev_config *sensor = table[i].data;
        const struct mod_reg_sensor_dev_config *mock = drivers[i].data;

        /* A register of its own: what is written to it is only there */
        if (*(mod_sensor_value_t *)mock->reg != 0) {
            trap("two sensors share a register");
        }
        *(mod_sensor_value_t *)mock->reg = 1;
        printf(
            "sensor %zu type=%u multiplier=%d interval=%u points=%" PRIu32,
            i,
            (unsigned int)mock->info->type,
            mock->info->unit_multiplier,
            mock->info->update_interval,
            sensor->trip_point.count);
        print_id("driver", sensor->driver_id);
        print_id("api", sensor->driver_api_id);
        print_name(table[i].name);
        printf("\n");
    }
}
#endif

#ifdef BUILD_HAS_MOD_SCMI_PERF
extern const struct fwk_module_config config_psu, config_mock_psu, config_dvfs,
    config_scmi_perf;

/* What the framework offers the policy: the data of an element */
const void *fwk_module_get_data(fwk_id_t id)
{
    if (id.element.module_idx != FWK_MODULE_IDX_DVFS ||
        id.element.element_idx >= count(&config_dvfs)) {
        trap("the policy asks for another module's data");
    }
    return config_dvfs.elements.table[id.element.element_idx].data;
}

#    ifdef BUILD_HAS_MOD_MOCK_SUPPLY
extern const struct fwk_module_config config_mock_supply;

/* The level of the voltage domain that each voltage of the points stands for */
static void walk_supplies(void)
{
    const struct fwk_element *table = config_psu.elements.table;
    const struct fwk_element *drivers = config_mock_supply.elements.table;

    if (count(&config_mock_supply) != count(&config_psu)) {
        trap("a supply without a driver");
    }
    for (size_t i = 0; i < count(&config_psu); i++) {
        const struct mod_psu_element_cfg *supply = table[i].data;
        const struct mod_mock_supply_config *mock = drivers[i].data;

        printf("supply %zu", i);
        print_id("driver", supply->driver_id);
        print_id("api", supply->driver_api_id);
        print_id("is", mock->voltd_id);
        printf(" boot=%" PRIu32, mock->default_voltage);
        for (size_t level = 0; level < mock->level_count; level++) {
            printf(
                " %" PRIu32 "/%" PRId32,
                mock->levels[level].millivolts,
                mock->levels[level].microvolts);
        }
        print_name(table[i].name);
        printf("\n");
    }
}
#    else
static void walk_supplies(void)
{
    const struct fwk_element *table = config_psu.elements.table;
    const struct fwk_element *drivers = config_mock_psu.elements.table;

    if (count(&config_mock_psu) != count(&config_psu)) {
        trap("a supply without a driver");
    }
    for (size_t i = 0; i < count(&config_psu); i++) {
        const struct mod_psu_element_cfg *supply = table[i].data;
        const struct mod_mock_psu_element_cfg *mock = drivers[i].data;

        printf("supply %zu", i);
        print_id("driver", supply->driver_id);
        print_id("api", supply->driver_api_id);
        printf(" on=%d boot=%" PRIu32, mock->default_enabled, mock->default_voltage);
        print_id("alarm", mock->async_alarm_id);
        print_id("response", mock->async_response_id);
        print_name(table[i].name);
        printf("\n");
    }
}
#    endif

/* A row with any of three values zero ends a table of operating points */
static size_t count_points(const struct mod_dvfs_opp *point)
{
    size_t points = 0;

    while (point[points].level != 0 && point[points].voltage != 0 &&
           point[points].frequency != 0) {
        points++;
    }
    return points;
}

static void walk_performance(void)
{
    const struct fwk_element *table = config_dvfs.elements.table;
    const struct mod_scmi_perf_config *scmi = config_scmi_perf.data;

    if (scmi->domains == NULL) {
        trap("no table of performance domains");
    }
    printf(
        "performance %zu statistics=%d approximate=%d plugins=%zu\n",
        scmi->perf_doms_count,
        scmi->stats_enabled,
        scmi->approximate_level,
        scmi->plugins_count);
    for (size_t i = 0; i < scmi->perf_doms_count; i++) {
        printf("perf-domain %zu statistics=%d", i, (*scmi->domains)[i].stats_collected);
        print_id("group", (*scmi->domains)[i].phy_group_id);
        printf("\n");
#ifdef BUILD_HAS_SCMI_PERF_FAST_CHANNELS
        printf("fast-domain %zu has=%d", i, (*scmi->domains)[i].supports_fast_channels);
        for (size_t j = 0; j < MOD_SCMI_PERF_FAST_CHANNEL_COUNT; j++) {
            print_id("is", (*scmi->domains)[i].fch_config[j].transport_id);
            print_id("api", (*scmi->domains)[i].fch_config[j].transport_api_id);
        }
        printf("\n");
#endif
    }
    for (size_t i = 0; i < count(&config_dvfs); i++) {
        const struct mod_dvfs_domain_config *domain = table[i].data;
        size_t points = count_points(domain->opps);

        if (domain->sustained_idx >= points) {
            trap("the point at boot is not in the table");
        }
        printf("dvfs %zu", i);
        print_id("supply", domain->psu_id);
        print_id("clock", domain->clock_id);
        printf(
            " retry=%u latency=%u boot=%zu",
#if SCP_VERSION >= 216
            (unsigned int)domain->retry_us,
#else
            domain->retry_ms,
#endif
            domain->latency,
            domain->sustained_idx);
        for (size_t point = 0; point < points; point++) {
            const struct mod_dvfs_opp *opp = &domain->opps[point];

            if (point > 0 && opp->level <= opp[-1].level) {
                trap("levels do not ascend");
            }
            for (size_t other = 0; other < point; other++) {
                if (domain->opps[other].voltage == opp->voltage) {
                    trap("two points have one voltage");
                }
            }
            printf(
                " %" PRIu32 "/%" PRIu32 "/%" PRIu32 "/%" PRIu32,
                opp->level,
                opp->voltage,
                opp->frequency,
                opp->power);
        }
        print_name(table[i].name);
        printf("\n");
    }
}

static void limit(unsigned int agent, unsigned int domain, uint32_t min, uint32_t max)
{
    fwk_id_t id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_DVFS, domain);
    enum mod_scmi_perf_policy_status verdict =
        MOD_SCMI_PERF_SKIP_MESSAGE_HANDLER;
    uint32_t low = min, high = max;
    int status = scmi_perf_limits_set_policy(&verdict, &low, &high, agent, id);

    printf("limit %u %u %" PRIu32 "-%" PRIu32 " ", agent, domain, min, max);
    if (status != FWK_SUCCESS) {
        printf("refused\n");
    } else if (verdict == MOD_SCMI_PERF_SKIP_MESSAGE_HANDLER) {
        printf("skipped\n");
    } else {
        printf("%" PRIu32 "-%" PRIu32 "\n", low, high);
    }
}

/* Every agent asks for ranges and stays at one level; then the first asks for all */
static void walk_limits(void)
{
    const struct fwk_element *table = config_dvfs.elements.table;
    unsigned int agents = SCMI_AGENT_IDX_COUNT - 1;
    unsigned int domains = (unsigned int)count(&config_dvfs);

    for (unsigned int domain = 0; domain < domains; domain++) {
        const struct mod_dvfs_domain_config *data = table[domain].data;
        const struct mod_dvfs_opp *opps = data->opps;
        size_t points = count_points(opps);

        for (unsigned int agent = 1; agent <= agents; agent++) {
            for (size_t point = 0; point < points; point++) {
                limit(agent, domain, opps[point].level, opps[points - 1].level);
                limit(agent, domain, opps[0].level, opps[point].level);
            }
            limit(agent, domain, opps[0].level, opps[points - 1].level + 1);
            limit(
                agent,
                domain,
                opps[agent % points].level,
                opps[agent % points].level);
        }
        limit(1, domain, opps[0].level, opps[points - 1].level);
    }
    limit(1, domains, 1, 1);
    limit(0, 0, 1, 1);
    limit(agents + 1, 0, 1, 1);
}
#endif

#ifdef BUILD_HAS_MOD_FCH_POLLED
extern const struct fwk_module_config config_fch_polled;

/* Words at addresses of their own; what the firmware sees of them moves alike */
static void walk_fast_channels(void)
{
    const struct fwk_element *table = config_fch_polled.elements.table;
    const struct mod_fch_polled_config *module = config_fch_polled.data;
    const struct mod_fch_polled_channel_config *first = table[0].data;

    printf(
        "fast-channels rate=%" PRIu32 " limit=%" PRIu32,
        module->fch_poll_rate,
        module->rate_limit);
    print_id("alarm", module->fch_alarm_id);
    printf("\n");
    for (size_t i = 0; i < count(&config_fch_polled); i++) {
        const struct mod_fch_polled_channel_config *channel = table[i].data;
        uintptr_t target = channel->fch_addr.target_view_address;
        uintptr_t local = channel->fch_addr.local_view_address;

        if (local - first->fch_addr.local_view_address !=
            target - first->fch_addr.target_view_address) {
            trap("a fast channel is at another place for the firmware");
        }
        for (size_t word = 0; word < channel->fch_addr.length / 4; word++) {
            if (((uint32_t *)local)[word]++ != 0) {
                trap("two fast channels share a word");
            }
        }
        printf(
            "fast-channel %zu at=%" PRIxPTR " size=%zu\n",
            i,
            target,
            channel->fch_addr.length);
    }
}
#endif

#ifdef BUILD_HAS_MOD_SYSTEM_POWER
extern const struct fwk_module_config config_system_power,
    config_scmi_system_power, config_mock_system, config_mock_timer;

static void walk_system_power(void)
{
    const struct mod_system_power_config *module = config_system_power.data;
    const struct mod_system_power_dev_config *systop =
        config_system_power.elements.table[0].data;
    const struct mod_scmi_system_power_config *scmi =
        config_scmi_system_power.data;

    if (count(&config_system_power) != 1 || config_mock_system.data != NULL) {
        trap("a system has one controller");
    }
    printf(
        "system-power wakes=%u initial=%u extra=%zu",
        module->soc_wakeup_irq != FWK_INTERRUPT_NONE,
        (unsigned int)module->initial_system_power_state,
        module->ext_ppus_count);
    print_id("driver", module->driver_id);
    print_id("api", module->driver_api_id);
    print_id("controller", systop->sys_ppu_id);
    print_id("controller-api", systop->api_id);
    printf(" states=");
    for (int i = 0; i < MOD_SYSTEM_POWER_POWER_STATE_COUNT; i++) {
        printf("%u", systop->sys_state_table[i]);
    }
    printf(
        "\nscmi-system-power view=%u state=%" PRIu32 " timeout=%" PRIu32,
        (unsigned int)scmi->system_view,
        scmi->wakeup_composite_state,
        scmi->graceful_timeout);
    print_id("wakes", scmi->wakeup_power_domain_id);
    print_id("alarm", scmi->alarm_id);
    printf("\n");
}
#endif

#if defined(BUILD_HAS_MOD_TIMER) && defined(BUILD_HAS_MOD_MOCK_TIMER)
static void walk_timer(void)
{
    const struct mod_timer_dev_config *timer =
        config_timer.elements.table[0].data;

    printf("timer alarms=%d", (int)ALARM_IDX_COUNT);
    print_id("driver", timer->id);
    printf(" irq=%u\n", timer->timer_irq);
    (void)count(&config_timer);
}
#endif

#ifdef BUILD_HAS_MOD_SCMI_POWER_CAPPING
extern const struct fwk_module_config config_scmi_power_capping,
    config_power_capping, config_pid_controller, config_mock_power;
int scmi_power_capping_permission(unsigned int, unsigned int, uint32_t);

static void walk_cap(size_t i)
{
    const struct mod_power_capping_domain_config *cap =
        config_power_capping.elements.table[i].data;
    const struct mod_mock_power_config *mock =
        config_mock_power.elements.table[i].data;
    const struct mod_pid_controller_elem_config *pid =
        config_pid_controller.elements.table[i].data;

    printf("cap %zu", i);
#    if SCP_VERSION < 202511
    print_id("limiter", cap->power_limiter_id);
    print_id("api", cap->power_limiter_api_id);
#    endif
    print_id("measures", cap->power_measurement_id);
    print_id("api", cap->power_measurement_api_id);
    print_id("notifies", cap->power_limit_set_notifier_id);
    print_id("of", cap->power_limit_set_notification_id);
    print_id("controls", cap->pid_controller_id);
    print_id("api", cap->pid_controller_api_id);
    print_name(config_power_capping.elements.table[i].name);
    printf(
        "\nmock-power %zu %" PRIu32 "-%" PRIu32 "/%" PRIu32 " interval=%" PRIu32
        " power=%" PRIu32 "\n",
        i,
        mock->minimum_interval,
        mock->maximum_interval,
        mock->interval_step,
        mock->interval,
        mock->power);
    printf(
        "pid %zu point=%" PRId64 " on=%" PRId64 " output=%" PRId64 "-%" PRId64 "\n",
        i,
        pid->set_point,
        pid->switch_on_value,
        pid->output.min,
        pid->output.max);
}

static void walk_powercaps(void)
{
    const struct fwk_element *table = config_scmi_power_capping.elements.table;
    size_t caps = count(&config_scmi_power_capping);

    if (count(&config_power_capping) != caps ||
        count(&config_pid_controller) != caps ||
        count(&config_mock_power) != caps) {
        trap("a power cap without what applies it");
    }
    for (size_t i = 0; i < caps; i++) {
        const struct mod_scmi_power_capping_domain_config *cap = table[i].data;

        printf(
            "powercap %zu %" PRIu32 "-%" PRIu32 "/%" PRIu32
            " interval=%d sustainable=%" PRIu32 " parent=%" PRIu32
            " unit=%u notifies=%d/%d",
            i,
            cap->min_power_cap,
            cap->max_power_cap,
            cap->power_cap_step,
            cap->pai_config_support,
            cap->max_sustainable_power,
            cap->parent_idx,
            (unsigned int)cap->power_cap_unit,
            cap->cap_pai_change_notification_support,
            cap->power_measurements_change_notification_support);
        print_id("is", cap->power_capping_domain_id);
        print_name(table[i].name);
        printf("\n");
        walk_cap(i);
    }
    for (unsigned int agent = 0; agent <= SCMI_AGENT_IDX_COUNT; agent++) {
        for (unsigned int message = 3; message <= 13; message++) {
            const uint32_t far[] = {
                (uint32_t)caps, 0x10000, 0x80000000, 0xFFFFFFFF
            };

            printf("cap-message %u %x ", agent, message);
            for (uint32_t i = 0; i < caps; i++) {
                putchar(
                    scmi_power_capping_permission(agent, message, i) == 0 ? 'y' : '.');
            }
            for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
                putchar(
                    scmi_power_capping_permission(agent, message, far[i]) ==
                            SCMI_NOT_FOUND ?
                        'n' :
                        '!');
            }
            putchar('\n');
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
    if (protocol == 0x10) {
        const struct mod_res_agent_msg_permissions *messages =
            tables->agent_msg_permissions;

        return message != 8 || messages == NULL ||
            (messages[row].messages[0] & 1) == 0;
    }
    if (tables->agent_msg_permissions != NULL && row < config->agent_count) {
        for (int other = 1; other < 9; other++) {
            if (tables->agent_msg_permissions[row].messages[other] != 0) {
                trap("a message of another protocol is denied to all");
            }
        }
    }
    switch (protocol) {
    case 0x11:
#ifdef BUILD_HAS_AGENT_LOGICAL_DOMAIN
        if (row < config->agent_count) {
            const struct mod_scmi_pd_config *scmi = config_scmi_power_domain.data;
            const struct mod_scmi_pd_agent_config *of = &scmi->agent_config_table[agent];

            /* The guard of these tables, for all messages */
            if (resource >= of->domain_count) {
                return 0;
            }
            resource = of->domains[resource];
        }
#endif
        bits = tables->scmi_pd_perms;
        count = config->pd_counters.count;
        last = 0x6;
        break;
    case 0x13:
        bits = tables->scmi_perf_perms;
        count = config->perf_counters.count;
        last = 0xB;
        break;
    case 0x15:
        bits = tables->scmi_sensor_perms;
        count = config->sensor_counters.count;
        last = 0x6;
        break;
    case 0x17:
        bits = tables->scmi_voltd_perms;
        count = config->voltd_counters.count;
        last = 0x8;
        break;
    case 0x14:
        bits = tables->scmi_clock_perms;
        count = config->clock_counters.count;
        last = 0x7; /* Also where the protocol has messages to 0xA */
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
        for (uint32_t message = 3; message <= 0xB; message++) {
            if (agent <= config->agent_count) {
                printf(
                    "base %" PRIu32 " %" PRIx32 " %d\n",
                    agent,
                    message,
                    is_allowed(agent, 0x10, message, 0));
            }
        }
        for (uint32_t protocol = 0x11; protocol <= 0x17; protocol++) {
            if (protocol == 0x12) {
                continue;
            }
            for (uint32_t message = 3; message <= 0xB; message++) {
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
#ifdef BUILD_HAS_MOD_SCMI_PERF
    printf(
        "copies performance %" PRIu32 " %" PRIu32 "\n",
        config->perf_counters.cmd_count,
        config->perf_counters.resource_count);
#endif
#ifdef BUILD_HAS_MOD_SCMI_SENSOR
    printf(
        "copies sensor %" PRIu32 " %" PRIu32 "\n",
        config->sensor_counters.cmd_count,
        config->sensor_counters.resource_count);
#endif
#ifdef BUILD_HAS_MOD_SCMI_VOLTAGE_DOMAIN
    printf(
        "copies voltage %" PRIu32 " %" PRIu32 "\n",
        config->voltd_counters.cmd_count,
        config->voltd_counters.resource_count);
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
#ifdef BUILD_HAS_MOD_CLOCK
    walk_clocks();
#endif
#ifdef BUILD_HAS_MOD_SCMI_CLOCK
    walk_scmi_clocks();
#endif
#ifdef BUILD_HAS_MOD_SCMI_POWER_DOMAIN
    walk_power_domains();
    walk_votes();
#endif
#ifdef BUILD_HAS_MOD_SCMI_RESET_DOMAIN
    walk_resets();
#endif
#ifdef BUILD_HAS_MOD_SCMI_VOLTAGE_DOMAIN
    walk_voltages();
#endif
#ifdef BUILD_HAS_MOD_SCMI_SENSOR
    walk_sensors();
#endif
#ifdef BUILD_HAS_MOD_SCMI_PERF
    walk_supplies();
    walk_performance();
    walk_limits();
#endif
#ifdef BUILD_HAS_MOD_FCH_POLLED
    walk_fast_channels();
#endif
#ifdef BUILD_HAS_MOD_SYSTEM_POWER
    walk_system_power();
#endif
#if defined(BUILD_HAS_MOD_TIMER) && defined(BUILD_HAS_MOD_MOCK_TIMER)
    walk_timer();
#endif
#ifdef BUILD_HAS_MOD_SCMI_POWER_CAPPING
    walk_powercaps();
#endif
    walk_permissions();
    walk_sizes();
    return 0;
}
