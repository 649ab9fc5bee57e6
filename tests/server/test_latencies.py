"""Answers that take as long as the configuration says (serve --latencies)."""

import msgspec
import pytest
from scmi_wire import CLOCK, PERFORMANCE, POWER, RESET, SENSOR, VOLTAGE, request, words
from server.test_faults import packets
from server_running import Running, strict_server

from scmigen import runtime
from scmigen.server.agent import Agent
from scmigen.server.faults import Injector
from scmigen.server.timers import Timers


class Slow:
    """An agent whose answers take their time, on a clock of the test."""

    def __init__(self, board: runtime.Runtime, name: str = "linux") -> None:
        self.now = 0
        self.late: list[bytes] = []
        server = strict_server(board)
        agent = server.agent(name)
        assert agent is not None
        self.agent: Agent = agent
        self.timers = Timers(lambda: self.now)
        self.injector = Injector(
            [],
            lambda: self.now,
            self.timers.after,
            self.late.append,
            server.context.take_latency,
        )

    def took(self, message: bytes) -> int:
        """How many µs the answer to ``message`` took; it is SUCCESS."""
        frames = self.injector.handle(message, self.agent.handle)
        begin = self.now
        while not frames:
            assert self.timers.waiting
            self.now += 1000
            self.timers.run_due()
            frames, self.late[:] = tuple(self.late), []
        (frame,) = frames
        assert frame[:4] == message[:4]
        assert frame[4:8] == words(0)
        return (self.now - begin) // 1000


#: Latencies of full.json.
TOOK = [
    pytest.param(request(CLOCK, 0x5, 0, 1, 200_000_000, 0), 5000, id="clock rate"),
    pytest.param(request(CLOCK, 0x6, 1), 0, id="reading a rate"),
    pytest.param(request(POWER, 0x4, 0, 1, 0), 2000, id="power state"),
    pytest.param(request(RESET, 0x4, 0, 1, 0), 300, id="reset"),
    pytest.param(request(VOLTAGE, 0x7, 0, 0, 850_000), 100, id="voltage level"),
    pytest.param(request(SENSOR, 0x6, 0, 0), 1000, id="reading of a sensor"),
]


@pytest.mark.parametrize(("message", "latency"), TOOK)
def test_a_change_takes_its_latency(full_board, message, latency):
    assert Slow(full_board).took(message) == latency


def test_an_asynchronous_change_is_acknowledged_at_once(full_board):
    assert Slow(full_board).took(request(CLOCK, 0x5, 1, 1, 200_000_000, 0)) == 0


def test_a_level_takes_what_its_row_says(board):
    slow = Slow(board)
    assert [slow.took(request(PERFORMANCE, 0x7, 0, it)) for it in (600, 1800)] == [50, 60]


def test_a_clock_takes_its_time_to_start_and_none_to_stop(full_board):
    slow = Slow(full_board)
    took = [slow.took(request(CLOCK, 0x7, 1, on, 0)) for on in (0, 1, 1, 0)]
    assert took == [0, 40, 0, 0]


def test_what_is_refused_is_answered_at_once(full_board):
    slow = Slow(full_board)
    slow.agent.handle(request(POWER, 0x4, 0, 1, 0))  # not through this port
    (frame,) = slow.injector.handle(request(POWER, 0x4, 0, 1, 7), slow.agent.handle)
    assert frame[4:8] != words(0)


def test_nobody_waits_for_another_agent(board, tmp_path):
    """The answer of linux takes an hour; vm1 is answered, and so is linux itself."""
    resets = [msgspec.structs.replace(it, latency=3_600_000_000) for it in board.reset_domains]
    board = msgspec.structs.replace(board, reset_domains=tuple(resets))
    urls = {name: f"unix:{tmp_path}/{name}" for name in ("linux", "vm1")}
    running = Running(board, urls, slow=True)
    with running.running(), packets(tmp_path / "linux") as linux, packets(tmp_path / "vm1") as vm1:
        linux.send(request(RESET, 0x4, 0, 1, 0))
        for client in (vm1, linux):
            client.send(request(CLOCK, 0x0))
            assert client.recv(100)[:4] == request(CLOCK, 0x0)[:4]
