/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_RESET_DOMAIN_H
#define MOD_RESET_DOMAIN_H

#include <fwk_id.h>

enum mod_reset_domain_mode {
    MOD_RESET_DOMAIN_AUTO_RESET = 1 << 0,
    MOD_RESET_DOMAIN_MODE_AUTO_RESET_ASYNC = 1 << 1,
    MOD_RESET_DOMAIN_MODE_EXPLICIT_ASSERT = 1 << 2,
    MOD_RESET_DOMAIN_MODE_EXPLICIT_DEASSERT = 1 << 3,
};

enum mod_reset_domain_capabilities {
    MOD_RESET_DOMAIN_CAP_NOTIFICATION = 1 << 0,
    MOD_RESET_DOMAIN_CAP_ASYNC = 1 << 1,
};

enum mod_reset_domain_notification_idx {
    MOD_RESET_DOMAIN_NOTIFICATION_AUTORESET,
};

struct mod_reset_domain_config {
    fwk_id_t notification_id;
};

struct mod_reset_domain_dev_config {
    fwk_id_t driver_id;
    fwk_id_t driver_api_id;
    enum mod_reset_domain_mode modes;
    enum mod_reset_domain_capabilities capabilities;
    unsigned int latency;
};

#endif /* MOD_RESET_DOMAIN_H */
