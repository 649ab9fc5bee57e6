"""Reset, performance, sensor, voltage and system power."""

import pytest
from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    PERFORMANCE,
    PROTOCOL_ERROR,
    RESET,
    SENSOR,
    SUCCESS,
    SYSTEM,
    VOLTAGE,
    notification,
    words,
)

# Reset


def test_reset_attributes(platform, platform_2_0):
    notify, long_name = 1 << 30, 1 << 29
    assert platform.linux.ask(RESET, 3, 0) == (SUCCESS, words(notify, 10, "uart-reset"))
    expected = words(notify | long_name, 0xFFFF_FFFF, "display-port-ph")
    assert platform.linux.ask(RESET, 3, 2) == (SUCCESS, expected)
    expected = words(notify, 0xFFFF_FFFF, "display-port-ph")
    assert platform_2_0.linux.ask(RESET, 3, 2) == (SUCCESS, expected)
    name = b"display-port-phy-reset".ljust(64, b"\0")
    assert platform.linux.ask(RESET, 6, 2) == (SUCCESS, words(0) + name)


@pytest.mark.parametrize(
    ("flags", "state", "status"),
    [
        (1, 0, SUCCESS),
        (2, 0, SUCCESS),  # assert
        (0, 0, SUCCESS),  # release
        (3, 0, SUCCESS),  # autonomous: bit 1 is ignored
        (5, 0, NOT_SUPPORTED),  # asynchronous
        (0xF8, 0, INVALID_PARAMETERS),
        (1, 0xFF, INVALID_PARAMETERS),
        (1, 0x8000_0000, INVALID_PARAMETERS),
    ],
)
@pytest.mark.parametrize("profile", ["platform", "platform_2_0"])
def test_reset(profile, flags, state, status, request):
    linux = request.getfixturevalue(profile).linux
    assert linux.status(RESET, 4, 0, flags, state) == status


def test_reset_ids(platform, platform_2_0):
    assert platform.linux.status(RESET, 4, 1, 1, 0) == NOT_FOUND  # a hole
    assert platform_2_0.linux.status(RESET, 4, 1, 1, 0) == DENIED
    assert platform.linux.status(RESET, 4, 3, 1, 0) == NOT_FOUND


def test_reset_notification(platform):
    platform.linux.status(RESET, 5, 2, 1)
    platform.linux.status(RESET, 4, 2, 1, 0)
    assert platform.linux.agent.take_events() == (notification(RESET, 0, 1, 2, 0),)


# Performance


def test_performance_attributes(platform, platform_2_0):
    milliwatt = 1 << 16
    assert platform.linux.words(PERFORMANCE, 1) == [milliwatt | 1, 0, 0, 0]
    for linux in (platform.linux, platform_2_0.linux):
        assert linux.ask(PERFORMANCE, 3, 0) == (
            SUCCESS,
            words(0xF << 28, 0, 1_200_000, 1200, "cpu"),
        )
    # vm1 may set limits, not the level
    assert platform.vm1.words(PERFORMANCE, 3, 0)[0] == 0b1011 << 28


def test_levels_have_three_words_or_five(platform, platform_2_0):
    assert platform_2_0.linux.words(PERFORMANCE, 4, 0, 1) == [
        *[2],
        *[1200, 300, 50],
        *[1800, 900, 60],
    ]
    assert platform.linux.words(PERFORMANCE, 4, 0, 1) == [
        *[2],
        *[1200, 300, 50, 1_200_000, 1],
        *[1800, 900, 60, 1_800_000, 2],
    ]
    assert platform.linux.status(PERFORMANCE, 4, 0, 3) == OUT_OF_RANGE
    assert platform_2_0.linux.status(PERFORMANCE, 4, 0, 3) == INVALID_PARAMETERS


def test_performance_level(platform):
    assert platform.linux.words(PERFORMANCE, 8, 0) == [1200]
    assert platform.linux.ask(PERFORMANCE, 7, 0, 600) == (SUCCESS, b"")
    assert platform.vm1.words(PERFORMANCE, 8, 0) == [600]
    assert platform.linux.status(PERFORMANCE, 7, 0, 700) == OUT_OF_RANGE
    assert platform.linux.status(PERFORMANCE, 7, 0, 2400) == OUT_OF_RANGE
    assert platform.vm1.status(PERFORMANCE, 7, 0, 1200) == DENIED


def test_limits_of_all_agents_hold(platform):
    linux, vm1 = platform.linux, platform.vm1
    assert linux.words(PERFORMANCE, 6, 0) == [1800, 600]
    linux.status(PERFORMANCE, 7, 0, 1800)
    assert linux.ask(PERFORMANCE, 5, 0, 1800, 1200) == (SUCCESS, b"")
    assert vm1.ask(PERFORMANCE, 5, 0, 1200, 600) == (SUCCESS, b"")
    assert linux.words(PERFORMANCE, 6, 0) == [1200, 1200]
    assert linux.words(PERFORMANCE, 8, 0) == [1200]
    assert linux.status(PERFORMANCE, 7, 0, 1800) == OUT_OF_RANGE
    vm1.agent.disconnect()
    assert linux.words(PERFORMANCE, 6, 0) == [1800, 1200]
    assert linux.words(PERFORMANCE, 8, 0) == [1800]  # what was asked for, now that it fits


