"""What a function plat_scmi_… answers, in ways that people write: what is not told is no yes."""

from pathlib import Path

import pytest
from scmi_msg_sources import SERVER, channels, write

from scmigen.audit.registry import find
from scmigen.scmi.protocols import Kind

CHECK = "\tif (clock->secure)\n\t\treturn SCMI_DENIED;\n"
END = "\treturn SCMI_SUCCESS;\n}\n#pragma weak"


def state(folder: Path, *changes: tuple[str, str]) -> tuple[dict[str, str], list[str]]:
    """Clock of channel 0 → its operations, those in brackets unknown; the messages."""
    server = SERVER
    for old, new in changes:
        assert old in server
        server = server.replace(old, new)
    audit = find("scmi-msg").read(write(folder, server))
    rows = channels(audit)["channel0"]["clock"].values()
    found = {name: f"{known} ({unknown})" for name, known, unknown in rows}
    return found, [item.message for item in audit.diagnostics]


ALLOWED, DENIED, UNKNOWN = "state+read ()", "read ()", "read (state)"


@pytest.mark.parametrize(
    ("check", "uart", "gpu"),
    [
        (CHECK, ALLOWED, DENIED),
        # A driver is asked first, and what it answers is passed on.
        ("\tint32_t ret = acme_check(id);\n\n\tif (ret)\n\t\treturn ret;\n", UNKNOWN, UNKNOWN),
        ("\tif (!acme_may(id))\n\t\treturn SCMI_DENIED;\n", UNKNOWN, UNKNOWN),
        ("\tif (acme_ready())\n\t\treturn SCMI_BUSY;\n", ALLOWED, ALLOWED),
        # One of two states is denied.
        ("\tif (clock->secure && on)\n\t\treturn SCMI_DENIED;\n", ALLOWED, UNKNOWN),
        ("\tif (clock->secure && !on)\n\t\treturn SCMI_DENIED;\n", ALLOWED, UNKNOWN),
        # The end of the function.
        ("\treturn acme_enable(clock->clk);\n", ALLOWED, ALLOWED),
        ("\treturn acme_may(id) ? SCMI_SUCCESS : SCMI_DENIED;\n", UNKNOWN, UNKNOWN),
        ("\treturn acme_enable(id) ? SCMI_SUCCESS : SCMI_HARDWARE_ERROR;\n", ALLOWED, ALLOWED),
        ("\treturn -13;\n", DENIED, DENIED),
        ("\treturn SCMI_GENERIC_ERROR;\n", DENIED, DENIED),
    ],
)
def test_a_yes_is_success_of_all_messages(tmp_path: Path, check: str, uart: str, gpu: str) -> None:
    found, messages = state(tmp_path, (CHECK, check))
    assert messages == []
    assert found == {"uart": uart, "gpu": gpu}


def test_a_function_that_is_not_read_is_no_yes_and_is_told(tmp_path: Path) -> None:
    jump = (CHECK, CHECK.replace("return SCMI_DENIED", "goto denied"))
    label = (END, END.replace("}", "denied:\n\treturn SCMI_DENIED;\n}"))
    found, messages = state(tmp_path, jump, label)
    assert found == {"uart": UNKNOWN, "gpu": UNKNOWN}
    assert messages == [
        "what plat_scmi_clock_set_state() answers: plat_scmi_clock_set_state() is not read: a jump "
        "is not read"
    ]


SWITCH = """	switch (channel_id) {
	case 0:
		return &channels[0];
	case 3:
		return &channels[1];
	default:
		return NULL;
	}
"""


def test_channels_keep_their_numbers_across_a_hole(tmp_path: Path) -> None:
    server = SERVER
    for old, new in (
        ("\tassert(channel_id < ARRAY_SIZE(channels));\n\treturn &channels[channel_id];\n", SWITCH),
        ("\t[1] = { .clocks = clocks1", "\t[3] = { .clocks = clocks1"),
    ):
        assert old in server
        server = server.replace(old, new)
    audit = find("scmi-msg").read(write(tmp_path, server))
    assert {agent.id: agent.name for agent in audit.served.agents} == {1: "channel0", 4: "channel3"}
    assert channels(audit)["channel3"] == {"clock": {0: ("pll", "state+read", "")}}


def test_agents_have_the_names_that_channels_give_them(tmp_path: Path) -> None:
    named = '{ .agent_name = "linux" }, { .agent_name = "vm" }'
    server = SERVER.replace("{ .shm_size = 128 }, { .shm_size = 128 }", named)
    audit = find("scmi-msg").read(write(tmp_path, server))
    assert [agent.name for agent in audit.served.agents] == ["linux", "vm"]


OTHER = "#include <drivers/scmi-msg.h>\nsize_t {name}(unsigned int channel)\n{{\n\treturn 1;\n}}\n"


def test_a_function_that_two_sources_have_is_told_and_not_chosen(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "scmi_a.c").write_text(OTHER.format(name="plat_scmi_clock_count"))
    audit = find("scmi-msg").read(folder)
    assert Kind.CLOCK not in audit.served.kinds
    (told, *_) = audit.diagnostics
    assert told.message == (
        "how many clock resources channel 0 has: 2 sources have plat_scmi_clock_count(): scmi_a.c, "
        "scmi_server.c; name the one that is built"
    )
    # A source that is named counts.
    named = find("scmi-msg").read(folder / "scmi_server.c")
    assert len(channels(named)["channel0"]["clock"]) == 2


def test_the_same_holds_of_functions_behind(tmp_path: Path) -> None:
    server = SERVER.replace("return resources[channel_id].clock_count;", "return acme_clocks();")
    folder = write(tmp_path, server)
    for name in ("scmi_a.c", "scmi_b.c"):
        (folder / name).write_text(OTHER.format(name="acme_clocks"))
    messages = [item.message for item in find("scmi-msg").read(folder).diagnostics]
    assert "channel 0 has: 2 sources have acme_clocks(): scmi_a.c, scmi_b.c;" in messages[0]


def test_a_weak_function_of_a_driver_is_one_of_run_time(tmp_path: Path) -> None:
    weak = "\treturn acme_enable(clock->clk);\n"
    body = (
        "int32_t __weak acme_enable(struct clk *clk)\n"
        "{\n\treturn SCMI_NOT_SUPPORTED;\n}\nint32_t plat_scmi_clock_set_state"
    )
    found, messages = state(
        tmp_path, (CHECK, CHECK + weak), ("int32_t plat_scmi_clock_set_state", body)
    )
    assert (found, messages) == ({"uart": ALLOWED, "gpu": DENIED}, [])


def test_conditions_are_told_where_nothing_says_what_the_build_defines(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "compile_flags.txt").unlink()
    (told,) = find("scmi-msg").read(folder).diagnostics
    assert told.message == (
        "what is there on condition of CFG_ACME_NPU: nothing defines that, and no build says "
        "whether it would"
    )
    assert told.position is not None
    assert told.position.line == SERVER.split("\n").index("#ifdef CFG_ACME_NPU") + 1


def test_no_answer_depends_on_those_before_it(tmp_path: Path) -> None:
    """What a driver may change of a clock when it is asked to switch it is not asked of others."""
    folder = write(tmp_path)
    server = folder / "scmi_server.c"
    text = server.read_text()
    assert "acme_clock_enable(clock->clk)" in text
    before = channels(find("scmi-msg").read(folder))
    server.write_text(text.replace("acme_clock_enable(clock->clk)", "acme_clock_enable(clock)"))
    after = channels(find("scmi-msg").read(folder))
    assert after == before
    assert after["channel0"]["clock"][2][0] == "gpu"
