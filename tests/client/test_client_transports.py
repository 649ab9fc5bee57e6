"""The client and the server over every transport that both have, as processes would use them."""

import json
import os
import socket
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner
from patience import PATIENCE
from scmi_wire import CLOCK, OFF, ON, POWER, delayed, notification, request, words
from server_running import Running
from smt_client import Areas

from scmigen import runtime
from scmigen.cli.main import cli
from scmigen.client import Client, ClientError
from scmigen.scmi.protocols import Protocol

SERVER = Path(__file__).parent.parent / "server"
VM1 = 2
URLS = {
    "unix": "unix:{}",
    "unix-stream": "unix-stream:{}",
    "unix-dgram": "unix-dgram:{}",
    "smt": "smt:{}",
    "smt-areas": "smt:{},offset=0x300:0x100,p2a=0x200",
    "smt-eventfd": "smt:{},ring=eventfd",
    "smt-memfd": "smt:memfd,slot=0x80,ring=eventfd,doorbell={}",
}


#: CLOCK_RATE_GET of clock 0, and its answer.
ANSWERED = "0.0 linux > 06500000 00000000\n0.1 linux < 06500000 00000000 0084d717 00000000\n"


@pytest.fixture(scope="session")
def full_board():
    return runtime.decode((SERVER / "full.json").read_bytes())


@pytest.fixture(params=URLS)
def served(request, full_board, tmp_path):
    urls = {name: URLS[request.param].format(tmp_path / name) for name in ("linux", "vm1")}
    with Running(full_board, urls, state_readers={VM1}).running() as running:
        running.urls = urls
        yield running


def run(url, *arguments):
    return CliRunner().invoke(cli, ["client", url, *map(str, arguments)], catch_exceptions=False)


def test_delayed_responses_are_received(served):
    with Client(served.urls["linux"]) as linux, Client(served.urls["vm1"]) as vm1:
        assert linux.info().agents == {1: "linux", 2: "vm1"}
        linux.set_clock_rate(0, 800_000_000)
        assert linux.clock_rate(1) == 200_000_000
        linux.call(Protocol.CLOCK, 5, 1, 1, 100_000_000)
        head, payload = linux.next_event(PATIENCE)
        frame = struct.pack("<I", head.message | head.kind << 8 | head.protocol << 10) + payload
        assert frame == delayed(CLOCK, 5, 0, 1, 100_000_000, 0, token=0)
        assert vm1.info().agent == 2


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "unix-dgram", "smt"])
def test_the_url_of_the_server_is_that_of_the_client(full_board, tmp_path, scheme):
    url = f"{scheme}:{tmp_path}/a,,b,,,mode=0600,idle=60"
    with Running(full_board, {"linux": url}).running(), Client(url) as linux:
        assert linux.clock_rate(0) == 400_000_000
        assert (tmp_path / ("a,b,.doorbell" if scheme == "smt" else "a,b,")).is_socket()


def test_a_misspelt_option_is_wrong_usage(tmp_path):
    result = run(f"unix:{tmp_path}/x,mod=0660", "info")
    assert result.exit_code == 2
    assert "'mod=0660' is not an option of unix:; known: mode=, group=, idle=" in result.output


def test_events_of_another_agent_are_received(served):
    with Client(served.urls["linux"]) as linux, Client(served.urls["vm1"]) as vm1:
        vm1.call(Protocol.POWER, 6, 1, 1)
        linux.call(Protocol.VOLTAGE, 5, 1, 7)
        for state in (ON, OFF, ON):
            linux.call(Protocol.POWER, 4, 0, 1, state)
        for state in (ON, OFF, ON):
            head, payload = vm1.next_event(PATIENCE)
            assert (head.protocol, head.kind, head.message) == (POWER, 3, 0)
            assert payload == words(1, 1, state)
        assert vm1.next_event(0.01) is None


