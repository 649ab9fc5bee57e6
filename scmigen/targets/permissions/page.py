"""The permission map as one HTML page: the data it shows, put into its template.

The page draws itself from one JSON element (``templates/permissions/page.js``). Names in a device
tree may be hostile: nothing of them is written as HTML, the JSON has no ``<``, and the page's
content security policy runs the one script and style whose hashes it names, nothing else.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.board import model_of
from scmigen.bindings.facts import OperatingPoint, ResourceFacts, ResourceKey, Use
from scmigen.diagnostics import Diagnostic, Position
from scmigen.hints import Any
from scmigen.model.platform import Device, Grant, Platform, Resource
from scmigen.model.protocol_grants import Right
from scmigen.resources import shipped
from scmigen.scmi.operations import OPERATIONS, Operation, aggregates, ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.digest import digest_of
from scmigen.targets.common.forest import KINDS, TreeNode, children_of, descend, forest
from scmigen.targets.common.names import driver_of, titles, written
from scmigen.targets.common.templates import render
from scmigen.targets.common.values import (
    frequency_text,
    power_text,
    rates_text,
    voltage_text,
    voltages_text,
)

_SCRIPTS = ("page.js", "page-trees.js")


def page(platform: Platform) -> bytes:
    """``permissions.html``: needs no other file, and no network."""
    folder = shipped("templates") / "permissions"
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
    return f"sha256-{b64encode(digest_of(text.encode())).decode()}"


def _json(value: object) -> str:
    """JSON in ASCII that ends no element and begins no comment, whatever its strings hold."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def data(platform: Platform) -> dict[str, Any]:
    """What the page shows. Resources, agents and devices refer to each other by their index."""
    resources = [resource for kind in Kind for resource in platform.resources[kind]]
    index = {resource.key: at for at, resource in enumerate(resources)}
    agents = {agent.name: at for at, agent in enumerate(platform.agents)}
    devices = {device.node.path: at for at, device in enumerate(platform.devices)}
    resource = _resources(platform, agents)
    return {
        "board": model_of(platform.inventory.tree),
        "platform": platform.name,
        "numbering": str(platform.numbering),
        "decisive": {
            kind: [o for o in OPERATIONS[kind] if not aggregates(kind, o)] for kind in Kind
        },
        "agents": [_agent(platform, agent) for agent in platform.agents],
        "resources": [resource(each) for each in resources],
        "grants": [
            _grant(platform, grant, index[grant.resource.key], agents[grant.agent.name], devices)
            for grant in platform.grants()
        ],
        "devices": [_device(platform, device, agents) for device in platform.devices],
        "policies": [
            {
                "text": policy.word,
                "reason": policy.reason,
                "at": _place(platform, policy.position),
                "unused": policy.unused,
                "broken": [_broken(platform, item) for item in policy.broken],
            }
            for policy in platform.stated
        ],
        "trees": {kind: _tree(forest(platform, kind), index) for kind in KINDS},
    }


def _broken(platform: Platform, item: Diagnostic) -> dict[str, Any]:
    """A finding that a policy does not hold: its message and the way to the device."""
    return {
        "text": item.message,
        "waived": item.waiver.reason if item.waiver else None,
        "way": [
            {"text": step.message, "at": _place(platform, step.position)} for step in item.related
        ],
    }


def _agent(platform: Platform, agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        "name": agent.name,
        "role": str(agent.role),
        "profile": agent.profile,
        "transport": agent.transport.type if agent.transport else None,
        "permissions": platform.has_right(agent, Right.PERMISSIONS),
        "systemPower": agent.system_power,
    }


def _resources(
    platform: Platform, agents: Mapping[str, int]
) -> Callable[[Resource], dict[str, Any]]:
    """A function from a resource to what the page shows of it."""
    owners = {owner.key: agents.get(owner.agent) for owner in platform.options.owners}
    labels, title = platform.inventory.tree.label_of, titles(platform)

    def shown(resource: Resource) -> dict[str, Any]:
        return {
            "kind": str(resource.kind),
            "number": resource.number,
            "title": title[resource.key],
            "name": resource.name,
            "provider": resource.key.provider,
            "label": labels.get(resource.key.provider),
            "cells": " ".join(map(str, resource.key.cells)),
            "macro": written(platform, resource),
            "owner": owners.get(resource.key),
            "at": _place(platform, resource.facts.position),
            "fixed": _fixed(platform, resource),
            "facts": list(_facts(resource)),
        }

    return shown


