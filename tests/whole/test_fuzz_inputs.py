"""Damaged agents files, agents' trees, lock files and runtime configurations end in a result or in
diagnostics: soon, with places that there are, and the same each time.

Every case is made of its number alone. A few dozen of each kind run with the other tests; for more

    SCMIGEN_FUZZ=10000 python -m pytest tests/whole/test_fuzz_inputs.py

runs that many of each kind from number 0; SCMIGEN_FUZZ_FROM=N starts at another one.
"""

import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import pytest
import yaml
from damage import damaged_text
from fuzz_seeds import FILES, FULL_FILE, GUEST, LOPPER, PLAIN, SOC, WITH_SERVER
from support import AGENTS, BOARD
from text_damage import damaged_data, damaged_file

import scmigen
from scmigen import DeviceTree, Diagnostic, InputError, Numbering, Position, Text, runtime
from scmigen.audit.runtime_json import RUNTIME_INVALID
from scmigen.cli.report import FORMATS, report
from scmigen.diagnostics import format_text
from scmigen.pipeline import emit_outputs
from scmigen.targets import registry

CASES = int(os.environ.get("SCMIGEN_FUZZ", "30"))
FIRST = int(os.environ.get("SCMIGEN_FUZZ_FROM", "0"))
#: The most CPU seconds of one case.
SECONDS = 20


HERE = Path(__file__).parent.parent
#: Findings of readers, which say where in the file; but for what is said of a whole file.
READERS = ("agents-file", "lock-syntax", "lock-duplicate", "dts-")
WHOLE = {"no agent is described"}
KINDS = ("agents", "locks", "configurations")
RUNTIME = "runtime/runtime.json"
#: `PLAIN` with two SCMI instances, each a platform of its own.
TWO_PLATFORMS = PLAIN.replace(
    "optee { compatible",
    """scmi2 { compatible = "arm,scmi"; mboxes = <&mbox 1>; shmem = <&shm1>;
    #address-cells = <1>; #size-cells = <0>;
    clk2: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
    optee { compatible""",
).replace("<&cc 10>", "<&clk2 4>")


@dataclass(frozen=True)
class Board:
    """A board, and files that belong to it."""

    tree: DeviceTree
    agents: tuple[str, ...]
    locks: tuple[str, ...]
    configurations: tuple[str, ...]


@dataclass(frozen=True)
class Seeds:
    """Boards; words of agents files, lock files and configurations; texts by file name."""

    boards: tuple[Board, ...]
    words: tuple[str, ...]
    texts: Mapping[str, str]

    def any_text(self, random: Random, kind: str) -> str:
        """A file of that kind, of any board."""
        return random.choice([text for board in self.boards for text in getattr(board, kind)])


def made(tree: DeviceTree, agents: Iterable[str | None]) -> Board:
    """A board with its lock files and runtime configurations."""
    locks, configurations = [], []
    for file in agents:
        owners = [] if file is None else [Text(AGENTS, file)]
        for numbering in Numbering:
            with suppress(InputError):
                result = scmigen.compile(tree, agents=owners, numbering=numbering)
                locks.append(result.lock)
                files = scmigen.emit(result, "runtime").files if result.ok else ()
                configurations += [f.content.decode() for f in files if f.path == RUNTIME]
    texts = tuple(file for file in agents if file is not None)
    return Board(tree, texts, tuple(locks), tuple(configurations))


def pairs(examples: Path) -> Iterator[tuple[DeviceTree, list[str | None]]]:
    """Boards with their agents files."""
    docs = (HERE.parent / "docs" / "reference" / "agents.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", docs, re.DOTALL)
    sections = [block for block in blocks if block.startswith(("platform", "outputs", "checks"))]
    files = [None, *FILES[2:], LOPPER, FULL_FILE, *(f"{FILES[2]}\n{text}" for text in sections)]
    yield scmigen.loads(PLAIN, "plain.dts"), files
    yield scmigen.loads(SOC, BOARD), [None, FILES[2]]
    yield scmigen.loads(WITH_SERVER, "server.dts"), [None, FULL_FILE]
    yield scmigen.loads(TWO_PLATFORMS, "two.dts"), [None, FULL_FILE]
    for board, agents in (
        ("minimal.dts", None),
        ("compliance.dts", "compliance.yaml"),
        ("orrery-board.dts", "agents.yaml"),
    ):
        text = None if agents is None else (examples / agents).read_text()
        yield scmigen.load(examples / board, include=[examples]), [text]


