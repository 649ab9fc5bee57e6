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
    name = os.environ.get("SCMIGEN_QEMU") or "qemu-system-aarch64"
    program = shutil.which(name)
    if program is None:
        raise MissingError(f"{name} is not installed")
    command = [program, "-M", "virt", "-device", "help"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if '"vhost-user-scmi"' not in listed.stdout:
        raise MissingError(f"{program} has no vhost-user-scmi: older than 8.1")
    return program


@cache
def kernel() -> Kernel:
    """The image that ``SCMIGEN_GUEST_KERNEL`` names, else that of ``../shared/linux-guest``.

    ``initramfs-base.cpio.gz`` is beside it or there, ``scmi_consumer.ko``, which is made for one
    kernel, beside it if at all. Raises `MissingError`.
    """
    named = os.environ.get("SCMIGEN_GUEST_KERNEL")
    image = Path(named) if named else GUEST / "Image.gz"
    if not image.exists():
        raise MissingError(f"no kernel: {image} is not here; SCMIGEN_GUEST_KERNEL names another")
    roots = [folder / "initramfs-base.cpio.gz" for folder in (image.parent, GUEST)]
    root = next(filter(Path.exists, roots), None)
    if root is None:
        raise MissingError(f"no {roots[0].name} beside {image}")
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
