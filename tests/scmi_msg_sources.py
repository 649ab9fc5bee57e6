"""A small platform of OP-TEE or TF-A, written by hand as people write them."""

from pathlib import Path

from scmigen.audit.base import Audit

SERVER = """
#include <drivers/scmi-msg.h>
#include "ids.h"
#define CELL(_id, _clock, _name, _secure) \\
	[_id] = { .clock_id = _clock, .name = _name, .secure = _secure }
struct acme_clock { unsigned long clock_id; const char *name; bool secure; struct clk *clk; };
struct acme_reset { unsigned long id; char name[16]; struct rstctrl *control; };
static struct acme_clock clocks0[] = {
	CELL(SCMI_UART, 5, "uart", false),
	CELL(SCMI_GPU, 7, "gpu", true),
#ifdef CFG_ACME_NPU
	CELL(SCMI_NPU, 9, "npu", false),
#endif
};
static struct acme_clock clocks1[] = { { 3, "pll", false } };
static const struct acme_reset resets0[] = { { .id = 1, .name = "uart_rst" } };
extern const struct resources resources[];
static struct scmi_msg_channel channels[] = { { .shm_size = 128 }, { .shm_size = 128 } };
struct resources {
	struct acme_clock *clocks; size_t clock_count;
	const struct acme_reset *resets; size_t reset_count;
};
const struct resources resources[] = {
	[0] = { clocks0, ARRAY_SIZE(clocks0), resets0, ARRAY_SIZE(resets0) },
	[1] = { .clocks = clocks1, .clock_count = ARRAY_SIZE(clocks1) },
};
struct scmi_msg_channel *plat_scmi_get_channel(unsigned int channel_id)
{
	assert(channel_id < ARRAY_SIZE(channels));
	return &channels[channel_id];
}
size_t plat_scmi_clock_count(unsigned int channel_id)
{
	return resources[channel_id].clock_count;
}
static struct acme_clock *clock_of(unsigned int channel_id, unsigned int id)
{
	if (id >= resources[channel_id].clock_count)
		return NULL;
	return &resources[channel_id].clocks[id];
}
const char *plat_scmi_clock_get_name(unsigned int channel_id, unsigned int id)
{
	struct acme_clock *clock = clock_of(channel_id, id);

	if (clock == NULL || clock->name == NULL)
		return NULL;
	return clock->name;
}
unsigned long plat_scmi_clock_get_rate(unsigned int channel_id, unsigned int id)
{
	return clk_get_rate(clock_of(channel_id, id)->clk);
}
int32_t plat_scmi_clock_set_state(unsigned int channel_id __unused, unsigned int id, bool on)
{
	struct acme_clock *clock = clock_of(channel_id, id);

	if (clock->secure)
		return SCMI_DENIED;
	if (on)
		return acme_clock_enable(clock->clk) ? SCMI_GENERIC_ERROR : SCMI_SUCCESS;
	return SCMI_SUCCESS;
}
#pragma weak plat_scmi_rd_count
size_t plat_scmi_rd_count(unsigned int channel_id)
{
	return 0;
}
"""

RESETS = """
#include <drivers/scmi-msg.h>
size_t plat_scmi_rd_count(unsigned int channel_id)
{
	return resources[channel_id].reset_count;
}
const char *plat_scmi_rd_get_name(unsigned int channel_id, unsigned int id)
{
	return resources[channel_id].resets[id].name;
}
int32_t plat_scmi_rd_set_state(unsigned int channel_id, unsigned int id, bool on)
{
	if (resources[channel_id].resets[id].control == NULL)
		return SCMI_DENIED;
	return acme_reset(resources[channel_id].resets[id].control, on);
}
"""

IDS = "enum { SCMI_UART, SCMI_GPU = 2, SCMI_NPU };\n"


def write(folder: Path, server: str = SERVER) -> Path:
    """A platform; its directory."""
    platform = folder / "plat-acme"
    platform.mkdir()
    (platform / "scmi_server.c").write_text(server)
    declared = server[server.index("struct acme_clock") : server.index("static struct acme_clock")]
    later = server[server.index("struct resources {") : server.index("const struct resources res")]
    resets = f"{declared}{later}extern const struct resources resources[];\n{RESETS}"
    (platform / "scmi_resets.c").write_text(resets)
    (platform / "ids.h").write_text(IDS)
    (platform / "compile_flags.txt").write_text("-DCFG_ACME\n")
    return platform


def channels(audit: Audit) -> dict[str, dict[str, dict[int, tuple[str, str, str]]]]:
    """Channel → kind → id → the name, the operations, and those that are not known."""
    names = {(k, r.id): r.name for k, found in audit.served.resources.items() for r in found}
    return {
        agent.name: {
            str(kind): {
                g.id: (names[kind, g.resource], "+".join(g.operations), "+".join(g.unknown))
                for g in grants
            }
            for kind, grants in agent.grants.items()
        }
        for agent in audit.served.agents
    }
