"""The runtime configuration of a platform: JSON for the server, its schema, and a Python module."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import TypedDict

import msgspec

from scmigen import runtime
from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import Position
from scmigen.emit.files import File
from scmigen.emit.templates import render
from scmigen.emit.values import (
    SYSTEM_POWER_ROLES,
    clock_rates,
    operating_points,
    voltage_levels,
)
from scmigen.model.platform import Device, Grant, Platform, Resource
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

#: Columns of a line in the Python module.
LINE = 96


class _Common(TypedDict):
    id: int
    name: str
    node: str
    cells: tuple[int, ...]
    assumed: tuple[str, ...]
    source: str | None
    labels: tuple[str, ...]


def emit(platform: Platform) -> tuple[File, ...]:
    """``runtime.json``, its JSON Schema, and the same configuration as a typed Python module."""
    configuration = to_runtime(platform)
    return (
        File("runtime.json", runtime.encode(configuration)),
        File("runtime.schema.json", runtime.json_schema()),
        File("scmi_runtime.py", _module(configuration)),
    )


def to_runtime(platform: Platform) -> runtime.Runtime:
    """What a server must know of a platform."""
    found = platform.resources
    return runtime.Runtime(
        format=runtime.FORMAT,
        name=platform.inventory.tree.root.string("compatible") or platform.name,
        vendor=platform.options.vendor,
        sub_vendor=platform.options.sub_vendor,
        numbering=platform.numbering,
        agents=tuple(_agent(platform, agent) for agent in platform.agents),
        clocks=tuple(_clock(platform, r) for r in found[Kind.CLOCK]),
        power_domains=tuple(_power(platform, r) for r in found[Kind.POWER]),
        reset_domains=tuple(runtime.ResetDomain(**_common(r)) for r in found[Kind.RESET]),
        voltage_domains=tuple(_voltage(r) for r in found[Kind.VOLTAGE]),
        performance_domains=tuple(_performance(platform, r) for r in found[Kind.PERFORMANCE]),
        sensors=tuple(runtime.Sensor(**_common(r)) for r in found[Kind.SENSOR]),
        devices=tuple(_device(platform, device) for device in platform.devices),
    )


def _source(position: Position | None) -> str | None:
    return str(position) if position is not None and position.line else None


def _common(resource: Resource, *assumed: str) -> _Common:
    return {
        "id": resource.number,
        "name": resource.name,
        "node": resource.key.provider,
        "cells": resource.key.cells,
        "assumed": tuple(dict.fromkeys((*resource.assumed, *assumed))),
        "source": _source(resource.facts.position),
        "labels": tuple(resource.node.labels),
    }


def _number(platform: Platform, key: ResourceKey | None) -> int | None:
    """The number of the nearest power domain at or above ``key`` that the platform serves."""
    seen: set[ResourceKey] = set()
    while key is not None and key not in seen:
        found = platform.resource(key)
        if found is not None:
            return found.number
        seen.add(key)
        facts = platform.inventory.facts.get(key)
        key = facts.parent if facts is not None else None
    return None


def _clock(platform: Platform, resource: Resource) -> runtime.Clock:
    rates, boot, _ = clock_rates(resource, platform.options.clock_rate)
    parents = [platform.resource(key) for key in resource.facts.parents]
    numbers = tuple(sorted(parent.number for parent in parents if parent is not None))
    return runtime.Clock(
        **_common(resource),
        rates=rates,
        rate=boot,
        parents=numbers,
        parent=numbers[0] if numbers else None,
        enabled=resource.facts.on,
        always_on=resource.facts.always_on,
    )


def _power(platform: Platform, resource: Resource) -> runtime.PowerDomain:
    parent = _number(platform, resource.facts.parent)
    return runtime.PowerDomain(
        **_common(resource),
        parent=parent,
        enabled=resource.facts.on,
        always_on=resource.facts.always_on,
    )


def _voltage(resource: Resource) -> runtime.VoltageDomain:
    levels, assumed = voltage_levels(resource)
    return runtime.VoltageDomain(
        **_common(resource, *assumed),
        levels=levels,
        level=levels[0],
        enabled=resource.facts.on,
        always_on=resource.facts.always_on,
    )


def _performance(platform: Platform, resource: Resource) -> runtime.PerformanceDomain:
    points, assumed = operating_points(resource, platform.options.clock_rate)
    levels = tuple(
        runtime.PerformanceLevel(
            level=point.level, frequency=point.frequency, voltage=point.voltage
        )
        for point in points
    )
    return runtime.PerformanceDomain(
        **_common(resource, *assumed), levels=levels, sustained=len(levels) - 1
    )


def _agent(platform: Platform, agent: Agent) -> runtime.Agent:
    in_devices = frozenset(use.consumer.path for d in platform.devices for use in d.uses)
    grants = {
        kind: tuple(_grant(grant, in_devices) for grant in platform.grants_of(agent, kind))
        for kind in Kind
        if platform.grants_of(agent, kind)
    }
    return runtime.Agent(
        id=agent.id,
        name=agent.name,
        role=agent.role,
        permissions=agent.permissions,
        system_power=agent.role in SYSTEM_POWER_ROLES,
        transport=agent.transport,
        grants=grants,
    )


def _grant(grant: Grant, in_devices: frozenset[str]) -> runtime.Grant:
    kind = grant.resource.kind
    lasting: set[Operation] = set()
    for why in grant.because:
        if isinstance(why, HandGrant):
            lasting |= why.operations
        elif why.consumer.path not in in_devices:
            lasting |= why.needs
    return runtime.Grant(
        id=grant.id,
        resource=grant.resource.number,
        operations=ordered(kind, grant.operations),
        by_hand=ordered(kind, lasting & grant.operations),
    )


def _device(platform: Platform, device: Device) -> runtime.Device:
    needs: dict[tuple[Kind, int], set[Operation]] = {}
    for use in device.uses:
        resource = platform.resource(use.key)
        if resource is not None:
            needs.setdefault((resource.kind, resource.number), set()).update(use.needs)
    return runtime.Device(
        id=device.number or 0,
        name=device.name,
        node=device.node.path,
        agents=tuple(agent.id for agent in device.agents),
        assignable=tuple(agent.id for agent in device.assignable),
        resources=tuple(
            runtime.DeviceResource(kind, number, ordered(kind, operations))
            for (kind, number), operations in sorted(needs.items(), key=lambda item: item[0])
        ),
        source=_source(device.node.position),
        labels=tuple(device.node.labels),
    )


def _module(configuration: runtime.Runtime) -> bytes:
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
    for field in msgspec.structs.fields(value):
        found = getattr(value, field.name)
        if field.required or found != field.default:
            yield field.name, found


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
        yield json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
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
