"""The runtime configuration as it is written, against msgspec and the schema that read it."""

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES
from msgspec import inspect

import scmigen
from scmigen import runtime
from scmigen.resources import directory
from scmigen.targets.runtime import configuration
from scmigen.targets.runtime.configuration import configuration_of
from scmigen.targets.runtime.rows import Row, as_json, as_rows, as_structs
from scmigen.targets.runtime.sound import LARGEST, LARGEST_IN, LARGEST_OF, LONGEST, is_sound


@cache
def example() -> Row:
    result = scmigen.compile(EXAMPLES / "orrery-board.dts", agents=EXAMPLES / "agents.yaml")
    assert result.platform is not None
    return configuration_of(result.platform)


def test_it_is_written_as_msgspec_writes_what_it_reads_of_it() -> None:
    text = as_json(example())
    assert runtime.encode(runtime.decode(text.encode())).decode() == text + "\n"
    assert json.dumps(json.loads(text), indent=1, ensure_ascii=False) == text


@pytest.mark.parametrize(
    "value",
    [
        *({}, [], (), {"a": {}, "b": [[], ()]}, 0, -1, 1 << 63, True, False, None, "", "é\u2028"),
        *('\x00\x1f\x7f"\\/\b\f\n\r\t', {"k\n": ["v", 1, None, True]}, [{"a": 1}, {"b": [2, 3]}]),
    ],
)
def test_any_json_is_written_as_the_library_does(value: Any) -> None:
    assert as_json(value) == json.dumps(value, indent=1, ensure_ascii=False)


def test_rows_and_structs_are_the_same() -> None:
    structs = as_structs(example())
    assert structs == runtime.decode(as_json(example()).encode())
    assert as_rows(structs) == example()
    assert as_json(as_rows(structs)) == as_json(example())


@pytest.mark.once
def test_the_schema_that_is_written_is_that_of_what_is_read() -> None:
    """``scmigen schema runtime > templates/runtime/runtime.schema.json`` makes it anew.

    So it is with msgspec of ``constraints.txt``: others order alternatives differently.
    """
    file = directory("templates") / "runtime" / "runtime.schema.json"
    assert file.read_bytes() == runtime.json_schema()


def rows_in(value: Any) -> Iterator[Row]:
    if isinstance(value, Row):
        yield value
    if isinstance(value, dict | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from rows_in(each)


def scalars(kind: inspect.Type) -> Iterator[inspect.Type]:
    match kind:
        case inspect.UnionType():
            for each in kind.types:
                yield from scalars(each)
        case inspect.VarTupleType():
            yield from scalars(kind.item_type)
        case inspect.Metadata():
            yield from scalars(kind.type)
        case _:
            yield kind


def test_what_is_sound_is_within_the_bounds_of_the_schema() -> None:
    """Those of each field that a build writes."""
    writing = Path(configuration.__file__).read_text()
    bounded = 0
    for name in sorted({row.struct for row in rows_in(example())}):
        struct = inspect.type_info(getattr(runtime.schema, name))
        assert isinstance(struct, inspect.StructType)
        for field in struct.fields:
            if f"{field.name}=" not in writing or (name, field.name) == ("Sensor", "type"):
                continue  # it is never written
            largest = LARGEST_IN.get(name, {}).get(field.name) or LARGEST_OF.get(
                field.name, LARGEST
            )
            for kind in scalars(field.type):
                if isinstance(kind, inspect.IntType) and kind.le is not None:
                    # A number of a resource is that of one that there is.
                    references = ("parent", "parents", "power", "supply", "clock", "sustained")
                    assert kind.le >= largest or field.name in references, (name, field.name)
                    assert kind.ge is None or kind.ge <= 0 or field.name == "id"
                    bounded += 1
                if isinstance(kind, inspect.StrType) and kind.max_length is not None:
                    assert LONGEST[field.name] <= kind.max_length
                    bounded += 1
    assert bounded > 25


def test_the_example_is_sound() -> None:
    assert is_sound(example())


#: What is in a tree: numbers and texts that may be any.
OF_TREE = (
    *("rates", "rate", "step", "levels", "level", "frequency", "voltage", "latency"),
    *("cells", "name", "trip_points"),
)


def copied(value: Any) -> Any:
    if isinstance(value, Row):
        return Row(value.struct, **{name: copied(each) for name, each in value.items()})
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    return tuple(map(copied, value)) if isinstance(value, tuple) else value


def spoilt(value: Any, chance: random.Random) -> Any:
    """Another value of the kind, mostly one at a bound."""
    if isinstance(value, str):
        return "x" * chance.choice((0, 1, 63, 64))
    if isinstance(value, tuple):
        at = chance.randrange(len(value)) if value else 0
        if value and isinstance(value[at], Row):
            return (*value[:at], *value[at : at + 2][::-1], *value[at + 2 :])
        return (*value[:at], spoilt(0, chance), *value[at + 1 :])
    power = 1 << chance.choice((0, 4, 8, 11, 16, 20, 31, 32, 63))
    return chance.choice((0, -1, power - 1, power, -power, -power - 1))


def test_what_is_sound_is_read_back_and_what_is_not_read_back_is_not_sound() -> None:
    chance = random.Random(1)
    told = {True: 0, False: 0}
    for _ in range(150):
        made = copied(example())
        row = chance.choice(list(rows_in(made)))
        names = [name for name in row if name in OF_TREE]
        if not names:
            continue
        name = chance.choice(names)
        row[name] = spoilt(row[name], chance)
        try:
            runtime.decode(as_json(made).encode())
        except runtime.ConfigurationError:
            assert not is_sound(made), (row, name)
            told[False] += 1
        else:
            told[True] += is_sound(made)
    assert min(told.values()) > 10


@pytest.mark.parametrize("kind", ["power_domains", "voltage_domains"])
def test_what_is_below_itself_is_not_sound(kind: str) -> None:
    made = copied(example())
    for row in made[kind][:2]:
        row["parent"] = made[kind][0]["id"]
    assert not is_sound(made)
    with pytest.raises(runtime.ConfigurationError, match="its own ancestor"):
        runtime.decode(as_json(made).encode())
