"""What an agents file says, as data, and its text."""

import json
from collections.abc import Iterable, Mapping, Sequence

from scmigen.assignment.roles import ROLES
from scmigen.assignment.words import spans
from scmigen.bindings.facts import ResourceKey
from scmigen.data import Data, field
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic
from scmigen.hints import Any
from scmigen.migration.facts import level_text
from scmigen.runtime import Device, Role, ServedAgent, ServedLevels, Transport
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.templates import render
from scmigen.version import format_of

#: How an agent is called that says nothing of its role, by parts of its name; the first holds.
_ROLES: Mapping[str, Role] = {
    "psci": Role.PSCI,
    "hyp": Role.HYPERVISOR,
    "xen": Role.HYPERVISOR,
    "tee": Role.SECURE,
    "secure": Role.SECURE,
    "ospm": Role.OSPM,
    "linux": Role.OSPM,
}


class Wanted(Data):
    """What one agent may do on one resource, which it knows by ``id``."""

    key: ResourceKey
    number: int
    id: int
    name: str
    operations: frozenset[Operation]
    source: str | None
    by_number: bool


class Plan(Data):
    """What is written; each round of `carry` makes a better one.

    ``agents``: those of the server with the number that they get. ``grants``: agent's name → what
    is written below grant. ``owners``: resource → agent's name. ``elements``: kind and number →
    name. ``devices``: as the description has them, ``default``: the agent with all others, but for
    those ``kept`` by the platform. ``managed`` and ``local``: providers that are that.
    ``held``: what the platform keeps on. ``waived``: what is an error of a board, and the server
    has it so. ``vendor`` and sub-vendor, ``levels``: as `scmigen.migration.facts` has them.
    """

    agents: Sequence[tuple[int, ServedAgent]]
    names: Mapping[str, str]
    grants: Mapping[str, Sequence[Wanted]]
    elements: Mapping[tuple[Kind, int], str]
    managed: Sequence[str] = ()
    owners: Mapping[ResourceKey, str] = field(default_factory=dict)
    devices: Sequence[Device] = ()
    default: int | None = None
    without_channel: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    held: frozenset[ResourceKey] = frozenset()
    waived: tuple[Diagnostic, ...] = ()
    vendor: tuple[str, str] | None = None
    levels: Sequence[tuple[ResourceKey, ServedLevels]] = ()


def role_of(agent: ServedAgent, alone: bool) -> Role:
    """The role of an agent: as the description says, else as its name looks."""
    if agent.role is not None:
        return agent.role
    found = (role for part, role in _ROLES.items() if part in agent.name.lower())
    return next(found, Role.OSPM if alone else Role.OTHER)


def reference(tree: DeviceTree, key: ResourceKey) -> str:
    """``"&cru 12"``, or with the path where there is no label: how an agents file has it."""
    label = tree.label_of.get(key.provider)
    node = key.provider if label is None else f"&{label}"
    return quoted(" ".join((node, *map(str, key.cells))))


def quoted(text: str) -> str:
    """A string in YAML, whatever characters it has."""
    return json.dumps(text)


def agents_text(plan: Plan, tree: DeviceTree, origin: str) -> str:
    """The text of the agents file."""
    alone = len(plan.agents) == 1
    elements: dict[Kind, list[tuple[int, str]]] = {}
    for (kind, number), name in sorted(plan.elements.items()):
        elements.setdefault(kind, []).append((number, quoted(name) if name else ""))
    return render(
        "migration/agents.yaml.j2",
        origin=quoted(origin),
        format=format_of("agents"),
        agents=[_agent(plan, number, agent, tree, alone) for number, agent in plan.agents],
        local=[quoted(_node(tree, path)) for path in sorted(plan.local)],
        kept=[quoted(_node(tree, path)) for path in sorted(plan.kept)],
        managed=[quoted(_node(tree, path)) for path in plan.managed],
        owners=[
            {"what": f"{key.kind}: {reference(tree, key)}", "agent": quoted(agent)}
            for key, agent in sorted(plan.owners.items())
        ],
        held=[f"{key.kind}: {reference(tree, key)}" for key in sorted(plan.held)],
        elements=list(elements.items()),
        vendor=[] if plan.vendor is None else list(map(quoted, plan.vendor)),
        assumed=[
            {
                "what": f"{key.kind}: {reference(tree, key)}",
                "levels": list(map(level_text, table.levels)),
            }
            for key, table in plan.levels
        ],
        reason=quoted(f"{origin} has it so"),
        waivers=[
            {
                "check": item.id,
                "resources": ", ".join(map(quoted, item.subject.resources)),
                "agents": ", ".join(map(quoted, item.subject.agents)),
            }
            for item in plan.waived
        ],
    ).decode()


