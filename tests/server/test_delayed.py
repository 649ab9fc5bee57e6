"""Asynchronous commands: the response at once, the change and its delayed response later."""

import pytest
from scmi_wire import (
    BASE,
    BUSY,
    CLOCK,
    DENIED,
    GENERIC_ERROR,
    HARDWARE_ERROR,
    INVALID_PARAMETERS,
    NOT_SUPPORTED,
    OFF,
    ON,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SUCCESS,
    VOLTAGE,
    delayed,
    notification,
    words,
)

from scmigen.scmi.protocols import Profile
from scmigen.server.delayed import make_now
from scmigen.server.simulator import Recorder

MUX, PLL, RANGED = 1, 0, 2
ASYNC = 1
SILENT = 2


def test_a_rate_changes_when_it_is_due(full):
    linux = full.linux
    assert linux.ask(CLOCK, 5, ASYNC, MUX, 200_000_000, 0) == (SUCCESS, b"")
    full.wait(4999)
    assert full.events(linux) == ()
    assert linux.words(CLOCK, 6, MUX) == [100_000_000, 0]
    full.wait(1)
    assert full.events(linux) == (delayed(CLOCK, 5, SUCCESS, MUX, 200_000_000, 0),)
    assert linux.words(CLOCK, 6, MUX) == [200_000_000, 0]


def test_a_resource_is_busy_until_then(full):
    linux = full.linux
    linux.status(CLOCK, 5, ASYNC, MUX, 200_000_000, 0)
    assert linux.status(CLOCK, 5, ASYNC, MUX, 100_000_000, 0) == BUSY
    assert linux.status(CLOCK, 5, 0, MUX, 100_000_000, 0) == BUSY
    assert linux.status(CLOCK, 0xD, MUX, RANGED) == BUSY
    assert linux.status(CLOCK, 5, 0, PLL, 800_000_000, 0) == SUCCESS  # another clock
    full.wait(5000)
    assert linux.status(CLOCK, 5, 0, MUX, 100_000_000, 0) == SUCCESS


def test_the_response_can_be_left_out(full):
    assert full.linux.status(CLOCK, 5, ASYNC | SILENT, MUX, 200_000_000, 0) == SUCCESS
    full.wait(10_000)
    assert full.events(full.linux) == ()
    assert full.linux.words(CLOCK, 6, MUX) == [200_000_000, 0]


def test_attributes_say_how_many_commands_may_be_pending(full):
    assert full.linux.words(CLOCK, 1) == [8 << 16 | 4]
    assert full.vm1.words(CLOCK, 1) == [3]  # none of its clocks is asynchronous
    assert full.linux.status(BASE, 9, 1, 0, 0) == SUCCESS
    assert full.linux.status(BASE, 9, 2, 0, 1) == SUCCESS  # vm1 gets the clock
    assert full.vm1.status(CLOCK, 5, ASYNC, RANGED, 2000, 0) == NOT_SUPPORTED
    assert full.linux.words(SENSOR, 1) == [8 << 16 | 3, 0, 0, 0]


def test_what_one_who_is_gone_has_asked_for_does_not_happen(full):
    """Nor does it hear of it; and what was busy is not any more."""
    full.linux.status(CLOCK, 5, ASYNC, MUX, 200_000_000, 0)
    full.linux.agent.disconnect()
    assert full.linux.status(CLOCK, 5, ASYNC, MUX, 200_000_000, 0) == SUCCESS
    full.linux.agent.disconnect()
    full.wait(5000)
    assert full.events(full.linux) == ()
    assert full.linux.words(CLOCK, 6, MUX) == [100_000_000, 0]


def test_a_vote_under_way_goes_with_the_agent(full):
    """vm1 reads the shared domain; linux's vote is due after linux has gone."""
    full.linux.status(POWER, 4, ASYNC, 1, ON)
    full.linux.agent.disconnect()
    full.linux.status(VOLTAGE, 5, 1, 7)  # the supply of the domain
    full.wait(2000)
    assert full.vm1.words(POWER, 5, 1) == [OFF]


def test_a_vote_under_way_keeps_no_other_agent_waiting(full):
    """Else vm1 could keep the domain of both busy for ever."""
    assert full.vm1.status(POWER, 4, ASYNC, 1, ON) == SUCCESS
    assert full.vm1.status(POWER, 4, ASYNC, 1, OFF) == BUSY
    assert full.vm1.status(POWER, 4, 0, 1, OFF) == BUSY
    assert full.linux.status(POWER, 4, 0, 1, ON) == SUCCESS
    assert full.linux.status(POWER, 4, ASYNC, 1, OFF) == SUCCESS
    full.linux.status(VOLTAGE, 5, 1, 7)  # the supply of the domain
    assert full.linux.words(POWER, 5, 1) == [ON]
    full.wait(2000)
    assert full.linux.words(POWER, 5, 1) == [ON]  # vm1's, now
    full.vm1.agent.disconnect()
    assert full.linux.words(POWER, 5, 1) == [OFF]


