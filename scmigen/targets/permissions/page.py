"""The permission map as one HTML page: the data it shows, put into its template.

The page draws itself from one JSON element (``templates/permissions/page.js``). Names in a device
tree may be hostile: nothing of them is written as HTML, the JSON has no ``<``, and the page's
content security policy runs the one script and style whose hashes it names, nothing else.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from scmigen.assignment.assignment import HandGrant
from scmigen.bindings.board import model_of
from scmigen.bindings.facts import OperatingPoint, ResourceFacts, ResourceKey, Use
from scmigen.diagnostics import Position
from scmigen.model.platform import Device, Grant, Platform, Resource
from scmigen.model.protocol_grants import Right
from scmigen.resources import directory
from scmigen.scmi.operations import OPERATIONS, aggregates, ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.names import written
from scmigen.targets.common.templates import render

_SCRIPTS = ("page.js", "page-trees.js")

#: Kinds that have a tree: the resources a resource may get its clock or its power from.
_TREES = (Kind.CLOCK, Kind.POWER)


def page(platform: Platform) -> bytes:
    """``permissions.html``: needs no other file, and no network."""
    folder = directory("templates") / "permissions"
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = "\n".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    return render(
        "permissions/page.html.j2",
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_json(data(platform)),
    )


def _hash(text: str) -> str:
    """The source expression of a content security policy that allows just this text."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _json(value: object) -> str:
    """JSON in ASCII that ends no element and begins no comment, whatever its strings hold."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def data(platform: Platform) -> dict[str, Any]:
    """What the page shows. Resources, agents and devices refer to each other by their index."""
    resources = [resource for kind in Kind for resource in platform.resources[kind]]
    index = {resource.key: at for at, resource in enumerate(resources)}
    agents = {agent.name: at for at, agent in enumerate(platform.agents)}
    owners = {owner.key: agents.get(owner.agent) for owner in platform.options.owners}
    labels = platform.inventory.tree.label_of
    return {
        "board": model_of(platform.inventory.tree),
        "platform": platform.name,
        "numbering": str(platform.numbering),
        "decisive": {
            kind: [o for o in OPERATIONS[kind] if not aggregates(kind, o)] for kind in Kind
        },
        "agents": [
            {
                "id": agent.id,
                "name": agent.name,
                "role": str(agent.role),
                "transport": agent.transport.type if agent.transport else None,
                "permissions": platform.has_right(agent, Right.PERMISSIONS),
                "systemPower": platform.has_right(agent, Right.SYSTEM_POWER),
            }
            for agent in platform.agents
        ],
        "resources": [_resource(platform, resource, owners, labels) for resource in resources],
        "grants": [
            _grant(platform, grant, index[grant.resource.key], agents[grant.agent.name])
            for grant in platform.grants()
        ],
        "devices": [_device(platform, device, agents) for device in platform.devices],
        "trees": {kind: forest(platform, kind, index) for kind in _TREES},
        "inputs": _inputs(platform, index),
    }


def _resource(
    platform: Platform,
    resource: Resource,
    owners: Mapping[ResourceKey, int | None],
    labels: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "kind": str(resource.kind),
        "number": resource.number,
        "name": resource.name,
        "provider": resource.key.provider,
        "label": labels.get(resource.key.provider),
        "cells": " ".join(map(str, resource.key.cells)),
        "macro": written(platform, resource),
        "owner": owners.get(resource.key),
        "at": _place(platform, resource.facts.position),
        "facts": list(_facts(resource)),
    }


def _grant(platform: Platform, grant: Grant, resource: int, agent: int) -> dict[str, Any]:
    return {
        "resource": resource,
        "agent": agent,
        "id": grant.id,
        "operations": ordered(grant.resource.kind, grant.operations & grant.boot),
        "later": ordered(grant.resource.kind, grant.operations - grant.boot),
        "because": [_reason(platform, reason) for reason in grant.because],
    }


def _reason(platform: Platform, reason: Use | HandGrant) -> dict[str, Any]:
    """One use, or one line of the agents file, which has no device."""
    if isinstance(reason, HandGrant):
        return {
            "device": None,
            "operations": ordered(reason.key.kind, reason.operations),
            "at": _place(platform, reason.position),
        }
    return {
        "device": reason.consumer.path,
        "entry": f"{reason.prop}[{reason.index}]",
        "name": reason.name,
        "via": reason.via,
        "operations": ordered(reason.key.kind, reason.needs),
        "at": _place(platform, reason.position),
    }


def _device(platform: Platform, device: Device, agents: Mapping[str, int]) -> dict[str, Any]:
    return {
        "number": device.number,
        "path": device.node.path,
        "agents": [agents[agent.name] for agent in device.agents if agent.name in agents],
        "assignable": [agents[agent.name] for agent in device.assignable if agent.name in agents],
        "at": _place(platform, device.node.position),
    }


def _inputs(platform: Platform, index: Mapping[ResourceKey, int]) -> dict[str, list[int | str]]:
    """Clock provider → the clocks it takes itself, as resources or, where they are none, names."""
    providers = {resource.key.provider for resource in platform.resources[Kind.CLOCK]}
    found: dict[str, dict[int | str, None]] = {path: {} for path in sorted(providers)}
    for use in platform.inventory.uses:
        if use.consumer.path in providers and use.prop == "clocks":
            found[use.consumer.path][index.get(use.key, str(use.key))] = None
    return {path: list(inputs) for path, inputs in found.items() if inputs}


def _place(platform: Platform, position: Position | None) -> str | None:
    return platform.place(position) if position else None


def _facts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Facts about a resource, as label and text."""
    facts = resource.facts
    if facts.rates:
        yield "rate", ", ".join(_scaled(rate, _FREQUENCIES) for rate in facts.rates)
    if facts.voltages:
        yield "voltage", " to ".join(_scaled(v, _VOLTAGES) for v in sorted(set(facts.voltages)))
    if facts.points:
        yield "levels", "; ".join(_point(point) for point in facts.points)
    if _boot(facts):
        yield "at boot", _boot(facts)
    if resource.assumed:
        yield "assumed", ", ".join(resource.assumed)


