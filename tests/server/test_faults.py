"""Injected faults: which messages are hit, what their agent gets, and that no other agent is."""

import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from patience import PATIENCE, eventually
from scmi_wire import (
    BUSY,
    CLOCK,
    HARDWARE_ERROR,
    POWER,
    VOLTAGE,
    delayed,
    notification,
    request,
    words,
)
from server_running import Running, serving, strict_server
from smt_client import Areas
from vhost_front_end import FrontEnd

from scmigen import runtime
from scmigen.client import Client
from scmigen.server.faults import MOST_DELAYED, Injector, Turn
from scmigen.server.faults_file import FaultsError, faults_schema, read_faults
from scmigen.server.port import Port, Trace
from scmigen.server.timers import Timers

BOARD = Path(__file__).parent / "board.json"
RATE_GET = request(CLOCK, 0x6, 0)
RATE = RATE_GET[:4] + words(0, 24_000_000, 0)


def fault(**keys: object) -> str:
    """A file with one fault, of the agent linux and CLOCK_RATE_GET by default."""
    shown = {"agent": "linux", "message": "CLOCK_RATE_GET", **keys}
    lines = [f"{key.rstrip('_')} = {_toml(value)}" for key, value in shown.items()]
    return "\n".join(["[[fault]]", *lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | list) else f'"{value}"'


class Hit:
    """An agent with the faults of a file, on a clock of the test."""

    def __init__(self, board: runtime.Runtime, text: str) -> None:
        self.now = 0
        self.late: list[bytes] = []
        self.agent = strict_server(board).agent("linux")
        self.timers = Timers(lambda: self.now)
        faults = [each for each in read_faults(text, board) if each.agent == self.agent.id]
        self.turns = [Turn(each) for each in faults]
        self.injector = Injector(self.turns, lambda: self.now, self.timers.after, self.late.append)

    def handle(self, message: bytes) -> tuple[bytes, ...]:
        return self.injector.handle(message, self.agent.handle)

    def after(self, microseconds: int) -> None:
        self.now += microseconds * 1000
        self.timers.run_due()


@pytest.fixture
def hit(board: runtime.Runtime) -> Callable[[str], Hit]:
    return lambda text: Hit(board, text)


def hits(agent: Hit, count: int, message: bytes = RATE_GET) -> list[int]:
    """Which of so many messages, from 1 on, are answered with BUSY."""
    answers = [agent.handle(message)[0][4:8] for _ in range(count)]
    return [number for number, status in enumerate(answers, 1) if status == words(BUSY)]


# Which messages


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8]),
        ({"every": 3}, [3, 6]),
        ({"after": 2}, [3, 4, 5, 6, 7, 8]),
        ({"count": 2}, [1, 2]),
        ({"after": 1, "every": 2, "count": 2}, [3, 5]),
    ],
    ids=["all", "every", "after", "count", "together"],
)
def test_which_of_the_messages_are_hit(hit, keys, expected):
    assert hits(hit(fault(status="BUSY", **keys)), 8) == expected


def test_a_fault_lasts_from_its_first_hit_on(hit):
    agent = hit(fault(status="BUSY", for_=1000, after=1))
    agent.after(5000)
    assert hits(agent, 2) == [2]
    agent.after(999)
    assert hits(agent, 1) == [1]
    agent.after(1)
    assert hits(agent, 1) == []


@pytest.mark.parametrize(
    "message", ["CLOCK_*", "clock_rate_get", ["POWER_STATE_SET", "*_RATE_GET"]]
)
def test_messages_are_named_by_patterns(hit, message):
    agent = hit(fault(message=message, status="BUSY"))
    assert hits(agent, 1) == [1]
    assert hits(agent, 1, request(VOLTAGE, 0x0)) == []


def test_messages_of_all_protocols_are_named_with_theirs(hit):
    agent = hit(fault(message="clock.PROTOCOL_VERSION", status="BUSY"))
    assert hits(agent, 1, request(CLOCK, 0x0)) == [1]
    assert hits(agent, 1, request(POWER, 0x0)) == []


@pytest.mark.parametrize("resource", ["bus", 1])
def test_only_those_about_a_resource(hit, resource):
    """Clock 1 of linux is bus; in CLOCK_RATE_SET its id is the second word."""
    agent = hit(fault(message="CLOCK_RATE_?ET", resource=resource, status="BUSY"))
    assert hits(agent, 1, request(CLOCK, 0x6, 0)) == []
    assert hits(agent, 1, request(CLOCK, 0x6, 1)) == [1]
    assert hits(agent, 1, request(CLOCK, 0x5, 1, 0, 24_000_000, 0)) == []
    assert hits(agent, 1, request(CLOCK, 0x5, 0, 1, 24_000_000, 0)) == [1]


