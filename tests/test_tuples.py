"""Named tuples do what those of `typing` do."""

import pickle
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scmigen
from scmigen.tuples import NamedTuple


class Point(NamedTuple):
    x: int
    y: int = 0

    @property
    def both(self) -> int:
        return self.x + self.y


class Further(Point):
    pass


class Expected(typing.NamedTuple):
    x: int
    y: int = 0


USES: list[Callable[[Any], object]] = [
    lambda kind: kind(1),
    lambda kind: kind(1, 2) == (1, 2),
    lambda kind: kind(y=3, x=1).y,
    lambda kind: hash(kind(1, 2)),
    lambda kind: kind(1) < kind(2),
    lambda kind: kind(1)._replace(y=5),
    lambda kind: kind(1)._asdict(),
    lambda kind: kind._make([1, 2]),
    lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__),
    lambda kind: kind(),
    lambda kind: kind(1, 2, 3),
    lambda kind: kind(1, z=2),
    lambda kind: kind._make([1]),
    lambda kind: setattr(kind(1), "x", 2),
    lambda kind: setattr(kind(1), "z", 2),
]


@pytest.mark.parametrize("use", USES)
def test_uses(use: Callable[[Any], object]) -> None:
    def outcome(kind: Any) -> str:
        try:
            return repr(use(kind)).replace(kind.__name__, "")
        except (AttributeError, TypeError, ValueError) as problem:
            return type(problem).__name__

    assert outcome(Point) == outcome(Expected)


def test_a_field_that_is_not_there_is_not_replaced() -> None:
    """As from Python 3.13 on; before, it is a `ValueError`."""
    with pytest.raises(TypeError, match="Point has no z"):
        Point(1)._replace(z=5)  # type: ignore[call-arg]


def test_pickled() -> None:
    for made in (Point(1, 2), Further(3)):
        again = pickle.loads(pickle.dumps(made))
        assert (type(again), again) == (type(made), made)


def test_subclasses_and_methods() -> None:
    assert (Further(1, 2).both, repr(Further(1))) == (3, "Further(x=1, y=0)")
    match Further(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_all_named_tuples_are_defined_like_this() -> None:
    root = Path(scmigen.__file__).parent
    users = [
        path.name for path in root.rglob("*.py") if "typing import NamedTu" in path.read_text()
    ]
    assert users == ["tuples.py"]
