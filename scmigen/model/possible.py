"""What drivers only may do: allowed where nobody else notices, told where somebody does.

That a driver sets a rate on some device does not make it do so here. An agent may be allowed what
it does not use as long as it has the resource, and all that changes with it, to itself.
"""

from collections.abc import Iterable, Mapping

from scmigen.assignment.assignment import Agent, Assignment
from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.data import replace
from scmigen.model.closure import Closure
from scmigen.model.drivers import Drivers, Withheld
from scmigen.model.ownership import Owners, moving
from scmigen.model.sharing import Feeding
from scmigen.runtime import Certainty
from scmigen.scmi.operations import with_implied

#: Those who may act at one time: an agent by its id (the platform: 0), a device that is one agent's
#: after another's by its path; with the agents that these are.
_Parties = dict[int | str, tuple[Agent | None, ...]]


def settle_possible(
    closure: Closure, assignment: Assignment, owners: Owners, drivers: Drivers, feeding: Feeding
) -> Closure:
    """The closure with the operations that drivers may use among the needs, or withheld."""
    told = [use for use in closure.needs if use.drivers]
    open_ = [use for use in told if any(_is_open(use, need) for need in use.drivers)]
    if not open_:
        return closure
    users = _users(closure, assignment, owners)
    everybody = _with_below({use.key for use in open_}, users, feeding)
    owned = {owner.key for owner in assignment.options.owners}
    needs, withheld = [], []
    for use in closure.needs:
        asked = [need for need in use.drivers if _is_open(use, need)]
        parties = everybody[use.key] if asked else {}
        if not asked or len(parties) == 1 or use.key in owned:
            added = (need.operations for need in asked)
            needs.append(
                replace(use, needs=with_implied(use.needs.union(*added))) if asked else use
            )
            continue
        kept = replace(use, drivers=tuple(need for need in use.drivers if need not in asked))
        needs.append(kept)
        every = {agent for agents in parties.values() for agent in agents}
        for need in asked:
            of_need = _agents(owners, drivers, kept, need)
            others = sorted(every.difference(of_need), key=lambda one: one.id if one else 0)
            withheld.append(Withheld(of_need, kept, need, tuple(others)))
    return replace(closure, needs=tuple(needs), withheld=tuple(withheld))


def _is_open(use: Use, need: DriverNeed) -> bool:
    return need.certainty is Certainty.MAY and not need.operations <= use.needs


def _agents(owners: Owners, drivers: Drivers, use: Use, need: DriverNeed) -> tuple[Agent, ...]:
    """The agents of a device whose drivers may do it."""
    return tuple(
        agent
        for agent in owners.of(use.consumer).all_agents
        if any(
            told.source == need.source and need.operations <= told.operations
            for told in drivers.look_up(agent, use).needs
        )
    )


def _users(
    closure: Closure, assignment: Assignment, owners: Owners
) -> Mapping[ResourceKey, _Parties]:
    """Who uses each resource, by a device or by an explicit grant."""
    found: dict[ResourceKey, _Parties] = {}
    for use in (*closure.needs, *closure.above):
        parties = found.setdefault(use.key, {})
        owner = owners.of(use.consumer)
        device = moving(owners, use.consumer)
        if device is not None:
            parties[device.path] = owner.all_agents
            continue
        for agent in owner.all_agents:
            if owners.scmi_node_of_others(agent, use.key.provider) is None:
                parties[agent.id] = (agent,)
    for use in closure.own:
        found.setdefault(use.key, {})[0] = (None,)
    by_name = {agent.name: agent for agent in assignment.agents}
    for grant in assignment.grants:
        agent = by_name[grant.agent]
        found.setdefault(grant.key, {})[agent.id] = (agent,)
    for whole in assignment.wholes:
        agent = by_name[whole.agent]
        for key in found:
            if key.kind is whole.kind:
                found[key][agent.id] = (agent,)
    return found


def _with_below(
    keys: Iterable[ResourceKey], users: Mapping[ResourceKey, _Parties], feeding: Feeding
) -> Mapping[ResourceKey, _Parties]:
    """Who uses each of ``keys``, something that it feeds, or something that it may feed."""
    found = {key: dict(users[key]) for key in keys}
    by_provider: dict[str, _Parties] = {}
    for key, parties in users.items():
        by_provider.setdefault(key.provider, {}).update(parties)
        for above in feeding.above(key):
            if above in found:
                found[above].update(parties)
    for key, parties in found.items():
        for path in feeding.possible(key):
            parties.update(by_provider.get(path, {}))
    return found
