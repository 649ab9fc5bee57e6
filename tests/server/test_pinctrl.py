"""Pin control. full.json: linux has pins 0, 1 and may read 3; vm1 has 1 and 2. Group 0 is pins 0
and 1, group 1 pins 1 and 2; functions: uart (group 0), spi (group 1), gpio (single pins). linux has
group 0, and by its numbers uart 0 and gpio 1; vm1 has group 1 as 0, and spi 0 and gpio 1."""

import pytest
from scmi_wire import (
    BASE,
    DENIED,
    IN_USE,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    PINCTRL,
    PROTOCOL_ERROR,
    SUCCESS,
    words,
)

PIN, GROUP, FUNCTION = range(3)
NO_FUNCTION = 0xFFFF_FFFF
PULL_UP, STRENGTH = 4, 10
ALL = 1 << 18
FUNCTION_ONLY = 2 << 18


def configure(wire, number, selector, *pairs, function=None):
    word = selector | len(pairs) << 2 | (0 if function is None else 1 << 10)
    flat = [value for pair in pairs for value in pair]
    return wire.status(
        PINCTRL, 6, number, NO_FUNCTION if function is None else function, word, *flat
    )


def settings(wire, number, selector=PIN):
    """The function, and the settings."""
    function, count, *pairs = wire.words(PINCTRL, 5, number, ALL | selector << 16)
    assert count * 2 == len(pairs)
    return function, dict(zip(pairs[::2], pairs[1::2], strict=True))


def test_protocol_attributes_count_pins_groups_and_functions(full):
    assert full.linux.words(PINCTRL, 1) == [4 | 1 << 16, 2]
    assert full.vm1.words(PINCTRL, 1) == [3 | 1 << 16, 2]


def test_attributes_describe_pins_groups_and_functions(full):
    linux = full.linux
    assert linux.ask(PINCTRL, 3, 0, PIN) == (SUCCESS, words(0, "gpio0"))
    assert linux.ask(PINCTRL, 3, 3, PIN) == (SUCCESS, words(1 << 31, "a-pin-with-an-e"))
    assert linux.ask(PINCTRL, 3, 0, GROUP) == (SUCCESS, words(2, "uart-pins"))
    assert linux.ask(PINCTRL, 3, 0, FUNCTION) == (SUCCESS, words(1, "uart"))
    assert linux.ask(PINCTRL, 3, 1, FUNCTION) == (SUCCESS, words(1 << 17 | 1 << 16 | 3, "gpio"))
    assert linux.status(PINCTRL, 3, 0, 3) == INVALID_PARAMETERS
    assert linux.ask(PINCTRL, 9, 3, PIN)[1] == words(0) + b"a-pin-with-an-extended-name".ljust(
        64, b"\0"
    )


def test_a_hidden_pin_has_a_placeholder(full):
    """Linux gives up on the whole protocol where a name is missing."""
    assert full.linux.ask(PINCTRL, 3, 2, PIN) == (SUCCESS, words(0, "reserved-2"))
    assert full.linux.status(PINCTRL, 5, 2, ALL) == NOT_FOUND
    assert full.linux.status(PINCTRL, 9, 2, PIN) == NOT_FOUND
    assert full.linux.status(PINCTRL, 3, 9, PIN) == NOT_FOUND


