"""What nobody expected: a back end, or the server, raises what is no `BackendError`. The message is
answered GENERIC_ERROR, one line says where it was, and nobody else notices."""

import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from patience import PATIENCE
from scmi_wire import (
    CLOCK,
    GENERIC_ERROR,
    HARDWARE_ERROR,
    OFF,
    ON,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SUCCESS,
    VOLTAGE,
    Wire,
    delayed,
    notification,
    request,
)
from server_running import Running, strict_server

from scmigen.client import Client, ScmiError
from scmigen.scmi.protocols import Protocol
from scmigen.server.backend import Backend, BackendError
from scmigen.server.port import Port, Trace
from scmigen.server.protocols import clock
from scmigen.server.reload import transfer_state
from scmigen.server.simulator import Recorder, Simulator
from scmigen.server.timers import Timers

RATE = 800_000_000
LDO, SLOW = 1, 1


class Breaking(Simulator):
    """A back end with a mistake in it: what begins with one of ``on`` raises ``raised``."""

    def __init__(self, *on, raised=KeyError):
        super().__init__()
        self.on = on
        self.raised = raised

    def apply(self, effect):
        if str(effect).startswith(self.on):
            raise self.raised("a mistake")

    def read(self, kind, number):
        if f"{kind} {number} read".startswith(self.on):
            raise self.raised("a mistake")
        return super().read(kind, number)


@pytest.fixture
def broken():
    """The lines about what nobody expected."""
    return []


@pytest.fixture
def breaking(full_with, broken):
    """A platform whose back end raises for these effects and readings."""

    def make(*on, raised=KeyError):
        return full_with(backend=Breaking(*on, raised=raised), broken=broken.append)

    return make


CHANGES = {
    "clock 0 (pll) rate": (CLOCK, 5, 0, 0, RATE, 0),
    "clock 0 (pll) state": (CLOCK, 7, 0, 1, 0),
    "voltage 0 (buck) level": (VOLTAGE, 7, 0, 0, 900_000),
    "reset 0 (block) reset": (RESET, 4, 0, 1, 0),
    "performance 0 (cpu) level": (PERFORMANCE, 7, 0, 30),
    "sensor 1 (accelerometer) config": (SENSOR, 0xA, 1, 0),
    "powercap 0 (soc) cap": (POWERCAP, 5, 0, 0, 3000),
    "pin 0 (gpio0) config": (PINCTRL, 6, 0, 0xFFFF_FFFF, 1 << 2, 4, 0),
}


def test_these_changes_are_made_by_a_back_end_without_mistakes(full):
    for message in CHANGES.values():
        assert full.linux.status(*message) == SUCCESS, message


@pytest.mark.parametrize("raised", [KeyError, RecursionError, MemoryError, AssertionError])
@pytest.mark.parametrize("effect", CHANGES)
def test_a_change_is_answered_with_an_error_and_the_next_as_ever(breaking, broken, effect, raised):
    full = breaking(effect, raised=raised)
    message = request(*CHANGES[effect], token=77)
    assert full.linux.agent.handle(message) == (message[:4] + struct.pack("<i", GENERIC_ERROR),)
    (line,) = broken
    assert line.startswith("linux: message ")
    assert f": {raised.__name__} at test_containment.py:" in line
    assert line.endswith(" in apply")
    assert full.vm1.status(POWER, 5, SLOW) == SUCCESS  # the failure is nobody else's
    full.server.backend.on = ()
    assert full.linux.status(*CHANGES[effect]) == SUCCESS


def test_a_reading_that_raises_is_answered_with_an_error(breaking, broken):
    full = breaking("sensor", "powercap")
    assert full.linux.status(SENSOR, 6, 0, 0) == GENERIC_ERROR
    assert full.linux.status(POWERCAP, 9, 0) == GENERIC_ERROR
    assert len(broken) == 2


