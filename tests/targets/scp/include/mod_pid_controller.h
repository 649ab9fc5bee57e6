/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_PID_CONTROLLER_H
#define MOD_PID_CONTROLLER_H

#include <stdint.h>

#if SCP_VERSION >= 216
struct mod_pid_controller_k_parameter {
    int32_t numerator;
    uint8_t divisor_shift;
};

struct mod_pid_controller_elem_config {
    int64_t set_point;
    int64_t switch_on_value;
    int64_t inactive_state_output;
    int64_t integral_cutoff;
    int64_t integral_max;
    struct {
        struct mod_pid_controller_k_parameter proportional_undershoot;
        struct mod_pid_controller_k_parameter proportional_overshoot;
        struct mod_pid_controller_k_parameter integral;
        struct mod_pid_controller_k_parameter derivative;
    } k;
    struct {
        int64_t min;
        int64_t max;
    } output;
};
#endif

#endif /* MOD_PID_CONTROLLER_H */
