/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_DVFS_H
#define MOD_DVFS_H

#include <fwk_id.h>

#include <stddef.h>
#include <stdint.h>

struct mod_dvfs_opp {
    uint32_t level;
    uint32_t voltage;
    uint32_t frequency;
    uint32_t power;
};

struct mod_dvfs_domain_config {
    fwk_id_t psu_id;
    fwk_id_t clock_id;
    fwk_id_t alarm_id;
#if SCP_VERSION >= 216
    uint32_t retry_us;
#else
    uint16_t retry_ms;
#endif
    uint16_t latency;
    size_t sustained_idx;
    struct mod_dvfs_opp *opps;
};

#endif /* MOD_DVFS_H */
