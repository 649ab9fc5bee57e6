"""A guest: QEMU's ``virt`` machine with virtio-scmi, and a shell in it that tests type into.

The shell reads a virtio serial port, so nothing that the kernel prints comes between a command and
what it says; the kernel's own messages go to a file. It lives until the guest ends, so that a test
can drive several guests step by step.
"""

import re
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from guest.cpio import appended
from guest.programs import CPU, Kernel, kernel, qemu

#: What the root file system runs: a shell at the port. It ends, and the guest with it, when the
#: test closes its end.
SHELL = b"""#!/bin/sh
exec 3<>$(echo /dev/vport*p1)
echo shell-ready >&3
exec sh <&3 >&3 2>&3
"""
#: What the kernel runs when the platform asks it to power off in an orderly way.
POWEROFF = b"""#!/bin/sh
exec /bin/busybox poweroff -f
"""
#: The tree's nodes have no compatible (see `trees`): the module makes their devices, later than
#: fw_devlink would have them, which otherwise links their buses in their place.
APPEND = "fw_devlink=off console=ttyAMA0 quiet autotest panic=-1 deferred_probe_timeout=1"
#: Seconds that a guest has to come up, on a machine that does other things.
BOOT = 60


class GuestError(AssertionError):
    """A command failed in a guest, or the guest did not answer."""


class Guest:
    """One QEMU. A context manager: the machine is gone afterwards, whatever happened."""

    def __init__(
        self,
        folder: Path,
        blob: bytes,
        scmi: str | None,
        *,
        name: str = "guest",
        processors: int = 1,
        memory: int = 256,
        files: Mapping[str, bytes] | None = None,
        append: str = "",
        arguments: Sequence[str] = (),
        machine: str = "virt",
        memory_file: Path | None = None,
        pci: bool = False,
        system: Kernel | None = None,
    ) -> None:
        """``blob`` is the device tree, ``scmi`` the socket of the server (None: no SCMI device),
        ``files`` what the root file system gets besides, by path, ``arguments`` QEMU's further
        ones. ``memory`` is in MiB, in ``memory_file`` where the server reads it, else in a memfd.
        ``pci``: the devices are on PCI in place of MMIO. ``folder`` takes the log ``NAME.log``."""
        used = system or kernel()
        self.name = name
        self.log_file = folder / f"{name}.log"
        tree, root = folder / f"{name}.dtb", folder / f"{name}.cpio.gz"
        added = {"/test.sh": SHELL, "/sbin/poweroff": POWEROFF, **(files or {})}
        if used.module is not None:
            added.setdefault("/modules/scmi_consumer.ko", used.module)
        tree.write_bytes(blob)
        root.write_bytes(appended(used.root, added))
        self._ours, theirs = socket.socketpair()
        self._ours.settimeout(BOOT)
        self._said = b""
        self._number = 0
        kind = "memfd" if memory_file is None else f"file,mem-path={memory_file}"
        bus = "pci" if pci else "device"
        self.command = [
            *(qemu(), "-M", f"{machine},memory-backend=mem", "-cpu", CPU),
            *("-smp", str(processors), "-m", f"{memory}M"),
            *("-nodefaults", "-display", "none", "-no-reboot"),
            *("-object", f"memory-backend-{kind},id=mem,size={memory}M,share=on"),
            *("-kernel", str(used.image), "-initrd", str(root), "-dtb", str(tree)),
            *("-append", f"{APPEND} {append}", "-serial", f"file:{self.log_file}"),
            *("-global", "virtio-mmio.force-legacy=false", "-device", f"virtio-serial-{bus}"),
            *("-chardev", f"socket,id=shell,fd={theirs.fileno()}"),
            *("-device", "virtserialport,chardev=shell,nr=1"),
            *arguments,
        ]
        if scmi is not None:
            device = f"vhost-user-scmi{'-pci' if pci else ''}"
            self.command += ["-chardev", f"socket,id=scmi,path={scmi}"]
            self.command += ["-device", f"{device},chardev=scmi"]
        #: When QEMU was started, of `time.monotonic`.
        self.started = time.monotonic()
        with theirs:
            self.process = subprocess.Popen(
                self.command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def log(self) -> str:
        """What the kernel printed so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def ready(self) -> Self:
        """Wait until the shell is there."""
        self._until(rb"shell-ready\n", BOOT)
        return self

    def attempt(self, command: str, seconds: float = 30) -> tuple[int, str]:
        """The status of a command of the guest's shell (one line or several), and what it says."""
        self.begin(command)
        return self.end(seconds)

    def run(self, command: str, seconds: float = 30) -> str:
        """What a command says. Raises `GuestError` if it fails."""
        status, said = self.attempt(command, seconds)
        if status:
            raise GuestError(f"{self.name}: {command}: status {status}\n{said}")
        return said

    def begin(self, command: str) -> None:
        """Start a command; `end` has its result. Meanwhile other guests may be asked."""
        self._number += 1
        end = f"printf '\\n%s %s\\n' end-{self._number} $?"
        try:
            self._ours.sendall(f"{{ {command}\n}} </dev/null 2>&1; {end}\n".encode())
        except OSError as problem:
            raise GuestError(f"{self.name}: {command}: {problem}\n{self._end_of_log()}") from None

    def end(self, seconds: float = 30) -> tuple[int, str]:
        """The status of the command that was begun, and what it says."""
        found = self._until(rb"\nend-%d (\d+)\n" % self._number, seconds)
        return int(found[1]), found[0].decode(errors="replace")

    def read(self, path: str) -> str:
        """A file of the guest."""
        return self.run(f"cat {path}")

    def power_off(self, seconds: float = 20) -> None:
        """Power the guest off as a system does, and wait for QEMU to end."""
        self.begin("poweroff -f")
        self.wait(seconds)

    def wait(self, seconds: float = 20) -> None:
        """Wait until the guest has powered itself off."""
        try:
            said, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise GuestError(f"{self.name} is still up\n{self._end_of_log()}") from None
        finally:
            self._ours.close()
        if self.process.returncode:
            raise GuestError(f"QEMU ended with {self.process.returncode}: {said}")

    def kill(self) -> None:
        """End the machine as a power failure does."""
        self._ours.close()
        self.process.kill()
        self.process.communicate()

    def _until(self, end: bytes, seconds: float) -> tuple[bytes, bytes]:
        """What comes before ``end``, and its first group."""
        limit = time.monotonic() + seconds
        while (found := re.search(end, self._said)) is None:
            why, more = "the guest has ended", b""
            try:
                self._ours.settimeout(max(limit - time.monotonic(), 0.01))
                more = self._ours.recv(1 << 16)
            except TimeoutError:
                why = f"no answer in {seconds} s"
            except OSError as problem:
                raise GuestError(f"{self.name}: {problem}\n{self._end_of_log()}") from None
            if not more:
                raise GuestError(f"{self.name}: {why}: {self._said!r}\n{self._end_of_log()}")
            self._said += more
        before, group = self._said[: found.start()], found[1] if found.groups() else b""
        self._said = self._said[found.end() :]
        return before, group

    def _end_of_log(self) -> str:
        ended = self.process.poll() is not None and self.process.stdout
        said = self.process.stdout.read() if ended and self.process.stdout else ""
        return f"{said}\n{self.log[-3000:]}"
