"""What Xen's driver for one agent reads of real boards, walked in dtc's blobs; damage is seen.

`read` does what ``xen/arch/arm/firmware/scmi-smc.c`` does with a host's tree.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from divided_boards import blob_of
from fdt_walk import Blob, walk
from targets.xen.test_xen_boards import CPU, Made, made

#: One domain has all devices. The last two have an SCMI node over SMC, whose channel it has.
AGENTS = """domains:
  vm: {id: 1, default: true, scmi: {role: vm%s}}
outputs: {xen: {driver: scmi_smc, memory: {vm: 0x47ff2000}}}
"""
OWN, SAID = AGENTS % "", AGENTS % ", transport: {type: smc, smc-id: 0x82000004}"
BOARDS = {
    "imx8mp-evk": (SAID, 0x82000004),
    "zynqmp-zcu102-rev1.0": (SAID, 0x82000004),
    "rk3588-rock-5b": (OWN, 0x82000010),
    "s32g399a-rdb3": (OWN, 0xC20000FE),
}


class Host(NamedTuple):
    """The SMC id that Xen passes on, the page that dom0 may map for the domain, the nodes that Xen
    keeps from dom0, and the domains that may have SCMI."""

    smc_id: int
    page: int
    kept: frozenset[str]
    domains: tuple[str, ...]


def read(blob: Blob) -> Host:
    found = [p for p in blob.nodes if "arm,scmi-smc" in blob.strings(p, "compatible")]
    running = [p for p in found if blob.strings(p, "status")[:1] in ([], ["okay"])]
    (smc_id,) = blob.cells(running[-1], "arm,smc-id")
    memory = blob.paths[blob.cells("/firmware/scmi", "shmem")[0]]
    assert "arm,scmi-shmem" in blob.strings(memory, "compatible")
    above = memory.rpartition("/")[0] or "/"
    (width,) = blob.cells(above, "#address-cells")
    start = 0
    for cell in blob.cells(memory, "reg")[:width]:
        start = start << 32 | cell
    return Host(
        smc_id,
        start,
        frozenset(path for path, node in blob.nodes.items() if "xen,passthrough" in node),
        tuple(
            path.rpartition("/")[2]
            for path in blob.nodes
            if blob.strings(path, "xen,sci_type") == ["scmi_smc"]
            and blob.strings(path, "compatible") == ["xen,domain"]
        ),
    )


def whole(board: Path, each: Made, folder: Path, tool: Callable[[str], str]) -> Blob:
    more = each.files["xen.dtsi"] + each.files["dom0less.dtsi"]
    return walk(blob_of(board, more, folder, tool))


@pytest.mark.parametrize("name", BOARDS)
def test_xen_reads_the_channel_of_the_domain(
    name: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    text, smc_id = BOARDS[name]
    (each,) = made(corpus / f"{name}.dts", text)
    assert not each.errors
    found = read(whole(corpus / f"{name}.dts", each, tmp_path, tool))
    assert (found.smc_id, found.page, found.domains) == (smc_id, 0x47FF2000, ("vm",))
    partial = walk(each.files["vm.dtb"])
    scmi = "/passthrough/firmware/scmi"
    assert partial.cells(scmi, "arm,smc-id") == (smc_id,)
    assert partial.cells("/passthrough/sram@22001000", "xen,reg")[:2] == (0, 0x47FF2000)
    named = {text for path in partial.nodes for text in partial.strings(path, "xen,path")}
    assert named
    assert named <= found.kept
    devices = {one["node"] for one in each.runtime["devices"] if not CPU.match(one["node"])}
    # What is kept besides is below a device, or has no registers and so no path for Xen.
    assert all(any(f"{path}/".startswith(f"{one}/") for one in devices) for path in found.kept)


@pytest.mark.parametrize("name", ["imx8mp-evk", "zynqmp-zcu102-rev1.0"])
def test_the_partial_tree_is_that_of_the_driver_for_several(name: str, corpus: Path) -> None:
    """But for the id of the agent, which only a comment of it has."""
    several = """domains:
  xen: {id: 2, scmi: {role: hypervisor, transport: {type: smc, smc-id: 0x82000003}}}
  vm: {id: 1, default: true, scmi: {role: vm, transport: {type: smc, smc-id: 0x82000004}}}
  dom0: {id: 3, scmi: {role: ospm, transport: {type: smc, smc-id: 0x82000002}}}
outputs:
  xen: {dom0: dom0, memory: {xen: 0x47ff1000, vm: 0x47ff2000, dom0: 0x47ff0000}}
"""
    (one,), (other,) = (made(corpus / f"{name}.dts", text) for text in (SAID, several))
    assert one.files["vm.dtb"] == other.files["vm.dtb"]


DAMAGES: dict[str, Callable[[str], str]] = {
    "another SMC id": lambda t: t.replace("0x82000004", "0x82000005"),
    "another page": lambda t: t.replace("0x47ff2000", "0x47ff3000"),
    "another domain": lambda t: t.replace("vm {", "vn {"),
    "a device that dom0 has": lambda t: re.sub(r"\txen,passthrough;\n", "", t, count=1),
    "another driver": lambda t: t.replace('"scmi_smc"', '"scmi_smc_multiagent"'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(
    damage: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board = corpus / "imx8mp-evk.dts"
    (each,) = made(board, SAID)
    right = read(whole(board, each, tmp_path, tool))
    text = (each.files["xen.dtsi"] + each.files["dom0less.dtsi"]).decode()
    changed = DAMAGES[damage](text)
    assert changed != text
    assert read(walk(blob_of(board, changed.encode(), tmp_path, tool))) != right
