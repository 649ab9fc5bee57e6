"""The server process as the system sees it."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Seconds after which something that must happen has not.
WATCHDOG = 60


@dataclass(frozen=True)
class Sample:
    """What a process holds: bytes of memory, open files, threads."""

    resident: int
    data: int
    files: int
    threads: int


class Process:
    """A running server with the file that it logs to."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log
        self.folder = Path(f"/proc/{process.pid}")

    def sample(self) -> Sample:
        status = dict(
            line.split(":", 1) for line in (self.folder / "status").read_text().splitlines()
        )
        kilobytes = [int(status[key].split()[0]) for key in ("VmRSS", "VmData")]
        files = len(list((self.folder / "fd").iterdir()))
        return Sample(1024 * kilobytes[0], 1024 * kilobytes[1], files, int(status["Threads"]))

    def reloads(self) -> int:
        """How many reloads the log has answered, well or not."""
        lines = self.log.read_text(errors="replace").splitlines()
        return sum(line == "reloaded" or line.startswith("reload: ") for line in lines)

    def until(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Wait for ``condition``."""
        end = time.monotonic() + WATCHDOG
        while not condition():
            assert self.process.poll() is None, self.end_of_log()
            assert time.monotonic() < end, f"{otherwise}\n{self.end_of_log()}"
            time.sleep(0.01)

    def until_logged(self, line: str) -> None:
        self.until(lambda: line in self.log.read_text().splitlines(), f"no line {line!r}")

    def end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]
