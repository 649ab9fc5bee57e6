/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_MOCK_CLOCK_H
#define MOD_MOCK_CLOCK_H

#include <stdint.h>

enum mod_mock_clock_api_type {
    MOD_MOCK_CLOCK_API_TYPE_DRIVER,
    MOD_MOCK_CLOCK_API_TYPE_RESPONSE_DRIVER,
};

struct mod_mock_clock_rate {
    uint32_t rate;
    unsigned int divider;
};

struct mod_mock_clock_element_cfg {
    const struct mod_mock_clock_rate *rate_table;
    unsigned int rate_count;
    uint32_t default_rate;
};

#endif /* MOD_MOCK_CLOCK_H */
