"""What a function plat_scmi_… answers, in ways that people write: what is not told is no yes."""

from pathlib import Path

import pytest
from scmi_msg_sources import SERVER, channels, write

from scmigen.audit.registry import find

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
