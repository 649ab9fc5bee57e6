"""From an inventory and an assignment to the model: platforms with numbered, named resources."""

from collections.abc import Iterable, Mapping, Sequence

from scmigen.assignment.assignment import Assignment
from scmigen.bindings.consumers import is_assigned_parent
from scmigen.bindings.facts import ResourceKey, ScmiInstance
from scmigen.bindings.inventory import Inventory
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.model.boot_state import dependencies, own_uses
from scmigen.model.decisions import Decisions, decide
from scmigen.model.devices import numbered_devices
from scmigen.model.extra_grants import granted_with
from scmigen.model.identifiers import (
    Foreign,
    Ids,
    Lock,
    LockedId,
    Moved,
    Scheme,
    number_for_agents,
    number_resources,
    reserved_numbers,
    together,
)
from scmigen.model.places import NO_PLACES, Places
from scmigen.model.platform import Findings, Grant, Model, Platform, Resource
from scmigen.model.platform_resources import fixed_numbers, numbered_resources, served
from scmigen.model.resource_facts import own_table
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: The name of the platform of a tree without an SCMI node.
DEFAULT_NAME = "scmi"


def build(
    inventory: Inventory,
    assignment: Assignment,
    lock: Lock | None = None,
    numbering: Numbering = Numbering.SHARED,
    repack: bool = False,
    places: Places = NO_PLACES,
) -> Model:
    """The model of a board. Never raises for what the input says; the checks tell what is wrong.

    ``repack``: of the lock only the names stay; numbers are given anew, without holes. ``places``:
    what outputs call the files that were read.
    """
    decided = decide(inventory, assignment)
    scheme = Scheme(numbering, lock or Lock(), repack)
    platforms = []
    moved: list[Moved] = []
    names = _names(inventory)
    parts = served(decided)
    board = _Board(decided, scheme, places, _reached(decided, parts))
    for name, (instance, keys) in zip(names, parts, strict=True):
        made, changed = _platform(board, name, instance, keys)
        platforms.append(made)
        moved.extend(changed)
    findings = Findings(
        tuple(decided.owners.conflicts),
        decided.closure,
        granted_with(decided, platforms),
        decided.scaling.undriven,
        decided.scaling.unreached,
        decided.scaling.voltages,
        tuple(moved),
        decided.feeding,
        _foreign(scheme.lock, inventory, names),
        _tables(decided, platforms),
    )
    return Model(
        inventory,
        assignment,
        decided.providers,
        decided.owners,
        decided.drivers,
        tuple(platforms),
        findings,
        _new_lock(scheme, platforms),
    )


class _Board(Data):
    """What the platforms of a board have in common. ``reached``: as in `Platform`."""

    decided: Decisions
    scheme: Scheme
    places: Places
    reached: Mapping[int, tuple[ScmiInstance, ...]]


def _reached(
    decided: Decisions, parts: Iterable[tuple[ScmiInstance | None, Iterable[ResourceKey]]]
) -> dict[int, tuple[ScmiInstance, ...]]:
    """The SCMI nodes whose platforms grant an agent anything, by its id."""
    holders: dict[ResourceKey, set[int]] = {}
    for (_, key), draft in decided.granted.drafts.items():
        holders.setdefault(key, set()).add(draft.agent.id)
    found: dict[int, tuple[ScmiInstance, ...]] = {}
    for instance, keys in parts:
        if instance is not None:
            for number in {each for key in keys for each in holders.get(key, ())}:
                found[number] = (*found.get(number, ()), instance)
    return found


def _tables(decided: Decisions, platforms: Iterable[Platform]) -> tuple[Node, ...]:
    """The OPP tables that the levels of performance domains are from, by path."""
    found: dict[str, Node] = {}
    for platform in platforms:
        for domain in platform.resources.get(Kind.PERFORMANCE, ()):
            made = decided.scaling.domains.get(domain.key)
            table = made.node if made is not None else own_table(decided.inventory, domain.key)
            if table is not None:
                found[table.path] = table
    return tuple(found[path] for path in sorted(found))


def _names(inventory: Inventory) -> list[str]:
    """The name of each platform: its SCMI node's, with a number where one before it has that."""
    own = [instance.node.name for instance in inventory.instances] or [DEFAULT_NAME]
    found: list[str] = []
    for wanted in own:
        numbered = (f"{wanted}-{number}" for number in range(1, len(own) + 1))
        free = (name for name in numbered if name not in own and name not in found)
        found.append(next(free) if wanted in found else wanted)
    return found