@pytest.fixture(scope="module")
def seeds(examples: Path) -> Seeds:
    boards = [made(tree, agents) for tree, agents in pairs(examples)]
    for name in ("full.json", "board.json"):
        text = (HERE / "server" / name).read_text()
        boards[0] = replace(boards[0], configurations=(*boards[0].configurations, text))
    files = (file for board in boards for kind in KINDS for file in getattr(board, kind))
    words = {word for file in files for word in re.findall(r"[\w.*@&/,-]+", file)}
    texts = {"plain.dts": PLAIN, BOARD: SOC, "server.dts": WITH_SERVER, "two.dts": TWO_PLATFORMS}
    return Seeds(tuple(boards), tuple(sorted(words)), texts)


@cache
def data_of(kind: str, text: str) -> Any:
    return json.loads(text) if kind == "configurations" else yaml.safe_load(text)


def damaged(random: Random, seeds: Seeds, kind: str, text: str) -> bytes:
    """A file of ``kind``, damaged as data (but a lock file, which is lines), as text, or both."""
    if kind != "locks" and random.random() < 0.5:
        data = damaged_data(random, data_of(kind, text), seeds.words)
        readable = random.random() < 0.5
        if kind == "configurations":
            text = json.dumps(data, ensure_ascii=not readable)
        else:
            text = yaml.safe_dump(data, allow_unicode=readable)
        if random.random() < 0.6:
            return text.encode("utf-8", "surrogatepass")
    return damaged_file(random, text, seeds.any_text(random, kind), seeds.words)


@dataclass(frozen=True)
class Outcome:
    """What a case ended with: diagnostics, and where it was not refused, a result."""

    found: tuple[Diagnostic, ...]
    result: object = None


def compiled(tree: DeviceTree, outputs: tuple[str, ...], **options: Any) -> Outcome:
    """All stages behind the tree."""
    try:
        result = scmigen.compile(tree, **options)
    except InputError as problem:
        return Outcome(problem.diagnostics)
    if any(item.id == "platform-extra" for item in result.diagnostics):
        return Outcome(result.diagnostics, (result.lock, ()))
    # The command makes no outputs of a board with other errors, but they can be made.
    emitted = emit_outputs(result.model, outputs, explicit=True)
    return Outcome((*result.diagnostics, *emitted.diagnostics), (result.lock, emitted.files))


#: Takes the case's random numbers, and the file to damage; what it returns is called twice.
Case = Callable[[Random, Seeds, Path], Callable[[], Outcome]]


def some_board(random: Random, seeds: Seeds) -> Board:
    """Mostly a small one."""
    weights = [8, 2, 1, 1, 3, 3, 1]
    return random.choices(seeds.boards, weights)[0]


def some_outputs(random: Random) -> tuple[str, ...]:
    return tuple(random.sample(registry.names(), 2))


def agents_file(random: Random, seeds: Seeds, path: Path) -> Callable[[], Outcome]:
    """An agents file, now and then with another one."""
    board = some_board(random, seeds)
    text = random.choice(board.agents or (seeds.any_text(random, "agents"),))
    path.write_bytes(damaged(random, seeds, "agents", text))
    more = [Text("more.yaml", seeds.any_text(random, "agents"))] if random.random() < 0.1 else []
    numbering, outputs = random.choice([*Numbering]), some_outputs(random)
    return lambda: compiled(board.tree, outputs, agents=[path, *more], numbering=numbering)


def guests_tree(random: Random, seeds: Seeds, path: Path) -> Callable[[], Outcome]:
    """The device tree of an agent."""
    text = damaged_text(random, GUEST, random.choice((GUEST, SOC)))
    path.write_text(text, errors="surrogatepass")
    board = seeds.boards[random.choice((0, 0, 0, 1))]
    owners = [Text(AGENTS, FILES[2])] if random.random() < 0.5 else []
    outputs = some_outputs(random)

    def run() -> Outcome:
        try:
            tree = scmigen.loads(text, str(path))
        except InputError as problem:
            return Outcome(problem.diagnostics)
        return compiled(board.tree, outputs, agents=owners, trees={"vm": tree})

    return run


