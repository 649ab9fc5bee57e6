"""Damaged boards end in files or in diagnostics, through every stage: tree, assignment, model,
checks, targets.

Every case is made of its number alone. A few hundred run with the other tests; for a long run

    SCMIGEN_FUZZ=100000 python -m pytest -m "not slow" tests/whole/test_fuzz_pipeline.py

runs that many cases from number 0; SCMIGEN_FUZZ_FROM=N starts at another one. Real boards are
damaged where they are at hand: parts of them, and now and then a whole one.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import process_time

import pytest
from damage import damaged_bytes, damaged_text, damaged_tree, excerpt
from fuzz_seeds import FILES, SOC, WITH_SERVER, WITHOUT_SCMI
from support import AGENTS
from turns import one_in

from scmigen.assignment.sources import Sources, assign
from scmigen.checks.registry import run_checks
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.drafts import draft_of
from scmigen.devicetree.load import load
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.source import read_source
from scmigen.devicetree.text import to_text
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, format_text, to_dict
from scmigen.model.build import build
from scmigen.runtime import Numbering
from scmigen.targets import registry
from scmigen.targets.make import make_outputs, option_problems

CASES = int(os.environ.get("SCMIGEN_FUZZ", "300"))
FIRST = int(os.environ.get("SCMIGEN_FUZZ_FROM", "0"))

#: The most CPU seconds of one case.
SECONDS = 20


@dataclass(frozen=True)
class Seeds:
    """What is damaged: sources, their trees, real boards, and all properties of all of them."""

    texts: tuple[str, ...]
    trees: tuple[DeviceTree, ...]
    boards: tuple[DeviceTree, ...]
    pool: tuple[Property, ...]


@pytest.fixture(scope="module")
def seeds(examples: Path, request: pytest.FixtureRequest) -> Seeds:
    texts = (SOC, WITHOUT_SCMI, WITH_SERVER, (examples / "minimal.dts").read_text())
    trees = tuple(read_source(text, "seed.dts", symbols=True) for text in texts)
    boards = [load(examples / "orrery-board.dts", [examples])]
    if (examples.parent.parent.parent / "shared" / "corpus").is_dir():
        corpus: Path = request.getfixturevalue("corpus")
        boards += [
            read_blob(path.read_bytes(), path.name) for path in sorted(corpus.glob("*.symbols.dtb"))
        ]
    distinct = {
        (item.name, item.value): item
        for tree in (*trees, *boards)
        for node in tree.nodes
        for item in node.properties.values()
        if len(item.value) <= 64
    }
    return Seeds(texts, trees, tuple(boards), tuple(distinct.values()))


def compiled(tree: DeviceTree, agents: str | None, random: Random) -> Iterable[Diagnostic]:
    """All stages behind the tree, as `scmigen.pipeline` has them; the diagnostics of all."""
    own = {} if random.random() < 0.9 else {"linux": tree}
    inventory, assignment = assign(tree, Sources([] if agents is None else [(AGENTS, agents)], own))
    numbering = random.choice((*Numbering,))
    model = build(inventory, assignment, None, numbering, False)
    found = [*tree.warnings, *run_checks(model), *option_problems(model)]
    outputs = random.sample(registry.names(), 2)
    made = make_outputs(model, outputs, explicit=random.random() < 0.5)
    return (*found, *made.diagnostics)


def from_text(random: Random, seeds: Seeds) -> DeviceTree:
    text = damaged_text(random, random.choice(seeds.texts), random.choice(seeds.texts))
    return read_source(text, "damaged.dts")


def from_tree(random: Random, seeds: Seeds) -> DeviceTree:
    root = draft_of(random.choice(seeds.trees).root)
    return read_blob(damaged_tree(random, root, seeds.pool), "damaged.dtb")


def from_damaged_source(random: Random, seeds: Seeds) -> DeviceTree:
    """A tree is damaged, and then read as a source."""
    return read_source(to_text(from_tree(random, seeds)), "damaged.dts")


def from_bytes(random: Random, seeds: Seeds) -> DeviceTree:
    blob = damaged_tree(random, draft_of(random.choice(seeds.trees).root), seeds.pool, most=0)
    return read_blob(damaged_bytes(random, blob, blob), "damaged.dtb")


def from_part(random: Random, seeds: Seeds) -> DeviceTree:
    root = excerpt(random, random.choice(seeds.boards), random.randint(1, 8))
    return read_blob(damaged_tree(random, root, seeds.pool), "part.dtb")


def from_board(random: Random, seeds: Seeds) -> DeviceTree:
    root = draft_of(random.choice(seeds.boards).root)
    return read_blob(damaged_tree(random, root, seeds.pool, most=30), "board.dtb")


#: Ways to a damaged tree, and how many of a thousand cases go each.
WAYS = {
    from_text: 170,
    from_tree: 300,
    from_damaged_source: 100,
    from_bytes: 50,
    from_part: 370,
    from_board: 10,
}


def outcome(random: Random, way: Callable[[Random, Seeds], DeviceTree], seeds: Seeds) -> bool:
    """Whether the case reached the outputs, and was not refused before."""
    try:
        found, through = compiled(way(random, seeds), random.choice(FILES), random), True
    except InputError as problem:
        found, through = problem.diagnostics, False
        assert found
    for item in found:
        assert item.message
        assert "Error(" not in item.message
        assert len(format_text(item)) < 100_000
        to_dict(item)
    return through


@pytest.mark.parametrize("part", one_in(3, range(3)))
def test_damaged_boards_end_in_files_or_diagnostics(seeds: Seeds, part: int) -> None:
    through, cases = 0, range(FIRST + part, FIRST + CASES, 3)
    for number in cases:
        random = Random(number)
        (way,) = random.choices([*WAYS], [*WAYS.values()])
        start = process_time()
        try:
            through += outcome(random, way, seeds)
        except Exception as problem:
            problem.add_note(f"case {number}, {way.__name__}")
            raise
        assert process_time() - start < SECONDS, f"case {number}, {way.__name__}"
    # Damage that is never, or always, fatal would test little.
    assert 0.4 * len(cases) < through < len(cases) or len(cases) < 100
