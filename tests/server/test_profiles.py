"""The releases of the specification: versions, layouts, attribute bits, flags and meanings of each,
and the versions that an agent negotiates. Expected values are by hand; the board is full.json."""

import json
import re
from pathlib import Path

import pytest
from scmi_wire import (
    BASE,
    CLOCK,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    PROTOCOL_ERROR,
    RESET,
    SENSOR,
    SUCCESS,
    SYSTEM,
    VOLTAGE,
    notification,
    words,
)

from scmigen import runtime
from scmigen.scmi.clients import EXAMPLES, PATTERN, later, near, profile_of
from scmigen.scmi.protocols import Profile

NEGOTIATE = 0x10
V2_0, V3_0, V3_1, V3_2, V4_0 = Profile
#: Linux 6.6 rejects every other major version of these, or reads them as another layout; the 2.0
#: and 3.0 columns are those of SCP-firmware, TF-A and Arm's test suite, the last is of a beta.
VERSIONS = {
    BASE: (0x20000, 0x20000, 0x20000, 0x20001, 0x20001),
    POWER: (0x20000, 0x21000, 0x30000, 0x30001, 0x30001),
    SYSTEM: (0x10000, 0x10000, 0x20000, 0x20001, 0x20001),
    PERFORMANCE: (0x20000, 0x20000, 0x30000, 0x40000, 0x40000),
    CLOCK: (0x10000, 0x10000, 0x20000, 0x30000, 0x30000),
    SENSOR: (0x10000, 0x20000, 0x30000, 0x30001, 0x30001),
    RESET: (0x10000, 0x20000, 0x30000, 0x30001, 0x30001),
    VOLTAGE: (None, 0x10000, 0x20000, 0x20001, 0x20001),
    POWERCAP: (None, None, 0x10000, 0x20000, 0x30000),
    PINCTRL: (None, None, None, 0x10000, 0x10000),
}


@pytest.mark.parametrize("protocol", VERSIONS, ids=hex)
def test_each_release_reports_its_versions(full_with, protocol):
    for profile, version in zip(Profile, VERSIONS[protocol], strict=True):
        linux = full_with(profile).linux
        if version is None:
            assert linux.status(protocol, 0) == NOT_SUPPORTED
        else:
            assert linux.words(protocol, 0) == [version]


def test_the_list_of_protocols_has_those_of_the_release(full_with):
    counts = [full_with(profile).linux.words(BASE, 1)[0] & 0xFF for profile in Profile]
    assert counts == [6, 7, 8, 9, 9]
    assert full_with(V3_0).linux.words(BASE, 6, 0) == [7, 0x14131211, 0x00171615]
    assert full_with(V3_1).linux.words(BASE, 6, 0) == [8, 0x14131211, 0x18171615]


def test_clocks(full_with):
    """Enable delays and notifications came with 2.0 of the protocol, parents with 3.0."""
    both = 1 << 31 | 1 << 30
    assert full_with(V3_0).linux.ask(CLOCK, 3, 1) == (SUCCESS, words(0, "mux"))
    assert full_with(V3_1).linux.ask(CLOCK, 3, 1) == (SUCCESS, words(both, "mux", 40))
    assert full_with(V3_2).linux.ask(CLOCK, 3, 1) == (SUCCESS, words(both | 1 << 28, "mux", 40))
    assert full_with(V3_1).linux.ask(CLOCK, 3, 3) == (SUCCESS, words(both, "leaf", 0))
    assert full_with(V3_2).linux.words(CLOCK, 3, 3)[0] == both | 1 << 28 | 1 << 1  # restricted
    for profile in (V3_0, V3_1):
        linux = full_with(profile).linux
        assert linux.ask(CLOCK, 7, 1, 1) == (SUCCESS, b"")
        assert linux.words(CLOCK, 3, 1)[0] & 1 == 1
        assert linux.status(CLOCK, 7, 1, 1, 0) == PROTOCOL_ERROR
        assert linux.status(CLOCK, 0xE, 1) == NOT_SUPPORTED
    assert full_with(V3_0).linux.status(CLOCK, 9, 1, 1) == NOT_SUPPORTED
    assert full_with(V3_1).linux.status(CLOCK, 9, 1, 1) == SUCCESS


