/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SYSTEM_POWER_H
#define MOD_SYSTEM_POWER_H

#include <mod_power_domain.h>

#include <fwk_id.h>

#include <stddef.h>
#include <stdint.h>

enum mod_system_power_power_states {
    MOD_SYSTEM_POWER_POWER_STATE_SLEEP0 = MOD_PD_STATE_COUNT,
    MOD_SYSTEM_POWER_POWER_STATE_SLEEP1,
    MOD_SYSTEM_POWER_POWER_STATE_COUNT,
};

struct mod_system_power_ext_ppu_config;

struct mod_system_power_dev_config {
    fwk_id_t sys_ppu_id;
    fwk_id_t api_id;
    const uint8_t *sys_state_table;
};

struct mod_system_power_config {
    unsigned int soc_wakeup_irq;
    size_t ext_ppus_count;
    const struct mod_system_power_ext_ppu_config *ext_ppus;
    fwk_id_t driver_id;
    fwk_id_t driver_api_id;
    enum mod_pd_state initial_system_power_state;
};

/* As it is with the module in the build */
enum mod_system_power_api_idx {
    MOD_SYSTEM_POWER_API_IDX_PD_DRIVER,
    MOD_SYSTEM_POWER_API_IDX_PD_DRIVER_INPUT,
};

#endif /* MOD_SYSTEM_POWER_H */
