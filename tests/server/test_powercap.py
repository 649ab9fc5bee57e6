"""Power capping. full.json: 0 soc is linux's, 1 gpu below it vm1's, 2 fixed-cap linux may read."""

import json
from pathlib import Path

from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    POWERCAP,
    SUCCESS,
    notification,
    words,
)

from scmigen import runtime
from scmigen.scmi.protocols import Profile

FULL = Path(__file__).parent / "full.json"

NONE = 0xFFFF_FFFF
SOC, GPU, FIXED = range(3)


def attributes(wire, domain):
    status, data = wire.ask(POWERCAP, 3, domain)
    assert status == SUCCESS
    assert len(data) == 4 + 16 + 9 * 4
    return [int.from_bytes(data[at : at + 4], "little") for at in (0, *range(20, 56, 4))]


def test_attributes_have_one_value_for_what_cannot_be_set(full):
    bits = 1 << 31 | 1 << 30 | 1 << 29 | 1 << 27 | 1 << 26 | 1 << 25 | 1 << 23
    assert attributes(full.linux, SOC) == [bits, 10, 50, 5, 1000, 9000, 100, 5000, 10, NONE]
    # its parent is hidden from linux; nothing can be set, so each limit is the value there is
    assert attributes(full.linux, FIXED)[:7] == [1 << 31 | 2 << 23, 1, 1, 1, 7, 7, 1]
    assert attributes(full.linux, FIXED)[9] == NONE


def test_a_hidden_domain_is_inert_not_missing(full):
    """Linux gives up on the whole protocol where the attributes of a domain are refused."""
    assert full.linux.words(POWERCAP, 1) == [3]
    status, data = full.linux.ask(POWERCAP, 3, GPU)
    assert status == SUCCESS
    assert data[:20] == words(0) + b"reserved-1".ljust(16, b"\0")
    minimum, maximum = data[32:36], data[36:40]
    assert minimum == maximum != bytes(4)
    assert full.linux.words(POWERCAP, 4, GPU) == [1]
    assert full.linux.words(POWERCAP, 6, GPU) == [1]
    assert full.linux.status(POWERCAP, 9, GPU) == NOT_FOUND
    assert full.linux.status(POWERCAP, 5, GPU, 0, 200) == NOT_FOUND
    assert full.linux.status(POWERCAP, 3, 3) == NOT_FOUND


def test_a_cap_is_within_limits_and_rounded_down_to_a_step(full):
    linux = full.linux
    assert linux.words(POWERCAP, 4, SOC) == [9000]
    assert linux.status(POWERCAP, 5, SOC, 0, 999) == OUT_OF_RANGE
    assert linux.status(POWERCAP, 5, SOC, 0, 9001) == OUT_OF_RANGE
    assert linux.status(POWERCAP, 5, SOC, 4, 2000) == INVALID_PARAMETERS
    assert linux.status(POWERCAP, 5, SOC, 0, 2050) == SUCCESS
    assert linux.words(POWERCAP, 4, SOC) == [2000]  # down to a whole step
    assert linux.status(POWERCAP, 5, SOC, 0, 0) == SUCCESS  # no cap
    assert linux.words(POWERCAP, 4, SOC) == [0]
    assert linux.status(POWERCAP, 5, FIXED, 0, 7) == DENIED  # may only read it
    assert full.vm1.status(POWERCAP, 5, GPU, 2, 200) == NOT_SUPPORTED  # is not asynchronous


def test_an_averaging_interval_is_within_limits_and_rounded_down(full):
    linux = full.linux
    assert linux.words(POWERCAP, 6, SOC) == [10]
    assert linux.status(POWERCAP, 7, SOC, 1, 20) == INVALID_PARAMETERS
    assert linux.status(POWERCAP, 7, SOC, 0, 60) == OUT_OF_RANGE
    assert linux.status(POWERCAP, 7, SOC, 0, 33) == SUCCESS
    assert linux.words(POWERCAP, 6, SOC) == [30]
    assert full.vm1.status(POWERCAP, 7, GPU, 0, 1) == NOT_SUPPORTED  # it has one value


def test_measurements_follow_the_script_and_need_monitoring(full):
    assert full.linux.words(POWERCAP, 9, SOC) == [4000, 10]
    full.wait(100_000)
    assert full.linux.words(POWERCAP, 9, SOC) == [6000, 10]
    assert full.linux.status(POWERCAP, 9, FIXED) == NOT_SUPPORTED


def test_changes_are_notified_once(full):
    linux = full.linux
    assert linux.status(POWERCAP, 0xA, SOC, 2) == INVALID_PARAMETERS
    linux.status(POWERCAP, 0xA, SOC, 1)
    linux.status(POWERCAP, 5, SOC, 0, 3000)
    linux.status(POWERCAP, 5, SOC, 0, 3000)  # as it is
    linux.status(POWERCAP, 7, SOC, 0, 50)
    assert full.events(linux) == (
        notification(POWERCAP, 0, 1, SOC, 3000, 10),
        notification(POWERCAP, 0, 1, SOC, 3000, 50),
    )


def test_measurements_are_notified_when_they_cross_the_limits(full):
    linux = full.linux
    assert linux.status(POWERCAP, 0xB, SOC, 1, 5, 4) == INVALID_PARAMETERS
    assert linux.status(POWERCAP, 0xB, FIXED, 1, 0, 9) == NOT_SUPPORTED
    assert linux.status(POWERCAP, 0xB, SOC, 1, 3000, 5000) == SUCCESS
    full.wait(230_000)
    assert full.events(linux) == (
        notification(POWERCAP, 1, 0, SOC, 6000),
        notification(POWERCAP, 1, 0, SOC, 4000),
    )


