"""The runtime configuration as a typed Python module."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache

import msgspec

from scmigen import runtime
from scmigen.escape import python
from scmigen.targets.common.templates import render

#: Columns of a line.
LINE = 96


def python_module(configuration: runtime.Runtime) -> bytes:
    """A Python module that builds the configuration, as a person would write it."""
    names = sorted({type(part).__name__ for part in _parts(configuration)})
    body = "".join(_literal(configuration, 0))
    return render("runtime/scmi_runtime.py.j2", names=names, body=body)


def _parts(value: object) -> Iterator[object]:
    """Every struct inside a value, and every enumerator."""
    if isinstance(value, msgspec.Struct):
        yield value
        for _, part in _fields(value):
            yield from _parts(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _parts(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from (*_parts(key), *_parts(part))
    elif isinstance(value, StrEnum):
        yield value


def _fields(value: msgspec.Struct) -> Iterator[tuple[str, object]]:
    """The fields that differ from their default."""
    for field in _fields_of(type(value)):
        found = getattr(value, field.name)
        if field.required or found != field.default:
            yield field.name, found


@cache
def _fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a struct: msgspec works their types out each time."""
    return msgspec.structs.fields(kind)


def _literal(value: object, depth: int) -> Iterator[str]:
    """The Python text of a value; what is short stays on one line."""
    if isinstance(value, StrEnum):
        yield f"{type(value).__name__}.{value.name}"
        return
    if isinstance(value, msgspec.Struct):
        inner = [(f"{name}=", part) for name, part in _fields(value)]
        opening, closing = f"{type(value).__name__}(", ")"
    elif isinstance(value, tuple):
        inner = [("", part) for part in value]
        opening, closing = "(", ")"
    elif isinstance(value, dict):
        inner = [("".join(_literal(key, 0)) + ": ", part) for key, part in value.items()]
        opening, closing = "{", "}"
    else:
        yield python(value) if isinstance(value, str) else ascii(value)
        return
    texts = [prefix + "".join(_literal(part, depth + 1)) for prefix, part in inner]
    flat = (
        opening + ", ".join(texts) + ("," if opening == "(" and len(texts) == 1 else "") + closing
    )
    if len(flat) + 4 * depth <= LINE and "\n" not in flat:
        yield flat
        return
    indent = "    " * (depth + 1)
    yield opening + "\n"
    for text in texts:
        yield f"{indent}{text},\n"
    yield "    " * depth + closing
