"""From one configuration to the next, while agents stay connected.

An agent stays when its part of the configuration is the same: its grants and what they are of, its
devices, its rights, and where its FastChannels are. What is the same resource before and after
keeps what was set; the votes and subscriptions of agents that stay are theirs still. Asynchronous
changes under way end at once.
"""

from collections.abc import Container, Mapping

from scmigen import runtime
from scmigen.scmi.protocols import KIND_OF, Kind
from scmigen.server.backend import Backend
from scmigen.server.core import Server
from scmigen.server.state import Clock, Resource


def _view(configuration: runtime.Runtime, number: int, server: Server) -> object:
    """All of the configuration that the agent can see."""
    found = next((agent for agent in configuration.agents if agent.id == number), None)
    if found is None:
        return None
    resources = {
        kind: {item.id: _plain(item) for item in configuration.resources(kind)} for kind in Kind
    }
    channels = server.fastchannels
    return (
        found,
        server.agents[number].versions,
        () if channels is None else channels.layout(number),
        [agent.name for agent in configuration.agents] if found.permissions else (),
        [
            (kind, grant, resources[kind][grant.resource])
            for kind, grants in found.grants.items()
            for grant in grants
        ],
        [
            (device.id, device.agents, device.assignable, device.resources)
            for device in configuration.devices
            if number in (*device.agents, *device.assignable) or found.permissions
        ],
        (configuration.vendor, configuration.sub_vendor, configuration.implementation_version),
        (configuration.pin_groups, configuration.pin_functions) if Kind.PIN in found.grants else (),
    )


def _plain(resource: runtime.Resource) -> object:
    """A resource without where it was said."""
    return [
        getattr(resource, name)
        for name in resource.__struct_fields__
        if name not in ("source", "labels", "macro")
    ]


class _Readings(Backend):
    """What another back end reads; no change reaches it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def read(self, kind: Kind, number: int) -> tuple[int, ...]:
        """What the other one reads."""
        return self._backend.read(kind, number)


def hand_over(old: Server, new: Server) -> frozenset[int]:
    """Give ``new`` the state of ``old``; the ids of the agents that stay."""
    if old.fastchannels is not None:
        old.fastchannels.close()
    # the back end serves the new configuration already, where numbers mean other things
    old.context.backend = _Readings(old.context.backend)
    kept = frozenset(
        number
        for number in old.agents
        if number in new.agents
        and old.agents[number].name == new.agents[number].name
        and _view(old.configuration, number, old) == _view(new.configuration, number, new)
    )
    for number in old.agents.keys() - kept:
        old.agents[number].disconnect()
    old.timers.finish()
    same = _same(old, new)
    for before, after in same:
        try:
            after.take_over(before, kept)
            if isinstance(before, Clock) and isinstance(after, Clock):
                _inherit_clock(before, after, new)
        except Exception as problem:
            new.failure(problem, f"taking over {after.kind} {after.number}")
    _subscribe(old, new, kept, {(after.kind, after.number) for _, after in same})
    for number in kept:
        for frame in old.agents[number].take_events():
            new.agents[number].push_event(frame)
        new.agents[number].limit(old.agents[number].room + 4)
        new.permissions.copy(number, old.permissions)
        new.permissions_changed(new.agents[number])
    new.changes.clear()
    new.followed("taking over")
    new.watcher.resume(old.watcher, kept)
    if new.fastchannels is not None:
        new.fastchannels.begin(kept)
    return kept


def _subscribe(
    old: Server, new: Server, kept: frozenset[int], same: Container[tuple[Kind, int | None]]
) -> None:
    """Have the agents that stay hear on of what is the same, and of what is no resource."""
    for (protocol, event, resource), told in old.all_subscribers().items():
        kind = KIND_OF.get(protocol)
        if kind is not None and (kind, resource) not in same:
            continue
        for number, own in told.items():
            if number in kept:
                new.subscribe(new.agents[number], protocol, event, resource, own, True)


def _same(old: Server, new: Server) -> list[tuple[Resource, Resource]]:
    """The resources that are the same before and after."""
    found: list[tuple[Resource, Resource]] = []
    for kind in Kind:
        before: Mapping[int, runtime.Resource] = {
            item.id: item for item in old.configuration.resources(kind)
        }
        found += [
            (old.state[kind][item.id], new.state[kind][item.id])
            for item in new.configuration.resources(kind)
            if item.id in before and _plain(before[item.id]) == _plain(item)
        ]
    return found


def _inherit_clock(before: Clock, after: Clock, new: Server) -> None:
    """Its parent, and then the rate it has below it."""
    number = before.parent_number
    parent = None if number is None else new.state[Kind.CLOCK].get(number)
    if number != after.parent_number and isinstance(parent, Clock) and not parent.is_below(after):
        after.set_parent(parent)
    after.set_rate(before.rate)
