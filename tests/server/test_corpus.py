"""The simulated platform on real boards: what a parent, a gate, a supply and a level make of what
is below, as the agent hears it.

imx8mp-evk: clocks with parents, 22 clocks in the audio power domain, a CPU whose frequency and
voltage are the tree's operating points. rk3588-rock-5b: power domains in power domains, one on a
supply, supplies fed by a supply.
"""

import subprocess
import sys

import msgspec
import pytest
from scmi_wire import CLOCK, OFF, ON, PERFORMANCE, POWER, SUCCESS, VOLTAGE, Wire, notification
from server_running import strict_server

from scmigen import runtime
from scmigen.scmi.protocols import Kind

AGENTS = """
domains:
  linux: {{compatible: "openamp,domain-v1", id: 1, scmi: {{role: ospm}}, default: true}}
platform:
  managed: [{managed}]
"""


#: The fastest A53s, of the first market: speed grade and market are words of the chip.
BIN = '  opp: [{table: "&a53_opp_table", supported-hw: [0x20, 0x1]}]\n'


def build(corpus, out, board, managed, more=""):
    agents = out / "agents.yaml"
    agents.write_text(AGENTS.format(managed=", ".join(f'"{label}"' for label in managed)) + more)
    command = [sys.executable, "-m", "scmigen", "build", corpus / f"{board}.dts", "-o", out / "b"]
    done = subprocess.run(
        [*map(str, command), "-a", str(agents), "--emit", "runtime"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return runtime.decode((out / "b" / "runtime" / "runtime.json").read_bytes())


@pytest.fixture(scope="module")
def imx8mp(corpus, tmp_path_factory):
    return build(corpus, tmp_path_factory.mktemp("imx8mp"), "imx8mp-evk", ["&reg_arm"], BIN)


@pytest.fixture(scope="module")
def rk3588(corpus, tmp_path_factory):
    managed = ["&cru", "&power", "&spi2", "&vcc5v0_sys", "&vcc3v3_pcie30"]
    return build(corpus, tmp_path_factory.mktemp("rk3588"), "rk3588-rock-5b", managed)


class Linux(Wire):
    """The one agent of a board; ids are the platform's numbers."""

    def __init__(self, board):
        self.server = strict_server(board, state_readers=range(256))
        (agent,) = self.server.agents.values()
        super().__init__(agent)

    def may(self, kind, operation):
        """The ids of what it may do that with."""
        return self.agent.session.views[kind].open[operation]

    def clock_runs(self, clock):
        return self.words(CLOCK, 0xB, clock, 0)[1] == 1

    def rate(self, clock):
        low, high = self.words(CLOCK, 6, clock)
        return low | high << 32

    def domain_is_on(self, domain):
        return self.words(POWER, 5, domain) == [ON]


def families(linux, board):
    """Clock and parent, where the agent may read both and switch the clock."""
    readable = linux.may(Kind.CLOCK, "read")
    switched = linux.may(Kind.CLOCK, "state")
    return [
        (clock.id, clock.parent)
        for clock in board.clocks
        if clock.parent in readable and clock.id in switched
    ]


def named(resources, name):
    return next(item.id for item in resources if item.name == name)


# Clock trees


def test_a_parents_rate_is_its_childrens(imx8mp):
    linux = Linux(imx8mp)
    found = families(linux, imx8mp)
    assert len(found) >= 10
    for own, parent in found:
        linux = Linux(imx8mp)
        before, above = linux.rate(own), linux.rate(parent)
        linux.status(CLOCK, 9, own, 1)
        linux.server.state[Kind.CLOCK][parent].set_rate(3 * above)
        linux.server.tick()
        assert linux.rate(parent) == 3 * above
        assert linux.rate(own) == 3 * before
        words = (3 * before & 0xFFFF_FFFF, 3 * before >> 32)
        assert linux.agent.take_events() == (notification(CLOCK, 0, 0, own, *words),)


def test_a_child_that_runs_holds_its_parent(imx8mp):
    linux, checked = Linux(imx8mp), 0
    roots = {clock.id for clock in imx8mp.clocks if clock.parent is None and clock.power is None}
    gated = {clock.id for clock in imx8mp.clocks if clock.power is not None}
    for own, parent in families(linux, imx8mp):
        if own in gated or parent not in roots:
            continue
        if linux.clock_runs(own) or linux.clock_runs(parent):
            continue
        for on in (1, 0):
            assert linux.status(CLOCK, 7, own, on, 0) == SUCCESS
            assert [linux.clock_runs(clock) for clock in (own, parent)] == [on, on]
        checked += 1
    assert checked >= 10


# Gates


def test_a_power_domain_gates_its_clocks(imx8mp):
    """The clocks of the audio block: what is wanted runs while the domain is on, and comes back."""
    linux, checked = Linux(imx8mp), 0
    (audio,) = {clock.power for clock in imx8mp.clocks if clock.power is not None}
    switched = linux.may(Kind.CLOCK, "state")
    clocks = [clock.id for clock in imx8mp.clocks if clock.power == audio and clock.id in switched]
    assert linux.status(POWER, 4, 0, audio, OFF) == SUCCESS
    for clock in clocks:
        assert linux.status(CLOCK, 7, clock, 1, 0) == SUCCESS
        assert not linux.clock_runs(clock)
        checked += 1
    assert checked >= 10
    for state in (ON, OFF, ON):
        linux.status(POWER, 4, 0, audio, state)
        assert {linux.clock_runs(clock) for clock in clocks} == {state == ON}


def test_a_domain_holds_those_above_it(rk3588):
    linux, checked = Linux(rk3588), 0
    for domain in rk3588.power_domains:
        if domain.parent is None or linux.domain_is_on(domain.parent):
            continue
        for state in (ON, OFF):
            assert linux.status(POWER, 4, 0, domain.id, state) == SUCCESS
            assert linux.domain_is_on(domain.id) == linux.domain_is_on(domain.parent)
            assert linux.domain_is_on(domain.id) == (state == ON)
        checked += 1
    assert checked >= 3


# Supplies


def test_a_domain_is_off_without_its_supply(rk3588):
    """domain-supply of the GPU: vdd_gpu_s0, which nothing else holds on."""
    linux = Linux(rk3588)
    (gpu,) = (domain for domain in rk3588.power_domains if domain.supply is not None)
    assert rk3588.voltage_domains[gpu.supply].name == "vdd_gpu_s0"
    linux.status(POWER, 6, gpu.id, 1)
    linux.status(POWER, 4, 0, gpu.id, ON)
    linux.agent.take_events()
    for config, state in ((0, OFF), (7, ON), (0, OFF)):
        if linux.words(VOLTAGE, 6, gpu.supply) != [config]:
            assert linux.status(VOLTAGE, 5, gpu.supply, config) == SUCCESS
            assert linux.agent.take_events() == (notification(POWER, 0, 1, gpu.id, state),)
        assert linux.domain_is_on(gpu.id) == (state == ON)


def test_a_supply_is_fed_by_another(rk3588):
    """vin-supply of vcc3v3_pcie30: vcc5v0_sys, which here is not always on."""
    feed = named(rk3588.voltage_domains, "vcc5v0_sys")
    pcie = named(rk3588.voltage_domains, "vcc3v3_pcie30")
    assert rk3588.voltage_domains[pcie].parent == feed
    supplies = tuple(
        msgspec.structs.replace(supply, always_on=False, enabled=False)
        for supply in rk3588.voltage_domains
    )
    linux = Linux(msgspec.structs.replace(rk3588, voltage_domains=supplies))
    assert linux.words(VOLTAGE, 6, feed) == [0]
    for config in (7, 0):
        assert linux.status(VOLTAGE, 5, pcie, config) == SUCCESS
        assert linux.words(VOLTAGE, 6, pcie) == linux.words(VOLTAGE, 6, feed) == [config]


# Operating points


def test_a_level_sets_clock_and_voltage(imx8mp):
    """operating-points-v2 of the A53s: 1.2 GHz at 0.85 V, 1.6 at 0.95, 1.8 at 1.0."""
    linux = Linux(imx8mp)
    cpu = named(imx8mp.performance_domains, "cpu-0")
    domain = imx8mp.performance_domains[cpu]
    supply = named(imx8mp.voltage_domains, "BUCK2")
    clock = domain.clock
    points = {1_200_000: 850_000, 1_600_000: 950_000, 1_800_000: 1_000_000}
    for level in (1_200_000, 1_800_000, 1_600_000):
        assert linux.status(PERFORMANCE, 7, cpu, level) == SUCCESS
        assert linux.words(PERFORMANCE, 8, cpu) == [level]
        assert linux.server.state[Kind.CLOCK][clock].rate == 1000 * level
        assert linux.server.state[Kind.VOLTAGE][supply].level == points[level]
        if clock in linux.may(Kind.CLOCK, "read"):
            assert linux.rate(clock) == 1000 * level
        if supply in linux.may(Kind.VOLTAGE, "read"):
            assert linux.words(VOLTAGE, 8, supply) == [points[level]]


def test_limits_move_clock_and_voltage(imx8mp):
    linux = Linux(imx8mp)
    cpu = named(imx8mp.performance_domains, "cpu-0")
    domain = imx8mp.performance_domains[cpu]
    assert linux.status(PERFORMANCE, 5, cpu, 1_200_000, 1_200_000) == SUCCESS
    assert linux.server.state[Kind.CLOCK][domain.clock].rate == 1_200_000_000
    assert linux.server.state[Kind.VOLTAGE][domain.supply].level == 850_000
