"""What a guest needs of the machine: QEMU with an SCMI device, and a kernel with SCMI drivers."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

GUEST = Path(__file__).resolve().parents[3] / "shared" / "linux-guest"
CPU = "cortex-a57"


class MissingError(Exception):
    """Something is not here; the text is the reason of a skipped test."""


@dataclass(frozen=True)
class Kernel:
    """A kernel, the root file system that it starts with, and the module that takes resources."""

    image: Path
    root: bytes
    module: bytes | None


@cache
def qemu() -> str:
    """QEMU: ``SCMIGEN_QEMU``, else ``qemu-system-aarch64`` of PATH. Raises `MissingError`."""
    program = os.environ.get("SCMIGEN_QEMU") or shutil.which("qemu-system-aarch64")
    if program is None:
        raise MissingError("qemu-system-aarch64 is not installed")
    command = [program, "-M", "virt", "-device", "help"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if '"vhost-user-scmi"' not in listed.stdout:
        raise MissingError(f"{program} has no vhost-user-scmi: older than 8.1")
    return program


@cache
def kernel() -> Kernel:
    """That of ``../shared/linux-guest``; else the image of ``SCMIGEN_GUEST_KERNEL``, with
    ``initramfs-base.cpio.gz`` and, if there, ``scmi_consumer.ko`` beside it. Raises `MissingError`.
    """
    image = GUEST / "Image.gz"
    if not image.exists():
        named = os.environ.get("SCMIGEN_GUEST_KERNEL")
        if not named:
            raise MissingError("no ../shared/linux-guest, and SCMIGEN_GUEST_KERNEL names no kernel")
        image = Path(named)
    root = image.with_name("initramfs-base.cpio.gz")
    if not image.exists() or not root.exists():
        raise MissingError(f"not here: {image} and {root.name} beside it")
    module = image.with_name("scmi_consumer.ko")
    return Kernel(image, root.read_bytes(), module.read_bytes() if module.exists() else None)


@cache
def virt(processors: int = 1, memory: int = 256, machine: str = "virt") -> bytes:
    """The device tree that QEMU makes for its machine; ``memory`` is in MiB."""
    with TemporaryDirectory() as folder:
        blob = Path(folder) / "virt.dtb"
        command = [qemu(), "-M", f"{machine},dumpdtb={blob}", "-cpu", CPU, "-nic", "none"]
        command += ["-smp", str(processors), "-m", f"{memory}M", "-display", "none"]
        subprocess.run(command, check=True, capture_output=True)
        return blob.read_bytes()
