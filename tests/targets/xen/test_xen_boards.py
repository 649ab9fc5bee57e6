"""What Xen reads of 24 real boards, walked in dtc's blobs: channels, device ids, partial trees.

The table of channels is written here by hand; ids of devices and resources are those of the runtime
configuration of the same board.
"""

import json
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from divided_boards import LISTS, blob_of, compiled
from fdt_walk import Blob, walk
from real_boards import BOARDS
from turns import one_in

import scmigen
from scmigen import Platform
from scmigen.targets.make import make

#: Agent → SMC id and address of the shared memory.
CHANNELS = {1: (0x82000003, 0x47FF1000), 2: (0x82000002, 0x47FF0000), 3: (0x82000004, 0x47FF2000)}
AGENTS = """domains:
  xen: {id: 1, scmi: {role: hypervisor, transport: {type: smc, smc-id: 0x82000003}}}
  dom0: {id: 2, scmi: {role: ospm, transport: {type: smc, smc-id: 0x82000002}}}
  vm: {id: 3, default: true, scmi: {role: vm%s}}
outputs: {xen: {dom0: dom0, memory: {xen: 0x47ff1000, dom0: 0x47ff0000%s}}}
"""
SAID = AGENTS % (", transport: {type: smc, smc-id: 0x82000004}", ", vm: 0x47ff2000")
#: Boards with an SCMI node: the default agent, a domain here, has its channel.
OWN_SMC = {
    "k3-am62l3-evm": (0x82004000, 0x70AFDC00),
    "rk3588-rock-5b": (0x82000010, 0x10F000),
    "s32g399a-rdb3": (0xC20000FE, 0xD0000000),
}
OTHER = {
    *("imx95-19x19-evk", "juno-r1-scmi", "juno-scmi", "morello-sdp", "sky1-orion-o6"),
    *("stm32mp135f-dk", "stm32mp157c-dk2-scmi", "stm32mp257f-ev1"),
}
#: Kind → list, and what counts its cells.
WAYS = {
    "clock": ("clocks", "#clock-cells"),
    "power": ("power-domains", "#power-domain-cells"),
    "reset": ("resets", "#reset-cells"),
}
PROTOCOLS = {"clock": "protocol@14", "power": "protocol@11", "reset": "protocol@16"}


CPU = re.compile("/cpus/(.*/)?cpu@[0-9a-f]+$")


class Made(NamedTuple):
    """The files of a board, its runtime configuration, and the errors of the output."""

    files: dict[str, bytes]
    runtime: dict[str, Any]
    errors: set[str]


@cache
def made(board: Path, agents: str) -> list[Made]:
    found = []
    for platform in compiled(scmigen.load(board), agents):
        output = make(platform, "xen")
        errors = {item.id for item in output.diagnostics if item.severity.word == "error"}
        files = {file.path: file.content for file in output.files}
        found.append(Made(files, runtime_of(platform), errors))
    return found


def runtime_of(platform: Platform) -> dict[str, Any]:
    files = make(platform, "runtime").files
    found: dict[str, Any] = json.loads(
        next(file.content for file in files if file.path == "runtime.json")
    )
    return found


def assigned(runtime: dict[str, Any]) -> dict[str, int]:
    """Device → id of those that Xen may give to a domain: all but CPUs."""
    devices = {one["node"]: one["id"] for one in runtime["devices"]}
    return {path: number for path, number in devices.items() if not CPU.match(path)}


def host(blob: Blob) -> tuple[dict[int, tuple[int, int]], int, dict[str, int]]:
    """Agent → SMC id and address; dom0's agent; device → id: as Xen's driver reads them."""
    (container,) = [p for p in blob.nodes if blob.strings(p, "compatible") == ["xen,sci"]]
    (width,) = blob.cells(container, "#scmi-secondary-agents-cells")
    cells = blob.cells(container, "scmi-secondary-agents")
    found = {
        agent: (smc_id, address(blob, blob.paths[memory]))
        for smc_id, memory, agent in zip(*[iter(cells)] * width, strict=True)
    }
    scmi = f"{container}/scmi"
    (smc_id,), (memory,) = blob.cells(scmi, "arm,smc-id"), blob.cells(scmi, "shmem")
    assert 1 not in found
    found[1] = (smc_id, address(blob, blob.paths[memory]))
    (dom0,) = blob.cells(container, "xen,dom0-sci-agent-id")
    devices = {
        path: cells[0]
        for path, node in blob.nodes.items()
        if "access-controllers" in node
        for target, cells in blob.entries(path, "access-controllers", "#access-controller-cells")
        if target == scmi
    }
    return found, dom0, devices


def address(blob: Blob, path: str) -> int:
    assert blob.strings(path, "compatible") == ["arm,scmi-shmem"]
    high, low, size_high, size = blob.cells(path, "reg")
    assert (size_high, size) == (0, 0x1000)
    return high << 32 | low


