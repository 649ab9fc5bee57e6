"""Platforms of OP-TEE and TF-A, as sources: what each channel may do, worked out by hand."""

from pathlib import Path

import pytest

from scmigen.audit.base import Audit
from scmigen.audit.registry import find, recognised
from scmigen.diagnostics import InputError
from scmigen.runtime.schema import Numbering
from scmigen.scmi.protocols import Kind

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


def test_a_platform_is_recognised_by_its_sources(tmp_path: Path) -> None:
    for path in (write(tmp_path), tmp_path / "plat-acme/scmi_server.c"):
        reader = recognised(path)
        assert reader is not None
        assert reader.name == "scmi-msg"


def test_each_channel_may_do_what_the_functions_answer(tmp_path: Path) -> None:
    audit = find("scmi-msg").read(write(tmp_path))
    assert [item.message for item in audit.diagnostics] == []
    assert channels(audit) == {
        "channel0": {
            "clock": {0: ("uart", "state+read", ""), 2: ("gpu", "read", "")},
            # What a pointer is set to at run time decides.
            "reset": {0: ("uart_rst", "", "reset")},
        },
        "channel1": {"clock": {0: ("pll", "state+read", "")}},
    }
    assert audit.served.numbering is Numbering.PER_AGENT


def test_flags_beside_the_sources_are_those_of_the_compiler(tmp_path: Path) -> None:
    platform = write(tmp_path)
    (platform / "compile_flags.txt").write_text("-Wall\n-DCFG_ACME_NPU\n")
    found = channels(find("scmi-msg").read(platform))
    assert found["channel0"]["clock"][3] == ("npu", "state+read", "")


def test_the_configuration_of_a_build_of_op_tee_is_that_of_the_compiler(tmp_path: Path) -> None:
    write(tmp_path)
    root = tmp_path / "optee"
    arch = root / "core/arch/arm"
    arch.mkdir(parents=True)
    (tmp_path / "plat-acme").rename(arch / "plat-acme")
    (root / "core/include/drivers").mkdir(parents=True)
    (root / "core/include/drivers/scmi-msg.h").write_text("#define CFG_SEEN 1\n")
    generated = root / "out/arm-plat-acme/include/generated"
    generated.mkdir(parents=True)
    (generated / "conf.h").write_text("#define CFG_ACME_NPU 1 /* '1' */\n")
    found = channels(find("scmi-msg").read(root / "out/arm-plat-acme"))
    assert found["channel0"]["clock"][3] == ("npu", "state+read", "")


def test_a_count_that_cannot_be_told_takes_its_kind_out(tmp_path: Path) -> None:
    server = SERVER.replace("return resources[channel_id].clock_count;", "return acme_count();")
    audit = find("scmi-msg").read(write(tmp_path, server))
    assert Kind.CLOCK not in audit.served.kinds
    (first, *_) = audit.diagnostics
    assert first.message == (
        "how many clock resources channel 0 has: what acme_count() gives is known only at run time"
    )
    assert first.position is not None
    assert first.position.line == server.split("\n").index("\treturn acme_count();") + 1


def test_a_directory_without_such_functions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scmi.c").write_text("#include <drivers/scmi-msg.h>\nint x;\n")
    with pytest.raises(InputError) as raised:
        find("scmi-msg").read(tmp_path)
    assert [item.message for item in raised.value.diagnostics] == [
        "no source has functions plat_scmi_…_count"
    ]
