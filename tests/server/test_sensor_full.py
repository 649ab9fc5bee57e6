"""Sensors with everything: axes, timestamps, trip points, intervals, updates, long descriptors.

full.json: 0 cpu-thermal reads 40000, 60000, 50000 for 100 ms each; 1 accelerometer has three axes;
2 has an extended name.
"""

import struct

import pytest
from scmi_wire import (
    INVALID_PARAMETERS,
    NOT_SUPPORTED,
    SENSOR,
    SUCCESS,
    notification,
    words,
)

from scmigen.scmi.protocols import Profile

THERMAL, ACCELEROMETER, PLAIN = range(3)
ENABLED = 1
TIMESTAMPS = 2


def descriptors(data):
    """The descriptors of a reply, taken apart as Linux does it: by bits 8 of both words."""
    (count,) = struct.unpack_from("<I", data)
    at, found = 4, []
    for _ in range(count & 0xFFF):
        number, low, high, name = struct.unpack_from("<III16s", data, at)
        at += 28
        more = None
        if low & 1 << 8:
            size = 4 if high & 1 << 8 else 24
            more = data[at : at + size]
            at += size
        found.append((number, low, high, name.rstrip(b"\0").decode(), more))
    assert at == len(data)
    return found, count >> 16


def test_descriptors_have_what_the_sensor_has(full):
    status, data = full.linux.ask(SENSOR, 3, 0)
    assert status == SUCCESS
    (thermal, accelerometer, plain), remaining = descriptors(data)
    assert remaining == 0
    # async, updates, a stamp of 10^-6 s, timestamps, extended, two trip points
    assert thermal[1] == 1 << 31 | 1 << 30 | 0x1A << 10 | 1 << 9 | 1 << 8 | 2
    assert thermal[2] == 2 | 0x1D << 11
    assert thermal[4] == struct.pack("<IIqq", 12, 5 | 0x1F << 27, -40_000, 125_000)
    assert accelerometer[:4] == (
        1,
        1 << 30,
        89 | 0x1D << 11 | 1 << 8 | 3 << 16,
        "accelerometer",
    )
    assert plain[:4] == (2, 1 << 29, 2 | 0x1D << 11, "a-sensor-with-a")
    assert full.linux.ask(SENSOR, 0xC, PLAIN)[1][4:] == b"a-sensor-with-an-extended-name".ljust(
        64, b"\0"
    )


def test_descriptors_of_different_length_come_in_parts_that_fit(full_with):
    full = full_with(max_reply=72)
    seen, index = [], 0
    while True:
        status, data = full.linux.ask(SENSOR, 3, index)
        assert status == SUCCESS
        assert len(data) <= 68
        found, remaining = descriptors(data)
        seen += [item[0] for item in found]
        index += len(found)
        if not remaining:
            break
    assert seen == [0, 1, 2]
    assert full.linux.status(SENSOR, 3, 3) == INVALID_PARAMETERS


def test_descriptors_of_2_0_have_seven_words(full_with):
    status, data = full_with(Profile.V2_0).linux.ask(SENSOR, 3, 0)
    assert status == SUCCESS
    assert len(data) == 4 + 3 * 28
    assert struct.unpack_from("<II", data, 4) == (0, 1 << 31 | 2)


def test_a_reading_has_a_value_for_each_axis(full):
    status, data = full.linux.ask(SENSOR, 6, ACCELEROMETER, 0)
    assert status == SUCCESS
    assert struct.unpack("<qQqQqQ", data) == (1, 0, -2, 0, 3, 0)


def test_the_script_goes_on_and_begins_again(full):
    seen = []
    for _ in range(4):
        seen.append(full.linux.words(SENSOR, 6, THERMAL, 0)[0])
        full.wait(100_000)
    assert seen == [40_000, 60_000, 50_000, 40_000]


def test_readings_have_timestamps_once_they_are_enabled(full):
    assert full.linux.words(SENSOR, 6, THERMAL, 0)[2:] == [0, 0]
    assert full.linux.status(SENSOR, 0xA, THERMAL, ENABLED | TIMESTAMPS) == SUCCESS
    stamp = struct.unpack("<Q", full.linux.ask(SENSOR, 6, THERMAL, 0)[1][8:])[0]
    full.wait(250)
    later = struct.unpack("<Q", full.linux.ask(SENSOR, 6, THERMAL, 0)[1][8:])[0]
    assert later - stamp == 250  # in µs, as the descriptor says
    assert full.linux.status(SENSOR, 0xA, PLAIN, ENABLED | TIMESTAMPS) == NOT_SUPPORTED


def test_axes_are_described(full):
    status, data = full.linux.ask(SENSOR, 7, ACCELEROMETER, 0)
    assert status == SUCCESS
    assert data[:4] == words(3)
    assert struct.unpack_from("<III16s", data, 4) == (0, 0, 89 | 0x1D << 11, b"accel_X" + bytes(9))
    number, low, _, name = struct.unpack_from("<III16s", data, 60)
    assert (number, low, name) == (2, 1 << 8 | 1 << 9, b"some-accelerati\0")
    assert data[88:] == struct.pack("<Iqq", 1, -9, 0)
    assert full.linux.status(SENSOR, 7, ACCELEROMETER, 3) == INVALID_PARAMETERS
    assert full.linux.status(SENSOR, 7, PLAIN, 0) == NOT_SUPPORTED


