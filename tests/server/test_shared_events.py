"""Two agents that want to know of the same: what one does keeps nothing from the other, and gives
it nothing it has not asked for. vm1 has the sensors and power caps of linux here."""

import msgspec
import pytest
from scmi_wire import POWERCAP, SENSOR, SUCCESS, Wire, notification
from server_running import strict_server

from scmigen.server.reload import transfer_state

SOC, THERMAL = 0, 0


@pytest.fixture(scope="session")
def full_board(full_board):
    linux, vm1 = full_board.agents
    grants = {kind: linux.grants[kind] for kind in ("sensor", "powercap")}
    vm1 = msgspec.structs.replace(vm1, grants=vm1.grants | grants)
    return msgspec.structs.replace(full_board, agents=(linux, vm1))


def test_trip_points_are_told_whoever_asks_for_them_again_and_again(full):
    assert full.linux.status(SENSOR, 5, THERMAL, 0 << 4 | 1, 55_000, 0) == SUCCESS
    full.linux.status(SENSOR, 4, THERMAL, 1)
    for _ in range(30):
        full.wait(10_000)
        assert full.vm1.status(SENSOR, 4, THERMAL, 1) == SUCCESS
    assert full.events(full.linux)[0] == notification(SENSOR, 0, 0, THERMAL, 1 << 16)


@pytest.mark.parametrize("control", [(1,), (0,), (1, 0)], ids=["on", "off", "on and off"])
def test_asking_for_updates_gives_others_none(full, control):
    updating = next(it.id for it in full.server.configuration.sensors if it.updates)
    full.linux.status(SENSOR, 0xB, updating, 1)
    assert len(full.events(full.linux)) == 1
    for on in control * 50:
        assert full.vm1.status(SENSOR, 0xB, updating, on) == SUCCESS
    assert full.events(full.linux) == ()


def test_who_comes_when_the_last_one_is_gone_does_not_wait_for_its_interval(full):
    updating = next(it.id for it in full.server.configuration.sensors if it.updates)
    full.linux.status(SENSOR, 0xB, updating, 1)
    full.linux.agent.disconnect()
    full.vm1.status(SENSOR, 0xB, updating, 1)
    assert len(full.events(full.vm1)) == 1


def test_a_reload_tells_neither_what_is_not_so(full, full_board):
    """The power, 4000, is within the limits of both."""
    for wire in (full.linux, full.vm1):
        wire.status(POWERCAP, 0xB, SOC, 1, 3000, 5000)
    new = strict_server(full_board, now=full.time, backend=full.server.backend)
    assert len(transfer_state(full.server, new)) == 2
    assert [agent.take_events() for agent in new.agents.values()] == [(), ()]


def test_what_is_polled_wakes_the_server_up_together(full):
    """A trip point and, 7 ms later, the power of a domain: 50 times a second, not 100."""
    full.linux.status(SENSOR, 4, THERMAL, 1)
    full.wait(7_000)
    full.linux.status(POWERCAP, 0xB, SOC, 1, 3000, 5000)
    end, count = full.time.now + 1_000_000_000, 0
    while full.time.now + full.server.timers.next_due() <= end:
        full.time.now += full.server.timers.next_due()
        full.server.tick()
        count += 1
    assert count == 50


def test_a_reading_under_way_of_a_sensor_that_is_no_more(full, full_board):
    assert full.linux.status(SENSOR, 6, THERMAL, 1) == SUCCESS
    agents = tuple(
        msgspec.structs.replace(
            agent, grants={kind: it for kind, it in agent.grants.items() if kind != "sensor"}
        )
        for agent in full_board.agents
    )
    board = msgspec.structs.replace(full_board, agents=agents, sensors=())
    broken = []
    new = strict_server(board, now=full.time, backend=full.server.backend, broken=broken.append)
    assert transfer_state(full.server, new) == frozenset()
    assert broken == []
    assert Wire(new.agent("linux")).status(POWERCAP, 4, SOC) == SUCCESS
