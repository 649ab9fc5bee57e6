"""What is known of SCP-firmware's headers, for a product that is read without its tree.

Names, numbers and structures of its documented interface, as far as tables of what agents may do
use them. Where the tree is there, its own headers are read.
"""

from collections.abc import Mapping

from scmigen.hints import Final

_FACTS: Final = """
#ifndef SCMIGEN_KNOWN_FACTS
#define SCMIGEN_KNOWN_FACTS
#define FWK_ARRAY_SIZE(table) (sizeof(table) / sizeof((table)[0]))
#define FWK_KHZ 1000
#define FWK_MHZ 1000000
#define FWK_ID_NONE_INIT { .common = { .type = 1 } }
#define FWK_ID_MODULE_INIT(m) { .common = { .module_idx = (m) } }
#define FWK_ID_ELEMENT_INIT(m, e) { .element = { .module_idx = (m), .element_idx = (e) } }
#define FWK_ID_SUB_ELEMENT_INIT(m, e, s) \\
    { .sub_element = { .module_idx = (m), .element_idx = (e), .sub_element_idx = (s) } }
#define FWK_ID_API_INIT(m, a) { .api = { .module_idx = (m), .api_idx = (a) } }
#define FWK_ID_NOTIFICATION_INIT(m, n) { .notification = { .module_idx = (m) } }
#define FWK_ID_ELEMENT(m, e) ((fwk_id_t)FWK_ID_ELEMENT_INIT(m, e))
#define FWK_MODULE_STATIC_ELEMENTS_PTR(elements) { .table = (elements) }
#define FWK_MODULE_STATIC_ELEMENTS(...) { .table = (const struct fwk_element[])__VA_ARGS__ }
#define FWK_MODULE_DYNAMIC_ELEMENTS(made) { .generator = (made) }

struct fwk_element { const char *name; size_t sub_element_count; const void *data; };

struct mod_scmi_agent { int type; const char *name; };
struct mod_scmi_service_config {
    fwk_id_t transport_id; fwk_id_t transport_api_id; fwk_id_t transport_notification_init_id;
    unsigned int scmi_agent_id; fwk_id_t scmi_p2a_id; int scmi_entity_role;
};
enum mod_scmi_entity_role { MOD_SCMI_ROLE_PLATFORM, MOD_SCMI_ROLE_AGENT };
struct mod_dvfs_opp { uint32_t level; uint32_t voltage; uint32_t frequency; uint32_t power; };
struct mod_dvfs_domain_config {
    fwk_id_t psu_id; fwk_id_t clock_id; fwk_id_t alarm_id; uint16_t retry_ms; uint16_t latency;
    size_t sustained_idx; struct mod_dvfs_opp *opps;
};
enum {
    SCMI_AGENT_TYPE_PSCI, SCMI_AGENT_TYPE_MANAGEMENT, SCMI_AGENT_TYPE_OSPM, SCMI_AGENT_TYPE_OTHER
};
enum {
    MOD_SCMI_PROTOCOL_ID_BASE = 0x10, MOD_SCMI_PROTOCOL_ID_POWER_DOMAIN,
    MOD_SCMI_PROTOCOL_ID_SYS_POWER, MOD_SCMI_PROTOCOL_ID_PERF, MOD_SCMI_PROTOCOL_ID_CLOCK,
    MOD_SCMI_PROTOCOL_ID_SENSOR, MOD_SCMI_PROTOCOL_ID_RESET_DOMAIN,
    MOD_SCMI_PROTOCOL_ID_VOLTAGE_DOMAIN, MOD_SCMI_PROTOCOL_ID_POWER_CAPPING
};
enum {
    MOD_SCMI_CLOCK_ATTRIBUTES = 3, MOD_SCMI_CLOCK_DESCRIBE_RATES, MOD_SCMI_CLOCK_RATE_SET,
    MOD_SCMI_CLOCK_RATE_GET, MOD_SCMI_CLOCK_CONFIG_SET
};
enum {
    MOD_SCMI_PD_POWER_DOMAIN_ATTRIBUTES = 3, MOD_SCMI_PD_POWER_STATE_SET,
    MOD_SCMI_PD_POWER_STATE_GET, MOD_SCMI_PD_POWER_STATE_NOTIFY
};
enum {
    MOD_SCMI_PERF_DOMAIN_ATTRIBUTES = 3, MOD_SCMI_PERF_DESCRIBE_LEVELS, MOD_SCMI_PERF_LIMITS_SET,
    MOD_SCMI_PERF_LIMITS_GET, MOD_SCMI_PERF_LEVEL_SET, MOD_SCMI_PERF_LEVEL_GET,
    MOD_SCMI_PERF_NOTIFY_LIMITS, MOD_SCMI_PERF_NOTIFY_LEVEL, MOD_SCMI_PERF_DESCRIBE_FAST_CHANNEL
};
enum {
    MOD_SCMI_SENSOR_DESCRIPTION_GET = 3, MOD_SCMI_SENSOR_TRIP_POINT_NOTIFY,
    MOD_SCMI_SENSOR_TRIP_POINT_CONFIG, MOD_SCMI_SENSOR_READING_GET
};
enum {
    MOD_SCMI_RESET_DOMAIN_ATTRIBUTES = 3, MOD_SCMI_RESET_REQUEST, MOD_SCMI_RESET_NOTIFY
};
enum {
    MOD_SCMI_VOLTD_DOMAIN_ATTRIBUTES = 3, MOD_SCMI_VOLTD_DESCRIBE_LEVELS,
    MOD_SCMI_VOLTD_CONFIG_SET, MOD_SCMI_VOLTD_CONFIG_GET, MOD_SCMI_VOLTD_LEVEL_SET,
    MOD_SCMI_VOLTD_LEVEL_GET
};
enum {
    MOD_PD_TYPE_CORE, MOD_PD_TYPE_CLUSTER, MOD_PD_TYPE_DEVICE, MOD_PD_TYPE_DEVICE_DEBUG,
    MOD_PD_TYPE_SYSTEM
};

struct mod_scmi_clock_device { fwk_id_t element_id; bool starts_enabled; };
struct mod_scmi_clock_agent {
    const struct mod_scmi_clock_device *device_table; uint8_t device_count;
};
struct mod_scmi_clock_agent_config {
    const struct mod_scmi_clock_device *device_table; uint8_t agent_device_count;
};
struct mod_scmi_reset_domain_device { fwk_id_t element_id; uint8_t permissions; };
struct mod_scmi_reset_domain_agent {
    const struct mod_scmi_reset_domain_device *device_table; uint8_t agent_domain_count;
};
struct mod_scmi_voltd_device { fwk_id_t element_id; uint8_t config; };
struct mod_scmi_voltd_agent {
    struct mod_scmi_voltd_device *device_table; uint32_t domain_count;
};

typedef uint16_t mod_res_perms_t;
#define MOD_RES_PERMS_TYPE_SHIFT 4
#define MOD_RES_PERMS_TYPE_MASK 15
#define MOD_RES_PERMS_ACCESS_ALLOWED 0
#define MOD_RES_PERMS_ACCESS_DENIED 1
#define MOD_RES_PERMS_PROTOCOL_OFFSET 0x10
#define MOD_RES_PERMS_MESSAGE_OFFSET 0x10
#define MOD_RES_PERMS_SCMI_ALL_PROTOCOLS_ALLOWED 0
struct mod_res_agent_protocol_permissions { mod_res_perms_t protocols; };
struct mod_res_agent_msg_permissions { mod_res_perms_t messages[9]; };
struct mod_res_domain_device { fwk_id_t device_id; int type; };
struct mod_res_device { uint16_t device_id; struct mod_res_domain_device *domain_devices; };
enum {
    MOD_RES_POWER_DOMAIN_DEVICE, MOD_RES_PERF_DOMAIN_DEVICE, MOD_RES_CLOCK_DOMAIN_DEVICE,
    MOD_RES_SENSOR_DOMAIN_DEVICE, MOD_RES_RESET_DOMAIN_DEVICE, MOD_RES_VOLTAGE_DOMAIN_DEVICE,
    MOD_RES_POWER_CAPPING_DEVICE, MOD_RES_PLATFORM_DOMAIN_DEVICE,
    MOD_RES_DOMAIN_DEVICE_INVALID
};
#endif
"""
#: Protocols by the word of macros, with the words of the rows of permissions.
_ROWS: Mapping[str, tuple[str, ...]] = {
    "BASE": (),
    "POWER_DOMAIN": ("ATTRIBUTES", "STATE_SET", "STATE_GET", "STATE_NOTIFY"),
    "SYS_POWER": (),
    "PERF": (
        *("ATTRIBUTES", "DESCRIBE_LEVELS", "LIMITS_SET", "LIMITS_GET", "LEVEL_SET", "LEVEL_GET"),
        *("NOTIFY_LIMITS", "NOTIFY_LEVEL", "DESCRIBE_FAST_CHANNEL"),
    ),
    "CLOCK": ("ATTRIBUTES", "DESCRIBE_RATE", "RATE_SET", "RATE_GET", "CONFIG_SET"),
    "SENSOR": ("DESCRIPTION_GET", "TRIP_POINT_NOTIFY", "TRIP_POINT_CONFIG", "READING_GET"),
    "RESET_DOMAIN": ("ATTRIBUTES", "RESET_REQUEST", "RESET_NOTIFY"),
    "VOLTAGE_DOMAIN": (
        *("DOMAIN_ATTRIBUTES", "DESCRIBE_LEVELS", "CONFIG_SET", "CONFIG_GET", "LEVEL_SET"),
        "LEVEL_GET",
    ),
    "POWER_CAPPING": (),
}
#: Words that differ from those of their protocol.
_DENIED = {"POWER_DOMAIN": "POWER_DOMAIN_DENIED"}
_ROW_WORD = {"VOLTAGE_DOMAIN": "VOLTD"}


