/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_MOCK_VOLTAGE_DOMAIN_H
#define MOD_MOCK_VOLTAGE_DOMAIN_H

#include <mod_voltage_domain.h>

#include <fwk_id.h>

#include <stddef.h>
#include <stdint.h>

enum mod_mock_voltage_domain_api_idx {
    MOD_MOCK_VOLTAGE_DOMAIN_API_IDX_VOLTD,
};

struct mod_mock_voltage_domain_element_cfg {
    fwk_id_t async_alarm_id;
    fwk_id_t async_alarm_api_id;
    fwk_id_t async_response_id;
    fwk_id_t async_response_api_id;
    enum mod_voltd_mode_id default_mode_id;
    uint32_t default_voltage;
    enum mod_voltd_voltage_level_type level_type;
    size_t level_count;
    const int32_t *voltage_levels;
};

#endif /* MOD_MOCK_VOLTAGE_DOMAIN_H */
