"""Where a server listens: modes, groups, mistakes in URLs, and what a failed start leaves."""

import os
import socket
import stat

import pytest
from patience import PATIENCE, eventually, open_files
from scmi_wire import CLOCK, request, words
from server_running import Running

from scmigen.server.transports import TransportError, UrlError

ALL = ["unix", "unix-stream", "unix-dgram", "vhost-user", "smt"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=ALL)
def scheme(request):
    return request.param


def socket_of(path, scheme):
    return path.with_name(f"{path.name}.doorbell") if scheme == "smt" else path


@pytest.mark.parametrize("umask", [0, 0o077], ids=["open umask", "strict umask"])
def test_a_socket_is_the_owners_by_default(board, tmp_path, scheme, umask):
    path = tmp_path / "linux"
    before = os.umask(umask)
    try:
        with Running(board, {"linux": f"{scheme}:{path}"}).running():
            assert mode(socket_of(path, scheme)) == 0o600
            assert mode(path) == 0o600
    finally:
        os.umask(before)


def test_a_socket_gets_the_mode_and_group_of_its_url(board, tmp_path, scheme):
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


def test_a_comma_in_a_path_is_written_twice(board, tmp_path, scheme):
    path = tmp_path / "a,b,mode=c,"
    url = f"{scheme}:{str(path).replace(',', ',,')},mode=640"
    with Running(board, {"linux": url}).running():
        assert stat.S_ISSOCK(socket_of(path, scheme).stat().st_mode)
        assert mode(socket_of(path, scheme)) == 0o640


@pytest.mark.parametrize(
    "option", ["mod=0660", "mode", "mode=", "", "Mode=0660", " mode=0660", "partial=5", "offset=8"]
)
@pytest.mark.parametrize("scheme", ["unix", "unix-dgram", "vhost-user"])
def test_what_is_no_option_is_no_part_of_the_path_either(board, tmp_path, scheme, option):
    with pytest.raises(UrlError) as refusal:
        Running(board, {"linux": f"{scheme}:{tmp_path}/x,idle=60,{option}"})
    assert str(refusal.value) == (
        f"{option!r} is not an option of {scheme}:; known: mode=, group=, idle=; a comma in a path "
        "is written twice (,,)"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "what"),
    [
        pytest.param(url, what, id=name)
        for name, url, what in [
            (
                "mode not octal",
                "unix:{}/x,mode=999",
                "mode=999 is not a mode; give octal digits, such as mode=0660",
            ),
            ("mode in letters", "unix:{}/x,mode=rw", "mode=rw is not a mode"),
            ("mode with setuid", "unix:{}/x,mode=4755", "mode=4755 is not a mode"),
            ("unknown group", "unix-dgram:{}/x,group=no one", "group=no one: no such group"),
            ("group too high", "unix:{}/x,group=" + "9" * 20, "the highest group id is 4294967294"),
            ("abstract socket", "unix:@linux", "abstract sockets are refused"),
            ("no path", "unix:,mode=600", "has no path"),
            ("path too long", "unix:{}/" + "x" * 200, "that of a socket can have at most 107"),
            ("path too long in bytes", "unix:{}/" + "\u00e4" * 80, "can have at most 107"),
            ("path with a NUL", "unix:{}/a\0b", "contains a NUL"),
            ("no scheme", "unix {}/x", "is not a URL this server can listen at; known: unix:PATH"),
            ("slot too small", "smt:{}/x,slot=100", "at least 128 bytes"),
            ("slot not a number", "smt:{}/x,slot=1x", "slot=1x is not a number"),
            ("negative offset", "smt:{}/x,offset=-4", "is not within 0 and"),
            ("unaligned offset", "smt:{}/x,offset=2", "multiples of 4"),
            ("overlapping areas", "smt:{}/x,p2a=0x10", "overlap"),
            ("overlapping areas of commands", "smt:{}/x,offset=0x200:0x180,p2a=none", "overlap"),
            ("same area twice", "smt:{}/x,offset=0x200:0x200,p2a=none", "overlap"),
            ("events between commands", "smt:{}/x,offset=0x0:0x100", "overlap"),
            ("no second area", "smt:{}/x,offset=0x0:", "offset= is not a number"),
            (
                "too many areas",
                f"smt:{{}}/x,offset={':'.join(str(0x100 * area) for area in range(17))},p2a=none",
                "17 areas; give at most 16",
            ),
            ("unknown doorbell", "smt:{}/x,ring=bell", "ring=bell: give socket or eventfd"),
            (
                "unknown option",
                "smt:{}/x,colour=red",
                "'colour=red' is not an option of smt:; known: mode=, group=, idle=, offset=, p2a=",
            ),
            ("option of smt twice", "smt:{}/x,slot=256,slot=512", "has the option slot= twice"),
            ("unknown option of a stream", "unix-stream:{}/x,part=5", "idle=, partial=; a comma"),
            ("option twice", "unix:{}/x,mode=600,mode=666", "has the option mode= twice"),
            ("memfd without a doorbell", "smt:memfd,ring=eventfd", "needs doorbell=PATH"),
        ]
    ],
)
def test_an_invalid_url_is_refused_with_the_reason(board, tmp_path, url, what):
    with pytest.raises(UrlError) as refusal:
        Running(board, {"linux": url.format(tmp_path)})
    assert what in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "vhost-user"])
