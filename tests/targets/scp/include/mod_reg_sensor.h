/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_REG_SENSOR_H
#define MOD_REG_SENSOR_H

#include <mod_sensor.h>

#include <stdint.h>

struct mod_reg_sensor_dev_config {
    uintptr_t reg;
    struct mod_sensor_info *info;
};

#endif /* MOD_REG_SENSOR_H */
