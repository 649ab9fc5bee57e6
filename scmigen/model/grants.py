"""From needs to grants: who gets which operations on which resource, and because of what.

`scmigen.scmi.may` defines what comes out; this also tells why, and what stands in the way.
"""

from collections.abc import Iterable, Mapping
from itertools import chain, groupby
from operator import attrgetter

from scmigen.assignment.assignment import Agent, Assignment, HandGrant
from scmigen.bindings.consumers import is_assigned, is_assigned_parent
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.model.closure import Closure
from scmigen.model.drivers import Drivers
from scmigen.model.ownership import Owners, Ownership, moving
from scmigen.model.sharing import Conflict, Feeding
from scmigen.scmi.operations import Operation, aggregates, unaggregated


class Draft(Data, frozen=False):
    """A grant under construction. ``boot`` holds the operations in force before any device is
    reassigned."""

    agent: Agent
    key: ResourceKey
    operations: frozenset[Operation] = frozenset()
    boot: frozenset[Operation] = frozenset()
    because: list[Use | HandGrant] = field(default_factory=list)

    def allow(
        self, operations: frozenset[Operation], why: Use | HandGrant, at_boot: bool = True
    ) -> None:
        """Add operations, and what they are for. Most drafts have those of a use as they are: they
        share the set, too."""
        if self.operations is not operations:
            self.operations = self.operations | operations if self.operations else operations
        if at_boot and self.boot is not operations:
            self.boot = self.boot | operations if self.boot else operations
        self.because.append(why)


class Denied(Data):
    """An operation that a use needs but that is denied, because the resource or device is shared.

    ``owner`` has the operation instead, if any agent does.
    """

    agent: Agent
    key: ResourceKey
    operation: Operation
    use: Use
    owner: Agent | None


class Granted(Data):
    """The drafts by (agent id, resource), what was denied, and what could not be settled; ``idle``
    are the entries of assigned-clocks that give no agent anything."""

    drafts: Mapping[tuple[int, ResourceKey], Draft]
    denied: tuple[Denied, ...]
    conflicts: tuple[Conflict, ...]
    possible: tuple[tuple[str, Conflict], ...]
    against_owner: tuple[tuple[HandGrant, Agent], ...]
    idle: frozenset[Use]


class _Grants:
    def __init__(self, assignment: Assignment, owners: Owners, drivers: Drivers) -> None:
        self.agents = {agent.name: agent for agent in assignment.agents}
        self.owners = owners
        self.apart = owners.tell_scmi_nodes_apart
        self.drivers = drivers
        self.owner_of = {o.key: self.agents[o.agent] for o in assignment.options.owners}
        self.drafts: dict[tuple[int, ResourceKey], Draft] = {}
        self.denied: list[Denied] = []
        # Agent, consumer and index of the entries of assigned-clocks whose parent is not set.
        self.without_parent: set[tuple[int, Node, int]] = set()
        self.idle: set[Use] = set()
        self.against_owner: list[tuple[HandGrant, Agent]] = []

    def draft(self, agent: Agent, key: ResourceKey) -> Draft:
        place = agent.id, key
        found = self.drafts.get(place)
        if found is None:
            found = self.drafts[place] = Draft(agent, key)
        return found

    def need(self, use: Use, ownership: Ownership, agents: Iterable[Agent]) -> None:
        """Grant what a device's use needs to every agent that has or may get the device."""
        key = use.key
        owner = self.owner_of.get(key) if self.owner_of else None
        assigned = is_assigned(use) or is_assigned_parent(use)
        if assigned:
            self.idle.add(use)
        for agent in agents:
            if self.apart and self.owners.scmi_node_of_others(agent, key.provider) is not None:
                continue
            entry = (agent.id, use.consumer, use.index) if assigned else None
            if entry in self.without_parent and is_assigned_parent(use):
                continue
            mine = self.drivers.of_agent(agent, use) if use.drivers else use
            operations = mine.needs
            if ownership.shared if owner is None else owner != agent:
                for operation in unaggregated(key.kind, mine.needs):
                    operations -= {operation}
                    self.denied.append(Denied(agent, key, operation, mine, owner))
            if entry is not None and is_assigned(use) and operations != use.needs:
                # What else it needs is there only for the rate or the parent.
                operations = frozenset()
                if Operation.PARENT in use.needs:
                    self.without_parent.add(entry)
            if operations:
                if assigned:
                    self.idle.discard(use)
                self.draft(agent, key).allow(operations, mine, agent in ownership.agents)

    def hand(self, grant: HandGrant) -> None:
        """Grant what the user wrote (an explicit grant)."""
        agent = self.agents[grant.agent]
        owner = self.owner_of.get(grant.key)
        refused = {op for op in grant.operations if not aggregates(grant.key.kind, op)}
        if owner is not None and owner != agent and refused:
            self.against_owner.append((grant, owner))
            return
        self.draft(agent, grant.key).allow(grant.operations, grant)


