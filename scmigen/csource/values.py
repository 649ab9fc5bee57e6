"""What expressions are worth: numbers, texts, tables, and what cannot be told."""

from collections.abc import Mapping
from typing import Protocol, Union

from scmigen.csource.tokens import Token
from scmigen.csource.tree import Initialiser, Type
from scmigen.data import Data, field, replace

Key = int | str


class Unknown(Data):
    """What cannot be told from the sources, why, and where that is."""

    why: str
    at: Token | None = None


class Size(Data):
    """So many times the size of a type."""

    count: int
    of: Type


class FunctionName(Data):
    """A function."""

    name: str
    at: Token | None = None


class Cells(Data, frozen=False, eq=False):
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

    # Tables are within tables that hold them.
    __repr__ = object.__repr__


class Pointer(Data, eq=False):
    """A pointer to a value in a table or structure."""

    to: Cells
    key: Key


class Choice(Data):
    """One of several values, by what is known at run time."""

    values: "tuple[Value, ...]"
    at: Token | None


class Maker(Protocol):
    """Works out values of one source."""

    def forced(self, later: "Later") -> "Value":
        """A value that is not worked out yet."""


class Later(Data, frozen=False, eq=False):
    """A value that is not worked out yet, and who does: names are those of its source."""

    value: Initialiser
    type: Type | None
    scope: "Scope | None"
    maker: "Maker"
    started: bool = False


class Scope(Data, frozen=False, eq=False):
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
