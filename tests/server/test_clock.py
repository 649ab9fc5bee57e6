"""The clock protocol: rates, states, parents, in both profiles."""

import pytest
from scmi_wire import (
    CLOCK,
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    PROTOCOL_ERROR,
    SUCCESS,
    notification,
    request,
    words,
)

NOTIFY = 1 << 31 | 1 << 30
LONG_NAME = 1 << 29
PARENTS = 1 << 28
RESTRICTED = 1 << 1


def test_attributes_of_3_2_have_notifications_parents_and_long_names(platform):
    ask = platform.linux.ask
    assert ask(CLOCK, 3, 0) == (SUCCESS, words(NOTIFY | 1, "uart", 0))
    assert ask(CLOCK, 3, 1) == (SUCCESS, words(NOTIFY | RESTRICTED, "bus", 0))
    # 19 characters: 15 of them here, all of them by CLOCK_NAME_GET
    expected = words(NOTIFY | LONG_NAME | PARENTS, "display-pixel-c", 0)
    assert ask(CLOCK, 3, 4) == (SUCCESS, expected)
    name = b"display-pixel-clock".ljust(64, b"\0")
    assert ask(CLOCK, 8, 4) == (SUCCESS, words(0) + name)


def test_attributes_2_0_have_only_the_enabled_bit(platform_2_0):
    ask = platform_2_0.linux.ask
    assert ask(CLOCK, 3, 0) == (SUCCESS, words(1, "uart"))
    assert ask(CLOCK, 3, 1) == (SUCCESS, words(0, "bus"))
    assert ask(CLOCK, 3, 4) == (SUCCESS, words(0, "display-pixel-c"))


def test_rates_come_in_parts_that_fit(platform):
    # 18 rates; 128 bytes of values hold the flags and 15 of them
    first = platform.vm1.words(CLOCK, 4, 2, 0)
    assert first[0] == 15 | 3 << 16
    assert first[1::2] == [1000 * n for n in range(1, 16)]
    assert set(first[2::2]) == {0}
    assert platform.vm1.words(CLOCK, 4, 2, 15) == [3, 16000, 0, 17000, 0, 18000, 0]
    assert platform.vm1.words(CLOCK, 4, 2, 17) == [1, 18000, 0]
    assert platform.vm1.status(CLOCK, 4, 2, 18) == OUT_OF_RANGE


def test_parts_follow_the_size_of_the_transport(serve):
    small = serve(max_reply=100)
    first = small.vm1.words(CLOCK, 4, 2, 0)
    assert first[0] == 11 | 7 << 16  # 100 - 4 status - 4 flags: 11 rates of 8 bytes
    assert len(first) == 1 + 22


def test_a_rate_is_read_in_hertz(platform):
    assert platform.linux.words(CLOCK, 6, 0) == [24_000_000, 0]


@pytest.mark.parametrize(
    ("flags", "wanted", "rate"),
    [
        (0, 48_000_000, 48_000_000),
        (0, 99_999_999, 48_000_000),  # down unless told otherwise
        (4, 48_000_001, 100_000_000),  # up
        (8, 70_000_000, 48_000_000),  # to the nearer
        (8, 74_000_001, 100_000_000),
        (8, 74_000_000, 48_000_000),  # equally near: the lower
        (8 | 4, 70_000_000, 48_000_000),  # automatic overrides up
        (2, 24_000_000, 24_000_000),  # bit 1 means nothing without bit 0
    ],
    ids=[
        "exact",
        "down by default",
        "up",
        "nearest is below",
        "nearest is above",
        "nearest of two is the lower",
        "nearest overrides up",
        "silent without asynchronous",
    ],
)
def test_rate_set_rounds_as_told(platform, flags, wanted, rate):
    assert platform.linux.ask(CLOCK, 5, flags, 0, wanted, 0) == (SUCCESS, b"")
    assert platform.linux.words(CLOCK, 6, 0) == [rate, 0]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ((0, 0, 23_999_999, 0), INVALID_PARAMETERS),
        ((4, 0, 100_000_001, 0), INVALID_PARAMETERS),
        ((0, 0, 24_000_000, 1), INVALID_PARAMETERS),  # the high word counts
        ((0xFF, 0, 24_000_000, 0), INVALID_PARAMETERS),
        ((0x10, 0, 24_000_000, 0), INVALID_PARAMETERS),
        ((1, 0, 48_000_000, 0), NOT_SUPPORTED),  # asynchronous
        ((0, 99, 24_000_000, 0), NOT_FOUND),
    ],
    ids=[
        "below the lowest",
        "above the highest",
        "high word",
        "all flags",
        "reserved flag",
        "asynchronous",
        "unknown clock",
    ],
)
def test_rate_set_refused_changes_nothing(platform, values, status):
    assert platform.linux.status(CLOCK, 5, *values) == status
    assert platform.linux.words(CLOCK, 6, 0) == [24_000_000, 0]


