"""What expressions are worth: numbers, texts, tables, and what cannot be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Union

from scmigen.csource.tokens import Token
from scmigen.csource.tree import Initialiser, Type

Key = int | str


@dataclass(frozen=True, slots=True)
class Unknown:
    """What cannot be told from the sources, why, and where that is."""

    why: str
    at: Token | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """So many times the size of a type."""

    count: int
    of: Type


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function."""

    name: str
    at: Token | None = None


@dataclass(slots=True, eq=False, repr=False)
class Cells:
    """A table, structure or union: values by index or member, worked out when they are asked for.

    ``filled``: what is not given is zero. ``places`` says where a value is written, ``origins`` as
    what. ``doubt``: why it is not known what is in it.
    ``kinds``: the types of a scope's objects. ``constants``: what is in it that nothing may set.
    ``unsure``: members of it, or of its rows, that are set elsewhere.
    """

    type: Type | None
    at: Token | None = None
    values: dict[Key, "Value | Later"] = field(default_factory=dict)
    places: dict[Key, Token] = field(default_factory=dict)
    origins: dict[Key, Initialiser] = field(default_factory=dict)
    length: int | None = None
    filled: bool = True
    doubt: Unknown | None = None
    within: "tuple[Cells, Key] | None" = None
    kinds: Mapping[str, Type] | None = None
    constants: set[Key] | None = None
    unsure: "dict[Key, Unknown] | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """A pointer to a value in a table or structure."""

    to: Cells
    key: Key


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, by what is known at run time."""

    values: "tuple[Value, ...]"
    at: Token | None


class Maker(Protocol):
    """Works out values of one source."""

    def forced(self, later: "Later") -> "Value":
        """A value that is not worked out yet."""


@dataclass(slots=True, eq=False)
class Later:
    """A value that is not worked out yet, and who does: names are those of its source."""

    value: Initialiser
    type: Type | None
    scope: "Scope | None"
    maker: "Maker"
    started: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """The objects of a function that runs, in one of its blocks."""

    cells: Cells
    types: dict[str, Type]
    outer: "Scope | None" = None
    kept: "dict[str, Cells]" = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cells.kinds = self.types

    def place_of(self, name: str) -> "tuple[Cells, Key]":
        """Where an object of the block is; those that are ``static`` outlast it."""
        return self.kept.get(name, self.cells), name


Value = Union[int, str, Cells, Pointer, Size, FunctionName, Unknown, Choice]  # noqa: UP007


def copied(value: "Value | Later") -> "Value | Later":
    """A structure or table as it is assigned: of its own."""
    if not isinstance(value, Cells):
        return value
    found = replace(
        value, values={}, places=dict(value.places), origins=dict(value.origins), within=None
    )
    for key, each in value.values.items():
        one = copied(each)
        if isinstance(one, Cells):
            one.within = (found, key)
        found.values[key] = one
    return found


def first_unknown(*values: Value) -> Unknown | None:
    """The first of some values that cannot be told."""
    return next((value for value in values if isinstance(value, Unknown)), None)
