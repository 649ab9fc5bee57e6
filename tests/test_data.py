"""Classes of data: what they do is what `dataclasses` does with the same fields."""

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar
from weakref import ref

import pytest

import scmigen
from scmigen.data import Data, DataType, asdict, field, fields, replace

T = TypeVar("T")


class Point(Data, order=True):
    x: int
    y: int = 0
    about: str = field(default="", compare=False, repr=False)


class Named(Point):
    name: str = ""


class Counted(Data, frozen=False):
    values: list[int] = field(default_factory=list)
    name: str = ""


class Cached(Data, slots=False):
    values: tuple[int, ...]

    @cached_property
    def total(self) -> int:
        return sum(self.values)


class Itself(Data, eq=False):
    x: int


class Holds(Data, Generic[T]):
    value: T


class Doubled(Data):
    x: int
    twice: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", self.x * 2)


class Empty(Data):
    pass


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class _Point:
    x: int
    y: int = 0
    about: str = dataclasses.field(default="", compare=False, repr=False)


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, 2), {}),
    ((1, 2, "three"), {}),
    ((), {"y": 2, "x": 1}),
    ((1,), {"about": "it"}),
    ((), {}),
    ((1, 2, "three", 4), {}),
    ((1,), {"x": 2}),
    ((1,), {"z": 2}),
]


@pytest.mark.parametrize(("given", "named"), ARGUMENTS)
def test_arguments_are_those_of_a_data_class(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    try:
        expected: object = dataclasses.astuple(_Point(*given, **named))
    except TypeError as problem:
        expected = str(problem).replace("_Point.__init__", "Point")
    try:
        point = Point(*given, **named)
        found: object = (point.x, point.y, point.about)
    except TypeError as problem:
        found = str(problem)
    assert found == expected


@pytest.mark.parametrize("first", [(0, 0), (0, 1), (1, 0), (1, 1, "about")])
@pytest.mark.parametrize("second", [(0, 0), (0, 1, "about"), (1, 0), (1, 1)])
def test_comparisons_are_those_of_a_data_class(
    first: tuple[Any, ...], second: tuple[Any, ...]
) -> None:
    mine, its = (Point(*first), Point(*second)), (_Point(*first), _Point(*second))
    for name in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
        assert getattr(mine[0], name)(mine[1]) == getattr(its[0], name)(its[1])
    assert (hash(mine[0]) == hash(mine[1])) == (hash(its[0]) == hash(its[1]))


def test_another_class_is_never_equal() -> None:
    assert Point(1) != Named(1)
    assert Point(1) != _Point(1)
    with pytest.raises(TypeError):
        assert Point(1) < Named(2)


def test_a_subclass_has_the_fields_of_its_base_first() -> None:
    assert fields(Named) == ("x", "y", "about", "name")
    assert Named(1, name="a") == Named(1, 0, "", "a") != Named(1, name="b")
    assert isinstance(Named(1), Point)


def test_frozen_data_cannot_be_changed() -> None:
    point = Point(1)
    for change in (lambda: setattr(point, "x", 2), lambda: delattr(point, "x")):
        with pytest.raises(AttributeError, match="Point is read-only, so is x"):
            change()
    with pytest.raises(AttributeError):
        point.z = 3  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_data_that_are_not_frozen_have_their_own_values_and_no_hash() -> None:
    one, two = Counted(), Counted()
    one.values.append(1)
    one.name = "one"
    assert (two.values, two.name) == ([], "")
    assert one == Counted([1], "one")
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]


def test_a_default_that_could_change_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Shared\.values"):

        class Shared(Data):
            values: list[int] = []  # noqa: RUF012


def test_a_field_without_a_default_after_one_that_has_it_is_refused() -> None:
    class Wrong(Data):
        x: int = 0
        y: int  # type: ignore[misc]

    with pytest.raises(TypeError, match=r"Wrong\.y has no default"):
        Wrong(1, 2)


def test_cached_properties_and_weak_references_need_data_without_slots() -> None:
    data = Cached((1, 2))
    assert (data.total, vars(data)["total"], ref(data)()) == (3, 3, data)
    with pytest.raises(AttributeError):
        data.values = ()  # type: ignore[misc]