def test_performance_levels(full_with):
    """Three words a level before 4.0 of the protocol, and no indices."""
    three = [3, 10, 0, 0, 20, 0, 0, 30, 0, 0]
    for profile in (V2_0, V3_0, V3_1):
        linux = full_with(profile).linux
        assert linux.words(PERFORMANCE, 4, 0, 0) == three
        assert linux.words(PERFORMANCE, 3, 1)[0] & 1 << 25 == 0
        assert linux.words(PERFORMANCE, 8, 1) == [100]
        assert linux.status(PERFORMANCE, 7, 1, 205) == SUCCESS
        assert linux.status(PERFORMANCE, 4, 0, 3) == INVALID_PARAMETERS
    linux = full_with(V3_2).linux
    assert linux.words(PERFORMANCE, 4, 0, 0)[:6] == [3, 10, 0, 0, 400_000, 0]
    assert linux.words(PERFORMANCE, 8, 1) == [0]
    assert linux.status(PERFORMANCE, 4, 0, 3) == OUT_OF_RANGE


def test_a_limit_of_zero_stays_from_3_1_on(full_with):
    for profile, status in ((V3_0, OUT_OF_RANGE), (V3_1, SUCCESS), (V3_2, SUCCESS)):
        assert full_with(profile).linux.status(PERFORMANCE, 5, 0, 20, 0) == status


def test_power_domains(full_with):
    """Bit 28, change-requested notifications, is reserved in 2.0."""
    bits = [full_with(profile).linux.words(POWER, 3, 1)[0] >> 28 for profile in Profile]
    assert bits == [0xE, 0xF, 0xF, 0xF, 0xF]


def test_sensors(full_with):
    old, new = full_with(V2_0).linux, full_with(V3_0).linux
    assert len(old.ask(SENSOR, 3, 0)[1]) == 4 + 3 * 28
    # the first goes on with 24 bytes, and the reading has a timestamp
    assert len(new.ask(SENSOR, 3, 0)[1]) == 4 + 3 * 28 + 24
    assert old.words(SENSOR, 6, 0, 0) == [40_000, 0]
    assert new.words(SENSOR, 6, 0, 0) == [40_000, 0, 0, 0]
    assert new.status(SENSOR, 0xA, 0, 0) == SUCCESS
    assert new.status(SENSOR, 6, 0, 0) == PROTOCOL_ERROR
    # extended names, of sensors and of axes, came with 3.1
    axes = [full_with(profile).linux.words(SENSOR, 7, 1, 2)[2] for profile in (V3_0, V3_1, V3_2)]
    assert [axis >> 8 for axis in axes] == [1, 3, 3]


@pytest.mark.parametrize(
    ("profile", "long", "status"),
    [(V2_0, False, NOT_FOUND), (V3_0, False, NOT_SUPPORTED), (V3_1, True, SUCCESS)],
)
def test_extended_names_came_with_3_1(full_with, profile, long, status):
    linux = full_with(profile).linux
    descriptors = linux.ask(SENSOR, 3, 2)[1]
    assert int.from_bytes(descriptors[8:12], "little") >> 29 == long
    assert linux.status(SENSOR, 0xC, 2) == status


def test_voltage_levels_change_later_from_2_0_on(full_with):
    old, new = full_with(V3_0), full_with(V3_1)
    assert old.linux.ask(VOLTAGE, 3, 0) == (SUCCESS, words(0, "buck"))
    assert new.linux.ask(VOLTAGE, 3, 0) == (SUCCESS, words(1 << 31, "buck"))
    assert old.linux.status(VOLTAGE, 7, 0, 1, 850_000) == INVALID_PARAMETERS
    assert old.linux.status(VOLTAGE, 7, 0, 0, 850_000) == SUCCESS
    assert new.linux.status(VOLTAGE, 7, 0, 1, 850_000) == SUCCESS