def _facts() -> str:
    lines = [_FACTS.rstrip().removesuffix("#endif")]
    for place, (word, rows) in enumerate(_ROWS.items()):
        denied = _DENIED.get(word, f"{word}_PROTOCOL_DENIED")
        lines.append(f"#define MOD_RES_PERMS_SCMI_{denied} (1 << {place})")
        lines.append(f"#define MOD_RES_PERMS_SCMI_{word}_MESSAGE_IDX {place}")
        lines.append(f"#define MOD_RES_PERMS_SCMI_{word}_BITMASK_IDX 3")
        for row, name in enumerate(rows):
            lines.append(f"#define MOD_RES_PERMS_SCMI_{_ROW_WORD.get(word, word)}_{name}_IDX {row}")
    return "\n".join([*lines, "#define MOD_SCMI_BASE_NOTIFY_ERRORS 8", "#endif", ""])


_NAMES = (
    *("fwk_element", "fwk_id", "fwk_macros", "fwk_module", "mod_clock", "mod_dvfs"),
    *("mod_power_domain", "mod_reset_domain", "mod_resource_perms", "mod_scmi", "mod_scmi_clock"),
    *("mod_scmi_perf", "mod_scmi_power_domain", "mod_scmi_reset_domain", "mod_scmi_sensor"),
    *("mod_scmi_std", "mod_scmi_voltage_domain", "mod_sensor", "mod_voltage_domain"),
)
#: Header → its text.
HEADERS: Mapping[str, str] = dict.fromkeys((f"{name}.h" for name in _NAMES), _facts())
