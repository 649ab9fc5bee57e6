"""Devices that work through a controller of another agent: DMA, PHYs, IOMMUs, GPIOs, pins, …

A controller needs clocks, power and resets of its own, and whoever holds it may switch them off
while the device of another agent depends on them.
"""

from collections.abc import Iterable, Iterator

from scmigen.assignment.assignment import Agent
from scmigen.bindings.dependencies import Crossing, Dependency, dependencies_of
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.node_kinds import bus_of
from scmigen.bindings.passthrough import reaches_others
from scmigen.checks import hints
from scmigen.checks.words import (
    VERBS,
    agent_names,
    names,
    node_word,
    position,
    powers_word,
    resource_word,
    use_word,
)
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, counted
from scmigen.model.final_classes import platform_nodes
from scmigen.model.platform import Model
from scmigen.runtime import Role
from scmigen.scmi.operations import Operation

#: What stops or disturbs a controller. Limits are votes, and reading changes nothing.
_OVER = (
    Operation.STATE,
    Operation.RESET,
    Operation.RATE,
    Operation.PARENT,
    Operation.LEVEL,
)


class _Pair(Data):
    """A controller with its agents, and what devices of one other agent refer to it by."""

    controller: Node
    holders: tuple[Agent, ...]
    agent: Agent
    entries: tuple[Dependency, ...]


class _Power(Data):
    """Something that the holders of a controller may do to it; ``native``: without asking SCMI."""

    operation: Operation
    use: Use
    native: bool


def kept_on(model: Model) -> frozenset[ResourceKey]:
    """Resources that no agent can turn off: always on, or held by a device of the platform."""
    return frozenset(
        resource.key
        for platform in model.platforms
        for resources in platform.resources.values()
        for resource in resources
        if resource.facts.always_on
    )


def through_controllers(model: Model, finding: Finding) -> Iterator[Diagnostic]:
    """One warning per controller and agent where the holders of the controller may switch it off;
    one note per pair of agents for all other controllers."""
    pairs = _pairs(model) if len(model.assignment.agents) > 1 else []
    if not pairs:
        return
    powers = _Powers(model)
    others: dict[tuple[tuple[Agent, ...], Agent], list[_Pair]] = {}
    for pair in pairs:
        found = [] if _meant(pair) else powers.over(pair)
        if found:
            yield finding.warning(*_warning(model, pair, found)).about(*_subject([pair]))
        else:
            others.setdefault((pair.holders, pair.agent), []).append(pair)
    for alike in others.values():
        yield finding.note(*_note(model, alike)).about(*_subject(alike))


def _subject(pairs: list[_Pair]) -> tuple[list[str], list[str], list[str], list[str]]:
    """The resources (none), nodes and agents of some pairs, and those who hold the controllers."""
    nodes = [
        path
        for pair in pairs
        for path in (pair.controller.path, *(entry.consumer.path for entry in pair.entries))
    ]
    every = agent_names(agent for pair in pairs for agent in (*pair.holders, pair.agent))
    return [], nodes, every, agent_names(agent for pair in pairs for agent in pair.holders)


def _pairs(model: Model) -> list[_Pair]:
    tree = model.inventory.tree
    availability = model.inventory.availability
    present = [node for node in tree.nodes if availability.present(node)]
    # Each agent reaches the platform's pins and sensors through an SCMI node of its own.
    platform = platform_nodes(model.providers) | {i.node.path for i in model.inventory.instances}
    found: dict[tuple[str, int], list[Dependency]] = {}
    for entry in dependencies_of(tree, present):
        paths = {entry.consumer.path, entry.controller.path}
        if paths & platform or not availability.present(entry.controller):
            continue
        holders = model.owners.of(entry.controller).all_agents
        for agent in model.owners.of(entry.consumer).all_agents if holders else ():
            if agent not in holders:
                found.setdefault((entry.controller.path, agent.id), []).append(entry)
    agents = {agent.id: agent for agent in model.assignment.agents}
    pairs = []
    for (_, number), entries in found.items():
        controller = entries[0].controller
        holders = model.owners.of(controller).all_agents
        pairs.append(_Pair(controller, holders, agents[number], tuple(entries)))
    return pairs


def _meant(pair: _Pair) -> bool:
    """Whether all entries are meant to lead to another agent."""
    hypervisor = all(agent.role is Role.HYPERVISOR for agent in pair.holders)
    return all(
        entry.crossing is Crossing.ANY or (entry.crossing is Crossing.HYPERVISOR and hypervisor)
        for entry in pair.entries
    )


