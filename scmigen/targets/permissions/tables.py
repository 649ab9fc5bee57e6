"""The permission map as tables, resources by agents: Markdown for people, CSV for programs."""

from collections.abc import Mapping

from scmigen.bindings.board import model_of
from scmigen.diagnostics import Diagnostic
from scmigen.escape import csv_table as text_table
from scmigen.escape import markdown as markdown_text
from scmigen.escape import markdown_code
from scmigen.model.platform import Platform, Resource
from scmigen.model.protocol_grants import Right, in_a_word
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.names import driver_of, operations, origin_of, written
from scmigen.targets.common.templates import render

#: Behind an operation that is not in the tree, but in a table of drivers.
_DRIVEN = "†"

_FIXED_COLUMNS = ("kind", "number", "name", "provider", "cells", "macro")


def _columns(platform: Platform) -> dict[int, int]:
    """The column of each agent, by its id."""
    return {agent.id: column for column, agent in enumerate(platform.agents)}


def _cells(
    platform: Platform, columns: Mapping[int, int], resource: Resource, mark: str = ""
) -> list[str]:
    """What each agent may do with a resource. Of many agents, few may do anything."""
    found = [""] * len(columns)
    for number, grant in platform.holders(resource.key).items():
        found[columns[number]] = operations(grant, mark)
    return found


def csv_table(platform: Platform) -> bytes:
    """``permissions.csv``: one line per resource, one column per agent."""
    columns = _columns(platform)
    rows = [
        (
            resource.kind,
            resource.number,
            resource.name,
            resource.key.provider,
            " ".join(map(str, resource.key.cells)),
            written(platform, resource),
            *_cells(platform, columns, resource),
        )
        for resource in _resources(platform)
    ]
    rows += [
        (
            right.protocol.name.lower(),
            None,
            right,
            *(None,) * 3,
            *(" ".join(platform.opened(agent, right)) for agent in platform.agents),
        )
        for right in Right
    ]
    agents = (agent.name for agent in platform.agents)
    return text_table((*_FIXED_COLUMNS, *agents), rows).encode()


def _resources(platform: Platform) -> list[Resource]:
    return [resource for kind in Kind for resource in platform.resources[kind]]


def _shared(platform: Platform) -> list[str]:
    """A line for each resource that several agents have, with their names."""
    found = []
    for resource in _resources(platform):
        holders = platform.holders(resource.key)
        if len(holders) > 1:
            names = [markdown_text(agent.name) for agent in platform.agents if agent.id in holders]
            what = f"{resource.kind} {resource.number} ({markdown_text(resource.name)})"
            found.append(f"{what}: {', '.join(names)}")
    return found


def _driven(platform: Platform) -> list[tuple[str, str, str, str]]:
    """Resource, agent, operation and driver of what only drivers ask for."""
    return [
        (
            f"{grant.kind} {grant.resource.number} ({markdown_text(grant.name)})",
            markdown_text(grant.agent.name),
            operation,
            ", ".join(markdown_code(driver_of(platform, need)) for need in needs),
        )
        for grant in platform.grants()
        for operation, needs in grant.by_drivers.items()
    ]


def _broken(platform: Platform, item: Diagnostic) -> tuple[str, list[str]]:
    """A finding that a policy does not hold, and the steps of the way to the device."""
    waived = f"; waived: {item.waiver.reason}" if item.waiver else ""
    places = (
        f" ({platform.place(step.position)})" if step.position else "" for step in item.related
    )
    steps = (f"{step.message}{place}" for step, place in zip(item.related, places, strict=True))
    return markdown_text(item.message + waived), list(map(markdown_text, steps))


def markdown(platform: Platform) -> bytes:
    """``permissions.md``: one table per kind of resource, then the devices."""
    columns = _columns(platform)
    macros = {
        r.key: markdown_code(name) for r in _resources(platform) if (name := written(platform, r))
    }
    tables = []
    for kind in Kind:
        rows = [
            (
                resource.number,
                markdown_text(resource.name),
                markdown_code(
                    origin_of(platform, resource) if resource.declared else str(resource.key)
                ),
                macros.get(resource.key, ""),
                _cells(platform, columns, resource, _DRIVEN),
            )
            for resource in platform.resources[kind]
        ]
        if rows:
            tables.append((kind, rows))
    agents = [
        (
            agent.id,
            markdown_text(agent.name),
            agent.role,
            agent.profile,
            [in_a_word(right, platform.opened(agent, right)) for right in Right],
        )
        for agent in platform.agents
    ]
    devices = [
        (
            device.number,
            markdown_code(device.node.path),
            ", ".join(markdown_text(agent.name) for agent in device.agents),
            ", ".join(markdown_text(agent.name) for agent in device.assignable),
        )
        for device in platform.devices
    ]
    return render(
        "permissions/permissions.md.j2",
        name=markdown_code(platform.name),
        board=markdown_text(model_of(platform.inventory.tree)),
        agents=agents,
        profiles=any(agent.profile for agent in platform.agents),
        tables=tables,
        named=bool(macros),
        devices=devices,
        shared=_shared(platform),
        driven=_driven(platform),
        policies=[
            (
                markdown_text(policy.word),
                markdown_text(policy.reason),
                "no" if policy.broken else markdown_text(policy.unused) or "yes",
                [_broken(platform, item) for item in policy.broken],
            )
            for policy in platform.stated
        ],
    )
