"""A runtime configuration, and what a server lets its agents do, as JSON and from it."""

from collections.abc import Iterator
from functools import cache

import msgspec

from scmigen.runtime.checks import check
from scmigen.runtime.reading import from_json
from scmigen.runtime.schema import Runtime, Strict
from scmigen.runtime.served import Served
from scmigen.runtime.words import FORMAT, ConfigurationError
from scmigen.version import format_problem


def decode(data: bytes) -> Runtime:
    """A configuration from its JSON. Raises `ConfigurationError` with a sentence for people."""
    try:
        runtime: Runtime = from_json(data, Runtime, what="a runtime configuration")
    except ConfigurationError:
        _check_format(data)  # it may be why
        raise
    if runtime.format != FORMAT:
        _check_format(data)
    check(runtime)
    return runtime


class _Format(msgspec.Struct):
    format: str


def _check_format(data: bytes) -> None:
    """Raise `ConfigurationError` for a format that is not read; other faults have been found."""
    try:
        said = msgspec.json.decode(data, type=_Format).format
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return
    problem = format_problem("runtime", said)
    if problem is not None:
        raise ConfigurationError("; ".join(problem))


def encode(runtime: Runtime) -> bytes:
    """The JSON of a configuration: indented, keys in the order of the schema."""
    return msgspec.json.format(msgspec.json.encode(runtime), indent=1) + b"\n"


@cache
def json_schema() -> bytes:
    """The JSON Schema (2020-12) of the configuration."""
    return schema_of(Runtime, "scmigen runtime configuration")


def schema_of(kind: type[msgspec.Struct], title: str) -> bytes:
    """The JSON Schema (2020-12) of a file that is a ``kind``."""
    # Only a build needs the words.
    from scmigen.runtime.descriptions import DESCRIPTIONS

    words = {**DESCRIPTIONS, **{each.__name__: each.described for each in _below(Strict)}}
    schema = msgspec.json.schema(kind)
    for name, each in schema["$defs"].items():
        each.pop("description", None)  # it is a docstring, and has its place where there is one
        each["description"] = words[name]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = title
    return msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n"


def _below(kind: type[Strict]) -> Iterator[type[Strict]]:
    """All structures of the formats."""
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def grants_schema() -> bytes:
    """The JSON Schema of what a server lets its agents do (`served`)."""
    found = msgspec.json.decode(schema_of(Served, "scmigen grants: what a server lets agents do"))
    found["$defs"]["Served"]["required"].insert(0, "format")
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
