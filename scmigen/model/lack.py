"""Why an agent lacks an operation, from what the model decided on the way to its grants."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from scmigen.assignment.assignment import Agent
from scmigen.bindings.facts import ProviderClass, ResourceKey, Use
from scmigen.bindings.identity import is_protected
from scmigen.data import Data
from scmigen.diagnostics import Position
from scmigen.model.drivers import Hindrance
from scmigen.model.platform import Model, no_such
from scmigen.scmi.operations import Operation


class Cause(StrEnum):
    """The ways in which an operation does not come to an agent."""

    NOTHING = "no-such-resource"
    NOT_SERVED = "not-served"
    DISABLED = "provider-disabled"
    PROTECTED = "protected"
    OWNER = "owner"
    SHARED = "shared-device"
    CHANNEL = "channel-of-others"
    FED = "feeds-what-is-needed"
    FIXED = "through-fixed-provider"
    DOMAIN = "performance-domain"
    UNNAMED = "parent-has-no-number"
    POSSIBLE = "driver-only-may"
    ONE_VOLTAGE = "one-voltage"
    NOT_NEEDED = "not-needed"
    UNUSED = "unused"


class Lack(Data):
    """One reason why an agent lacks an operation.

    ``uses`` are those of the agent that it is about; for `Cause.UNUSED` all others. ``agents`` are
    the owner, those who share the device, or those whose channel or provider it is. ``position``
    is the entry of the agents file that decides. ``told`` is the reason of an earlier stage.
    """

    cause: Cause
    uses: tuple[Use, ...] = ()
    agents: tuple[Agent, ...] = ()
    position: Position | None = None
    told: str = ""


def lacks(model: Model, agent: Agent, key: ResourceKey, operation: Operation) -> tuple[Lack, ...]:
    """The reasons why ``agent`` may not use ``operation`` on ``key``; it is known to lack it."""
    asked = model, agent, key, operation
    found = [*_withdrawn(*asked), *_withheld(*asked), *_refused(*asked)]
    if found:
        return tuple(found)
    if not any(platform.resource(key) for platform in model.platforms):
        unserved = _not_served(model, key)
        if unserved is not None:
            return (unserved,)
    closure = model.findings.closure
    uses = [use for use in (*closure.needs, *closure.above) if use.key == key]
    own = [use for use in uses if agent in model.owners.of(use.consumer).all_agents]
    if own:
        return tuple(_unneeded(model, agent, use, operation) for use in own)
    others = (*uses, *closure.own, *closure.fed, *closure.unowned)
    return (Lack(Cause.UNUSED, tuple(use for use in others if use.key == key)),)


def _not_served(model: Model, key: ResourceKey) -> Lack | None:
    """Why the platform cannot have a resource; None: it has all that agents use."""
    provider = model.providers.get(key.provider)
    wrong = no_such(provider, key)
    if provider is None or wrong is not None:
        return Lack(Cause.NOTHING, told=wrong or f"{key.provider} provides nothing")
    holders = model.owners.of(provider.node).all_agents
    if not model.inventory.availability.present(provider.node):
        return Lack(Cause.DISABLED, position=provider.node.position)
    if is_protected(provider.node, key):
        return Lack(Cause.PROTECTED)
    if provider.category is not ProviderClass.MANAGED:
        told = f"{provider.category}: {provider.reason}"
        local = provider.category is ProviderClass.LOCAL
        return Lack(Cause.NOT_SERVED, (), holders if local else (), None, told)
    return None


def _withdrawn(
    model: Model, agent: Agent, key: ResourceKey, operation: Operation
) -> Iterator[Lack]:
    """Needs that were denied, because of an owner or a shared device."""
    for item in model.findings.granted.denied:
        if (item.agent, item.key, item.operation) != (agent, key, operation):
            continue
        if item.owner is not None:
            yield Lack(Cause.OWNER, (item.use,), (item.owner,), _owner_position(model, key))
        else:
            yield Lack(Cause.SHARED, (item.use,), model.owners.of(item.use.consumer).agents)


def _withheld(model: Model, agent: Agent, key: ResourceKey, operation: Operation) -> Iterator[Lack]:
    """What a driver may do, and is not allowed since others depend on the resource."""
    for item in model.findings.closure.withheld:
        if item.use.key == key and agent in item.agents and operation in item.need.operations:
            others = [other for other in (*item.others, *item.agents) if other not in (agent, None)]
            told = f"{item.need.source} of {item.need.table}"
            yield Lack(Cause.POSSIBLE, (item.use,), tuple(filter(None, others)), told=told)


def _refused(model: Model, agent: Agent, key: ResourceKey, operation: Operation) -> Iterator[Lack]:
    """Explicit grants that go against the owner, and uses over the channel of other agents."""
    for grant, owner in model.findings.granted.against_owner:
        if (grant.agent, grant.key) == (agent.name, key) and operation in grant.operations:
            yield Lack(Cause.OWNER, (), (owner,), _owner_position(model, key))
    for item in model.findings.closure.over_others:
        if (item.agent, item.use.key) == (agent, key) and operation in item.use.needs:
            node = model.inventory.tree.node(item.node)
            holders = model.owners.of(node).agents if node is not None else ()
            yield Lack(Cause.CHANNEL, (item.use,), holders, told=item.node)


def _owner_position(model: Model, key: ResourceKey) -> Position | None:
    owners = model.assignment.options.owners
    return next((owner.position for owner in owners if owner.key == key), None)


def _unneeded(model: Model, agent: Agent, use: Use, operation: Operation) -> Lack:
    """Why a use does not bring the operation: it never needs it, or the need was dropped."""
    if operation not in _written(model.inventory.uses, use):
        return _unsettable(model, agent, use, operation) or Lack(Cause.NOT_NEEDED, (use,))
    if use in model.findings.closure.above:
        return Lack(Cause.FED, (use,))
    if use.via:
        return Lack(Cause.FIXED, (use,), told=use.via[-1])
    unnamed = operation in _written(model.findings.closure.unnamed, use)
    return Lack(Cause.UNNAMED if unnamed else Cause.DOMAIN, (use,))


def _unsettable(model: Model, agent: Agent, use: Use, operation: Operation) -> Lack | None:
    """Why there is nothing to set for a driver that a table says to do it; None: it does not."""
    found = model.drivers.look_up(agent, use).needs
    need = next((one for one in found if operation in one.operations), None)
    hindrance = None if need is None else model.drivers.hindrance(use)
    if need is None or hindrance is None:
        return None
    cause = Cause.DOMAIN if hindrance is Hindrance.DOMAIN else Cause.ONE_VOLTAGE
    return Lack(cause, (use,), told=f"{need.source} of {need.table}" if need.source else need.table)


def _written(uses: Iterable[Use], like: Use) -> frozenset[Operation]:
    """What the entry that ``like`` comes from needs as it is written."""
    entry = (like.consumer, like.prop, like.index)
    same = (use.needs for use in uses if (use.consumer, use.prop, use.index) == entry)
    return frozenset().union(*same)
