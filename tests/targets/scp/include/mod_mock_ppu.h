/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_MOCK_PPU_H
#define MOD_MOCK_PPU_H

#include <mod_power_domain.h>

#include <stdbool.h>
#include <stdint.h>

struct mod_mock_ppu {
    uintptr_t reg_base;
    unsigned int irq;
};

struct mod_mock_ppu_pd_config {
    enum mod_pd_type pd_type;
    struct mod_mock_ppu ppu;
    bool default_power_on;
};

#endif /* MOD_MOCK_PPU_H */
