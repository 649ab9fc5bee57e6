/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_POWER_DOMAIN_H
#define MOD_POWER_DOMAIN_H

#include <fwk_id.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mod_pd_type {
    MOD_PD_TYPE_CORE,
    MOD_PD_TYPE_CLUSTER,
    MOD_PD_TYPE_DEVICE,
    MOD_PD_TYPE_DEVICE_DEBUG,
    MOD_PD_TYPE_SYSTEM,
};

enum mod_pd_state {
    MOD_PD_STATE_OFF,
    MOD_PD_STATE_ON,
    MOD_PD_STATE_SLEEP,
    MOD_PD_STATE_COUNT = 6,
};

enum mod_pd_state_mask {
    MOD_PD_STATE_OFF_MASK = 1 << MOD_PD_STATE_OFF,
    MOD_PD_STATE_ON_MASK = 1 << MOD_PD_STATE_ON,
    MOD_PD_STATE_SLEEP_MASK = 1 << MOD_PD_STATE_SLEEP,
};

struct mod_pd_attributes {
    enum mod_pd_type pd_type : 3;
    unsigned int not_used : 29;
};

struct mod_power_domain_config {
    fwk_id_t *authorized_id_table;
    size_t authorized_id_table_size;
    bool enable_system_suspend_notification;
};

struct mod_power_domain_element_config {
    uint32_t parent_idx;
    fwk_id_t driver_id;
    fwk_id_t api_id;
    struct mod_pd_attributes attributes;
    const uint32_t *allowed_state_mask_table;
    const char **state_name_table;
    const uint32_t composite_state_levels_mask;
    const uint32_t *composite_state_mask_table;
    size_t composite_state_mask_table_size;
    size_t allowed_state_mask_table_size;
    size_t state_name_table_size;
    bool disable_state_transition_notifications;
    const unsigned int *pd_state_mapping_table;
};

#endif /* MOD_POWER_DOMAIN_H */
