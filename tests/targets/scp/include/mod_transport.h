/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_TRANSPORT_H
#define MOD_TRANSPORT_H

#include <fwk_id.h>

#include <stddef.h>
#include <stdint.h>

struct mod_transport_buffer {
    uint32_t reserved0;
    volatile uint32_t status;
    uint64_t reserved1;
    uint32_t flags;
    volatile uint32_t length;
    uint32_t message_header;
    uint32_t payload[];
};

#define MOD_TRANSPORT_POLICY_NONE         ((uint32_t)0)
#define MOD_TRANSPORT_POLICY_SECURE       ((uint32_t)(1U << 0))
#define MOD_TRANSPORT_POLICY_INIT_MAILBOX ((uint32_t)(1U << 1))

enum mod_transport_api_idx {
    MOD_TRANSPORT_API_IDX_DRIVER_INPUT,
    MOD_TRANSPORT_API_IDX_SCMI_TO_TRANSPORT,
    MOD_TRANSPORT_API_IDX_FIRMWARE,
#ifdef BUILD_HAS_FAST_CHANNELS
    MOD_TRANSPORT_API_IDX_FAST_CHANNELS,
#endif
};

enum mod_transport_notification_idx {
    MOD_TRANSPORT_NOTIFICATION_IDX_INITIALIZED,
    MOD_TRANSPORT_NOTIFICATION_IDX_COUNT,
};

enum mod_transport_channel_type {
    MOD_TRANSPORT_CHANNEL_TYPE_REQUESTER,
    MOD_TRANSPORT_CHANNEL_TYPE_COMPLETER,
};

/* As it is with out-band messages in the build, and no in-band ones */
enum mod_transport_channel_transport_type {
    MOD_TRANSPORT_CHANNEL_TRANSPORT_TYPE_OUT_BAND,
    MOD_TRANSPORT_CHANNEL_TRANSPORT_TYPE_NONE,
#ifdef BUILD_HAS_FAST_CHANNELS
    MOD_TRANSPORT_CHANNEL_TRANSPORT_TYPE_FAST_CHANNELS,
#endif
};

struct mod_transport_platform_notification {
    const fwk_id_t notification_id;
    const fwk_id_t source_id;
};

struct mod_transport_channel_config {
    enum mod_transport_channel_transport_type transport_type;
    enum mod_transport_channel_type channel_type;
    uintptr_t out_band_mailbox_address;
    size_t out_band_mailbox_size;
    size_t in_band_mailbox_size;
    fwk_id_t pd_source_id;
    struct mod_transport_platform_notification platform_notification;
    fwk_id_t signal_api_id;
    uint32_t policies;
    fwk_id_t driver_id;
    fwk_id_t driver_api_id;
};

struct mod_transport_fast_channel_addr {
    uintptr_t local_view_address;
    uintptr_t target_view_address;
    size_t length;
};

#endif /* MOD_TRANSPORT_H */
