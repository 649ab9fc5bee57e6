"""The JSON Schema of project files, made of the keys that the reader knows."""

from collections.abc import Mapping

from scmigen.project.keys import BOARD, TOP, Form, Key
from scmigen.version import format_of

_PATH = {"type": "string", "minLength": 1}


def project_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of ``scmigen.toml``."""
    board = {key.name: _value(key) for key in BOARD}
    shared = {key.name: board[key.name] for key in BOARD if not key.own}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "scmigen project file",
        "type": "object",
        "required": ["board"],
        "additionalProperties": False,
        "properties": {
            "format": {"description": TOP["format"], "enum": [format_of("project")]},
            "defaults": _table(shared, TOP["defaults"]),
            "board": {
                "description": TOP["board"],
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {
                    **_table(board, "A board; paths are relative to this file."),
                    "required": ["source"],
                },
            },
        },
    }


def _table(properties: Mapping[str, object], about: str) -> dict[str, object]:
    return {
        "description": about,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _value(key: Key) -> dict[str, object]:
    one: dict[str, object] = dict(_PATH)
    if key.known is not None:
        words = list(key.known())
        one = {"enum": [*words, *(key.prefix + word for word in words if key.prefix)]}
    value: dict[str, object] = one
    if key.form in (Form.PATHS, Form.TEXTS):
        value = {"type": "array", "items": one}
    elif key.form is Form.NAMED_PATHS:
        value = {"type": "object", "additionalProperties": one}
    return {"description": key.about, **value}
