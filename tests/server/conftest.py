"""The small hand-written platform of board.json, served in both profiles.

linux has clocks 0, 1, 4, 5, may be given clock 2 and power domain 2 (device "gpu"), and 3 is a
hole. vm1 has clocks 1 and 2, so 0 is foreign to it. Power domains nest: gpu (2) in media (1) in
soc (0).
"""

import gc
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scmi_wire import Wire
from server_running import strict_server

from scmigen import runtime
from scmigen.scmi.protocols import Profile
from scmigen.server import Server

BOARD = Path(__file__).parent / "board.json"


@pytest.fixture(scope="session", autouse=True)
def only_what_the_server_left() -> Iterator[None]:
    """A reload frees what it leaves: here without going through all that pytest has."""
    garbage = SimpleNamespace(collect=gc.collect, freeze=lambda: None, unfreeze=lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("scmigen.cli.serve"), "gc", garbage)
        yield


@pytest.fixture(scope="session")
def board() -> runtime.Runtime:
    return runtime.decode(BOARD.read_bytes())


@pytest.fixture(scope="session")
def board_path() -> Path:
    return BOARD


class Platform:
    """A server and its agents, by name. Most tests look at what votes make of the platform, so
    agents read that in place of their own votes."""

    def __init__(self, board: runtime.Runtime, profile: Profile, **options: Any) -> None:
        self.log: list[str] = []
        log = self.log
        self.server = strict_server(
            board,
            profile,
            **{
                "refused": lambda refusal: log.append(str(refusal)),
                "state_readers": range(256),
                **options,
            },
        )
        self.linux, self.vm1, self.hypervisor = (
            Wire(self.server.agent(name)) for name in ("linux", "vm1", "hypervisor")
        )


@pytest.fixture
def platform(board: runtime.Runtime) -> Platform:
    """Profile 3.2."""
    return Platform(board, Profile.V3_2)


@pytest.fixture
def platform_2_0(board: runtime.Runtime) -> Platform:
    return Platform(board, Profile.V2_0)


@pytest.fixture
def serve(board: runtime.Runtime) -> Callable[..., Platform]:
    """Serves another configuration, or with other options."""
    return lambda configuration=board, profile=Profile.V3_2, **options: Platform(
        configuration, profile, **options
    )


class Time:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = 1_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="session")
def full_board() -> runtime.Runtime:
    """The platform of full.json: something of everything."""
    return runtime.decode((Path(__file__).parent / "full.json").read_bytes())


class FullPlatform:
    """The full board with a clock of its own; ``wait`` lets time pass. Its agents read the state of
    the platform, too."""

    def __init__(self, board: runtime.Runtime, profile: Profile, **options: Any) -> None:
        self.time = Time()
        self.failures: list[str] = []
        options = {"state_readers": range(256), "failed": self.failures.append} | options
        self.use(strict_server(board, profile, now=self.time, **options))

    def use(self, server: Server) -> None:
        """Speak to the agents of ``server`` from now on."""
        self.server = server
        self.linux, self.vm1 = (Wire(server.agent(name)) for name in ("linux", "vm1"))

    def wait(self, microseconds: int) -> None:
        """Let time pass, as the loop of a running server would see it."""
        end = self.time.now + microseconds * 1000
        while (left := self.server.timers.next_due()) is not None and self.time.now + left <= end:
            self.time.now += left
            self.server.tick()
        self.time.now = end
        self.server.tick()

    def events(self, wire: Wire) -> tuple[bytes, ...]:
        """The queued events of an agent."""
        return wire.agent.take_events()


@pytest.fixture
def full(full_board: runtime.Runtime) -> FullPlatform:
    return FullPlatform(full_board, Profile.V3_2)


@pytest.fixture
def full_with(full_board: runtime.Runtime) -> Callable[..., FullPlatform]:
    """The full board, or another one like it, with other options."""
    return lambda profile=Profile.V3_2, board=full_board, **options: FullPlatform(
        board, profile, **options
    )
