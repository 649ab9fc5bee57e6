"""The changes between two platforms, as each agent sees them.

Two sides are compared, each from a runtime configuration (a board is compiled into one) or from a
lock file. A resource is the same when kind, provider and cells are. What a consumer was built
against is a number: where one means something else now, it has moved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from scmigen import runtime
from scmigen.bindings.driver_tables import DriverNeed
from scmigen.data import Data, field, replace
from scmigen.diagnostics import position_of
from scmigen.model.identifiers import Ids
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind, Profile
from scmigen.tuples import NamedTuple

#: The profile of agents for which no source says any.
UNSAID = Profile.V3_2
#: In place of a kind: a device, and the agent itself.
DEVICE, AGENT = "device", "agent"
#: What an agent may do with a device: it has it at boot, or may be given it.
BOOT, ASSIGNABLE = "boot", "assignable"


class What(StrEnum):
    """The ways in which something changes."""

    ADDED = "added"
    REMOVED = "removed"
    RENUMBERED = "renumbered"
    REUSED = "reused"
    RENAMED = "renamed"
    ALLOWED = "allowed"
    DENIED = "denied"
    LASTING = "lasting"
    REVOCABLE = "revocable"
    PROFILE = "profile"


class Thing(NamedTuple):
    """The identity of a resource, device or agent, whatever its number and name."""

    kind: str
    node: str
    cells: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.node, *map(str, self.cells)))


#: What tables say of drivers, by the operation that only these ask for.
DriversOf = tuple[tuple[Operation, tuple[DriverNeed, ...]], ...]


class Known(Data):
    """Number, name and allowed operations of an entity (``operations`` is None if unknown); of an
    agent also its profile. ``drivers`` are behind those operations that nothing else asks for.
    ``lasting`` are those that it keeps whatever devices it is denied (None if unknown)."""

    number: int
    name: str
    operations: tuple[str, ...] | None = None
    profile: str | None = None
    drivers: DriversOf = ()
    lasting: frozenset[str] | None = None


class Held(Data):
    """A device, the agents that have it or may be given it, and what it needs of its resources.

    ``word`` is its label where it has one, else its name. The operations are empty where they are
    not known.
    """

    word: str
    agents: tuple[str, ...]
    assignable: tuple[str, ...]
    resources: Mapping[Thing, frozenset[str]]

    @property
    def owners(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Those who have it, and those who may be given it, in any order."""
        return tuple(sorted(self.agents)), tuple(sorted(self.assignable))


class Side(Data):
    """One of the two platforms: the view of each agent, and everything together.

    ``agents`` is empty if the source does not distinguish agents. ``devices`` are by path.
    ``named``: the source has no providers, so that resources go by their names. ``told``: the kinds
    of which it says what agents have, where it does not say all; of agents that it does not name,
    it says nothing if ``others`` is false. ``partial``: those who may have more than it says.
    """

    everything: Mapping[Thing, Known]
    agents: Mapping[str, Mapping[Thing, Known]] = field(default_factory=dict)
    devices: Mapping[str, Held] = field(default_factory=dict)
    named: bool = False
    told: Mapping[str, frozenset[str]] = field(default_factory=dict)
    others: bool = True
    partial: frozenset[str] = frozenset()

    @property
    def denies(self) -> bool:
        """Whether there is an agent that may deny others their devices."""
        views = (view.get(Thing(AGENT, "")) for view in self.agents.values())
        return any(
            known is not None and "permissions" in (known.operations or ()) for known in views
        )

    def tells(self, agent: str, thing: Thing) -> bool:
        """Whether an agent that is not said to have something does not have it."""
        if agent in self.partial or not (self.others or agent in self.told):
            return False
        kinds = self.told.get(agent)
        return kinds is None or thing.kind in kinds


