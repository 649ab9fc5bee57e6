"""A project that is built with the tools of others, and how often they called scmigen."""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A folder with the examples; ``run`` runs a command, in a folder below it."""

    root: Path
    environment: dict[str, str]

    @property
    def runs(self) -> int:
        """How often scmigen build was called so far, to build and not to list."""
        log = self.root / "runs"
        return log.read_text().count("\n") if log.exists() else 0

    def run(self, command: Sequence[str | Path], folder: str) -> str:
        done = subprocess.run(
            list(map(str, command)), cwd=self.root / folder, env=self.environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def built(self, act: Callable[[], str]) -> int:
        """How often scmigen was called by ``act``."""
        before = self.runs
        act()
        return self.runs - before

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the board; it is newer than everything then, on any file system."""
        path = self.root / "board" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        newest = max(each.stat().st_mtime_ns for each in self.root.rglob("*") if each.is_file())
        now = max(newest, path.stat().st_mtime_ns)
        os.utime(path, ns=(now, now))
