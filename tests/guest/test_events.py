"""The platform changes something, and Linux hears of it: events of each protocol, and what the
kernel makes of them. Another agent, the hypervisor, and the overlay are the platform's side."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from struct import pack

import pytest
from guest import linux, programs
from guest.boards import Case, build
from guest.expected import View, view
from guest.machine import Guest
from guest.serving import Served
from guest.trees import reduced
from patience import eventually

from scmigen.client import Client
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.drafts import DraftNode, draft_of
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.tree import DeviceTree

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

CASE = Case("orrery", "linux")
SYSTEM, PERFORMANCE, CLOCK, SENSOR, POWERCAP = 0x12, 0x13, 0x14, 0x15, 0x18
#: The id of the hypervisor, which is told as the one that changed something.
HYPERVISOR = 5
CPU, CPU_SENSOR, SOC_CAP = 0, 0, 0
#: What a root file system with users has: programs that do not ask PID 1.
FORCED = {
    f"/sbin/{name}": f"#!/bin/sh\nexec /bin/busybox {name} -f\n".encode()
    for name in ("poweroff", "reboot")
}


class Events:
    """What Linux hears, from the first on."""

    def __init__(self, guest: Guest, *subscriptions: tuple[int, int, tuple[int, ...]]) -> None:
        self._guest = guest
        raw = linux.RAW.replace("message", "notification")
        once = f"dd if={raw} bs=512 count=1 2>/dev/null | od -v -An -tx4 -w512"
        guest.run(f"( while :; do {once}; done ) >/tmp/heard &")
        assert [status for status, *_ in linux.Raw(guest).send(*subscriptions)] == [0] * len(
            subscriptions
        )

    def heard(self) -> list[tuple[int, ...]]:
        """Protocol, number and payload of each, in order."""
        found = []
        for line in self._guest.read("/tmp/heard").splitlines():
            header, *payload = (int(word, 16) for word in line.split())
            found.append((header >> 10 & 0xFF, header & 0xFF, *payload))
        return found


@dataclass
class Platform:
    """A guest that is up, and both ways to change what it runs on."""

    guest: Guest
    served: Served
    hypervisor: Client
    view: View
    extra: Path

    def measures(self, power: int | None = None, **sensors: int) -> None:
        """Have sensors (``cpu_thermal`` …) read so many m°C from now on, and the SoC so many µW."""
        said = json.loads(self.extra.read_text())
        for name, value in sensors.items():
            said["sensors"][name.replace("_", "-")]["readings"] = [[value]]
        if power is not None:
            said["powercaps"]["soc"]["readings"] = [power]
        self.extra.write_text(json.dumps(said))
        self.served.reload()


def overlay(shared_clock: int) -> dict[str, object]:
    """What the board's tree does not say: sensors that trip and read something, a power cap, and
    what the hypervisor may set."""
    cap = {"id": SOC_CAP, "resource": SOC_CAP, "operations": ["config", "read"]}
    clock = {"id": shared_clock, "resource": shared_clock, "by_hand": ["rate"]}
    return {
        "sensors": {
            "cpu-thermal": {"trip_points": 1, "readings": [[40_000]]},
            "gpu-thermal": {"readings": [[45_000]]},
        },
        "powercaps": {
            "soc": {
                "id": SOC_CAP,
                "node": "",
                "minimum_cap": 1000,
                "maximum_cap": 9_000_000,
                "readings": [500_000],
            }
        },
        "agents": {
            "linux": {"grants": {"powercap": [cap]}},
            "hypervisor": {
                "grants": {
                    "powercap": [{**cap, "by_hand": ["config"]}],
                    "performance": [
                        {
                            "id": CPU,
                            "resource": CPU,
                            "operations": ["level", "limits", "read"],
                            "by_hand": ["level"],
                        }
                    ],
                    "clock": [{**clock, "operations": ["state", "rate", "read"]}],
                }
            },
        },
    }


def with_powercap(blob: bytes) -> bytes:
    """A guest's tree with the protocol that only the overlay has."""
    root = draft_of(read_blob(blob, "guest.dtb").root)
    scmi = next(iter(root.children["firmware"].children.values()))
    node = DraftNode("protocol@18", scmi)
    node.properties["reg"] = Property("reg", pack(">I", POWERCAP))
    scmi.children[node.name] = node
    return flatten(DeviceTree(root, "guest.dtb"))


@pytest.fixture
def platform(folder: Path) -> Iterator[Platform]:
    with running(folder) as found:
        yield found