def fixed(text: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """What the lines of a lock file fix: (platform, agent or kind, …, node, cells) → number, name.
    Written from the form of the file; its reader is under test."""
    found = {}
    platform = ""
    for line in re.split(r"\r\n|\n", text):
        word, *fields = line.split("\t")
        if word == "platform":
            platform = plain(fields[0])
        elif word == "agent":
            name, kind, number, node, *cells = fields
            key = (platform, f"agent {plain(name)}", kind, plain(node), *" ".join(cells).split())
            found[key] = (str(int(number)),)
        elif line.strip() and not line.startswith("#"):
            number, name, node, *cells = fields
            wanted = () if word == "device" else " ".join(cells).split()
            found[platform, word, plain(node), *wanted] = (str(int(number)), name)
    return found


def plain(text: str) -> str:
    return text.encode("ascii").decode("unicode_escape")


def lock_file(random: Random, seeds: Seeds, path: Path) -> Callable[[], Outcome]:
    """A lock file; one that is accepted holds."""
    board = some_board(random, seeds)
    data = damaged(random, seeds, "locks", random.choice(board.locks))
    path.write_bytes(data)
    owners = [Text(AGENTS, random.choice(board.agents))] if board.agents else []
    numbering, outputs = random.choice([*Numbering]), some_outputs(random)

    def run() -> Outcome:
        outcome = compiled(board.tree, outputs, agents=owners, lock=path, numbering=numbering)
        if outcome.result is not None and not any(d.id == "id-moved" for d in outcome.found):
            before, after = fixed(data.decode()), fixed(outcome.result[0])
            assert {key: after.get(key) for key in before} == before
        return outcome

    return run


def configuration(random: Random, seeds: Seeds, path: Path) -> Callable[[], Outcome]:
    """A runtime configuration: of the server of a board, of a comparison, or an overlay."""
    board = some_board(random, seeds)
    text = random.choice(board.configurations or (seeds.any_text(random, "configurations"),))
    path.write_bytes(damaged(random, seeds, "configurations", text))
    other = runtime.decode(random.choice((text, seeds.any_text(random, "configurations"))).encode())
    way = random.randrange(4)
    agent = random.choice((None, None, "linux", "vm"))

    def run() -> Outcome:
        try:
            if way == 0:
                return Outcome((), scmigen.diff(path, other))
            if way == 1:
                return Outcome((), scmigen.diff(other, path))
            if way == 2:
                return overlaid(text, path.read_bytes())
            found = scmigen.compile(board.tree, against=path, agent=agent).diagnostics
        except InputError as problem:
            return Outcome(problem.diagnostics)
        return Outcome(found, found)

    return run


def overlaid(text: str, data: bytes) -> Outcome:
    """A configuration with an overlay, as ``serve --extra`` reads it."""
    try:
        return Outcome((), runtime.decode(runtime.overlay(text.encode(), data)))
    except runtime.ConfigurationError as problem:
        return Outcome((RUNTIME_INVALID.error(str(problem)),))


def positions(found: Iterable[Diagnostic]) -> Iterator[Position]:
    for item in found:
        places = (item.position, *(place.position for place in item.related))
        yield from (place for place in places if place is not None)


def check_said(found: tuple[Diagnostic, ...], path: Path, texts: Mapping[str, str]) -> None:
    """Diagnostics can be printed in every form, and name places that there are."""
    for item in found:
        assert item.message.strip()
        assert "Error(" not in item.message
        assert len(format_text(item)) < 100_000
        where = item.position
        if item.id.startswith(READERS) and item.message not in WHOLE:
            assert where is not None
            assert where.line or where.file != str(path), item
    for place in positions(found):
        text = texts.get(place.file)
        if text is None:
            continue
        lines = re.split(r"\r\n|[\n\r]", text)
        assert place.line <= len(lines), place
        assert place.column <= len(lines[place.line - 1]) + 1, place
    for style in FORMATS:
        report(found, style, False, io.StringIO())


#: Ways, and the share of the cases that must come to a result, for damage that is never or always
#: fatal tests little.
WAYS: dict[Case, tuple[float, float]] = {
    agents_file: (0.02, 0.9),
    guests_tree: (0.02, 0.9),
    lock_file: (0.05, 0.9),
    configuration: (0.02, 0.9),
}


@pytest.mark.parametrize("case", WAYS, ids=lambda case: case.__name__)
def test_damaged_files_end_in_a_result_or_in_diagnostics(
    seeds: Seeds, case: Case, tmp_path: Path
) -> None:
    path = tmp_path / {agents_file: "a.yaml", configuration: "c.json"}.get(case, "damaged")
    through = 0
    for number in range(FIRST, FIRST + CASES):
        start = process_time()
        try:
            run = case(Random(number), seeds, path)
            first = run()
            through += first.result is not None
            texts = seeds.texts | {str(path): path.read_bytes().decode(errors="replace")}
            check_said(first.found, path, texts)
            assert run() == first, "another outcome the second time"
        except Exception as problem:
            problem.add_note(f"case {number} of {case.__name__}")
            raise
        assert process_time() - start < SECONDS, f"case {number} of {case.__name__}"
    least, most = WAYS[case]
    assert least * CASES < through < most * CASES
