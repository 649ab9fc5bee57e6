"""The clock protocol, 0x14 (DEN0056, section 4.6). Rates are discrete; a change is done when the
response is sent, so asynchronous changes are not offered."""

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    counted,
    extended_name_bit,
    name_get,
    notify,
    require,
    row,
    short_name,
)

if TYPE_CHECKING:
    from scmigen.server.agent import Agent
    from scmigen.server.state import Clock

#: CLOCK_ATTRIBUTES.
_ENABLED: Final = 1
_RESTRICTED: Final = 1 << 1
_PARENTS: Final = 1 << 28
_EXTENDED_NAME_BIT: Final = 29
_RATE_NOTIFICATION: Final = 1 << 31
#: CLOCK_RATE_SET flags; bit 1 means nothing without bit 0.
_ASYNCHRONOUS: Final = 1
_ROUND_UP: Final = 1 << 2
_ROUND_AUTO: Final = 1 << 3
_RATE_FLAGS: Final = 0xF
#: CLOCK_CONFIG_SET attributes: what to do with the state, and the extended configuration.
_CONFIG_STATE: Final = 0x3
_CONFIG_EXTENDED: Final = 0xFF << 16
_UNCHANGED: Final = 3
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
    """PROTOCOL_ATTRIBUTES: the number of clocks; no asynchronous rate changes."""
    return _WORD(counted(agent, Protocol.CLOCK))


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
    if Operation.READ in operations:
        word |= _RATE_NOTIFICATION
    word |= extended_name_bit(agent, clock, _EXTENDED_NAME_BIT)
    return _ATTRIBUTES(word, short_name(clock), 0)


def describe_rates(agent: "Agent", clock: "Clock", _: int, index: int) -> bytes:
    """CLOCK_DESCRIBE_RATES: discrete rates in Hz, ascending."""
    require(index < len(clock.rates), Status.OUT_OF_RANGE)
    assert _RATES.entries is not None
    room = agent.server.room - _RATES.reply.size
    count, word = _RATES.entries.part(len(clock.rates), index, room)
    pack = _RATES.entries.entry.pack
    rates = clock.rates[index : index + count]
    return _RATES.reply.pack(word) + b"".join([pack(rate) for rate in rates])


def nearest(rates: tuple[int, ...], wanted: int, flags: int) -> int:
    """The one of ``rates`` (ascending, ``wanted`` within) that the rounding flags choose: up,
    down, or with automatic rounding the nearer one, the lower of two equally near."""
    up = rates[bisect_left(rates, wanted)]
    down = rates[bisect_right(rates, wanted) - 1]
    if flags & _ROUND_AUTO:
        return up if up - wanted < wanted - down else down
    return up if flags & _ROUND_UP else down


def rate_set(_: "Agent", clock: "Clock", flags: int, __: int, rate: int) -> bytes:
    """CLOCK_RATE_SET: one of the described rates, rounded as the flags say. Beyond the lowest
    and highest there is nothing to round to."""
    require(not flags & ~_RATE_FLAGS and clock.rates[0] <= rate <= clock.rates[-1])
    require(not flags & _ASYNCHRONOUS, Status.NOT_SUPPORTED)
    clock.set_rate(nearest(clock.rates, rate, flags))
    return DONE


def rate_get(_: "Agent", clock: "Clock", __: int) -> bytes:
    """CLOCK_RATE_GET."""
    return _RATE(clock.rate)


def config_set_v1(agent: "Agent", clock: "Clock", _: int, config: int) -> bytes:
    """CLOCK_CONFIG_SET of version 1: bit 0 enables."""
    require(config in (0, 1))
    clock.vote(agent.id, config == 1)
    return DONE


def config_set(agent: "Agent", clock: "Clock", own: int, config: int, *_: int) -> bytes:
    """CLOCK_CONFIG_SET: the agent's vote. There is no extended configuration to set."""
    if agent.legacy:
        return config_set_v1(agent, clock, own, config)
    state = config & _CONFIG_STATE
    extended = config & _CONFIG_EXTENDED
    require(not config & ~(_CONFIG_STATE | _CONFIG_EXTENDED) and state != 2)
    require(state != _UNCHANGED or extended != 0)
    require(extended == 0, Status.NOT_SUPPORTED)
    clock.vote(agent.id, state == 1)
    return DONE


def config_get(_: "Agent", clock: "Clock", __: int, flags: int) -> bytes:
    """CLOCK_CONFIG_GET: bit 0 of the configuration is the state."""
    require(flags <= 0xFF)
    require(flags == 0, Status.NOT_SUPPORTED)
    return _CONFIG(0, 1 if clock.on else 0, 0)


def possible_parents_get(agent: "Agent", clock: "Clock", _: int, skip: int) -> bytes:
    """CLOCK_POSSIBLE_PARENTS_GET: those the agent can see, by its own ids."""
    parents = _parents(agent, clock)
    require(bool(parents), Status.NOT_SUPPORTED)
    require(skip < len(parents))
    assert _POSSIBLE_PARENTS.entries is not None
    room = agent.server.room - _POSSIBLE_PARENTS.reply.size
    count, word = _POSSIBLE_PARENTS.entries.part(len(parents), skip, room)
    return _WORD(word) + b"".join([_WORD(parent) for parent in parents[skip : skip + count]])


def parent_set(agent: "Agent", clock: "Clock", _: int, parent: int) -> bytes:
    """CLOCK_PARENT_SET: NOT_FOUND for what the agent cannot see, INVALID_PARAMETERS for a clock
    that is no possible parent. The rate stays as it is."""
    require(bool(_parents(agent, clock)), Status.NOT_SUPPORTED)
    chosen = agent.views[Kind.CLOCK].named.get(parent)
    if chosen is None:
        raise RequestError(Status.NOT_FOUND)
    require(chosen.number in clock.parents)
    clock.parent = chosen.number
    return DONE


def parent_get(agent: "Agent", clock: "Clock", _: int) -> bytes:
    """CLOCK_PARENT_GET: NOT_FOUND when the agent cannot see the parent, or nobody knows it."""
    require(bool(_parents(agent, clock)), Status.NOT_SUPPORTED)
    ids = agent.views[Kind.CLOCK].ids
    if clock.parent is None or clock.parent not in ids:
        raise RequestError(Status.NOT_FOUND)
    return _WORD(ids[clock.parent])


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
        0xB: config_get,
        0xC: possible_parents_get,
        0xD: parent_set,
        0xE: parent_get,
        0xF: get_permissions,
    }
)
