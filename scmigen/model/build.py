"""From an inventory and an assignment to the model: platforms with numbered, named resources."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scmigen.assignment.assignment import Assignment
from scmigen.bindings.describe import facts_of, stdout_node
from scmigen.bindings.facts import Provider, ResourceFacts, ResourceKey, ScmiInstance, Use
from scmigen.bindings.identity import scmi_protocol
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import has_driver
from scmigen.devicetree.nodes import Node
from scmigen.model.closure import Closure, close
from scmigen.model.grants import Granted, grant
from scmigen.model.identifiers import (
    Foreign,
    Ids,
    Lock,
    LockedId,
    Moved,
    number_devices,
    number_for_agents,
    number_resources,
    reserved_numbers,
    together,
)
from scmigen.model.naming import device_name, propose, unique
from scmigen.model.ownership import Owners
from scmigen.model.platform import Device, Findings, Grant, Model, Platform, Resource
from scmigen.model.providers import final_providers, platform_nodes
from scmigen.model.scaling import Scaling, scale
from scmigen.model.sharing import Feeding
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind

#: The name of the platform of a tree without an SCMI node.
DEFAULT_NAME = "scmi"


@dataclass(frozen=True, slots=True)
class _Parts:
    """What all platforms of one board are made from."""

    inventory: Inventory
    assignment: Assignment
    providers: Mapping[str, Provider]
    owners: Owners
    scaling: Scaling
    closure: Closure
    granted: Granted
    numbering: Numbering
    lock: Lock
    repack: bool

    def names(self, platform: str) -> Ids:
        """The identifiers given before, of which names stay in any case."""
        return self.lock.platforms.get(platform, Ids())

    def numbers(self, platform: str) -> Ids:
        """The identifiers given before, as far as their numbers are to stay."""
        return Ids() if self.repack else self.names(platform)


def build(
    inventory: Inventory,
    assignment: Assignment,
    lock: Lock | None = None,
    numbering: Numbering = Numbering.SHARED,
    repack: bool = False,
) -> Model:
    """The model of a board. Never raises for what the input says; the checks tell what is wrong.

    ``repack``: of the lock only the names stay; numbers are given anew, without holes.
    """
    owners = Owners(assignment, inventory)
    providers = final_providers(inventory, assignment.options, owners)
    platform = platform_nodes(providers)
    scaling = scale(inventory, providers, platform)
    closure = close(inventory, providers, platform, owners, scaling)
    feeding = Feeding(inventory, providers, closure.fed, scaling)
    granted = grant(assignment, owners, closure, feeding)
    parts = _Parts(
        inventory,
        assignment,
        providers,
        owners,
        scaling,
        closure,
        granted,
        numbering,
        lock or Lock(),
        repack,
    )
    platforms = []
    moved: list[Moved] = []
    for instance in inventory.instances or (None,):
        made, changed = _platform(parts, instance)
        platforms.append(made)
        moved.extend(changed)
    findings = Findings(
        tuple(owners.conflicts),
        closure,
        granted,
        scaling.undriven,
        tuple(moved),
        _foreign(parts.lock, inventory),
    )
    return Model(
        inventory,
        assignment,
        providers,
        owners,
        tuple(platforms),
        findings,
        _new_lock(parts, platforms),
    )


def _foreign(lock: Lock, inventory: Inventory) -> tuple[Foreign, ...]:
    """The platforms of a lock that are none of the board's, or of which it has not one node."""
    names = {instance.node.name for instance in inventory.instances} or {DEFAULT_NAME}
    found = []
    for name, ids in lock.platforms.items():
        paths = {key.provider for key in ids.resources} | set(ids.devices)
        there = any(inventory.tree.node(path) is not None for path in paths)
        if name not in names or (paths and not there):
            found.append(Foreign(name, name in names, lock.file))
    return tuple(found)


def _instance_of(parts: _Parts, key: ResourceKey) -> ScmiInstance | None:
    """The SCMI instance that serves a resource; what no instance names is the first one's."""
    instances = parts.inventory.instances
    for instance in instances:
        if key.provider.startswith(instance.node.path + "/"):
            return instance
    return instances[0] if instances else None


def _served(parts: _Parts, instance: ScmiInstance | None) -> list[ResourceKey]:
    """The resources of a platform: the granted ones, and all that an SCMI node is asked for."""
    wanted = dict.fromkeys(key for _, key in parts.granted.drafts)
    for use in (*parts.closure.fed, *parts.closure.own):
        node = parts.inventory.tree.node(use.key.provider)
        if node is not None and scmi_protocol(node) is not None:
            wanted.setdefault(use.key)
    return [key for key in wanted if _instance_of(parts, key) is instance]