def test_a_power_cap_can_be_removed_from_2_0_on(full_with):
    full = full_with(profiles={1: V3_1, 2: V3_2})
    linux = full.linux
    assert linux.status(POWERCAP, 5, 0, 0, 0) == OUT_OF_RANGE
    assert linux.words(POWERCAP, 4, 0) == [9000]
    # the other agent removes it; to this one that is the highest cap
    board = Path(__file__).parent / "full.json"
    shared = {
        "agents": {
            "vm1": {
                "grants": {"powercap": [{"id": 0, "resource": 0, "operations": ["config", "read"]}]}
            }
        }
    }
    both = runtime.decode(runtime.overlay(board.read_bytes(), json.dumps(shared).encode()))
    full = full_with(board=both, profiles={1: V3_1, 2: V3_2})
    assert full.linux.status(POWERCAP, 5, 0, 0, 3000) == SUCCESS
    assert full.linux.status(POWERCAP, 0xA, 0, 1) == SUCCESS
    assert full.vm1.status(POWERCAP, 5, 0, 0, 0) == SUCCESS
    assert full.vm1.words(POWERCAP, 4, 0) == [0]
    assert full.linux.words(POWERCAP, 4, 0) == [9000]
    assert full.events(full.linux) == (notification(POWERCAP, 0, 2, 0, 9000, 10),)


def test_system_power_notifications_have_a_timeout_from_2_0_on(full_with):
    for profile, size in ((V3_0, 4 + 12), (V3_1, 4 + 16)):
        full = full_with(profile)
        assert full.linux.status(SYSTEM, 5, 1) == SUCCESS
        full.server.broadcast(*notifier())
        assert [len(frame) for frame in full.events(full.linux)] == [size]


def notifier():
    """A notification in the words of the newest version."""
    return SYSTEM, 0, (0, 1, 0, 100)


def test_statuses_of_3_0_are_those_of_3_2(full_with):
    """DENIED for what is hidden and NOT_FOUND for an unknown message are of 2.0 alone."""
    for profile in (V3_0, V3_1, V3_2):
        full = full_with(profile)
        assert full.linux.status(CLOCK, 0x77) == NOT_SUPPORTED
        assert full.vm1.status(CLOCK, 3, 0) == NOT_FOUND


# Negotiation


def test_an_agent_gets_the_layouts_it_negotiates(full):
    linux = full.linux
    assert linux.ask(CLOCK, NEGOTIATE, 0x10000) == (SUCCESS, b"")
    assert linux.ask(CLOCK, 3, 1) == (SUCCESS, words(0, "mux"))
    assert linux.status(CLOCK, 7, 1, 1, 0) == PROTOCOL_ERROR
    assert linux.status(CLOCK, 2, 8) == NOT_FOUND
    assert linux.ask(PERFORMANCE, NEGOTIATE, 0x30000) == (SUCCESS, b"")
    assert linux.words(PERFORMANCE, 4, 0, 0) == [3, 10, 0, 0, 20, 0, 0, 30, 0, 0]
    # other protocols, and other agents, are as before
    assert linux.words(VOLTAGE, 0) == [0x20001]
    assert len(full.vm1.ask(CLOCK, 3, 2)[1]) == 24
    # and back
    assert linux.words(CLOCK, 2, NEGOTIATE) == [0]
    assert linux.ask(CLOCK, NEGOTIATE, 0x30000) == (SUCCESS, b"")
    assert len(linux.ask(CLOCK, 3, 1)[1]) == 24


def test_what_was_negotiated_ends_with_the_connection(full):
    linux = full.linux
    assert linux.status(CLOCK, NEGOTIATE, 0x20000) == SUCCESS
    assert linux.status(CLOCK, 0xE, 3) == NOT_SUPPORTED
    linux.agent.disconnect()
    assert linux.words(CLOCK, 0xE, 3) == [1]


def test_subscriptions_are_told_in_the_version_in_use(full):
    linux = full.linux
    assert linux.status(CLOCK, 9, 0, 1) == SUCCESS
    assert linux.status(CLOCK, NEGOTIATE, 0x10000) == SUCCESS  # it has no such event
    assert linux.status(CLOCK, 5, 0, 0, 800_000_000, 0) == SUCCESS
    assert full.events(linux) == ()
    assert linux.status(CLOCK, NEGOTIATE, 0x20000) == SUCCESS
    assert linux.status(CLOCK, 5, 0, 0, 400_000_000, 0) == SUCCESS
    assert full.events(linux) == (notification(CLOCK, 0, 1, 0, 400_000_000, 0),)


