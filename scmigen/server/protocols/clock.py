"""The clock protocol, 0x14 (DEN0056, section 4.6)."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server.delayed import Change, begin
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    counted,
    extended_name_bit,
    name_get,
    notify,
    pending_field,
    require,
    row,
    short_name,
)
from scmigen.server.state import Clock

if TYPE_CHECKING:
    from scmigen.server.agent import Agent

#: CLOCK_ATTRIBUTES.
_ENABLED: Final = 1
_RESTRICTED: Final = 1 << 1
_PARENTS: Final = 1 << 28
_EXTENDED_NAME_BIT: Final = 29
_RATE_NOTIFICATION: Final = 1 << 31 | 1 << 30
#: CLOCK_DESCRIBE_RATES: lowest, highest and step.
_TRIPLET: Final = 3 | 1 << 12
#: CLOCK_RATE_SET flags; bit 1 means nothing without bit 0.
_ASYNCHRONOUS: Final = 1
_SILENT: Final = 1 << 1
_ROUND_UP: Final = 1 << 2
_ROUND_AUTO: Final = 1 << 3
_RATE_FLAGS: Final = 0xF
#: CLOCK_CONFIG_SET attributes; 3, unchanged, goes with an extended configuration only.
_DISABLE, _ENABLE = range(2)
#: CLOCK_GET_PERMISSIONS.
_PERMISSIONS: Final = (
    (Operation.STATE, 1 << 31),
    (Operation.PARENT, 1 << 30),
    (Operation.RATE, 1 << 29),
)

_ATTRIBUTES: Final = row(Protocol.CLOCK, 0x3).reply.pack
_ATTRIBUTES_V1: Final = row(Protocol.CLOCK, 0x3, Profile.V2_0).reply.pack
_RATES: Final = row(Protocol.CLOCK, 0x4)
_RATE: Final = row(Protocol.CLOCK, 0x6).reply.pack
_CONFIG: Final = row(Protocol.CLOCK, 0xB).reply.pack
_POSSIBLE_PARENTS: Final = row(Protocol.CLOCK, 0xC)
_WORD: Final = row(Protocol.CLOCK, 0xE).reply.pack


def attributes(agent: "Agent") -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of clocks, and of asynchronous rate changes under way."""
    return _WORD(counted(agent, Protocol.CLOCK) | pending_field(agent, Kind.CLOCK))


def _operations(agent: "Agent", own: int) -> frozenset[Operation]:
    return agent.views[Kind.CLOCK].operations[own]


def _parents(agent: "Agent", clock: "Clock") -> list[int]:
    """The agent's ids of those possible parents it can see."""
    ids = agent.views[Kind.CLOCK].ids
    return [ids[number] for number in clock.parents if number in ids]


def clock_attributes(agent: "Agent", clock: "Clock", own: int) -> bytes:
    """CLOCK_ATTRIBUTES. Bit 0 is the state of the clock, whoever wants it; bit 1 says that some
    change is not for this agent."""
    word = _ENABLED if clock.on else 0
    if agent.legacy:
        return _ATTRIBUTES_V1(word, short_name(clock))
    operations = _operations(agent, own)
    changes = {Operation.STATE, Operation.RATE}
    if _parents(agent, clock):
        word |= _PARENTS
        changes.add(Operation.PARENT)
    if not operations >= changes:
        word |= _RESTRICTED
    if Operation.READ in agent.views[Kind.CLOCK].attributes[own] and clock.notifications:
        word |= _RATE_NOTIFICATION
    word |= extended_name_bit(agent, clock, _EXTENDED_NAME_BIT)
    return _ATTRIBUTES(word, short_name(clock), clock.enable_delay)


def describe_rates(agent: "Agent", clock: "Clock", _: int, index: int) -> bytes:
    """CLOCK_DESCRIBE_RATES: discrete rates in Hz, ascending; or lowest, highest and step."""
    assert _RATES.entries is not None
    pack = _RATES.entries.entry.pack
    if clock.step is not None:
        require(index == 0, Status.OUT_OF_RANGE)
        return _WORD(_TRIPLET) + b"".join([pack(rate) for rate in (*clock.rates, clock.step)])
    require(index < len(clock.rates), Status.OUT_OF_RANGE)
    room = agent.room - _RATES.reply.size
    count, word = _RATES.entries.part(len(clock.rates), index, room)
    rates = clock.rates[index : index + count]
    return _RATES.reply.pack(word) + b"".join([pack(rate) for rate in rates])


