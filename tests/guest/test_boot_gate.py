"""What Linux switches off as unused late in its boot, and that the line of the hint keeps it on.

The supply of a device has to wait: Linux looks for unused regulators 30 s after its boot.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from checks.remedies import apply, remedies
from guest import linux, programs, trees
from guest.machine import Guest
from guest.serving import Served

import scmigen
from scmigen import Text, loads
from scmigen.devicetree.load import load

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

#: The CPU has a clock, as on AM62L. Firmware has a UART, with a clock and a power domain that a
#: device of Linux uses, too, once its driver is there.
BOARD = """
/dts-v1/;
/ {
    cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    pc: power-controller@2000 {
        compatible = "acme,pc"; reg = <0x2000>; #power-domain-cells = <1>;
    };
    cpus {
        #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; reg = <0>; clocks = <&cc 3>; clock-names = "core"; };
    };
    uart@3000 {
        compatible = "acme,uart"; reg = <0x3000>; status = "reserved";
        clocks = <&cc 9>; power-domains = <&pc 2>;
    };
    i2c@4000 {
        compatible = "acme,i2c"; reg = <0x4000>;
        clocks = <&cc 9>; clock-names = "core"; power-domains = <&pc 2>;
    };
    spi@5000 { compatible = "acme,spi"; reg = <0x5000>; clocks = <&cc 5>; clock-names = "core"; };
};
"""
AGENTS = "domains: {guest: {id: 1, default: true, scmi: {role: ospm, transport: {type: virtio}}}}"
#: What CPU and UART run on, by the names that the agent sees.
NEEDED = {"clock cpu-0-core", "clock i2c-4000-core", "power i2c-4000"}


@contextmanager
def booted(folder: Path, agents: str) -> Iterator[tuple[Guest, Served]]:
    """Linux on the tree that scmigen writes for it."""
    result = scmigen.compile(loads(BOARD), agents=Text("agents.yaml", agents))
    scmigen.emit(result, ["runtime", "consumer"]).write(folder)
    tree = trees.reduced(load(folder / "consumer" / "guest.dtb"), programs.virt())
    with (
        Served(folder, folder / "runtime" / "runtime.json", "guest") as served,
        Guest(folder, tree.blob, served.sockets["guest"]) as guest,
    ):
        yield guest.ready(), served


def switched(served: Served) -> dict[str, int]:
    """What the server switched last since the guest was started: kind and name → on or off."""
    found = (re.fullmatch(r"(\w+) \d+ \((\S+)\) state ([01])", line) for line in served.said)
    return {f"{line[1]} {line[2]}": int(line[3]) for line in found if line}


def gate(agents: str) -> scmigen.Diagnostic:
    result = scmigen.compile(loads(BOARD), agents=Text("agents.yaml", agents))
    (found,) = (item for item in result.diagnostics if item.id == "boot-gate")
    return found


def test_without_the_line_of_the_hint_linux_switches_off_what_cpu_and_firmware_need(
    folder: Path,
) -> None:
    with booted(folder, AGENTS) as (guest, served):
        for name in NEEDED:
            kind, _, called = name.partition(" ")
            served.expect(rf"^{kind} \d+ \({called}\) state 0$")
        assert {name for name, on in switched(served).items() if not on} == NEEDED
        guest.power_off()


def test_with_it_they_stay_on(folder: Path) -> None:
    (line,) = remedies(gate(AGENTS).hint or "")
    with booted(folder, apply(line, AGENTS, loads(BOARD))) as (guest, served):
        # Linux has looked for unused clocks before it runs a program, and for domains soon after.
        assert linux.take(guest, ["/i2c@4000", "/spi@5000"]) == {}
        for state in ("on", "off"):
            assert linux.order(guest, [("/i2c@4000", f"clk {state} core")]) == [0]
            assert linux.order(guest, [("/spi@5000", f"clk {state} core")]) == [0]
        served.expect(r"^clock \d+ \(spi-5000-core\) state 0$")
        assert switched(served) == {**dict.fromkeys(NEEDED, 1), "clock spi-5000-core": 0}
        guest.power_off()
