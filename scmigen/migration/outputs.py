"""What a description has that no grant holds: options of the output that writes it again."""

import json
import os
import re
from collections.abc import Iterator, Mapping

from scmigen.hints import Any
from scmigen.patterns import pattern
from scmigen.runtime import Served
from scmigen.scmi.protocols import Kind

_INDENT = "  "
#: Keys that YAML reads as the same text: words, but for those that it takes for something else.
_PLAIN = pattern(r"(?!(?:y|yes|n|no|on|off|true|false|null)$)[A-Za-z][A-Za-z0-9_-]*", re.I)
_Place = tuple[Kind, int]
#: The options that are paths.
_PATHS = ("tree",)


def held_by(served: Served) -> frozenset[_Place]:
    """The resources of which options of an output say all that agents may do: it is in a row with
    the name, or is what that firmware lets every agent do."""
    if not served.outputs:
        return frozenset()
    rows = {
        (agent, name)
        for options in served.outputs.values()
        for agent, said in options.get("agents", {}).items()
        for name in said.get("rows", {})
    }
    names = {(kind, one.id): one.name for kind, found in served.resources.items() for one in found}
    left = {
        (kind, grant.resource)
        for agent in served.agents
        for kind, grants in agent.grants.items()
        for grant in grants
        if grant.operations and (agent.name, names.get((kind, grant.resource))) not in rows
    }
    return frozenset(names) - left


def seen_from(outputs: Mapping[str, Mapping[str, Any]], folder: str) -> dict[str, dict[str, Any]]:
    """The options of an agents file in ``folder``, with paths from there."""
    real = os.path.realpath(folder or ".")
    return {
        name: {
            key: os.path.relpath(os.path.realpath(value), real) if key in _PATHS else value
            for key, value in options.items()
        }
        for name, options in outputs.items()
    }


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
