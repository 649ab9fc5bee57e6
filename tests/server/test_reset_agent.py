"""BASE_RESET_AGENT_CONFIGURATION undoes whatever an agent has set, unless another has set it since.

vm1 may do all that linux may, on the board of full.json; linux is trusted.
"""

import json
from pathlib import Path

import pytest
from scmi_wire import (
    BASE,
    CLOCK,
    ON,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SUCCESS,
    VOLTAGE,
    notification,
)

from scmigen import runtime
from scmigen.server.simulator import Recorder

LINUX, VM1 = 1, 2
FIELDS = ["on", "wanted", "rate", "parent_number", "level", "maximum", "minimum", "asserted"]
FIELDS += ["config", "trip_points", "cap", "pai", "settings", "function", "owner"]
#: What vm1 sets, one of each: the message; then one of linux that sets the same thing otherwise.
SETTINGS = {
    "rate": [(CLOCK, 5, 0, 0, 800_000_000, 0), (CLOCK, 5, 0, 0, 400_000_000, 0)],
    "rate below": [(CLOCK, 5, 0, 1, 200_000_000, 0), (CLOCK, 5, 0, 1, 100_000_000, 0)],
    "parent": [(CLOCK, 0xD, 1, 2), (CLOCK, 0xD, 1, 2)],
    "level of a supply": [(VOLTAGE, 7, 0, 0, 1_200_000), (VOLTAGE, 7, 0, 0, 1_000_000)],
    "level": [(PERFORMANCE, 7, 0, 30), (PERFORMANCE, 7, 0, 20)],
    "sensor": [(SENSOR, 0xA, 1, 0), (SENSOR, 0xA, 1, 9 << 16 | 29 << 11)],
    "trip point": [(SENSOR, 5, 0, 1 << 4 | 1, 7, 0), (SENSOR, 5, 0, 1 << 4 | 2, 8, 0)],
    "reset": [(RESET, 4, 0, 2, 0), (RESET, 4, 0, 2, 0)],
    "cap": [(POWERCAP, 5, 0, 0, 2000), (POWERCAP, 5, 0, 0, 3000)],
    "averaging interval": [(POWERCAP, 7, 0, 0, 20), (POWERCAP, 7, 0, 0, 30)],
    "pin setting": [(PINCTRL, 6, 0, 0xFFFF_FFFF, 1 << 2, 4, 5), (PINCTRL, 6, 0, 0, 1 << 2, 4, 6)],
    "pin function": [(PINCTRL, 6, 0, 1, 1 << 10), (PINCTRL, 6, 0, 1, 1 << 10)],
}
VOTES = [(CLOCK, 7, 0, 1, 0), (POWER, 4, 0, 1, ON), (VOLTAGE, 5, 0, 7), (PERFORMANCE, 5, 0, 20, 20)]
VOTES += [(PINCTRL, 7, 1, 0)]


@pytest.fixture
def full(full_with):
    board = json.loads((Path(__file__).parent / "full.json").read_text())
    board["agents"][1]["grants"] = board["agents"][0]["grants"]
    board["performance_domains"][0]["sustained"] = 0  # that of the rate at boot
    backend = Recorder(lambda _: None)
    return full_with(board=runtime.decode(json.dumps(board).encode()), backend=backend)


def state(full):
    return {
        (kind, number, field): repr(getattr(resource, field, None))
        for kind, resources in full.server.state.items()
        for number, resource in resources.items()
        for field in FIELDS
    }


def reset_vm1(full):
    assert full.linux.status(BASE, 0xB, VM1, 0) == SUCCESS


@pytest.mark.parametrize("what", SETTINGS)
def test_one_setting_goes_back_to_what_it_was_at_boot(full, what):
    before = state(full)
    assert full.vm1.status(*SETTINGS[what][0]) == SUCCESS
    assert state(full) != before
    reset_vm1(full)
    assert state(full) == before


def test_everything_at_once_goes_back(full):
    before = state(full)
    for message in (*(mine for mine, _ in SETTINGS.values()), *VOTES):
        assert full.vm1.status(*message) == SUCCESS
    reset_vm1(full)
    assert state(full) == before


@pytest.mark.parametrize("what", SETTINGS)
def test_what_another_agent_has_set_since_stays(full, what):
    mine, others = SETTINGS[what]
    assert full.vm1.status(*mine) == SUCCESS
    assert full.linux.status(*others) == SUCCESS
    before = state(full)
    reset_vm1(full)
    assert state(full) == before


def test_what_an_agent_set_before_its_client_went_is_undone(full):
    before = state(full)
    assert full.vm1.status(CLOCK, 5, 0, 0, 800_000_000, 0) == SUCCESS
    full.vm1.agent.disconnect()
    assert state(full) != before, "rates stay"
    reset_vm1(full)
    assert state(full) == before


def test_parents_are_set_back_before_what_they_feed(full):
    """pll (0) feeds mux (1), by 4; vm1 doubles pll, and sets mux back to what it was."""
    for clock, rate in ((0, 800_000_000), (1, 100_000_000)):
        assert full.vm1.status(CLOCK, 5, 0, clock, rate, 0) == SUCCESS
    reset_vm1(full)
    assert [full.linux.words(CLOCK, 6, clock)[0] for clock in (0, 1, 3)] == [
        400_000_000,
        100_000_000,
        50_000_000,
    ]


