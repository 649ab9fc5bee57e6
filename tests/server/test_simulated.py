"""The simulated platform: what a parent, a supply and a level make of everything below them.

full.json: pll (0) feeds mux (1), which may take ranged (2) instead; mux feeds leaf (3), which is in
power domain slow (1), which has supply ldo (1), fed from buck (0). cpu runs on pll and ldo.
"""

import msgspec
import pytest
from scmi_wire import (
    CLOCK,
    INVALID_PARAMETERS,
    OFF,
    ON,
    OUT_OF_RANGE,
    PERFORMANCE,
    POWER,
    SUCCESS,
    VOLTAGE,
    notification,
    words,
)

from scmigen.scmi.protocols import Profile
from scmigen.server.simulator import Recorder

PLL, MUX, RANGED, LEAF = range(4)
BUCK, LDO = range(2)
SLOW = 1


def rates(wire):
    return [wire.words(CLOCK, 6, clock)[0] for clock in (PLL, MUX, LEAF)]


def running(wire):
    return [wire.words(CLOCK, 0xB, clock, 0)[1] for clock in (PLL, MUX, LEAF)]


def test_a_parents_rate_changes_all_below_it(full):
    assert rates(full.linux) == [400_000_000, 100_000_000, 50_000_000]
    full.linux.status(CLOCK, 9, LEAF, 1)
    assert full.linux.status(CLOCK, 5, 0, PLL, 800_000_000, 0) == SUCCESS
    assert rates(full.linux) == [800_000_000, 200_000_000, 100_000_000]
    assert full.events(full.linux) == (notification(CLOCK, 0, 1, LEAF, 100_000_000, 0),)


def test_setting_a_rate_sets_the_divider_not_the_parent(full):
    assert full.linux.status(CLOCK, 5, 0, MUX, 200_000_000, 0) == SUCCESS
    assert rates(full.linux) == [400_000_000, 200_000_000, 100_000_000]
    full.linux.status(CLOCK, 5, 0, PLL, 800_000_000, 0)
    assert rates(full.linux)[1] == 400_000_000


def test_another_parent_keeps_the_divider(full_with, full_board):
    pll, mux, *others = full_board.clocks
    mux = msgspec.structs.replace(mux, rates=(250, 500, *mux.rates))
    full = full_with(board=msgspec.structs.replace(full_board, clocks=(pll, mux, *others)))
    assert full.linux.status(CLOCK, 0xD, MUX, RANGED) == SUCCESS
    assert rates(full.linux)[1:] == [250, 125]  # a quarter of 1000 Hz, and half of that
    full.linux.status(CLOCK, 5, 0, PLL, 800_000_000, 0)
    assert rates(full.linux)[1:] == [250, 125]
    full.linux.status(CLOCK, 5, 0, RANGED, 2000, 0)
    assert rates(full.linux)[1:] == [500, 250]


@pytest.mark.parametrize(
    ("parent_rate", "described", "chosen"),
    [
        (1000, (150, 350), 150),  # 250 Hz would follow; the lower of two as near
        (1000, (200, 300), 200),
        (1000, (100_000_000, 200_000_000), 100_000_000),
        (9000, (100, 1000), 1000),
        (9000, (2250, 100_000_000), 2250),
    ],
)
def test_another_parent_leaves_the_clock_at_a_described_rate(
    full_with, full_board, parent_rate, described, chosen
):
    pll, mux, *others = full_board.clocks
    mux = msgspec.structs.replace(mux, rates=described)
    recorder = Recorder(lambda _: None)
    board = msgspec.structs.replace(full_board, clocks=(pll, mux, *others))
    full = full_with(board=board, backend=recorder)
    assert full.linux.status(CLOCK, 5, 0, RANGED, parent_rate, 0) == SUCCESS
    before = len(recorder.effects)
    assert full.linux.status(CLOCK, 0xD, MUX, RANGED) == SUCCESS
    assert rates(full.linux)[1] == chosen
    assert full.linux.status(CLOCK, 5, 0, MUX, chosen, 0) == SUCCESS
    told = [str(effect) for effect in recorder.effects[before:]]
    expected = [] if 4 * chosen == parent_rate else [f"clock 1 (mux) rate {chosen}"]
    assert told == ["clock 1 (mux) parent 2", *expected]


def test_what_runs_holds_its_parents_and_needs_domain_and_supplies(full):
    linux = full.linux
    assert running(linux) == [0, 0, 0]
    assert linux.status(CLOCK, 7, LEAF, 1, 0) == SUCCESS
    assert running(linux) == [1, 1, 0]  # wanted, but its power domain is off
    assert linux.status(POWER, 4, 0, SLOW, ON) == SUCCESS
    assert linux.words(POWER, 5, SLOW) == [OFF]  # no supply yet
    assert linux.status(VOLTAGE, 5, LDO, 7) == SUCCESS
    assert linux.words(VOLTAGE, 6, BUCK) == [7]  # held on by what it feeds
    assert linux.words(POWER, 5, SLOW) == [ON]
    assert running(linux) == [1, 1, 1]
    linux.status(VOLTAGE, 5, LDO, 0)
    assert running(linux) == [1, 1, 0]
    assert linux.words(VOLTAGE, 6, BUCK) == [0]
    linux.status(CLOCK, 7, LEAF, 0, 0)
    assert running(linux) == [0, 0, 0]


