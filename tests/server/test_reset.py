"""The reset protocol."""

import pytest
from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    RESET,
    SUCCESS,
    notification,
    words,
)


def test_attributes_have_latency_and_long_names(platform, platform_2_0):
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
    ids=[
        "autonomous",
        "assert",
        "release",
        "autonomous and assert",
        "asynchronous",
        "reserved flags",
        "reserved state",
        "architectural state",
    ],
)
@pytest.mark.parametrize("profile", ["platform", "platform_2_0"], ids=["3.2", "2.0"])
def test_each_combination_of_flags_has_its_status(profile, flags, state, status, request):
    linux = request.getfixturevalue(profile).linux
    assert linux.status(RESET, 4, 0, flags, state) == status


def test_hidden_and_missing_ids_are_refused(platform, platform_2_0):
    assert platform.linux.status(RESET, 4, 1, 1, 0) == NOT_FOUND  # a hole
    assert platform_2_0.linux.status(RESET, 4, 1, 1, 0) == DENIED
    assert platform.linux.status(RESET, 4, 3, 1, 0) == NOT_FOUND


def test_a_reset_is_notified(platform):
    platform.linux.status(RESET, 5, 2, 1)
    platform.linux.status(RESET, 4, 2, 1, 0)
    assert platform.linux.agent.take_events() == (notification(RESET, 0, 1, 2, 0),)
