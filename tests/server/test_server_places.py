"""Where a server listens: modes, groups, mistakes in URLs, and what a failed start leaves."""

import os
import socket
import stat
from pathlib import Path

import pytest
from scmi_wire import CLOCK, request, words
from server_running import Running

from scmigen.server.transports import TransportError, UrlError

ALL = ["unix", "unix-stream", "unix-dgram", "vhost-user", "smt"]


def files():
    return len(list(Path("/proc/self/fd").iterdir()))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=ALL)
def scheme(request):
    return request.param


def socket_of(path, scheme):
    return path.with_name(f"{path.name}.doorbell") if scheme == "smt" else path


@pytest.mark.parametrize("umask", [0, 0o077])
def test_only_the_owner_unless_said(board, tmp_path, scheme, umask):
    path = tmp_path / "linux"
    before = os.umask(umask)
    try:
        with Running(board, {"linux": f"{scheme}:{path}"}).running():
            assert mode(socket_of(path, scheme)) == 0o600
            assert mode(path) == 0o600
    finally:
        os.umask(before)


def test_a_mode_and_a_group(board, tmp_path, scheme):
    path, group = tmp_path / "linux", os.getgid()
    before = os.umask(0o077)
    try:
        url = f"{scheme}:{path},mode=0660,group={group}"
        with Running(board, {"linux": url}).running():
            for file in (path, socket_of(path, scheme)):
                assert mode(file) == 0o660
                assert file.stat().st_gid == group
    finally:
        os.umask(before)


def test_a_comma_in_a_path(board, tmp_path):
    path = tmp_path / "a,b=c"
    with Running(board, {"linux": f"unix:{path},mode=600"}).running():
        assert stat.S_ISSOCK(path.stat().st_mode)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("unix:{}/x,mode=999", "mode=999 is no mode; give octal digits, such as mode=0660"),
        ("unix:{}/x,mode=rw", "mode=rw is no mode"),
        ("unix:{}/x,mode=4755", "mode=4755 is no mode"),
        ("unix-dgram:{}/x,group=no such group", "group=no such group: there is no such group"),
        ("unix:{}/x,group=99999999999999999999", "the highest number of a group is 4294967294"),
        ("unix:@linux", "an abstract socket is open to everybody"),
        ("unix:,mode=600", "has no path"),
        ("unix:{}/" + "x" * 200, "that of a socket has at most 107"),
        ("unix:{}/" + "\u00e4" * 80, "that of a socket has at most 107"),
        ("unix:{}/a\0b", "has a zero in it"),
        ("unix {}/x", "is no URL this server can listen at; known: unix:PATH"),
        ("smt:{}/x,slot=100", "at least 128 bytes"),
        ("smt:{}/x,slot=1x", "slot=1x is no number"),
        ("smt:{}/x,offset=-4", "is not within 0 and"),
        ("smt:{}/x,offset=2", "whole words"),
        ("smt:{}/x,p2a=0x10", "overlap"),
        ("smt:{}/x,ring=bell", "ring=bell: socket or eventfd"),
        ("smt:{}/x,colour=red", "'colour=red' is no option of smt:; known: offset, p2a"),
        ("smt:memfd,ring=eventfd", "needs a doorbell=PATH"),
    ],
)
def test_mistakes_in_a_url(board, tmp_path, url, what):
    with pytest.raises(UrlError) as refusal:
        Running(board, {"linux": url.format(tmp_path)})
    assert what in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "vhost-user"])
def test_the_longest_path_there_is(board, tmp_path, scheme):
    path = tmp_path / ("x" * (107 - len(os.fsencode(tmp_path)) - 1))
    with Running(board, {"linux": f"{scheme}:{path}"}).running():
        kind = socket.SOCK_SEQPACKET if scheme == "unix" else socket.SOCK_STREAM
        with socket.socket(socket.AF_UNIX, kind) as client:
            client.connect(str(path))


