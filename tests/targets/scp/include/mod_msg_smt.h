/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_MSG_SMT_H
#define MOD_MSG_SMT_H

#include <fwk_id.h>

#include <stddef.h>

enum mod_msg_smt_channel_type {
    MOD_MSG_SMT_CHANNEL_TYPE_REQUESTER,
    MOD_MSG_SMT_CHANNEL_TYPE_COMPLETER,
};

enum mod_msg_smt_api_idx {
    MOD_MSG_SMT_API_IDX_SCMI_TRANSPORT,
    MOD_MSG_SMT_API_IDX_DRIVER_INPUT,
};

struct mod_msg_smt_channel_config {
    enum mod_msg_smt_channel_type type;
    size_t mailbox_size;
    fwk_id_t driver_id;
    fwk_id_t driver_api_id;
};

#endif /* MOD_MSG_SMT_H */
