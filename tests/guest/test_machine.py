"""A guest comes up, does what it is told, and ends, on a tree that is written by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from guest import linux, programs, trees
from guest.machine import Guest, GuestError
from guest.serving import Served

import scmigen
from scmigen import Text, loads

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

#: One clock with two rates, and a device that sets it.
BOARD = """
/dts-v1/;
/ {
    cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    uart@2000 {
        compatible = "acme,uart"; reg = <0x2000>; clocks = <&cc 7>; clock-names = "core";
        assigned-clocks = <&cc 7>; assigned-clock-rates = <48000000>;
    };
};
"""
AGENTS = "domains: {guest: {id: 1, default: true, scmi: {role: ospm, transport: {type: virtio}}}}"
TREE = """
/dts-v1/;
/ {
    firmware {
        scmi {
            compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
            clocks: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
        };
    };
    uart@2000 { clocks = <&clocks 0>; clock-names = "core"; };
};
"""


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    result = scmigen.compile(loads(BOARD), agents=Text("agents.yaml", AGENTS))
    scmigen.emit(result, "runtime").write(folder)
    with Served(folder, folder / "runtime" / "runtime.json", "guest") as running:
        yield running


@pytest.mark.parametrize("pci", [False, True], ids=["mmio", "pci"])
def test_a_guest_does_what_it_is_told(served: Served, folder: Path, pci: bool) -> None:
    tree = trees.reduced(loads(TREE), programs.virt())
    with Guest(folder, tree.blob, served.sockets["guest"], pci=pci) as guest:
        assert guest.ready().run("echo $((6 * 7))\necho done") == "42\ndone\n"
        assert guest.attempt("cat /none") == (
            1,
            "cat: can't open '/none': No such file or directory\n",
        )
        with pytest.raises(GuestError, match="status 3"):
            guest.run("(exit 3)")
        assert linux.clocks(guest)["uart-2000-core"].rate == 48_000_000
        assert linux.take(guest, tree.consumers) == {}
        assert linux.order(guest, [("/uart@2000", "clk on core")]) == [0]
        served.expect(r"^clock 0 \(uart-2000-core\) state 1$")
        guest.power_off()
    served.expect(r"^clock 0 \(uart-2000-core\) state 0$")
    assert "Kernel panic" not in guest.log