def test_groups_and_functions_of_others_are_not_counted(full):
    """U-Boot gives up on the whole protocol where a group has no pins."""
    linux, vm1 = full.linux, full.vm1
    for message in (3, 7, 8, 9):
        assert linux.status(PINCTRL, message, 1, GROUP) == NOT_FOUND
    assert linux.status(PINCTRL, 4, 1, GROUP, 0) == NOT_FOUND
    assert linux.status(PINCTRL, 5, 1, ALL | GROUP << 16) == NOT_FOUND
    assert linux.status(PINCTRL, 3, 2, FUNCTION) == NOT_FOUND
    assert vm1.ask(PINCTRL, 3, 0, GROUP) == (SUCCESS, words(2, "spi-pins"))
    assert vm1.ask(PINCTRL, 4, 0, GROUP, 0) == (SUCCESS, words(2, 1 | 2 << 16))
    assert vm1.ask(PINCTRL, 3, 0, FUNCTION) == (SUCCESS, words(1, "spi"))
    assert vm1.ask(PINCTRL, 4, 0, FUNCTION, 0) == (SUCCESS, words(1) + b"\0\0")
    assert vm1.ask(PINCTRL, 4, 1, FUNCTION, 0) == (SUCCESS, words(2, 1 | 2 << 16))


def test_the_function_of_a_pin_is_what_the_agent_calls_it(full):
    linux, vm1 = full.linux, full.vm1
    assert configure(vm1, 0, GROUP, function=0) == SUCCESS  # spi
    assert vm1.words(PINCTRL, 5, 1, FUNCTION_ONLY) == [0, 0]
    assert linux.words(PINCTRL, 5, 1, FUNCTION_ONLY) == [NO_FUNCTION, 0]  # has no spi
    assert configure(vm1, 1, PIN, function=1) == SUCCESS  # gpio
    assert linux.words(PINCTRL, 5, 1, FUNCTION_ONLY) == [1, 0]


def test_associations_are_not_padded(full):
    assert full.linux.ask(PINCTRL, 4, 0, GROUP, 0) == (SUCCESS, words(2, 0 | 1 << 16))
    assert full.linux.ask(PINCTRL, 4, 0, GROUP, 1) == (SUCCESS, words(1) + b"\1\0")
    assert full.linux.ask(PINCTRL, 4, 0, FUNCTION, 0) == (SUCCESS, words(1) + b"\0\0")
    assert full.linux.ask(PINCTRL, 4, 1, FUNCTION, 0) == (SUCCESS, words(3, 1 << 16) + b"\3\0")
    assert full.linux.status(PINCTRL, 4, 0, GROUP, 2) == OUT_OF_RANGE
    assert full.linux.status(PINCTRL, 4, 0, PIN, 0) == INVALID_PARAMETERS


def test_settings_are_read_one_all_or_those_of_a_group(full):
    linux = full.linux
    assert settings(linux, 0) == (NO_FUNCTION, {PULL_UP: 1, STRENGTH: 8})
    assert linux.words(PINCTRL, 5, 0, STRENGTH) == [NO_FUNCTION, 1, STRENGTH, 8]
    assert linux.words(PINCTRL, 5, 0, ALL | 1 << 8) == [NO_FUNCTION, 1, STRENGTH, 8]  # skip one
    assert linux.words(PINCTRL, 5, 0, FUNCTION_ONLY) == [NO_FUNCTION, 0]
    assert settings(linux, 0, GROUP) == (NO_FUNCTION, {PULL_UP: 1})  # what both pins have
    assert linux.status(PINCTRL, 5, 0, 7) == NOT_SUPPORTED  # it has no such setting
    assert linux.status(PINCTRL, 5, 0, 3 << 18) == INVALID_PARAMETERS
    assert linux.status(PINCTRL, 5, 0, 1 << 20) == INVALID_PARAMETERS
    assert linux.status(PINCTRL, 5, 0, FUNCTION << 16) == INVALID_PARAMETERS


def test_settings_and_functions_are_configured(full):
    linux = full.linux
    assert configure(linux, 0, PIN, (PULL_UP, 0), (STRENGTH, 2)) == SUCCESS
    assert settings(linux, 0)[1] == {PULL_UP: 0, STRENGTH: 2}
    assert configure(linux, 0, GROUP, (STRENGTH, 16), function=0) == SUCCESS
    assert settings(linux, 0) == (0, {PULL_UP: 0, STRENGTH: 16})
    assert settings(linux, 1) == (0, {PULL_UP: 1, STRENGTH: 16})
    assert configure(linux, 0, PIN, function=1) == SUCCESS
    assert settings(linux, 0)[0] == 1
    assert settings(linux, 0, GROUP)[0] == NO_FUNCTION  # its pins do not agree