def _fixed(parts: _Parts, keys: Iterable[ResourceKey]) -> dict[ResourceKey, int]:
    """The numbers that the tree has: the cells of SCMI specifiers, and what a server description
    says where numbers are the same for all agents."""
    found = {}
    described = {}
    if parts.numbering is Numbering.SHARED:
        for grant in reversed(parts.assignment.grants):
            if grant.number is not None:
                described[grant.key] = grant.number
    for key in keys:
        node = parts.inventory.tree.node(key.provider)
        if node is not None and key.cells and scmi_protocol(node) is not None:
            found[key] = key.cells[0]
        elif key in described:
            found[key] = described[key]
    return found


def _platform(parts: _Parts, instance: ScmiInstance | None) -> tuple[Platform, tuple[Moved, ...]]:
    keys = _served(parts, instance)
    name = instance.node.name if instance else DEFAULT_NAME
    lock = parts.numbers(name)
    numbers, moved = number_resources(keys, _fixed(parts, keys), lock)
    resources = _resources(parts, numbers, parts.names(name))
    by_key = {r.key: r for found in resources.values() for r in found}
    grants, moved_for_agents = _grants(parts, by_key, lock)
    devices, moved_devices = _devices(parts, by_key, name)
    platform = Platform(
        name=name,
        numbering=parts.numbering,
        inventory=parts.inventory,
        providers=parts.providers,
        options=parts.assignment.options,
        agents=parts.assignment.agents,
        resources=resources,
        grants=tuple(grants),
        devices=devices,
        reserved=reserved_numbers(numbers, lock),
        instance=instance,
    )
    return platform, (*moved, *moved_for_agents, *moved_devices)


def _resources(
    parts: _Parts, numbers: Mapping[ResourceKey, int], lock: Ids
) -> dict[Kind, tuple[Resource, ...]]:
    uses: dict[ResourceKey, list[Use]] = {}
    for use in (*parts.closure.needs, *parts.closure.own, *parts.closure.fed):
        uses.setdefault(use.key, []).append(use)
    facts = _facts(parts, numbers)
    known = {**parts.inventory.facts, **facts}
    held = _with_domains_above({use.key for use in parts.closure.own}, known)
    wanted = {grant.key for grant in parts.assignment.grants if grant.on}
    boot = _with_domains_above(wanted | _needed_by_console(parts), known) | held
    described = {g.key: g.name for g in reversed(parts.assignment.grants) if g.name}
    found: dict[Kind, tuple[Resource, ...]] = {}
    for kind in Kind:
        keys = sorted((k for k in numbers if k.kind is kind), key=lambda k: numbers[k])
        used = {numbers[key] for key in keys}
        taken = {
            numbers.get(key, locked.number): locked.name
            for key, locked in lock.resources.items()
            if key.kind is kind and key not in described
            if key in numbers or not (parts.repack or locked.number in used)
        }
        names = unique(
            [(numbers[k], _proposed(parts, k, facts[k], uses, described)) for k in keys], taken
        )
        found[kind] = tuple(
            _resource(
                parts, key, numbers[key], names[numbers[key]], _state(facts[key], key, boot, held)
            )
            for key in keys
        )
    return found


def _proposed(
    parts: _Parts,
    key: ResourceKey,
    facts: ResourceFacts,
    uses: Mapping[ResourceKey, list[Use]],
    described: Mapping[ResourceKey, str],
) -> str:
    """The name that a server description gives, else the best that the tree has."""
    if key in described:
        facts = replace(facts, names=(described[key], *facts.names))
    return propose(parts.inventory.tree, key, facts, uses.get(key, ()))


def _facts(parts: _Parts, keys: Iterable[ResourceKey]) -> dict[ResourceKey, ResourceFacts]:
    """What is known of each resource, with what the OPP tables say of it."""
    wanted = list(keys)
    missing = [
        key
        for key in wanted
        if key not in parts.inventory.facts and key not in parts.scaling.domains
    ]
    known = {
        **parts.inventory.facts,
        **facts_of(parts.inventory.tree, missing, parts.inventory.uses),
    }
    found = {}
    for key in wanted:
        table = parts.scaling.domains.get(key)
        if table is not None:
            driven = parts.scaling.driven.get(key, {})
            found[key] = ResourceFacts(
                points=table.points,
                position=table.node.position,
                supply=driven.get(Kind.VOLTAGE),
                clock=driven.get(Kind.CLOCK),
            )
            continue
        facts = known[key]
        asked = parts.scaling.rates.get(key)
        rates = tuple(sorted(asked.union(facts.rates))) if asked else facts.rates
        found[key] = facts if rates == facts.rates else replace(facts, rates=rates)
    return found


def _with_domains_above(
    found: set[ResourceKey], facts: Mapping[ResourceKey, ResourceFacts]
) -> frozenset[ResourceKey]:
    """``found`` and the power domains and supplies that must be on for them."""
    stack = list(found)
    while stack:
        known = facts.get(stack.pop())
        if known is None:
            continue
        for above in (known.parent, known.power, known.supply):
            if above is not None and above not in found:
                found.add(above)
                stack.append(above)
    return frozenset(found)