def test_the_first_fault_whose_turn_it_is_hits(hit):
    agent = hit(fault(status="BUSY", every=2) + fault(status="HARDWARE_ERROR"))
    statuses = [agent.handle(RATE_GET)[0][4:] for _ in range(3)]
    assert statuses == [words(HARDWARE_ERROR), words(BUSY), words(HARDWARE_ERROR)]


# What happens


def test_a_message_with_a_status_is_not_carried_out(hit):
    agent = hit(fault(message="CLOCK_CONFIG_SET", status=-200))
    before = agent.agent.handle(request(CLOCK, 0xB, 0, 0))
    (answer,) = agent.handle(request(CLOCK, 0x7, 0, 0, 0))
    assert answer == request(CLOCK, 0x7, -200)
    assert agent.agent.handle(request(CLOCK, 0xB, 0, 0)) == before


def test_a_message_without_an_answer_is_carried_out(hit):
    agent = hit(fault(message="CLOCK_RATE_SET", drop=True))
    assert agent.handle(request(CLOCK, 0x5, 0, 0, 48_000_000, 0)) == ()
    (rate,) = agent.handle(RATE_GET)
    assert rate[8:] == words(48_000_000, 0)


def test_with_a_status_it_is_lost_on_its_way(hit):
    agent = hit(fault(message="CLOCK_RATE_SET", drop=True, status="BUSY"))
    assert agent.handle(request(CLOCK, 0x5, 0, 0, 48_000_000, 0)) == ()
    assert agent.handle(RATE_GET) == (RATE,)


@pytest.mark.parametrize(
    ("length", "expected"),
    [(0, RATE[:4]), (2, RATE[:6]), (8, RATE[:12]), (12, RATE), (15, RATE + bytes(3))],
)
def test_a_response_of_another_length(hit, length, expected):
    assert hit(fault(length=length)).handle(RATE_GET) == (expected,)


def test_a_response_twice(hit):
    assert hit(fault(duplicate=True)).handle(RATE_GET) == (RATE, RATE)


def test_a_late_response_comes_when_it_is_due(hit):
    agent = hit(fault(delay=1000, duplicate=True, count=1))
    assert agent.handle(RATE_GET) == ()
    assert agent.handle(RATE_GET) == (RATE,), "later messages are not held up"
    agent.after(999)
    assert agent.late == []
    agent.after(1)
    assert agent.late == [RATE, RATE]


def test_what_is_late_is_forgotten_with_the_client(hit):
    agent = hit(fault(delay=1000))
    agent.handle(RATE_GET)
    agent.injector.forget()
    agent.after(5000)
    assert agent.late == []


def test_what_is_late_is_sent_when_the_faults_are_no_longer(hit):
    agent = hit(fault(delay=1000, duplicate=True))
    agent.handle(RATE_GET)
    agent.injector.hurry()
    assert agent.late == [RATE, RATE]
    agent.after(5000)
    assert agent.late == [RATE, RATE]


def test_an_agent_cannot_make_the_server_keep_more_than_so_many(hit):
    agent = hit(fault(delay=1000))
    answers = [agent.handle(RATE_GET) for _ in range(MOST_DELAYED + 2)]
    assert answers == [()] * MOST_DELAYED + [(RATE,)] * 2


def test_events_have_faults_too(hit):
    complete = delayed(CLOCK, 0x5, 0, 1, 5, 0)
    changed = notification(POWER, 0x0, 2, 1, 0)
    agent = hit(
        fault(message="CLOCK_RATE_SET_COMPLETE", resource=1, status="HARDWARE_ERROR")
        + fault(message="POWER_STATE_CHANGED", drop=True, count=1)
    )
    assert agent.injector.events((complete, changed, changed)) == (
        delayed(CLOCK, 0x5, HARDWARE_ERROR, 1, 5, 0),
        changed,
    )


# Other agents


ALL = fault(message="*", status="BUSY") + fault(message="*", drop=True)


def test_no_other_agent_is_touched(board, tmp_path):
    """vm1 sees what it sees without faults, while everything of linux fails."""
    messages = [
        request(protocol, number, 1) for protocol in range(0x10, 0x18) for number in range(5)
    ]
    expected = [strict_server(board).agent("vm1").handle(message) for message in messages]
    urls = {name: f"unix:{tmp_path}/{name}" for name in ("linux", "vm1")}
    faults = read_faults(ALL, board)
    running = Running(board, urls, faults=faults)
    with running.running(), packets(tmp_path / "linux") as linux, packets(tmp_path / "vm1") as vm1:
        for message, (answer,) in zip(messages, expected, strict=True):
            linux.send(message)
            vm1.send(message)
            assert vm1.recv(1000) == answer
            assert linux.recv(1000) == message[:4] + words(BUSY)