@pytest.mark.parametrize(
    ("number", "selector", "pairs", "function", "status"),
    [
        (3, PIN, [(PULL_UP, 0)], None, DENIED),  # may only read it
        (0, PIN, [(7, 0)], None, NOT_SUPPORTED),
        (0, PIN, [(PULL_UP, 0), (7, 0)], None, NOT_SUPPORTED),  # nothing of it is done
        (0, PIN, [], 0, NOT_SUPPORTED),  # a function of groups
        (0, GROUP, [], 1, NOT_SUPPORTED),  # a function of pins
        (0, GROUP, [], 2, NOT_FOUND),  # of another group
        (0, PIN, [], 3, NOT_FOUND),
        (0, FUNCTION, [], None, INVALID_PARAMETERS),
        (2, PIN, [], None, NOT_FOUND),
    ],
    ids=[
        "read-only pin",
        "unknown setting",
        "one unknown setting",
        "function of groups on a pin",
        "function of pins on a group",
        "function of another group",
        "unknown function",
        "a function",
        "hidden pin",
    ],
)
def test_configuring_does_everything_or_nothing(full, number, selector, pairs, function, status):
    before = settings(full.linux, 0)
    assert configure(full.linux, number, selector, *pairs, function=function) == status
    assert settings(full.linux, 0) == before


def test_the_number_of_settings_must_be_that_of_the_message(full):
    linux = full.linux
    assert linux.status(PINCTRL, 6, 0, 0, 1 << 2) == INVALID_PARAMETERS
    assert linux.status(PINCTRL, 6, 0, 0, 0, PULL_UP, 0) == INVALID_PARAMETERS
    assert linux.status(PINCTRL, 6, 0, 0, 1 << 2, PULL_UP) == PROTOCOL_ERROR
    assert linux.status(PINCTRL, 6, 0, 0, 1 << 11) == INVALID_PARAMETERS


def test_a_requested_pin_is_in_use_for_others(full):
    linux, vm1 = full.linux, full.vm1
    assert linux.status(PINCTRL, 7, 0, GROUP) == SUCCESS
    assert vm1.status(PINCTRL, 7, 1, PIN) == IN_USE
    assert configure(vm1, 1, PIN, (PULL_UP, 0)) == IN_USE
    assert vm1.status(PINCTRL, 7, 0, GROUP) == IN_USE
    assert linux.status(PINCTRL, 7, 0, GROUP) == SUCCESS  # has it already
    assert vm1.status(PINCTRL, 8, 1, PIN) == INVALID_PARAMETERS  # is not its to release
    assert linux.status(PINCTRL, 8, 0, GROUP) == SUCCESS
    assert vm1.status(PINCTRL, 7, 1, PIN) == SUCCESS
    vm1.agent.disconnect()
    assert linux.status(PINCTRL, 7, 1, PIN) == SUCCESS
    assert linux.status(PINCTRL, 7, 3, PIN) == DENIED


# PINCTRL_SET_PERMISSIONS: agent, id, flags ([2] allow, [1:0] pin or group); linux may, vm1 not

LINUX, VM1 = 1, 2
ALLOW, DENY = 4, 0


