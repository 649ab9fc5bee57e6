/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SENSOR_H
#define MOD_SENSOR_H

#include <fwk_id.h>

#include <stdbool.h>
#include <stdint.h>

enum mod_sensor_type {
    MOD_SENSOR_TYPE_NONE = 0,
    MOD_SENSOR_TYPE_DEGREES_C = 2,
    MOD_SENSOR_TYPE_OEM_UNIT = 0xFF,
    MOD_SENSOR_TYPE_COUNT,
};

typedef uint64_t mod_sensor_value_t;

struct mod_sensor_trip_point_info {
    uint32_t count;
};

struct mod_sensor_info {
    enum mod_sensor_type type;
    unsigned int update_interval;
    int update_interval_multiplier;
    int unit_multiplier;
    bool disabled;
};

struct mod_sensor_dev_config {
    fwk_id_t driver_id;
    fwk_id_t driver_api_id;
    fwk_id_t notification_id;
    fwk_id_t trip_point_api_id;
    struct mod_sensor_trip_point_info trip_point;
};

struct mod_sensor_config {
    fwk_id_t notification_id;
    fwk_id_t trip_point_api_id;
};

#endif /* MOD_SENSOR_H */