def _platform(
    board: _Board, name: str, instance: ScmiInstance | None, keys: Sequence[ResourceKey]
) -> tuple[Platform, tuple[Moved, ...]]:
    decided, scheme = board.decided, board.scheme
    locked = scheme.numbers(name)
    numbers, moved = number_resources(keys, fixed_numbers(decided, scheme.numbering, keys), locked)
    resources = numbered_resources(decided, numbers, scheme, name)
    by_key = {r.key: r for found in resources.values() for r in found}
    grants, moved_for_agents = _grants(decided, scheme, by_key, locked)
    devices, moved_devices = numbered_devices(decided, by_key, scheme, name)
    platform = Platform(
        name=name,
        numbering=scheme.numbering,
        inventory=decided.inventory,
        providers=decided.providers,
        options=decided.assignment.options,
        agents=decided.assignment.agents,
        resources=resources,
        all_grants=tuple(grants),
        devices=devices,
        reserved=reserved_numbers(numbers, locked),
        owners=decided.owners,
        instance=instance,
        places=board.places,
        reached=board.reached,
        own=_own(decided, by_key),
        decided=decided,
    )
    return platform, (*moved, *moved_for_agents, *moved_devices)


def _own(decided: Decisions, by_key: Mapping[ResourceKey, Resource]) -> frozenset[ResourceKey]:
    """The resources of a platform that must be on for devices of the platform itself."""
    uses = own_uses(decided.closure, decided.owners)
    keys = [use.key for use in uses if Operation.STATE in use.needs or is_assigned_parent(use)]
    if not keys:
        return frozenset()
    facts = dict(decided.inventory.facts)
    facts.update((key, resource.facts) for key, resource in by_key.items())
    needed = dependencies(decided.inventory, decided.closure, facts)
    return needed.of(keys) & by_key.keys()


def _grants(
    decided: Decisions, scheme: Scheme, by_key: Mapping[ResourceKey, Resource], locked: Ids
) -> tuple[list[Grant], tuple[Moved, ...]]:
    every = ((draft, by_key.get(key)) for (_, key), draft in decided.granted.drafts.items())
    drafts = [(draft, resource) for draft, resource in every if resource is not None]
    drafts.sort(key=lambda pair: (pair[0].agent.id, pair[0].key.kind, pair[1].number))
    own: dict[tuple[str, ResourceKey], int] = {}
    moved: tuple[Moved, ...] = ()
    if scheme.numbering is Numbering.PER_AGENT:
        fixed = {
            (g.agent, g.key): g.number for g in decided.assignment.grants if g.number is not None
        }
        elements = {
            (d.agent.name, d.key): element
            for d, resource in drafts
            if (element := resource.element) is not None
        }
        fixed |= {pair: each.number for pair, each in elements.items() if each.known}
        usual = {pair: each.number for pair, each in elements.items()}
        wanted = [(d.agent.name, d.key) for d, _ in drafts]
        own, moved = number_for_agents(wanted, fixed, locked, usual)
    found = [
        Grant(
            draft.agent,
            resource,
            own[draft.agent.name, draft.key] if own else resource.number,
            draft.operations,
            draft.boot,
            tuple(draft.because),
        )
        for draft, resource in drafts
    ]
    return found, moved


def _foreign(lock: Lock, inventory: Inventory, names: Sequence[str]) -> tuple[Foreign, ...]:
    """Platforms in the lock that the board does not have, or none of whose nodes it has."""
    found = []
    for name, ids in lock.platforms.items():
        paths = {key.provider for key in ids.resources} | set(ids.devices)
        there = any(inventory.tree.node(path) is not None for path in paths)
        if name not in names or (paths and not there):
            found.append(Foreign(name, name in names, lock.file))
    return tuple(found)


def _new_lock(scheme: Scheme, platforms: Sequence[Platform]) -> Lock:
    """The lock to write: everything it had, and everything that is numbered now."""
    made = {} if scheme.repack else dict(scheme.lock.platforms)
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
            agents = {(g.agent.name, g.resource.key): g.id for g in platform.grants()}
        made[platform.name] = together(
            scheme.numbers(platform.name), Ids(resources, devices, agents)
        )
    return Lock(made)
