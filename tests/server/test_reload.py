"""One configuration after another: what agents whose view is the same keep, and what others lose.

On full.json vm1 loses its pins, which linux does not see. Both share power domain slow (1).
"""

import socket
import struct
from importlib import import_module
from pathlib import Path

import msgspec
import pytest
from patience import open_files
from scmi_wire import (
    BASE,
    CLOCK,
    DENIED,
    IN_USE,
    NOT_FOUND,
    OFF,
    ON,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    SENSOR,
    SUCCESS,
    VOLTAGE,
    Wire,
    delayed,
    notification,
    request,
)
from server_running import strict_server

from scmigen import runtime
from scmigen.server.fastchannels import PERIOD, Window
from scmigen.server.reload import transfer_state
from scmigen.server.service import Service

serve = import_module("scmigen.cli.serve")
FULL = Path(__file__).parent / "full.json"
LINUX, VM1 = 1, 2
CPU, SOC, THERMAL, SLOW = 0, 0, 0, 1
MUX, RANGED = 1, 2
ADDRESS = 0x1000_0000


def without_pins(board):
    linux, vm1 = board.agents
    grants = {kind: grants for kind, grants in vm1.grants.items() if kind != "pin"}
    return msgspec.structs.replace(
        board, agents=(linux, msgspec.structs.replace(vm1, grants=grants))
    )


@pytest.fixture
def reload(full, reload_of):
    """Serve another configuration; returns the ids of the agents that stay."""
    return lambda configuration, memory=None: reload_of(full, configuration, memory)


@pytest.fixture
def reload_of():
    """The same, of any platform."""

    def change(full, configuration, memory=None):
        new = strict_server(
            configuration,
            now=full.time,
            backend=full.server.backend,
            fastchannels=None if memory is None else {LINUX: memory},
            successor=True,
        )
        kept = transfer_state(full.server, new)
        full.use(new)
        return kept

    return change


def test_agents_whose_view_is_unchanged_stay(full_board, reload):
    assert reload(full_board) == {LINUX, VM1}
    assert reload(without_pins(full_board)) == {LINUX}
    assert reload(without_pins(full_board)) == {LINUX, VM1}


def test_the_votes_of_who_stays_stand_and_those_of_the_others_do_not(full, full_board, reload):
    full.linux.status(VOLTAGE, 5, 1, 7)
    full.vm1.status(POWER, 4, 0, SLOW, ON)
    assert full.linux.words(POWER, 5, SLOW) == [ON]
    full.linux.status(POWER, 6, SLOW, 1)
    reload(without_pins(full_board))
    assert full.linux.words(VOLTAGE, 6, 1) == [7]
    assert full.linux.words(POWER, 5, SLOW) == [OFF]
    full.vm1.status(POWER, 4, 0, SLOW, ON)
    assert full.events(full.linux) == tuple(
        notification(POWER, 0, VM1, SLOW, state) for state in (OFF, ON)
    )


def test_an_agent_whose_view_changed_loses_its_subscriptions(full, full_board, reload):
    full.vm1.status(POWER, 6, SLOW, 1)
    full.linux.status(VOLTAGE, 5, 1, 7)
    full.linux.status(POWER, 4, 0, SLOW, ON)  # one event waits for vm1
    reload(without_pins(full_board))
    full.linux.status(POWER, 4, 0, SLOW, OFF)
    assert full.events(full.vm1) == ()


def test_a_version_that_was_negotiated_stays(full, full_board, reload):
    assert full.linux.status(CLOCK, 0x10, 0x10000) == SUCCESS
    assert len(full.linux.ask(CLOCK, 3, 0)[1]) == 20
    reload(without_pins(full_board))
    assert len(full.linux.ask(CLOCK, 3, 0)[1]) == 20
    full.linux.agent.disconnect()
    assert len(full.linux.ask(CLOCK, 3, 0)[1]) == 24


def test_events_that_wait_are_not_lost(full, full_board, reload):
    full.linux.status(CLOCK, 9, 0, 1)
    full.linux.status(CLOCK, 5, 0, 0, 800_000_000, 0)
    reload(without_pins(full_board))
    assert full.events(full.linux) == (notification(CLOCK, 0, LINUX, 0, 800_000_000, 0),)


def test_measurements_are_notified_across_a_reload(full, full_board, reload):
    """4000 and 6000 in turn, 100 ms each; told where they leave 3000 to 5000."""
    full.linux.status(POWERCAP, 0xB, SOC, 1, 3000, 5000)
    reload(without_pins(full_board))
    full.wait(230_000)
    assert full.events(full.linux) == (
        notification(POWERCAP, 1, 0, SOC, 6000),
        notification(POWERCAP, 1, 0, SOC, 4000),
    )


