"""Socket files that are removed or replaced under the server. The loop is turned by hand."""

import socket

import pytest
from patience import PATIENCE
from scmi_wire import CLOCK, request, words
from server_running import Running, strict_server

RATE_GET = request(CLOCK, 6, 1)
RATE = RATE_GET[:4] + words(0, 200_000_000, 0)
TYPES = {"unix": socket.SOCK_SEQPACKET, "unix-dgram": socket.SOCK_DGRAM}


@pytest.fixture(params=TYPES)
def scheme(request):
    return request.param


@pytest.fixture
def running(board, tmp_path, scheme):
    found = Running(board, {"linux": f"{scheme}:{tmp_path}/s"})
    with found.service:
        yield found


def ask(running, path, scheme):
    """What a new client gets."""
    with socket.socket(socket.AF_UNIX, TYPES[scheme]) as client:
        client.settimeout(PATIENCE)
        if scheme == "unix-dgram":
            client.bind("")
        client.connect(str(path))
        if scheme == "unix":
            running.service.loop.turn()
        client.sendall(RATE_GET)
        running.service.loop.turn()
        answer = client.recv(100)
    if scheme == "unix":
        running.service.loop.turn()
    return answer


def reload(running, board, path, scheme):
    server = strict_server(board)
    running.service.reload(server, {server.agent("linux"): f"{scheme}:{path}"})


def test_a_reload_listens_again_where_the_file_is_gone(running, board, tmp_path, scheme):
    path = tmp_path / "s"
    assert ask(running, path, scheme) == RATE
    path.unlink()
    reload(running, board, path, scheme)
    assert ask(running, path, scheme) == RATE
    inode = path.stat().st_ino
    reload(running, board, path, scheme)
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("scheme", ["unix"], indirect=True)
def test_a_removed_file_is_noticed_when_the_client_goes(running, tmp_path):
    path = tmp_path / "s"
    told = f"linux: {path} was removed or replaced: no client can connect; a reload (SIGHUP) "
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.connect(str(path))
        running.service.loop.turn()
        path.unlink()
    running.service.loop.turn()
    assert running.log[-1].startswith(told)


def test_the_file_of_another_server_is_left_alone(running, board, tmp_path, scheme):
    path = tmp_path / "s"
    path.unlink()
    with socket.socket(socket.AF_UNIX, TYPES[scheme]) as other:
        other.bind(str(path))
        if scheme == "unix":
            other.listen()
            reload(running, board, path, scheme)
            assert running.log[-1] == f"linux: {path}: another server is listening there"
        running.service.close()
        assert path.exists()
