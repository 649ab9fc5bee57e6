"""A small product of SCP-firmware, written by hand as people write them."""

from pathlib import Path

FIRMWARE = """
set(SCP_FIRMWARE "acme-bl2")
set(SCP_ARCHITECTURE "arm-m")
set(SCP_ENABLE_NOTIFICATIONS_INIT TRUE)
set(SCP_ENABLE_RESOURCE_PERMISSIONS_INIT TRUE)
set(SCP_ENABLE_SCMI_RESET_INIT FALSE)
set(SCP_PLATFORM_VARIANT_INIT "BOARD")
list(APPEND SCP_MODULES "acme-ppu" "power-domain" "clock")
list(APPEND SCP_MODULES "dvfs" "reset-domain" "voltage-domain")
list(APPEND SCP_MODULES "scmi" "scmi-clock" "scmi-perf" "scmi-power-domain")
list(APPEND SCP_MODULES "sensor" "scmi-sensor" "scmi-reset-domain" "scmi-voltage-domain")
"""

CMAKE = """
add_executable(acme-bl2)
target_include_directories(acme-bl2 PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/../include")
if(SCP_PLATFORM_VARIANT STREQUAL "FVP")
    target_compile_definitions(acme-bl2 PUBLIC -DACME_FVP=1)
endif()
target_sources(acme-bl2 PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/config_clock.c"
    "config_power_domain.c" "config_dvfs.c" "config_sensor.c" "config_reset_domain.c"
    "config_voltage_domain.c" "config_scmi.c" "config_scmi_tables.c" "../src/acme_core.c")
if(SCP_ENABLE_RESOURCE_PERMISSIONS)
    target_sources(acme-bl2 PRIVATE "config_resource_perms.c")
    list(APPEND SCP_MODULES "resource-perms")
endif()
set(SCP_MODULES ${SCP_MODULES} PARENT_SCOPE)
"""

HEADER = """
#ifndef ACME_H
#define ACME_H
enum agents { AGENT_PLATFORM, AGENT_OSPM, AGENT_PSCI, AGENT_VM, AGENT_COUNT };
enum clocks { CLK_UART, CLK_GPU, CLK_I2C, CLK_CPU, CLK_COUNT };
enum domains { PD_CPU0, PD_CLUS0, PD_GPU, PD_SYSTOP, PD_COUNT };
enum resets { RST_UART, RST_GPU, RST_COUNT };
#endif
"""

SCMI = """
#include "acme.h"
#include <mod_scmi.h>
#include <fwk_module.h>
static const struct mod_scmi_agent agent_table[] = {
    [AGENT_OSPM] = { .type = SCMI_AGENT_TYPE_OSPM, .name = "OSPM" },
    [AGENT_PSCI] = { SCMI_AGENT_TYPE_PSCI, "PSCI" },
    [AGENT_VM] = { .type = SCMI_AGENT_TYPE_OTHER, .name = "VM" },
};
struct fwk_module_config config_scmi = {
    .data = &(struct mod_scmi_config){
        .protocol_count_max = 9,
        .agent_count = FWK_ARRAY_SIZE(agent_table) - 1,
        .agent_table = agent_table,
    },
};
"""