def test_axis_names_only_where_they_are_long(full):
    status, data = full.linux.ask(SENSOR, 0xD, ACCELEROMETER, 0)
    assert status == SUCCESS
    assert data == words(1, 2) + b"some-acceleration_Z".ljust(64, b"\0")
    assert full.linux.status(SENSOR, 0xD, THERMAL, 0) == NOT_SUPPORTED


def interval(value, exponent):
    return value << 5 | exponent & 0x1F


def test_update_intervals_are_a_list_or_a_range(full):
    assert full.linux.words(SENSOR, 8, THERMAL, 0) == [
        3,
        interval(10, -3),
        interval(100, -3),
        interval(1, 0),
    ]
    assert full.linux.words(SENSOR, 8, THERMAL, 2) == [1, interval(1, 0)]
    assert full.linux.words(SENSOR, 8, ACCELEROMETER, 0) == [
        3 | 1 << 12,
        interval(1, -3),
        interval(9, -3),
        interval(2, -3),
    ]
    assert full.linux.status(SENSOR, 8, THERMAL, 3) == INVALID_PARAMETERS
    assert full.linux.status(SENSOR, 8, PLAIN, 0) == NOT_SUPPORTED


def config(value, exponent, rounding=0):
    return value << 16 | (exponent & 0x1F) << 11 | rounding << 9 | ENABLED


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        (config(100, -3), config(100, -3)),
        (config(50, -3), config(10, -3)),  # down
        (config(50, -3, 1), config(100, -3)),  # up
        (config(50, -3, 2), config(10, -3)),  # the nearer one
        (config(60, -3, 2), config(100, -3)),
        (config(5, 1), config(1, 0)),
    ],
    ids=["exact", "down", "up", "nearest is below", "nearest is above", "above the longest"],
)
def test_an_interval_is_rounded_as_requested(full, asked, got):
    assert full.linux.status(SENSOR, 0xA, THERMAL, asked) == SUCCESS
    assert full.linux.words(SENSOR, 9, THERMAL) == [got]


def test_intervals_outside_of_the_supported_ones_are_refused(full):
    status = full.linux.status
    assert status(SENSOR, 0xA, THERMAL, config(1, -3)) == INVALID_PARAMETERS  # nothing below
    assert status(SENSOR, 0xA, THERMAL, config(2, 0, 1)) == INVALID_PARAMETERS  # nothing above
    assert status(SENSOR, 0xA, THERMAL, config(10, -3, 3)) == INVALID_PARAMETERS
    assert status(SENSOR, 0xA, ACCELEROMETER, config(10, -3)) == INVALID_PARAMETERS
    assert status(SENSOR, 0xA, PLAIN, config(10, -3)) == NOT_SUPPORTED
    assert status(SENSOR, 0xA, ACCELEROMETER, config(4, -3)) == SUCCESS
    assert full.linux.words(SENSOR, 9, ACCELEROMETER) == [config(3, -3)]


def test_updates_come_at_the_interval(full):
    linux = full.linux
    assert linux.status(SENSOR, 0xB, PLAIN, 1) == NOT_SUPPORTED
    assert linux.status(SENSOR, 0xB, THERMAL, 2) == INVALID_PARAMETERS
    linux.status(SENSOR, 0xA, THERMAL, config(100, -3))
    assert linux.status(SENSOR, 0xB, THERMAL, 1) == SUCCESS
    full.wait(200_000)
    assert full.events(linux) == tuple(
        notification(SENSOR, 1, 0, THERMAL, value, 0, 0, 0) for value in (40_000, 60_000, 50_000)
    )
    linux.status(SENSOR, 0xB, THERMAL, 0)
    full.wait(1_000_000)
    assert full.events(linux) == ()
    assert full.server.timers.next_due() is None  # nobody looks any more


def test_trip_points_are_notified_when_they_are_crossed(full):
    """40 °C, 60 °C, 50 °C: point 0 at 55 °C both ways, point 1 at 45 °C rising only."""
    linux = full.linux
    assert linux.status(SENSOR, 5, THERMAL, 0 << 4 | 3, 55_000, 0) == SUCCESS
    assert linux.status(SENSOR, 5, THERMAL, 1 << 4 | 1, 45_000, 0) == SUCCESS
    assert linux.status(SENSOR, 4, THERMAL, 1) == SUCCESS
    full.wait(330_000)
    rising, falling = 1 << 16, 0
    assert full.events(linux) == (
        notification(SENSOR, 0, 0, THERMAL, rising | 0),
        notification(SENSOR, 0, 0, THERMAL, rising | 1),
        notification(SENSOR, 0, 0, THERMAL, falling | 0),
    )
    linux.status(SENSOR, 5, THERMAL, 0 << 4, 0, 0)  # off
    full.wait(1_000_000)
    assert all(event[-4:] == words(rising | 1) for event in full.events(linux))


@pytest.mark.parametrize(
    "control",
    [2 << 4, 1 << 2, 1 << 12, 0xFFFF_FFFF],
    ids=["unknown point", "reserved bit 2", "reserved bit 12", "all bits"],
)
def test_invalid_trip_points_are_refused(full, control):
    assert full.linux.status(SENSOR, 5, THERMAL, control, 0, 0) == INVALID_PARAMETERS


def test_a_sensor_without_trip_points_refuses_them(full):
    assert full.linux.status(SENSOR, 5, PLAIN, 1, 0, 0) == INVALID_PARAMETERS
    assert full.linux.status(SENSOR, 4, PLAIN, 1) == NOT_SUPPORTED
    assert full.linux.status(SENSOR, 4, PLAIN, 2) == INVALID_PARAMETERS
