"""Damage to the emitted text does not pass unseen.

Each damage is a mistake that was really made in tables written by hand. A compiler says nothing
about most of them; the static assertions beside the tables or the walker must.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from scp.scp_boards import two_agents
from scp.scp_build import SANITIZE, build, modules, walk, write
from scp.scp_expected import Expected

from scmigen.emit.scp import emit


def first(pattern: str, new: str) -> Callable[[str], str]:
    """Replaces the first place that matches."""

    def damage(text: str) -> str:
        changed, count = re.subn(pattern, new, text, count=1, flags=re.S)
        assert count == 1
        return changed

    return damage


def swap(one: str, other: str) -> Callable[[str], str]:
    """Exchanges two words everywhere."""
    return lambda text: re.sub(
        rf"\b({one}|{other})\b", lambda m: other if m[1] == one else one, text
    )


TERMINATION = r"    \[\w+_COUNT\] = \{ 0 \}, /\* Termination description \*/\n"
#: File → damages that a static assertion (or the compiler) must refuse.
REFUSED = {
    "no termination of services": ("config_scmi.c", first(TERMINATION, "")),
    "no termination of channels": ("config_transport.c", first(TERMINATION, "")),
    "no termination of clocks": ("config_clock.c", first(TERMINATION, "")),
    "no termination of mock clocks": ("config_mock_clock.c", first(TERMINATION, "")),
    "no termination of domains": ("config_power_domain.c", first(TERMINATION, "")),
    "no termination of mock resets": ("config_mock_reset.c", first(TERMINATION, "")),
    "no termination of doorbells": ("config_mock_doorbell.c", first(TERMINATION, "")),
    "words rounded up": (
        "config_resource_perms.c",
        first(r"\(\(count\) >> MOD_RES_PERMS_TYPE_SHIFT\) \+ 1", "(((count) + 14) / 16)"),
    ),
    "last agent has no row": (
        "config_scmi_clock.c",
        first(r"    \[SCMI_AGENT_IDX_OPTEE\] = \{.*?\n    \},\n", ""),
    ),
    "an agent too few": (
        "config_scmi.c",
        first(r"    \[SCMI_AGENT_IDX_OPTEE\] = \{.*?\n    \},\n", ""),
    ),
    "no row of protocols": (
        "config_resource_perms.c",
        first(
            r"    \[AGENT_ROW\(SCMI_AGENT_IDX_OPTEE\)\] = \{\n        .protocols.*?\n    \},\n", ""
        ),
    ),
    "systop first": (
        "scmi_idx.h",
        first(r"POWER_DOMAIN_IDX_SYSTOP = 5", "POWER_DOMAIN_IDX_SYSTOP = 1"),
    ),
    "an index dropped": ("scmi_idx.h", first(r"    CLOCK_IDX_NOBODYS = 21,\n", "")),
    "a row too many": (
        "config_scmi_clock.c",
        first(r"\[20\] = \{", "[21] = {"),
    ),
    "permissions not in the build": ("Firmware.cmake", first(r'"resource-perms"', '"debug"')),
    "resets not in the build": ("Firmware.cmake", first(r'"scmi-reset-domain"', '"debug"')),
}
#: File → damages that compile, and that the walker must show.
SEEN = {
    "two rows of an agent swapped": (
        "config_scmi_clock.c",
        swap("CLOCK_IDX_CK_0", "CLOCK_IDX_CK_1"),
    ),
    "another agent's vote": (
        "config_scmi_clock.c",
        first("starts_enabled = false", "starts_enabled = true"),
    ),
    "wrong driver": (
        "config_clock.c",
        first(
            r"MOCK_CLOCK,\n                CLOCK_IDX_CK_1\b",
            "MOCK_CLOCK,\n                CLOCK_IDX_CK_2",
        ),
    ),
    "a bit cleared": ("config_resource_perms.c", first("0xFFFE", "0xFFFC")),
    "a bit set": ("config_resource_perms.c", first("0xF9F8", "0xF9F9")),
    "a bit of another word": (
        "config_resource_perms.c",
        first("0xFFFE, 0xFFFF, 0xFFFE", "0xFFFE, 0xFFFE, 0xFFFF"),
    ),
    "two messages swapped": (
        "config_resource_perms.c",
        swap("MOD_RES_PERMS_SCMI_CLOCK_RATE_SET_IDX", "MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX"),
    ),
    "a protocol opened": (
        "config_resource_perms.c",
        first(r" *MOD_RES_PERMS_SCMI_RESET_DOMAIN_PROTOCOL_DENIED \|\n", ""),
    ),
    "count forgotten": ("config_resource_perms.c", first(r" *\.count = CLOCK_IDX_COUNT,\n", "")),
    "table forgotten": ("config_resource_perms.c", first(r" *\.scmi_clock_perms = [^\n]*\n", "")),
    "protocol count": ("config_resource_perms.c", first("PROTOCOL_COUNT 9", "PROTOCOL_COUNT 4")),
    "platform counted as agent": (
        "config_resource_perms.c",
        first(r"\.agent_count = AGENT_ROW_COUNT", ".agent_count = SCMI_AGENT_IDX_COUNT"),
    ),
    "rates descend": (
        "config_mock_clock.c",
        first(r"(    \{ \.rate = 24000000U.*?\n)(    \{ \.rate = 48000000U.*?\n)", r"\2\1"),
    ),
    "boot rate of no clock": (
        "config_mock_clock.c",
        first("default_rate = 100000000U", "default_rate = 1U"),
    ),
    "a hole in the elements": (
        "config_clock.c",
        first(r"    \[CLOCK_IDX_RESERVED_3\] = \{.*?\n    \},\n", ""),
    ),
    "parent forgotten": ("config_power_domain.c", first(r" *\.parent_idx = [^\n]*\n", "")),
    "mailbox not initialised": (
        "config_transport.c",
        first(r"\.policies = MOD_TRANSPORT_POLICY_INIT_MAILBOX,", ".policies = 0,"),
    ),
    "notification id forgotten": (
        "config_scmi.c",
        first(r" *\.transport_notification_init_id = [^\n]*\n", ""),
    ),
    "agent of a service": (
        "config_scmi.c",
        first(r"\(unsigned int\)SCMI_AGENT_IDX_LINUX", "(unsigned int)SCMI_AGENT_IDX_PLATFORM"),
    ),
    "two registers in one": (
        "config_mock_ppu.c",
        first(r"registers\[POWER_DOMAIN_IDX_NOC\]", "registers[POWER_DOMAIN_IDX_GPU]"),
    ),
    "votes not counted": (
        "scmi_power_domain_policy.c",
        first(r"if \(is_wanted", "if (!is_wanted"),
    ),
    "a vote kept": (
        "scmi_power_domain_policy.c",
        first(r"\[agent_id\] = false", "[agent_id] = true"),
    ),
}


def damaged(path: str, damage: Callable[[str], str]) -> dict[str, str]:
    files = {file.path: file.content.decode() for file in emit(two_agents())[0]}
    changed = damage(files[path])
    assert changed != files[path]
    return files | {path: changed}


@pytest.mark.parametrize("what", REFUSED)
def test_damage_does_not_compile(what: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    folder = write(tmp_path, damaged(*REFUSED[what]))
    done = build(tool("gcc"), folder, "-fsyntax-only")
    assert "error:" in done.stderr
    assert re.search(r"static assertion failed|#error|out of bounds|exceeds array", done.stderr)


@pytest.mark.parametrize("what", SEEN)
def test_damage_is_seen(what: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    files = damaged(*SEEN[what])
    folder = write(tmp_path, files)
    done = build(tool("gcc"), folder, *SANITIZE)
    assert not done.stderr
    wanted = Expected(two_agents(), modules(files["Firmware.cmake"])).lines()
    assert sorted(walk(folder)) != sorted(wanted)