def test_data_that_are_equal_to_themselves_only() -> None:
    one = Itself(1)
    assert one == one != Itself(1)
    assert hash(one) == object.__hash__(one)


def test_what_a_class_defines_itself_stays() -> None:
    class Folded(Data):
        name: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Folded) and self.name.lower() == other.name.lower()

        def __hash__(self) -> int:
            return hash(self.name.lower())

        def __repr__(self) -> str:
            return self.name

    assert {Folded("a")} == {Folded("A")}
    assert repr(Folded("a")) == "a"


def test_repr_is_that_of_a_data_class() -> None:
    assert repr(Point(1, 2, "about")) == repr(_Point(1, 2, "about")).replace("_Point", "Point")
    assert (repr(Empty()), Empty()) == ("Empty()", Empty())


def test_post_init_runs_on_what_is_complete_and_on_copies() -> None:
    assert (Doubled(2).twice, replace(Doubled(2), x=5).twice) == (4, 10)


def test_replace_changes_fields_that_there_are() -> None:
    assert replace(Point(1, 2, "about"), y=3) == Point(1, 3, "about")
    with pytest.raises(TypeError, match="'z'"):
        replace(Point(1), z=2)  # type: ignore[call-arg]


@pytest.mark.parametrize("data", [Point(1, 2, "about"), Counted([1]), Cached((1,)), Doubled(3)])
def test_data_are_copied_and_pickled(data: Data) -> None:
    for made in (copy.copy(data), copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert type(made) is type(data)
        assert made is not data
        assert asdict(made) == asdict(data)


def test_data_that_hold_themselves_are_pickled() -> None:
    one = Counted(name="one")
    one.values.append(one)  # type: ignore[arg-type]
    made = pickle.loads(pickle.dumps(one))
    assert made.values[0] is made


def test_patterns_match_by_place_and_by_name() -> None:
    match Named(1, 2, name="a"):
        case Point(x, y, name="a"):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no match")


def test_asdict_goes_into_what_is_inside() -> None:
    data = Holds([Point(1), {"a": (Point(2),)}, "text"])
    plain = {"x": 1, "y": 0, "about": ""}
    assert asdict(data) == {"value": [plain, {"a": (plain | {"x": 2},)}, "text"]}


def test_generic_data() -> None:
    assert Holds[int](1) == Holds(1)


def test_what_takes_data_classes_takes_data() -> None:
    point = Point(1, 2, "about")
    assert dataclasses.is_dataclass(point)
    assert dataclasses.asdict(point) == asdict(point)
    assert dataclasses.replace(point, x=5) == Point(5, 2, "about")
    of = {each.name: each for each in dataclasses.fields(Named)}
    assert [(name, each.type) for name, each in of.items()] == [
        ("x", int),
        ("y", int),
        ("about", str),
        ("name", str),
    ]
    assert (of["x"].default, of["y"].default) == (dataclasses.MISSING, 0)
    assert str(inspect.signature(Point)) == "(x, y=0, about='')"


def test_annotations_may_be_what_a_function_returns() -> None:
    """As from Python 3.14 on."""
    body = {
        "__module__": __name__,
        "__annotate_func__": lambda _format: {"x": int, "y": int},
        "y": 2,
    }
    made: Any = DataType("Made", (Data,), body)
    assert (fields(made), repr(made(1))) == (("x", "y"), "Made(x=1, y=2)")


def test_all_classes_of_data_are_defined_like_this() -> None:
    """Data classes are only asked for the fields of what plugins have."""
    root = Path(scmigen.__file__).parent
    users = [path.name for path in root.rglob("*.py") if "dataclasses import" in path.read_text()]
    assert sorted(users) == ["data.py", "plugin_types.py"]


def test_nothing_that_compiles_classes_is_imported() -> None:
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; import scmigen.data\n"
        "print(*{'dataclasses', 'inspect', 'typing'} & sys.modules.keys())"
    )
    command = [sys.executable, "-S", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"
