"""Two servers without sockets: the URLs first:AGENT and second:AGENT."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from client_memory import Memory
from server_running import strict_server

from scmigen import runtime
from scmigen.client.wire import SCHEMES

BOARD = Path(__file__).parent.parent / "server" / "board.json"


@pytest.fixture
def served(monkeypatch):
    """``served(scheme, change, spoil)`` serves the board after ``change`` of its JSON; ``spoil``
    changes a response, given the message."""

    def start(
        scheme: str, change: Callable = lambda _: None, spoil=lambda _, reply: reply, **options
    ):
        data = json.loads(BOARD.read_text())
        change(data)
        server = strict_server(runtime.decode(json.dumps(data).encode()), **options)

        def opened(name, *_):
            agent = server.agent(name)
            return Memory(lambda it: [spoil(it, frame) for frame in agent.handle(it)])

        monkeypatch.setitem(SCHEMES, scheme, opened)
        return server

    return start
