"""What all suites share: the installed scmigen, the inputs that are there, how long to measure."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from figures import Figure, Samples, value
from installed import ROOT, Installed, peer
from processes import Used

HERE = Path(__file__).parent
EXAMPLES = ROOT / "examples" / "dts"
#: The board whose figures have goals.
GOAL_BOARD = "imx95-19x19-evk.dts"


@dataclass(frozen=True)
class Bench:
    """One run. ``corpus`` has real boards, preprocessed, ``linux`` the folders ``src`` and
    ``include`` of the device trees of Linux; both may not be there. ``skipped`` says what was left
    out, and why."""

    installed: Installed
    folder: Path
    quick: bool
    corpus: Path | None = None
    linux: Path | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    def rounds(self, usual: int) -> int:
        """How often something is measured; more often than every third time."""
        return max(3, usual // 4) if self.quick else usual

    def boards(self) -> list[Path]:
        """Sources that need no preprocessor: real ones, or the example."""
        if self.corpus:
            return sorted(self.corpus.glob("*.dts"))
        self.skipped["real boards"] = "no folder of them (--corpus); the examples are measured"
        text = self.folder / "orrery-board.dts"
        command = ["cpp", "-nostdinc", "-undef", "-x", "assembler-with-cpp", "-o", str(text)]
        subprocess.run([*command, str(EXAMPLES / text.name)], check=True)
        return [text]

    def peer(self, name: str) -> Installed | None:
        """A peer from PyPI."""
        found = peer(self.folder, name)
        if isinstance(found, str):
            self.skipped[name] = found
            return None
        return found

    @contextmanager
    def serving(self, runtime: Path) -> Iterator[str]:
        """A server for the first agent of a configuration: its URL."""
        sockets = self.folder / "sockets"
        command = [self.installed.scmigen, "serve", str(runtime), "--directory", str(sockets)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True) as server:
            try:
                assert server.stdout is not None
                for line in server.stdout:
                    if line == "ready\n":
                        break
                yield f"unix:{min(sockets.glob('*.sock'))}"
            finally:
                server.terminate()

    def script(self, name: str, *words: str, peers: Sequence[Installed] = ()) -> Any:
        """The samples of another program of this folder, which has the wheel and some peers."""
        into = self.folder / f"{name}.json"
        command = [self.installed.python, str(HERE / f"{name}.py"), *words, "--json", str(into)]
        path = os.pathsep.join(each.packages for each in peers)
        environment = os.environ | ({"PYTHONPATH": path} if peers else {})
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        return json.loads(into.read_text())


def cpu(used: Sequence[Used]) -> Samples:
    """Processor time of one command."""
    return {"": [each.cpu for each in used]}


def peak(key: str, of: str, used: Sequence[Used], goal: float | None = None) -> Figure:
    """The memory of a command at its peak."""
    found = value({"": [each.peak for each in used]})
    return Figure(key, of, found[0], "MiB", found[1], goal)
