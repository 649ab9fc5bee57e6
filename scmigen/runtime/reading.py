"""JSON from outside, decoded: whatever is wrong with it is one kind of error."""

from typing import Any, TypeVar

import msgspec

from scmigen.runtime.checks import ConfigurationError

T = TypeVar("T")


def from_json(data: bytes, kind: type[T] | Any = Any, *, what: str = "JSON") -> T | Any:
    """A value of type ``kind`` from its JSON. Raises `ConfigurationError` that says it is no
    ``what``.

    msgspec raises its own errors for syntax and types, and `RecursionError` for deep nesting. For a
    string that is not UTF-8 it is `UnicodeDecodeError` (a `ValueError`), or from 0.23 on its own.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        raise ConfigurationError(f"not {what}: {_not_utf_8(data) or problem}") from None


def _not_utf_8(data: bytes) -> str | None:
    """Which byte of ``data`` is not UTF-8, if any: msgspec counts within its string, if at all."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as problem:
        return f"byte {problem.start} ({data[problem.start]:#04x}) is not UTF-8"
    return None
