"""The state of the platform's resources, as determined by the votes of the agents.

On and off is decided by votes: every agent that may switch a resource has one vote, and the
resource is on while any vote is for on. An agent that has not voted counts as a vote for the state
at boot, so an agent that only reads changes nothing, and neither does one that disconnects.
Resources that no agent may switch keep their state at boot. A wanted resource holds its ancestors
on (parent clocks, parent domains, parent supplies), and is on only while they and its supply are.
Performance limits are votes too: the highest minimum and the lowest maximum apply. Rates, parents,
resets, levels, caps and settings are not shared: the last request wins.

This package knows neither messages nor permissions. Changes that agents can subscribe to are added
to the `Context` that all resources share.
"""

from collections.abc import Iterable, Mapping

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server.state.resource import Change, Context, Resource, Switch, Votes
from scmigen.server.state.scaled import PerformanceDomain
from scmigen.server.state.switched import (
    POWER_OFF,
    POWER_ON,
    Clock,
    PowerDomain,
    VoltageDomain,
)
from scmigen.server.state.unshared import (
    NO_FUNCTION,
    SENSOR_ENABLED,
    SENSOR_TIMESTAMPS,
    UNSHARED,
    Pin,
    Powercap,
    ResetDomain,
    Sensor,
)

__all__ = [
    "NO_FUNCTION",
    "POWER_OFF",
    "POWER_ON",
    "SENSOR_ENABLED",
    "SENSOR_TIMESTAMPS",
    "Change",
    "Clock",
    "Context",
    "PerformanceDomain",
    "Pin",
    "PowerDomain",
    "Powercap",
    "ResetDomain",
    "Resource",
    "Sensor",
    "State",
    "Switch",
    "VoltageDomain",
    "Votes",
    "boot",
    "undo",
]

State = Mapping[Kind, Mapping[int, Resource]]


def boot(
    configuration: runtime.Runtime, switchable: frozenset[tuple[Kind, int]], context: Context
) -> State:
    """All resources in their state at boot, by kind and number; ``switchable`` are those that some
    agent may ever switch."""
    with context.together():
        return _boot(configuration, switchable, context)


def _boot(
    configuration: runtime.Runtime, switchable: frozenset[tuple[Kind, int]], context: Context
) -> State:
    supplies = {
        item.id: VoltageDomain(item, context, (Kind.VOLTAGE, item.id) in switchable)
        for item in configuration.voltage_domains
    }
    domains = {
        item.id: PowerDomain(item, context, (Kind.POWER, item.id) in switchable)
        for item in configuration.power_domains
    }
    clocks = {
        item.id: Clock(item, context, (Kind.CLOCK, item.id) in switchable)
        for item in configuration.clocks
    }
    performance = {
        item.id: PerformanceDomain(item, context) for item in configuration.performance_domains
    }
    _link(configuration, supplies, domains, clocks)
    for scaled in configuration.performance_domains:
        domain = performance[scaled.id]
        domain.clock = None if scaled.clock is None else clocks[scaled.clock]
        domain.supply = None if scaled.supply is None else supplies[scaled.supply]
    return {
        Kind.POWER: domains,
        Kind.CLOCK: clocks,
        Kind.VOLTAGE: supplies,
        Kind.PERFORMANCE: performance,
        **{
            unshared.kind: {
                item.id: unshared(item, context) for item in configuration.resources(unshared.kind)
            }
            for unshared in UNSHARED
        },
    }


def undo(state: State, agent: int) -> list[Resource]:
    """Set all that ``agent`` was the last to set back to what it was at boot; the resources that
    this concerns. Levels come first, since they set rates, then the parents of clocks, then rates
    from the top down."""
    clocks = [clock for clock in state[Kind.CLOCK].values() if isinstance(clock, Clock)]
    found = [domain for domain in state[Kind.PERFORMANCE].values() if domain.undo(agent)]
    _undo_parents(clocks, agent)
    clocks.sort(key=lambda clock: clock.depth)
    found += [clock for clock in clocks if clock.undo(agent, "rate")]
    others = [kind for kind in state if kind not in (Kind.PERFORMANCE, Kind.CLOCK)]
    found += [item for kind in others for item in state[kind].values() if item.undo(agent)]
    return found


def _undo_parents(clocks: Iterable[Clock], agent: int) -> None:
    """Set the parents back that ``agent`` was the last to set, and leave the rates to be set. A
    clock cannot go to a parent that is below it, so those at the bottom come first; what another
    agent has put in between stays as it is."""
    left = [clock for clock in clocks if clock.setters.get("parent") == agent]
    left.sort(key=lambda clock: clock.depth, reverse=True)
    before = len(left) + 1
    while len(left) < before:
        before = len(left)
        left = [clock for clock in left if not clock.undo_parent(agent)]


def _link(
    configuration: runtime.Runtime,
    supplies: Mapping[int, VoltageDomain],
    domains: Mapping[int, PowerDomain],
    clocks: Mapping[int, Clock],
) -> None:
    """Connect supplies, domains and clocks with their parents and with what they depend on."""
    for supply in configuration.voltage_domains:
        if supply.parent is not None:
            supplies[supply.id].adopt(supplies[supply.parent])
    for domain in configuration.power_domains:
        if domain.parent is not None:
            domains[domain.id].adopt(domains[domain.parent])
        if domain.supply is not None:
            domains[domain.id].depend(supplies[domain.supply])
    for number in _without_loops(configuration.clocks):
        clock = clocks[number]
        if clock.parent_number is not None:
            clock.feed(clocks[clock.parent_number])
    for item in configuration.clocks:
        if item.power is not None:
            clocks[item.id].depend(domains[item.power])
        if item.supply is not None:
            clocks[item.id].depend(supplies[item.supply])


def _without_loops(clocks: Iterable[runtime.Clock]) -> list[int]:
    """The clocks that can be connected to their parent at boot. Multiplexers may be wired in a
    loop; a clock whose parent would close one is left out."""
    parents = {clock.id: clock.parent for clock in clocks}
    sound: set[int] = set()
    found: list[int] = []
    for number in parents:
        path: list[int] = []
        on_path: set[int] = set()
        at: int | None = number
        while at is not None and at not in sound and at not in on_path:
            path.append(at)
            on_path.add(at)
            at = parents[at]
        # the clock whose parent is on the path would close the loop
        found += path[:-1] if at in on_path else path
        sound.update(path)
    return found