TABLES = """
#include "acme.h"
#include <mod_scmi_clock.h>
#include <mod_scmi_perf.h>
#include <mod_scmi_power_domain.h>
#include <mod_scmi_reset_domain.h>
#include <mod_scmi_voltage_domain.h>
#include <fwk_macros.h>
#include <fwk_module.h>
#include <fwk_module_idx.h>
#define DEVICE(clock) \\
    { .element_id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, clock), .starts_enabled = true }
static const struct mod_scmi_clock_device ospm_clocks[] = {
    DEVICE(CLK_CPU),
    DEVICE(CLK_GPU),
    DEVICE(CLK_I2C),
};
static const struct mod_scmi_clock_device vm_clocks[] = {
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_UART), true },
};
static const struct mod_scmi_clock_agent clock_agents[AGENT_COUNT] = {
    [AGENT_PSCI] = { 0 },
    [AGENT_OSPM] = { ospm_clocks, FWK_ARRAY_SIZE(ospm_clocks) },
    [AGENT_VM] = { .device_table = vm_clocks, .device_count = FWK_ARRAY_SIZE(vm_clocks) },
};
struct fwk_module_config config_scmi_clock = {
    .data = &((struct mod_scmi_clock_config){
        .agent_table = clock_agents, .agent_count = FWK_ARRAY_SIZE(clock_agents) }),
};
static struct mod_scmi_reset_domain_device ospm_resets[] = {
    [RST_GPU] = { .element_id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_RESET_DOMAIN, RST_GPU) },
    [RST_UART] = { .element_id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_RESET_DOMAIN, RST_UART) },
};
static const struct mod_scmi_reset_domain_agent reset_agents[AGENT_COUNT] = {
    [AGENT_OSPM] = { .device_table = ospm_resets, .agent_domain_count = RST_COUNT },
};
const struct fwk_module_config config_scmi_reset_domain = {
    .data = &((struct mod_scmi_reset_domain_config){
        .agent_table = reset_agents, .agent_count = FWK_ARRAY_SIZE(reset_agents) }),
};
static struct mod_scmi_voltd_device vm_supplies[] = {
    { .element_id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_VOLTAGE_DOMAIN, 0) },
};
static const struct mod_scmi_voltd_agent supply_agents[AGENT_COUNT] = {
    [AGENT_VM] = { .device_table = vm_supplies, .domain_count = 1 },
};
const struct fwk_module_config config_scmi_voltage_domain = {
    .data = &((struct mod_scmi_voltd_config){
        .agent_table = supply_agents, .agent_count = AGENT_COUNT }),
};
const struct fwk_module_config config_scmi_perf = {
    .data = &((struct mod_scmi_perf_config){ .perf_doms_count = 1 }),
};
const struct fwk_module_config config_scmi_power_domain = { .data = &((int){ 0 }) };
"""

CLOCK = """
#include "acme.h"
#include <mod_clock.h>
#include <fwk_element.h>
#include <fwk_module.h>
static const struct fwk_element table[] = {
    [CLK_UART] = { .name = "uart_clk", .data = 0 },
    [CLK_GPU] = { .name = "gpu_clk" },
    [CLK_I2C] = { "i2c_clk" },
    [CLK_CPU] = { .name = "a_name_of_more_than_15_characters" },
    [CLK_COUNT] = { 0 },
};
static const struct fwk_element *get_table(fwk_id_t id)
{
    (void)id;
    return table;
}
struct fwk_module_config config_clock = { .elements = FWK_MODULE_DYNAMIC_ELEMENTS(get_table) };
"""

POWER = """
#include "acme.h"
#include <mod_power_domain.h>
#include <fwk_macros.h>
#include <fwk_module.h>
static struct fwk_element fixed[] = {
    { .name = "GPU", .data = &((struct mod_power_domain_element_config){
        .attributes.pd_type = MOD_PD_TYPE_DEVICE }) },
    { .name = "SYSTOP", .data = &((struct mod_power_domain_element_config){
        .attributes.pd_type = MOD_PD_TYPE_SYSTEM }) },
};
static const struct fwk_element *get_table(fwk_id_t id)
{
    struct fwk_element *made;
    struct mod_power_domain_element_config *config;
    unsigned int count = acme_core_count(), i;

    made = fwk_mm_calloc(2 * count + FWK_ARRAY_SIZE(fixed) + 1, sizeof(struct fwk_element));
    for (i = 0; i < 2 * count; i++) {
        config = fwk_mm_calloc(1, sizeof(struct mod_power_domain_element_config));
        config->attributes.pd_type = i < count ? MOD_PD_TYPE_CORE : MOD_PD_TYPE_CLUSTER;
        made[i].name = i < count ? "CPU0" : "CLUS0";
        made[i].data = config;
    }
    fwk_str_memcpy(made + 2 * count, fixed, sizeof(fixed));
    return made;
}
struct fwk_module_config config_power_domain = {
    .elements = FWK_MODULE_DYNAMIC_ELEMENTS(get_table),
};
"""

CORE = "unsigned int acme_core_count(void)\n{\n    return 1;\n}\n"