def _fixed(platform: Platform, resource: Resource) -> str | None:
    """What holds for a resource that could be switched, but not by any agent."""
    grants = platform.holders(resource.key).values()
    if Operation.STATE not in OPERATIONS[resource.kind]:
        return None
    if any(Operation.STATE in grant.operations for grant in grants):
        return None
    state = _boot(resource.facts)
    words = {"": "", "on": "; on at boot", "always on": "; always on"}
    return f"nobody may switch it{words[state]}"


def _grant(
    platform: Platform, grant: Grant, resource: int, agent: int, devices: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "resource": resource,
        "agent": agent,
        "id": grant.id,
        "operations": ordered(grant.resource.kind, grant.operations & grant.boot),
        "later": ordered(grant.resource.kind, grant.operations - grant.boot),
        "because": [_reason(platform, reason, devices) for reason in grant.because],
        **_driven(platform, grant),
    }


def _driven(platform: Platform, grant: Grant) -> dict[str, Any]:
    """Operation → who says that a driver does it, of those that only drivers ask for."""
    found = {
        operation: "; ".join(driver_of(platform, need) for need in needs)
        for operation, needs in grant.by_drivers.items()
    }
    return {"driven": found} if found else {}


def _reason(
    platform: Platform, reason: Use | HandGrant, devices: Mapping[str, int]
) -> dict[str, Any]:
    """One use by a device (its index, or the path of what is none), or one line of the agents file,
    which has no device."""
    if isinstance(reason, HandGrant):
        return {
            "device": None,
            "operations": ordered(reason.key.kind, reason.operations),
            "at": _place(platform, reason.position),
            **({"reason": reason.reason} if reason.reason else {}),
        }
    drivers = [
        f"{' '.join(ordered(reason.key.kind, need.operations))} by {driver_of(platform, need)}"
        for need in reason.drivers
    ]
    return {
        "device": devices.get(reason.consumer.path, reason.consumer.path),
        "entry": f"{reason.prop}[{reason.index}]",
        "name": reason.name,
        "via": reason.via,
        "operations": ordered(reason.key.kind, reason.needs),
        "at": _place(platform, reason.position),
        **({"drivers": drivers} if drivers else {}),
    }


def _device(platform: Platform, device: Device, agents: Mapping[str, int]) -> dict[str, Any]:
    label = platform.inventory.tree.label_of.get(device.node.path)
    return {
        "number": device.number,
        "name": device.name,
        "labels": list(device.node.labels or filter(None, (label,))),
        "path": device.node.path,
        "agents": [agents[agent.name] for agent in device.agents if agent.name in agents],
        "assignable": [agents[agent.name] for agent in device.assignable if agent.name in agents],
        "at": _place(platform, device.node.position),
    }


def _tree(nodes: Sequence[TreeNode], index: Mapping[ResourceKey, int]) -> list[dict[str, Any]]:
    """The nodes of the trees of a kind in the order they are drawn in, parents first.

    What a node does not have is left out; names of resources are with the resources.
    """
    children = children_of(nodes)
    order = [number for root in children.get(None, ()) for number, _ in descend(children, root)]
    place = {number: at for at, number in enumerate(order)}
    return [_tree_node(nodes[number], place, index) for number in order]


def _tree_node(
    node: TreeNode, place: Mapping[int, int], index: Mapping[ResourceKey, int]
) -> dict[str, Any]:
    own = node.resource is not None
    found = {
        "resource": index[node.resource.key] if node.resource else None,
        "name": None if own else node.name,
        "source": None if own else node.source,
        "provider": node.is_provider or None,
        "value": node.value_text or None,
        "parent": None if node.parent is None else place[node.parent],
        "also": [place[number] for number in node.also] or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _place(platform: Platform, position: Position | None) -> str | None:
    return platform.place(position) if position else None


def _facts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Facts about a resource, as label and text."""
    facts = resource.facts
    if facts.rates:
        yield "rate", rates_text(facts)
    if facts.voltages:
        yield "voltage", voltages_text(facts)
    if facts.points:
        yield "levels", "; ".join(_point(point) for point in facts.points)
    if _boot(facts):
        yield "at boot", _boot(facts)
    if resource.declared:
        yield "declared", "in the agents file; the tree does not name it"
    if resource.assumed:
        yield "assumed", ", ".join(resource.assumed)


def _boot(facts: ResourceFacts) -> str:
    return "always on" if facts.always_on else "on" if facts.on else ""


def _point(point: OperatingPoint) -> str:
    words = [frequency_text(rate) for rate in point.rates if rate]
    if point.voltage is not None:
        words.append(voltage_text(point.voltage))
    if point.level is not None:
        words.append(f"level {point.level}")
    if point.power:
        words.append(power_text(point.power))
    return " ".join(words)
