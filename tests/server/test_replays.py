"""What other programs send, from probing to use, is served as they expect in their profile.

The programs are `replay_linux`, `replay_uboot` and `replay_others`; the board is full.json.
"""

import pytest
from replay_driver import Channel, DriverError, packed
from replay_linux import Linux
from replay_others import FreeBSD, Zephyr
from replay_uboot import UBoot
from scmi_wire import CLOCK, OFF, ON, PERFORMANCE, POWER, POWERCAP, RESET, SENSOR, VOLTAGE

from scmigen import runtime
from scmigen.scmi.clients import profile_of

CPU, INDEXED = range(2)
PLL, MUX, RANGED, LEAF = range(4)
SLOW = 1
BUCK, LDO = range(2)


@pytest.fixture
def served(full_with):
    """The channel of linux on the board in the profile of a program."""

    def serve(name):
        full = full_with(profile_of(name))
        return Channel(full.linux.agent, full.wait)

    return serve


# Linux


@pytest.fixture(params=["3.0", "linux-6.1", "linux-6.6"])
def linux(request, served):
    found = Linux(served(request.param))
    found.probe()
    return found


def test_linux_finds_everything(linux):
    assert linux.agents == ["platform", "linux"]  # it counts agents from the platform on
    clocks = [(clock.name, clock.values, clock.is_range) for clock in linux.found[CLOCK]]
    assert clocks == [
        ("pll", [400_000_000, 800_000_000], False),
        ("mux", [100_000_000, 200_000_000], False),
        ("ranged", [1000, 9000, 500], True),
        ("leaf", [50_000_000], False),
    ]
    domains = [(domain.name, domain.values) for domain in linux.found[PERFORMANCE]]
    assert domains == [
        # in Hz: 600 MHz is level 20
        ("cpu", [300_000_000, 600_000_000, 900_000_000]),
        ("indexed", [1_000_000, 2_050_000]),
    ]
    assert [(it.name, it.values) for it in linux.found[POWER]] == [("fixed", [ON]), ("slow", [OFF])]
    assert [(supply.name, supply.values, supply.is_range) for supply in linux.found[VOLTAGE]] == [
        ("buck", [800_000, 1_200_000, 50_000], True),
        ("ldo", [600_000, 700_000, 900_000], False),
    ]
    assert [domain.name for domain in linux.found[RESET]] == ["block"]
    name = "a-sensor-with-an-extended-name"
    sensors = [sensor.name for sensor in linux.found[SENSOR]]
    assert sensors == [
        "cpu-thermal",
        "accelerometer",
        name if linux.versions[SENSOR] >= 0x30000 else name[:15],
    ]


def test_linux_uses_what_it_found(linux):
    linux.enable(PLL, True)
    assert linux.set_rate(PLL, 800_000_000) == 800_000_000
    assert linux.set_rate(MUX, 200_000_000) == 200_000_000  # later, as all its clocks
    linux.enable(PLL, False)
    assert linux.supply(LDO, True)  # the power domain's
    linux.power(SLOW, True)
    linux.power(SLOW, False)
    assert linux.set_level(CPU, 30) == 30
    assert linux.set_limits(CPU, 20, 10) == [20, 10]
    assert linux.set_level(INDEXED, 205) == 205
    assert linux.reading(0) in (40_000, 60_000, 50_000)
    assert linux.reading(2) == 0
    for flags in (2, 0, 1):
        linux.reset(0, flags)
    assert linux.set_voltage(BUCK, 850_000) == 850_000
    assert linux.set_voltage(LDO, 900_000) == 900_000
    if POWERCAP in linux.found:
        assert linux.set_cap(0, 3000) == 3000


def test_power_capping_of_3_1(served):
    linux = Linux(served("linux-6.6"))
    linux.probe()
    assert linux.versions[POWERCAP] == 0x10000
    # 1 belongs to another agent: a placeholder, without which Linux gives up on all of them
    assert [zone.name for zone in linux.found[POWERCAP]] == ["soc", "reserved-1", "fixed-cap"]
    assert linux.found[POWERCAP][0].values == [1000, 9000, 100]


