"""The performance protocol: levels, and the limits of several agents."""

import pytest
from msgspec.structs import replace
from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    OUT_OF_RANGE,
    PERFORMANCE,
    SUCCESS,
    notification,
    words,
)
from server.conftest import Platform

from scmigen.runtime import PowerUnit
from scmigen.scmi.protocols import Profile


@pytest.mark.parametrize(
    ("unit", "profile", "bits", "power"),
    [
        ("abstract", "3.2", 0, 2001),
        ("mW", "3.2", 1, 2001),
        ("uW", "3.2", 2, 2001),
        ("abstract", "2.0", 0, 2001),
        ("mW", "2.0", 1, 2001),
        # Versions 2.0 of the protocol have bit 16 alone: mW, rounded up.
        ("uW", "2.0", 1, 3),
        ("uW", "3.0", 1, 3),
        ("uW", "3.1", 2, 2001),
    ],
)
def test_power_has_the_unit_of_the_configuration(board, unit, profile, bits, power):
    """PROTOCOL_ATTRIBUTES, bits 17:16."""
    (domain,) = board.performance_domains
    levels = (replace(domain.levels[0], power=2001), *domain.levels[1:])
    changed = replace(
        board,
        performance_power=PowerUnit(unit),
        performance_domains=(replace(domain, levels=levels),),
    )
    linux = Platform(changed, Profile(profile)).linux
    assert linux.words(PERFORMANCE, 1) == [bits << 16 | 1, 0, 0, 0]
    assert linux.words(PERFORMANCE, 4, 0, 0)[1:3] == [levels[0].level, power]


def test_attributes_say_what_the_agent_may_set(platform, platform_2_0):
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


def test_only_described_levels_within_the_limits_can_be_set(platform):
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
    ids=[
        "minimum above maximum",
        "maximum too high",
        "minimum too low",
        "both zero",
        "minimum zero",
    ],
)
def test_limits_must_be_ordered_and_in_range(
    platform, platform_2_0, maximum, minimum, status_2_0, status
):
    assert platform_2_0.linux.status(PERFORMANCE, 5, 0, maximum, minimum) == status_2_0
    assert platform.linux.status(PERFORMANCE, 5, 0, maximum, minimum) == status


def test_changed_limits_and_levels_are_notified(platform):
    linux, vm1 = platform.linux, platform.vm1
    linux.status(PERFORMANCE, 9, 0, 1)
    linux.status(PERFORMANCE, 0xA, 0, 1)
    vm1.status(PERFORMANCE, 5, 0, 600, 600)
    assert linux.agent.take_events() == (
        notification(PERFORMANCE, 0, 2, 0, 600, 600),
        notification(PERFORMANCE, 1, 2, 0, 600),
    )
