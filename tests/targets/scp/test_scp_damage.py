"""Damage to the emitted text does not pass unseen.

Each damage is a mistake that was really made in tables written by hand. A compiler says nothing
about most of them; the static assertions beside the tables or the walker must.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from targets.scp.scp_boards import all_kinds, emit, fast, two_agents
from targets.scp.scp_build import (
    WALKER,
    compile_command,
    run,
    sources,
    told,
    write,
)

from scmigen.model.platform import Platform


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
    "table forgotten": ("config_resource_perms.c", first(r" *\.scmi_clock_perms = [^\n]*\n", "")),
    "permissions not in the build": ("Firmware.cmake", first(r'"resource-perms"', '"debug"')),
    "resets not in the build": ("Firmware.cmake", first(r'"scmi-reset-domain"', '"debug"')),
}
#: File → damages that the walker must show, as they compile.
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
            r"MOCK_CLOCK,\s+CLOCK_IDX_CK_1\b",
            "MOCK_CLOCK, CLOCK_IDX_CK_2",
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
    "system power for all": (
        "config_resource_perms.c",
        first(r"MOD_RES_PERMS_SCMI_SYS_POWER_PROTOCOL_DENIED \|\s+", ""),
    ),
    "count forgotten": ("config_resource_perms.c", first(r" *\.count = CLOCK_IDX_COUNT,\n", "")),
    "protocol count": (
        "config_resource_perms.c",
        first(
            r"POWER_CAPPING - MOD_SCMI_PROTOCOL_ID_BASE \+ 1",
            "POWER_CAPPING - MOD_SCMI_PROTOCOL_ID_BASE - 4",
        ),
    ),
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
        first(r"REGISTER\(POWER_DOMAIN_IDX_NOC\)", "REGISTER(POWER_DOMAIN_IDX_GPU)"),
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


#: The same for tables that only the board of all kinds has.
REFUSED_OF_ALL = {
    "no termination of voltages": ("config_voltage_domain.c", first(TERMINATION, "")),
    "no termination of mock voltages": ("config_mock_voltage_domain.c", first(TERMINATION, "")),
    "no termination of supplies": ("config_psu.c", first(TERMINATION, "")),
    "no termination of mock supplies": ("config_mock_psu.c", first(TERMINATION, "")),
    "no termination of domains": ("config_dvfs.c", first(TERMINATION, "")),
    "no termination of points": (
        "config_dvfs.c",
        first(r"    \{ 0 \}, /\* Termination description \*/\n\};", "};"),
    ),
    "no termination of sensors": ("config_sensor.c", first(TERMINATION, "")),
    "no termination of registers": ("config_reg_sensor.c", first(TERMINATION, "")),
    "a performance domain too few": (
        "config_scmi_perf.c",
        first(r"    \[PERF_IDX_LITTLE\] = \{.*?\n    \},\n", ""),
    ),
    "a voltage row too many": ("config_scmi_voltage_domain.c", first(r"\[4\] = \{", "[5] = {")),
    "a crash allowed": (
        "config_resource_perms.c",
        first(r" *\.agent_msg_permissions = [^\n]*\n", ""),
    ),
    "the last agent has no supplies": (
        "config_scmi_voltage_domain.c",
        first(r"    \[SCMI_AGENT_IDX_VM\] = \{.*?\n    \},\n", ""),
    ),
    "a supply dropped": ("scmi_idx.h", first(r"    PSU_IDX_GPU = 1,\n", "")),
    "words of performance": (
        "config_resource_perms.c",
        first(r"PERF_WORD_COUNT WORD_COUNT\(PERF_IDX_COUNT\)", "PERF_WORD_COUNT 1"),
    ),
    # The module would read fch_config, which is NULL.
    "fast channels in the build alone": (
        "Firmware.cmake",
        lambda text: f"{text}set(SCP_ENABLE_SCMI_PERF_FAST_CHANNELS TRUE)\n",
    ),
    "commands of voltage": (
        "config_resource_perms.c",
        first(r"MOD_SCMI_VOLTD_LEVEL_GET - ", "MOD_SCMI_VOLTD_LEVEL_GET - 1 - "),
    ),
}
SEEN_OF_ALL = {
    "frequencies in hertz": (
        "config_dvfs.c",
        first(r"\.frequency = 500000U", ".frequency = 500000000U"),
    ),
    "voltages in microvolts": ("config_dvfs.c", first(r"\.voltage = 800U", ".voltage = 800000U")),
    "a point without frequency": ("config_dvfs.c", first(r" *\.frequency = 1000000U,\n", "")),
    "points of one voltage": ("config_dvfs.c", first(r"\.voltage = 900U", ".voltage = 800U")),
    "levels descend": ("config_dvfs.c", first(r"\.level = 500000U", ".level = 1000001U")),
    "boot beyond the points": ("config_dvfs.c", first(r"sustained_idx = 2,", "sustained_idx = 3,")),
    "boot at another point": ("config_dvfs.c", first(r"sustained_idx = 2,", "sustained_idx = 1,")),
    "supplies swapped": ("config_dvfs.c", swap("PSU_IDX_BIG", "PSU_IDX_GPU")),
    "clocks swapped": ("config_dvfs.c", swap("CLOCK_IDX_PERF_BIG", "CLOCK_IDX_PERF_GPU")),
    "all supplies on one driver": (
        "config_psu.c",
        first(r"MOCK_PSU,\s+PSU_IDX_GPU", "MOCK_PSU, PSU_IDX_BIG"),
    ),
    "a hole in the domains": (
        "config_dvfs.c",
        first(r"    \[PERF_IDX_RESERVED_1\] = \{.*?\n    \},\n", ""),
    ),
    "a level in millivolts": (
        "config_mock_voltage_domain.c",
        first(r"\n    900000,", "\n    900,"),
    ),
    "a boot level of no table": (
        "config_mock_voltage_domain.c",
        first(r"default_voltage = 900000", "default_voltage = 900001"),
    ),
    "an alarm of nothing": (
        "config_mock_voltage_domain.c",
        first(r" *\.async_alarm_id = [^\n]*\n", ""),
    ),
    "on at boot": ("config_mock_voltage_domain.c", first("MODE_ID_OFF", "MODE_ID_ON")),
    "supplies of an agent swapped": (
        "config_scmi_voltage_domain.c",
        swap("VOLTAGE_DOMAIN_IDX_VDD", "VOLTAGE_DOMAIN_IDX_VIO"),
    ),
    "two sensors in one register": (
        "config_reg_sensor.c",
        first(r"REGISTER\(SENSOR_IDX_TEMP2\)", "REGISTER(SENSOR_IDX_TEMP1)"),
    ),
    "whole degrees": ("config_reg_sensor.c", first("unit_multiplier = -3", "unit_multiplier = 0")),
    "a sensor where there is none": ("config_reg_sensor.c", first("&nothing", "&temperature")),
    "sensors permitted by performance": (
        "config_resource_perms.c",
        swap("scmi_perf_perms", "scmi_sensor_perms"),
    ),
    "two counters swapped": (
        "config_resource_perms.c",
        swap("perf_counters", "sensor_counters"),
    ),
    "limits and levels swapped": (
        "config_resource_perms.c",
        swap("MOD_RES_PERMS_SCMI_PERF_LIMITS_SET_IDX", "MOD_RES_PERMS_SCMI_PERF_LEVEL_SET_IDX"),
    ),
    "limits not combined": (
        "scmi_perf_policy.c",
        first(r"limit->max < \*range_max", "limit->max > *range_max"),
    ),
    "limits of nobody": (
        "scmi_perf_policy.c",
        first(r"limit->asked = true", "limit->asked = false"),
    ),
    "the minimum wins": (
        "scmi_perf_policy.c",
        first(r"\*range_min = \*range_max", "*range_max = *range_min"),
    ),
}


#: The same for what only the board with fast channels, trip points and system power has.
REFUSED_OF_FAST = {
    "no termination of fast channels": ("config_fch_polled.c", first(TERMINATION, "")),
    "no termination of channels": ("config_transport.c", first(TERMINATION, "")),
    "no termination of the system": (
        "config_system_power.c",
        first(r"    \[1\] = \{ 0 \}, /\* Termination description \*/\n", ""),
    ),
    "a fast channel dropped": (
        "scmi_idx.h",
        first(r"    FAST_CHANNEL_IDX_DOM1_LIMIT_SET = 5,\n", ""),
    ),
    "an alarm dropped": ("scmi_idx.h", first(r"    ALARM_IDX_FAST_CHANNELS = 1,\n", "")),
    "a domain without its last channel": (
        "config_scmi_perf.c",
        first(r"    \[MOD_SCMI_PERF_FAST_CHANNEL_LIMIT_GET\] =\n[^\n]*\n", ""),
    ),
    "memory too small": ("config_fch_polled.c", first("MEMORY_SIZE    8192U", "MEMORY_SIZE 4096U")),
    "polls too often": ("scmi_idx.h", first("RATE_LIMIT 4000", "RATE_LIMIT 400")),
    "fast channels not in the build": (
        "Firmware.cmake",
        first(r"set\(SCP_ENABLE_SCMI_PERF_FAST_CHANNELS TRUE\)", ""),
    ),
    "fast transport not in the build": (
        "Firmware.cmake",
        first(r"set\(BUILD_HAS_MOD_TRANSPORT_FC TRUE\)", ""),
    ),
    "sensor events not in the build": (
        "Firmware.cmake",
        first(r"set\(SCP_ENABLE_SCMI_SENSOR_EVENTS_INIT TRUE\)", ""),
    ),
    "a state of the system forgotten": (
        "config_system_power.c",
        first(r"    \[MOD_SYSTEM_POWER_POWER_STATE_SLEEP1\][^\n]*\n", ""),
    ),
    "more trip points than fit": (
        "config_sensor.c",
        first("TRIP_POINT_COUNT_MAX 254", "TRIP_POINT_COUNT_MAX 2"),
    ),
}
SEEN_OF_FAST = {
    "channels of two domains swapped": (
        "config_scmi_perf.c",
        swap("FAST_CHANNEL_IDX_DOM0_LEVEL_SET", "FAST_CHANNEL_IDX_DOM1_LEVEL_SET"),
    ),
    "limits where levels are": ("config_fch_polled.c", swap("LEVEL_GET", "LIMIT_GET")),
    "two channels in one word": (
        "config_fch_polled.c",
        first(r"LIMIT\((\w+), LIMIT_SET\)", r"LIMIT(\1, LEVEL_SET)"),
    ),
    "half of the limits": (
        "config_fch_polled.c",
        first(r"LIMIT\((\w+), LIMIT_SET\)", r"LEVEL(\1, LIMIT_SET)"),
    ),
    "memory of somebody else": (
        "config_fch_polled.c",
        first(r"UINT64_C\(0x80000000\)", "UINT64_C(0x80001000)"),
    ),
    "no whole words": ("config_fch_polled.c", lambda text: text.replace("0x1000", "0x1001")),
    "a page of another agent": (
        "config_fch_polled.c",
        lambda text: text.replace("(0x1000,", "(0x30,"),
    ),
    "channels that nobody may have": (
        "config_scmi_perf.c",
        first("supports_fast_channels = false", "supports_fast_channels = true"),
    ),
    "the alarm of another": (
        "config_fch_polled.c",
        first("ALARM_IDX_FAST_CHANNELS", "ALARM_IDX_SYSTEM_POWER"),
    ),
    "no alarm": ("config_scmi_system_power.c", first(r" *\.alarm_id = .*?\),\n", "")),
    "the view of everybody": ("config_scmi_system_power.c", first("VIEW_OSPM", "VIEW_FULL")),
    "another domain wakes": (
        "config_scmi_system_power.c",
        first(r"POWER_DOMAIN_IDX_SYSTOP\),", "POWER_DOMAIN_IDX_GPU),"),
    ),
    "a system nobody controls": (
        "config_power_domain.c",
        first(
            r"FWK_ID_MODULE_INIT\(FWK_MODULE_IDX_SYSTEM_POWER\)",
            "FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_MOCK_PPU, POWER_DOMAIN_IDX_SYSTOP)",
        ),
    ),
    "states swapped": ("config_system_power.c", first(r"\(uint8_t\)MOD_PD_STATE_ON", "0U")),
    "a system that is off": (
        "config_system_power.c",
        first("initial_system_power_state = MOD_PD_STATE_ON", "initial_system_power_state = 0"),
    ),
    "an interrupt of nothing": ("config_system_power.c", first("FWK_INTERRUPT_NONE", "0U")),
    "a protocol too many": (
        "config_scmi.c",
        first(r"protocol_count_max = \d+", "protocol_count_max = 9"),
    ),
    "a trip point too few": ("config_sensor.c", first(r"\.count = 3", ".count = 2")),
    "a sensor that is read through null": ("config_sensor.c", first(r"\.count = 1", ".count = 0")),
    "nobody is told of trip points": (
        "config_sensor.c",
        first(r"FWK_ID_MODULE_INIT\(FWK_MODULE_IDX_SCMI_SENSOR\)", "FWK_ID_NONE_INIT"),
    ),
}


@cache
def emitted(board: Callable[[], Platform]) -> Mapping[str, str]:
    return {file.path: file.content.decode() for file in emit(board())[0]}


def damaged(
    path: str, damage: Callable[[str], str], board: Callable[[], Platform] = two_agents
) -> dict[str, str]:
    files = emitted(board)
    changed = damage(files[path])
    assert changed != files[path]
    return {**files, path: changed}


def refuses(compiler: str, folder: Path, changed: str) -> bool:
    """Whether a file that is changed, or that a changed header or option may reach, is refused."""
    reached = [folder / changed] if changed.endswith(".c") else [*sources(folder), WALKER]
    why = (
        "static assertion failed|#error|out of bounds|exceeds array|undeclared|defined but not used"
    )
    for source in reached:
        said = run([*compile_command(compiler, folder, source), "-S", "-o", "/dev/null"]).stderr
        if "error:" in said and re.search(why, said):
            return True
    return False


@pytest.mark.parametrize("what", REFUSED)
def test_damage_does_not_compile(what: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    folder = write(tmp_path, damaged(*REFUSED[what]))
    assert refuses(tool("gcc"), folder, REFUSED[what][0])


@pytest.mark.parametrize("what", REFUSED_OF_ALL)
def test_damage_to_other_kinds_does_not_compile(
    what: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    folder = write(tmp_path, damaged(*REFUSED_OF_ALL[what], all_kinds))
    assert refuses(tool("gcc"), folder, REFUSED_OF_ALL[what][0])


@pytest.mark.parametrize("what", SEEN)
def test_damage_is_seen(what: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    folder = write(tmp_path, damaged(*SEEN[what]))
    assert told(tool("gcc"), folder, two_agents())


@pytest.mark.parametrize("what", SEEN_OF_ALL)
def test_damage_to_other_kinds_is_seen(
    what: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    folder = write(tmp_path, damaged(*SEEN_OF_ALL[what], all_kinds))
    assert told(tool("gcc"), folder, all_kinds())


@pytest.mark.parametrize("what", REFUSED_OF_FAST)
def test_damage_to_channels_and_system_does_not_compile(
    what: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    folder = write(tmp_path, damaged(*REFUSED_OF_FAST[what], fast))
    assert refuses(tool("gcc"), folder, REFUSED_OF_FAST[what][0])


@pytest.mark.parametrize("what", SEEN_OF_FAST)
def test_damage_to_channels_and_system_is_seen(
    what: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    folder = write(tmp_path, damaged(*SEEN_OF_FAST[what], fast))
    assert told(tool("gcc"), folder, fast())