def test_a_level_takes_its_rate_and_its_voltage_back(full_with):
    """The board as it is: the level at boot would be 600 MHz at 700 mV, and boot has 400 at 600."""
    full = full_with()
    before = full.server.state["clock"][0].rate, full.server.state["voltage"][1].level
    assert before == (400_000_000, 600_000)
    for messages in (
        [(PERFORMANCE, 7, 0, 30)],
        [(PERFORMANCE, 7, 0, 10), (PERFORMANCE, 7, 0, 20)],
        [(CLOCK, 5, 0, 0, 800_000_000, 0), (PERFORMANCE, 7, 0, 30)],
        [(PERFORMANCE, 7, 0, 30), (CLOCK, 5, 0, 0, 400_000_000, 0), (VOLTAGE, 7, 1, 0, 700_000)],
    ):
        for message in messages:
            assert full.linux.status(*message) == SUCCESS
        assert full.linux.status(BASE, 0xB, LINUX, 0) == SUCCESS
        assert full.linux.words(PERFORMANCE, 8, 0) == [20]
        assert full.linux.words(CLOCK, 6, 0) == [before[0], 0]
        assert full.linux.words(VOLTAGE, 8, 1) == [before[1]]


def test_a_rate_is_set_back_after_all_that_it_divides(full):
    """mux leaves pll, which has twice its rate when mux comes back."""
    before = state(full)
    assert full.vm1.status(CLOCK, 5, 0, 0, 800_000_000, 0) == SUCCESS
    assert full.vm1.status(CLOCK, 0xD, 1, 2) == SUCCESS
    reset_vm1(full)
    assert state(full) == before


@pytest.fixture
def tree(full_with):
    """Serves clocks 0 to 3, of vm1 and linux, with these parents at boot and any other later."""

    def serve(*parents):
        numbers = range(len(parents))
        operations = ["parent", "rate", "read"]
        grants = {"clock": [{"id": i, "resource": i, "operations": operations} for i in numbers]}
        clocks = [
            {"id": i, "name": f"c{i}", "node": "", "rates": [1, 1000], "step": 1, "rate": 120}
            | {"parents": [other for other in numbers if other != i]}
            | ({} if parents[i] is None else {"parent": parents[i]})
            for i in numbers
        ]
        agents = [
            {"id": LINUX, "name": "linux", "role": "ospm", "permissions": True, "grants": grants},
            {"id": VM1, "name": "vm1", "role": "vm", "grants": grants},
        ]
        about = {"format": "scmigen-runtime-1", "name": "x", "agents": agents, "clocks": clocks}
        return full_with(board=runtime.decode(json.dumps(about).encode()))

    return serve


def parents_of(full, *clocks):
    return [full.linux.words(CLOCK, 0xE, clock)[0] for clock in clocks]


@pytest.mark.parametrize(
    ("boot", "moves"),
    [
        ((1, 2, None), [(0, 2), (1, 0)]),
        ((2, 0, None), [(1, 2), (0, 1)]),
        ((1, 2, 3, None), [(0, 3), (1, 0), (2, 1)]),
        ((3, 0, 1, None), [(2, 3), (1, 2), (0, 1)]),
    ],
    ids=str,
)
def test_parents_that_changed_places_go_back(tree, boot, moves):
    full = tree(*boot)
    for move in moves:
        assert full.vm1.status(CLOCK, 0xD, *move) == SUCCESS
    reset_vm1(full)
    assert parents_of(full, *(clock for clock, _ in moves)) == [boot[clock] for clock, _ in moves]
    assert {clock.rate for clock in full.server.state["clock"].values()} == {120}


def test_a_parent_that_another_agent_has_put_below_goes_back_with_the_next_reset(tree):
    """0 is below 1 at boot; vm1 moves 0 away, and linux puts 1 below it."""
    full = tree(1, 2, None)
    assert full.vm1.status(CLOCK, 0xD, 0, 2) == SUCCESS
    assert full.linux.status(CLOCK, 0xD, 1, 0) == SUCCESS
    reset_vm1(full)
    assert parents_of(full, 0, 1) == [2, 0]
    assert full.linux.status(BASE, 0xB, LINUX, 0) == SUCCESS
    reset_vm1(full)
    assert parents_of(full, 0, 1) == [1, 2]


def test_the_back_end_is_told(full):
    recorder = full.server.backend
    for what in ("rate", "sensor", "reset", "pin function"):
        assert full.vm1.status(*SETTINGS[what][0]) == SUCCESS
    before = len(recorder.effects)
    reset_vm1(full)
    assert sorted(str(effect) for effect in recorder.effects[before:]) == [
        "clock 0 (pll) rate 400000000",
        f"pin 0 (gpio0) function {0xFFFF_FFFF}",
        "reset 0 (block) reset 0",
        "sensor 1 (accelerometer) config 124929",  # 1 << 16 | -3 << 11 | 1: every ms, enabled
    ]


def test_notifications_name_who_asked_for_the_reset(full):
    assert full.vm1.status(CLOCK, 5, 0, 0, 800_000_000, 0) == SUCCESS
    assert full.vm1.status(VOLTAGE, 5, 1, 7) == SUCCESS
    assert full.vm1.status(POWER, 4, 0, 1, ON) == SUCCESS
    assert full.linux.status(CLOCK, 9, 0, 1) == SUCCESS
    assert full.linux.status(POWER, 6, 1, 1) == SUCCESS
    reset_vm1(full)
    assert set(full.events(full.linux)) == {
        notification(CLOCK, 0, LINUX, 0, 400_000_000, 0),
        notification(POWER, 0, LINUX, 1, 0x4000_0000),
    }


def test_a_back_end_that_fails_stops_nothing_else(full):
    full.server.backend.failing = ("clock 0 (pll) rate 4",)
    before = state(full)
    for what in ("rate", "cap"):
        assert full.vm1.status(*SETTINGS[what][0]) == SUCCESS
    assert full.linux.status(BASE, 0xB, VM1, 0) == -9  # HARDWARE_ERROR
    after = state(full)
    assert {key for key in after if after[key] != before[key] and "rate" not in key} == set()
    assert len(full.failures) == 1