def test_votes_end_with_the_client(served):
    with Client(served.urls["vm1"]) as vm1:
        with Client(served.urls["linux"]) as linux:
            linux.call(Protocol.VOLTAGE, 5, 1, 7)
            linux.call(Protocol.POWER, 4, 0, 1, ON)
            assert vm1.power_state(1) == ON
        with Client(served.urls["linux"]) as linux:  # a datagram socket sees it only now
            assert linux.power_state(1) == OFF


@pytest.mark.parametrize("style", ["text", "json"])
def test_dump_prints_what_the_agent_sees(served, style):
    result = run(served.urls["linux"], "dump", "--format", style)
    assert result.exit_code == 0
    if style == "text":
        assert (
            "  1 mux: enabled False, rate 100000000, rates [100000000 200000000]" in result.output
        )
        return
    found = json.loads(result.output)
    assert found["clock"][2]["rates"] == [1000, 9000, 500]
    assert found["sensor"][1]["reading"] == [1, -2, 3]
    assert found["powercap"][0]["caps"] == [1000, 9000, 100]
    assert [pin["name"] for pin in found["pinctrl"][:2]] == ["gpio0", "gpio1"]


def test_watch_prints_notifications(served):
    result = run(served.urls["linux"], "watch", "sensor", "--count", 3)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert len(lines) == 3
    assert all("SENSOR_UPDATE agent=0 sensor=" in line for line in lines)


@pytest.mark.parametrize(
    ("protocol", "status", "told"),
    [
        ("clok", 2, "'clok' is not a protocol with notifications; did you mean clock?"),
        ("voltage", 2, "'voltage' is not a protocol with notifications; known: base, clock, "),
        ("system", 1, "the platform grants no notifications of system"),
    ],
)
def test_watch_does_not_wait_for_what_cannot_come(served, protocol, status, told):
    result = run(served.urls["vm1"], "watch", protocol, "--seconds", 2)
    assert result.exit_code == status
    assert told in result.stderr


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (ANSWERED, ["--agent", "linxu"], "no answer to linxu to compare with; agents in it: linux"),
        (ANSWERED.splitlines()[0], [], "no answer to linux to compare with; agents in it: linux"),
        ("", [], "no answer to compare with (serve --trace writes one)"),
    ],
)
def test_a_replay_that_compares_nothing_fails(served, tmp_path, text, words, told):
    path = tmp_path / "trace"
    path.write_text(text)
    result = run(served.urls["linux"], "replay", path, *words)
    assert result.exit_code == 1
    assert result.stderr == f"Error: {path}: {told}\n"


def test_a_trace_can_be_replayed(full_board, tmp_path):
    from scmigen.server.port import Trace

    url, path = f"unix:{tmp_path}/linux", tmp_path / "trace"
    with path.open("w") as file, Running(full_board, {"linux": url}, [Trace(file)]).running():
        assert run(url, "clock", "rate", 0, 800_000_000).exit_code == 0
        assert run(url, "reset", 0).exit_code == 0
        assert run(url, "clock", "rate", 7).exit_code == 1
    text = path.read_text()
    assert (
        "> 05500800 08000000 00000000 0008af2f 00000000  # CLOCK_RATE_SET flags=8 clock=0" in text
    )
    assert "linux < 06500c00 00000000 0008af2f 00000000  # CLOCK_RATE_GET SUCCESS rate=8000" in text
    assert "CLOCK_RATE_GET NOT_FOUND" in text
    with Running(full_board, {"linux": url}).running():
        result = run(url, "replay", path)
        assert result.exit_code == 0, result.output
        assert result.output.endswith("messages, 0 answers differ\n")
    changed = text.replace("0008af2f 00000000  # CLOCK_RATE_GET", "0108af2f 00000000  # CLOCK")
    path.write_text(changed)
    with Running(full_board, {"linux": url}).running():
        result = run(url, "replay", path)
        assert result.exit_code == 1
        assert "rate=800000001; now CLOCK_RATE_GET SUCCESS rate=800000000" in result.output


