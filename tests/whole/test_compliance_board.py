"""The board for Arm's compliance suite has all that the suite needs of a board.

The suite itself is not here. What it asks of every clock, reset and domain that its agent sees was
read from its tests (scmi-tests bbbcbfc; the number of each stands below): a board that lacks a
permission makes them fail although the server is right.
"""

from pathlib import Path

import pytest
from scmi_wire import (
    CLOCK,
    INVALID_PARAMETERS,
    NOT_SUPPORTED,
    PERFORMANCE,
    POWER,
    RESET,
    SENSOR,
    SUCCESS,
    Wire,
)
from support import scmigen

from scmigen import runtime
from scmigen.scmi.protocols import Profile
from scmigen.server import Server

BOARD = Path(__file__).parents[2] / "examples" / "dts" / "compliance.dts"


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> runtime.Runtime:
    folder = tmp_path_factory.mktemp("compliance")
    agents = BOARD.with_suffix(".yaml")
    done = scmigen("build", BOARD, "-a", agents, "--emit", "runtime", "-o", folder)
    assert done.returncode == 0, done.stderr
    data = (folder / "runtime" / "runtime.json").read_bytes()
    return runtime.decode(runtime.overlay(data, BOARD.with_suffix(".json").read_bytes()))


@pytest.fixture
def tester(configuration: runtime.Runtime) -> Wire:
    return Wire(Server(configuration, Profile.V2_0).agent("tester"))


def _each(tester: Wire, protocol: int, mask: int = 0xFFFF) -> range:
    return range(tester.words(protocol, 1)[0] & mask)


def test_every_clock_is_set_and_switched(tester: Wire) -> None:
    clocks = _each(tester, CLOCK)
    assert len(clocks) == 3
    for clock in clocks:
        flags, *rates = tester.words(CLOCK, 4, clock, 0)  # discrete, as 507 reads them
        assert not flags & 1 << 12
        assert tester.status(CLOCK, 5, 0, clock, rates[0], 0) == SUCCESS, clock  # 509
        assert tester.status(CLOCK, 5, 0xFF, clock, rates[0], 0) == INVALID_PARAMETERS  # 511
        assert tester.status(CLOCK, 7, clock, 0xF) == INVALID_PARAMETERS, clock  # 515
        assert tester.status(CLOCK, 7, clock, 1) == SUCCESS, clock  # 517


def test_wrong_flags_are_what_is_told(tester: Wire) -> None:
    for domain in _each(tester, RESET):
        assert tester.status(RESET, 4, domain, 0xF8, 0) == INVALID_PARAMETERS  # 708
    for sensor in _each(tester, SENSOR):
        assert tester.status(SENSOR, 6, sensor, 0xE) == INVALID_PARAMETERS  # 611
    told = {tester.status(POWER, 4, 0xE, domain, 0) for domain in _each(tester, POWER)}
    assert told == {INVALID_PARAMETERS, NOT_SUPPORTED}  # 207, and a domain for 208


def test_one_domain_is_set_and_one_is_only_read(tester: Wire) -> None:
    settable = [
        tester.words(PERFORMANCE, 3, domain)[0] >> 30 for domain in _each(tester, PERFORMANCE)
    ]  # 410 and 411 need one of each; bits 31 and 30: limits, level
    assert settable == [0b11, 0b00]
