"""The system power protocol."""

from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    NOT_SUPPORTED,
    SUCCESS,
    SYSTEM,
    notification,
    words,
)


def test_system_power_is_set_and_notified_by_agents_with_the_right(platform, platform_2_0):
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
