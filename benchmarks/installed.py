"""A wheel of this checkout in an environment of its own, where nothing else is installed."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUIET = ("-qq", "--disable-pip-version-check")
#: Peers from PyPI, each in an environment of its own: distribution → the module that must be there.
PEERS = {
    "clingo": "clingo",
    "devicetree": "devicetree.dtlib",
    "lark": "lark",
    "lark-cython": "lark_cython",
}


@dataclass(frozen=True)
class Installed:
    """An environment."""

    folder: Path

    @property
    def python(self) -> str:
        """Its Python."""
        return str(self.folder / "bin" / "python")

    @property
    def scmigen(self) -> str:
        """The command."""
        return str(self.folder / "bin" / "scmigen")

    @property
    def packages(self) -> str:
        """Where its packages are."""
        return self.says("import sysconfig; print(sysconfig.get_path('purelib'))")

    def pip(self, *words: str) -> None:
        """Install something."""
        command = [self.python, "-m", "pip", "install", *QUIET, *words]
        subprocess.run(command, check=True, cwd=ROOT)

    def says(self, code: str) -> str:
        """What some lines print."""
        command = [self.python, "-c", code]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def environment(folder: Path) -> Installed:
    """A new environment, or the one that is there."""
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return Installed(folder)


def install(folder: Path) -> Installed:
    """Build the wheel of this checkout and install it below ``folder``, compiled."""
    found = environment(folder / "venv")
    wheels = folder / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    build = [found.python, "-m", "pip", "wheel", "-qq", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*build, "-w", str(wheels), str(ROOT)], check=True)
    (wheel,) = wheels.glob("*.whl")
    locked = ["-c", str(ROOT / "constraints.txt")]
    found.pip(*locked, str(wheel))
    found.pip("--force-reinstall", "--no-deps", str(wheel))
    return found


def peer(folder: Path, name: str) -> Installed | str:
    """An environment with a peer, or why it is not there."""
    found = environment(folder / name)
    try:
        found.says(f"import {PEERS[name]}")
    except subprocess.CalledProcessError:
        try:
            found.pip(name)
            found.says(f"import {PEERS[name]}")
        except subprocess.CalledProcessError:
            return f"PyPI's {name} cannot be installed here"
    return found
