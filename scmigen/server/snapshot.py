"""The state of a server as a value: taken, compared, and restored.

A snapshot has all that a message can change: votes, settings and who made them, permissions,
negotiated versions, subscriptions, polled limits, queued events, pending commands, and the time
until timers are due. It has neither what the back end knows, which is not told of a restored state
either, nor FastChannels, which are in memory that agents write to.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from operator import attrgetter
from types import MappingProxyType

from scmigen.hints import Any, Final, cast
from scmigen.server.device_permissions import Permissions
from scmigen.server.polling import Poller
from scmigen.server.session import Pending, Session
from scmigen.server.shutdown import Shutdown
from scmigen.server.state import (
    Clock,
    PerformanceDomain,
    Pin,
    Powercap,
    ResetDomain,
    Resource,
    Sensor,
    Switch,
    VoltageDomain,
    Votes,
)
from scmigen.server.timers import Timer, Timers, Waiting

#: What changes after the start. All else in these classes stays as it is, or follows from this.
CHANGING: Final[Mapping[type, tuple[str, ...]]] = {
    Permissions: ("_closed", "_held"),
    Poller: ("_outside", "_thresholds", "_timers"),
    Session: ("_dropped", "_events", "features", "pending", "room", "settings", "versions"),
    Shutdown: ("_effect", "_timer"),
    Votes: ("_spoken", "_voters", "on"),
    Resource: ("busy", "setters"),
    Switch: ("_below", "dependents", "gates", "on", "parent", "wanted"),
    Clock: ("_boot_parent", "_ratio", "children", "parent_number", "rate"),
    VoltageDomain: ("level",),
    ResetDomain: ("asserted",),
    PerformanceDomain: ("_limits", "_wanted", "level", "maximum", "minimum"),
    Sensor: ("config", "last", "trip_points"),
    Powercap: ("cai", "cap", "pai"),
    Pin: ("function", "owner", "settings"),
}
_CONTAINERS: Final = frozenset({dict, list, set, deque})
#: Containers that are never changed in place, but replaced as a whole.
_REPLACED: Final = frozenset({"versions"})


class _State:
    """The values of the attributes of one object at one time; containers are copies."""

    __slots__ = ("_hash", "_key", "ordered", "timed", "values")

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values
        #: Whether it has a dict whose order counts.
        self.ordered = any(type(value) is dict and len(value) > 1 for value in values)
        #: Whether the time until a timer is due is part of it.
        self.timed = any(map(_has_timer, values))
        self._key: Hashable = None
        self._hash: int | None = None

    def is_of(self, live: tuple[Any, ...]) -> bool:
        """Whether these are the values of an object now."""
        return live == self.values and (not self.ordered or _order(live) == _order(self.values))

    def key(self, left: Mapping[Timer, Hashable]) -> Hashable:
        """The values without references to objects of one server; ``left`` is the time until timers
        are due."""
        if self.timed:
            return _plain(self.values, left)
        if self._key is None:
            self._key = _plain(self.values, left)
        return self._key

    def hash(self, left: Mapping[Timer, Hashable]) -> int:
        """The hash of the key."""
        if self.timed:
            return hash(self.key(left))
        if self._hash is None:
            self._hash = hash(self.key(left))
        return self._hash


class Snapshot:
    """The state of a server at one time. Two are equal if everything is in the same state, with the
    same time left, whichever server of a configuration they were taken from."""

    __slots__ = ("owner", "states", "waiting")

    def __init__(self, owner: "Store", states: tuple[_State, ...], waiting: Waiting) -> None:
        self.owner = owner
        self.states = states
        self.waiting = waiting

    def _left(self) -> dict[Timer, Hashable]:
        """How long it is until each timer is due, and its place: of those due at the same time,
        what the first does may change what the second finds."""
        return {timer: (left, place) for place, (left, timer, _) in enumerate(self.waiting)}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot) or len(self.states) != len(other.states):
            return NotImplemented
        ours, theirs = self._left(), other._left()
        return [*ours.values()] == [*theirs.values()] and all(
            state.key(ours) == that.key(theirs)
            for state, that in zip(self.states, other.states, strict=True)
            if state is not that or state.timed
        )

    def __hash__(self) -> int:
        left = self._left()
        return hash((*[state.hash(left) for state in self.states], *left.values()))


def _has_timer(value: Any) -> bool:
    """Whether a value is or has a timer, or a command that waits for one."""
    if type(value) in _CONTAINERS:
        items = value.values() if type(value) is dict else value
        return any(type(item) in (Timer, Pending) for item in items)
    return type(value) is Timer


def _order(values: tuple[Any, ...]) -> list[list[Any]]:
    """The keys of all dicts, in order."""
    return [list(value) for value in values if type(value) is dict]


def _plain(value: Any, left: Mapping[Timer, Hashable]) -> Hashable:
    kind = type(value)
    if kind is dict or kind is MappingProxyType:
        return tuple([(key, _plain(item, left)) for key, item in value.items()])
    if kind in _CONTAINERS or kind is tuple:
        found = [_plain(item, left) for item in value]
        return frozenset(found) if kind is set else tuple(found)
    if kind is Timer:
        return left.get(value)
    if kind is Pending:
        timer = value.timer
        return value.message, value.row, None if timer is None else left.get(timer)
    return (value.kind, value.number) if isinstance(value, Resource) else cast(Hashable, value)


def _copy(value: Any) -> Any:
    """A copy of a container and of those in it, but not of what they hold."""
    if type(value) is dict:
        return {
            key: _copy(item) if type(item) in _CONTAINERS else item for key, item in value.items()
        }
    return type(value)(value)


class _Cell:
    """An object with its attributes that change, and their values when last seen."""

    __slots__ = ("_copied", "_get", "_last", "_names", "item")

    def __init__(self, item: object, names: tuple[str, ...]) -> None:
        self.item = item
        self._names = names
        self._get = attrgetter(*names)
        self._copied = [
            name not in _REPLACED and type(getattr(item, name)) in _CONTAINERS for name in names
        ]
        self._last: _State | None = None

    def take(self) -> _State:
        """The values now: the same object as before, if they are the same."""
        live, last = self._get(self.item), self._last
        if last is None or not last.is_of(live):
            self._last = last = _State(self._copies(live))
        return last

    def restore(self, state: _State) -> bool:
        """Set the values; whether they were others."""
        self._last = state
        if state.is_of(self._get(self.item)):
            return False
        for name, value in zip(self._names, self._copies(state.values), strict=True):
            setattr(self.item, name, value)
        return True

    def _copies(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        pairs = zip(self._copied, values, strict=True)
        return tuple([_copy(value) if copied else value for copied, value in pairs])


class Store:
    """Takes and restores the values of objects: those of `CHANGING`, and those named beside them.

    Callbacks of timers and pending commands refer to objects of their server, so a snapshot is
    restored only to the server it was taken from."""

    def __init__(
        self, timers: Timers, objects: Iterable[object], more: Mapping[object, tuple[str, ...]]
    ) -> None:
        self._timers = timers
        self._cells = [_Cell(item, _names(type(item))) for item in objects]
        self._cells += [_Cell(item, names) for item, names in more.items()]

    def take(self) -> Snapshot:
        """The state now."""
        return Snapshot(self, tuple([cell.take() for cell in self._cells]), self._timers.left())

    def restore(self, snapshot: Snapshot) -> list[object]:
        """Return to an earlier state; the objects that were in another. Raises `ValueError` for a
        snapshot of another server."""
        if snapshot.owner is not self:
            raise ValueError("a snapshot of another server")
        pairs = zip(self._cells, snapshot.states, strict=True)
        changed = [cell.item for cell, state in pairs if cell.restore(state)]
        self._timers.resume(snapshot.waiting)
        return changed


def _names(kind: type) -> tuple[str, ...]:
    """The attributes of a class that change, inherited ones included: two or more."""
    return tuple(name for base in kind.__mro__ for name in CHANGING.get(base, ()))
