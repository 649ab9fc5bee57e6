"""The work of a message does not grow with the platform, so that no agent slows the others down. It
is counted in lines of Python, on a platform of 10 resources of each kind and on one of 200."""

import gc
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from scmi_wire import CLOCK, SENSOR, SUCCESS, VOLTAGE, Wire
from server_running import strict_server

from scmigen import runtime
from scmigen.server.fastchannels import Window

NEGOTIATE = 0x10
FEW, MANY = 10, 200
OPERATIONS = {
    "power": ["state", "read"],
    "performance": ["level", "limits", "read"],
    "clock": ["state", "rate", "read"],
    "sensor": ["config", "read"],
    "voltage": ["state", "level", "read"],
    "powercap": ["config", "read"],
}
ALIKE: dict[str, dict[str, Any]] = {
    "power_domains": {},
    "performance_domains": {
        "sustained": 0,
        "fastchannels": True,
        "levels": [{"level": 1, "frequency": 1}],
    },
    "clocks": {"rates": [1, 2], "rate": 1},
    "sensors": {},
    "voltage_domains": {"levels": [1, 2], "level": 1},
    "powercaps": {"minimum_cap": 1, "maximum_cap": 9, "fastchannels": True},
}
#: Each pair of messages is sent once before they are counted.
PAIRS = {
    "attributes": [(CLOCK, 1), (SENSOR, 1)],
    "votes": [(CLOCK, 7, 0, 1, 0), (CLOCK, 7, 0, 0, 0)],
    "versions of clock": [(CLOCK, NEGOTIATE, 0x10000), (CLOCK, NEGOTIATE, 0x30000)],
    "versions of voltage": [(VOLTAGE, NEGOTIATE, 0x10000), (VOLTAGE, NEGOTIATE, 0x20001)],
}


def board(count: int) -> runtime.Runtime:
    """``count`` resources of each kind, all of one agent."""
    grants = {
        kind: [{"id": i, "resource": i, "operations": operations} for i in range(count)]
        for kind, operations in OPERATIONS.items()
    }
    resources = {
        kind: [{"id": i, "name": str(i), "node": "", **fields} for i in range(count)]
        for kind, fields in ALIKE.items()
    }
    agents = [{"id": 1, "name": "linux", "role": "ospm", "grants": grants}]
    about = {"format": "scmigen-runtime-1", "name": "x", "agents": agents, **resources}
    return runtime.decode(msgspec.json.encode(about))


def lines(run: Callable[[], object]) -> int:
    """How many lines of Python ``run`` takes."""
    count = 0

    def trace(_: object, event: str, __: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    gc.disable()  # whatever other tests have left to collect would be counted
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.fixture
def work(tmp_path):
    """The lines that messages take on a platform of so many resources."""

    def measure(count: int, messages: list[tuple[int, ...]]) -> list[int]:
        window = Window(tmp_path / str(count), 0x1000_0000, 0x10000)
        server = strict_server(board(count), fastchannels={1: window})
        linux = Wire(server.agent("linux"))
        for message in messages:
            assert linux.status(*message) == SUCCESS
        found = [lines(lambda it=it: linux.status(*it)) for it in messages]
        server.discard()
        return found

    return measure


def test_a_client_that_goes_costs_little_for_what_it_did_not_use():
    """Whether it has voted is looked up, resource by resource, and no more."""
    few, many = (lines(strict_server(board(count)).agents[1].disconnect) for count in (FEW, MANY))
    assert (many - few) / (MANY - FEW) / len(OPERATIONS) < 6


@pytest.mark.parametrize("pair", PAIRS)
def test_a_message_takes_the_same_work_on_any_platform(work, pair):
    assert work(MANY, PAIRS[pair]) == work(FEW, PAIRS[pair])
