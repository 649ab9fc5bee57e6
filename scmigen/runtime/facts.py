"""What a runtime configuration says of resources and of the platform besides who they are, field by
field: the vocabulary in which any description of a server can say it.

The names, units and bounds are those of `schema`, so nothing is described twice. What only tells
people or tools where a thing came from, and what the bundled server is to simulate, are no facts.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec

from scmigen.runtime.schema import (
    Clock,
    PerformanceDomain,
    Pin,
    Powercap,
    PowerDomain,
    ResetDomain,
    Resource,
    Runtime,
    Sensor,
    TelemetryElement,
    VoltageDomain,
)
from scmigen.scmi.protocols import Kind

_OF_KIND: Mapping[Kind, type[Resource]] = MappingProxyType(
    {
        Kind.CLOCK: Clock,
        Kind.POWER: PowerDomain,
        Kind.RESET: ResetDomain,
        Kind.VOLTAGE: VoltageDomain,
        Kind.PERFORMANCE: PerformanceDomain,
        Kind.SENSOR: Sensor,
        Kind.POWERCAP: Powercap,
        Kind.PIN: Pin,
        Kind.TELEMETRY: TelemetryElement,
    }
)
#: Fields of which nothing depends: where a thing came from, and what was assumed.
ORIGIN = frozenset({"assumed", "source", "labels", "macro"})
#: What the bundled server is to read from what it does not have.
SIMULATED = frozenset({"readings", "period", "noise"})
#: Fields of resources that descriptions have elsewhere: who they are, ``on``, and ``levels``.
_ELSEWHERE = frozenset({"id", "name", "node", "cells", "enabled"})
_LEVELS = frozenset({"levels", "sustained"})
#: The fields of the platform that are facts; the others are its name, agents and rows.
_OF_PLATFORM = (
    "numbering",
    "system_power_grace",
    "performance_power",
    "pin_groups",
    "pin_functions",
    "telemetry_revision",
    "telemetry_intervals",
)
#: Fields that are numbers of resources: by kind and field, the kind of those.
REFERENCES: Mapping[tuple[Kind, str], Kind] = MappingProxyType(
    {
        (Kind.CLOCK, "parents"): Kind.CLOCK,
        (Kind.CLOCK, "parent"): Kind.CLOCK,
        (Kind.CLOCK, "power"): Kind.POWER,
        (Kind.CLOCK, "supply"): Kind.VOLTAGE,
        (Kind.POWER, "parent"): Kind.POWER,
        (Kind.POWER, "supply"): Kind.VOLTAGE,
        (Kind.VOLTAGE, "parent"): Kind.VOLTAGE,
        (Kind.PERFORMANCE, "clock"): Kind.CLOCK,
        (Kind.PERFORMANCE, "supply"): Kind.VOLTAGE,
        (Kind.POWERCAP, "parent"): Kind.POWERCAP,
    }
)


@cache
def fields_of(kind: Kind | None) -> Mapping[str, Any]:
    """The fields of a kind of resource, or of the platform, that are facts: name → type."""
    if kind is None:
        of_platform = {each.name: each.type for each in msgspec.structs.fields(Runtime)}
        return {name: of_platform[name] for name in _OF_PLATFORM}
    left = ORIGIN | SIMULATED | _ELSEWHERE | (_LEVELS if kind is Kind.PERFORMANCE else set())
    found = msgspec.structs.fields(_OF_KIND[kind])
    return {each.name: each.type for each in found if each.name not in left}


def facts_of(kind: Kind | None, said: Resource | Runtime) -> dict[str, Any]:
    """All facts that a resource, or the platform, has, as JSON has them."""
    return {name: plain_value(getattr(said, name)) for name in fields_of(kind)}


def plain_value(value: Any) -> Any:
    """A value as JSON has it: two that are equal are alike."""
    if value is None or type(value) in (bool, int, str):
        return value
    return msgspec.json.decode(msgspec.json.encode(value))


def normal(kind: Kind | None, name: str, value: Any) -> Any:
    """A fact as `facts_of` would have it. Raises `msgspec.ValidationError` for one that is none."""
    return plain_value(msgspec.convert(value, fields_of(kind)[name]))


def default_of(kind: Kind | None, name: str) -> Any:
    """What a configuration has of a fact where it does not say it; None where it must."""
    struct = Runtime if kind is None else _OF_KIND[kind]
    (found,) = (each for each in msgspec.structs.fields(struct) if each.name == name)
    if found.default_factory is not msgspec.NODEFAULT:
        return plain_value(found.default_factory())
    return None if found.default is msgspec.NODEFAULT else plain_value(found.default)


def problems(kind: Kind | None, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The names of what are no facts of such a thing, each with the reason."""
    what = "the platform" if kind is None else f"a {kind}"
    for name, value in said.items():
        if name not in fields_of(kind):
            known = ", ".join(fields_of(kind))
            yield name, f"{what} has no {name}; it has {known}"
            continue
        try:
            normal(kind, name, value)
        except (msgspec.ValidationError, RecursionError) as wrong:
            yield name, f"{name} of {what}: {wrong}"


def renumbered(
    kind: Kind, said: Mapping[str, Any], numbers: Mapping[tuple[Kind, int], int]
) -> dict[str, Any]:
    """Facts of a resource with other numbers for the resources that they name; what has none there
    keeps its own."""
    return {name: renumbered_value(kind, name, value, numbers) for name, value in said.items()}


def renumbered_value(
    kind: Kind, name: str, value: Any, numbers: Mapping[tuple[Kind, int], int]
) -> Any:
    """One fact of a resource with such numbers."""
    of_kind = REFERENCES.get((kind, name))
    if of_kind is None or value is None:
        return value
    if isinstance(value, list | tuple):
        return sorted(numbers.get((of_kind, each), each) for each in value)
    return numbers.get((of_kind, value), value)