def test_not_in_release_2_0(full_with):
    assert full_with(Profile.V2_0).linux.status(POWERCAP, 0) == NOT_SUPPORTED


def test_a_domain_that_is_not_given_tells_nothing_of_its_holder(full_with):
    """linux may be given vm1's domain, but has not got it: it sees what the tree says. Its cap is
    not a number that a placeholder has."""
    board = json.loads(FULL.read_text())
    board["devices"] += [
        {"id": 1, "name": "gpu", "node": "/gpu", "agents": [2], "assignable": [1, 2]}
        | {"resources": [{"kind": "powercap", "id": GPU}]}
    ]
    grant = {"id": GPU, "resource": GPU, "operations": ["read"]}
    board["agents"][0]["grants"]["powercap"].insert(1, grant)
    full = full_with(board=runtime.decode(json.dumps(board).encode()))
    before = attributes(full.linux, GPU)
    assert before[4:6] == [500, 500]
    cap_at_boot = full.vm1.words(POWERCAP, 4, GPU)
    assert full.vm1.status(POWERCAP, 5, GPU, 0, 200) == SUCCESS
    assert attributes(full.linux, GPU) == before
    assert full.linux.words(POWERCAP, 4, GPU) == cap_at_boot  # Linux gives up without it
    assert full.linux.status(POWERCAP, 6, GPU) == DENIED


def test_3_0_has_numbered_limits_and_an_interval_of_the_cap(full_with):
    """The layouts of Linux' driver for the beta of release 4.0: struct
    scmi_msg_resp_powercap_domain_attributes_v3 and those that follow it."""
    board = json.loads(FULL.read_text())
    board["powercaps"][SOC] |= {"minimum_cai": 100, "maximum_cai": 400, "cai_step": 50}
    linux = full_with(Profile.V4_0_BETA, board=runtime.decode(json.dumps(board).encode())).linux
    status, data = linux.ask(POWERCAP, 3, SOC)
    assert (status, len(data)) == (SUCCESS, 17 * 4)
    # no bit 31, which was that of notifications; 21, and 20 for the interval; [18:15] one limit
    bits = 0b0110_1110_1011_0000 << 16 | 1 << 15
    assert data[:4] == words(bits)
    assert data[20:] == words(10, 50, 5, 1000, 9000, 100, 5000, 10, NONE, 100, 400, 50)
    assert linux.words(POWERCAP, 0xD, SOC, 0)[:9] == [1, 0, 1, 1000, 9000, 100, 100, 400, 50]
    assert linux.ask(POWERCAP, 0xD, SOC, 0)[1][36:] == b"soc".ljust(16, b"\0")
    assert linux.status(POWERCAP, 0xD, SOC, 1) == OUT_OF_RANGE
    assert linux.words(POWERCAP, 4, SOC, 0) == [9000]
    assert linux.status(POWERCAP, 4, SOC, 1) == NOT_FOUND
    assert linux.status(POWERCAP, 5, SOC, 0, 0, 2050) == SUCCESS
    assert linux.words(POWERCAP, 4, SOC, 0) == [2000]
    assert linux.words(POWERCAP, 0xE, SOC, 0) == [100]
    assert linux.status(POWERCAP, 0xF, SOC, 0, 260, 0) == SUCCESS
    assert linux.words(POWERCAP, 0xE, SOC, 0) == [250]
    assert linux.words(POWERCAP, 6, SOC) == [10]
    assert linux.status(POWERCAP, 0xF, SOC, 0, 401, 0) == OUT_OF_RANGE
    assert linux.status(POWERCAP, 0xF, SOC, 1, 250, 0) == INVALID_PARAMETERS
    assert linux.status(POWERCAP, 0xF, SOC, 0, 250, 1) == NOT_FOUND
    # what linux may not see is inert, as long as in its version
    assert len(linux.ask(POWERCAP, 3, GPU)[1]) == len(data)


def test_3_0_tells_limit_and_intervals(full_with):
    board = json.loads(FULL.read_text())
    board["powercaps"][SOC] |= {"minimum_cai": 100, "maximum_cai": 400}
    full = full_with(Profile.V4_0_BETA, board=runtime.decode(json.dumps(board).encode()))
    linux = full.linux
    assert linux.status(POWERCAP, 0xA, SOC, 1) == SUCCESS
    assert linux.status(POWERCAP, 5, SOC, 0, 0, 3000) == SUCCESS
    assert linux.status(POWERCAP, 0xF, SOC, 0, 400, 0) == SUCCESS
    assert linux.status(POWERCAP, 0xB, SOC, 1, 3000, 5000) == SUCCESS
    full.wait(130_000)
    assert full.events(linux) == (
        notification(POWERCAP, 0, 1, SOC, 3000, 100, 0),
        notification(POWERCAP, 0, 1, SOC, 3000, 400, 0),
        notification(POWERCAP, 1, 0, SOC, 6000, 10),
    )
    assert linux.status(POWERCAP, 5, SOC, 0, 2, 2000) == SUCCESS
    full.wait(1_000)
    delayed, changed = full.events(linux)
    assert delayed[4:] == words(SUCCESS, SOC, 2000, 0)
    assert changed == notification(POWERCAP, 0, 1, SOC, 2000, 400, 0)
