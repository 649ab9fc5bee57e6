"""A reload that fails: at whatever step, the old configuration is served on, to all agents."""

import os
import sys
import weakref
from pathlib import Path

import msgspec
import pytest
from patience import open_files
from scmi_wire import (
    CLOCK,
    ON,
    PERFORMANCE,
    POWER,
    POWERCAP,
    VOLTAGE,
    Wire,
    notification,
)
from server_reloading import CPU, SLOW, SOC, Reloading

import scmigen
from scmigen import runtime
from scmigen.server.backend import Backend

SCMIGEN = str(Path(scmigen.__file__).parent)
VM1 = 2


def without_pins(board):
    """vm1, which is another agent then, loses its pins."""
    linux, vm1 = board.agents
    grants = {kind: grants for kind, grants in vm1.grants.items() if kind != "pin"}
    vm1 = msgspec.structs.replace(vm1, grants=grants)
    return msgspec.structs.replace(board, agents=(linux, vm1))


class Board(Backend):
    """Remembers what it was started with and the last value of everything."""

    def start(self, configuration, now):
        del now
        self.configuration = configuration
        self.values = {}

    def apply(self, effect):
        self.values[effect.kind, effect.number, effect.what] = effect.values


@pytest.fixture
def reloading(tmp_path, full_board):
    found = Reloading(tmp_path, full_board, Board())
    found.ask("linux", VOLTAGE, 5, 1, 7)
    found.ask("linux", CLOCK, 5, 0, 0, 800_000_000, 0)
    found.ask("linux", POWERCAP, 5, SOC, 0, 3000)
    found.ask("linux", POWER, 6, SLOW, 1)
    found.ask("vm1", POWER, 4, 0, SLOW, ON)
    found.service.loop.turn()
    assert found.clients["linux"].recv(200) == notification(POWER, 0, VM1, SLOW, ON)
    yield found
    found.close()


BROKEN = {
    "byte": b'{"format":"\xff"}',
    "key": b'{"\xff":1}',
    "surrogate": b'{"format":"\\ud800"}',
    "nesting": b"[" * 100_000,
    "unknown nesting": b'{"x":' * 100_000,
    "number": b'{"format":' + b"9" * 5000 + b"}",
    "empty": b"",
    "zeroes": bytes(100),
    "utf-16": '{"format": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_configuration_is_refused(reloading, content):
    before, backend = reloading.reads(), reloading.service.server.backend
    values = dict(backend.values)
    reloading.path.write_bytes(content)
    reloading.reload()
    (line,) = [line for line in reloading.log if line.startswith("reload")]
    assert line.endswith("; still serving the old configuration")
    assert "Error" not in line
    assert reloading.reads() == before
    assert backend.values == values


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_the_same_as_an_overlay(full_board, content):
    with pytest.raises(runtime.ConfigurationError, match="not JSON: "):
        runtime.overlay(runtime.encode(full_board), content)


def test_which_byte_is_wrong_is_said():
    with pytest.raises(runtime.ConfigurationError, match=r"byte 11 \(0xff\) is not UTF-8"):
        runtime.decode(b'{"format":"\xff"}')


def test_a_file_that_never_ends_is_refused(reloading):
    before = reloading.reads()
    reloading.path.unlink()
    os.mkfifo(reloading.path)
    reloading.reload()
    assert "is not a regular file; still serving" in reloading.log[-1]
    reloading.path.unlink()
    reloading.path.symlink_to("/dev/zero")
    reloading.reload()
    assert "is not a regular file; still serving" in reloading.log[-1]
    assert reloading.reads() == before


def test_nothing_keeps_the_servers_of_earlier_configurations(reloading):
    """Nor those that were refused: after 20 reloads the one in use is left, and no more files."""
    old = []
    before = open_files()
    good = reloading.path.read_bytes()
    for number in range(20):
        server = reloading.service.server
        old += [
            weakref.ref(it)
            for it in (server, server.timers, server.poller, *server.agents.values())
        ]
        old += [weakref.ref(server.fastchannels)]
        del server
        reloading.path.write_bytes(BROKEN["byte"] if number % 4 == 3 else good)
        reloading.reload()
    used = reloading.service.server
    left = [it() for it in old if it() is not None]
    assert all(
        it in (used, used.timers, used.poller, used.fastchannels, *used.agents.values())
        for it in left
    )
    assert open_files() <= before


class Failing:
    """Raises ``problem`` at the ``number``-th call of a function of the package."""

    def __init__(self, number, problem):
        self.left = number
        self.problem = problem
        self.where = ""

    def __call__(self, frame, event, argument):
        del argument
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(SCMIGEN) or code.co_name in REPORTS:
            return
        self.left -= 1
        if self.left == 0:
            stack = []
            while frame is not None and frame.f_code.co_name != "one_failure":
                stack.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}")
                frame = frame.f_back
            self.where = " < ".join(stack)
            raise self.problem