def test_a_socket_path_may_have_107_bytes(board, tmp_path, scheme):
    path = tmp_path / ("x" * (107 - len(os.fsencode(tmp_path)) - 1))
    with Running(board, {"linux": f"{scheme}:{path}"}).running():
        kind = socket.SOCK_SEQPACKET if scheme == "unix" else socket.SOCK_STREAM
        with socket.socket(socket.AF_UNIX, kind) as client:
            client.connect(str(path))


@pytest.mark.parametrize("other", ["unix", "unix-stream", "unix-dgram", "vhost-user"])
@pytest.mark.parametrize(
    "spelling",
    ["{0}/x", "{0}/./x", "../{1}/x"],
    ids=["same", "with a dot", "through the parent"],
)
def test_two_agents_cannot_share_a_path(board, tmp_path, monkeypatch, other, spelling):
    monkeypatch.chdir(tmp_path)  # where a name has 108 bytes
    urls = {
        "linux": f"unix:{tmp_path}/x",
        "vm1": f"{other}:{spelling.format(tmp_path, tmp_path.name)}",
    }
    with pytest.raises(TransportError, match="another server is listening there"):
        Running(board, urls)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "second",
    ["offset=0", "offset=0x80,p2a=none", "offset=0x1c0,p2a=none", "offset=0x400,p2a=4"],
    ids=["same slot", "overlapping its end", "overlapping its events", "events overlap its start"],
)
def test_two_agents_cannot_share_a_slot(board, tmp_path, second):
    """One agent would read the other's messages."""
    urls = {
        "linux": f"smt:{tmp_path}/memory,slot=0x100",
        "vm1": f"smt:{tmp_path}/memory,slot=0x100,{second},doorbell={tmp_path}/vm1",
    }
    with pytest.raises(TransportError, match="another agent already uses the slot at"):
        Running(board, urls)


def test_two_agents_can_share_a_file(board, tmp_path):
    urls = {
        "linux": f"smt:{tmp_path}/memory",
        "vm1": f"smt:{tmp_path}/memory,offset=0x200,doorbell={tmp_path}/vm1",
    }
    with Running(board, urls).running():
        assert (tmp_path / "memory").stat().st_size == 0x400


def test_memory_is_removed_if_the_server_created_it(board, tmp_path):
    (tmp_path / "guest").write_bytes(bytes(0x200))
    urls = {"linux": f"smt:{tmp_path}/made", "vm1": f"smt:{tmp_path}/guest"}
    with Running(board, urls).running():
        assert (tmp_path / "made").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["guest"]


def test_a_failed_start_leaves_nothing(board, tmp_path, scheme):
    before = open_files()
    (tmp_path / "used.doorbell").write_text("mine")
    urls = {
        "linux": f"{scheme}:{tmp_path}/linux",
        "vm1": f"unix:{tmp_path}/vm1",
        "hypervisor": f"smt:{tmp_path}/used",
    }
    with pytest.raises(TransportError, match=r"used.doorbell exists and is not a socket"):
        Running(board, urls)
    assert [path.name for path in tmp_path.iterdir()] == ["used.doorbell"]
    assert eventually(lambda: open_files() <= before)


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
        hypervisor.settimeout(PATIENCE)
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