def test_a_reload_does_not_repeat_notifications(full, full_board, reload):
    full.linux.status(POWERCAP, 0xB, SOC, 1, 5000, 9000)  # 4000 is outside
    assert len(full.events(full.linux)) == 1
    reload(without_pins(full_board))
    full.wait(50_000)
    assert full.events(full.linux) == ()


def test_what_is_under_way_ends_at_once(full, full_board, reload):
    full.linux.status(CLOCK, 5, 1, 1, 200_000_000, 0)
    reload(without_pins(full_board))
    assert full.events(full.linux) == (delayed(CLOCK, 5, SUCCESS, 1, 200_000_000, 0),)
    assert full.linux.words(CLOCK, 6, 1) == [200_000_000, 0]
    assert full.linux.status(CLOCK, 5, 0, 1, 100_000_000, 0) == SUCCESS  # not busy


def test_what_was_denied_stays_denied(full, full_board, reload):
    """linux takes the device "spi" and pin 1 from itself."""
    assert full.linux.status(BASE, 9, LINUX, 0, 0) == SUCCESS
    assert full.linux.status(PINCTRL, 0xA, LINUX, 1, 0) == SUCCESS
    assert reload(without_pins(full_board)) == {LINUX}
    assert full.linux.status(CLOCK, 5, 0, 2, 1000, 0) == DENIED
    assert full.linux.status(PINCTRL, 7, 1, 0) == NOT_FOUND
    assert full.linux.status(BASE, 9, LINUX, 0, 1) == SUCCESS
    assert full.linux.status(PINCTRL, 7, 0, 0) == SUCCESS


def test_a_device_stays_with_the_agent_it_was_given_to(full, full_board, reload):
    """linux, whose view changes, starts over without "spi", which vm1 has by now."""
    assert full.linux.status(BASE, 9, LINUX, 0, 0) == SUCCESS
    assert full.linux.status(BASE, 9, VM1, 0, 1) == SUCCESS
    linux, vm1 = full_board.agents
    other = msgspec.structs.replace(linux, system_power=False)
    assert reload(msgspec.structs.replace(full_board, agents=(other, vm1))) == {VM1}
    assert full.vm1.status(CLOCK, 5, 0, 2, 2000, 0) == SUCCESS
    assert full.linux.status(CLOCK, 5, 0, 2, 1000, 0) == DENIED


def test_a_pin_in_use_stays_so(full, full_board, reload):
    full.linux.status(PINCTRL, 7, 1, 0)
    vm1 = full_board.agents[1]
    renamed = msgspec.structs.replace(vm1, system_power=True)
    reload(msgspec.structs.replace(full_board, agents=(full_board.agents[0], renamed)))
    assert full.vm1.status(PINCTRL, 7, 1, 0) == IN_USE


def test_caps_and_their_notifications_stay(full, full_board, reload):
    full.linux.status(POWERCAP, 0xA, SOC, 1)
    full.linux.status(POWERCAP, 5, SOC, 0, 3000)
    full.events(full.linux)
    reload(without_pins(full_board))
    assert full.linux.words(POWERCAP, 4, SOC) == [3000]
    full.linux.status(POWERCAP, 5, SOC, 0, 4000)
    assert full.events(full.linux) == (notification(POWERCAP, 0, LINUX, SOC, 4000, 10),)


def test_sensor_updates_and_trip_points_go_on(full, full_board, reload):
    full.linux.status(SENSOR, 5, THERMAL, 0 << 4 | 1, 55_000, 0)
    full.linux.status(SENSOR, 4, THERMAL, 1)
    reload(without_pins(full_board))
    full.wait(130_000)
    assert full.events(full.linux) == (notification(SENSOR, 0, 0, THERMAL, 1 << 16),)


def test_another_script_of_a_sensor_disconnects_nobody(full, full_board, reload):
    """What a sensor reads is no part of an agent's view; trip points see the new readings."""
    full.linux.status(SENSOR, 5, THERMAL, 0 << 4 | 1, 55_000, 0)
    full.linux.status(SENSOR, 4, THERMAL, 1)
    thermal, *others = full_board.sensors
    script = {"readings": ((20_000,), (70_000,)), "period": 40_000}
    changed = msgspec.structs.replace(thermal, **script)
    soc, *caps = full_board.powercaps
    measured = msgspec.structs.replace(soc, readings=(1234,))
    board = msgspec.structs.replace(
        full_board, sensors=(changed, *others), powercaps=(measured, *caps)
    )
    assert reload(board) == {LINUX, VM1}
    assert full.linux.words(SENSOR, 6, THERMAL, 0)[0] == 20_000
    assert full.linux.words(POWERCAP, 9, SOC)[0] == 1234
    full.wait(60_000)
    assert full.events(full.linux) == (notification(SENSOR, 0, 0, THERMAL, 1 << 16),)


