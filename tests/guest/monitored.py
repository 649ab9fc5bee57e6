"""A guest whose platform answers SMCs, as firmware does: any kernel behind our monitor at EL2.

`with_monitor` puts ``monitor/monitor.S`` in front of a kernel, `over_smc` gives a guest's tree the
transport, and `Memory` is the guest's RAM, in which the server has the areas of the channels.
"""

import gzip
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from guest.programs import MissingError
from guest.trees import scmi_node

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.drafts import DraftNode, draft_of
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Node, Property
from scmigen.devicetree.tree import DeviceTree

SOURCE = Path(__file__).with_name("monitor") / "monitor.S"
#: The transports over SMC, of which a tree with another transport gets the first. Parameters of
#: calls do not matter here: there is one guest.
TRANSPORTS = ("arm,scmi-smc", "arm,scmi-smc-param", "qcom,scmi-smc")
#: What a tree without an ``arm,smc-id`` of its own has here.
SMC_ID = 0x8200_0010
#: Where ``virt`` has RAM, QEMU the monitor, and we the areas of the channels.
RAM, MONITOR, AREAS = 0x4000_0000, 0x4020_0000, 0x4FE0_0000
PAGE, SLOT = 0x1000, 0x100
#: Linux begins so far behind the monitor, which needs as much reserved as it has code and data.
BEHIND, KEPT = 0x20_0000, 0x1_0000
#: ``image_size`` and ``ARM\x64`` in the header of an Image (Linux, arch/arm64/booting.rst).
_SIZE, _MAGIC = 16, 56


@dataclass(frozen=True)
class OverSmc:
    """A guest's tree, the id that its SCMI node calls, and the addresses of the areas: that of the
    SCMI node, and those of the protocols with a channel of their own, by their ids."""

    blob: bytes
    smc_id: int
    area: int
    own: dict[int, int]

    @property
    def offsets(self) -> str:
        """The areas in the guest's RAM, as ``smt:`` has them."""
        return ":".join(hex(area - RAM) for area in (self.area, *self.own.values()))


def with_monitor(image: Path, *ids: int) -> bytes:
    """The kernel ``image`` behind a monitor that rings for SMCs with these ids. Raises
    `MissingError` without clang or GNU's gcc for arm64."""
    linux = image.read_bytes()
    if linux.startswith(b"\x1f\x8b"):
        linux = gzip.decompress(linux)
    assert linux[_MAGIC : _MAGIC + 4] == b"ARM\x64", f"{image} is no arm64 Image"
    (size,) = struct.unpack_from("<Q", linux, _SIZE)
    monitor = assembled(size, *ids)
    return monitor + bytes(BEHIND - len(monitor)) + linux


def assembled(linux_size: int, *ids: int) -> bytes:
    """The monitor alone."""
    return text_of(SOURCE, SCMI_SMC_IDS=",".join(map(hex, ids)), LINUX_SIZE=hex(linux_size))


def text_of(source: Path, **values: str) -> bytes:
    """What is assembled of ``source``, with these macros: code that runs at any place. Raises
    `MissingError`."""
    macros = [f"-D{name}={value}" for name, value in values.items()]
    with TemporaryDirectory() as folder:
        unlinked = Path(folder) / "unlinked.o"
        command = [*_compiler(), *macros, "-c", str(source), "-o", str(unlinked)]
        subprocess.run(command, check=True)
        return _text(unlinked.read_bytes())


def _compiler() -> list[str]:
    for program, *options in (
        ("clang", "--target=aarch64-none-elf"),
        ("aarch64-linux-gnu-gcc",),
    ):
        if found := shutil.which(program):
            return [found, *options]
    raise MissingError("neither clang nor aarch64-linux-gnu-gcc is installed")


def _text(elf: bytes) -> bytes:
    """The section ``.text`` of a relocatable file, of which nothing is relocated."""
    at, size, count, names = struct.unpack_from("<Q10xHHH", elf, 0x28)
    sections = [struct.unpack_from("<II16xQQ", elf, at + size * number) for number in range(count)]
    kinds = {kind for _, kind, *_ in sections}
    assert not kinds & {4, 9}, "there are relocations"  # SHT_RELA, SHT_REL
    start = sections[names][2]
    for name, _, begin, length in sections:
        if elf[start + name :].startswith(b".text\0"):
            return elf[begin : begin + length]
    raise AssertionError("no section .text")


