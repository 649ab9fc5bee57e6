"""What the fields of options can be, from their annotations.

Annotations are those of Python; `Meta` says more of numbers and texts. What `msgspec` calls so
does, too.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from scmigen import hints
from scmigen.data import Data

if TYPE_CHECKING:
    from scmigen.targets.base import Group


_ANNOTATED = (Annotated, hints.Annotated)


class Type(Data):
    """Base of all types. ``like``: what a right value is like, for people, if it says that."""

    like: str | None = None


class Truth(Type):
    """``bool``."""


class Number(Type):
    """``int``, from ``low`` to ``high``."""

    low: int | None = None
    high: int | None = None


class Text(Type):
    """``str``; a pattern is that of the whole."""

    pattern: str | None = None
    shortest: int = 0
    longest: int | None = None


class Words(Type):
    """Some texts, and what makes a value of one."""

    words: tuple[str, ...] = ()
    value: Callable[[str], Any] = str


class Grouped(Type):
    """A group of options."""

    of: "type[Group] | None" = None


class Mapped(Type):
    """A mapping. ``by_text``: from strings; agents files have no other ones."""

    item: Type = Type()
    by_text: bool = True


class Listed(Type):
    """A tuple of any length."""

    item: Type = Type()


class Either(Type):
    """One of several; None is none of them."""

    members: tuple[Type, ...] = ()


class Other(Type):
    """What options cannot have, and its name."""

    name: str = ""


SCALARS = (Truth, Number, Text, Words)


class Option(Data):
    """A field of a group. ``key``: that of the agents file."""

    name: str
    key: str
    type: Type
    required: bool


@cache
def options_of(group: "type[Group]") -> tuple[Option, ...]:
    """The options of a group, in order. What `Options` itself has is none."""
    from scmigen.data import fields

    types = get_type_hints(group, localns=_names(group), include_extras=True)
    return tuple(
        Option(
            name,
            group.KEYS.get(name, name.replace("_", "-")),
            type_of(types[name]),
            name not in group.__said__,
        )
        for name in fields(group)
        if name != "positions"
    )


def _names(group: type) -> dict[str, Any]:
    """What names of `scmigen.hints` are, and those that are made of ``Literal``: `typing` takes the
    texts in brackets of others for names."""
    found: dict[str, Any] = {"Annotated": Annotated, "Literal": Literal}
    for each in group.__mro__:
        for name, value in vars(sys.modules.get(each.__module__, hints)).items():
            if get_origin(value) is hints.Literal:
                found[name] = Literal[get_args(value)]
    for each in reversed(group.__mro__):
        found |= vars(each)
    return found


def type_of(hint: Any) -> Type:
    """The type of an annotation."""
    found = _type_of(hint)
    return _narrowed(found, get_args(hint)[1:]) if get_origin(hint) in _ANNOTATED else found


def _type_of(hint: Any) -> Type:
    from scmigen.targets.base import Group

    origin, arguments = get_origin(hint), get_args(hint)
    if origin in _ANNOTATED:
        return type_of(arguments[0])
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal and all(isinstance(each, str) for each in arguments):
        return Words(words=arguments)
    if isinstance(hint, type) and issubclass(hint, Enum):
        values = [each.value for each in hint]
        if all(isinstance(each, str) for each in values):
            return Words(words=tuple(values), value=hint)
    if isinstance(hint, type) and issubclass(hint, Group):
        return Grouped(of=hint)
    if origin in (Union, UnionType):
        members = tuple(type_of(each) for each in arguments if each is not NoneType)
        return members[0] if len(members) == 1 else Either(members=members)
    if origin in (Mapping, dict):
        return Mapped(item=type_of(arguments[1]), by_text=isinstance(type_of(arguments[0]), Text))
    if origin is tuple and arguments[1:] == (...,):
        return Listed(item=type_of(arguments[0]))
    return Other(name=getattr(hint, "__name__", str(hint)).lower())


_PLAIN: Mapping[Any, Type] = {bool: Truth(), int: Number(), str: Text()}

#: Attribute of `Meta` → that of a type.
_SAID = {
    "ge": "low",
    "le": "high",
    "pattern": "pattern",
    "min_length": "shortest",
    "max_length": "longest",
    "description": "like",
}


def _narrowed(found: Type, said: tuple[object, ...]) -> Type:
    """A type with what is said of it."""
    from scmigen.data import fields, replace

    changes = {
        own: value
        for each in said
        for name, own in _SAID.items()
        if (value := getattr(each, name, None)) is not None and own in fields(found)
    }
    return replace(found, **changes)


def unreadable(kind: Type, path: str, around: tuple[type, ...]) -> Iterator[str]:
    """What agents files cannot express of a type; ``around`` are the groups passed."""
    match kind:
        case Grouped(of=group) if group is not None and group not in around:
            for option in options_of(group):
                within = f"{path}.{option.key}" if path else option.key
                yield from unreadable(option.type, within, (*around, group))
        case Either(members=members):
            maps = [each for each in members if isinstance(each, Mapped)]
            for each in members:
                if not isinstance(each, SCALARS) and maps != [each]:
                    yield (
                        f"its option {path} has a union of other types than scalars and one mapping"
                    )
                else:
                    yield from unreadable(each, path, around)
        case Mapped(by_text=False):
            yield f"its option {path} has keys other than strings"
        case Mapped(item=item) | Listed(item=item):
            yield from unreadable(item, path, around)
        case Other(name=name):
            yield f"its option {path} has a type that options cannot have: {name}"