def packets(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(PATIENCE)
    client.connect(str(path))
    return client


# Transports


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "unix-dgram", "smt"])
def test_a_late_response_over_each_transport(board, tmp_path, scheme):
    url = f"{scheme}:{tmp_path}/linux"
    faults = read_faults(fault(delay=50_000, count=1), board)
    with Running(board, {"linux": url}, faults=faults).running(), Client(url, 60) as client:
        begin = time.monotonic()
        assert client.clock_rate(0) == 24_000_000
        assert time.monotonic() - begin >= 0.05
        assert client.clock_rate(0) == 24_000_000


def test_a_late_response_to_a_virtual_machine(board, tmp_path):
    faults = read_faults(fault(delay=50_000, count=1), board)
    running = Running(board, {"linux": f"vhost-user:{tmp_path}/s"}, faults=faults)
    with running.running(), FrontEnd(tmp_path / "s") as guest:
        guest.start()
        begin = time.monotonic()
        assert guest.command(RATE_GET) == RATE
        assert time.monotonic() - begin >= 0.05
        assert guest.command(RATE_GET) == RATE


def test_a_ring_does_not_carry_out_again_what_waits_for_its_answer(board, tmp_path):
    """The doorbell of shared memory is rung for events and FastChannels too."""
    faults = read_faults(fault(delay=50_000, count=1), board)
    running = Running(board, {"linux": f"smt:{tmp_path}/m"}, faults=faults)
    with running.running(), Areas(tmp_path / "m") as linux:
        begin = time.monotonic()
        linux.write(RATE_GET)
        linux.ring()
        linux.ring()
        assert linux.rung()
        assert time.monotonic() - begin >= 0.05
        assert linux.answer() == RATE


def test_a_late_response_is_in_the_area_of_its_command(board, tmp_path):
    faults = read_faults(fault(delay=50_000, count=1), board)
    url = f"smt:{tmp_path}/m,offset=0x0:0x200"
    with Running(board, {"linux": url}, faults=faults).running(), Areas(tmp_path / "m") as linux:
        linux.write(RATE_GET, area=0x200)
        linux.ring()
        linux.write(request(CLOCK, 0))
        linux.ring()
        assert linux.rung()
        assert linux.answer()[:8] == request(CLOCK, 0) + words(0)
        assert linux.word(0x204) == 0  # still waits
        assert linux.rung()
        assert linux.answer(0x200) == RATE


def test_without_faults_a_message_goes_straight_to_its_agent(board):
    agent = strict_server(board).agent("linux")
    port = Port(agent)
    assert port.handle == agent.handle
    port.inject(Injector([], lambda: 0, Timers(lambda: 0).after, lambda _: None))
    assert port.handle != agent.handle
    port.inject(None)
    assert port.handle == agent.handle


@pytest.mark.parametrize("scheme", ["unix", "smt"])
def test_a_trace_has_a_late_response_as_one(board, tmp_path, scheme):
    url, file = f"{scheme}:{tmp_path}/linux", tmp_path / "trace"
    faults = read_faults(fault(delay=50_000), board)
    trace = Trace(file.open("w"))
    running = Running(board, {"linux": url}, [trace], faults=faults)
    with running.running(), Client(url, 60) as client:
        client.clock_rate(0)
    sent, got, *_ = [line for line in file.read_text().splitlines() if "RATE_GET" in line]
    assert sent.endswith("# CLOCK_RATE_GET clock=0")
    assert got.endswith("# CLOCK_RATE_GET SUCCESS rate=24000000")


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "unix-dgram", "smt"])
def test_other_faults_release_what_waits(board, tmp_path, scheme):
    url = f"{scheme}:{tmp_path}/linux"
    running = Running(board, {"linux": url}, faults=read_faults(fault(delay=60_000_000), board))
    with running.running(), Client(url, 30) as client:
        loop = running.service.loop
        timer = threading.Timer(0.05, lambda: loop.interrupt(lambda: running.service.inject(())))
        timer.start()
        assert client.clock_rate(0) == 24_000_000
        assert client.clock_rate(0) == 24_000_000
        timer.join()


@pytest.mark.parametrize("scheme", ["unix", "unix-stream", "unix-dgram", "smt"])
def test_the_next_client_is_answered_after_a_lost_response(board, tmp_path, scheme):
    url = f"{scheme}:{tmp_path}/linux"
    faults = read_faults(fault(drop=True, count=1), board)
    with Running(board, {"linux": url}, faults=faults).running():
        with Client(url, 0.3) as client, pytest.raises(Exception, match=r"0\.3 s"):
            client.clock_rate(0)
        with Client(url, 60) as client:
            assert client.clock_rate(0) == 24_000_000


# The file


