"""A scripted platform: answers what a test tells it to, knows no SCMI itself."""

import contextlib
import socket
import threading

import pytest
from client_memory import Memory
from patience import PATIENCE

from scmigen.client.wire import SCHEMES


@pytest.fixture
def scripted(tmp_path):
    """``scripted(answer)`` serves one client at the URL it returns; ``answer`` gets each message
    and returns the frames to send, or ``None`` to hang up."""
    servers = []

    def start(answer):
        path = tmp_path / f"scripted{len(servers)}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(path))
        listener.listen()

        def run():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):  # the client may leave at any time
                while message := connection.recv(4096):
                    frames = answer(message)
                    if frames is None:
                        return
                    for frame in frames:
                        connection.sendall(frame)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        servers.append((thread, listener))
        return f"unix:{path}"

    yield start
    for thread, listener in servers:
        thread.join(PATIENCE)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture
def remembered(monkeypatch):
    """``remembered(answer)`` is the URL of a platform without a socket."""

    def start(answer):
        monkeypatch.setitem(SCHEMES, "memory", lambda *_: Memory(answer))
        return "memory:x"

    return start
