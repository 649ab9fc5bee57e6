"""Whether what other packages made is of the types that are declared for it."""

import typing
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

from scmigen.data import Data, fields
from scmigen.hints import Any, TypeVar

# Scmigen's own, and those of other packages.
_ANYTHING = (Any, typing.Any)
_PARAMETERS = (TypeVar, typing.TypeVar)


def mistyped(value: Any, kind: Any, name: str) -> str | None:
    """Where a value, called ``name``, differs from a type: ``agents[0].id is str, not int``.

    Looks into data classes, named tuples, tuples, mappings and sets; of other classes only the
    class is compared. ``None`` if all is right.
    """
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in _ANYTHING or isinstance(origin, _PARAMETERS):
        return None
    if origin in (Union, UnionType):
        found = [mistyped(value, each, name) for each in inner]
        # The member that the value nearly is has something to say about a part of it.
        inside = (each for each in found if each and not each.startswith(f"{name} is "))
        return None if None in found else next(inside, _not_a(value, kind, name))
    if not isinstance(value, origin) or (isinstance(value, bool) and origin is int):
        return _not_a(value, kind, name)
    if origin is tuple and inner and Ellipsis not in inner and len(value) != len(inner):
        return f"{name} has {len(value)} items, not {len(inner)}"
    parts = _parts(value, origin, inner, name)
    return next((wrong for part in parts if (wrong := mistyped(*part))), None)


def _not_a(value: object, kind: Any, name: str) -> str:
    return f"{name} is {type(value).__name__}, not {_named(kind)}"


def _named(kind: Any) -> str:
    """A type for people, without what is inside it."""
    origin = get_origin(kind) or kind
    if origin in (Union, UnionType):
        return " or ".join(map(_named, get_args(kind)))
    return "None" if origin is type(None) else getattr(origin, "__name__", str(origin))


def _parts(
    value: Any, origin: Any, inner: tuple[Any, ...], name: str
) -> Iterable[tuple[object, Any, str]]:
    """The parts of a value of class ``origin``: value, type and name of each."""
    if names := _fields(origin):
        hints = get_type_hints(origin)
        for field in names:
            hint = hints[field]
            hint = inner[0] if isinstance(hint, _PARAMETERS) and inner else hint
            yield getattr(value, field), hint, f"{name}.{field}"
    elif isinstance(value, Mapping) and inner:
        for key, item in value.items():
            yield key, inner[0], f"a key of {name}"
            yield item, inner[1], f"{name}[{key!r}]"
    elif origin is tuple and inner and inner[-1] is not Ellipsis:
        for index, (item, kind) in enumerate(zip(value, inner, strict=True)):
            yield item, kind, f"{name}[{index}]"
    elif isinstance(value, tuple | frozenset) and inner:
        for index, item in enumerate(value):
            yield item, inner[0], f"{name}[{index}]"


def _fields(kind: Any) -> Sequence[str]:
    """The fields of a class of data, also of a plugin's data class, or of a named tuple."""
    if not issubclass(kind, Data) and hasattr(kind, "__dataclass_fields__"):
        from dataclasses import fields as fields_of  # it imports what compiles data classes

        return [field.name for field in fields_of(kind)]
    return fields(kind) if issubclass(kind, Data) else getattr(kind, "_fields", ())
