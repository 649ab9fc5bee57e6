"""benchmarks/: what figures are made of, and when one is told as a change."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from conftest import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A module of benchmarks/, which is no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)

    def imported(name: str) -> ModuleType:
        found = __import__(name)
        for other in set(sys.modules) - before:
            monkeypatch.delitem(sys.modules, other)
        return found

    return imported


def run(figures: ModuleType, unit: float, *values: object) -> object:
    return figures.Run({}, unit, 0.0, values, {})


def test_a_ratio_is_of_the_least_times_of_each_board_and_varies_as_every_third(
    module: Callable[[str], ModuleType],
) -> None:
    figures = module("figures")
    ours = {"a": [30.0, 33.0, 36.0, 31.0, 34.0, 37.0], "b": [10.0, 10.0, 10.0, 10.0, 10.0, 10.0]}
    theirs = {"a": [5.0, 5.0, 5.0, 5.0, 5.0, 5.0], "b": [5.0, 5.0, 5.0, 5.0, 5.0, 5.0]}
    # 40 of 10; of every third 40, 43 and 46.
    assert figures.ratio(ours, theirs) == pytest.approx((4.0, 0.15))


def test_a_change_is_told_if_it_exceeds_what_both_runs_vary(
    module: Callable[[str], ModuleType],
) -> None:
    figures = module("figures")

    def one(value: float, spread: float, more: bool = False) -> object:
        return figures.Figure("key", "of", value, "unit", spread, more=more)

    def told(new: object, old: object) -> list[tuple[float, bool]]:
        found = figures.changes(run(figures, 10, new), run(figures, 10, old))
        return [(round(change, 3), worse) for _, change, worse in found]

    assert told(one(1.10, 0.05), one(1.0, 0.06)) == []
    assert told(one(1.12, 0.05), one(1.0, 0.06)) == [(0.12, True)]
    assert told(one(0.88, 0.05), one(1.0, 0.06)) == [(-0.12, False)]
    assert told(one(0.88, 0.05, more=True), one(1.0, 0.06)) == [(-0.12, True)]
    assert told(one(1.02, 0.0), one(1.0, 0.0)) == []


def test_times_are_compared_in_starts_of_python(module: Callable[[str], ModuleType]) -> None:
    figures = module("figures")
    slow, fast = (figures.Figure("key", "of", value, "µs", timed=True) for value in (30, 20))
    assert list(figures.changes(run(figures, 15, slow), run(figures, 10, fast))) == []


def test_a_run_is_read_as_it_was_kept(module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    figures = module("figures")
    one = figures.Figure("a", "of a", 1.234, "MiB", 0.01, 28.0)
    two = figures.Figure("b", "of b", 40.5, "boards a second", more=True, wall=True)
    kept = figures.Run({"count": "2"}, 10.25, 0.5, (one, two), {"dtc": "not installed"})
    path = tmp_path / "kind.json"
    path.write_text(kept.json(), encoding="utf-8")
    assert figures.read(path) == kept


@pytest.mark.parametrize(
    ("processor", "kind"),
    [
        ("AMD EPYC 25-17", "amd-epyc-25-17-x2-python-3.11"),
        ("Cortex-A72 0xd08", "cortex-a72-0xd08-x2-python-3.11"),
    ],
    ids=["x86", "arm64"],
)
def test_a_kind_of_machine_is_a_name_for_a_file(
    module: Callable[[str], ModuleType], processor: str, kind: str
) -> None:
    machine = {"processor": processor, "count": "2", "python": "3.11.7"}
    assert module("machine").kind(machine) == kind


def test_figures_that_are_kept_are_of_the_kind_that_their_file_is_called(
    module: Callable[[str], ModuleType],
) -> None:
    figures, machine = module("figures"), module("machine")
    for path in (BENCHMARKS / "figures").glob("*.json"):
        assert machine.kind(figures.read(path).machine) == path.stem


def test_a_product_line_has_boards_that_read_the_same_sources(
    module: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    line = module("product_line")
    boards = line.make(tmp_path, 3)
    line.ninja(tmp_path, boards, "scmigen", "headers")
    text = (tmp_path / "build.ninja").read_text()
    assert text.count("build build/variant-") == len(boards) == 3
    assert all('#include "orrery-board.dts"' in board.read_text() for board in boards)
