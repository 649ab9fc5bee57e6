"""What stands for names of typing at run time does what annotations ask of it."""

import typing
from collections.abc import Callable

import pytest

from scmigen import hints
from scmigen.data import Data
from scmigen.hints import Any, Final, Generic, Protocol, TypeAlias, TypeVar, cast, overload
from scmigen.plugin_types import mistyped

T = TypeVar("T", bound=str)
Alias: TypeAlias = "Callable[[T], Any] | None"
LIMIT: Final[int] = 1


class Box(Data, Generic[T]):
    """A class of data with a parameter."""

    held: T
    by_name: dict[str, Any]


class Opener(Protocol):
    """What others have."""

    def open(self, box: Box[str] | None) -> T | None: ...


class Foreign(Data):
    """As another package declares it."""

    anything: typing.Any


def test_every_name_is_one_of_typing() -> None:
    assert set(hints.__all__) <= set(typing.__all__)
    assert all(hasattr(hints, name) for name in hints.__all__)


def test_a_class_with_parameters_is_made_and_asked_for_them() -> None:
    assert Box("a", {"b": 1}).held == "a"
    assert typing.get_origin(Box[str]) is Box
    assert typing.get_args(Box[str]) == (str,)
    assert issubclass(type("It", (Opener,), {}), Opener)


def test_what_is_decorated_and_cast_is_what_it_was() -> None:
    assert overload(len) is len
    assert cast(int, "a") == "a"


@pytest.mark.parametrize(
    ("value", "kind"), [(Box("a", {"b": 1}), Box[str]), (Foreign(1), Foreign)], ids=["own", "other"]
)
def test_anything_is_right_for_any(value: object, kind: Any) -> None:
    assert mistyped(value, kind, "it") is None


def test_a_parameter_is_held_against_what_it_stands_for() -> None:
    assert mistyped(Box("a", {}), Box[int], "it") == "it.held is str, not int"