def test_config_set_has_three_words_from_3_2_on(platform, platform_2_0):
    assert platform.linux.ask(CLOCK, 7, 1, 1, 0) == (SUCCESS, b"")
    assert platform_2_0.linux.ask(CLOCK, 7, 1, 1) == (SUCCESS, b"")
    assert platform_2_0.linux.status(CLOCK, 7, 1, 1, 0) == PROTOCOL_ERROR


def test_config_set_may_leave_out_its_third_word(platform):
    """Linux up to 6.6, FreeBSD and RT-Thread do, whatever the version."""
    linux = platform.linux
    assert linux.ask(CLOCK, 7, 1, 1) == (SUCCESS, b"")
    assert linux.words(CLOCK, 0xB, 1, 0) == [0, 1, 0]
    assert linux.ask(CLOCK, 7, 1, 0) == (SUCCESS, b"")
    assert linux.words(CLOCK, 0xB, 1, 0) == [0, 0, 0]
    assert linux.status(CLOCK, 7, 1, 1 << 16) == INVALID_PARAMETERS  # a duty cycle, without it
    assert linux.status(CLOCK, 7, 2, 1) == linux.status(CLOCK, 7, 2, 1, 0)  # no clock of its own
    for data in (b"", words(1), words(1, 1) + b"\0", words(1, 1, 0) + b"\0", words(1, 1)[:-1]):
        head = request(CLOCK, 7)
        assert linux.agent.handle(head + data) == (head + words(PROTOCOL_ERROR),)
    assert linux.status(CLOCK, 9, 1) == PROTOCOL_ERROR  # of another message, nothing


@pytest.mark.parametrize(
    ("config", "status"),
    [
        (2, INVALID_PARAMETERS),  # reserved state
        (3, INVALID_PARAMETERS),  # unchanged, and nothing else to set
        (4, INVALID_PARAMETERS),
        (0xF, INVALID_PARAMETERS),
        (1 << 24, INVALID_PARAMETERS),
        (3 | 1 << 16, INVALID_PARAMETERS),  # duty cycle: attribute bit 27 says there is none
        (1 | 2 << 16, INVALID_PARAMETERS),  # phase
    ],
    ids=[
        "reserved state",
        "unchanged",
        "reserved bit",
        "reserved bits",
        "reserved type",
        "duty cycle",
        "phase",
    ],
)
def test_config_set_refuses_reserved_values_and_changes_nothing(platform, config, status):
    assert platform.linux.status(CLOCK, 7, 1, config, 0) == status
    assert platform.linux.words(CLOCK, 0xB, 1, 0) == [0, 0, 0]


@pytest.mark.parametrize(
    "config", [2, 3, 0xF, 0x8000_0000], ids=["bit 1", "bits 0 and 1", "four bits", "bit 31"]
)
def test_config_set_2_0_knows_one_bit(platform_2_0, config):
    assert platform_2_0.linux.status(CLOCK, 7, 1, config) == INVALID_PARAMETERS


def test_config_get_reports_the_state_and_refuses_extended_configurations(platform):
    assert platform.linux.words(CLOCK, 0xB, 0, 0) == [0, 1, 0]
    assert platform.linux.status(CLOCK, 0xB, 0, 1) == INVALID_PARAMETERS  # duty cycle
    assert platform.linux.status(CLOCK, 0xB, 0, 0x100) == INVALID_PARAMETERS


def enabled(wire, clock):
    return wire.words(CLOCK, 0xB, clock, 0)[1]


def test_a_shared_clock_runs_while_anybody_wants_it(platform):
    linux, vm1 = platform.linux, platform.vm1
    assert enabled(linux, 1) == 0
    assert linux.status(CLOCK, 7, 1, 1, 0) == SUCCESS
    assert vm1.status(CLOCK, 7, 1, 1, 0) == SUCCESS
    assert linux.status(CLOCK, 7, 1, 0, 0) == SUCCESS
    # linux has let go, but the clock runs, and both see that
    assert enabled(linux, 1) == enabled(vm1, 1) == 1
    assert linux.words(CLOCK, 3, 1)[0] & 1 == 1
    assert vm1.status(CLOCK, 7, 1, 0, 0) == SUCCESS
    assert enabled(linux, 1) == 0


def test_a_vote_counts_once(platform):
    for _ in range(3):
        platform.linux.status(CLOCK, 7, 1, 1, 0)
    platform.linux.status(CLOCK, 7, 1, 0, 0)
    assert enabled(platform.linux, 1) == 0


