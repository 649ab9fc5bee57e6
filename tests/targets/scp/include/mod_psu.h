/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_PSU_H
#define MOD_PSU_H

#include <fwk_id.h>

struct mod_psu_element_cfg {
    fwk_id_t driver_id;
    fwk_id_t driver_api_id;
};

#endif /* MOD_PSU_H */
