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

BOARD = Path(__file__).parent / "board.json"


@pytest.fixture(scope="session")
def board():
    return runtime.decode(BOARD.read_bytes())


@pytest.fixture(scope="session")
def board_path():
    return BOARD


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