@pytest.mark.parametrize(
    ("mode", "start", "then", "rising"), [(1, 40_000, 70_000, 1), (2, 70_000, 40_000, 0)]
)
def test_a_trip_point_that_a_reload_crosses_is_told(
    full, full_board, reload, mode, start, then, rising
):
    """What was read before the reload is what the new script's first reading is compared with."""
    thermal, *others = full_board.sensors

    def reading(value):
        script = msgspec.structs.replace(thermal, readings=((value,),))
        return msgspec.structs.replace(full_board, sensors=(script, *others))

    reload(reading(start))
    full.linux.status(SENSOR, 5, THERMAL, 0 << 4 | mode, 55_000, 0)
    full.linux.status(SENSOR, 4, THERMAL, 1)
    reload(reading(then))
    full.wait(30_000)
    assert full.events(full.linux) == (notification(SENSOR, 0, 0, THERMAL, rising << 16),)


# FastChannels


@pytest.fixture
def memory(full, tmp_path):
    found = Window(tmp_path / "memory", ADDRESS, 0x2000)
    full.use(strict_server(full.server.configuration, now=full.time, fastchannels={LINUX: found}))
    yield found
    if full.server.fastchannels is not None:
        full.server.fastchannels.close()


def channel(wire, message):
    """Offsets of the channel and of its doorbell."""
    data = wire.ask(PERFORMANCE, 0xB, CPU, message)[1]
    _, _, address, _, doorbell, _, _ = struct.unpack("<IIQIQQQ", data)
    return address - ADDRESS, doorbell - ADDRESS


def peek(memory, offset):
    return struct.unpack_from("<I", memory.path.read_bytes(), offset)[0]


def poke(memory, offset, value):
    with memory.path.open("r+b") as file:
        file.seek(offset)
        file.write(struct.pack("<I", value))


def test_fast_channels_stay_where_they_are(full, full_board, memory, reload):
    level, bell = channel(full.linux, 7)
    shown, _ = channel(full.linux, 8)
    full.linux.status(PERFORMANCE, 7, CPU, 30)
    poke(memory, level, 10)
    poke(memory, bell, 1)  # and the server has not looked yet
    assert reload(without_pins(full_board), memory) == {LINUX}
    assert channel(full.linux, 7) == (level, bell)
    full.wait(PERIOD)
    assert full.linux.words(PERFORMANCE, 8, CPU) == [10]
    assert peek(memory, shown) == 10
    poke(memory, level, 20)
    poke(memory, bell, 1)
    full.wait(PERIOD)
    assert peek(memory, shown) == 20


def test_fast_channels_show_the_transferred_state(full, full_board, memory, reload):
    full.linux.status(PERFORMANCE, 7, CPU, 30)
    reload(without_pins(full_board), memory)
    assert peek(memory, channel(full.linux, 8)[0]) == 30


def test_an_agent_whose_channels_move_begins_anew(full_board, memory, reload):
    moved = Window(memory.path, memory.address + 0x1000, memory.size)
    assert reload(full_board, memory) == {LINUX, VM1}
    assert reload(full_board, moved) == {VM1}  # which has no channels


def test_an_agent_whose_file_is_another_begins_anew(full_board, memory, reload):
    """It has mapped the file that was at the path before."""
    assert reload(full_board, memory) == {LINUX, VM1}
    memory.path.rename(memory.path.with_name("before"))
    assert reload(full_board, memory) == {VM1}
    assert reload(full_board, memory) == {LINUX, VM1}


def test_without_the_memory_an_agent_with_channels_begins_anew(full_board, memory, reload):
    del memory
    assert reload(full_board) == {VM1}


# A service


def test_a_client_whose_url_goes_takes_its_votes_with_it(full, full_board, tmp_path):
    urls = [{"linux": f"unix:{tmp_path}/{name}"} for name in ("before", "after")]

    def served(server, urls):
        return {server.agent(name): url for name, url in urls.items()}

    with (
        Service(full.server, served(full.server, urls[0]), lambda *_: None) as service,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client,
    ):
        client.connect(f"{tmp_path}/before")
        service.loop.turn()
        client.send(request(VOLTAGE, 5, 1, 7))
        service.loop.turn()
        assert full.linux.words(VOLTAGE, 6, 1) == [7]
        new = strict_server(full_board, now=full.time, backend=full.server.backend)
        service.reload(new, served(new, urls[1]))
        assert Wire(new.agent("linux")).words(VOLTAGE, 6, 1) == [0]