class Change(Data):
    """One change. ``agent``: whose view it is in, none where it is the same for all.

    ``was`` is the number of old (renumbered), the name of old (renamed), the name of what had the
    number before (reused), or the profile of old. ``operations`` are those added or allowed,
    removed or denied, those that last from now on or no more; or the profile. ``drivers`` are those
    behind these operations, where tables of drivers alone are the cause.
    """

    agent: str | None
    what: What
    thing: Thing
    number: int
    name: str
    was: int | str | None = None
    operations: tuple[str, ...] = ()
    platform: str = ""
    drivers: DriversOf = ()

    @property
    def lasts(self) -> bool:
        """Whether only that changes which operations the agent keeps when it is denied devices."""
        return self.what in (What.LASTING, What.REVOCABLE)

    @property
    def moved(self) -> bool:
        """Whether a number means something else than before."""
        return self.what in (What.RENUMBERED, What.REUSED)


def of_runtime(configuration: runtime.Runtime) -> Side:
    """The side of a runtime configuration."""
    everything: dict[Thing, Known] = {}
    by_number: dict[tuple[Kind, int], tuple[Thing, str]] = {}
    for kind in Kind:
        for resource in configuration.resources(kind):
            thing = Thing(kind, resource.node, resource.cells)
            everything[thing] = Known(resource.id, resource.name)
            by_number[kind, resource.id] = thing, resource.name
    for device in configuration.devices:
        everything[Thing(DEVICE, device.node)] = Known(device.id, device.name)
    brought = _brought(configuration)
    agents = {a.name: dict(_view(a, by_number, brought)) for a in configuration.agents}
    names = {agent.id: agent.name for agent in configuration.agents}
    for device in configuration.devices:
        for word, holders in ((ASSIGNABLE, device.assignable), (BOOT, device.agents)):
            for number in holders:
                known = Known(device.id, device.name, (word,))
                agents[names[number]][Thing(DEVICE, device.node)] = known
    devices = {
        device.node: Held(
            next(iter(device.labels), device.name),
            tuple(names[number] for number in device.agents),
            tuple(names[number] for number in device.assignable),
            {
                by_number[item.kind, item.id][0]: frozenset(item.operations)
                for item in device.resources
            },
        )
        for device in configuration.devices
    }
    return Side(everything, agents, devices)


def _brought(configuration: runtime.Runtime) -> frozenset[tuple[int, Kind, int]]:
    """(agent, kind, number) of what comes and goes with a device of an agent."""
    return frozenset(
        (agent, item.kind, item.id)
        for device in configuration.devices
        for agent in (*device.agents, *device.assignable)
        for item in device.resources
    )


def _view(
    agent: runtime.Agent,
    by_number: Mapping[tuple[Kind, int], tuple[Thing, str]],
    brought: frozenset[tuple[int, Kind, int]],
) -> Iterator[tuple[Thing, Known]]:
    told = agent.system_power_told or agent.system_power
    rights = [("permissions", agent.permissions), ("system-power", agent.system_power)]
    own = tuple(word for word, has in (*rights, ("system-power-told", told)) if has)
    yield Thing(AGENT, ""), Known(agent.id, agent.name, own, agent.profile or UNSAID)
    for kind, grants in agent.grants.items():
        for grant in grants:
            thing, name = by_number[kind, grant.resource]
            words = grant.operations
            goes = (agent.id, kind, grant.resource) in brought
            lasting = frozenset(words).intersection(grant.by_hand) if goes else frozenset(words)
            drivers = tuple(
                (operation, tuple(_need(operation, each) for each in by))
                for operation, by in grant.because.items()
                if operation in words
            )
            yield thing, Known(grant.id, name, tuple(words), None, drivers, lasting)


def _need(operation: Operation, said: runtime.Because) -> DriverNeed:
    place = position_of(said.position) if said.position else None
    return DriverNeed(
        frozenset({operation}),
        said.certainty,
        said.table,
        said.source or "",
        said.reason or "",
        place,
    )


def of_platform(configuration: runtime.Runtime, platform: Platform) -> Side:
    """The side of a board's platform: of its configuration, with whole paths of tables of
    drivers."""
    side = of_runtime(configuration)
    agents = {name: dict(view) for name, view in side.agents.items()}
    for grant in platform.grants():
        view, key = agents.get(grant.agent.name, {}), grant.resource.key
        thing = Thing(key.kind, key.provider, key.cells)
        if thing in view:
            view[thing] = replace(view[thing], drivers=tuple(grant.by_drivers.items()))
    return replace(side, agents=agents)