def _boot(facts: ResourceFacts) -> str:
    return "always on" if facts.always_on else "on" if facts.on else ""


def _point(point: OperatingPoint) -> str:
    words = [_scaled(rate, _FREQUENCIES) for rate in point.rates if rate]
    if point.voltage is not None:
        words.append(_scaled(point.voltage, _VOLTAGES))
    if point.level is not None:
        words.append(f"level {point.level}")
    return " ".join(words)


_FREQUENCIES = ((10**9, "GHz"), (10**6, "MHz"), (10**3, "kHz"), (1, "Hz"))
_VOLTAGES = ((10**6, "V"), (10**3, "mV"), (1, "µV"))


def _scaled(value: int, units: Sequence[tuple[int, str]]) -> str:
    """An exact value in the largest unit that leaves at most three decimals: ``1.2 GHz``."""
    for factor, unit in units:
        if value >= factor and value * 1000 % factor == 0:
            return f"{value / factor:.3f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{value} {units[-1][1]}"


def forest(
    platform: Platform, kind: Kind, index: Mapping[ResourceKey, int]
) -> list[dict[str, Any]]:
    """The resources of a kind as trees: each node has a parent, and what else may be its parent.

    A node is a resource (by its index), or what feeds one and is none: that has a name only. Where
    parents go round in a circle, one of them stays a further parent, so the result is a forest.
    """
    keys = [resource.key for resource in platform.resources[kind]]
    candidates = {key: _above(platform, key) for key in keys}
    outside = dict.fromkeys(p for found in candidates.values() for p in found if p not in index)
    at = {key: number for number, key in enumerate((*keys, *outside))}
    roots = list(range(len(at)))

    def root(node: int) -> int:
        while roots[node] != node:
            roots[node] = roots[roots[node]]
            node = roots[node]
        return node

    nodes: list[dict[str, Any]] = []
    for key, node in at.items():
        above = [at[parent] for parent in candidates.get(key, ())]
        parent = next((number for number in above if root(number) != node), None)
        if parent is not None:
            roots[node] = root(parent)
        nodes.append(
            {
                "resource": index.get(key),
                "name": str(key),
                "parent": parent,
                "also": [number for number in above if number not in (parent, node)],
            }
        )
    return nodes


def _above(platform: Platform, key: ResourceKey) -> tuple[ResourceKey, ...]:
    """What a clock may be switched to; the nearest power domain above that is a resource."""
    facts = platform.inventory.facts.get(key)
    if facts is None:
        return ()
    if key.kind is Kind.CLOCK:
        return facts.parents
    seen = {key}
    above = facts.parent
    while above is not None and above not in seen:
        if platform.resource(above) is not None:
            return (above,)
        seen.add(above)
        known = platform.inventory.facts.get(above)
        above = known.parent if known else None
    return ()
