"""Who may do what: the definition that everything else is held against.

A *resource* is a kind and a number. A *device* needs operations on resources; whoever holds the
device may do them. Everything else is denied, unless the agents file grants it. Two questions:

- `settle`, once: what does a device open to an agent? What its driver there needs, as far as that
  is its own affair: votes (``state``, ``limits``), which the platform counts, and ``read``. What
  decides for everybody (``rate``, ``parent``, ``level``, ``reset``, ``config``) is the owner's; of
  what has no owner, that of an agent that does not share the device.
- `may`, at any moment: may this agent do this now? Yes if something that it holds opens it.

The compiler makes grants of it (`scmigen.model.grants`). The tables of SCP-firmware have what holds
at boot, the permission map and ``runtime.json`` what ever may, and the server answers as `may` does
while devices move (`scmigen.server.device_permissions`).
"""

from collections.abc import Iterable, Mapping

from scmigen.scmi.operations import Operation, aggregates
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

Resource = tuple[Kind, int]
Operations = frozenset[Operation]


class Device(NamedTuple):
    """``agents`` have it at boot, and share it if they are several. ``assignable`` may be given it
    at run time, one at a time. What cannot ``move`` is no device to SCMI: a thermal zone."""

    agents: frozenset[int]
    assignable: frozenset[int] = frozenset()
    moves: bool = True


class Need(NamedTuple):
    """What an agent's driver of a device wants; without a device: what the agents file grants it. A
    ``whole`` need is nothing if any part of it is denied: an entry of ``assigned-clocks``."""

    agent: int
    device: str | None
    wants: tuple[tuple[Resource, Operations], ...]
    whole: bool = False


class Opening(NamedTuple):
    """Operations on a resource that are open to whoever holds a device; or always, without one."""

    device: str | None
    operations: Operations


class Configuration(NamedTuple):
    """The devices, and what opens a resource to an agent, by both."""

    devices: Mapping[str, Device]
    openings: Mapping[tuple[int, Resource], tuple[Opening, ...]]


class Holding(NamedTuple):
    """Who has what: (agent, device, kind), given kind by kind; and pins closed to an agent."""

    devices: frozenset[tuple[int, str, Kind]]
    closed: frozenset[tuple[int, Resource]] = frozenset()


class Answer(NamedTuple):
    """Yes or no, and why, as the end of "the agent may (not), because …"."""

    yes: bool
    why: str


def settle(
    devices: Mapping[str, Device], needs: Iterable[Need], owners: Mapping[Resource, int]
) -> Configuration:
    """The configuration that follows from needs. ``owners``: resource → the agent that decides."""
    found: dict[tuple[int, Resource], list[Opening]] = {}
    for need in needs:
        shared = need.device is not None and len(devices[need.device].agents) > 1
        opened = []
        for resource, wanted in need.wants:
            decides = owners[resource] == need.agent if resource in owners else not shared
            votes = frozenset(each for each in wanted if aggregates(resource[0], each))
            opened.append((resource, wanted if decides else votes))
        for resource, operations in opened if not need.whole or tuple(opened) == need.wants else ():
            found.setdefault((need.agent, resource), []).append(Opening(need.device, operations))
    return Configuration(devices, {key: tuple(each) for key, each in found.items()})


def may(
    agent: int, operation: Operation, resource: Resource, known: Configuration, now: Holding
) -> Answer:
    """Whether an agent may do an operation on a resource now."""
    if (agent, resource) in now.closed:
        return Answer(False, "the pin is closed to it")
    answer = Answer(False, "nothing that it may hold needs it, and nobody grants it")
    for device, operations in known.openings.get((agent, resource), ()):
        if operation in operations:
            if device is None:
                return Answer(True, "the agents file grants it")
            if (agent, device, resource[0]) in now.devices:
                return Answer(True, f"it holds {device}, which needs it")
            answer = Answer(False, f"it does not hold {device}, which needs it")
    return answer


def may_hold(agent: int, device: str, kind: Kind, known: Configuration, now: Holding) -> bool:
    """Whether an agent may be given a device: it is one of those that the device is for, and, where
    the device goes from one to the other, nobody has it but who shares it with the agent."""
    agents, assignable, moves = known.devices[device]
    others = {who for who, what, of in now.devices if (what, of) == (device, kind)} - {agent}
    free = not assignable or others <= (agents if agent in agents else set())
    return moves and free and agent in agents | assignable


def at_boot(known: Configuration) -> Holding:
    """Every device is with the agents that have it at boot."""
    pairs = [(agent, name) for name, device in known.devices.items() for agent in device.agents]
    return Holding(frozenset((agent, name, kind) for agent, name in pairs for kind in Kind))
