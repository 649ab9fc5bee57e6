"""Numbers of resources and devices, and the lock that keeps them.

First numbering: what a tree fixes already (SCMI specifiers) first, then by provider path and cells.
With a lock, known numbers stay, new resources get numbers never used before, and removed ones leave
a reserved number. Where agents have numbers of their own, the lock keeps those in the same way.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping

from scmigen.bindings.facts import ResourceKey
from scmigen.data import Data, field
from scmigen.hints import TypeVar
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind

_Thing = TypeVar("_Thing", bound=Hashable)


class LockedId(Data):
    """One line of a lock file: a number that was given, and the name that went with it."""

    number: int
    name: str


class Ids(Data):
    """All identifiers one platform ever gave. ``devices`` is keyed by node path.

    ``agents`` has the numbers that agents know resources by, where each has its own.
    """

    resources: Mapping[ResourceKey, LockedId] = field(default_factory=dict)
    devices: Mapping[str, LockedId] = field(default_factory=dict)
    agents: Mapping[tuple[str, ResourceKey], int] = field(default_factory=dict)


class Lock(Data):
    """A lock file: the identifiers of each platform of a board, by the platform's name."""

    platforms: Mapping[str, Ids] = field(default_factory=dict)
    file: str = field(default="", compare=False)


class Scheme(Data):
    """How identifiers are given: the numbering, the lock, and whether numbers are given anew."""

    numbering: Numbering
    lock: Lock
    repack: bool

    def names(self, platform: str) -> Ids:
        """The identifiers given before; their names stay in any case."""
        return self.lock.platforms.get(platform, Ids())

    def numbers(self, platform: str) -> Ids:
        """The identifiers given before, as far as their numbers stay."""
        return Ids() if self.repack else self.names(platform)


class Moved(Data):
    """A number that the tree fixes and that the lock has otherwise.

    ``key`` is a resource, or the path of a device. ``agent``: whose number it is, where agents have
    their own. ``before``: what had the number ``fixed`` and is no more, where the tree gives that
    to something else.
    """

    key: ResourceKey | str
    locked: int
    fixed: int
    agent: str | None = None
    before: ResourceKey | str | None = None


class Foreign(Data):
    """A platform of the lock file ``file`` that does not fit the board.

    ``known``: the board has a platform of that name, but no node that the lock names in it.
    """

    platform: str
    known: bool
    file: str


def _number(
    wanted: Iterable[_Thing],
    fixed: Mapping[_Thing, int],
    locked: Mapping[_Thing, int],
    space: Callable[[_Thing], Hashable],
    usual: Mapping[_Thing, int] | None = None,
) -> tuple[dict[_Thing, int], list[tuple[_Thing, int, _Thing | None]]]:
    """The number of each thing, and what has moved: thing, number in the lock, what had it before.

    What is ``fixed`` stays so, then what is ``locked``; then each thing has its ``usual`` number
    unless that was ever given in its space. All others get numbers above any of these, in the order
    of ``wanted``.
    """
    things = tuple(wanted)
    given = {(space(thing), n) for found in (locked, fixed) for thing, n in found.items()}
    free = {
        thing: number
        for thing, number in (usual or {}).items()
        if thing not in locked and (space(thing), number) not in given
    }
    fixed = {**free, **fixed}
    present = set(things) if locked else set()
    gone = {(space(thing), n): thing for thing, n in locked.items() if thing not in present}
    last: dict[Hashable, int] = {}
    for thing, number in (*locked.items(), *fixed.items()):
        last[space(thing)] = max(last.get(space(thing), -1), number)
    found: dict[_Thing, int] = {}
    moved: list[tuple[_Thing, int, _Thing | None]] = []
    for thing in things:
        here = space(thing)
        if thing in fixed:
            found[thing] = number = fixed[thing]
            if locked.get(thing, number) != number:
                moved.append((thing, locked[thing], None))
            elif (here, number) in gone:
                moved.append((thing, number, gone[here, number]))
        elif thing in locked:
            found[thing] = locked[thing]
        else:
            found[thing] = last[here] = last.get(here, -1) + 1
    return found, moved


def number_resources(
    keys: Iterable[ResourceKey], fixed: Mapping[ResourceKey, int], lock: Ids
) -> tuple[dict[ResourceKey, int], tuple[Moved, ...]]:
    """The number of each resource. ``fixed`` are those the tree itself gives; they win."""
    wanted = sorted(keys, key=lambda key: (key.kind, key not in fixed, key))
    locked = {key: known.number for key, known in lock.resources.items()}
    found, moved = _number(wanted, fixed, locked, lambda key: key.kind)
    return found, tuple(Moved(key, was, found[key], None, before) for key, was, before in moved)


def number_for_agents(
    wanted: Iterable[tuple[str, ResourceKey]],
    fixed: Mapping[tuple[str, ResourceKey], int],
    lock: Ids,
    usual: Mapping[tuple[str, ResourceKey], int] | None = None,
) -> tuple[dict[tuple[str, ResourceKey], int], tuple[Moved, ...]]:
    """The number of each resource for each agent; first numbers go by the order of ``wanted``.

    Dense from 0 for each agent and kind at first, then as ``fixed`` and the lock have them.
    ``usual``: the numbers that elements have for an agent until the lock says otherwise.
    """
    found, moved = _number(wanted, fixed, lock.agents, lambda pair: (pair[0], pair[1].kind), usual)
    return found, tuple(
        Moved(pair[1], was, found[pair], pair[0], before[1] if before else None)
        for pair, was, before in moved
    )


def number_devices(
    paths: Iterable[str], lock: Ids, fixed: Mapping[str, int] | None = None
) -> tuple[dict[str, int], tuple[Moved, ...]]:
    """Device ids by node path, dense from 0 at first, then as the lock and the tree have them.

    ``fixed`` are the ids that the tree itself gives; they win.
    """
    locked = {path: known.number for path, known in lock.devices.items()}
    found, moved = _number(sorted(paths), fixed or {}, locked, lambda _: None)
    return found, tuple(Moved(path, was, found[path], None, before) for path, was, before in moved)


def reserved_numbers(numbers: Mapping[ResourceKey, int], lock: Ids) -> dict[Kind, tuple[int, ...]]:
    """The numbers of the lock that none of the resources in ``numbers`` has any more."""
    used = {(key.kind, number) for key, number in numbers.items()}
    found: dict[Kind, list[int]] = {}
    for key, locked in lock.resources.items():
        if key not in numbers and (key.kind, locked.number) not in used:
            found.setdefault(key.kind, []).append(locked.number)
    return {kind: tuple(sorted(numbers)) for kind, numbers in found.items()}


def together(before: Ids, now: Ids) -> Ids:
    """``before`` with all of ``now``; what had a number that is another's now is forgotten."""
    if before == Ids():
        return now
    numbers = {(key.kind, locked.number) for key, locked in now.resources.items()}
    devices = {locked.number for locked in now.devices.values()}
    own = {(agent, key.kind, number) for (agent, key), number in now.agents.items()}
    return Ids(
        {k: v for k, v in before.resources.items() if (k.kind, v.number) not in numbers}
        | dict(now.resources),
        {k: v for k, v in before.devices.items() if v.number not in devices} | dict(now.devices),
        {k: v for k, v in before.agents.items() if (k[0], k[1].kind, v) not in own}
        | dict(now.agents),
    )