def test_resetting_an_agent_cancels_what_it_has_under_way(full):
    """linux, which may, resets itself; the delayed response says that nothing came of it."""
    linux = full.linux
    linux.status(CLOCK, 5, ASYNC, MUX, 200_000_000, 0)
    linux.status(VOLTAGE, 7, 0, ASYNC, 950_000)
    assert linux.status(BASE, 0xB, 1, 0) == SUCCESS
    assert full.events(linux) == (
        delayed(CLOCK, 5, GENERIC_ERROR, MUX, 100_000_000, 0),
        delayed(VOLTAGE, 7, GENERIC_ERROR, 0, 800_000),
    )
    assert linux.status(CLOCK, 5, 0, MUX, 100_000_000, 0) == SUCCESS  # not busy
    full.wait(5000)
    assert full.events(linux) == ()


def test_eight_may_be_under_way(full):
    """Readings of one sensor do not wait for each other, so there can be many."""
    for _ in range(8):
        assert full.linux.status(SENSOR, 6, 0, ASYNC) == SUCCESS
    assert full.linux.status(SENSOR, 6, 0, ASYNC) == BUSY
    assert full.linux.status(RESET, 4, 0, 4 | 1, 0) == SUCCESS  # counted by protocol
    full.wait(1000)
    assert len(full.events(full.linux)) == 9
    assert full.linux.status(SENSOR, 6, 0, ASYNC) == SUCCESS


def test_a_change_ends_with_the_right_to_make_it(full_with):
    """linux loses the device with the clock while its change is under way; vm1, which gets it, does
    not find it busy."""
    full = full_with()
    # every clock of linux is asynchronous, since one is; the ranged one takes no time
    full.server.state["clock"][RANGED].latency = 100
    assert full.linux.status(CLOCK, 5, ASYNC, RANGED, 2000, 0) == SUCCESS
    assert full.linux.status(BASE, 9, 1, 0, 0) == SUCCESS
    assert full.events(full.linux) == (delayed(CLOCK, 5, DENIED, RANGED, 1000, 0),)
    assert full.linux.status(BASE, 9, 2, 0, 1) == SUCCESS
    assert full.vm1.status(CLOCK, 5, 0, RANGED, 3000, 0) == SUCCESS
    full.wait(100)
    assert full.events(full.linux) == ()
    assert full.vm1.words(CLOCK, 6, RANGED) == [3000, 0]


def test_a_reset_is_reported_when_it_is_done(full):
    linux = full.linux
    assert linux.status(RESET, 4, 0, 4 | 1, 0) == SUCCESS
    assert linux.status(RESET, 4, 0, 1, 0) == BUSY
    full.wait(300)
    assert full.events(linux) == (delayed(RESET, 4, SUCCESS, 0),)
    assert linux.status(RESET, 4, 0, 4, 0) == INVALID_PARAMETERS  # only the whole way


def test_a_level_is_reported_when_it_is_reached(full):
    linux = full.linux
    assert linux.ask(VOLTAGE, 3, 0) == (SUCCESS, words(1 << 31, "buck"))
    assert linux.status(VOLTAGE, 7, 0, ASYNC, 950_000) == SUCCESS
    assert linux.words(VOLTAGE, 8, 0) == [800_000]
    full.wait(100)
    assert full.events(linux) == (delayed(VOLTAGE, 7, SUCCESS, 0, 950_000),)
    assert linux.status(VOLTAGE, 7, 1, ASYNC, 700_000) == NOT_SUPPORTED


def test_a_reading_is_taken_when_it_is_due(full, full_with):
    full.wait(100_000)  # the second reading of the script
    assert full.linux.ask(SENSOR, 6, 0, ASYNC) == (SUCCESS, b"")
    full.wait(1000)
    expected = delayed(SENSOR, 6, SUCCESS, 0, 60_000, 0, 0, 0)
    assert full.events(full.linux) == (expected,)
    assert full.linux.status(SENSOR, 6, 1, ASYNC) == NOT_SUPPORTED
    old = full_with(Profile.V2_0)
    old.linux.status(SENSOR, 6, 0, ASYNC)
    old.wait(1000)
    # version 1 of the protocol has no timestamp; nor has it a place for one
    assert old.events(old.linux) == (delayed(SENSOR, 6, SUCCESS, 0, 40_000, 0),)


def test_a_cap_is_reported_unless_the_agent_wants_no_response(full):
    linux = full.linux
    assert linux.status(POWERCAP, 5, 0, 2, 3000) == SUCCESS
    assert linux.words(POWERCAP, 4, 0) == [9000]
    assert linux.status(POWERCAP, 5, 0, 0, 4000) == BUSY
    full.wait(400)
    assert full.events(linux) == (delayed(POWERCAP, 5, SUCCESS, 0, 3000),)
    assert linux.status(POWERCAP, 5, 0, 3, 4000) == SUCCESS  # bit 0: no delayed response
    full.wait(400)
    assert full.events(linux) == ()
    assert linux.words(POWERCAP, 4, 0) == [4000]


