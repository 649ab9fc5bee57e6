"""The runtime configuration as a typed Python module."""

from collections.abc import Iterator
from enum import StrEnum

from scmigen.escape import python
from scmigen.targets.common.templates import render
from scmigen.targets.runtime.rows import Row

#: Columns of a line.
LINE = 96


def python_module(configuration: Row) -> bytes:
    """A Python module that builds the configuration, as a person would write it."""
    names = sorted(set(_names(configuration)))
    body = "".join(_literal(configuration, 0))
    return render("runtime/scmi_runtime.py.j2", names=names, body=body)


def _names(value: object) -> Iterator[str]:
    """The class of every row inside a value, and of every enumerator."""
    if isinstance(value, dict):
        if isinstance(value, Row):
            yield value.struct
        for key, part in value.items():
            yield from (*_names(key), *_names(part))
    elif isinstance(value, tuple):
        for part in value:
            yield from _names(part)
    elif isinstance(value, StrEnum):
        yield type(value).__name__


def _literal(value: object, depth: int) -> Iterator[str]:
    """The Python text of a value; what is short stays on one line."""
    if isinstance(value, StrEnum):
        yield f"{type(value).__name__}.{value.name}"
        return
    if isinstance(value, Row):
        inner = [(f"{name}=", part) for name, part in value.items()]
        opening, closing = f"{value.struct}(", ")"
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
