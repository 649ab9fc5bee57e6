"""The sensor protocol on a board with plain sensors."""

from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    PROTOCOL_ERROR,
    SENSOR,
    SUCCESS,
    words,
)


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


def test_a_disabled_sensor_does_not_answer(platform):
    assert platform.linux.words(SENSOR, 9, 1) == [1]
    assert platform.linux.ask(SENSOR, 0xA, 1, 0) == (SUCCESS, b"")
    assert platform.linux.words(SENSOR, 9, 1) == [0]
    assert platform.linux.status(SENSOR, 6, 1, 0) == PROTOCOL_ERROR
    assert platform.linux.status(SENSOR, 0xA, 1, 2) == NOT_SUPPORTED  # timestamps
    assert platform.linux.status(SENSOR, 0xA, 1, 4) == INVALID_PARAMETERS
