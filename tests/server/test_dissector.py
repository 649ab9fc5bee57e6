"""A session of ``scmigen serve --capture``, read by tshark with the dissector: names and values
that a hand computed from full.json and the message reference."""

import json
import socket
import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE
from scmi_wire import CLOCK, PINCTRL, POWER, SENSOR, notification, request
from server_running import serving

from scmigen.client.dissector import dissector
from scmigen.server import Server
from scmigen.server.capture import Capture
from scmigen.server.port import Port

FULL = Path(__file__).parent / "full.json"


@pytest.fixture
def read(tool: Callable[[str], str], tmp_path: Path) -> Callable[[Path], list[dict[str, Any]]]:
    """A function that returns the layers of each packet of a capture."""
    tshark = tool("tshark")
    script = tmp_path / "scmi.lua"
    script.write_text(dissector())

    def layers(capture: Path) -> list[dict[str, Any]]:
        command = [tshark, "-2", "-X", f"lua_script:{script}", "-r", capture]
        command += ["-T", "json", "--no-duplicate-keys"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        assert "Lua" not in ran.stderr.replace("lua_script", "")
        return [packet["_source"]["layers"] for packet in json.loads(ran.stdout)]

    return layers


def values(layers: dict[str, Any]) -> dict[str, str]:
    """The fields of a message and of its entries, by name without the prefix ``scmi.``."""
    message: dict[str, Any] = layers["scmi"]
    found = {name.removeprefix("scmi."): value for name, value in message.items()}
    entries = found.pop("entry", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        for name, value in entry.items():
            found[f"Entry {number}: {name.removeprefix('scmi.')}"] = value
    return found


def talk(path: Path, *messages: bytes) -> None:
    """Send each message, and wait for its answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        for message in messages:
            client.send(message)
            assert client.recv(1000)[:4] == message[:4]
        client.recv(1000)  # the delayed response to the last message


def test_a_served_session(read, tmp_path):
    file = tmp_path / "it.pcapng"
    with serving(FULL, "--listen", f"linux=unix:{tmp_path}/s", "--capture", file):
        talk(
            tmp_path / "s",
            request(CLOCK, 0x3, 1, token=5),  # CLOCK_ATTRIBUTES of mux
            request(CLOCK, 0x4, 2, 0, token=6),  # CLOCK_DESCRIBE_RATES of ranged
            request(CLOCK, 0x6, 77, token=7),  # CLOCK_RATE_GET of no clock
            request(SENSOR, 0x3, 0, token=8),  # SENSOR_DESCRIPTION_GET
            request(CLOCK, 0x5, 1, 1, 100_000_000, 0, token=9),  # CLOCK_RATE_SET, asynchronous
        )
    packets = read(file)
    frames = [packet["frame"]["frame.interface_id_tree"] for packet in packets]
    assert {frame["frame.interface_name"] for frame in frames} == {"linux"}
    said = [values(packet) for packet in packets]
    names = [(it["message"], it["direction"], it["type"], it["token"]) for it in said]
    assert names == [
        ("CLOCK_ATTRIBUTES", "0", "0", "5"),
        ("CLOCK_ATTRIBUTES", "1", "0", "5"),
        ("CLOCK_DESCRIBE_RATES", "0", "0", "6"),
        ("CLOCK_DESCRIBE_RATES", "1", "0", "6"),
        ("CLOCK_RATE_GET", "0", "0", "7"),
        ("CLOCK_RATE_GET", "1", "0", "7"),
        ("SENSOR_DESCRIPTION_GET", "0", "0", "8"),
        ("SENSOR_DESCRIPTION_GET", "1", "0", "8"),
        ("CLOCK_RATE_SET", "0", "0", "9"),
        ("CLOCK_RATE_SET", "1", "0", "9"),
        ("CLOCK_RATE_SET_COMPLETE", "1", "2", "9"),
    ]
    expected: list[dict[str, str]] = [
        {"agent": "1", "version": "0x00030000", "clock.clock": "1", "response_in": "2"},
        {"status": "0", "clock.name": "mux", "clock.enable_delay": "40", "request_in": "1"},
        {"clock.clock": "2", "clock.index": "0", "response_in": "4"},
        {
            "status": "0",
            "Entry 0: clock.rate": "1000",
            "Entry 1: clock.rate": "9000",
            "Entry 2: clock.rate": "500",
        },
        {"clock.clock": "77", "response_in": "6"},
        {"status": "-4", "request_in": "5"},
        {"sensor.index": "0", "version": "0x00030001"},
        {
            "Entry 0: sensor.sensor": "0",
            "Entry 0: sensor.name": "cpu-thermal",
            "Entry 0: sensor.power": "12",
            # 5 at [26:0], 10^-1 at [31:27]
            "Entry 0: sensor.resolution": str(5 | 31 << 27),
            "Entry 0: sensor.minimum": "-40000",
            "Entry 0: sensor.maximum": "125000",
            "Entry 1: sensor.name": "accelerometer",
            "Entry 2: sensor.sensor": "2",
        },
        {"clock.flags": "1", "clock.clock": "1", "clock.rate": "100000000", "response_in": "10"},
        {"status": "0", "request_in": "9"},
        {"status": "0", "clock.clock": "1", "clock.rate": "100000000", "request_in": "9"},
    ]
    for number, (found, wanted) in enumerate(zip(said, expected, strict=True), 1):
        assert {name: found.get(name) for name in wanted} == wanted, f"frame {number}"
    # an accelerometer has axes, and no range of its own
    assert "Entry 1: sensor.minimum" not in said[7]
    assert not any("_ws.expert" in str(packet) for packet in packets)


@pytest.fixture
def captured(full_board: Any, tmp_path: Path) -> Any:
    """A server, a function that makes a port of one of its agents, and the file of the capture."""
    server = Server(full_board)
    file = tmp_path / "it.pcapng"
    capture = Capture(file)
    yield server, lambda name: Port(server.agent(name), [capture]), file
    capture.close()


def test_each_agent_has_tokens_of_its_own(captured, read):
    _, make, file = captured
    linux, vm1 = make("linux"), make("vm1")
    vm1.handle(request(CLOCK, 0x6, 1, token=3))
    linux.handle(request(CLOCK, 0x6, 1, token=3))
    linux.handle(request(CLOCK, 0x6, 1, token=3))
    matched = [(it.get("request_in"), it.get("response_in")) for it in map(values, read(file))]
    assert matched == [(None, "2"), ("1", None), (None, "4"), ("3", None), (None, "6"), ("5", None)]


def test_layouts_follow_the_version_that_was_negotiated(captured, read):
    _, make, file = captured
    linux = make("linux")
    linux.handle(request(CLOCK, 0x10, 0x10000))
    linux.handle(request(CLOCK, 0x3, 1))
    *_, response = map(values, read(file))
    assert (response["version"], response["clock.name"]) == ("0x00010000", "mux")
    assert "clock.enable_delay" not in response


def test_notifications_have_no_status(captured, read):
    server, make, file = captured
    linux = make("linux")
    server.sessions[1].push_event(notification(POWER, 0, 2, 1, 0x4000_0000))
    linux.take_events()
    (packet,) = map(values, read(file))
    wanted = {
        "message": "POWER_STATE_CHANGED",
        "type": "3",
        "power.agent": "2",
        "power.domain": "1",
        "power.state": str(0x4000_0000),
    }
    assert {name: packet.get(name) for name in wanted} == wanted
    assert "status" not in packet


def test_what_has_a_wrong_length_is_said_to(captured, read):
    _, make, file = captured
    linux = make("linux")
    for message in (
        request(CLOCK, 0x6),
        request(CLOCK, 0x6, 0, 0),
        request(PINCTRL, 0x6, 0, 0, 0, 1),
        b"\x06",
        request(0x7F, 0x3, 1),
    ):
        linux.handle(message)
    sent = [packet for packet in read(file) if packet["scmi"].get("scmi.direction") != "1"]
    said = [str(packet["scmi"]) for packet in sent]
    assert ["scmi.short" in text for text in said] == [True, False, False, True, False]
    assert ["scmi.long" in text for text in said] == [False, True, True, False, False]
    assert values(sent[4])["message"] == "protocol 0x7f message 0x3"


def test_no_answer_is_shorter_or_longer_than_its_layout(captured, read):
    """Each message with up to four zeroes, to find one that is carried out."""
    _, make, file = captured
    linux = make("linux")
    for protocol, message, more in product(range(0x10, 0x1A), range(0x11), range(5)):
        linux.handle(request(protocol, message, *[0] * more))
    done = [packet for packet in read(file) if packet["scmi"].get("scmi.status") == "0"]
    assert len({values(packet)["message"] for packet in done}) > 40
    assert [values(packet) for packet in done if "_ws.expert" in str(packet)] == []


def test_the_words_that_may_be_left_out_are_not_missed(captured, read):
    """CLOCK_CONFIG_SET with 8 bytes at version 3.0."""
    _, make, file = captured
    make("linux").handle(request(CLOCK, 0x7, 0, 1))
    sent, answer = read(file)
    assert values(sent)["clock.attributes"] == "1"
    assert values(answer)["status"] == "0"
    assert "scmi.short" not in str(sent)
