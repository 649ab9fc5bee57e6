"""What a description has that no grant holds: options of the output that writes it again."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_INDENT = "  "
#: Keys that YAML reads as the same text: words, but for those that it takes for something else.
_PLAIN = re.compile(r"(?!(?:y|yes|n|no|on|off|true|false|null)$)[A-Za-z][A-Za-z0-9_-]*", re.I)


def outputs_text(outputs: Mapping[str, Mapping[str, Any]]) -> str:
    """The part of an agents file below ``outputs``: YAML with one line for each value; nothing
    where there is nothing."""
    return "".join(f"{line}\n" for line in _lines({"outputs": outputs}, "")) if outputs else ""


def _lines(found: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in found.items():
        name = key if _PLAIN.fullmatch(key) else json.dumps(key)
        if isinstance(value, Mapping) and value:
            yield f"{indent}{name}:"
            yield from _lines(value, indent + _INDENT)
        else:
            yield f"{indent}{name}: {json.dumps(value)}"
