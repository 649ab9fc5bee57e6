"""Telemetry of the beta of release 4.0, as Linux' driver asks for it (struct scmi_de_desc, struct
prlg, struct payload and struct eplg of drivers/firmware/arm_scmi/telemetry.c)."""

import json
import struct
import threading
from pathlib import Path

import pytest
from patience import PATIENCE
from scmi_wire import (
    DENIED,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OUT_OF_RANGE,
    SUCCESS,
    words,
)

from scmigen import runtime
from scmigen.client import Client
from scmigen.client.dump import dump
from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.server.fastchannels import Window
from scmigen.server.service import Service
from scmigen.server.telemetry import TelemetryError
from scmigen.server.transports import TransportError

TELEMETRY = 0x1B
BOARD = json.loads((Path(__file__).parent / "full.json").read_text())
ELEMENTS = [
    {"id": 0, "name": "energy", "node": "", "element": 0xCAFE_0001, "group": 1, "type": 3}
    | {"unit": 0x1F, "exponent": -6, "instance": 1, "component": 2, "component_instance": 0x304}
    | {"persistent": True, "rate": 1000, "readings": [7, 0x1_0000_0002], "period": 100_000},
    {"id": 1, "name": "secret", "node": "", "element": 5, "readings": [99]},
    {"id": 2, "name": "temperature", "node": "", "element": 6, "size": 4}
    | {"readings": [0x1_0000_0005]},
]
ADDRESS, SIZE = 0x2000_0000, 0x100
NONE = 0xFFFF_FFFF
ALL, ON = 2 << 5, 1
#: value << 5 | exponent: 20 ms, 1 s
FAST, SLOW = 20 << 5 | 29, 1 << 5


def board():
    found = json.loads(json.dumps(BOARD))
    found |= {"telemetry": ELEMENTS, "telemetry_revision": [1, 2, 3, 4]}
    found["telemetry_intervals"] = [{"value": 20}, {"value": 1, "exponent": 0}]
    for agent, numbers in (("linux", (0, 2)), ("vm1", (1,))):
        grants = next(it for it in found["agents"] if it["name"] == agent)["grants"]
        grants["telemetry"] = [
            {"id": number, "resource": number, "operations": ["read"]} for number in numbers
        ]
    return runtime.decode(json.dumps(found).encode())


@pytest.fixture
def full(full_with, tmp_path):
    window = Window(tmp_path / "shmti", ADDRESS, SIZE)
    platform = full_with(Profile.V4_0_BETA, board=board(), telemetry={1: window})
    yield platform
    platform.server.telemetry.close()


