"""What an agent reads of what it shares: its own vote. Linux switches on only what it reads as off,
so that an agent that reads the votes of others loses the resource with theirs."""

import json
import socket
from contextlib import ExitStack

import pytest
from patience import PATIENCE
from scmi_wire import (
    CLOCK,
    OFF,
    ON,
    PERFORMANCE,
    POWER,
    SUCCESS,
    VOLTAGE,
    Wire,
    notification,
)
from server_running import Running, strict_server

from scmigen import runtime
from scmigen.scmi.protocols import Profile

LINUX, VM, READER = 1, 2, 3
SWITCHED = ["state", "read"]


def grants(operations):
    kinds = {"clock": 3, "power": 3, "voltage": 1}
    found = {
        kind: [{"id": n, "resource": n, "operations": operations} for n in range(count)]
        for kind, count in kinds.items()
    }
    limits = ["read"] if operations == ["read"] else ["limits", "level", "read"]
    found["performance"] = [{"id": 0, "resource": 0, "operations": limits}]
    return found


def named(prefix, *items):
    return [{"id": n, "name": f"{prefix}{n}", "node": ""} | item for n, item in enumerate(items)]


def board(**more):
    """All is shared by linux and vm; reader may only read. Of domains and clocks, 0 is off at boot,
    1 is on at boot, and 2 always on; domain 3 nobody may switch."""
    rate = {"rates": [1], "rate": 1}
    platform = {
        "format": "scmigen-runtime-1",
        "name": "shared",
        "agents": [
            {"id": LINUX, "name": "linux", "role": "ospm", "grants": grants(SWITCHED)},
            {"id": VM, "name": "vm", "role": "vm", "grants": grants(SWITCHED)},
            {"id": READER, "name": "reader", "role": "vm", "grants": grants(["read"])},
        ],
        "clocks": named("clk", rate, rate | {"enabled": True}, rate | {"always_on": True}),
        "power_domains": named("pd", {}, {"enabled": True}, {"always_on": True}),
        "voltage_domains": named("ldo", {"levels": [1], "level": 1}),
        "performance_domains": named(
            "cpu", {"levels": [{"level": n, "frequency": n} for n in (10, 20, 30)]}
        ),
    }
    return runtime.decode(json.dumps(platform | more).encode())


