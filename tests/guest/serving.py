"""``scmigen serve`` as users start it: a process, its log, and what its back end recorded."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds that a server has to be ready, and to end.
PATIENCE = 30


class Served:
    """A server process that is ready, with a vhost-user socket for each agent it is to have.

    A context manager: the server is asked to end, and must end well and without a traceback.
    """

    def __init__(
        self,
        folder: Path,
        runtime: Path,
        *agents: str,
        urls: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
        traced: bool = True,
    ) -> None:
        """``agents`` are names of guests, ``urls`` those of other agents, with their addresses;
        ``folder`` takes sockets, traces and logs."""
        self.sockets: Mapping[str, str] = {name: str(folder / f"{name}.sock") for name in agents}
        addresses = {name: f"vhost-user:{path}" for name, path in self.sockets.items()}
        self.events_file, self.log_file = folder / "events.txt", folder / "serve.log"
        self.trace_file = folder / "trace.txt"
        command = [sys.executable, "-m", "scmigen", "serve", str(runtime)]
        for name, url in {**addresses, **(urls or {})}.items():
            command += ["--listen", f"{name}={url}"]
        command += ["--backend", "recorder", *options]
        if traced:
            command += ["--trace", str(self.trace_file)]
        with self.events_file.open("w") as events, self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=events, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
        self._until("ready")
        self._seen = len(self.said)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        if error is None:
            assert status == 0, self.log
            assert "Traceback" not in self.log, self.log

    @property
    def said(self) -> list[str]:
        """All lines of the server's output."""
        return self.events_file.read_text().splitlines()

    @property
    def log(self) -> str:
        """All that the server logged: connections, and requests that were refused."""
        return self.log_file.read_text()

    @property
    def trace(self) -> str:
        """Every message, one line each."""
        return self.trace_file.read_text()

    def events(self) -> list[str]:
        """The effects that the back end was given since they were asked for last."""
        lines = self.said
        found, self._seen = lines[self._seen :], len(lines)
        return found

    def expect(self, pattern: str, seconds: float = 5) -> str:
        """Wait for an effect like ``pattern`` since `events` was called last."""
        end = time.monotonic() + seconds
        while True:
            for line in self.said[self._seen :]:
                if re.search(pattern, line):
                    return line
            if time.monotonic() > end:
                raise AssertionError(f"no effect like {pattern!r}: {self.said[self._seen :]}")
            time.sleep(0.02)

    def reload(self) -> None:
        """Have the server read its configuration again."""
        self.process.send_signal(signal.SIGHUP)

    def _until(self, line: str) -> None:
        end = time.monotonic() + PATIENCE
        while line not in self.said:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end, self.log
            time.sleep(0.02)
