"""JSON from outside, decoded: whatever is wrong with it is one kind of error."""

import re
from typing import Any, TypeVar

import msgspec

from scmigen.patterns import pattern
from scmigen.runtime.words import ConfigurationError

T = TypeVar("T")

#: What msgspec says of a word that an enumeration does not have, and the steps of its ways.
_NO_WORD = pattern(r"Invalid enum value (.{1,99}) - at `(\$.*)`", re.DOTALL)
_STEP = pattern(r"\.[A-Za-z0-9_-]+|\[[0-9.]+\]")


def from_json(data: bytes, kind: type[T] | Any = Any, *, what: str = "JSON") -> T | Any:
    """A value of type ``kind`` from its JSON. Raises `ConfigurationError` that says it is no
    ``what``.

    msgspec raises its own errors for syntax and types, and `RecursionError` for deep nesting. For a
    string that is not UTF-8 it is `UnicodeDecodeError` (a `ValueError`), or from 0.23 on its own.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        told = _not_utf_8(data) or _with_words(str(problem), kind)
        raise ConfigurationError(f"not {what}: {told}") from None


def _not_utf_8(data: bytes) -> str | None:
    """Which byte of ``data`` is not UTF-8, if any: msgspec counts within its string, if at all."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as problem:
        return f"byte {problem.start} ({data[problem.start]:#04x}) is not UTF-8"
    return None


def _with_words(problem: str, kind: Any) -> str:
    """What msgspec says, with the words that there are in place of one that is none."""
    found = _NO_WORD.fullmatch(problem)
    words = [] if found is None else _words_at(kind, _STEP.findall(found[2]))
    if found is None or not words:
        return problem
    return f"{found[1]} is none of {', '.join(words)} - at `{found[2]}`"


def _words_at(kind: Any, way: list[str]) -> list[str]:
    """The words of the enumeration that a way of keys and indices leads to in a type."""
    from msgspec import inspect  # only where something is wrong

    def below(node: Any, step: str) -> Any:
        if isinstance(node, inspect.UnionType):
            found = (below(each, step) for each in node.types)
            return next((each for each in found if each is not None), None)
        if isinstance(node, inspect.StructType):
            return next((each.type for each in node.fields if f".{each.encode_name}" == step), None)
        if isinstance(node, inspect.DictType):
            return node.value_type
        return getattr(node, "item_type", None)

    here: Any = inspect.type_info(kind)
    for step in way:
        here = below(here, step)
    may_be = here.types if isinstance(here, inspect.UnionType) else (here,)
    found = (each.cls for each in may_be if isinstance(each, inspect.EnumType))
    return [str(word.value) for enumeration in found for word in enumeration]