@pytest.mark.parametrize("protocol", VERSIONS, ids=hex)
def test_every_version_of_every_release_can_be_had_and_no_other(full, protocol):
    linux = full.linux
    known = {version for version in VERSIONS[protocol][:4] if version is not None}
    near = {version + step for version in known for step in (-0x10000, -1, 1, 0x10000)}
    for version in (near | {0, 0xFFFF_FFFF, 0x7FFF_0000}) - known:
        if version >= 0:
            assert linux.ask(protocol, NEGOTIATE, version) == (NOT_SUPPORTED, b""), hex(version)
    for version in sorted(known):
        assert linux.ask(protocol, NEGOTIATE, version) == (SUCCESS, b"")
        assert linux.status(protocol, 1) == SUCCESS
        assert linux.words(protocol, 0) == [max(known)]


def test_releases_before_3_2_have_nothing_to_negotiate(full_with):
    for profile, status in ((V2_0, NOT_FOUND), (V3_0, NOT_SUPPORTED), (V3_1, NOT_SUPPORTED)):
        assert full_with(profile).linux.status(CLOCK, NEGOTIATE, 0x10000) == status


# Who has which profile


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("3.1", V3_1),
        ("linux", V3_2),
        ("linux-4.19", V2_0),
        ("linux-5.10", V2_0),
        ("linux-5.15.160", V3_0),
        ("linux-6.1", V3_1),
        ("linux-6.6", V3_1),
        ("linux-6.7-rc1", V3_2),
        ("linux-6.12", V3_2),
        ("linux-3.10", V2_0),  # it has no SCMI
        ("u-boot", V3_2),
        ("u-boot-2024.01", V3_0),
        ("u-boot-2025.07", V3_1),
        ("u-boot-2026.01-rc3", V3_2),
        ("freebsd-14.2", V3_1),
        ("zephyr", V3_2),
        ("rt-thread", V3_1),
        ("nuttx-12.9", V3_1),
    ],
)
def test_programs_have_profiles(name, profile):
    assert profile_of(name) is profile


def test_the_pattern_of_the_schema_is_the_same():
    assert all(re.match(PATTERN, name) for name in (*EXAMPLES, "linux-6.7-rc1", "u-boot-2026.01"))
    assert not any(re.match(PATTERN, name) for name in NAMELESS)


#: No names of profiles.
NAMELESS = ["", "4.0", "3", "3x1", "linux-", "linux-x", "linux-6.", "linux6.6", "bsd", "Linux"]


@pytest.mark.parametrize("name", NAMELESS)
def test_other_names_have_none(name):
    assert profile_of(name) is None
    assert profile_of(f"linux-{'9' * 5000}") is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("linux-66.6", "linux-6.6"),
        ("linux-6.66", "linux-6.6"),
        ("linux-9.9", ""),
        ("u-boot-2052.04", "u-boot-2025.04"),
        ("u-boot-2025.40", "u-boot-2025.10"),
        ("freebds", "freebsd"),
        ("windows", ""),
    ],
)
def test_a_version_that_cannot_be_is_unknown(name, meant):
    assert profile_of(name) is None
    assert later(name) is None
    assert near(name).startswith(f"did you mean {meant}? Known: " if meant else "")
    assert "with its version or without" in near(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("linux-7.0", False),
        ("linux-7.0.4", False),
        ("linux-7.1", True),
        ("linux-8", True),
        ("linux", False),
        ("u-boot-2027.01", True),
        ("freebsd-14", False),
        ("3.2", False),
    ],
)
def test_a_later_version_is_taken_for_the_latest_with_a_note(name, said):
    assert profile_of(name) is not None
    assert (later(name) is not None) is said


def test_the_examples_are_known():
    assert all(map(profile_of, EXAMPLES))


def test_an_agent_has_the_profile_of_the_configuration_unless_another_is_asked_for(full_with):
    board = Path(__file__).parent / "full.json"
    extra = json.dumps({"agents": {"linux": {"profile": "3.1"}}}).encode()
    configured = runtime.decode(runtime.overlay(board.read_bytes(), extra))

    def clocks(**options):
        full = full_with(board=configured, **({"profile": None} | options))
        return [wire.words(CLOCK, 0)[0] for wire in (full.linux, full.vm1)]

    assert clocks() == [0x20000, 0x30000]
    assert clocks(profiles={1: V2_0}) == [0x10000, 0x30000]
    assert clocks(profile=V3_2) == [0x30000, 0x30000]
    assert clocks(profile=V3_2, profiles={2: V2_0}) == [0x30000, 0x10000]
