"""The how-to pages, walked: every command typed, every answer compared."""

import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from turns import one_in
from walked import walk

SOURCES = Path(__file__).parents[2]
HOWTO = SOURCES / "docs" / "howto"
CORPUS = SOURCES.parent / "shared" / "corpus"
GUEST = SOURCES.parent / "shared" / "linux-guest"


#: What the reader installs goes to a folder of the test, without the network.
PIP = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}


def builder(_: Path) -> None:
    """What builds the reader's packages."""
    pytest.importorskip("hatchling", reason="without it pip would fetch it")


def clingo(_: Path) -> None:
    """What checks certificates."""
    pytest.importorskip("clingo", reason="clingo is not installed")


def device_trees(folder: Path) -> None:
    """The sources that the reader has from git."""
    if not (CORPUS / "tree").exists():
        pytest.skip("no ../shared/corpus")
    for name in ("include", "src"):
        (folder / name).symlink_to(CORPUS / "tree" / name)


def guest(folder: Path) -> None:
    """The kernel and the busybox that the reader has."""
    needed = ("qemu-system-aarch64", "dtc", "fdtoverlay", "cpio", "cpp")
    missing = [name for name in needed if not shutil.which(name)]
    if missing or not GUEST.exists():
        pytest.skip(f"not here: {', '.join(missing or ['../shared/linux-guest'])}")
    devices = subprocess.run(
        ["qemu-system-aarch64", "-M", "virt", "-device", "help"], capture_output=True, text=True
    )
    if "vhost-user-scmi-pci" not in devices.stdout:
        pytest.skip("QEMU has no vhost-user-scmi-pci: older than 8.1")
    (folder / "guest").mkdir()
    for packed, to in (("Image.gz", "guest/Image"), ("initramfs-base.cpio.gz", "base.cpio")):
        (folder / to).write_bytes(gzip.decompress((GUEST / packed).read_bytes()))
    busybox = subprocess.run(
        ["cpio", "--quiet", "-i", "--to-stdout", "bin/busybox"],
        input=(folder / "base.cpio").read_bytes(),
        stdout=subprocess.PIPE,
        check=True,
    )
    (folder / "guest" / "busybox").write_bytes(busybox.stdout)


def smc_guest(folder: Path) -> None:
    """The kernel of Debian, the busybox and the monitor that the reader has."""
    kernel = os.environ.get("SCMIGEN_GUEST_DEBIAN_KERNEL")
    if not kernel:
        pytest.skip("SCMIGEN_GUEST_DEBIAN_KERNEL names no kernel of Debian")
    if missing := [name for name in ("clang", "objcopy") if not shutil.which(name)]:
        pytest.skip(f"not here: {', '.join(missing)}")
    guest(folder)
    shutil.copy(kernel, folder / "guest" / "vmlinuz")
    shutil.copy(SOURCES / "tests" / "guest" / "monitor" / "monitor.S", folder / "guest")


def tshark(_: Path) -> None:
    """What reads captures."""
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")


#: What is there before a reader begins, where that is more than the examples.
GIVEN: dict[str, Callable[[Path], None]] = {
    "boot-on-generated": guest,
    "certificate": clingo,
    "own-back-end": builder,
    "own-check": builder,
    "own-target": builder,
    "qemu-guest": guest,
    "qemu-smc": smc_guest,
    "safety-case": clingo,
    "scp-product": device_trees,
    "test-a-driver": tshark,
}
PAGES = sorted(page for page in HOWTO.glob("*.md") if "```console" in page.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_happens(page: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(SOURCES / "examples")
    GIVEN.get(page.stem, lambda _: None)(tmp_path)
    walk(page, tmp_path, PIP | {"PIP_TARGET": f"{tmp_path}/site", "PYTHONPATH": f"{tmp_path}/site"})


#: What a guest is made of, started with, or leaves behind.
OF_A_GUEST = ("qemu-system-aarch64 ", "guest/busybox", "guest/monitor.S", "guest/trace.txt")
#: The nodes of QEMU's machine that pages name, in its order.
VIRT = """
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	compatible = "linux,dummy-virt";
	pl011@9000000 { compatible = "arm,pl011"; reg = <0 0x9000000 0 0x1000>; };
	cpus {
		#address-cells = <1>;
		#size-cells = <0>;
		cpu@0 { device_type = "cpu"; compatible = "arm,cortex-a57"; reg = <0>; };
	};
};
"""


def without_a_guest(page: Path) -> str:
    """The page line by line, blocks empty that need a guest; its server has none to wait for."""

    def kept(block: re.Match[str]) -> str:
        needs = block[1] == "Server" or any(word in block[0] for word in OF_A_GUEST)
        return "\n" * block[0].count("\n") if needs else block[0]

    return re.sub(
        r'^```console(?: title="(\w+)")?\n.*?^```\n', kept, page.read_text(), flags=re.M | re.S
    )


OF_GUESTS = [name for name in GIVEN if GIVEN[name] in (guest, smc_guest)]


@pytest.mark.parametrize("name", one_in(3, OF_GUESTS))
def test_a_page_says_what_is_generated_also_where_no_guest_runs(
    name: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    for program in ("dtc", "fdtoverlay", "fdtget", "cpp"):
        tool(program)
    (tmp_path / "examples").symlink_to(SOURCES / "examples")
    (tmp_path / "guest").mkdir()
    (tmp_path / "guest" / "virt.dts").write_text(VIRT)
    walk(HOWTO / f"{name}.md", tmp_path, read=without_a_guest)
