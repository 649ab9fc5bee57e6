"""What ``trees.reduced`` keeps of an agent's tree, rule by rule, without a machine."""

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from guest import cpio, trees

from scmigen import loads
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree

VIRT = """
/dts-v1/;
/ {
    compatible = "linux,dummy-virt";
    interrupt-parent = <0x8001>;
    cpus { cpu@0 { device_type = "cpu"; phandle = <0x8002>; }; };
    intc@8000000 { phandle = <0x8001>; };
    timer { compatible = "arm,armv8-timer"; };
    memory@40000000 { device_type = "memory"; reg = <0x40000000 0x10000000>; };
    chosen { };
};
"""
BOARD = """
/dts-v1/;
/ {
    compatible = "acme,board";
    cpus {
        cpu@100 {
            device_type = "cpu"; reg = <0x100>; clocks = <&clk 0>; operating-points-v2 = <&opps>;
        };
        cpu@101 { device_type = "cpu"; reg = <0x101>; clocks = <&clk 0>; };
    };
    opps: opp-table {
        compatible = "operating-points-v2";
        opp-600 { opp-hz = /bits/ 64 <600000000>; opp-supported-hw = <1>; };
    };
    memory@0 { device_type = "memory"; reg = <0 1>; };
    timer { compatible = "acme,timer"; };
    timer@1000 { compatible = "acme,soc-timer"; reg = <0x1000>; clocks = <&clk 2>; };
    firmware {
        scmi {
            compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <&timer1>;
            clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
            pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
            sensors: protocol@15 { reg = <0x15>; #thermal-sensor-cells = <1>; };
            rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; };
        };
    };
    timer1: sram@0 { compatible = "arm,scmi-shmem"; };
    xtal: clock { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
    phy: phy {
        compatible = "acme,phy";
        #clock-cells = <1>; #power-domain-cells = <0>; #thermal-sensor-cells = <1>;
    };
    rail: rail { compatible = "regulator-fixed"; gpio = <&phy 1>; regulator-name = "rail"; };
    soc {
        compatible = "simple-bus";
        mmc@2000 {
            compatible = "acme,mmc"; reg = <0x2000>; interrupts = <5>; pinctrl-0 = <&phy>;
            clocks = <&phy 3>, <&clk 70>, <&xtal>; clock-names = "phy", "core", "osc";
            power-domains = <&phy>, <&pd 40>; power-domain-names = "local", "core";
            assigned-clocks = <&phy 3>, <&clk 70>; assigned-clock-rates = <5>, <6>;
            assigned-clock-parents = <&clk 71>, <&clk 72>;
            resets = <&rst 9>; vmmc-supply = <&rail>; vqmmc-supply = <&phy>;
        };
        dma@3000 { compatible = "acme,dma"; clocks = <&phy 1>; };
        off@4000 { compatible = "acme,off"; status = "disabled"; clocks = <&clk 1>; };
    };
    thermal-zones {
        ours { thermal-sensors = <&sensors 1>; };
        theirs { thermal-sensors = <&phy 1>; };
    };
};
"""


@pytest.fixture(scope="module")
def reduced() -> trees.Reduced:
    return trees.reduced(loads(BOARD), flatten(loads(VIRT)))


@pytest.fixture(scope="module")
def tree(reduced: trees.Reduced) -> DeviceTree:
    return read_blob(reduced.blob, "guest.dtb")


def _node(tree: DeviceTree, path: str) -> Node:
    found = tree.node(path)
    assert found is not None, path
    return found


def _cells(tree: DeviceTree, path: str, name: str) -> list[str | int]:
    """Cells, phandles as the names of their nodes."""
    cells = _node(tree, path).cells(name) or ()
    return [node.name if (node := tree.by_phandle(cell)) else cell for cell in cells]


def test_the_machine_stays(tree: DeviceTree) -> None:
    assert tree.root.string("compatible") == "linux,dummy-virt"
    assert _cells(tree, "/", "interrupt-parent") == ["intc@8000000"]
    assert _node(tree, "/timer").string("compatible") == "arm,armv8-timer"
    assert tree.node("/memory@0") is None
    assert [*_node(tree, "/cpus").children] == ["cpu@0"]


def test_a_processor_asks_for_what_the_boards_asks_for(
    tree: DeviceTree, reduced: trees.Reduced
) -> None:
    assert _cells(tree, "/cpus/cpu@0", "clocks") == ["protocol@14", 0]
    assert _cells(tree, "/cpus/cpu@0", "operating-points-v2") == ["opp-table"]
    assert _node(tree, "/cpus/cpu@0").phandle == 0x8002
    assert reduced.processors == {"/cpus/cpu@0": "/cpus/cpu@100"}


def test_the_transport_is_virtio(tree: DeviceTree) -> None:
    scmi = _node(tree, "/firmware/scmi")
    assert scmi.string("compatible") == "arm,scmi-virtio"
    assert scmi.properties.keys() == {"compatible", "arm,max-rx-timeout-ms"}


def test_references_to_what_has_no_driver_leave_their_place_empty(tree: DeviceTree) -> None:
    mmc = _node(tree, "/soc/mmc@2000")
    assert _cells(tree, mmc.path, "clocks") == [0, "protocol@14", 70, "clock"]
    assert mmc.strings("clock-names") == ("phy", "core", "osc")
    assert _cells(tree, mmc.path, "power-domains") == ["protocol@11", 40]
    assert mmc.strings("power-domain-names") == ("core",)
    assert _cells(tree, mmc.path, "vmmc-supply") == ["rail"]
    assert not mmc.properties.keys() & {"vqmmc-supply", "compatible", "reg", "pinctrl-0"}
    assert "clocks" not in _node(tree, "/soc/dma@3000")


def test_what_is_set_on_a_clock_that_goes_is_not_set(tree: DeviceTree) -> None:
    """Linux fails where a null clock has a parent, and skips a wrong one where it has a rate."""
    assert _cells(tree, "/soc/mmc@2000", "assigned-clocks") == [0, "protocol@14", 70]
    assert _node(tree, "/soc/mmc@2000").cells("assigned-clock-rates") == (0, 6)
    assert _cells(tree, "/soc/mmc@2000", "assigned-clock-parents") == [0, "protocol@14", 72]


def test_what_the_kernel_drives_without_hardware_stays_whole(tree: DeviceTree) -> None:
    assert _node(tree, "/clock").string("compatible") == "fixed-clock"
    assert _node(tree, "/rail").properties.keys() == {"compatible", "regulator-name", "phandle"}
    assert _node(tree, "/opp-table/opp-600").properties.keys() == {"opp-hz"}
    assert [*_node(tree, "/thermal-zones").children] == ["ours"]


def test_consumers_are_what_asks_scmi_and_is_enabled(reduced: trees.Reduced) -> None:
    assert reduced.consumers == ("/cpus/cpu@0", "/timer@1000", "/soc/mmc@2000")


def test_an_archive_unpacks_with_its_files_and_folders(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    files = {"/a/b/run.sh": b"#!/bin/sh\n", "/c": b"12345"}
    whole = cpio.appended(b"base", files)
    assert whole[:4] == b"base"
    archive = gzip.decompress(whole[4:])
    subprocess.run([tool("cpio"), "-i", "--quiet"], input=archive, cwd=tmp_path, check=True)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")} == {
        *("a", "a/b", "a/b/run.sh", "c")
    }
    assert (tmp_path / "a/b/run.sh").read_bytes() == files["/a/b/run.sh"]
    assert (tmp_path / "a/b/run.sh").stat().st_mode & 0o111
