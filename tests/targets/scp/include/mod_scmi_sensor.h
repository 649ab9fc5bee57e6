/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_SENSOR_H
#define MOD_SCMI_SENSOR_H

enum scmi_sensor_api_idx {
    SCMI_SENSOR_API_IDX_REQUEST,
    SCMI_SENSOR_API_IDX_TRIP_POINT,
};

#endif /* MOD_SCMI_SENSOR_H */
