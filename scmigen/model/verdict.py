"""Whether a change allows more: per agent and in all, with a witness, and by device."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property

from scmigen.bindings.driver_tables import DriverNeed
from scmigen.data import Data
from scmigen.model.compare import AGENT, ASSIGNABLE, BOOT, DEVICE, Change, Held, Side, Thing, What
from scmigen.scmi.operations import Operation, aggregates
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: The rights that decide over others, the gravest first; to be told of something is to read.
_RIGHTS = ("permissions", "system-power")
_GAINS = (What.ADDED, What.ALLOWED, What.LASTING)
_LOSES = (What.REMOVED, What.DENIED, What.REVOCABLE)


class Verdict(StrEnum):
    """What may be done after a change, held against what might be done before."""

    EQUAL = "equal"
    LESS = "less permissive"
    MORE = "more permissive"
    INCOMPARABLE = "incomparable"


class Power(NamedTuple):
    """One operation that an agent gains or loses, or that begins or ceases to last, with the change
    that brings it."""

    change: Change
    operation: str

    @property
    def drivers(self) -> tuple[DriverNeed, ...]:
        """The drivers that alone are the cause of it, as tables of drivers say."""
        return next((needs for word, needs in self.change.drivers if word == self.operation), ())


class Balance(Data):
    """What is gained and lost, the gravest first: rights over others, what these notice, then
    votes, then reading."""

    gained: tuple[Power, ...]
    lost: tuple[Power, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict on these two."""
        if self.gained and self.lost:
            return Verdict.INCOMPARABLE
        if self.gained:
            return Verdict.MORE
        return Verdict.LESS if self.lost else Verdict.EQUAL


class Moved(Data):
    """A device with the changes of what it brings; ``was`` and ``now`` are None without it."""

    platform: str
    node: str
    was: Held | None
    now: Held | None
    changes: tuple[Change, ...]

    @property
    def held(self) -> Held:
        """The device as it is now, or as it was."""
        found = self.now or self.was
        assert found is not None
        return found

    @property
    def changes_hands(self) -> bool:
        """Whether its agents are others than before."""
        return self.was is None or self.now is None or self.was.owners != self.now.owners


class Comparison(Data, slots=False):
    """Two boards, builds or lock files, by platform; a side of None does not have the platform."""

    sides: Mapping[str, tuple[Side | None, Side | None]]
    changes: tuple[Change, ...]

    @property
    def known(self) -> bool:
        """Whether both sides say who may do what; a lock file does not."""
        return all(side is None or side.agents for pair in self.sides.values() for side in pair)

    @cached_property
    def agents(self) -> Mapping[str, Balance]:
        """What each agent gains and loses, of those for whom anything changes."""
        names = dict.fromkeys(change.agent for change in self.changes if change.agent is not None)
        return {name: balance(c for c in self.changes if c.agent == name) for name in names}

    @cached_property
    def overall(self) -> Balance:
        """What all agents together gain and lose."""
        return balance(self.changes)

    @cached_property
    def devices(self) -> tuple[Moved, ...]:
        """The devices that changed hands or bring something else, with the changes of each.

        Empty where a side does not say whose a device is.
        """
        sides = [side for pair in self.sides.values() for side in pair if side is not None]
        if not self.known or any(side.named or side.told for side in sides):
            return ()
        return tuple(
            moved
            for platform, (old, new) in self.sides.items()
            for moved in _moved(
                platform,
                {} if old is None else old.devices,
                {} if new is None else new.devices,
                [change for change in self.changes if change.platform == platform],
            )
        )

    @property
    def others(self) -> tuple[Change, ...]:
        """The changes that no device brings."""
        taken = {change for device in self.devices for change in device.changes}
        return tuple(change for change in self.changes if change not in taken)


def balance(changes: Iterable[Change]) -> Balance:
    """What is gained and lost by some changes."""
    gained: list[Power] = []
    lost: list[Power] = []
    had: dict[tuple[str, str | None, Thing], set[str]] = {}
    every = list(changes)
    for change in every:
        had.setdefault((change.platform, change.agent, change.thing), set()).update(
            change.operations
        )
    for change in every:
        into = gained if change.what in _GAINS else lost if change.what in _LOSES else None
        if into is not None:
            both = had[change.platform, change.agent, change.thing]
            words = [w for w in change.operations if not _implied(change, w, both)]
            into.extend(Power(change, word) for word in words)
    return Balance(tuple(sorted(gained, key=_gravity)), tuple(sorted(lost, key=_gravity)))


def _implied(change: Change, word: str, both: set[str]) -> bool:
    """A device that an agent has at boot may be its at any time: one of the two words is enough."""
    return change.thing.kind == DEVICE and word == ASSIGNABLE and BOOT in both


def _gravity(power: Power) -> tuple[int, ...]:
    kind, word = power.change.thing.kind, power.operation
    if kind == AGENT:
        return (0, _RIGHTS.index(word)) if word in _RIGHTS else (3,)
    if kind == DEVICE:
        return (4,)
    operation = Operation(word)
    sort = 2 if aggregates(Kind(kind), operation) else 1
    return (3 if operation is Operation.READ else sort, power.change.lasts)


def _moved(
    platform: str, old: Mapping[str, Held], new: Mapping[str, Held], changes: Sequence[Change]
) -> Iterator[Moved]:
    """Each device of either side for which something changed; a change goes to one device only."""
    # What changes hands is the reason for the changes of its resources, so it comes first.
    nodes = sorted(
        dict.fromkeys((*new, *old)), key=lambda node: _owners(old, node) == _owners(new, node)
    )
    pairs = {node: (old.get(node), new.get(node)) for node in nodes}
    users: dict[Thing, dict[str, None]] = {}
    for node, pair in pairs.items():
        for held in filter(None, pair):
            for thing in (Thing(DEVICE, node), *held.resources):
                users.setdefault(thing, {})[node] = None
    mine: dict[str, list[Change]] = {node: [] for node in nodes}
    for change in changes:
        shares = {node: _share(change, *pairs[node]) for node in users.get(change.thing, ())}
        if any(shares.values()):
            mine[max(shares, key=lambda node: shares[node])].append(change)
    for node, (was, now) in pairs.items():
        found = Moved(platform, node, was, now, tuple(mine[node]))
        if found.changes or found.changes_hands:
            yield found


def _owners(side: Mapping[str, Held], node: str) -> object:
    return side[node].owners if node in side else None


def _share(change: Change, was: Held | None, now: Held | None) -> int:
    """How much a device that uses a resource, or is changed itself, has to do with a change.

    Most where what it brings changed by these operations; less where it needs them as before, so
    that something else gave or took them; none if it does not need them.
    """
    if change.thing.kind == DEVICE:
        return 1
    sides = [_needs(held, change) for held in (was, now)]
    words = frozenset(change.operations)
    before, after = (side or frozenset() for side in sides)
    if words & (before ^ after):
        return 2
    if change.lasts:  # by an explicit grant
        return 0
    return int(any(side is not None and (not words or not side or words & side) for side in sides))


def _needs(held: Held | None, change: Change) -> frozenset[str] | None:
    """What a device brings of the resource; None if nothing, or to others than the agent."""
    if held is None or change.agent not in (None, *held.agents, *held.assignable):
        return None
    return held.resources.get(change.thing)
