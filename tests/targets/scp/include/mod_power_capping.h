/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_POWER_CAPPING_H
#define MOD_POWER_CAPPING_H

#include <fwk_id.h>

#if SCP_VERSION >= 216
struct mod_power_capping_domain_config {
#    if SCP_VERSION < 202511
    fwk_id_t power_limiter_id;
    fwk_id_t power_limiter_api_id;
#    endif
    fwk_id_t power_measurement_id;
    fwk_id_t power_measurement_api_id;
    fwk_id_t power_limit_set_notifier_id;
    fwk_id_t power_limit_set_notification_id;
    fwk_id_t pid_controller_id;
    fwk_id_t pid_controller_api_id;
};
#endif

#endif /* MOD_POWER_CAPPING_H */
