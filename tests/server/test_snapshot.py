"""Snapshots: a server that returns to one is as it was, and answers like one that never left it.

    SCMIGEN_FUZZ=100000 python -m pytest tests/server/test_snapshot.py

sends about that many messages for each of three platforms.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from scmi_messages import a_change
from scmi_shapes import COMMON, NEGOTIATE, PROTOCOLS, REQUEST_WORDS
from scmi_wire import CLOCK, OFF, ON, POWER, SUCCESS, request
from small_platforms import delayed

from scmigen import runtime
from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.server.fastchannels import Window
from scmigen.server.timers import Timers

#: Sequences for each platform, about 350 steps each.
SEEDS = max(10, int(os.environ.get("SCMIGEN_FUZZ", "0")) // 350)
WORDS = (*range(6), 10, 100, 1000, 3000, 9000, 850_000, 1 << 18, 1 << 30, 2**32 - 1)
SIZES = [(p, m, size) for p in PROTOCOLS for m, size in (COMMON | REQUEST_WORDS[p]).items()]
Step = tuple[str, int, Any]


def step(random: Random, agents: Sequence[int]) -> Step:
    """A message of an agent, mostly one that changes something; or time, a disconnect, a client
    that reads its events or takes short replies only."""
    agent, what = random.choice(agents), random.random()
    if what < 0.6:
        return "handle", agent, a_change(random)
    if what < 0.75:
        protocol, message, size = random.choice(SIZES)
        return "handle", agent, request(protocol, message, *random.choices(WORDS, k=size))
    if what < 0.8:
        version = random.choice((0x10000, 0x20000, 0x30000, 0x40000))
        return "handle", agent, request(random.choice(PROTOCOLS), NEGOTIATE, version)
    if what < 0.9:
        return "wait", 0, random.choice((1, 90, 5000, 30_000))
    if what < 0.95:
        return "take_events", agent, None
    return random.choice(("disconnect", "limit")), agent, random.choice((64, 128))


def steps(random: Random, agents: Sequence[int], most: int) -> list[Step]:
    return [step(random, agents) for _ in range(random.randrange(most))]


def run(platform: Any, plan: Iterable[Step]) -> list[object]:
    """Everything that the agents get while this happens."""
    found: list[object] = []
    for what, number, value in plan:
        if what == "wait":
            platform.wait(value)
        else:
            method = getattr(platform.server.agents[number], what)
            found.append(method() if value is None or what == "disconnect" else method(value))
    return found


#: Caches, counters and what is given from outside; it may differ.
SKIPPED = {"_store", "_tables", "backend", "configuration", "about", "_ways", "_devices"}


def dump(value: object, seen: dict[int, int]) -> object:
    """All that an object refers to, as text and tuples: a walk that knows nothing of snapshots."""
    if isinstance(value, str | bytes | int | float | None):
        return repr(value)
    if isinstance(value, tuple):
        return tuple([dump(item, seen) for item in value])
    if isinstance(value, frozenset | set):
        return tuple(sorted(repr(dump(item, seen)) for item in value))
    if callable(value) or isinstance(value, runtime.Resource):
        return type(value).__name__
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = len(seen)
    if isinstance(value, Timers):  # without those that are cancelled
        waiting = sorted(value.waiting, key=lambda item: item[:2])
        return dump([(due, it) for due, _, it in waiting if it.call is not None], seen)
    if isinstance(value, dict):
        return tuple([(dump(key, seen), dump(item, seen)) for key, item in value.items()])
    if isinstance(value, list | deque):
        return tuple([dump(item, seen) for item in value])
    slots = [name for base in type(value).__mro__ for name in getattr(base, "__slots__", ())]
    names = sorted({*slots, *getattr(value, "__dict__", ())} - SKIPPED)
    return type(value).__name__, tuple(
        [(name, dump(getattr(value, name, None), seen)) for name in names]
    )


@pytest.mark.parametrize(
    ("name", "profile"), [("full", Profile.V3_2), ("full", Profile.V2_0), ("board", Profile.V3_2)]
)
def test_a_restored_server_is_like_one_that_never_did_what_was_undone(
    full_with: Callable[..., Any], name: str, profile: Profile
) -> None:
    """Whatever objects the server has, and whatever it answers from then on. The board is the one
    on which a device with clocks and domains is assigned at run time."""
    board = runtime.decode((Path(__file__).parent / f"{name}.json").read_bytes())
    agents = [agent.id for agent in board.agents]
    for seed in range(SEEDS):
        random = Random(seed)
        before, undone, after = (steps(random, agents, most) for most in (150, 400, 150))
        after += [("take_events", number, None) for number in agents]
        platform, fresh = (full_with(profile, board, state_readers=()) for _ in range(2))
        assert run(platform, before) == run(fresh, before)
        snapshot, now = platform.server.snapshot(), platform.time.now
        assert snapshot == fresh.server.snapshot()
        begun = [dump(it.server, {}) for it in (platform, fresh)]
        run(platform, undone)
        platform.time.now = now
        platform.server.restore(snapshot)
        assert dump(platform.server, {}) == begun[0]
        assert dump(fresh.server, {}) == begun[1]
        assert run(platform, after) == run(fresh, after), seed
        assert platform.server.snapshot() == fresh.server.snapshot()


def test_snapshots_are_compared_by_state(full: Any) -> None:
    first = full.server.snapshot()
    assert full.linux.status(CLOCK, 0x7, 2, 1, 0) == SUCCESS
    second = full.server.snapshot()
    assert first != second
    assert len({first, second, full.server.snapshot()}) == 2
    full.server.restore(first)
    assert full.server.snapshot() == first
    assert hash(full.server.snapshot()) == hash(first)


def test_what_is_due_at_the_same_time_has_an_order() -> None:
    """A domain is switched off by one agent and on by the other, in either order: only in one of
    them is it off in between."""
    found = []
    for order in ((1, 2), (2, 1)):
        machine = delayed(full=False).machine()
        server = machine.server
        assert server.handle(2, request(POWER, 6, 0, 1))[0][4:] == bytes(4)  # be told of it
        for agent, state, wait in ((1, ON, 90), *[(it, OFF if it == 1 else ON, 0) for it in order]):
            assert server.handle(agent, request(POWER, 4, 1, 0, state))[0][4:] == bytes(4)
            machine.time.now += 1000 * wait
            server.tick()
        assert len(server.agents[2].take_events()) == 1
        snapshot = server.snapshot()
        machine.time.now += 90_000
        server.tick()
        found.append((snapshot, len(server.agents[2].take_events())))
    assert found[0][1] == 2
    assert found[1][1] == 0
    assert found[0][0] != found[1][0]


def test_a_snapshot_is_of_one_server(full_board: runtime.Runtime) -> None:
    one, other = (Server(full_board) for _ in range(2))
    with pytest.raises(ValueError, match="of another server"):
        one.restore(other.snapshot())


def test_there_is_no_snapshot_of_memory_that_agents_write_to(
    full_board: runtime.Runtime, tmp_path: Any
) -> None:
    window = Window(tmp_path / "memory", 0x10000000, 0x1000)
    server = Server(full_board, fastchannels={1: window})
    with pytest.raises(ValueError, match="FastChannels"):
        server.snapshot()
    server.discard()