def test_sighup_reads_the_file_again_and_keeps_the_old_one_if_it_is_wrong(tmp_path):
    url, file = f"unix:{tmp_path}/linux", tmp_path / "faults.toml"
    file.write_text(fault(status="BUSY"))

    def status(client: socket.socket) -> int:
        client.send(RATE_GET)
        return int.from_bytes(client.recv(100)[4:8], "little", signed=True)

    with (
        serving(BOARD, "--listen", f"linux={url}", "--faults", file) as server,
        packets(tmp_path / "linux") as client,
    ):
        assert status(client) == BUSY
        file.write_text(fault(status="SLOW"))
        server.send_signal(signal.SIGHUP)
        reload = next(line for line in iter(server.stderr.readline, "") if "reload" in line)
        assert "fault 1: status = 'SLOW'" in reload
        assert status(client) == BUSY
        file.write_text("")
        server.send_signal(signal.SIGHUP)
        assert eventually(lambda: status(client) == 0)


WRONG = """\
[[fault]]
agent = "linus"
message = "CLOCK_RATE_GETT"
status = "BUSY"

[[fault]]
agent = "vm2"
massage = "CLOCK_RATE_GET"
status = 7
every = 0

[[fault]]
agent = 1
message = ["CLOCK_RATE_CHANGED"]
status = "BUSY"
resource = "no-such"

[[fault]]
agent = "linux"
message = "CLOCK_RAT_GET"

[[fault]]
agent = "linux"
message = "CLOCK_RATE_GET"
drop = true
delay = 5
"""


def test_everything_that_is_wrong_is_said_at_once(board):
    with pytest.raises(FaultsError) as raised:
        read_faults(WRONG, board)
    statuses = (
        "SUCCESS, NOT_SUPPORTED, INVALID_PARAMETERS, DENIED, NOT_FOUND, OUT_OF_RANGE, BUSY, "
        "COMMS_ERROR, GENERIC_ERROR, HARDWARE_ERROR, PROTOCOL_ERROR, IN_USE"
    )
    assert raised.value.problems == [
        "1: fault 1: unknown agent 'linus'; known: linux, vm1, hypervisor",
        "1: fault 1: unknown message 'CLOCK_RATE_GETT'; did you mean CLOCK_RATE_GET?",
        "6: fault 2: unknown key 'massage'; did you mean message?",
        f"6: fault 2: status = 7: one of {statuses} or a number of -2147483648 to -1",
        "6: fault 2: every = 0: a number of 1 to 86400000000",
        "6: fault 2: message is missing",
        "6: fault 2: unknown agent 'vm2'; known: linux, vm1, hypervisor",
        "12: fault 3: CLOCK_RATE_CHANGED is a notification, which has no status",
        "12: fault 3: no such message of linux is about a resource 'no-such'",
        "18: fault 4: nothing would happen: give one of status, drop, duplicate, delay, length",
        "18: fault 4: unknown message 'CLOCK_RAT_GET'; did you mean CLOCK_RATE_GET?",
        "22: fault 5: drop leaves no response for duplicate, delay or length",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[fault", "not TOML: "),
        ("fault = 3", "fault is not a list of tables: write [[fault]]"),
        ("[faults]", "unknown key 'faults': the file has [[fault]] tables only"),
        ("#" * 200_000, "the file is longer than 131072 bytes"),
    ],
    ids=["syntax", "type", "key", "size"],
)
def test_a_file_of_another_form(board, text, problem):
    with pytest.raises(FaultsError, match=r".*") as raised:
        read_faults(text, board)
    assert raised.value.problems[0].startswith(problem)


def test_a_server_does_not_start_with_a_wrong_file(tmp_path):
    file = tmp_path / "faults.toml"
    file.write_text(WRONG)
    command = [sys.executable, "-m", "scmigen", "serve", BOARD, "--directory", tmp_path / "run"]
    ran = subprocess.run([*command, "--faults", file], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    first, *_, last = ran.stderr.splitlines()
    assert (
        first == f"Error: {file}:1: fault 1: unknown agent 'linus'; known: linux, vm1, hypervisor"
    )
    assert last.startswith(f"Error: {file}:22: fault 5: drop leaves no response")
    assert len(ran.stderr.splitlines()) == 12
    assert not (tmp_path / "run").exists()


def test_the_schema_accepts_what_the_reader_does():
    """And refuses what is wrong with a form; names are beyond it."""
    check = jsonschema.Draft202012Validator(faults_schema())
    right = fault(status="BUSY", every=3, for_=10) + fault(message=["A", "B"], length=0)
    check.validate(tomllib.loads(right))
    for wrong in (
        fault(),
        fault(status="SLOW"),
        fault(delay=0),
        fault(drop=True, colour=1),
        fault(agent=-1, drop=True),
        fault(message=[], drop=True),
    ):
        assert not check.is_valid(tomllib.loads(wrong)), wrong
