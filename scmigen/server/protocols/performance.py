"""The performance protocol, 0x13 (DEN0056, section 4.5). Levels are the abstract numbers of the
configuration, not indices; there are no FastChannels yet."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
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
    from scmigen.runtime import PerformanceLevel
    from scmigen.server.agent import Agent
    from scmigen.server.state import PerformanceDomain

#: PROTOCOL_ATTRIBUTES: power in mW.
_MILLIWATT: Final = 1 << 16
#: PERFORMANCE_DOMAIN_ATTRIBUTES.
_BITS: Final = (
    (Operation.LIMITS, 1 << 31),
    (Operation.LEVEL, 1 << 30),
    (Operation.READ, 1 << 29 | 1 << 28),
)
_EXTENDED_NAME_BIT: Final = 26

_PROTOCOL: Final = row(Protocol.PERFORMANCE, 0x1).reply.pack
_ATTRIBUTES: Final = row(Protocol.PERFORMANCE, 0x3).reply.pack
_LEVELS: Final = {
    legacy: row(Protocol.PERFORMANCE, 0x4, profile)
    for legacy, profile in ((False, Profile.V3_2), (True, Profile.V2_0))
}
_LIMITS: Final = row(Protocol.PERFORMANCE, 0x6).reply.pack
_LEVEL: Final = row(Protocol.PERFORMANCE, 0x8).reply.pack


def attributes(agent: "Agent") -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of domains, power in mW; there are no statistics."""
    return _PROTOCOL(_MILLIWATT | counted(agent, Protocol.PERFORMANCE), 0, 0)


def domain_attributes(agent: "Agent", domain: "PerformanceDomain", own: int) -> bytes:
    """PERFORMANCE_DOMAIN_ATTRIBUTES: bits 31 and 30 are what this agent may set."""
    operations = agent.views[Kind.PERFORMANCE].operations[own]
    word = sum(bit for operation, bit in _BITS if operation in operations)
    word |= extended_name_bit(agent, domain, _EXTENDED_NAME_BIT)
    sustained = domain.sustained
    frequency, level = (sustained.frequency, sustained.level) if sustained else (0, 0)
    return _ATTRIBUTES(word, 0, frequency, level, short_name(domain))


def describe_levels(agent: "Agent", domain: "PerformanceDomain", _: int, index: int) -> bytes:
    """PERFORMANCE_DESCRIBE_LEVELS: ascending; from version 4 with frequency and index."""
    past_the_end = Status.INVALID_PARAMETERS if agent.legacy else Status.OUT_OF_RANGE
    require(index < len(domain.levels), past_the_end)
    message = _LEVELS[agent.legacy]
    assert message.entries is not None
    room = agent.server.room - message.reply.size
    count, word = message.entries.part(len(domain.levels), index, room)
    pack = message.entries.entry.pack

    def entry(number: int, level: "PerformanceLevel") -> bytes:
        words = (level.level, level.power, level.latency)
        return pack(*words) if agent.legacy else pack(*words, level.frequency, number)

    part = enumerate(domain.levels[index : index + count], index)
    return message.reply.pack(word) + b"".join([entry(*item) for item in part])


def limits_set(
    agent: "Agent", domain: "PerformanceDomain", _: int, maximum: int, minimum: int
) -> bytes:
    """PERFORMANCE_LIMITS_SET: the agent's vote. From release 3.1 a zero leaves that limit."""
    if not agent.legacy:
        require(maximum != 0 or minimum != 0, Status.OUT_OF_RANGE)
        had_maximum, had_minimum = domain.limits_of(agent.id)
        maximum, minimum = maximum or had_maximum, minimum or had_minimum
    require(minimum <= maximum)
    require(domain.lowest <= minimum and maximum <= domain.highest, Status.OUT_OF_RANGE)
    domain.limit(agent.id, maximum, minimum)
    return DONE


def limits_get(_: "Agent", domain: "PerformanceDomain", __: int) -> bytes:
    """PERFORMANCE_LIMITS_GET: the limits that hold, of all agents together."""
    return _LIMITS(domain.maximum, domain.minimum)


def level_set(_: "Agent", domain: "PerformanceDomain", __: int, level: int) -> bytes:
    """PERFORMANCE_LEVEL_SET: one of the described levels, within the limits."""
    known = any(level == item.level for item in domain.levels)
    require(known and domain.minimum <= level <= domain.maximum, Status.OUT_OF_RANGE)
    domain.set_level(level)
    return DONE


def level_get(_: "Agent", domain: "PerformanceDomain", __: int) -> bytes:
    """PERFORMANCE_LEVEL_GET: the level the domain runs at."""
    return _LEVEL(domain.level)


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: domain_attributes,
        0x4: describe_levels,
        0x5: limits_set,
        0x6: limits_get,
        0x7: level_set,
        0x8: level_get,
        0x9: notify(Protocol.PERFORMANCE, 0x0),
        0xA: notify(Protocol.PERFORMANCE, 0x1),
        0xC: name_get,
    }
)
