"""The voltage domain protocol."""

from scmi_wire import (
    INVALID_PARAMETERS,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    SUCCESS,
    VOLTAGE,
    words,
)


def test_a_supply_is_described_set_and_switched(platform):
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