def test_votes_go_with_the_agent(platform):
    platform.linux.status(CLOCK, 7, 1, 1, 0)
    platform.vm1.status(CLOCK, 7, 1, 1, 0)
    platform.linux.agent.disconnect()
    assert enabled(platform.vm1, 1) == 1
    platform.vm1.agent.disconnect()
    assert enabled(platform.linux, 1) == 0


def test_boot_state_holds_until_spoken_and_comes_back(platform):
    assert enabled(platform.linux, 0) == 1
    platform.linux.status(CLOCK, 7, 0, 0, 0)
    assert enabled(platform.linux, 0) == 0
    platform.linux.agent.disconnect()
    assert enabled(platform.linux, 0) == 1


def test_the_platforms_own_vote_stays(platform):
    assert platform.linux.status(CLOCK, 7, 5, 0, 0) == SUCCESS
    assert enabled(platform.linux, 5) == 1


def test_parents_are_read_and_set_by_the_agents_own_ids(platform):
    linux = platform.linux
    assert linux.words(CLOCK, 0xC, 4, 0) == [3, 0, 1, 2]
    assert linux.words(CLOCK, 0xC, 4, 1) == [2, 1, 2]
    assert linux.status(CLOCK, 0xC, 4, 3) == INVALID_PARAMETERS
    assert linux.words(CLOCK, 0xE, 4) == [1]
    assert linux.ask(CLOCK, 0xD, 4, 0) == (SUCCESS, b"")
    assert linux.words(CLOCK, 0xE, 4) == [0]
    assert linux.status(CLOCK, 0xD, 4, 5) == INVALID_PARAMETERS  # a clock, but no parent of it
    assert linux.status(CLOCK, 0xD, 4, 3) == NOT_FOUND
    assert linux.status(CLOCK, 0xC, 0, 0) == NOT_SUPPORTED
    assert linux.status(CLOCK, 0xE, 0) == NOT_SUPPORTED
    assert linux.status(CLOCK, 0xD, 0, 1) == DENIED


def test_permissions_say_what_the_agent_may_change(platform):
    assert platform.linux.words(CLOCK, 0xF, 4) == [7 << 29]
    assert platform.linux.words(CLOCK, 0xF, 0) == [1 << 31 | 1 << 29]
    assert platform.linux.words(CLOCK, 0xF, 1) == [1 << 31]
    assert platform.hypervisor.words(CLOCK, 0xF, 0) == [0]
    assert platform.hypervisor.status(CLOCK, 7, 0, 0, 0) == DENIED
    assert platform.hypervisor.status(CLOCK, 5, 0, 0, 48_000_000, 0) == DENIED


def test_rate_changes_are_notified_to_subscribers_only(platform):
    linux, hypervisor = platform.linux, platform.hypervisor
    assert hypervisor.status(CLOCK, 9, 0, 2) == INVALID_PARAMETERS
    assert hypervisor.ask(CLOCK, 9, 0, 1) == (SUCCESS, b"")
    linux.status(CLOCK, 5, 0, 0, 48_000_000, 0)
    linux.status(CLOCK, 5, 0, 0, 48_000_000, 0)  # no change, no news
    changed = notification(CLOCK, 0, 1, 0, 48_000_000, 0)
    assert hypervisor.agent.take_events() == (changed,)
    assert hypervisor.agent.take_events() == linux.agent.take_events() == ()
    hypervisor.status(CLOCK, 9, 0, 0)
    linux.status(CLOCK, 5, 0, 0, 24_000_000, 0)
    assert hypervisor.agent.take_events() == ()


def test_an_agent_that_takes_nothing_cannot_fill_the_memory(platform):
    platform.hypervisor.status(CLOCK, 9, 0, 1)
    for number in range(2000):
        rate = (24_000_000, 48_000_000)[number % 2]
        platform.linux.agent.handle(request(CLOCK, 5, 0, 0, rate, 0))
    assert 0 < len(platform.hypervisor.agent.take_events()) < 1000


@pytest.mark.parametrize(
    "message",
    [8, 9, 0xB, 0xC, 0xE, 0xF],
    ids=[
        "NAME_GET",
        "RATE_NOTIFY",
        "CONFIG_GET",
        "POSSIBLE_PARENTS_GET",
        "PARENT_GET",
        "GET_PERMISSIONS",
    ],
)
def test_later_messages_are_not_in_2_0(platform_2_0, message):
    assert platform_2_0.linux.status(CLOCK, message, 0) == NOT_FOUND
    assert platform_2_0.linux.status(CLOCK, 2, message) == NOT_FOUND
