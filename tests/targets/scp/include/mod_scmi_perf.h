/*
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * What the emitted tables use of SCP-firmware, declared for these tests from its
 * documented interface. layout_facts.json has the sizes, offsets and values of
 * the real thing; a test compares.
 */

#ifndef MOD_SCMI_PERF_H
#define MOD_SCMI_PERF_H

#include <fwk_id.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mod_scmi_perf_fast_channel_cmd_handler_index {
    MOD_SCMI_PERF_FAST_CHANNEL_LEVEL_SET,
    MOD_SCMI_PERF_FAST_CHANNEL_LIMIT_SET,
    MOD_SCMI_PERF_FAST_CHANNEL_LEVEL_GET,
    MOD_SCMI_PERF_FAST_CHANNEL_LIMIT_GET,
    MOD_SCMI_PERF_FAST_CHANNEL_COUNT,
};

struct mod_scmi_perf_fast_channel_limit {
    uint32_t range_max;
    uint32_t range_min;
};

enum mod_scmi_perf_fast_channel_memory_offset {
    MOD_SCMI_PERF_FAST_CHANNEL_OFFSET_LEVEL_SET = 0,
    MOD_SCMI_PERF_FAST_CHANNEL_OFFSET_LIMIT_SET = 4,
    MOD_SCMI_PERF_FAST_CHANNEL_OFFSET_LEVEL_GET = 12,
    MOD_SCMI_PERF_FAST_CHANNEL_OFFSET_LIMIT_GET = 16,
    MOD_SCMI_PERF_FAST_CHANNEL_OFFSET_TOTAL = 24,
};

struct scmi_perf_fch_config {
    fwk_id_t transport_id;
    fwk_id_t transport_api_id;
};

struct mod_scmi_perf_domain_config {
#ifdef BUILD_HAS_SCMI_PERF_FAST_CHANNELS
    const struct scmi_perf_fch_config *fch_config;
    bool supports_fast_channels;
#endif
    bool stats_collected;
    fwk_optional_id_t phy_group_id;
};

struct mod_scmi_plugin_config;

struct mod_scmi_perf_config {
    const struct mod_scmi_perf_domain_config (*domains)[];
    size_t perf_doms_count;
    uint32_t fast_channels_rate_limit;
    bool stats_enabled;
    bool approximate_level;
    const struct mod_scmi_plugin_config *plugins;
    size_t plugins_count;
};

enum mod_scmi_perf_policy_status {
    MOD_SCMI_PERF_SKIP_MESSAGE_HANDLER = 0,
    MOD_SCMI_PERF_EXECUTE_MESSAGE_HANDLER = 1,
};

int scmi_perf_limits_set_policy(
    enum mod_scmi_perf_policy_status *policy_status,
    uint32_t *range_min,
    uint32_t *range_max,
    unsigned int agent_id,
    fwk_id_t domain_id);

#endif /* MOD_SCMI_PERF_H */