def _needed_by_console(parts: _Parts) -> set[ResourceKey]:
    """What the device that ``stdout-path`` names needs: it is on at boot."""
    console = stdout_node(parts.inventory.tree)
    path = console.path if console is not None else None
    return {use.key for use in parts.closure.needs if use.consumer.path == path}


def _state(
    facts: ResourceFacts,
    key: ResourceKey,
    boot: frozenset[ResourceKey],
    held: frozenset[ResourceKey],
) -> ResourceFacts:
    """On at boot where the console needs it; on for good where the platform itself does."""
    on, always_on = facts.on or key in boot, facts.always_on or key in held
    if (on, always_on) == (facts.on, facts.always_on):
        return facts
    return replace(facts, on=on, always_on=always_on)


def _resource(
    parts: _Parts,
    key: ResourceKey,
    number: int,
    names: tuple[str, str],
    facts: ResourceFacts,
) -> Resource:
    node = parts.inventory.tree.node(key.provider)
    assert node is not None
    assumed = ("rate",) if key.kind is Kind.CLOCK and len(facts.rates) != 1 else ()
    return Resource(key, number, *names, node, facts, assumed)


def _grants(
    parts: _Parts, by_key: Mapping[ResourceKey, Resource], lock: Ids
) -> tuple[list[Grant], tuple[Moved, ...]]:
    drafts = [draft for (_, key), draft in parts.granted.drafts.items() if key in by_key]
    drafts.sort(key=lambda d: (d.agent.id, d.key.kind, by_key[d.key].number))
    own: dict[tuple[str, ResourceKey], int] = {}
    moved: tuple[Moved, ...] = ()
    if parts.numbering is Numbering.PER_AGENT:
        fixed = {
            (g.agent, g.key): g.number for g in parts.assignment.grants if g.number is not None
        }
        own, moved = number_for_agents([(d.agent.name, d.key) for d in drafts], fixed, lock)
    found = [
        Grant(
            draft.agent,
            by_key[draft.key],
            own.get((draft.agent.name, draft.key), by_key[draft.key].number),
            frozenset(draft.operations),
            frozenset(draft.boot),
            tuple(draft.because),
        )
        for draft in drafts
    ]
    return found, moved


def _device_of(owners: Owners, node: Node) -> Node | None:
    """The device a consumer is part of: itself or the nearest above with a ``compatible``.

    A part that is not its device's owners' is a device of its own, from where it is named.
    """
    parts = [part for part in (node, *node.ancestors()) if part.parent is not None]
    whole = next(filter(has_driver, parts), None)
    if whole is not None:
        ours, others = owners.of(node), owners.of(whole)
        if (ours.agents, ours.assignable) == (others.agents, others.assignable):
            return whole
        parts = parts[: parts.index(whole)] or [whole]
    named = next((part for part in parts if owners.names(part.path)), None)
    return named or (node if whole is not None else None)


def _devices(
    parts: _Parts, by_key: Mapping[ResourceKey, Resource], platform: str
) -> tuple[tuple[Device, ...], tuple[Moved, ...]]:
    uses: dict[str, list[Use]] = {}
    nodes: dict[str, Node] = {}
    for use in parts.closure.needs:
        node = _device_of(parts.owners, use.consumer)
        if node is not None and use.key in by_key:
            nodes[node.path] = node
            uses.setdefault(node.path, []).append(use)
    fixed = parts.inventory.device_ids
    numbers, moved = number_devices(nodes, parts.numbers(platform), fixed)
    locked = parts.names(platform).devices
    found = []
    for path, node in nodes.items():
        owner = parts.owners.of(node)
        name = locked[path].name if path in locked else device_name(parts.inventory.tree, node)
        found.append(
            Device(node, numbers[path], owner.agents, owner.assignable, tuple(uses[path]), name)
        )
    return tuple(sorted(found, key=lambda device: device.number or 0)), moved


def _new_lock(parts: _Parts, platforms: Sequence[Platform]) -> Lock:
    """The lock to write: everything it had, and everything that is numbered now."""
    made = {} if parts.repack else dict(parts.lock.platforms)
    for platform in platforms:
        resources = {
            item.key: LockedId(item.number, item.name)
            for found in platform.resources.values()
            for item in found
        }
        devices = {
            device.node.path: LockedId(device.number, device.name)
            for device in platform.devices
            if device.number is not None
        }
        agents: dict[tuple[str, ResourceKey], int] = {}
        if platform.numbering is Numbering.PER_AGENT:
            agents = {(g.agent.name, g.resource.key): g.id for g in platform.grants}
        now = Ids(resources, devices, agents)
        made[platform.name] = together(parts.numbers(platform.name), now)
    return Lock(made)
