"""What a platform sends later or unasked, as rows: delayed responses and notifications (DEN0056,
chapter 4). The values of a delayed response are those after its status."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from scmigen.scmi.layouts import Message, newest, row
from scmigen.scmi.protocols import Protocol

_DELAYED: Final[Mapping[Protocol, tuple[Message, ...]]] = {
    Protocol.CLOCK: (row(0x5, "CLOCK_RATE_SET_COMPLETE", 0x10000, "", "u32 clock, u64 rate"),),
    Protocol.SENSOR: (
        row(
            0x6,
            "SENSOR_READING_COMPLETE",
            0x10000,
            "",
            "u32 sensor",
            reply_tail="i64 value",
        ),
        row(
            0x6,
            "SENSOR_READING_COMPLETE",
            0x20000,
            "",
            "u32 sensor",
            reply_tail="i64 value, u64 timestamp",
        ),
    ),
    Protocol.RESET: (row(0x4, "RESET_COMPLETE", 0x10000, "", "u32 domain"),),
    Protocol.VOLTAGE: (
        row(0x7, "VOLTAGE_LEVEL_SET_COMPLETE", 0x20000, "", "u32 domain, i32 level"),
    ),
    Protocol.POWERCAP: (row(0x5, "POWERCAP_CAP_SET_COMPLETE", 0x10000, "", "u32 domain, u32 cap"),),
}

_NOTIFICATIONS: Final[Mapping[Protocol, tuple[Message, ...]]] = {
    Protocol.BASE: (
        # error [31]: fatal, [9:0]: how many commands are reported
        row(0x0, "BASE_ERROR_EVENT", 0x10000, "", "u32 agent, u32 error", reply_tail="u64 report"),
    ),
    Protocol.POWER: (
        row(0x0, "POWER_STATE_CHANGED", 0x10000, "", "u32 agent, u32 domain, u32 state"),
        row(
            0x1,
            "POWER_STATE_CHANGE_REQUESTED",
            0x20000,
            "",
            "u32 agent, u32 domain, u32 state",
        ),
    ),
    Protocol.SYSTEM: (
        row(0x0, "SYSTEM_POWER_STATE_NOTIFIER", 0x10000, "", "u32 agent, u32 flags, u32 state"),
        row(
            0x0,
            "SYSTEM_POWER_STATE_NOTIFIER",
            0x20000,
            "",
            "u32 agent, u32 flags, u32 state, u32 timeout",
        ),
    ),
    Protocol.PERFORMANCE: (
        row(
            0x0,
            "PERFORMANCE_LIMITS_CHANGED",
            0x10000,
            "",
            "u32 agent, u32 domain, u32 maximum, u32 minimum",
        ),
        row(0x1, "PERFORMANCE_LEVEL_CHANGED", 0x10000, "", "u32 agent, u32 domain, u32 level"),
    ),
    Protocol.CLOCK: (
        row(0x0, "CLOCK_RATE_CHANGED", 0x20000, "", "u32 agent, u32 clock, u64 rate"),
        row(0x1, "CLOCK_RATE_CHANGE_REQUESTED", 0x20000, "", "u32 agent, u32 clock, u64 rate"),
    ),
    Protocol.SENSOR: (
        row(0x0, "SENSOR_TRIP_POINT_EVENT", 0x10000, "", "u32 agent, u32 sensor, u32 point"),
        row(
            0x1,
            "SENSOR_UPDATE",
            0x20000,
            "",
            "u32 agent, u32 sensor",
            reply_tail="i64 value, u64 timestamp",
        ),
    ),
    Protocol.RESET: (
        row(0x0, "RESET_ISSUED", 0x10000, "", "u32 agent, u32 domain, u32 reset_state"),
    ),
    Protocol.POWERCAP: (
        row(0x0, "POWERCAP_CAP_CHANGED", 0x10000, "", "u32 agent, u32 domain, u32 cap, u32 pai"),
        row(
            0x1,
            "POWERCAP_MEASUREMENTS_CHANGED",
            0x10000,
            "",
            "u32 agent, u32 domain, u32 power",
        ),
    ),
}


def delayed_rows(protocol: Protocol) -> tuple[Message, ...]:
    """The delayed responses of ``protocol`` at all versions."""
    return _DELAYED.get(protocol, ())


def notification_rows(protocol: Protocol) -> tuple[Message, ...]:
    """The notifications of ``protocol`` at all versions."""
    return _NOTIFICATIONS.get(protocol, ())


@cache
def delayed_responses(protocol: Protocol, version: int) -> Mapping[int, Message]:
    """The delayed responses of ``protocol`` at ``version``, by the id of their command."""
    return newest(delayed_rows(protocol), version)


@cache
def notifications(protocol: Protocol, version: int) -> Mapping[int, Message]:
    """The notifications of ``protocol`` at ``version``, by event id."""
    return newest(notification_rows(protocol), version)
