"""The runtime configuration as a typed Python module."""

from enum import StrEnum

from scmigen.escape import python
from scmigen.targets.common.templates import render
from scmigen.targets.runtime.rows import Row

#: Columns of a line.
LINE = 96


def python_module(configuration: Row) -> bytes:
    """A Python module that builds the configuration, as a person would write it."""
    names: set[str] = set()
    body = _literal(configuration, 0, names)
    return render("runtime/scmi_runtime.py.j2", names=sorted(names), body=body)


def _literal(value: object, depth: int, names: set[str]) -> str:
    """The Python text of a value; what is short stays on one line. ``names`` gets the classes."""
    if isinstance(value, StrEnum):
        names.add(type(value).__name__)
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, str):
        return python(value)
    if isinstance(value, Row):
        names.add(value.struct)
        opening, closing = f"{value.struct}(", ")"
        texts = [f"{name}={_literal(part, depth + 1, names)}" for name, part in value.items()]
    elif isinstance(value, tuple):
        opening, closing = "(", ")"
        texts = [_literal(part, depth + 1, names) for part in value]
    elif isinstance(value, dict):
        opening, closing = "{", "}"
        texts = [
            f"{_literal(key, 0, names)}: {_literal(part, depth + 1, names)}"
            for key, part in value.items()
        ]
    else:
        return ascii(value)
    comma = "," if opening == "(" and len(texts) == 1 else ""
    flat = f"{opening}{', '.join(texts)}{comma}{closing}"
    if len(flat) + 4 * depth <= LINE and "\n" not in flat:
        return flat
    indent = "    " * depth
    lines = "".join(f"{indent}    {text},\n" for text in texts)
    return f"{opening}\n{lines}{indent}{closing}"
