"""JSON of servers that nobody would write: an error or a comparison, in time, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import pytest
from audit.test_hvisor_json import ZONES
from mutated_board import build, model, written_out

from scmigen import Model
from scmigen.audit.registry import named, read
from scmigen.checks import against
from scmigen.diagnostics import InputError
from scmigen.migration.carry import carry
from scmigen.runtime import encode_served, served_of

VALUES = (
    *(10**40, -(10**40), 1e308, float("nan"), float("inf"), 0.5, -1, 2**63, 2**64),
    *("", "x" * 100_000, "\0", [], {}, None, True, [None], [{}], {"": ""}, [[[[[]]]]]),
)


@pytest.fixture(scope="module")
def board() -> Model:
    return model()


def ways(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield way
    if isinstance(value, dict):
        for key, each in value.items():
            yield from ways(each, (*way, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from ways(each, (*way, index))


@pytest.mark.parametrize("form", ["grants", "runtime", "hvisor"])
def test_wrong_values_end_in_an_error_or_a_comparison(
    board: Model, form: str, tmp_path: Path
) -> None:
    made = build(board)
    configuration = made(board.platforms[0])
    documents = {
        "grants": json.loads(encode_served(served_of(configuration))),
        "runtime": written_out(configuration),
        "hvisor": ZONES,
    }
    dice, path = Random(form), tmp_path / "x.json"
    text = json.dumps(documents[form])
    every = list(ways(documents[form]))[1:]
    compared = 0
    for turn in range(150):
        document = json.loads(text)
        *above, last = dice.choice(every)
        here = document
        for step in above:
            here = here[step]
        here[last] = dice.choice(VALUES)
        path.write_text(json.dumps(document))
        begin = monotonic()
        try:
            served = read([named(f"{form}:{path}")]).served
        except InputError:
            continue
        compared += 1
        against.compare(board, served, "x", build=made)
        if turn % 20 == 0:
            carry(board.inventory.tree, served, "x", {}, "x")
        assert monotonic() - begin < 60
    assert compared > 5


def test_many_values_are_compared_in_time_and_told_in_short(board: Model, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    row = {"id": 1, "resource": 1, "operations": ["state"]}
    server = {
        "format": "scmigen-grants-1",
        "name": "x",
        "agents": [{"id": 1, "name": "linux", "grants": {"clock": [row]}}],
        "resources": {"clock": [{"id": 1, "facts": {"rates": list(range(300_000))}}]},
    }
    path.write_text(json.dumps(server))
    found = against.compare(board, read([named(str(path))]).served, "x", build=build(board))
    assert "rates-differ" in {item.id for item in found}
    assert max(len(item.message) for item in found) < 400
