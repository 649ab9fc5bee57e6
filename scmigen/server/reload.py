"""State transfer from the server of one configuration to that of the next, with agents connected.

An agent stays connected if its part of the configuration is unchanged: its grants and the resources
they are on, its devices, its permissions and its FastChannels. Resources that are the same before
and after keep their settings, and agents that stay keep their votes and subscriptions; their
pending asynchronous changes are made at once.
"""

from collections.abc import Callable, Container, Iterable, Mapping

from scmigen import runtime
from scmigen.hints import Final, TypeVar
from scmigen.scmi.protocols import KIND_OF, Kind
from scmigen.server import delayed
from scmigen.server.backend import Backend
from scmigen.server.core import Server
from scmigen.server.state import Clock, Resource

_R = TypeVar("_R", bound=Resource)


def _view(configuration: runtime.Runtime, number: int, server: Server) -> object:
    """Everything in the configuration that the agent can see."""
    found = next((agent for agent in configuration.agents if agent.id == number), None)
    if found is None:
        return None
    resources = {
        kind: {item.id: _plain(item) for item in configuration.resources(kind)} for kind in Kind
    }
    channels = server.fastchannels
    return (
        _plain(found),
        server.sessions[number].offered,
        () if channels is None else channels.layout(number),
        server.telemetry.memory(server.sessions[number]),
        [agent.name for agent in configuration.agents] if found.permissions else (),
        [
            (kind, _plain(grant), resources[kind][grant.resource])
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


#: Where a resource and a grant come from, and what a simulation reads: an agent's view has neither.
#: Grants are compared one by one.
_UNSEEN: Final = frozenset(
    {"source", "labels", "macro", "readings", "period", "noise", "because", "grants"}
)


def _plain(item: runtime.Resource | runtime.Grant | runtime.Agent) -> object:
    """A resource, a grant or an agent as agents see it."""
    return [getattr(item, name) for name in item.__struct_fields__ if name not in _UNSEEN]


class _ReadOnly(Backend):
    """Reads through another back end and drops all changes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def read(self, kind: Kind, number: int) -> tuple[int, ...]:
        """The reading of the other back end."""
        return self._backend.read(kind, number)


def transfer_state(old: Server, new: Server) -> frozenset[int]:
    """Transfer the state of ``old`` to ``new``; the ids of the agents that stay connected.

    If this raises, ``old`` is as it was before, except that pending changes are made."""
    backend = old.context.backend
    # it already serves the new configuration, in which numbers mean other resources
    old.context.backend = _ReadOnly(backend)
    try:
        kept = _kept(old, new)
        delayed.make_now(old.sessions[number] for number in sorted(kept))
        with new.context.together():
            _inherit(old, new, kept)
        new.context.take_changes()
        new.settle("state transfer")
    except Exception:
        old.context.backend = backend
        raise
    _hand_over(old, new, kept)
    return kept


def _kept(old: Server, new: Server) -> frozenset[int]:
    """The agents that stay connected."""
    return frozenset(
        number
        for number in old.agents
        if number in new.agents
        and old.agents[number].name == new.agents[number].name
        and _view(old.configuration, number, old) == _view(new.configuration, number, new)
    )


def _inherit(old: Server, new: Server, kept: frozenset[int]) -> None:
    """Transfer the state of resources, subscriptions and permissions; ``old`` does not change."""
    same = _same(old, new)
    _each(new, same, lambda before, after: after.inherit(before, kept))
    _inherit_clocks(same, new)
    for before, after in same:  # at the end: levels, for instance, set rates
        after.setters = dict(before.setters)
    _subscribe(old, new, kept, {(after.kind, after.number) for _, after in same})
    for number in kept:
        session = new.sessions[number]
        session.room = old.sessions[number].room
        session.speak(old.sessions[number].versions)
        new.permissions.copy(number, old.permissions)
        new.permissions_changed(session)
    for number in new.sessions.keys() - kept:  # a device may be with an agent that stays
        new.permissions.restore(number)
        new.permissions_changed(new.sessions[number])


def _hand_over(old: Server, new: Server, kept: frozenset[int]) -> None:
    """End ``old`` and begin ``new``: the point of no return, so that a step that fails is logged
    and the others are taken."""

    def step(about: str, call: Callable[..., object], *values: object) -> None:
        try:
            call(*values)
        except Exception as problem:
            new.failure(problem, f"reload: {about}")

    step("closing FastChannels", old.discard)
    for number in old.agents.keys() - kept:
        step(f"disconnecting agent {number}", old.agents[number].disconnect)
    for number in kept:
        step(f"events of agent {number}", _move_events, old, new, number)
    step("system power", new.shutdown.resume, old.shutdown)
    for number in kept:
        new.sessions[number].settings.update(old.sessions[number].settings)
    step("telemetry", new.telemetry.begin)
    step("polling", new.poller.resume, old.poller, kept)
    if new.fastchannels is not None:
        step("FastChannels", new.fastchannels.begin, kept, old.fastchannels)


def _move_events(old: Server, new: Server, number: int) -> None:
    for frame in old.sessions[number].take_events():
        new.sessions[number].push_event(frame)


def _subscribe(
    old: Server, new: Server, kept: frozenset[int], same: Container[tuple[Kind, int | None]]
) -> None:
    """Transfer the subscriptions of the agents that stay, to the same resources or to none."""
    for event, subscribers in old.subscriptions().items():
        kind = KIND_OF.get(event[0])
        if kind is not None and (kind, event[2]) not in same:
            continue
        for number, own in subscribers.items():
            if number in kept:
                new.subscribe(new.sessions[number], event, own, True)


def _same(old: Server, new: Server) -> list[tuple[Resource, Resource]]:
    """The resources that are the same in both configurations."""
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


def _each(new: Server, pairs: Iterable[tuple[_R, _R]], step: Callable[[_R, _R], object]) -> None:
    """Take ``step`` for each resource of ``new``; what fails is logged."""
    for before, after in pairs:
        try:
            step(before, after)
        except Exception as problem:
            new.failure(problem, f"transferring {after.kind} {after.number}")


def _inherit_clocks(same: Iterable[tuple[Resource, Resource]], new: Server) -> None:
    """Transfer all parents, then all rates, each from the top down: a parent that is in its place
    is below nothing that moves later, and a rate sets those below it."""
    clocks = [
        (before, after)
        for before, after in same
        if isinstance(before, Clock) and isinstance(after, Clock)
    ]
    clocks.sort(key=lambda pair: pair[0].depth)

    def parent(before: Clock, after: Clock) -> None:
        number = before.parent_number
        found = None if number is None else new.state[Kind.CLOCK].get(number)
        if number != after.parent_number and isinstance(found, Clock) and not found.is_below(after):
            after.set_parent(found)

    _each(new, clocks, parent)
    _each(new, clocks, lambda before, after: after.inherit_rate(before))
