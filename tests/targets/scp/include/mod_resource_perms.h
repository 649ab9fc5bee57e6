/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_RESOURCE_PERMS_H
#define MOD_RESOURCE_PERMS_H

#include <mod_scmi_std.h>

#include <stdint.h>

typedef uint16_t mod_res_perms_t;

#define MOD_RES_PERMS_TYPE_SHIFT (4U)

#define MOD_RES_PERMS_PROTOCOL_OFFSET MOD_SCMI_PROTOCOL_ID_BASE

enum mod_res_perms_protocol_deny {
    MOD_RES_PERMS_SCMI_BASE_PROTOCOL_DENIED = 1 << 0,
    MOD_RES_PERMS_SCMI_POWER_DOMAIN_DENIED = 1 << 1,
    MOD_RES_PERMS_SCMI_SYS_POWER_PROTOCOL_DENIED = 1 << 2,
    MOD_RES_PERMS_SCMI_PERF_PROTOCOL_DENIED = 1 << 3,
    MOD_RES_PERMS_SCMI_CLOCK_PROTOCOL_DENIED = 1 << 4,
    MOD_RES_PERMS_SCMI_SENSOR_PROTOCOL_DENIED = 1 << 5,
    MOD_RES_PERMS_SCMI_RESET_DOMAIN_PROTOCOL_DENIED = 1 << 6,
    MOD_RES_PERMS_SCMI_VOLTAGE_DOMAIN_PROTOCOL_DENIED = 1 << 7,
};

enum {
    MOD_RES_PERMS_SCMI_CLOCK_ATTRIBUTES_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_DESCRIBE_RATE_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_RATE_SET_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_RATE_GET_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX,
#if SCP_VERSION >= 216
    MOD_RES_PERMS_SCMI_CLOCK_NAME_GET_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_RATE_NOTIFY_IDX,
    MOD_RES_PERMS_SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY_IDX,
#endif
};

enum {
    MOD_RES_PERMS_SCMI_POWER_DOMAIN_ATTRIBUTES_IDX,
    MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_SET_IDX,
    MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_GET_IDX,
    MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_NOTIFY_IDX,
};

enum {
    MOD_RES_PERMS_SCMI_RESET_DOMAIN_ATTRIBUTES_IDX,
    MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_REQUEST_IDX,
    MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_NOTIFY_IDX,
};

enum {
    MOD_RES_PERMS_SCMI_BASE_MESSAGE_IDX = 0,
    MOD_RES_PERMS_SCMI_BASE_BITMASK_IDX = MOD_SCMI_BASE_NOTIFY_ERRORS,
};

enum {
    MOD_RES_PERMS_SCMI_PERF_ATTRIBUTES_IDX,
    MOD_RES_PERMS_SCMI_PERF_DESCRIBE_LEVELS_IDX,
    MOD_RES_PERMS_SCMI_PERF_LIMITS_SET_IDX,
    MOD_RES_PERMS_SCMI_PERF_LIMITS_GET_IDX,
    MOD_RES_PERMS_SCMI_PERF_LEVEL_SET_IDX,
    MOD_RES_PERMS_SCMI_PERF_LEVEL_GET_IDX,
    MOD_RES_PERMS_SCMI_PERF_NOTIFY_LIMITS_IDX,
    MOD_RES_PERMS_SCMI_PERF_NOTIFY_LEVEL_IDX,
    MOD_RES_PERMS_SCMI_PERF_DESCRIBE_FAST_CHANNEL_IDX,
};

enum {
    MOD_RES_PERMS_SCMI_SENSOR_DESCRIPTION_GET_IDX,
    MOD_RES_PERMS_SCMI_SENSOR_TRIP_POINT_NOTIFY_IDX,
    MOD_RES_PERMS_SCMI_SENSOR_TRIP_POINT_CONFIG_IDX,
    MOD_RES_PERMS_SCMI_SENSOR_READING_GET_IDX,
};

enum {
    MOD_RES_PERMS_SCMI_VOLTD_DOMAIN_ATTRIBUTES_IDX,
    MOD_RES_PERMS_SCMI_VOLTD_DESCRIBE_LEVELS_IDX,
    MOD_RES_PERMS_SCMI_VOLTD_CONFIG_SET_IDX,
    MOD_RES_PERMS_SCMI_VOLTD_CONFIG_GET_IDX,
    MOD_RES_PERMS_SCMI_VOLTD_LEVEL_SET_IDX,
    MOD_RES_PERMS_SCMI_VOLTD_LEVEL_GET_IDX,
};

enum mod_res_perms_permissions {
    MOD_RES_PERMS_ACCESS_ALLOWED = 0,
    MOD_RES_PERMS_ACCESS_DENIED = 1,
};

enum mod_res_perms_api_idx {
    MOD_RES_PERM_RESOURCE_PERMS,
};

struct mod_res_permissions_api {
    enum mod_res_perms_permissions (*agent_has_protocol_permission)(
        uint32_t agent_id,
        uint32_t protocol_id);
    enum mod_res_perms_permissions (*agent_has_message_permission)(
        uint32_t agent_id,
        uint32_t protocol_id,
        uint32_t message_id);
    enum mod_res_perms_permissions (*agent_has_resource_permission)(
        uint32_t agent_id,
        uint32_t protocol_id,
        uint32_t message_id,
        uint32_t resource_id);
    int (*agent_set_device_permission)(
        uint32_t agent_id,
        uint32_t device_id,
        uint32_t flags);
    int (*agent_set_device_protocol_permission)(
        uint32_t agent_id,
        uint32_t device_id,
        uint32_t protocol_id,
        uint32_t flags);
    int (*agent_reset_config)(uint32_t agent_id, uint32_t flags);
};

struct mod_res_agent_protocol_permissions {
    mod_res_perms_t protocols;
};

struct mod_res_agent_msg_permissions {
    mod_res_perms_t messages[9];
};

struct mod_res_agent_permission {
    struct mod_res_agent_protocol_permissions *agent_protocol_permissions;
    struct mod_res_agent_msg_permissions *agent_msg_permissions;
    mod_res_perms_t *scmi_pd_perms;
    mod_res_perms_t *scmi_perf_perms;
    mod_res_perms_t *scmi_clock_perms;
    mod_res_perms_t *scmi_sensor_perms;
#ifdef BUILD_HAS_MOD_SCMI_RESET_DOMAIN
    mod_res_perms_t *scmi_reset_domain_perms;
#endif
    mod_res_perms_t *scmi_voltd_perms;
    mod_res_perms_t *scmi_power_capping_perms;
};

struct protocol_permissions_counters {
    uint32_t count;
    uint32_t cmd_count;
    uint32_t resource_count;
};

struct mod_res_resource_perms_config {
    uint32_t agent_count;
    uint32_t protocol_count;
    struct protocol_permissions_counters clock_counters;
    struct protocol_permissions_counters sensor_counters;
    struct protocol_permissions_counters pd_counters;
    struct protocol_permissions_counters perf_counters;
#ifdef BUILD_HAS_MOD_SCMI_RESET_DOMAIN
    struct protocol_permissions_counters reset_domain_counters;
#endif
    struct protocol_permissions_counters voltd_counters;
    struct protocol_permissions_counters power_capping_counters;
    uint32_t device_count;
    uintptr_t agent_permissions;
    uintptr_t domain_devices;
};

#endif /* MOD_RESOURCE_PERMS_H */