def of_ids(ids: Ids) -> Side:
    """The side of the part of a lock file for one platform."""
    everything = {
        Thing(key.kind, key.provider, key.cells): Known(locked.number, locked.name)
        for key, locked in ids.resources.items()
    }
    for path, locked in ids.devices.items():
        everything[Thing(DEVICE, path)] = Known(locked.number, locked.name)
    agents: dict[str, dict[Thing, Known]] = {}
    for (agent, key), number in ids.agents.items():
        thing = Thing(key.kind, key.provider, key.cells)
        name = ids.resources[key].name if key in ids.resources else str(key)
        agents.setdefault(agent, {})[thing] = Known(number, name)
    return Side(everything, agents)


def of_served(served: runtime.Served) -> Side:
    """The side of what a description says of a server; what it does not decide is not compared."""
    every = [(kind, each) for kind in Kind for each in served.resources.get(kind, ())]
    named = not all(each.node for _, each in every)
    known = {(kind, each.id): Known(each.id, each.name) for kind, each in every}
    things = {(kind, each.id): Thing(kind, each.node, each.cells) for kind, each in every} | (
        _by_name(known) if named else {}
    )
    agents = {
        agent.name: {
            things[kind, grant.resource]: Known(
                grant.id,
                known[kind, grant.resource].name,
                None if grant.unknown else (*grant.operations, *grant.unchecked),
            )
            for kind, grants in agent.grants.items()
            for grant in grants
            if (kind, grant.resource) in things
        }
        for agent in served.agents
        if agent.grants
    }
    return Side(
        {things[at]: each for at, each in known.items()},
        agents,
        named=named,
        told={agent.name: frozenset(served.kinds_of(agent)) for agent in served.agents},
        others=served.complete and not served.momentary,
        partial=frozenset(a.name for a in served.agents if not served.is_complete(a)),
    )


def _by_name(known: Mapping[tuple[Kind, int], Known]) -> dict[tuple[Kind, int], Thing]:
    """What the name of another has, or none, is what it is only with its number."""
    found: dict[tuple[Kind, int], Thing] = {}
    taken: set[Thing] = set()
    for (kind, number), each in known.items():
        thing = Thing(kind, each.name)
        if not each.name or thing in taken:
            thing = Thing(kind, f"{each.name}#{number}")
        taken.add(thing)
        found[kind, number] = thing
    return found


def by_name(side: Side) -> Side:
    """A side whose resources go by their names, to be compared with one that has no others."""
    kinds = tuple(Kind)
    known = {
        (Kind(thing.kind), each.number): each
        for thing, each in side.everything.items()
        if thing.kind in kinds
    }
    names = _by_name(known)
    things = {
        thing: names[Kind(thing.kind), each.number]
        for thing, each in side.everything.items()
        if thing.kind in kinds
    }
    agents = {
        agent: {things[thing]: each for thing, each in view.items() if thing in things}
        for agent, view in side.agents.items()
    }
    return replace(
        side, everything={things[t]: side.everything[t] for t in things}, agents=agents, named=True
    )


def compare(old: Side | None, new: Side | None) -> tuple[Change, ...]:
    """The changes from ``old`` to ``new``, by agent; None is a platform that does not exist.

    If one side does not distinguish agents, the numbers and names of all are compared.
    """
    old, new = old or Side({}), new or Side({})
    if old.named or new.named:
        old, new = (side if side.named else by_name(side) for side in (old, new))
        if len(old.agents) == len(new.agents) == 1:
            # A server and those who configure it may call the agent differently.
            old = _called(old, next(iter(old.agents)), next(iter(new.agents)))
    if not (old.agents and new.agents) and old.everything and new.everything:
        return tuple(_changes(None, old.everything, new.everything))
    found: list[Change] = []
    for agent in dict.fromkeys((*old.agents, *new.agents)):
        found.extend(
            change
            for change in _changes(agent, old.agents.get(agent, {}), new.agents.get(agent, {}))
            if _is_told(change, agent, old, new)
        )
    if not old.agents and not new.agents:
        found.extend(_changes(None, old.everything, new.everything))
    return tuple(found)