def test_a_pin_is_closed_and_opened(full):
    linux, vm1 = full.linux, full.vm1
    assert linux.words(PINCTRL, 2, 0xA) == [0]
    assert vm1.status(PINCTRL, 7, 1, PIN) == SUCCESS
    assert linux.ask(PINCTRL, 0xA, VM1, 1, DENY | PIN) == (SUCCESS, b"")
    # closed as if it had never been granted; and the pin it had asked for is free
    assert vm1.ask(PINCTRL, 3, 1, PIN) == (SUCCESS, words(0, "reserved-1"))
    assert configure(vm1, 1, PIN, (PULL_UP, 0)) == NOT_FOUND
    assert linux.status(PINCTRL, 7, 1, PIN) == SUCCESS
    assert linux.status(PINCTRL, 8, 1, PIN) == SUCCESS
    assert settings(vm1, 2)[1] == {PULL_UP: 0}  # its other pin is still its own
    assert linux.status(PINCTRL, 0xA, VM1, 1, ALLOW | PIN) == SUCCESS
    assert configure(vm1, 1, PIN, (PULL_UP, 0)) == SUCCESS


def test_a_group_of_pins_is_closed(full):
    assert full.linux.status(PINCTRL, 0xA, LINUX, 0, DENY | GROUP) == SUCCESS
    # it keeps its number and its pins, which agents have read
    assert full.linux.words(PINCTRL, 1) == [4 | 1 << 16, 2]
    assert full.linux.ask(PINCTRL, 3, 0, GROUP) == (SUCCESS, words(2, "reserved-0"))
    assert full.linux.ask(PINCTRL, 4, 0, GROUP, 0) == (SUCCESS, words(2, 0 | 1 << 16))
    assert full.linux.status(PINCTRL, 7, 0, GROUP) == NOT_FOUND
    assert full.linux.status(PINCTRL, 5, 0, ALL) == NOT_FOUND
    assert full.linux.status(PINCTRL, 5, 1, ALL) == NOT_FOUND
    assert full.linux.status(PINCTRL, 5, 3, ALL) == SUCCESS


def test_resetting_an_agent_opens_its_pins(full):
    full.linux.status(PINCTRL, 0xA, VM1, 1, DENY | PIN)
    full.linux.status(BASE, 0xB, VM1, 0)  # the configuration only
    assert full.vm1.status(PINCTRL, 5, 1, ALL) == NOT_FOUND
    full.linux.status(BASE, 0xB, VM1, 1)
    assert full.vm1.status(PINCTRL, 5, 1, ALL) == SUCCESS


@pytest.mark.parametrize(
    ("agent", "number", "flags", "status"),
    [
        (VM1, 0, ALLOW | PIN, DENIED),  # was never granted to vm1
        (VM1, 0, DENY | PIN, NOT_FOUND),
        (VM1, 0, DENY | GROUP, NOT_FOUND),  # one of its pins
        (VM1, 2, DENY | PIN, NOT_FOUND),  # linux cannot see it
        (VM1, 9, DENY | PIN, NOT_FOUND),
        (VM1, 1, DENY | FUNCTION, INVALID_PARAMETERS),
        (VM1, 1, 3, INVALID_PARAMETERS),
        (VM1, 1, 8, INVALID_PARAMETERS),
        (0, 1, DENY | PIN, DENIED),  # the platform
        (7, 1, DENY | PIN, NOT_FOUND),
    ],
    ids=[
        "allow a pin not granted",
        "deny a pin not granted",
        "deny a group of it",
        "pin the sender cannot see",
        "unknown pin",
        "a function",
        "unknown selector",
        "reserved flag",
        "the platform",
        "unknown agent",
    ],
)
def test_pins_are_opened_and_closed_only_within_the_grants(full, agent, number, flags, status):
    assert full.linux.status(PINCTRL, 0xA, agent, number, flags) == status
    assert full.vm1.status(PINCTRL, 5, 1, ALL) == SUCCESS


def test_only_a_trusted_agent_sets_permissions(full):
    assert full.vm1.status(PINCTRL, 0xA, VM1, 1, ALLOW) == DENIED
    assert full.vm1.status(PINCTRL, 0xA, LINUX, 1, DENY) == DENIED
    assert full.vm1.status(PINCTRL, 2, 0xA) == NOT_FOUND