def _node(tree: DeviceTree, path: str) -> str:
    label = tree.label_of.get(path)
    return path if label is None else f"&{label}"


def _agent(
    plan: Plan, number: int, agent: ServedAgent, tree: DeviceTree, alone: bool
) -> dict[str, Any]:
    name = plan.names[agent.name]
    scmi = [("role", role_of(agent, alone).value)]
    if agent.permissions is not None:
        scmi.append(("permissions", "true" if agent.permissions else "false"))
    power = agent.system_power
    if power is not None and power is not ROLES[role_of(agent, alone)].system_power:
        scmi.append(("system-power", power.value))
    if agent.transport is not None and agent.name not in plan.without_channel:
        scmi.append(("transport", _transport(agent.transport)))
    return {
        "name": quoted(name),
        "id": number,
        "default": plan.default == agent.id,
        "scmi": scmi,
        "access": list(_access(plan, agent, tree)),
        "grants": list(_grants(plan.grants.get(agent.name, ()), tree)),
    }


def _transport(transport: Transport) -> str:
    parts = [f"type: {quoted(transport.type)}"]
    if transport.smc_id is not None:
        parts.append(f"smc-id: {transport.smc_id:#010x}")
    if transport.shmem is not None:
        parts.append(f"shmem: {quoted(transport.shmem)}")
    if transport.channel is not None:
        parts.append(f"channel: {transport.channel}")
    return f"{{{', '.join(parts)}}}"


def _access(plan: Plan, agent: ServedAgent, tree: DeviceTree) -> Iterable[dict[str, str]]:
    """The entries of the agent's devices; those of the default agent need none."""
    known = {each.id: quoted(plan.names[each.name]) for _, each in plan.agents}
    for device in plan.devices:
        first = device.agents[:1] == (agent.id,)
        if agent.id not in device.agents:
            continue
        flags = []
        if len(device.agents) > 1:
            flags.append("shared: true")
        if device.assignable and first:
            names = (known[each] for each in device.assignable if each in known)
            flags.append(f"assignable: [{', '.join(names)}]")
        if flags or agent.id != plan.default:
            yield {"dev": quoted(_node(tree, device.node)), "flags": ", ".join(flags)}


def _grants(wanted: Sequence[Wanted], tree: DeviceTree) -> Iterable[dict[str, str]]:
    """One entry per resource; those by number together where their operations are the same."""
    numbers: dict[tuple[Kind, frozenset[Operation]], list[Wanted]] = {}
    for one in wanted:
        if one.by_number:
            numbers.setdefault((one.key.kind, one.operations), []).append(one)
            continue
        yield {
            "what": f"{one.key.kind}: {reference(tree, one.key)}",
            "operations": ", ".join(ordered(one.key.kind, one.operations)),
            "names": _comment([one]),
        }
    for (kind, operations), found in numbers.items():
        ids = spans(sorted(one.key.cells[0] for one in found))
        yield {
            "what": f"protocol: {kind}, id: {quoted(ids)}",
            "operations": ", ".join(ordered(kind, operations)),
            "names": _comment(found),
        }


def _comment(found: Sequence[Wanted]) -> str:
    """The names of a few resources, as a comment."""
    names = [one.name for one in found if one.name and one.name.isprintable()]
    return ", ".join(names) if 0 < len(names) <= 4 else ""