def _is_told(change: Change, agent: str, old: Side, new: Side) -> bool:
    """Whether a change follows from what the sides say. Where nobody may deny devices, everything
    lasts: the right to do so, where it comes or goes, is the change."""
    if change.what in (What.ADDED, What.REMOVED):
        return (new if change.what is What.REMOVED else old).tells(agent, change.thing)
    return not change.lasts or (old.denies and new.denies)


def _called(side: Side, was: str, now: str) -> Side:
    """A side whose only agent has another name."""
    return replace(
        side,
        agents={now: side.agents[was]},
        told={now: side.told[was]} if was in side.told else {},
        partial=frozenset({now} if was in side.partial else ()),
    )


def _order(things: Iterable[Thing], *sides: Mapping[Thing, Known]) -> list[Thing]:
    """By kind, in the order of protocols, then by number."""
    kinds = [AGENT, *Kind, DEVICE]

    def place(thing: Thing) -> tuple[int, int, Thing]:
        known = next(side[thing] for side in sides if thing in side)
        return kinds.index(thing.kind), known.number, thing

    return sorted(things, key=place)


def _changes(
    agent: str | None, old: Mapping[Thing, Known], new: Mapping[Thing, Known]
) -> Iterator[Change]:
    had = {(thing.kind, known.number): thing for thing, known in old.items()}
    for thing in _order({*old, *new}, new, old):
        before, now = old.get(thing), new.get(thing)
        if now is None:
            assert before is not None
            gone = before.operations or ()
            yield Change(
                agent,
                What.REMOVED,
                thing,
                before.number,
                before.name,
                operations=gone,
                drivers=before.drivers,
            )
            continue
        if before is None:
            added = now.operations or ()
            yield Change(
                agent,
                What.ADDED,
                thing,
                now.number,
                now.name,
                operations=added,
                drivers=now.drivers,
            )
            other = had.get((thing.kind, now.number))
            if other is not None:
                yield Change(agent, What.REUSED, thing, now.number, now.name, old[other].name)
            continue
        yield from _differences(agent, thing, before, now)


def _differences(agent: str | None, thing: Thing, before: Known, now: Known) -> Iterator[Change]:
    if before.number != now.number:
        yield Change(agent, What.RENUMBERED, thing, now.number, now.name, before.number)
    if before.name != now.name:
        yield Change(agent, What.RENAMED, thing, now.number, now.name, before.name)
    if before.operations is None or now.operations is None:
        return
    if now.profile is not None and before.profile != now.profile:
        new = (now.profile,)
        yield Change(agent, What.PROFILE, thing, now.number, now.name, before.profile, new)
    more = _words(thing, set(now.operations) - set(before.operations))
    less = _words(thing, set(before.operations) - set(now.operations))
    for what, side, words in ((What.ALLOWED, now, more), (What.DENIED, before, less)):
        if words:
            drivers = _behind(side, words)
            yield Change(
                agent, what, thing, now.number, now.name, operations=words, drivers=drivers
            )
    if before.lasting is not None and now.lasting is not None:
        both = {*before.operations} & {*now.operations}
        for what, kept in (
            (What.LASTING, now.lasting - before.lasting),
            (What.REVOCABLE, before.lasting - now.lasting),
        ):
            if kept & both:
                told = _words(thing, both.intersection(kept))
                yield Change(agent, what, thing, now.number, now.name, None, told)


def _behind(known: Known, words: Sequence[str]) -> DriversOf:
    """The drivers behind some of the operations."""
    return tuple(pair for pair in known.drivers if pair[0] in words)


def _words(thing: Thing, words: set[str]) -> tuple[str, ...]:
    """Operations in their usual order; other words in alphabetical order."""
    if thing.kind in tuple(Kind):
        return tuple(ordered(Kind(thing.kind), (Operation(word) for word in words)))
    return tuple(sorted(words))
