"""The small hand-written platform of board.json, served in both profiles.

linux has clocks 0, 1, 4, 5, may be given clock 2 and power domain 2 (device "gpu"), and 3 is a
hole. vm1 has clocks 1 and 2, so 0 is foreign to it. Power domains nest: gpu (2) in media (1) in
soc (0).
"""

from pathlib import Path

import pytest
from scmi_wire import Wire

from scmigen import runtime
from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.server.backend import BackendError

BOARD = Path(__file__).parent / "board.json"


@pytest.fixture(scope="session")
def board():
    return runtime.decode(BOARD.read_bytes())


@pytest.fixture(scope="session")
def board_path():
    return BOARD


@pytest.fixture(autouse=True)
def nothing_unexpected(request, monkeypatch):
    """A mistake of the server is answered and logged: here it fails the test as well, unless the
    module says that it ``EXPECTS_MISTAKES``."""
    found = []
    failure = Server.failure

    def noted(server, problem, about):
        if not isinstance(problem, BackendError):
            found.append(problem)
        return failure(server, problem, about)

    monkeypatch.setattr(Server, "failure", noted)
    yield
    if found and not getattr(request.module, "EXPECTS_MISTAKES", False):
        raise found[0]


class Platform:
    """A server and its agents, by name."""

    def __init__(self, board, profile, **options):
        self.log = []
        self.server = Server(board, profile, refused=lambda r: self.log.append(str(r)), **options)
        self.linux, self.vm1, self.hypervisor = (
            Wire(self.server.agent(name)) for name in ("linux", "vm1", "hypervisor")
        )


@pytest.fixture
def platform(board):
    """Profile 3.2."""
    return Platform(board, Profile.V3_2)


@pytest.fixture
def platform_2_0(board):
    return Platform(board, Profile.V2_0)


@pytest.fixture
def serve(board):
    """Serves another configuration, or with other options."""
    return lambda configuration=board, profile=Profile.V3_2, **options: Platform(
        configuration, profile, **options
    )


class Time:
    """A clock that stands still until it is told to move."""

    def __init__(self):
        self.now = 1_000_000_000

    def __call__(self):
        return self.now


@pytest.fixture(scope="session")
def full_board():
    """The platform of full.json: something of everything."""
    return runtime.decode((Path(__file__).parent / "full.json").read_bytes())


class FullPlatform:
    """The full board with a clock of its own; ``wait`` lets time pass."""

    def __init__(self, board, profile, **options):
        self.time = Time()
        self.failures = []
        self.server = Server(board, profile, now=self.time, failed=self.failures.append, **options)
        self.linux, self.vm1 = (Wire(self.server.agent(name)) for name in ("linux", "vm1"))

    def wait(self, microseconds):
        """Let time pass, as the loop of a running server would see it."""
        end = self.time.now + microseconds * 1000
        while (left := self.server.timers.next_due()) is not None and self.time.now + left <= end:
            self.time.now += left
            self.server.tick()
        self.time.now = end
        self.server.tick()

    def events(self, wire):
        """What waits for an agent."""
        return wire.agent.take_events()


@pytest.fixture
def full(full_board):
    return FullPlatform(full_board, Profile.V3_2)


@pytest.fixture
def full_with(full_board):
    """The full board with other options."""
    return lambda profile=Profile.V3_2, **options: FullPlatform(full_board, profile, **options)