def test_a_new_parent_is_held_and_the_old_one_let_go(full):
    linux = full.linux
    linux.status(CLOCK, 7, MUX, 1, 0)
    linux.status(VOLTAGE, 5, BUCK, 7)  # the supply of the ranged clock
    assert linux.words(CLOCK, 0xB, PLL, 0)[1] == 1
    linux.status(CLOCK, 0xD, MUX, RANGED)
    assert linux.words(CLOCK, 0xB, PLL, 0)[1] == 0
    assert linux.words(CLOCK, 0xB, RANGED, 0)[1] == 1
    assert linux.words(CLOCK, 0xB, MUX, 0)[1] == 1


def test_a_clock_with_a_range_rounds_to_steps(full):
    linux = full.linux
    assert linux.ask(CLOCK, 4, RANGED, 0) == (
        SUCCESS,
        words(3 | 1 << 12, 1000, 0, 9000, 0, 500, 0),
    )
    assert linux.status(CLOCK, 4, RANGED, 1) == OUT_OF_RANGE
    for flags, wanted, reached in [
        (0, 1400, 1000),
        (4, 1100, 1500),
        (8, 1249, 1000),
        (8, 1251, 1500),
    ]:
        assert linux.status(CLOCK, 5, flags, RANGED, wanted, 0) == SUCCESS
        assert linux.words(CLOCK, 6, RANGED) == [reached, 0]
    assert linux.status(CLOCK, 5, 4, RANGED, 9001, 0) == INVALID_PARAMETERS


def test_a_supply_with_a_range_takes_whole_steps(full):
    linux = full.linux
    assert linux.ask(VOLTAGE, 4, BUCK, 0) == (
        SUCCESS,
        words(3 | 1 << 12, 800_000, 1_200_000, 50_000),
    )
    assert linux.status(VOLTAGE, 7, BUCK, 0, 850_000) == SUCCESS
    assert linux.status(VOLTAGE, 7, BUCK, 0, 860_000) == INVALID_PARAMETERS
    assert linux.status(VOLTAGE, 7, BUCK, 0, 1_250_000) == INVALID_PARAMETERS


@pytest.mark.parametrize(
    ("level", "order"), [(30, ["voltage", "clock"]), (10, ["clock", "voltage"])], ids=["up", "down"]
)
def test_voltage_rises_before_the_clock_and_falls_after_it(full_with, level, order):
    recorder = Recorder(lambda _: None)
    full = full_with(backend=recorder)
    full.linux.status(PERFORMANCE, 7, 0, 30 if level == 10 else 10)
    recorder.effects.clear()
    assert full.linux.status(PERFORMANCE, 7, 0, level) == SUCCESS
    assert [effect.kind for effect in recorder.effects[1:]] == order
    rate, voltage = (800_000_000, 900_000) if level == 30 else (400_000_000, 600_000)
    assert full.linux.words(CLOCK, 6, PLL)[0] == rate
    assert full.linux.words(VOLTAGE, 8, LDO) == [voltage]


def test_an_indexed_domain_names_levels_by_their_index(full, full_with):
    linux, indexed = full.linux, 1
    assert int.from_bytes(linux.ask(PERFORMANCE, 3, indexed)[1][:4], "little") & 1 << 25
    assert linux.words(PERFORMANCE, 8, indexed) == [0]
    assert linux.status(PERFORMANCE, 7, indexed, 205) == OUT_OF_RANGE
    assert linux.status(PERFORMANCE, 7, indexed, 1) == SUCCESS
    assert linux.words(PERFORMANCE, 8, indexed) == [1]
    assert linux.words(PERFORMANCE, 6, indexed) == [1, 0]
    assert linux.status(PERFORMANCE, 5, indexed, 0, 0) == SUCCESS
    assert linux.words(PERFORMANCE, 8, indexed) == [0]
    old = full_with(Profile.V2_0)
    assert old.linux.words(PERFORMANCE, 8, indexed) == [100]
    assert old.linux.status(PERFORMANCE, 7, indexed, 205) == SUCCESS


def test_one_who_wants_to_know_hears_of_requests_of_others(full):
    """CHANGE_REQUESTED: also where nothing changes; not of one's own."""
    assert full.vm1.status(POWER, 7, SLOW, 1) == SUCCESS
    full.linux.status(POWER, 4, 0, SLOW, ON)  # has no supply
    full.vm1.status(POWER, 4, 0, SLOW, ON)
    assert full.events(full.vm1) == (notification(POWER, 1, 1, SLOW, ON),)


def test_a_fixed_domain_is_neither_set_nor_notified(full):
    from scmi_wire import NOT_SUPPORTED

    fixed = 0
    assert full.linux.ask(POWER, 3, fixed) == (SUCCESS, words(0, "fixed"))
    assert full.linux.status(POWER, 4, 0, fixed, ON) == NOT_SUPPORTED
    assert full.linux.status(POWER, 6, fixed, 1) == NOT_SUPPORTED
    assert full.linux.status(POWER, 6, fixed, 2) == INVALID_PARAMETERS
    assert full.linux.status(PERFORMANCE, 9, 1, 1) == NOT_SUPPORTED
