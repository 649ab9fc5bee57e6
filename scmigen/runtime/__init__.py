"""The runtime configuration: all that a server must know of one SCMI platform.

`schema` has its types, `checks` what must hold between them; this module reads and writes it.
"""

import msgspec

from scmigen.runtime.checks import ConfigurationError, check
from scmigen.runtime.overlay import overlay
from scmigen.runtime.reading import from_json
from scmigen.runtime.schema import (
    FORMAT,
    MAX_AGENTS,
    MAX_GRACE,
    MAX_RESOURCES,
    Agent,
    Axis,
    Clock,
    Device,
    DeviceResource,
    Grant,
    Interval,
    Numbering,
    PerformanceDomain,
    PerformanceLevel,
    Pin,
    PinFunction,
    PinGroup,
    PinSetting,
    Powercap,
    PowerDomain,
    PowerUnit,
    ResetDomain,
    Resource,
    Role,
    Runtime,
    Scaled,
    Sensor,
    Transport,
    VoltageDomain,
)
from scmigen.version import format_problem

__all__ = [
    "FORMAT",
    "MAX_AGENTS",
    "MAX_GRACE",
    "MAX_RESOURCES",
    "Agent",
    "Axis",
    "Clock",
    "ConfigurationError",
    "Device",
    "DeviceResource",
    "Grant",
    "Interval",
    "Numbering",
    "PerformanceDomain",
    "PerformanceLevel",
    "Pin",
    "PinFunction",
    "PinGroup",
    "PinSetting",
    "PowerDomain",
    "PowerUnit",
    "Powercap",
    "ResetDomain",
    "Resource",
    "Role",
    "Runtime",
    "Scaled",
    "Sensor",
    "Transport",
    "VoltageDomain",
    "check",
    "decode",
    "encode",
    "json_schema",
    "overlay",
]


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


def json_schema() -> bytes:
    """The JSON Schema (2020-12) of the configuration."""
    from scmigen.runtime.descriptions import DESCRIPTIONS  # only a build needs them

    schema = msgspec.json.schema(Runtime)
    for name, each in schema["$defs"].items():
        each.pop("description", None)  # it is a docstring, and has its place where there is one
        each["description"] = DESCRIPTIONS[name]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "scmigen runtime configuration"
    return msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n"
