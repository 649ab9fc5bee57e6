/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_VOLTAGE_DOMAIN_H
#define MOD_VOLTAGE_DOMAIN_H

#include <fwk_id.h>

enum mod_voltd_mode_id {
    MOD_VOLTD_MODE_ID_OFF,
    MOD_VOLTD_MODE_ID_ON,
};

enum mod_voltd_voltage_level_type {
    MOD_VOLTD_VOLTAGE_LEVEL_DISCRETE,
    MOD_VOLTD_VOLTAGE_LEVEL_CONTINUOUS,
};

struct mod_voltd_dev_config {
    const fwk_id_t driver_id;
    const fwk_id_t api_id;
};

#endif /* MOD_VOLTAGE_DOMAIN_H */