def frame(path):
    """Sequence numbers, and the lines: (flags, element, value, timestamp)."""
    data = (path / "shmti").read_bytes()
    signature, first, quads, revision = struct.unpack_from("<IIII", data)
    last, end = struct.unpack_from("<II", data, SIZE - 8)
    assert (signature, revision, end) == (0x5442474E, 1, 0x54454E44)
    assert quads % 3 == 0
    lines = [struct.unpack_from("<IIQQ", data, 16 + 24 * n) for n in range(quads // 3)]
    return first, last, lines


def test_the_protocol_is_there_for_those_who_are_granted_an_element(full, full_with):
    assert full.linux.words(TELEMETRY, 0) == [0x10000]
    # two elements, groups up to 1, the revision; reset, and one SHMTI
    assert full.linux.words(TELEMETRY, 1) == [2, 2, 1, 2, 3, 4, 1 << 17 | 1, 0]
    assert full.vm1.words(TELEMETRY, 1) == [1, 0, 1, 2, 3, 4, 1 << 17, 0]
    assert full_with(Profile.V3_2, board=board()).linux.status(TELEMETRY, 0) == NOT_SUPPORTED
    assert full_with(Profile.V4_0_BETA).linux.status(TELEMETRY, 0) == DENIED


def test_elements_are_described_to_those_who_may_read_them(full):
    status, data = full.linux.ask(TELEMETRY, 4, 0)
    energy = words(0xCAFE_0001, 1, 8)
    # name, type 3, persistent, exponent -6 in 8 bits, unit 0x1F, a timestamp of its own
    energy += words(1 << 31 | 3 << 22 | 1 << 21 | 0xFA << 13 | 0x1F << 5 | 1)
    energy += words(1 << 24 | 0x304 << 8 | 2, 0, 1000) + b"energy".ljust(16, b"\0")
    temperature = words(6, NONE, 4, 1 << 31, 0, 0) + b"temperature".ljust(16, b"\0")
    assert (status, data) == (SUCCESS, words(2) + energy + temperature)
    assert full.linux.ask(TELEMETRY, 4, 1) == (SUCCESS, words(1) + temperature)
    assert full.linux.status(TELEMETRY, 4, 2) == OUT_OF_RANGE


def test_the_description_comes_in_parts_where_replies_are_short(full_with):
    linux = full_with(Profile.V4_0_BETA, board=board(), max_reply=64).linux
    status, data = linux.ask(TELEMETRY, 4, 0)
    assert (status, data[:4], len(data)) == (SUCCESS, words(1 | 1 << 16), 4 + 44)


def test_the_memory_of_the_agent_is_its_own(full):
    assert full.linux.words(TELEMETRY, 3, 0) == [1, 0, ADDRESS, 0, SIZE, 0]
    assert full.linux.status(TELEMETRY, 3, 1) == OUT_OF_RANGE
    assert full.vm1.status(TELEMETRY, 3, 0) == OUT_OF_RANGE


def test_intervals(full):
    assert full.linux.words(TELEMETRY, 5, 0, NONE, 2) == [2, FAST, SLOW]
    assert full.linux.words(TELEMETRY, 5, 1, 1, 1) == [1, SLOW]
    assert full.linux.status(TELEMETRY, 5, 0, 0, 1) == NOT_FOUND
    assert full.linux.status(TELEMETRY, 5, 2, 0, 2) == OUT_OF_RANGE
    assert full.linux.status(TELEMETRY, 5, 0, 0, 3) == INVALID_PARAMETERS


def test_what_is_switched_on_is_collected_at_the_interval(full, tmp_path):
    linux = full.linux
    first, last, lines = frame(tmp_path)
    assert first == last
    assert lines == [(5, 0xCAFE_0001, 0, 0), (5, 6, 0, 0)]  # without values
    assert linux.words(TELEMETRY, 6, 0xCAFE_0001, 2) == [0, 16, 0]
    assert linux.words(TELEMETRY, 6, 6, 1) == [0, 16 + 24, 0]
    assert frame(tmp_path)[2] == lines  # nothing is collected yet
    assert linux.status(TELEMETRY, 8, NONE, ALL | ON, FAST) == SUCCESS
    assert linux.words(TELEMETRY, 9, NONE, 2) == [ALL | ON, FAST]
    begun = frame(tmp_path)
    assert begun[2] == [(6, 0xCAFE_0001, 7, begun[2][0][3]), (4, 6, 5, 0)]
    assert begun[0] == begun[1] != last
    full.wait(100_000)
    _, again, ((flags, _, value, stamp), other) = frame(tmp_path)
    assert again == begun[1] + 2 * 5  # 20 ms
    assert (flags, value, other) == (6, 0x1_0000_0002, (4, 6, 5, 0))
    assert stamp == begun[2][0][3] + 100_000  # kHz
    assert linux.status(TELEMETRY, 8, NONE, ALL, 0) == SUCCESS
    assert [line[0] for line in frame(tmp_path)[2]] == [5, 5]
    full.wait(100_000)
    assert frame(tmp_path)[1] == again + 2


def test_a_group_is_switched_together(full):
    linux = full.linux
    assert linux.words(TELEMETRY, 6, 1, 1 << 3 | 2) == [0, 0, 0]
    assert linux.words(TELEMETRY, 7, 0, 0) == [1, 0xCAFE_0001, 2]
    assert linux.words(TELEMETRY, 6, 6, 1)[0] == 0
    assert linux.words(TELEMETRY, 7, 0, 0) == [2, 0xCAFE_0001, 2, 6, 1]
    assert linux.words(TELEMETRY, 6, 0xCAFE_0001, 0) == [NONE, 0, 0]
    assert linux.words(TELEMETRY, 7, 0, 0) == [1, 6, 1]
    assert linux.words(TELEMETRY, 6, 0, 4) == [NONE, 0, 0]
    assert linux.words(TELEMETRY, 7, 0, 0) == [0]


def test_what_is_wrong_or_not_there_is_refused(full):
    linux = full.linux
    assert linux.status(TELEMETRY, 6, 5, 1) == NOT_FOUND  # vm1's
    assert linux.status(TELEMETRY, 6, 0, 1 << 3 | 1) == NOT_FOUND
    assert linux.status(TELEMETRY, 6, 6, 2) == NOT_SUPPORTED  # it has no timestamps
    assert linux.status(TELEMETRY, 6, 6, 3) == INVALID_PARAMETERS
    assert linux.status(TELEMETRY, 6, 6, 1 << 4) == INVALID_PARAMETERS
    assert linux.status(TELEMETRY, 8, NONE, ALL | ON, 1) == OUT_OF_RANGE
    assert linux.status(TELEMETRY, 8, NONE, ALL | ON | 1 << 1, 0) == NOT_SUPPORTED
    assert linux.status(TELEMETRY, 8, 1, 1 << 5 | ON, 0) == NOT_SUPPORTED
    assert linux.status(TELEMETRY, 8, NONE, 1 << 9, 0) == INVALID_PARAMETERS
    assert linux.status(TELEMETRY, 0xA, 1) == INVALID_PARAMETERS


def test_reset_and_disconnection_switch_off(full, tmp_path):
    for end in (lambda: full.linux.status(TELEMETRY, 0xA, 0), full.linux.agent.disconnect):
        full.linux.status(TELEMETRY, 6, 6, 1)
        full.linux.status(TELEMETRY, 8, NONE, ALL | ON, SLOW)
        assert frame(tmp_path)[2][1][:3] == (4, 6, 5)
        end()
        assert frame(tmp_path)[2] == [(5, 0xCAFE_0001, 0, 0), (5, 6, 0, 0)]
        assert full.linux.words(TELEMETRY, 7, 0, 0) == [0]
        assert full.linux.words(TELEMETRY, 9, NONE, 2) == [ALL, FAST]


def test_memory_that_nobody_can_use_is_refused(full_with, tmp_path):
    for profile, size, told in (
        (Profile.V3_2, SIZE, "give --profile linux=4.0-beta"),
        (Profile.V4_0_BETA, 0x47, "linux needs 0x48"),
    ):
        window = Window(tmp_path / "shmti", ADDRESS, size)
        with pytest.raises(TelemetryError, match=told):
            full_with(profile, board=board(), telemetry={1: window})
    window = Window(tmp_path / "shmti", ADDRESS, SIZE)
    with pytest.raises(TelemetryError, match="is granted no element"):
        full_with(Profile.V4_0_BETA, telemetry={1: window})
    with pytest.raises(TelemetryError, match="a file of FastChannels"):
        full_with(Profile.V4_0_BETA, board=board(), telemetry={1: window}, fastchannels={1: window})
    with pytest.raises(TelemetryError, match="each needs its own"):
        full_with(Profile.V4_0_BETA, board=board(), telemetry={1: window, 2: window})


def test_a_file_that_becomes_shorter_harms_nobody(full, tmp_path):
    with (tmp_path / "shmti").open("r+b") as file:
        file.truncate(0)
    assert full.linux.words(TELEMETRY, 6, 6, 1) == [0, 40, 0]
    assert full.linux.status(TELEMETRY, 8, NONE, ALL | ON, FAST) == SUCCESS
    full.wait(50_000)
    assert full.vm1.words(TELEMETRY, 0) == [0x10000]


def test_a_dump_has_the_elements_and_what_is_on(tmp_path):
    server = Server(board(), Profile.V4_0_BETA)
    url = f"unix:{tmp_path}/linux"
    with Service(server, {server.agent("linux"): url}, lambda *_: None) as service:
        thread = threading.Thread(target=service.run)
        thread.start()
        try:
            with Client(url) as linux:
                linux.ask("TELEMETRY_DE_CONFIGURE", element=0xCAFE_0001, flags=2)
                found = dump(linux)
        finally:
            service.stop()
            thread.join(PATIENCE)
    assert found["telemetry"] == [
        {"id": 0xCAFE_0001, "name": "energy", "group": 1, "size": 8}
        | {"unit": "1e-06 m", "rate": 1000}
        | {"mode": "with timestamps"},
        {"id": 6, "name": "temperature", "size": 4, "unit": "none", "mode": "off"},
    ]
    assert found["powercap"][0]["cap"] == 9000


def test_a_frame_is_not_the_mailbox_of_another_agent(full_with, tmp_path):
    """The file keeps what it has, under any of its names."""
    window = Window(tmp_path / "shmti", ADDRESS, SIZE)
    platform = full_with(Profile.V4_0_BETA, board=board(), telemetry={1: window})
    before = (tmp_path / "shmti").read_bytes()
    (tmp_path / "other").hardlink_to(tmp_path / "shmti")
    urls = {platform.server.agent("vm1"): f"smt:{tmp_path}/other"}
    with pytest.raises(TransportError, match="other: is memory of FastChannels or telemetry"):
        Service(platform.server, urls, lambda *_: None)
    assert (tmp_path / "shmti").read_bytes().startswith(before)