class _Powers:
    """Answers what the holders of a controller may do to it."""

    def __init__(self, model: Model) -> None:
        self._owners = model.owners
        self._drafts = model.findings.granted.drafts
        self._kept = kept_on(model)
        self._facts = model.inventory.facts
        self._uses: dict[str, list[tuple[Use, bool]]] = {}
        closure = model.findings.closure
        for uses, native in ((closure.needs, False), (closure.native, True)):
            for use in uses:
                self._uses.setdefault(use.consumer.path, []).append((use, native))

    def over(self, pair: _Pair) -> list[_Power]:
        """Each resource of the controller once with each operation, in the order of `_OVER`."""
        found: dict[tuple[Operation, ResourceKey], _Power] = {}
        for part in self._parts(pair):
            for use, native in self._uses.get(part.path, ()):
                for operation in self._operations(pair, use, native):
                    power = _Power(operation, use, native)
                    found.setdefault((operation, use.key), power)
        order = list(_OVER)
        return sorted(found.values(), key=lambda power: order.index(power.operation))

    def _parts(self, pair: _Pair) -> Iterator[Node]:
        """What must run for the controller to run, and the holders have: what the entries name,
        and all above that is not above the devices too."""
        around = {above.path for entry in pair.entries for above in entry.consumer.ancestors()}
        seen: dict[str, Node] = {}
        for entry in pair.entries:
            for part in entry.target.upwards():
                if part.path not in around:
                    seen.setdefault(part.path, part)
        for part in seen.values():
            if self._owners.of(part).all_agents == pair.holders:
                yield part

    def _operations(self, pair: _Pair, use: Use, native: bool) -> Iterator[Operation]:
        held = self._drafts.get((pair.agent.id, use.key))
        allowed = set(use.needs)
        if not native:
            drafts = (self._drafts.get((holder.id, use.key)) for holder in pair.holders)
            allowed &= {op for draft in drafts if draft is not None for op in draft.operations}
        facts = self._facts.get(use.key)
        always = use.key in self._kept or (facts is not None and facts.always_on)
        for operation in allowed & set(_OVER):
            if operation is Operation.STATE and always:
                continue
            # What the agent has a grant on is voted on, or the business of the sharing checks.
            if held is None or (
                operation is Operation.STATE and Operation.STATE not in held.operations
            ):
                yield operation


def _props(entries: Iterable[Dependency]) -> str:
    return ", ".join(dict.fromkeys(entry.prop for entry in entries))


def place_of(tree: DeviceTree, entry: Dependency) -> Position:
    """Where an entry is written."""
    prop = entry.consumer.get(entry.prop)
    found = prop.position_at(entry.at) if prop is not None else entry.consumer.position
    return found or Position(tree.file)


def entry_of(tree: DeviceTree, entry: Dependency) -> Related:
    """An entry as something to look at, too."""
    return Related(f"{entry.consumer.path} {entry.prop}[{entry.index}]", place_of(tree, entry))


def _consumers(pair: _Pair) -> list[str]:
    return list(dict.fromkeys(entry.consumer.path for entry in pair.entries))


_Parts = tuple[str, Position | None, list[Related], str]


def _warning(model: Model, pair: _Pair, powers: list[_Power]) -> _Parts:
    tree = model.inventory.tree
    holders = names(pair.holders)
    devices = _consumers(pair)
    who = (
        f"{devices[0]} of {pair.agent.name} works"
        if len(devices) == 1
        else f"{len(devices)} devices of {pair.agent.name} work"
    )
    keys = {power.use.key for power in powers}
    what = powers_word(model.inventory, ((power.operation, power.use.key) for power in powers))
    first, *others = pair.entries
    related = [entry_of(tree, entry) for entry in others]
    related += [
        Related(
            f"{holders} may {VERBS[power.operation]} "
            f"{resource_word(model.inventory, power.use.key)}: {use_word(power.use)}",
            position(tree, power.use),
        )
        for power in powers
    ]
    return (
        f"{who} through {node_word(tree, pair.controller.path)} ({_props(pair.entries)}), which is "
        f"{holders}'s: {holders} may {what}, and {pair.agent.name} has no grant "
        f"for {'it' if len(keys) == 1 else 'them'}",
        place_of(tree, first),
        related,
        _hint(model, pair, powers),
    )


def _hint(model: Model, pair: _Pair, powers: Iterable[_Power]) -> str:
    """Sharing gives both a vote and neither the reset; not what is driven natively or by a bus."""
    word = node_word(model.inventory.tree, pair.controller.path)
    bus = bus_of(pair.controller)
    on_their_bus = bus is not None and model.owners.of(bus).all_agents == pair.holders
    if on_their_bus or any(power.native for power in powers):
        return f"give {word} and what works through it to one agent"
    what = reaches_others(pair.controller)
    if what is not None:
        claimed = any(c.node is pair.controller for c in model.assignment.claims)
        keeps = hints.devices(model.inventory.tree, [pair.controller.path])
        return (
            f"give {word} and what works through it to one agent"
            if claimed
            else f"{keeps} keeps it for the platform: with {what}, an agent reaches all others"
        )
    owners = [agent for agent in (*pair.holders, pair.agent) if not agent.default]
    shared = hints.shared(model.inventory.tree, model.assignment.claims, pair.controller, owners)
    return f"{shared} shares it; or give {word} and what works through it to one agent"


def _note(model: Model, pairs: list[_Pair]) -> _Parts:
    tree = model.inventory.tree
    first, *others = pairs
    word = node_word(tree, first.controller.path)
    more = f" and {counted(len(others), 'other controller')}" if others else ""
    entries = [entry for pair in pairs for entry in pair.entries]
    return (
        f"devices of {first.agent.name} work through {word} ({_props(first.entries)}){more}, which "
        f"{names(first.holders)} drives",
        place_of(tree, entries[0]),
        [
            Related(
                f"{node_word(tree, entry.controller.path)}: {entry.consumer.path} "
                f"{entry.prop}[{entry.index}]",
                place_of(tree, entry),
            )
            for entry in entries[1:]
        ],
        f"see that {names(first.holders)} keeps "
        f"{'them' if others else 'it'} running for {first.agent.name}",
    )