@contextmanager
def running(folder: Path) -> Iterator[Platform]:
    built = build(CASE.board, CASE.numbering)
    its = view(built.runtime, CASE.agent)
    blob = with_powercap(reduced(built.emitted(CASE.agent), programs.virt()).blob)
    extra = folder / "extra.json"
    extra.write_text(json.dumps(overlay(media_clock(its))))
    url = f"unix:{folder}/hypervisor"
    options = ("--extra", str(extra))
    with (
        Served(
            folder, built.runtime, CASE.agent, urls={"hypervisor": url}, options=options
        ) as served,
        Guest(folder, blob, served.sockets[CASE.agent], files=FORCED) as guest,
        Client(url) as hypervisor,
    ):
        yield Platform(guest.ready(), served, hypervisor, its, extra)


def media_clock(its: View) -> int:
    """The clock that both agents may set: CRU_ACLK_MEDIA, 400 or 600 MHz."""
    return next(c.id for c in its.granted["clock"].values() if c.what.get("cells") == [51])


def test_linux_hears_what_another_agent_sets(platform: Platform) -> None:
    """A rate, limits, a level and a cap, each with the agent that set it."""
    guest, hypervisor = platform.guest, platform.hypervisor
    clock = media_clock(platform.view)
    events = Events(
        guest,
        (CLOCK, 9, (clock, 1)),
        (PERFORMANCE, 9, (CPU, 1)),
        (PERFORMANCE, 0xA, (CPU, 1)),
        (POWERCAP, 0xA, (SOC_CAP, 1)),
    )
    hypervisor.set_clock_rate(clock, 600_000_000)
    hypervisor.set_performance_limits(CPU, 600_000, 1_200_000)
    hypervisor.set_performance_level(CPU, 600_000)
    hypervisor.ask("POWERCAP_CAP_SET", domain=SOC_CAP, cap=5000)
    expected = {
        (CLOCK, 0, HYPERVISOR, clock, 600_000_000, 0),
        (PERFORMANCE, 0, HYPERVISOR, CPU, 1_200_000, 600_000),
        (PERFORMANCE, 1, HYPERVISOR, CPU, 600_000),
        (POWERCAP, 0, HYPERVISOR, SOC_CAP, 5000, 1),
    }
    assert eventually(lambda: expected <= {*events.heard()})
    name = platform.view.granted["clock"][clock].name
    assert linux.clocks(guest)[name].rate == 600_000_000
    frequency = guest.read("/sys/devices/system/cpu/cpufreq/policy0/cpuinfo_cur_freq")
    assert frequency.strip() == "600000"
    caps = guest.run("cat /sys/class/powercap/*/constraint_0_power_limit_uw")
    assert caps.split() == ["5000"]


def test_linux_hears_that_a_sensor_trips(platform: Platform) -> None:
    """Both ways, as it asked for."""
    both = 3
    events = Events(
        platform.guest,
        (SENSOR, 5, (CPU_SENSOR, both, 80_000, 0)),
        (SENSOR, 4, (CPU_SENSOR, 1)),
    )
    rising = 1 << 16
    platform.measures(cpu_thermal=90_000)
    assert eventually(lambda: events.heard() == [(SENSOR, 0, 0, CPU_SENSOR, rising)])
    assert linux.zones(platform.guest)["cpu-thermal"] == 90_000
    platform.measures(cpu_thermal=60_000)
    assert eventually(lambda: events.heard()[1:] == [(SENSOR, 0, 0, CPU_SENSOR, 0)])
    assert linux.zones(platform.guest)["cpu-thermal"] == 60_000


def test_linux_hears_that_power_leaves_its_limits(platform: Platform) -> None:
    """From 400 to 600 mW, as it asked for, and back."""
    events = Events(platform.guest, (POWERCAP, 0xB, (SOC_CAP, 1, 400_000, 600_000)))
    for heard, power in enumerate((700_000, 550_000)):
        platform.measures(power=power)
        expected = [(POWERCAP, 1, 0, SOC_CAP, power)]
        assert eventually(lambda e=expected, n=heard: events.heard()[n:] == e)
        shown = platform.guest.run("cat /sys/class/powercap/*/power_uw")
        assert shown.split() == [str(power)]


def test_a_critical_temperature_powers_linux_off(platform: Platform) -> None:
    """The trip point of the board's thermal zone is at 110 °C."""
    platform.measures(gpu_thermal=109_000)
    assert eventually(lambda: linux.zones(platform.guest)["gpu-thermal"] == 109_000)
    platform.measures(gpu_thermal=111_000)
    platform.guest.wait()
    assert "critical temperature reached" in platform.guest.log


@pytest.mark.parametrize(("state", "says"), [(0, "Power down"), (1, "Restarting system")])
def test_linux_does_what_the_system_is_asked_to(platform: Platform, state: int, says: str) -> None:
    """A graceful shutdown or cold reset that the hypervisor asks for."""
    platform.hypervisor.ask("SYSTEM_POWER_STATE_SET", flags=1, state=state)
    platform.guest.wait()
    assert says in platform.guest.log