def test_power_state_has_a_notification_instead(full):
    linux = full.linux
    linux.status(VOLTAGE, 5, 1, 7)  # the supply of the domain
    assert linux.status(POWER, 6, 1, 1) == SUCCESS
    assert linux.status(POWER, 4, ASYNC, 1, ON) == SUCCESS
    assert linux.words(POWER, 5, 1) == [OFF]
    full.wait(2000)
    assert full.events(linux) == (notification(POWER, 0, 1, 1, ON),)


@pytest.mark.parametrize("how", [0, ASYNC], ids=["at once", "later"])
def test_failing_hardware_is_reported_and_changes_nothing(full_with, how):
    recorder = Recorder(lambda _: None, failing=["clock 1 (mux) rate"])
    full = full_with(backend=recorder)
    status = full.linux.status(CLOCK, 5, how, MUX, 200_000_000, 0)
    full.wait(5000)
    if how:
        assert status == SUCCESS
        failed = delayed(CLOCK, 5, HARDWARE_ERROR, MUX, 100_000_000, 0)
        assert full.events(full.linux) == (failed,)
    else:
        assert status == HARDWARE_ERROR
    assert full.linux.words(CLOCK, 6, MUX) == [100_000_000, 0]
    assert full.failures == ["clock 1 (mux) rate 200000000: refused by the recorder"]


def test_an_error_nobody_would_hear_of(full_with):
    """BASE_ERROR_EVENT: a change without delayed response that failed."""
    full = full_with(backend=Recorder(lambda _: None, failing=["clock 1 (mux) rate"]))
    assert full.linux.status(BASE, 8, 2) == INVALID_PARAMETERS
    assert full.linux.status(BASE, 8, 1) == SUCCESS
    full.linux.status(CLOCK, 5, ASYNC | SILENT, MUX, 200_000_000, 0)
    full.wait(5000)
    command = 5 | CLOCK << 10 | 0x155 << 18
    expected = notification(BASE, 0, 1, 1, command, HARDWARE_ERROR)
    assert full.events(full.linux) == (expected,)
    full.linux.status(BASE, 8, 0)
    full.linux.status(CLOCK, 5, ASYNC | SILENT, MUX, 200_000_000, 0)
    full.wait(5000)
    assert full.events(full.linux) == ()


def test_a_vote_stands_where_the_hardware_fails(full_with):
    full = full_with(backend=Recorder(lambda _: None, failing=["voltage 0 (buck) state 1"]))
    assert full.linux.status(VOLTAGE, 5, 0, 7) == HARDWARE_ERROR
    assert full.linux.words(VOLTAGE, 6, 0) == [7]
    assert full.linux.status(VOLTAGE, 5, 0, 0) == SUCCESS


@pytest.mark.parametrize(
    ("message", "older", "expected"),
    [
        ((VOLTAGE, 7, 0, ASYNC, 950_000), 0x10000, (VOLTAGE, 7, SUCCESS, 0, 950_000)),
        ((SENSOR, 6, 0, ASYNC), 0x10000, (SENSOR, 6, SUCCESS, 0, 40_000, 0, 0, 0)),
        ((POWERCAP, 5, 0, 2, 0), 0x10000, (POWERCAP, 5, SUCCESS, 0, 0)),
        ((CLOCK, 5, ASYNC, MUX, 200_000_000, 0), 0x10000, (CLOCK, 5, SUCCESS, MUX, 200_000_000, 0)),
        ((RESET, 4, 0, 4 | 1, 0), 0x10000, (RESET, 4, SUCCESS, 0)),
    ],
)
def test_a_delayed_response_has_the_version_of_its_command(full, message, older, expected):
    """Version 1 has no delayed level, no timestamps of readings, and no way to have no cap."""
    assert full.linux.status(*message) == SUCCESS
    assert full.linux.status(message[0], 0x10, older) == SUCCESS
    full.wait(5000)
    assert full.events(full.linux) == (delayed(*expected),)


def test_a_loss_ends_all_holds_whatever_becomes_of_the_report(full_with):
    """linux holds a supply and has a command pending when it loses the device. The report of that
    command fails, by a mistake in the server that this test makes up."""
    lines = []
    full = full_with(broken=lines.append)
    linux = full.linux

    def pend():
        assert linux.status(VOLTAGE, 5, 0, 7) == SUCCESS
        assert linux.status(VOLTAGE, 7, 0, ASYNC, 950_000) == SUCCESS
        (pending,) = linux.agent.session.pending
        pending.change = pending.change._replace(values=lambda: ("a word is missing",))

    supply = full.server.state["voltage"][0]
    session = linux.agent.session
    for end in (
        lambda: full.server.release(session, tell=True),
        lambda: full.wait(100),
        lambda: make_now([session]),
        lambda: take_away(full, session),
    ):
        pend()
        end()
        assert session.pending == []
        assert not supply.busy
        assert len(lines) == 1
        assert "a delayed change of voltage 0: " in lines.pop()
    assert supply.votes.of(session.id) is None


def take_away(full, session):
    """Deny linux its supply, as a device with it would."""
    permissions = full.server.permissions
    permissions.operations = lambda *_: frozenset()
    full.server.permissions_changed(session)