@pytest.mark.parametrize(
    ("maximum", "minimum", "status_2_0", "status"),
    [
        (600, 1200, INVALID_PARAMETERS, INVALID_PARAMETERS),
        (2400, 600, OUT_OF_RANGE, OUT_OF_RANGE),
        (1800, 1, OUT_OF_RANGE, OUT_OF_RANGE),
        (0, 0, OUT_OF_RANGE, OUT_OF_RANGE),
        (1200, 0, OUT_OF_RANGE, SUCCESS),  # from 3.1: leave the minimum
    ],
)
def test_limits_refused(platform, platform_2_0, maximum, minimum, status_2_0, status):
    assert platform_2_0.linux.status(PERFORMANCE, 5, 0, maximum, minimum) == status_2_0
    assert platform.linux.status(PERFORMANCE, 5, 0, maximum, minimum) == status


def test_performance_notifications(platform):
    linux, vm1 = platform.linux, platform.vm1
    linux.status(PERFORMANCE, 9, 0, 1)
    linux.status(PERFORMANCE, 0xA, 0, 1)
    vm1.status(PERFORMANCE, 5, 0, 600, 600)
    assert linux.agent.take_events() == (
        notification(PERFORMANCE, 0, 2, 0, 600, 600),
        notification(PERFORMANCE, 1, 2, 0, 600),
    )


# Sensor


def test_sensor_descriptions_keep_their_positions(platform):
    celsius, minus_three = 2, 0b11101 << 11
    assert platform.linux.words(SENSOR, 1)[0] == 2
    hidden = words(0, 0, 0, "reserved-0")  # sensor 0 is another's: its name is not told
    shown = words(1, 0, celsius | minus_three, "cpu-thermal")
    assert platform.linux.ask(SENSOR, 3, 0) == (SUCCESS, words(2) + hidden + shown)
    assert platform.linux.ask(SENSOR, 3, 1) == (SUCCESS, words(1) + shown)
    assert platform.linux.status(SENSOR, 3, 2) == INVALID_PARAMETERS


def test_sensor_without_a_script_reads_0(platform, platform_2_0):
    assert platform.linux.words(SENSOR, 6, 1, 0) == [0, 0, 0, 0]
    assert platform_2_0.linux.words(SENSOR, 6, 1, 0) == [0, 0]
    assert platform.linux.status(SENSOR, 6, 1, 1) == NOT_SUPPORTED
    assert platform.linux.status(SENSOR, 6, 1, 2) == INVALID_PARAMETERS
    assert platform.linux.status(SENSOR, 6, 0, 0) == NOT_FOUND
    assert platform_2_0.linux.status(SENSOR, 6, 0, 0) == DENIED


def test_sensor_config(platform):
    assert platform.linux.words(SENSOR, 9, 1) == [1]
    assert platform.linux.ask(SENSOR, 0xA, 1, 0) == (SUCCESS, b"")
    assert platform.linux.words(SENSOR, 9, 1) == [0]
    assert platform.linux.status(SENSOR, 6, 1, 0) == PROTOCOL_ERROR
    assert platform.linux.status(SENSOR, 0xA, 1, 2) == NOT_SUPPORTED  # timestamps
    assert platform.linux.status(SENSOR, 0xA, 1, 4) == INVALID_PARAMETERS


# Voltage


def test_voltage(platform):
    ask, status = platform.linux.ask, platform.linux.status
    assert ask(VOLTAGE, 1) == (SUCCESS, words(1))
    assert ask(VOLTAGE, 3, 0) == (SUCCESS, words(0, "vmmc"))
    assert ask(VOLTAGE, 4, 0, 0) == (SUCCESS, words(2, 1_800_000, 3_300_000))
    assert status(VOLTAGE, 4, 0, 2) == OUT_OF_RANGE
    assert ask(VOLTAGE, 8, 0) == (SUCCESS, words(3_300_000))
    assert ask(VOLTAGE, 7, 0, 0, 1_800_000) == (SUCCESS, b"")
    assert ask(VOLTAGE, 8, 0) == (SUCCESS, words(1_800_000))
    assert status(VOLTAGE, 7, 0, 0, 2_500_000) == INVALID_PARAMETERS
    assert status(VOLTAGE, 7, 0, 1, 1_800_000) == NOT_SUPPORTED
    assert ask(VOLTAGE, 6, 0) == (SUCCESS, words(0))
    assert ask(VOLTAGE, 5, 0, 7) == (SUCCESS, b"")
    assert ask(VOLTAGE, 6, 0) == (SUCCESS, words(7))
    assert status(VOLTAGE, 5, 0, 8) == INVALID_PARAMETERS


# System power


def test_system_power(platform, platform_2_0):
    linux = platform.linux
    assert linux.ask(SYSTEM, 1) == (SUCCESS, words(0))
    assert linux.ask(SYSTEM, 2, 3) == (SUCCESS, words(1 << 31))
    assert linux.status(SYSTEM, 4) == NOT_SUPPORTED
    assert linux.status(SYSTEM, 5, 2) == INVALID_PARAMETERS
    for wire, timeout in ((linux, [0]), (platform_2_0.linux, [])):
        assert wire.ask(SYSTEM, 5, 1) == (SUCCESS, b"")
        assert wire.ask(SYSTEM, 3, 1, 0) == (SUCCESS, b"")
        assert wire.agent.take_events() == (notification(SYSTEM, 0, 1, 1, 0, *timeout),)
    assert linux.status(SYSTEM, 3, 2, 0) == INVALID_PARAMETERS
    assert linux.status(SYSTEM, 3, 0, 3) == INVALID_PARAMETERS
    assert linux.status(SYSTEM, 3, 0, 4) == NOT_SUPPORTED
    assert linux.status(SYSTEM, 3, 0, 5) == INVALID_PARAMETERS
    assert platform.vm1.status(SYSTEM, 3, 0, 0) == DENIED