def over_smc(blob: bytes, emitted: DeviceTree, smc_id: int | None = None) -> OverSmc:
    """The tree of a guest (`trees.reduced`) with SMC as the transport: what the agent's tree
    ``emitted`` calls and its id (or ``smc_id``), and an area for each channel that it has.

    The board's memory is not here, so the areas are in RAM. Linux is kept away from them and from
    the monitor; the second UART is in no tree that QEMU makes for a machine without one.
    """
    node = scmi_node(emitted)
    root = draft_of(read_blob(blob, "guest.dtb").root)
    phandles = iter(range(_highest_phandle(root) + 1, 0xFFFF))
    own = [child for child in node.children.values() if "shmem" in child]
    areas = [AREAS + SLOT * number for number in range(1 + len(own))]
    scmi = root.children["firmware"].children[node.name]
    smc_id = smc_id or node.cell("arm,smc-id") or SMC_ID
    _set(scmi, "compatible", (_called(node) or TRANSPORTS[0]).encode() + b"\0")
    _set(scmi, "arm,smc-id", smc_id)
    holder = _below(root, f"sram@{AREAS:x}")
    _set(holder, "compatible", b"mmio-sram\0")
    _set(holder, "reg", 0, AREAS, 0, PAGE)
    _set(holder, "ranges", 0, 0, AREAS, PAGE)
    _one_cell(holder)
    for channel, area in zip((scmi, *(scmi.children[it.name] for it in own)), areas, strict=True):
        memory = _below(holder, f"scmi-sram@{area - AREAS:x}")
        _set(memory, "compatible", b"arm,scmi-shmem\0")
        _set(memory, "reg", area - AREAS, SLOT)
        phandle = next(phandles)
        _set(memory, "phandle", phandle)
        _set(channel, "shmem", phandle)
    _keep(root)
    numbers = [int(child.name.partition("@")[2], 16) for child in own]
    tree = DeviceTree(root, "guest.dtb")
    return OverSmc(flatten(tree), smc_id, areas[0], dict(zip(numbers, areas[1:], strict=True)))


def _called(scmi: Node) -> str | None:
    """The compatible of an SCMI node that calls already."""
    return next((name for name in scmi.strings("compatible") if name in TRANSPORTS), None)


def _keep(root: DraftNode) -> None:
    """Keep Linux away from the monitor and the areas."""
    reserved = root.children.setdefault("reserved-memory", DraftNode("reserved-memory", root))
    for name in ("#address-cells", "#size-cells"):
        _set(reserved, name, 2)
    _set(reserved, "ranges")
    for name, at, size in (("monitor", MONITOR, KEPT), ("areas", AREAS, PAGE)):
        node = _below(reserved, f"{name}@{at:x}")
        _set(node, "reg", 0, at, 0, size)
        _set(node, "no-map")


def _highest_phandle(root: DraftNode) -> int:
    return max(node.phandle or 0 for node in root.walk())


def _below(parent: DraftNode, name: str) -> DraftNode:
    return parent.children.setdefault(name, DraftNode(name, parent))


def _one_cell(node: DraftNode) -> None:
    for name in ("#address-cells", "#size-cells"):
        _set(node, name, 1)


def _set(node: DraftNode, name: str, *values: bytes | int) -> None:
    data = b"".join(it if isinstance(it, bytes) else struct.pack(">I", it) for it in values)
    node.properties[name] = Property(name, data)


@dataclass(frozen=True)
class Memory:
    """The RAM of a guest: ``file`` is opened by QEMU and by the server, ``doorbell`` is the
    server's socket and the guest's second UART."""

    file: Path
    size: int
    doorbell: Path

    def read(self, address: int, size: int) -> bytes:
        """What is at an address of the guest."""
        with self.file.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), size, address - RAM)

    def url(self, tree: OverSmc) -> str:
        """Where the server has the agent."""
        return f"smt:{self.file},offset={tree.offsets},p2a=none,doorbell={self.doorbell}"

    @property
    def arguments(self) -> list[str]:
        """QEMU's. A server that is started again is found again."""
        door = f"socket,id=door,path={self.doorbell},reconnect-ms=100"
        return ["-chardev", door, "-serial", "chardev:door"]


@contextmanager
def memory_of(folder: Path, name: str = "guest", size: int = 256) -> Iterator[Memory]:
    """RAM of ``size`` MiB that is in no file system, so that no disk is written to."""
    descriptor = os.memfd_create(name)
    try:
        os.ftruncate(descriptor, size << 20)
        path = Path(f"/proc/{os.getpid()}/fd/{descriptor}")
        yield Memory(path, size, folder / f"{name}.door")
    finally:
        os.close(descriptor)
