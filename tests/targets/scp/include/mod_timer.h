/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_TIMER_H
#define MOD_TIMER_H

#include <fwk_id.h>

struct mod_timer_dev_config {
    fwk_id_t id;
    unsigned int timer_irq;
};

#endif /* MOD_TIMER_H */