def rate_set(agent: "Agent", clock: "Clock", flags: int, own: int, rate: int) -> bytes:
    """CLOCK_RATE_SET: one of the described rates, rounded as the flags say. Beyond the lowest
    and highest there is nothing to round to. No attribute says which clocks change asynchronously:
    where one does, all do."""
    require(not flags & ~_RATE_FLAGS and clock.rates[0] <= rate <= clock.rates[-1])
    later = flags & _ASYNCHRONOUS
    require(not later or pending_field(agent, Kind.CLOCK) != 0, Status.NOT_SUPPORTED)
    require(not clock.busy, Status.BUSY)
    chosen = clock.nearest(rate, up=bool(flags & _ROUND_UP), nearest=bool(flags & _ROUND_AUTO))
    agent.server.requested(agent, Protocol.CLOCK, clock.number, (chosen,))
    if not later:
        clock.set_rate(chosen)
        return DONE
    return begin(
        agent,
        Change(
            clock,
            own,
            Operation.RATE,
            clock.latency,
            lambda: clock.set_rate(chosen),
            lambda: (own, clock.rate),
            silent=bool(flags & _SILENT),
        ),
    )


def rate_get(_: "Agent", clock: "Clock", __: int) -> bytes:
    """CLOCK_RATE_GET."""
    return _RATE(clock.rate)


def config_set(agent: "Agent", clock: "Clock", _: int, config: int, *__: int) -> bytes:
    """CLOCK_CONFIG_SET: the agent's vote. There is no extended configuration to set, so naming one
    is as wrong as a reserved bit."""
    require(config in (_DISABLE, _ENABLE))
    clock.vote(agent.id, config == _ENABLE)
    return DONE


def config_get(_: "Agent", clock: "Clock", __: int, flags: int) -> bytes:
    """CLOCK_CONFIG_GET: bit 0 of the configuration is the state."""
    require(flags == 0)
    return _CONFIG(0, 1 if clock.on else 0, 0)


def possible_parents_get(agent: "Agent", clock: "Clock", _: int, skip: int) -> bytes:
    """CLOCK_POSSIBLE_PARENTS_GET: those the agent can see, by its own ids."""
    parents = _parents(agent, clock)
    require(bool(parents), Status.NOT_SUPPORTED)
    require(skip < len(parents))
    assert _POSSIBLE_PARENTS.entries is not None
    room = agent.room - _POSSIBLE_PARENTS.reply.size
    count, word = _POSSIBLE_PARENTS.entries.part(len(parents), skip, room)
    return _WORD(word) + b"".join([_WORD(parent) for parent in parents[skip : skip + count]])


def parent_set(agent: "Agent", clock: "Clock", _: int, parent: int) -> bytes:
    """CLOCK_PARENT_SET: NOT_FOUND for what the agent cannot see, INVALID_PARAMETERS for a clock
    that is no possible parent, or that is below this one. The divider stays as it is."""
    require(bool(_parents(agent, clock)), Status.NOT_SUPPORTED)
    chosen = agent.views[Kind.CLOCK].named.get(parent)
    if chosen is None:
        raise RequestError(Status.NOT_FOUND)
    require(chosen.number in clock.parents)
    found = agent.server.state[Kind.CLOCK][chosen.number]
    assert isinstance(found, Clock)
    require(not found.is_below(clock))
    require(not clock.busy, Status.BUSY)
    clock.set_parent(found)
    return DONE


def parent_get(agent: "Agent", clock: "Clock", _: int) -> bytes:
    """CLOCK_PARENT_GET: NOT_FOUND when the agent cannot see the parent, or nobody knows it."""
    require(bool(_parents(agent, clock)), Status.NOT_SUPPORTED)
    ids = agent.views[Kind.CLOCK].ids
    if clock.parent_number is None or clock.parent_number not in ids:
        raise RequestError(Status.NOT_FOUND)
    return _WORD(ids[clock.parent_number])


def get_permissions(agent: "Agent", _: "Clock", own: int) -> bytes:
    """CLOCK_GET_PERMISSIONS: what this agent may change."""
    operations = _operations(agent, own)
    return _WORD(sum(bit for operation, bit in _PERMISSIONS if operation in operations))


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: clock_attributes,
        0x4: describe_rates,
        0x5: rate_set,
        0x6: rate_get,
        0x7: config_set,
        0x8: name_get,
        0x9: notify(Protocol.CLOCK, 0x0),
        0xA: notify(Protocol.CLOCK, 0x1),
        0xB: config_get,
        0xC: possible_parents_get,
        0xD: parent_set,
        0xE: parent_get,
        0xF: get_permissions,
    }
)
