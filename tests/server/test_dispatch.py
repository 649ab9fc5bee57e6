"""What every message is checked for, and in which order."""

import pytest
from msgspec.structs import replace
from scmi_wire import (
    BASE,
    CLOCK,
    DENIED,
    NOT_FOUND,
    NOT_SUPPORTED,
    POWER,
    PROTOCOL_ERROR,
    RESET,
    SUCCESS,
    request,
    words,
)

from scmigen.scmi.protocols import Kind

#: CLOCK_RATE_GET of clock 0 with token 0: the response is header, status, two words of rate.
RATE_GET = bytes.fromhex("0650000000000000")


def test_response_repeats_the_whole_header(platform):
    linux = platform.linux.agent
    rate = bytes.fromhex("00366e0100000000")  # 24 MHz
    assert linux.handle(RATE_GET) == (bytes.fromhex("0650000000000000") + rate,)
    # token 0x3ff and the reserved bits 31:28 come back as they were
    assert linux.handle(bytes.fromhex("0650fcff00000000")) == (
        bytes.fromhex("0650fcff00000000") + rate,
    )


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_without_a_whole_header_there_is_no_answer(platform, size):
    assert platform.linux.agent.handle(RATE_GET[:size]) == ()


@pytest.mark.parametrize("size", [4, 5, 7, 9, 12, 132])
def test_a_payload_of_another_size_than_the_layout_is_a_protocol_error(platform, size):
    message = (RATE_GET + bytes(200))[:size]
    assert platform.linux.agent.handle(message) == (RATE_GET[:4] + words(PROTOCOL_ERROR),)


@pytest.mark.parametrize("kind", [1, 2, 3], ids=["reserved", "delayed response", "notification"])
@pytest.mark.parametrize("protocol", [BASE, CLOCK, 0x80], ids=["base", "clock", "unknown"])
def test_only_commands_are_answered(platform, kind, protocol):
    message = request(protocol, 0, kind=kind)
    assert platform.linux.agent.handle(message) == (message + words(PROTOCOL_ERROR),)


def test_the_checks_of_a_message_have_a_fixed_order(platform, platform_2_0):
    def status(agent, protocol, message, payload):
        head = request(protocol, message)
        (frame,) = agent.agent.handle(head + payload)
        return int.from_bytes(frame[4:8], "little", signed=True)

    odd = bytes(6)
    # an unknown protocol before anything else, a hidden one before its messages
    assert status(platform.vm1, 0x42, 0, odd) == NOT_SUPPORTED
    assert status(platform.vm1, RESET, 0, odd) == DENIED
    # an unknown message before its size; the releases differ
    assert status(platform.linux, CLOCK, 0x77, odd) == NOT_SUPPORTED
    assert status(platform_2_0.linux, CLOCK, 0x77, odd) == NOT_FOUND
    # the size before the id, the id before the permission, the permission before the values
    assert status(platform.vm1, CLOCK, 5, words(0xFF, 99)) == PROTOCOL_ERROR
    assert status(platform.vm1, CLOCK, 5, words(0xFF, 99, 0, 0)) == NOT_FOUND
    assert status(platform.vm1, CLOCK, 5, words(0xFF, 1, 0, 0)) == DENIED


@pytest.mark.parametrize(
    ("name", "hidden"), [("platform", NOT_FOUND), ("platform_2_0", DENIED)], ids=["3.2", "2.0"]
)
def test_foreign_ids_and_holes_answer_alike(name, hidden, request):
    platform = request.getfixturevalue(name)
    foreign = [platform.vm1.status(CLOCK, m, 0) for m in (3, 6)]
    hole = [platform.linux.status(CLOCK, m, 3) for m in (3, 6)]
    assert foreign == hole == [hidden, hidden]
    # clock 3 does not exist, and vm1's ids end before it
    for beyond in (3, 6, 0xFFFF, 0xFFFF_FFFF):
        assert platform.vm1.status(CLOCK, 6, beyond) == NOT_FOUND


def test_counts_end_at_the_highest_id(platform):
    assert platform.linux.words(CLOCK, 1) == [6]
    assert platform.vm1.words(CLOCK, 1) == [3]
    assert platform.hypervisor.words(CLOCK, 1) == [1]
    assert platform.linux.words(POWER, 1) == [4, 0, 0, 0]
    assert platform.linux.words(RESET, 1) == [3]


def test_what_no_agent_has_is_a_hole(serve, board):
    """The hypervisor has clock 0, vm1 has clock 2, and nobody has clocks 1 and 4."""
    linux, vm1, hypervisor = board.agents
    only = {Kind.CLOCK: vm1.grants[Kind.CLOCK][1:]}
    agents = (replace(linux, grants={}), replace(vm1, grants=only), hypervisor)
    platform = serve(replace(board, agents=agents))
    assert [platform.vm1.status(CLOCK, 6, number) for number in (0, 1, 4)] == [NOT_FOUND] * 3
    assert platform.vm1.status(CLOCK, 3, 2) == SUCCESS
    assert platform.log == ["vm1: CLOCK_RATE_GET on clock 0 (uart): NOT_FOUND"]


def test_missing_operation_is_denied_and_logged_by_name(platform):
    assert platform.linux.status(CLOCK, 5, 0, 1, 5, 0) == DENIED  # no rate on the bus clock
    assert platform.linux.status(POWER, 4, 0, 3, 0) == DENIED  # no state on aon
    assert platform.vm1.status(CLOCK, 6, 0) == NOT_FOUND
    assert platform.linux.status(CLOCK, 6, 3) == NOT_FOUND  # nothing there: nothing to tell
    assert platform.vm1.status(CLOCK, 6, 5) == NOT_FOUND  # beyond its ids, but linux has it
    assert platform.linux.status(CLOCK, 0xD, 4, 3) == NOT_FOUND
    assert platform.log == [
        "linux: CLOCK_RATE_SET on clock 1 (bus): DENIED",
        "linux: POWER_STATE_SET on power 3 (aon): DENIED",
        "vm1: CLOCK_RATE_GET on clock 0 (uart): NOT_FOUND",
        "vm1: CLOCK_RATE_GET on clock 5 (watchdog): NOT_FOUND",
    ]
