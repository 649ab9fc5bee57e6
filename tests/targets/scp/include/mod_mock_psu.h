/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_MOCK_PSU_H
#define MOD_MOCK_PSU_H

#include <fwk_id.h>

#include <stdbool.h>
#include <stdint.h>

enum mod_mock_psu_api_idx {
    MOD_MOCK_PSU_API_IDX_DRIVER,
};

struct mod_mock_psu_element_cfg {
    fwk_id_t async_alarm_id;
    fwk_id_t async_alarm_api_id;
    fwk_id_t async_response_id;
    fwk_id_t async_response_api_id;
    bool default_enabled;
    uint32_t default_voltage;
};

#endif /* MOD_MOCK_PSU_H */