@pytest.mark.parametrize("values", [(2**70,), ("warm",), None], ids=str)
def test_an_invalid_reading_is_answered_with_an_error(full_with, broken, values):
    full = full_with(broken=broken.append)
    full.server.backend.read = lambda *_: values
    assert full.linux.status(SENSOR, 6, 0, 0) == GENERIC_ERROR
    assert len(broken) == 1


def test_a_back_end_error_is_still_the_hardwares(breaking, broken):
    full = breaking("clock 0 (pll) rate", raised=BackendError)
    assert full.linux.status(CLOCK, 5, 0, 0, RATE, 0) == HARDWARE_ERROR
    assert full.failures == ["a mistake"]
    assert broken == []


def test_what_follows_from_a_vote_is_settled_to_the_end(breaking):
    """slow hangs on ldo: that the back end breaks over ldo keeps nobody from seeing slow on."""
    full = breaking("voltage 1 (ldo) state")
    full.vm1.status(POWER, 6, SLOW, 1)
    full.vm1.status(POWER, 4, 0, SLOW, ON)
    full.events(full.vm1)
    assert full.linux.status(VOLTAGE, 5, LDO, 7) == GENERIC_ERROR
    assert full.vm1.words(POWER, 5, SLOW) == [ON]
    assert full.events(full.vm1) == (notification(POWER, 0, 1, SLOW, ON),)


# Later


def test_a_delayed_change_that_raises_is_reported_and_frees_the_resource(breaking, broken):
    full = breaking("clock 1 (mux) rate")
    assert full.linux.status(CLOCK, 5, 1, 1, 200_000_000, 0) == SUCCESS
    full.wait(1_000_000)
    (event,) = full.events(full.linux)
    assert event == delayed(CLOCK, 5, GENERIC_ERROR, 1, *full.linux.words(CLOCK, 6, 1))
    (line,) = broken
    assert line.startswith("linux: a delayed change of clock 1: KeyError at test_containment")
    full.server.backend.on = ()
    assert full.linux.status(CLOCK, 5, 0, 1, 200_000_000, 0) == SUCCESS  # not busy


@pytest.mark.parametrize("raised", [KeyError, BackendError])
def test_a_delayed_vote_that_fails_is_not_the_next_agents_failure(breaking, broken, raised):
    full = breaking("power 1 (slow) state", raised=raised)
    full.linux.status(VOLTAGE, 5, LDO, 7)
    assert full.vm1.status(POWER, 4, 1, SLOW, ON) == SUCCESS
    full.wait(1_000_000)
    assert len(broken + full.failures) == 1
    assert full.linux.status(CLOCK, 6, 0) == SUCCESS


def test_a_sensor_that_breaks_is_looked_at_again(breaking, broken):
    full = breaking()
    full.linux.status(SENSOR, 5, 0, 0 << 4 | 1, 55_000, 0)
    full.linux.status(SENSOR, 4, 0, 1)
    full.server.backend.on = ("sensor 0",)
    full.wait(50_000)
    assert broken
    assert "polling sensor 0: KeyError" in broken[0]
    full.server.backend.on = ()
    full.wait(200_000)
    assert full.events(full.linux)


def test_a_timer_that_raises_keeps_no_other_from_being_called():
    def bad():
        raise ValueError

    times, failed, called = iter(range(0, 1 << 30, 1 << 20)), [], []
    timers = Timers(lambda: next(times), failed.append)
    for call in (bad, lambda: called.append(1), bad, lambda: called.append(2)):
        timers.after(1, call)
    timers.run_due()
    assert called == [1, 2]
    assert [type(problem) for problem in failed] == [ValueError] * 2


# Mistakes of the server itself