@pytest.mark.parametrize("other", ["unix", "unix-stream", "unix-dgram", "vhost-user"])
@pytest.mark.parametrize("spelling", ["{0}/x", "{0}/./x", "{0}/../{1}/x"])
def test_two_agents_at_one_path(board, tmp_path, other, spelling):
    urls = {
        "linux": f"unix:{tmp_path}/x",
        "vm1": f"{other}:{spelling.format(tmp_path, tmp_path.name)}",
    }
    with pytest.raises(TransportError, match="another server listens there"):
        Running(board, urls)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "second", ["offset=0", "offset=0x80,p2a=none", "offset=0x1c0,p2a=none", "offset=0x400,p2a=4"]
)
def test_two_agents_in_one_slot(board, tmp_path, second):
    """One agent would read the other's messages."""
    urls = {
        "linux": f"smt:{tmp_path}/memory,slot=0x100",
        "vm1": f"smt:{tmp_path}/memory,slot=0x100,{second},doorbell={tmp_path}/vm1",
    }
    with pytest.raises(TransportError, match="another agent has the slot at"):
        Running(board, urls)


def test_two_agents_in_one_file(board, tmp_path):
    urls = {
        "linux": f"smt:{tmp_path}/memory",
        "vm1": f"smt:{tmp_path}/memory,offset=0x200,doorbell={tmp_path}/vm1",
    }
    with Running(board, urls).running():
        assert (tmp_path / "memory").stat().st_size == 0x400


def test_memory_goes_with_who_made_it(board, tmp_path):
    (tmp_path / "guest").write_bytes(bytes(0x200))
    urls = {"linux": f"smt:{tmp_path}/made", "vm1": f"smt:{tmp_path}/guest"}
    with Running(board, urls).running():
        assert (tmp_path / "made").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["guest"]


def test_a_failed_start_leaves_nothing(board, tmp_path, scheme):
    before = files()
    (tmp_path / "used.doorbell").write_text("mine")
    urls = {
        "linux": f"{scheme}:{tmp_path}/linux",
        "vm1": f"unix:{tmp_path}/vm1",
        "hypervisor": f"smt:{tmp_path}/used",
    }
    with pytest.raises(TransportError, match=r"used.doorbell exists and is no socket"):
        Running(board, urls)
    assert [path.name for path in tmp_path.iterdir()] == ["used.doorbell"]
    assert files() == before


def test_somebody_elses_socket_is_left_alone(board, tmp_path):
    """A socket that was put in the place of the server's while it ran."""
    path = tmp_path / "linux"
    with Running(board, {"linux": f"unix:{path}"}).running():
        path.unlink()
        other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        other.bind(str(path))
    assert path.exists()
    other.close()


def test_every_transport_in_one_process(board, tmp_path):
    urls = {
        "linux": f"smt:memfd,ring=eventfd,doorbell={tmp_path}/linux",
        "vm1": f"vhost-user:{tmp_path}/vm1",
        "hypervisor": f"unix-dgram:{tmp_path}/hypervisor",
    }
    from smt_client import MemoryAreas
    from vhost_front_end import FrontEnd

    with (
        Running(board, urls).running() as running,
        MemoryAreas(tmp_path / "linux") as linux,
        FrontEnd(tmp_path / "vm1") as vm1,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hypervisor,
    ):
        hypervisor.bind("")
        hypervisor.connect(str(tmp_path / "hypervisor"))
        hypervisor.settimeout(10)
        vm1.start()
        for _ in range(3):
            linux.post(request(CLOCK, 6, 0))
            assert linux.answer()[4:] == words(0, 24_000_000, 0)
            assert vm1.command(request(CLOCK, 6, 1))[4:] == words(0, 200_000_000, 0)
            hypervisor.send(request(CLOCK, 6, 0))
            assert hypervisor.recv(200)[4:] == words(0, 24_000_000, 0)
        who = f"(pid {os.getpid()}, uid {os.getuid()})"
        assert running.logged(f"linux: connected {who}")
        assert running.logged(f"vm1: connected {who}")