def test_where_the_board_has_another_channel_there_is_no_output(corpus: Path) -> None:
    agents = AGENTS % ("", "")
    for name in sorted(OTHER):
        for each in made(corpus / f"{name}.dts", agents):
            # On Juno's later boards 0x47ff0000 is configuration space of PCI.
            assert {"xen-channel"} <= each.errors <= {"xen-channel", "xen-shmem"}, name
            assert not each.files


def agents_for(name: str) -> str:
    text = AGENTS % ("", ", vm: 0x47ff2000") if name in OWN_SMC else SAID
    # 0x47ff0000 is configuration space of PCI on that board.
    return text.replace("0x47ff", "0x57ff") if name == "fvp-base-revc" else text


def channels_of(name: str) -> dict[int, tuple[int, int]]:
    far = 0x10000000 if name == "fvp-base-revc" else 0
    return {agent: (smc_id, start + far) for agent, (smc_id, start) in CHANNELS.items()}


FIT = [name for name in BOARDS if name not in OTHER]


@pytest.mark.parametrize("name", one_in(2, FIT))
def test_xen_reads_one_table(
    name: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board = corpus / f"{name}.dts"
    for each in made(board, agents_for(name)):
        assert not each.errors
        blob = walk(blob_of(board, each.files["xen.dtsi"], tmp_path, tool))
        channels, dom0, devices = host(blob)
        wanted = channels_of(name)
        if name in OWN_SMC:
            wanted[3] = (OWN_SMC[name][0], wanted[3][1])
        assert channels == wanted
        assert dom0 == 2
        assert devices == assigned(each.runtime)
        assert devices


@pytest.mark.parametrize("name", one_in(2, FIT))
def test_the_overlay_of_a_blob_says_the_same(
    name: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    """Applied to the blob that dtc made of the board with ``-@``."""
    for each in made(corpus / f"{name}.dts", agents_for(name)):
        # /soc/funnel beside /soc/funnel@ec801000: libfdt would take one for the other.
        if name == "hi3660-hikey960":
            assert "xen.dtso" not in each.files
            continue
        (tmp_path / "xen.dtso").write_bytes(each.files["xen.dtso"])
        command = [tool("dtc"), "-q", "-@", "-I", "dts", "-O", "dtb", "-o", "xen.dtbo", "xen.dtso"]
        subprocess.run(command, cwd=tmp_path, check=True)
        blob = corpus / f"{name}.symbols.dtb"
        command = [tool("fdtoverlay"), "-i", str(blob), "-o", "both.dtb", "xen.dtbo"]
        subprocess.run(command, cwd=tmp_path, check=True)
        channels, dom0, devices = host(walk((tmp_path / "both.dtb").read_bytes()))
        assert channels[1] == channels_of(name)[1]
        assert dom0 == 2
        assert devices == assigned(each.runtime)


def by_place(runtime: dict[str, Any], kind: str) -> dict[tuple[str, tuple[int, ...]], int]:
    """Provider and cells → the id by which the domain knows the resource."""
    known = {one["id"]: one for one in runtime.get(LISTS[kind], ())}
    (vm,) = [agent for agent in runtime["agents"] if agent["name"] == "vm"]
    return {
        (known[g["resource"]]["node"], tuple(known[g["resource"]].get("cells", ()))): g["id"]
        for g in vm.get("grants", {}).get(kind, ())
    }


def compared(board: Blob, partial: Blob, runtime: dict[str, Any]) -> tuple[int, list[str]]:
    """How many entries of lists were compared, and those that lead elsewhere."""
    count, wrong = 0, []
    ids = {kind: by_place(runtime, kind) for kind in WAYS}
    for path in partial.nodes:
        named = partial.strings(path, "xen,path")
        for kind, (prop, width) in WAYS.items() if named else ():
            if prop not in board.nodes[named[0]]:
                continue
            there = board.entries(named[0], prop, width)
            wanted = [ids[kind].get((node, cells[:1] or ())) for node, cells in there]
            if None in wanted:
                continue
            found = [
                (target.rpartition("/")[2], *cells)
                for target, cells in partial.entries(path, prop, width)
            ]
            count += len(wanted)
            right = [(PROTOCOLS[kind], number) for number in wanted]
            # A domain by which the device scales comes behind its own.
            if found[: len(right)] != right:
                wrong.append(f"{named[0]} {prop}: {found} is not {right}")
    return count, wrong


def compile_partial(text: bytes, folder: Path, tool: Callable[[str], str]) -> bytes:
    source = folder / "vm.dts"
    source.write_bytes(text)
    command = [tool("dtc"), "-q", "-I", "dts", "-O", "dtb", str(source)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


#: Of smmu.c, smmu-v3.c and ipmmu-vmsa.c in Xen 4.23-dev (c447b7308b), those of the boards here.
XENS_IOMMUS = {"arm,mmu-500", "arm,smmu-v2", "arm,smmu-v3", "renesas,ipmmu-r8a779g0"}


def is_protected(board: Blob, path: str) -> bool:
    """Whether Xen's driver of an IOMMU takes the device: with `iommus` to one that it matches."""
    if "iommus" not in board.nodes[path]:
        return False
    masters = [node for node, _ in board.entries(path, "iommus", "#iommu-cells")]
    return all(
        XENS_IOMMUS & {*board.strings(node, "compatible")}
        and board.strings(node, "status") in ([], ["okay"])
        for node in masters
    )


@pytest.mark.parametrize("name", one_in(2, FIT))
def test_a_partial_tree_refers_to_what_the_domain_is_granted(
    name: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board = corpus / f"{name}.dts"
    whole = walk(blob_of(board, b"", tmp_path, tool))
    for each in made(board, agents_for(name)):
        data = compile_partial(each.files["vm.dts"], tmp_path, tool)
        assert data == each.files["vm.dtb"]
        partial = walk(data)
        count, wrong = compared(whole, partial, each.runtime)
        assert wrong == []
        assert count or name in (*OWN_SMC, "fvp-base-revc")
        named = {text: path for path in partial.nodes for text in partial.strings(path, "xen,path")}
        mine = {one["node"] for one in each.runtime["devices"] if 3 in one["agents"]}
        assert {path for path in mine if mapped(whole, path)} <= named.keys()
        for text, path in named.items():
            assert any(f"{text}/".startswith(f"{device}/") for device in mine)
            pages = partial.cells(path, "xen,reg")
            assert pages
            assert all(low & 0xFFF == 0 for low in pages[1::2])
        forced = {n for n, path in named.items() if FORCED in partial.nodes[path]}
        assert forced == {n for n in named if not is_protected(whole, n)}


FORCED = "xen,force-assign-without-iommu"


def mapped(board: Blob, path: str) -> bool:
    """Whether a device has registers that the CPU sees, and is none that Xen keeps."""
    node, above = board.nodes[path], path.rpartition("/")[0]
    kept = {"#iommu-cells", "msi-controller"} & node.keys() or CPU.match(path)
    gic = any(text.startswith("arm,gic") for text in board.strings(path, "compatible"))
    while above and "ranges" in board.nodes[above]:
        above = above.rpartition("/")[0]
    return "reg" in node and not above and not kept and not gic


DAMAGES: dict[str, Callable[[str], str]] = {
    "another device id": lambda t: re.sub(
        r"(access-controllers = .*<&scmi_xen )(\d+)>",
        lambda m: f"{m[1]}{int(m[2]) + 1}>",
        t,
        count=1,
    ),
    "a device dropped": lambda t: re.sub(r"access-controllers = .*;", "", t, count=1),
    "another agent": lambda t: re.sub(r"(&scmi_shm_3) 3>", r"\1 4>", t),
    "memories swapped": lambda t: (
        t.replace("&scmi_shm_3 3", "&X 3").replace("&scmi_shm_2 2", "&scmi_shm_3 2")
    ).replace("&X 3", "&scmi_shm_2 3"),
    "another SMC id": lambda t: t.replace("0x82000004", "0x82000005"),
    "dom0 as Xen": lambda t: t.replace(
        "xen,dom0-sci-agent-id = <2>", "xen,dom0-sci-agent-id = <1>"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(
    damage: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board = corpus / "imx8mp-evk.dts"
    (each,) = made(board, SAID)
    text = each.files["xen.dtsi"].decode()
    changed = DAMAGES[damage](text)
    assert changed != text
    read = host(walk(blob_of(board, changed.encode(), tmp_path, tool)))
    wanted = (CHANNELS, 2, assigned(each.runtime))
    assert read != wanted


@pytest.mark.parametrize("what", ["swapped", "off by one"])
def test_damage_of_a_partial_tree_is_seen(
    what: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board = corpus / "imx8mp-evk.dts"
    (each,) = made(board, SAID)
    text = each.files["vm.dts"].decode()
    change = {
        "swapped": lambda t: re.sub(
            r"(<&scmi_clk \d+>)(,.*\n\t*)(<&scmi_clk \d+>)", r"\3\2\1", t, count=1
        ),
        "off by one": lambda t: re.sub(
            r"resets = <&scmi_rst (\d+)>",
            lambda m: f"resets = <&scmi_rst {int(m[1]) + 1}>",
            t,
            count=1,
        ),
    }[what]
    changed = change(text)
    assert changed != text
    partial = walk(compile_partial(changed.encode(), tmp_path, tool))
    whole = walk(blob_of(board, b"", tmp_path, tool))
    _, wrong = compared(whole, partial, each.runtime)
    assert wrong