# Datagrams and shared memory by hand


def test_datagrams_of_other_clients_are_dropped(full_board, tmp_path):
    url = f"unix-dgram:{tmp_path}/linux"
    with Running(full_board, {"linux": url}).running() as running, Client(url) as linux:
        assert linux.clock_rate(0) == 400_000_000
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
            nameless.sendto(request(CLOCK, 6, 0), f"{tmp_path}/linux")
            assert running.logged("linux: dropped a datagram without an abstract address")
        with Client(url, timeout=0.2) as second, pytest.raises(ClientError, match="no answer"):
            second.clock_rate(0)
        assert running.logged("linux: dropped a datagram from another client")
        linux.send(b"abc")
        assert running.logged_like("linux: dropped a datagram that is not 4 to 132")
        assert linux.clock_rate(0) == 400_000_000


def test_the_server_follows_no_path_of_a_client(full_board, tmp_path, monkeypatch):
    """Relative to the server's folder, this one is the socket of another agent."""
    urls = {name: f"unix-dgram:{tmp_path}/{name}" for name in ("linux", "vm1")}
    monkeypatch.chdir(tmp_path)
    with Running(full_board, urls).running() as running:
        (tmp_path / "own").mkdir()
        monkeypatch.chdir("own")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.bind("vm1")
            monkeypatch.chdir(tmp_path)
            client.sendto(request(CLOCK, 6, 0), urls["linux"].partition(":")[2])
            assert running.logged("linux: dropped a datagram without an abstract address")
        with Client(urls["vm1"]) as vm1:
            assert vm1.protocols()
        assert not [line for line in running.log if "vm1" in line and "another" in line]


@pytest.fixture
def areas(full_board, tmp_path):
    path = tmp_path / "shmem"
    with (
        Running(full_board, {"linux": f"smt:{path},slot=128"}).running() as running,
        Areas(path, 128) as found,
    ):
        found.running = running
        yield found


def test_the_areas_are_as_linux_has_them(areas):
    assert areas.word(4) == 1  # free
    areas.post(request(CLOCK, 6, 0))
    assert areas.word(4) == 1
    assert areas.word(0x14) == 4 + 4 + 8
    assert areas.get(0x18, 16) == request(CLOCK, 6, 0)[:4] + words(0, 400_000_000, 0)


def test_a_response_fits_its_slot(areas):
    """128 bytes leave 100 for a payload; the descriptor of a sensor has 52 or 28."""
    areas.post(request(0x15, 3, 0))
    assert areas.word(0x14) <= 104
    assert areas.word(0x20) == 2 | 1 << 16


@pytest.mark.parametrize("length", [0, 3, 105, 0xFFFF_FFFF])
def test_a_wrong_length_is_an_error_of_the_channel(areas, length):
    areas.post(request(CLOCK, 6, 0), length)
    assert areas.word(4) == 3  # free, error
    assert areas.running.logged_like("linux: a message that is not 4 to 104 bytes long")
    areas.post(request(CLOCK, 6, 0))
    assert areas.word(0x1C) == 0


def test_an_event_waits_for_its_slot(areas):
    areas.post(request(0x17, 5, 1, 7))
    areas.post(request(POWER, 6, 1, 1))
    areas.post(request(POWER, 4, 0, 1, ON))
    areas.post(request(POWER, 4, 0, 1, OFF))
    for state in (ON, OFF):
        areas.until(lambda: areas.word(0x80 + 4) == 0)
        assert areas.get(0x80 + 0x18, 16) == notification(POWER, 0, 1, 1, state)
        areas.put(0x80 + 4, words(1))
        areas.doorbell.sendall(b"D")


def test_a_file_that_becomes_shorter(areas):
    os.truncate(areas.file, 0)
    areas.doorbell.sendall(b"D")
    assert areas.doorbell.recv(1) == b""
    assert areas.running.logged_like("linux: shared memory: the file is shorter")