def grant(
    assignment: Assignment,
    owners: Owners,
    drivers: Drivers,
    closure: Closure,
    feeding: Feeding,
) -> Granted:
    """The grants that the needs of a platform's agents and its user make."""
    grants = _Grants(assignment, owners, drivers)
    for consumer, uses in groupby(chain(closure.needs, closure.above), attrgetter("consumer")):
        ownership = owners.of(consumer)
        agents = ownership.all_agents
        for use in uses:
            grants.need(use, ownership, agents)
    for written in assignment.grants:
        grants.hand(written)
    for whole in whole_grants(assignment, grants.drafts, closure):
        grants.hand(whole)
    conflicts, possible = _conflicts(grants, closure, feeding)
    return Granted(
        grants.drafts,
        tuple(grants.denied),
        tuple(conflicts),
        tuple(possible),
        tuple(grants.against_owner),
        frozenset(grants.idle),
    )


def whole_grants(
    assignment: Assignment, drafts: Iterable[tuple[int, ResourceKey]], closure: Closure
) -> list[HandGrant]:
    """The grants on whole protocols: on all that is granted to anyone, that the platform's own
    devices or the SCMI nodes name, or that is declared."""
    keys = [key for _, key in drafts]
    keys += [use.key for use in (*closure.own, *closure.fed)]
    keys += [element.key for element in assignment.options.elements]
    return [
        HandGrant(
            *(whole.agent, key, whole.operations, whole.position),
            by_number=True,
            reason=whole.reason,
        )
        for whole in assignment.wholes
        for key in dict.fromkeys(keys)
        if key.kind is whole.kind
    ]


def _users(
    grants: _Grants, own: Iterable[Use]
) -> dict[ResourceKey, list[tuple[Agent | None, Use | HandGrant]]]:
    """The users of each resource, the platform's own devices included."""
    found: dict[ResourceKey, list[tuple[Agent | None, Use | HandGrant]]] = {}
    for draft in grants.drafts.values():
        found.setdefault(draft.key, []).extend([(draft.agent, why) for why in draft.because])
    for denied in grants.denied:
        # What a device may not do itself, it depends on all the same.
        known, user = found.setdefault(denied.key, []), (denied.agent, denied.use)
        if user not in known:
            known.append(user)
    for use in own:
        found.setdefault(use.key, []).append((None, use))
    return found


def _parties(
    grants: _Grants, uses: Iterable[tuple[Agent | None, Use | HandGrant]]
) -> set[int | str]:
    """Those who may act at one time: agents, and devices that are one agent's after another's."""
    found: set[int | str] = set()
    for agent, why in uses:
        device = moving(grants.owners, why.consumer) if isinstance(why, Use) else None
        found.add(device.path if device is not None else agent.id if agent else 0)
    return found


def _conflicts(
    grants: _Grants, closure: Closure, feeding: Feeding
) -> tuple[list[Conflict], list[tuple[str, Conflict]]]:
    held = _held(grants)
    if not held:
        return [], []
    users = _users(grants, closure.own)
    below: dict[ResourceKey, list[ResourceKey]] = {}
    mixed: dict[str, set[Agent | None]] = {path: set() for path in feeding.mixed}
    for key, uses in users.items():
        for above in feeding.above(key):
            below.setdefault(above, []).append(key)
        if key.provider in mixed:
            mixed[key.provider].update(agent for agent, _ in uses)
    conflicts = []
    possible = []
    for key, operation, holders in held:
        uses = users.get(key, [])
        if key in below:
            uses = [pair for item in (key, *below[key]) for pair in users.get(item, ())]
        owner, feeds = grants.owner_of.get(key), feeding.possible(key)
        if len(uses) == 1 and not feeds:
            continue
        everybody = {agent for agent, _ in uses}
        are_several = len(everybody) > 1 and len(_parties(grants, uses)) > 1
        if are_several and (owner is None or holders != [owner]):
            found = Conflict(key, operation, tuple(holders), _order(everybody), tuple(uses))
            conflicts.append(found)
        elif owner is None:
            for path in feeds:
                others = mixed.get(path, set()) - everybody
                if others:
                    found = Conflict(key, operation, tuple(holders), _order(others), ())
                    possible.append((path, found))
    return conflicts, possible


def _held(grants: _Grants) -> list[tuple[ResourceKey, Operation, list[Agent]]]:
    """Every operation that does not aggregate, with the agents that were granted it."""
    held: dict[tuple[ResourceKey, Operation], list[Agent]] = {}
    for draft in grants.drafts.values():
        for operation in unaggregated(draft.key.kind, draft.operations):
            held.setdefault((draft.key, operation), []).append(draft.agent)
    return [
        (key, operation, sorted(agents, key=lambda agent: agent.id))
        for (key, operation), agents in sorted(held.items())
    ]


def _order(agents: Iterable[Agent | None]) -> tuple[Agent | None, ...]:
    return tuple(sorted(agents, key=lambda agent: agent.id if agent else 0))
