"""Everyone who says who may do what, against the definition (`scmigen.scmi.may`).

Random boards with random agents, whose devices move at random: what the compiler grants, what is in
``runtime.json`` and in the permission map, and what the server answers to messages. Then the
example and the real boards, with the tables of SCP-firmware, compiled and read back. SCMIGEN_MAY
says how many random boards there are; with 10000 that are more than 10 million questions.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random

import pytest
from may.boards import agents, board
from may.sources import (
    Served,
    by_grants,
    by_map,
    by_tables,
    ever,
    in_tables,
    now_of,
    of_model,
    of_runtime,
    questions,
)
from real_boards import BOARDS
from server_running import strict_server
from targets.scp.scp_boards import emit
from targets.scp.scp_build import build, walk, write

import scmigen
from scmigen import Model, Numbering, Platform, Text, runtime
from scmigen.diagnostics import has_errors
from scmigen.scmi.may import Configuration, Device, Holding, Need, at_boot, may, may_hold, settle
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import make
from scmigen.targets.runtime.configuration import to_runtime

RANDOM_BOARDS = int(os.environ.get("SCMIGEN_MAY", "30"))
#: Questions to each server, at least.
QUESTIONS = 1000
CLOCK, OTHER = (Kind.CLOCK, 1), (Kind.CLOCK, 2)
STATE, RATE, PARENT, READ = Operation.STATE, Operation.RATE, Operation.PARENT, Operation.READ


def wants(*operations: Operation) -> tuple[tuple[tuple[Kind, int], frozenset[Operation]], ...]:
    return ((CLOCK, frozenset(operations)),)


def test_the_definition_says_what_the_pages_say() -> None:
    """docs/explanation/model.md by hand: votes are everyone's, the rest is the owner's."""
    devices = {
        "own": Device(frozenset({1})),
        "both": Device(frozenset({1, 2})),
        "moves": Device(frozenset({1}), frozenset({1, 2})),
    }
    needs = [
        Need(1, "own", wants(STATE, RATE, READ)),
        Need(1, "both", wants(STATE, PARENT)),
        Need(2, "both", wants(STATE, PARENT)),
        Need(2, "moves", ((OTHER, frozenset({RATE, READ})), *wants(RATE)), whole=True),
        Need(3, None, wants(READ)),
    ]
    known = settle(devices, needs, {})
    now = at_boot(known)
    asked = [(agent, op) for agent in (1, 2, 3) for op in (STATE, RATE, PARENT, READ)]
    allowed = {(agent, str(op)) for agent, op in asked if may(agent, op, CLOCK, known, now).yes}
    boot = {(1, "state"), (1, "rate"), (1, "read"), (2, "state"), (3, "read")}
    assert allowed == boot
    assert may(2, RATE, OTHER, known, now) == (False, "it does not hold moves, which needs it")
    assert may(3, READ, CLOCK, known, now) == (True, "the agents file grants it")
    assert may(1, RATE, CLOCK, known, now) == (True, "it holds own, which needs it")
    # It goes from one to the other, and is never with both.
    assert not may_hold(2, "moves", Kind.CLOCK, known, now)
    assert not may_hold(3, "moves", Kind.CLOCK, known, now)
    later = Holding(now.devices - {(1, "moves", Kind.CLOCK)} | {(2, "moves", Kind.CLOCK)})
    assert may(2, RATE, OTHER, known, later).yes
    assert may_hold(2, "moves", Kind.CLOCK, known, later)
    # With an owner, the rate is that agent's alone, and an entry that others had is nothing.
    owned = settle(devices, needs, {CLOCK: 1})
    assert may(1, PARENT, CLOCK, owned, now).yes
    assert not may(2, RATE, OTHER, owned, later).yes
    assert may(2, STATE, CLOCK, owned, later).yes


def compiled(source: str, owners: str, numbering: Numbering) -> scmigen.Result:
    tree = scmigen.loads(source, "board.dts")
    return scmigen.compile(tree, agents=[Text("agents.yaml", owners)], numbering=numbering)


def outputs_agree(known: Configuration, platform: Platform, written: runtime.Runtime) -> None:
    boot, later = now_of(known, at_boot(known).devices), ever(known)
    assert by_grants(platform) == (boot, later)
    read = of_runtime(written)
    assert now_of(read, at_boot(read).devices) == boot
    assert ever(read) == later
    files = {file.path: file.content for file in make(platform, "permissions").files}
    assert by_map(platform, files["permissions.csv"]) == (boot, later)


def ask(known: Configuration, served: Served, random: Random | None) -> int:
    """Ask the server everything, and again after each of some moves of devices; how often."""
    configuration = served.server.configuration
    every = list(questions(configuration))
    now, asked = at_boot(known), 0
    while True:
        for agent, operation, resource in every:
            expected = may(agent, operation, resource, known, now).yes
            if served.is_told_early(agent, operation, resource):
                continue
            said = served.allows(agent, operation, resource)
            assert said == expected, (agent, operation, resource)
            asked += 1
        if random is None or not every or asked >= QUESTIONS or not configuration.devices:
            return asked
        for _ in range(4):
            now = move(known, now, served, random)


def move(known: Configuration, now: Holding, served: Served, random: Random) -> Holding:
    """Give a device to an agent, or take it, in one protocol, as far as the definition has it."""
    configuration = served.server.configuration
    device = random.choice(configuration.devices)
    agent, allow = random.choice(configuration.agents).id, random.random() < 0.6
    kinds = {resource.kind for resource in device.resources}
    if not kinds:
        return now
    kind = random.choice(sorted(kinds))
    found = known.devices[device.node]
    done = served.give(1, agent, device.id, kind, allow)
    place = frozenset({(agent, device.node, kind)})
    if allow:
        assert done == may_hold(agent, device.node, kind, known, now)
        return Holding(now.devices | place) if done else now
    assert done == (agent in found.agents | found.assignable)
    return Holding(now.devices - place)


def test_random_boards() -> None:
    """The compiler, its outputs, and the server by messages, while devices move. Of a board with
    errors there is no output, but the compiler has an answer."""
    asked: Counter[str] = Counter()
    for seed in count():
        random = Random(seed)
        source = board(random)
        owners, numbering = agents(random, source), random.choice(list(Numbering))
        result = compiled(source, owners, numbering)
        platform = result.platform
        known = of_model(result.model, platform)
        assert by_grants(platform) == (now_of(known, at_boot(known).devices), ever(known))
        if has_errors(result.diagnostics):
            continue
        asked["boards"] += 1
        written = to_runtime(platform)
        outputs_agree(known, platform, written)
        served = Served(strict_server(written))
        asked["questions"] += ask(known, served, random)
        asked["devices that move"] += sum(bool(each.assignable) for each in known.devices.values())
        asked["shared devices"] += sum(len(d.agents) > 1 for d in known.devices.values())
        if asked["boards"] == RANDOM_BOARDS:
            break
    print(f"{seed + 1} boards, of these without errors:", dict(asked))
    assert all(number > RANDOM_BOARDS // 2 for number in asked.values())


def parts(board: Path, *agents: Path) -> Iterator[tuple[Model, Platform]]:
    model = scmigen.compile(board, agents=list(agents)).model
    yield from ((model, platform) for platform in model.platforms)


def agree(model: Model, platform: Platform) -> None:
    known, written = of_model(model, platform), to_runtime(platform)
    outputs_agree(known, platform, written)
    assert ask(known, Served(strict_server(written)), None)


def tables_agree(model: Model, platform: Platform, gcc: str, folder: Path) -> None:
    """The tables of SCP-firmware, compiled and read back, have what holds at boot."""
    made, diagnostics = emit(platform)
    if has_errors(diagnostics):
        return
    files = {file.path: file.content.decode() for file in made}
    done = build(gcc, write(folder, files))
    assert not done.stderr
    known = of_model(model, platform)
    boot = now_of(known, at_boot(known).devices)
    assert by_tables(walk(folder)) == in_tables(boot)


def test_the_example(examples: Path, tool: Callable[[str], str], tmp_path: Path) -> None:
    for model, platform in parts(examples / "orrery-board.dts", examples / "agents.yaml"):
        agree(model, platform)
        tables_agree(model, platform, tool("gcc"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS)
def test_real_boards(board: str, corpus: Path, tool: Callable[[str], str], tmp_path: Path) -> None:
    owners = corpus / "agents" / f"{board}.yaml"
    for number, (model, platform) in enumerate(
        parts(corpus / f"{board}.dts", *([owners] if owners.exists() else []))
    ):
        agree(model, platform)
        tables_agree(model, platform, tool("gcc"), tmp_path / str(number))
