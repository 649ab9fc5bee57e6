"""The state of the platform's resources, and how the agents' votes make it.

What is switched on and off is shared: every agent that may switch has one vote, and a resource is
on while anybody wants it on. An agent that has not spoken votes for the state at boot, so reading
changes nothing, and an agent that is gone is as one that never spoke. Where nobody may switch, the
state is that of the boot. What is wanted holds its ancestors (parent clocks and domains, the supply
a supply is fed from), and is on only while they and its supply are. Performance limits are votes
too: the highest minimum and the lowest maximum hold. Rates, parents, resets, levels, caps and
settings are not shared: the last word counts.

This room knows neither messages nor permissions. A change that agents can ask to be told of is
appended to the list of `Change` that all resources share.
"""

from collections.abc import Iterable, Mapping

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server.state.others import (
    SENSOR_ENABLED,
    SENSOR_TIMESTAMPS,
    PerformanceDomain,
    Pin,
    Powercap,
    ResetDomain,
    Sensor,
)
from scmigen.server.state.resource import Change, Context, Resource, Switch
from scmigen.server.state.switched import (
    POWER_OFF,
    POWER_ON,
    Clock,
    PowerDomain,
    VoltageDomain,
)

__all__ = [
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
    "boot",
]

State = Mapping[Kind, Mapping[int, Resource]]


def boot(
    configuration: runtime.Runtime, switchable: frozenset[tuple[Kind, int]], context: Context
) -> State:
    """All resources as they are at boot, by kind and number; ``switchable`` are those that some
    agent may ever switch."""
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
        Kind.RESET: {item.id: ResetDomain(item, context) for item in configuration.reset_domains},
        Kind.PERFORMANCE: performance,
        Kind.SENSOR: {item.id: Sensor(item, context) for item in configuration.sensors},
        Kind.POWERCAP: {item.id: Powercap(item, context) for item in configuration.powercaps},
        Kind.PIN: {item.id: Pin(item, context) for item in configuration.pins},
    }


def _link(
    configuration: runtime.Runtime,
    supplies: Mapping[int, VoltageDomain],
    domains: Mapping[int, PowerDomain],
    clocks: Mapping[int, Clock],
) -> None:
    """Put everything below what it is below."""
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
    """The clocks that can be put below their parent at boot: multiplexers may be wired in a circle,
    and what the tree says of them is only what may be."""
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
        # the one whose parent is on the path would close the circle
        found += path[:-1] if at in on_path else path
        sound.update(path)
    return found