def _elements(module: str, *names: str) -> str:
    rows = "".join(f'    {{ .name = "{name}" }},\n' for name in names)
    return (
        "#include <fwk_element.h>\n#include <fwk_module.h>\n"
        f"static const struct fwk_element table[] = {{\n{rows}    {{ 0 }},\n}};\n"
        f"const struct fwk_module_config config_{module} = {{\n"
        "    .elements = FWK_MODULE_STATIC_ELEMENTS_PTR(table),\n};\n"
    )


PERMISSIONS = """
#include "acme.h"
#include <mod_resource_perms.h>
#include <fwk_id.h>
#include <fwk_module.h>
#include <fwk_module_idx.h>
#define ROW(agent) ((agent) - 1)
static struct mod_res_agent_protocol_permissions protocols[] = {
    [ROW(AGENT_PSCI)] = { .protocols = MOD_RES_PERMS_SCMI_CLOCK_PROTOCOL_DENIED |
        MOD_RES_PERMS_SCMI_PERF_PROTOCOL_DENIED | MOD_RES_PERMS_SCMI_SENSOR_PROTOCOL_DENIED },
    [ROW(AGENT_VM)] = { MOD_RES_PERMS_SCMI_BASE_PROTOCOL_DENIED },
};
static struct mod_res_agent_msg_permissions messages[] = {
    [ROW(AGENT_VM)] = { .messages = {
        [MOD_RES_PERMS_SCMI_PERF_MESSAGE_IDX] =
            (1 << (MOD_SCMI_PERF_LEVEL_SET - MOD_RES_PERMS_SCMI_PERF_BITMASK_IDX)),
    } },
};
static mod_res_perms_t clocks[][5][(CLK_COUNT >> MOD_RES_PERMS_TYPE_SHIFT) + 1] = {
    [ROW(AGENT_OSPM)] = {
        [MOD_RES_PERMS_SCMI_CLOCK_RATE_SET_IDX][0] = (1 << 0) | (1 << 2),
        [MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX][0] = 1 << 1,
    },
    [ROW(AGENT_VM)] = { [MOD_RES_PERMS_SCMI_CLOCK_RATE_GET_IDX][0] = 0x1,
        [MOD_RES_PERMS_SCMI_CLOCK_DESCRIBE_RATE_IDX][0] = 0x1 },
};
static struct mod_res_domain_device devices_uart[] = {
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_RESET_DOMAIN, RST_UART), MOD_RES_RESET_DOMAIN_DEVICE },
    { FWK_ID_NONE_INIT, MOD_RES_DOMAIN_DEVICE_INVALID },
};
static struct mod_res_device devices[] = {
    { .device_id = 0, .domain_devices = devices_uart },
};
static struct mod_res_agent_permission permissions = {
    .agent_protocol_permissions = protocols,
    .agent_msg_permissions = messages,
    .scmi_clock_perms = &clocks[0][0][0],
};
struct fwk_module_config config_resource_perms = {
    .data = &(struct mod_res_resource_perms_config){
        .agent_permissions = (uintptr_t)&permissions,
        .agent_count = AGENT_COUNT - 1,
        .protocol_count = 9,
        .clock_counters.count = CLK_COUNT,
        .device_count = 1,
        .domain_devices = (uintptr_t)&devices,
    },
};
"""

FILES = {
    "fw/Firmware.cmake": FIRMWARE,
    "fw/CMakeLists.txt": CMAKE,
    "include/acme.h": HEADER,
    "fw/config_scmi.c": SCMI,
    "fw/config_scmi_tables.c": TABLES,
    "fw/config_clock.c": CLOCK,
    "fw/config_power_domain.c": POWER,
    "fw/config_dvfs.c": _elements("dvfs", "CPUS", "spare"),
    "fw/config_sensor.c": _elements("sensor", "TEMP", "VOLT"),
    "fw/config_reset_domain.c": _elements("reset_domain", "uart_rst", "gpu_rst"),
    "fw/config_voltage_domain.c": _elements("voltage_domain", "vdd_io"),
    "fw/config_resource_perms.c": PERMISSIONS,
    "src/acme_core.c": CORE,
}


def write(folder: Path, changes: dict[str, tuple[str, str]] | None = None) -> Path:
    """The product, with a text replaced in files; the directory of its firmware."""
    for name, text in FILES.items():
        if changes and name in changes:
            old, new = changes[name]
            assert old in text
            text = text.replace(old, new)
        path = folder / "acme" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "acme/fw"