class Peer:
    """An agent at a socket; `Wire` puts the words together."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.events = []

    def handle(self, message):
        self.socket.sendall(message)
        while True:
            frame = self.socket.recv(4096)
            if frame[:4] == message[:4]:
                return (frame,)
            self.events.append(frame)


@pytest.fixture
def agents(tmp_path):
    """The server, linux and vm, at sockets."""
    paths = {name: tmp_path / name for name in ("linux", "vm")}
    urls = {name: f"unix:{path}" for name, path in paths.items()}
    with ExitStack() as stack:
        running = stack.enter_context(Running(board(), urls).running())
        peers = [Peer(path) for path in paths.values()]
        for peer in peers:
            stack.callback(peer.socket.close)
        yield running.server, *map(Wire, peers)


def regulator(linux, on):
    """What Linux sends: regulator_enable sends nothing if the supply reads as on."""
    if on and linux.words(VOLTAGE, 6, 0) == [7]:
        return
    assert linux.status(VOLTAGE, 5, 0, 7 if on else 0) == SUCCESS


def domain(linux, state):
    """Linux 6.12 reads the state back, and gives up if it is another one (-EIO)."""
    assert linux.status(POWER, 4, 0, 0, state) == SUCCESS
    assert linux.words(POWER, 5, 0) == [state]


def test_a_supply_that_linux_has_switched_on_again_stays_on(agents):
    server, linux, vm = agents
    supply = server.state["voltage"][0]
    assert vm.status(VOLTAGE, 5, 0, 7) == SUCCESS
    for on in (True, False, True):
        regulator(linux, on)
        assert supply.on
    assert vm.status(VOLTAGE, 5, 0, 0) == SUCCESS
    assert linux.words(VOLTAGE, 6, 0) == [7]
    assert supply.on
    regulator(linux, False)
    assert not supply.on


def test_a_domain_that_linux_has_resumed_stays_on(agents):
    server, linux, vm = agents
    assert vm.status(POWER, 4, 0, 0, ON) == SUCCESS
    for state in (ON, OFF, ON):
        domain(linux, state)
        assert server.state["power"][0].on
    assert vm.status(POWER, 4, 0, 0, OFF) == SUCCESS
    assert linux.words(POWER, 5, 0) == [ON]
    assert server.state["power"][0].on


def test_a_domain_that_another_agent_has_on_at_probe_stays_on(agents):
    server, linux, vm = agents
    assert vm.status(POWER, 4, 0, 0, ON) == SUCCESS
    if linux.words(POWER, 5, 0) == [OFF]:  # otherwise Linux takes it to be on, and sends nothing
        domain(linux, ON)
    assert vm.status(POWER, 4, 0, 0, OFF) == SUCCESS
    assert server.state["power"][0].on


def test_notifications_are_of_the_real_state(agents):
    _, linux, vm = agents
    assert linux.status(POWER, 6, 0, 1) == SUCCESS
    for state in (ON, OFF):
        assert vm.status(POWER, 4, 0, 0, state) == SUCCESS
        assert linux.words(POWER, 5, 0) == [OFF]
        assert linux.agent.events.pop() == notification(POWER, 0, VM, 0, state)


# What decides, without sockets


def wires(platform, **options):
    server = strict_server(platform, **options)
    return [Wire(server.agents[agent]) for agent in (LINUX, VM, READER)]


def seen(wire):
    """Domains 0 to 2, and clocks as CLOCK_ATTRIBUTES and CLOCK_CONFIG_GET have them."""
    domains = [int(wire.words(POWER, 5, number) == [ON]) for number in range(3)]
    attributes = [wire.ask(CLOCK, 3, number)[1][0] & 1 for number in range(3)]
    assert attributes == [wire.words(CLOCK, 0xB, number, 0)[1] for number in range(3)]
    return domains, attributes


def vote_all(wire, on):
    for number in range(3):
        assert wire.status(POWER, 4, 0, number, ON if on else OFF) == SUCCESS
        assert wire.status(CLOCK, 7, number, int(on), 0) == SUCCESS


def test_an_agent_without_a_vote_of_its_own_reads_its_state_at_boot():
    """It counts as a vote for that, too."""
    linux, vm, reader = wires(board())
    vote_all(vm, True)
    assert seen(linux) == ([0, 1, 1], [0, 1, 1])
    vote_all(vm, False)
    assert seen(linux) == ([0, 1, 1], [0, 1, 1])
    assert seen(reader) == ([0, 1, 1], [0, 1, 1])


def test_what_is_always_on_reads_on_whatever_the_vote():
    linux, vm, _ = wires(board())
    vote_all(linux, False)
    vote_all(vm, False)
    assert seen(linux) == ([0, 0, 1], [0, 0, 1])


def test_an_agent_that_may_only_read_reads_the_real_state():
    linux, vm, reader = wires(board())
    vote_all(vm, True)
    vote_all(linux, False)
    assert seen(linux) == ([0, 0, 1], [0, 0, 1])
    assert seen(reader) == seen(vm) == ([1, 1, 1], [1, 1, 1])


def test_a_domain_that_nobody_may_switch_reads_as_it_is():
    """0 cannot be set, and is on while 1 below it is."""
    domains = named("pd", {"settable": False}, {"parent": 0}, {"settable": False, "enabled": True})
    linux, vm, _ = wires(board(power_domains=domains))
    states = lambda: [linux.words(POWER, 5, number) for number in range(3)]  # noqa: E731
    assert states() == [[OFF], [OFF], [ON]]
    assert vm.status(POWER, 4, 0, 1, ON) == SUCCESS
    assert states() == [[ON], [OFF], [ON]]


def test_a_vote_for_on_reads_off_while_the_resource_is_off():
    """The supply of the domain is off."""
    platform = board(power_domains=named("pd", {"supply": 0}, {}, {}))
    linux, vm, _ = wires(platform)
    vote_all(linux, True)
    assert seen(linux)[0] == [0, 1, 1]
    assert vm.status(VOLTAGE, 5, 0, 7) == SUCCESS
    assert seen(linux)[0] == [1, 1, 1]


@pytest.mark.parametrize("profile", Profile)
def test_limits_are_the_agents_own(profile):
    linux, vm, reader = wires(board(), profile=profile)
    assert vm.status(PERFORMANCE, 5, 0, 20, 10) == SUCCESS
    assert linux.words(PERFORMANCE, 6, 0) == [30, 10]
    assert linux.status(PERFORMANCE, 5, 0, 30, 20) == SUCCESS
    assert linux.words(PERFORMANCE, 6, 0) == [30, 20]
    assert vm.words(PERFORMANCE, 6, 0) == [20, 10]
    assert reader.words(PERFORMANCE, 6, 0) == [20, 20]


def test_an_agent_can_read_the_real_state_instead():
    linux, vm, _ = wires(board(), state_readers={LINUX})
    vote_all(vm, True)
    vote_all(linux, False)
    assert seen(linux) == ([1, 1, 1], [1, 1, 1])
    assert vm.status(PERFORMANCE, 5, 0, 20, 10) == SUCCESS
    assert linux.words(PERFORMANCE, 6, 0) == [20, 10]
    vote_all(linux, True)
    vote_all(vm, False)
    assert seen(vm) == ([0, 0, 1], [0, 0, 1])
