/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_CLOCK_H
#define MOD_CLOCK_H

#include <fwk_id.h>

#include <stdbool.h>

struct mod_clock_config {
    const fwk_id_t pd_transition_notification_id;
    const fwk_id_t pd_pre_transition_notification_id;
};

struct mod_clock_dev_config {
    const fwk_id_t driver_id;
    const fwk_id_t api_id;
    fwk_id_t pd_source_id;
    fwk_optional_id_t parent_id;
    bool default_on;
};

#endif /* MOD_CLOCK_H */
