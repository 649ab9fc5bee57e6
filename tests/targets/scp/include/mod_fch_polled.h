/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_FCH_POLLED_H
#define MOD_FCH_POLLED_H

#include <mod_transport.h>

#include <fwk_id.h>

#include <stdint.h>

#define FCH_MIN_POLL_RATE_US 4000

enum mod_fch_polled_api_idx {
    MOD_FCH_POLLED_API_IDX_TRANSPORT,
};

struct mod_fch_polled_channel_config {
    struct mod_transport_fast_channel_addr fch_addr;
};

struct mod_fch_polled_config {
    fwk_id_t fch_alarm_id;
    uint32_t fch_poll_rate;
    uint32_t rate_limit;
    uint32_t attributes;
};

#endif /* MOD_FCH_POLLED_H */