def test_why_linux_before_6_7_needs_its_profile(served):
    """Levels of five words are read as levels of three."""
    linux = Linux(served("3.2"))
    linux.probe()
    assert [hz // 30_000_000 for hz in linux.found[PERFORMANCE][CPU].values] != [10, 20, 30]
    linux.enable(PLL, True)  # but its clocks can be switched


# U-Boot


@pytest.mark.parametrize("release", [(2025, 4), (2025, 10), (2026, 10)], ids=str)
def test_u_boot_probes_and_uses_clocks_power_resets_and_supplies(served, release):
    year, month = release
    channel = served(f"u-boot-{year}.{month:02}")
    uboot = UBoot(channel, release)
    uboot.bind()
    assert uboot.name == "linux"
    uboot.probe_clocks()
    assert uboot.clocks == ["pll", "mux", "ranged", "leaf"]
    uboot.enable(PLL, True)
    assert uboot.set_rate(PLL, 700_000_000) == 800_000_000
    if release >= (2026, 1):
        assert uboot.set_rate(LEAF, 1) == 100_000_000  # it may not, and so does not ask
        uboot.set_parent(MUX, RANGED)
    uboot.probe_power()
    uboot.power(SLOW, True)
    channel.wait(2000)
    uboot.power(SLOW, False)
    uboot.reset(0)
    assert uboot.supply(BUCK, 850_000) == (True, 850_000)
    assert uboot.supply(LDO, 700_000) == (True, 700_000)


def test_u_boot_before_2025_07_has_no_room_for_the_enable_delay(served):
    uboot = UBoot(served("3.1"), (2025, 4))
    with pytest.raises(DriverError, match="Buffer too small: 28, out_msg_sz:24"):
        uboot.probe_clocks()


def test_u_boot_probes_and_uses_pin_control(served):
    uboot = UBoot(served("u-boot"))
    uboot.probe_pins()
    assert uboot.pins == ["gpio0", "gpio1", "reserved-2", "a-pin-with-an-e"]
    assert uboot.groups == {"uart-pins": [0, 1]}
    assert uboot.functions == {"uart": [0], "gpio": [0, 1, 3]}  # odd numbers of them
    uboot.set_state("uart", "uart-pins")
    assert uboot.set_pin(0, 10, 16) == 16
    uboot.take(1)


def test_u_boot_reads_long_associations_in_parts(full_with):
    pins = tuple(runtime.Pin(id=number, name=f"p{number}", node="") for number in range(125))
    grants = tuple(runtime.Grant(pin.id, pin.id, ("config", "read")) for pin in pins)
    board = runtime.Runtime(
        format=runtime.FORMAT,
        name="pins",
        agents=(
            runtime.Agent(id=1, name="linux", role=runtime.Role.OSPM, grants={"pin": grants}),
            runtime.Agent(id=2, name="vm1", role=runtime.Role.VM),
        ),
        pins=pins,
        pin_groups=(runtime.PinGroup(name="all", pins=tuple(range(125))),),
        pin_functions=(runtime.PinFunction(name="bus", groups=(0,)),),
    )
    uboot = UBoot(Channel(full_with(board=board).linux.agent))
    uboot.probe_pins()
    assert uboot.groups["all"] == list(range(125))


# FreeBSD and Zephyr


def test_freebsd_attaches_and_uses_clocks(served):
    freebsd = FreeBSD(served("freebsd"))
    freebsd.attach()
    assert freebsd.clocks == {PLL: "pll", MUX: "mux", RANGED: "ranged", LEAF: "leaf"}
    freebsd.set_rate(PLL, 700_000_000)
    assert freebsd.rate(PLL) == 800_000_000
    freebsd.gate(PLL, True)
    freebsd.gate(PLL, False)


def test_zephyr_starts_and_uses_what_it_finds(served):
    channel = served("zephyr")
    # the supply of the power domain, for which Zephyr has no driver, is on
    assert channel.exchange(VOLTAGE, 5, packed(LDO, 7)) == packed(0)
    zephyr = Zephyr(channel)
    zephyr.start()
    assert zephyr.revision() == (2, 9)
    assert zephyr.who(1) == "linux"
    assert zephyr.clock(MUX) == ("mux", 0xE000_0000)
    assert zephyr.clock(LEAF) == ("leaf", 0x8000_0000)
    assert zephyr.enable(PLL, True)
    assert not zephyr.enable(PLL, False)
    assert zephyr.set_rate(PLL, 800_000_000) == 800_000_000
    assert zephyr.set_parent(MUX, RANGED) == RANGED
    assert zephyr.power(SLOW, True) == ON
    assert zephyr.power(SLOW, False) == OFF
    assert zephyr.set_level(CPU, 30) == 30
    zephyr.configure(0, 10, 4, 4, 0)


def test_zephyr_gets_the_older_versions_it_asks_for(served):
    channel = served("zephyr")
    zephyr = Zephyr(channel, {POWER: 0x20000, CLOCK: 0x30000, PERFORMANCE: 0x30000})
    zephyr.start()
    asked = [(protocol, data) for protocol, message, data in channel.sent if message == 0x10]
    assert asked == [(POWER, b"\0\0\2\0"), (PERFORMANCE, b"\0\0\3\0")]
    assert zephyr.set_level(INDEXED, 205) == 205  # no indices before 4.0
