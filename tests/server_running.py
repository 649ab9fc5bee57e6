"""Servers for tests: one that fails the test on unexpected exceptions, one with its transports in a
thread of the test process, and one that is a process."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from patience import PATIENCE, eventually

from scmigen import runtime
from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.server.faults import Fault
from scmigen.server.port import Record
from scmigen.server.service import Service


def unexpected(line: str) -> None:
    """The default for ``broken``: an exception that the server contains fails the test too."""
    raise AssertionError(line)


def strict_server(
    configuration: runtime.Runtime, profile: Profile = Profile.V3_2, **options: Any
) -> Server:
    """A server that raises where it would only log a mistake in the server or its back end."""
    return Server(configuration, profile, **({"broken": unexpected} | options))


class Running:
    """A service in a thread, with its log."""

    def __init__(
        self,
        board: runtime.Runtime,
        urls: Mapping[str, str],
        records: Sequence[Record] = (),
        faults: Sequence[Fault] = (),
        *,
        slow: bool = False,
        **options: Any,
    ) -> None:
        self.log: list[str] = []
        self.server = strict_server(board, **options)
        endpoints = {
            agent: url
            for name, url in urls.items()
            if (agent := self.server.agent(name)) is not None
        }
        self.service = Service(self.server, endpoints, self.note, records, faults, slow=slow)

    def note(self, line: str, _: str) -> None:
        self.log.append(line)

    @contextmanager
    def running(self) -> Iterator[Self]:
        with self.service:
            thread = threading.Thread(target=self.service.run)
            thread.start()
            try:
                yield self
            finally:
                self.service.stop()
                thread.join(PATIENCE)
                assert not thread.is_alive()

    def logged_like(self, start: str) -> bool:
        """Wait until the log has a line that begins like this."""
        return eventually(lambda: any(line.startswith(start) for line in self.log))

    def logged(self, line: str) -> bool:
        """Wait until the log has ``line``."""
        return eventually(lambda: line in self.log)

    def until_connected(self, name: str, times: int) -> None:
        """Wait until an agent has connected this often."""
        connected = f"{name}: connected ("
        assert eventually(
            lambda: sum(line.startswith(connected) for line in self.log) >= times, 2 * PATIENCE
        )


#: The Python program that is ``scmigen serve``.
SERVE = "import sys; from scmigen.cli.front import main; sys.argv.insert(1, 'serve'); main()"


@contextmanager
def serving(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A server process that is ready."""
    command = [sys.executable, "-c", SERVE, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        while (line := process.stdout.readline()) != "ready\n":
            assert line, process.stderr.read()
        yield process
    finally:
        process.kill()
        process.communicate()