def test_a_configuration_that_cannot_be_served_leaves_no_file_open(tmp_path):
    path = tmp_path / "runtime.json"
    path.write_text(FULL.read_text())
    urls = (f"linux=unix:{tmp_path}/linux",)
    fastchannel = Window(tmp_path / "memory", ADDRESS, 0x2000)
    options = serve._Options(path, (), urls, None, (), (("", fastchannel),))
    log = []
    server = serve._server(
        options, None, log.append, serve.configuration_of(options.configuration, options.extra)
    )
    with Service(server, {}, lambda *_: None) as service:
        path.write_text(FULL.read_text().replace('"name": "linux"', '"name": "other"'))
        before = open_files()
        for _ in range(3):
            serve._reload(service, options, log.append)
        assert len([line for line in log if "unknown agent 'linux'" in line]) == 3
        assert open_files() <= before
        service.server.fastchannels.close()


def test_what_is_undone_does_not_depend_on_a_reload(full, full_board, reload):
    """What linux was the last to set before a reload, it was the last to set after it too."""
    before = [full.linux.words(CLOCK, 6, clock) for clock in (RANGED, MUX)]
    parent = full.linux.words(CLOCK, 0xE, MUX)
    supply = full.linux.words(VOLTAGE, 8, 1)
    assert full.linux.status(CLOCK, 5, 0, RANGED, 2000, 0) == SUCCESS
    assert full.linux.status(CLOCK, 0xD, MUX, RANGED) == SUCCESS
    assert full.linux.status(VOLTAGE, 7, 1, 0, 700_000) == SUCCESS
    reload(full_board)
    assert full.linux.words(CLOCK, 0xE, MUX) == [RANGED]
    assert full.linux.status(BASE, 0xB, LINUX, 0) == SUCCESS
    assert [full.linux.words(CLOCK, 6, clock) for clock in (RANGED, MUX)] == before
    assert full.linux.words(CLOCK, 0xE, MUX) == parent
    assert full.linux.words(VOLTAGE, 8, 1) == supply


def clocks_of(parents):
    """Clocks, all of linux, with these parents at boot; each may have any other as its parent."""
    numbers = range(len(parents))
    grants = [{"id": i, "resource": i, "operations": ["parent", "rate", "read"]} for i in numbers]
    clocks = [
        {"id": i, "name": f"c{i}", "node": "", "rates": [1, 1000], "step": 1, "rate": 120}
        | {"parents": [other for other in numbers if other != i]}
        | ({} if parents[i] is None else {"parent": parents[i]})
        for i in numbers
    ]
    linux = {"id": 1, "name": "linux", "role": "ospm", "permissions": True}
    agents = [linux | {"grants": {"clock": grants}}, {"id": 2, "name": "vm1", "role": "vm"}]
    about = {"format": "scmigen-runtime-1", "name": "x", "agents": agents, "clocks": clocks}
    return runtime.decode(msgspec.json.encode(about))


@pytest.fixture
def tree(full_with, reload_of):
    """A platform of clocks, and a reload of the same configuration."""
    board = clocks_of([2, 0, None])
    full = full_with(board=board)
    return full, lambda: reload_of(full, board)


def test_rates_are_as_before_whatever_the_order_of_the_clocks(tree):
    """1 divides 0, which divides 2; each is set after what it divides."""
    full, again = tree
    for clock, rate in ((2, 240), (0, 60), (1, 7)):
        assert full.linux.status(CLOCK, 5, 0, clock, rate, 0) == SUCCESS
    again()
    assert [full.linux.words(CLOCK, 6, clock)[0] for clock in range(3)] == [60, 7, 240]
    assert full.linux.status(CLOCK, 5, 0, 0, 600, 0) == SUCCESS
    assert full.linux.words(CLOCK, 6, 1) == [70, 0]


def test_a_divider_is_as_before(tree):
    """1 is a third of 0, which has the rate 100 at the reload: 33 then, and 100 at 300 again."""
    full, again = tree
    for clock, rate in ((0, 300), (1, 100), (0, 100)):
        assert full.linux.status(CLOCK, 5, 0, clock, rate, 0) == SUCCESS
    again()
    assert full.linux.words(CLOCK, 6, 1) == [33, 0]
    assert full.linux.status(CLOCK, 5, 0, 0, 300, 0) == SUCCESS
    assert full.linux.words(CLOCK, 6, 1) == [100, 0]


def test_parents_that_changed_places_have_them_after_a_reload(tree):
    """At boot 1 is below 0, which is below 2; then it is between them."""
    full, again = tree
    for clock, parent in ((1, 2), (0, 1)):
        assert full.linux.status(CLOCK, 0xD, clock, parent) == SUCCESS
    again()
    assert [full.linux.words(CLOCK, 0xE, clock) for clock in (0, 1)] == [[1], [2]]
