"""Work grows with the number of uses, not with its square: function calls are counted, not time."""

import sys
from collections.abc import Callable
from types import FrameType, ModuleType

import pytest
from conftest import REPOSITORY

from scmigen.bindings.inventory import take_inventory
from scmigen.checks.registry import run_checks
from scmigen.model.build import build
from scmigen.targets.make import make


@pytest.fixture
def scaling(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The boards of ``benchmarks/scaling.py``; each resource of a narrow one has hundreds of
    uses."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    found = __import__("scaling")
    monkeypatch.delitem(sys.modules, "scaling")
    monkeypatch.setattr(found, "NARROW", 8)
    return found


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, and how often generators go on."""
    count = 0

    def counted(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def assert_linear(of: Callable[[int], int]) -> None:
    """Twice as many uses more are twice as much work more."""
    of(5)  # what is read or compiled once
    few, more, many = (of(uses) for uses in (500, 1000, 2000))
    assert many - more < 2.2 * (more - few)


@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_inventory_model_and_checks_are_linear(scaling: ModuleType, shape: str) -> None:
    def of(uses: int) -> int:
        tree = scaling.SHAPES[shape](uses)
        agents = scaling.assignment(tree, 2)
        return calls(lambda: run_checks(build(take_inventory(tree), agents)))

    assert_linear(of)


@pytest.mark.parametrize(
    ("shape", "output"),
    [
        ("wide", "runtime"),
        ("wide", "permissions"),
        ("narrow", "runtime"),
        ("narrow", "permissions"),
        ("narrow", "scp"),
    ],
)
def test_outputs_are_linear(scaling: ModuleType, shape: str, output: str) -> None:
    def of(uses: int) -> int:
        tree = scaling.SHAPES[shape](uses)
        (platform,) = build(take_inventory(tree), scaling.assignment(tree, 2)).platforms
        return calls(lambda: make(platform, output))

    assert_linear(of)