def test_a_handler_that_raises_fails_its_message_only(full_with, broken, monkeypatch):
    monkeypatch.setitem(clock.SERVED.handlers, 6, lambda *_: 1 // 0)
    full = full_with(broken=broken.append)
    assert full.linux.status(CLOCK, 6, 0) == GENERIC_ERROR
    assert full.linux.status(CLOCK, 3, 0) == SUCCESS
    assert "ZeroDivisionError at test_containment.py:" in broken[0]


def test_an_event_that_cannot_be_published_keeps_no_other_back(full_with, broken, monkeypatch):
    """The rate of pll changes, and with it those below; publishing one of them breaks."""
    full = full_with(broken=broken.append)
    for number in range(4):
        full.linux.status(CLOCK, 9, number, 1)
    full.linux.status(CLOCK, 5, 0, 0, RATE, 0)
    told = full.events(full.linux)
    publish = full.server._publish

    def telling(cause, change):
        if change.number == 0:
            raise TypeError
        publish(cause, change)

    monkeypatch.setattr(full.server, "_publish", telling)
    assert full.linux.status(CLOCK, 5, 0, 0, 400_000_000, 0) == SUCCESS
    assert len(full.events(full.linux)) == len(told) - 1
    assert broken[0].startswith("publishing event 0 of CLOCK: TypeError")


# Votes that go, configurations that come


def test_a_back_end_that_breaks_over_a_disconnect_leaves_the_state_settled(breaking, broken):
    full = breaking()
    full.linux.status(VOLTAGE, 5, LDO, 7)
    full.vm1.status(POWER, 4, 0, SLOW, ON)
    full.server.backend.on = ("power 1",)
    full.vm1.agent.disconnect()
    assert len(broken) == 1
    assert full.linux.words(POWER, 5, SLOW) == [OFF]
    assert full.linux.status(CLOCK, 6, 0) == SUCCESS


def test_a_resource_that_breaks_on_reload_keeps_no_other_from_being_transferred(
    full, full_board, broken
):
    full.linux.status(CLOCK, 5, 0, 0, RATE, 0)
    full.linux.status(POWERCAP, 5, 0, 0, 3000)
    backend = Breaking("clock 0 (pll) rate")
    new = strict_server(full_board, now=full.time, backend=backend, broken=broken.append)
    transfer_state(full.server, new)
    assert len(broken) == 1
    assert broken[0].startswith("transferring clock 0: KeyError at ")
    assert Wire(new.agent("linux")).words(POWERCAP, 4, 0) == [3000]


def test_a_back_end_that_breaks_over_the_state_at_boot_is_served_nevertheless(full_board, broken):
    configuration = msgspec.structs.replace(
        full_board,
        clocks=tuple(msgspec.structs.replace(it, enabled=True) for it in full_board.clocks),
    )
    server = strict_server(configuration, backend=Breaking("clock"), broken=broken.append)
    assert broken
    assert Wire(server.agent("vm1")).status(POWER, 5, SLOW) == SUCCESS


class CannotStart(Backend):
    """A back end whose board is not there."""

    def start(self, configuration, now):
        del configuration, now
        raise FileNotFoundError("/dev/board")


def test_a_back_end_that_cannot_start_is_a_back_end_error(full_board):
    with pytest.raises(BackendError, match="cannot start: FileNotFoundError at test_containment"):
        strict_server(full_board, backend=CannotStart())


# The whole server


MODULE = """
from scmigen.server.backend import Backend

class Board(Backend):
    def apply(self, effect):
        if effect.what == "rate":
            raise KeyError(effect.name)

class Late(Backend):
    started = False
    def start(self, configuration, now):
        if Late.started:
            raise ValueError("once is enough")
        Late.started = True

class Never(Backend):
    def __init__(self):
        raise ValueError("no board")
"""
SERVE = "import sys; from scmigen.cli.front import main; sys.argv.insert(1, 'serve'); main()"
FULL = Path(__file__).parent / "full.json"


def start(tmp_path, name):
    (tmp_path / "mistaken.py").write_text(MODULE)
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(FULL), "--directory", "s", "--backend", name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_ready(process):
    while (line := process.stdout.readline()) != "ready\n":
        assert line, process.stderr.read()


def ended(process):
    process.terminate()
    errors = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0
    assert "Traceback" not in errors
    return errors


def test_a_flood_of_mistakes_is_answered_and_not_written_down_whole(tmp_path):
    process = start(tmp_path, "mistaken:Board")
    try:
        until_ready(process)
        with Client(f"unix:{tmp_path}/s/linux.sock") as linux:
            for _ in range(200):
                with pytest.raises(ScmiError, match="GENERIC_ERROR"):
                    linux.call(Protocol.CLOCK, 5, 0, 0, RATE)
            assert linux.call(Protocol.CLOCK, 6, 0)
    finally:
        errors = ended(process)
    lines = [line for line in errors.splitlines() if line.startswith("ERROR: linux: message ")]
    assert 50 <= len(lines) < 200
    assert lines[0].endswith(": KeyError at mistaken.py:7 in apply")


def test_a_reload_that_the_back_end_cannot_follow_is_refused(tmp_path):
    """A reload it cannot follow is said, and the server goes on."""
    process = start(tmp_path, "mistaken:Late")
    try:
        until_ready(process)
        process.send_signal(signal.SIGHUP)
        line = ""
        while "reload: " not in line:
            line = process.stderr.readline()
            assert line
        assert "cannot start: ValueError at mistaken.py:13 in start" in line
        assert "still serving the old configuration" in line
        with Client(f"unix:{tmp_path}/s/linux.sock") as linux:
            assert linux.call(Protocol.CLOCK, 6, 0)
    finally:
        ended(process)


def test_a_back_end_that_cannot_be_made_ends_the_command_with_a_message(tmp_path):
    process = start(tmp_path, "mistaken:Never")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "cannot be loaded: ValueError: no board" in errors
    assert "Traceback" not in errors


def test_others_are_served_while_one_makes_mistakes(full_board, tmp_path):
    urls = {name: f"unix:{tmp_path}/{name}" for name in ("linux", "vm1")}
    running = Running(full_board, urls, broken=lambda _: None)
    running.server.backend.read = lambda *_: None
    with running.running():
        ends = {}
        for name in urls:
            ends[name] = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ends[name].connect(f"{tmp_path}/{name}")
            ends[name].settimeout(PATIENCE)
        for _ in range(20):
            ends["linux"].send(request(SENSOR, 6, 0, 0))
            ends["vm1"].send(request(POWER, 5, SLOW))
            assert struct.unpack("<i", ends["linux"].recv(200)[4:8]) == (GENERIC_ERROR,)
            assert struct.unpack("<i", ends["vm1"].recv(200)[4:8]) == (SUCCESS,)
        for end in ends.values():
            end.close()


def test_the_old_configuration_tells_the_back_end_nothing_more(full_board):
    """After a reload numbers mean other things: the votes of vm1, which is no more, go silently."""
    recorder = Recorder(write=lambda _: None)
    before = strict_server(full_board, backend=recorder)
    Wire(before.agent("linux")).status(VOLTAGE, 5, LDO, 7)
    Wire(before.agent("vm1")).status(POWER, 4, 0, SLOW, ON)
    assert str(recorder.effects[-1]) == "power 1 (slow) state 1"
    linux, _ = full_board.agents
    after = strict_server(msgspec.structs.replace(full_board, agents=(linux,)), backend=recorder)
    recorder.effects.clear()
    transfer_state(before, after)
    assert "power 1 (slow) state 0" not in map(str, recorder.effects)


# The trace


def test_a_trace_that_cannot_be_written_to_ends(full):
    log = []
    with Path("/dev/full").open("w", buffering=1) as file:
        trace = Trace(file, log.append)
        port = Port(full.server.agent("linux"), [trace])
        for _ in range(3):
            (answer,) = port.handle(request(CLOCK, 6, 0))
            assert answer[4:8] == bytes(4)
        trace.close()
    assert log == ["trace: No space left on device; tracing stops"]