#: What contains and reports failures: they cannot fail themselves, but for want of memory.
REPORTS = (
    "<genexpr>",
    "_attempt",
    "step",
    "_hand_over",
    "change",
    "_reload",
    "_reason",
    "_tidy",
    "failure",
    "_origin",
    "discard",
    "<lambda>",
)


def calls_in_a_reload(folder, board):
    """The number of calls that a reload to ``board`` makes."""
    reloading = Reloading(folder, board, Board())
    counting = Failing(-1, None)
    reloading.path.write_bytes(runtime.encode(without_pins(board)))
    sys.setprofile(counting)
    reloading.reload()
    sys.setprofile(None)
    assert reloading.log[-1] == "reloaded"
    reloading.close()
    return -1 - counting.left


#: Fail at every so many-th call; 1 for all of them, which takes minutes.
STEP = int(os.environ.get("SCMIGEN_RELOAD_STEP", "1277"))
#: Each fails at calls of its own.
PROBLEMS = (KeyError("x"), MemoryError(), RecursionError())


@pytest.mark.parametrize("which", range(len(PROBLEMS)), ids=lambda at: type(PROBLEMS[at]).__name__)
def test_a_failure_at_any_step_leaves_one_configuration_for_all(tmp_path, full_board, which):
    (tmp_path / "count").mkdir()
    calls = calls_in_a_reload(tmp_path / "count", full_board)
    assert calls > 1000
    outcomes = set()
    for number in (*range(1 + STEP * which // len(PROBLEMS), calls, STEP), calls - 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcomes.add(one_failure(folder, full_board, Failing(number, PROBLEMS[which])))
    assert outcomes == {"old", "new"}


def one_failure(folder, board, failing):
    reloading = Reloading(folder, board, Board())
    reloading.ask("linux", VOLTAGE, 5, 1, 7)
    reloading.ask("vm1", POWER, 4, 0, SLOW, ON)
    before, backend = reloading.reads(), reloading.service.server.backend
    values = dict(backend.values)
    reloading.path.write_bytes(runtime.encode(without_pins(board)))
    sys.setprofile(failing)
    try:
        reloading.reload()
    finally:
        sys.setprofile(None)
    server = reloading.service.server
    assert all(
        port.agent is server.agents[number] for number, port in reloading.service._ports.items()
    ), failing.where
    assert server.backend is backend
    assert backend.configuration == server.configuration, failing.where
    old = server.configuration == board
    if old:
        assert "still serving the old" in "".join(reloading.log), failing.where
        assert reloading.reads() == before, failing.where
        assert backend.values == values, failing.where
        assert reloading.ask("vm1", POWER, 5, SLOW)[4:8] == bytes(4), failing.where
    assert reloading.ask("linux", POWER, 5, SLOW)[4:8] == bytes(4), failing.where
    assert reloading.level_shown() == Wire(server.agent("linux")).words(PERFORMANCE, 8, CPU)[0]
    reloading.path.write_bytes(runtime.encode(without_pins(board)))
    reloading.reload()  # and the next one works
    assert reloading.log[-1] == "reloaded", failing.where
    reloading.close()
    return "old" if old else "new"
