"""The performance protocol, 0x13 (DEN0056, section 4.5). Levels are the abstract numbers of the
configuration; a domain in level indexing mode takes and gives their indices instead."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    counted,
    describe_fastchannel,
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
)
_NOTIFICATIONS: Final = 1 << 29 | 1 << 28
_FASTCHANNELS: Final = 1 << 27
_INDEXED: Final = 1 << 25
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
    operations = agent.views[Kind.PERFORMANCE].attributes[own]
    word = sum(bit for operation, bit in _BITS if operation in operations)
    if Operation.READ in operations and domain.notifications:
        word |= _NOTIFICATIONS
    word |= extended_name_bit(agent, domain, _EXTENDED_NAME_BIT)
    channels = agent.server.fastchannels
    if channels is not None and channels.has(agent, Protocol.PERFORMANCE, own):
        word |= _FASTCHANNELS
    if domain.indexed and not agent.legacy:
        word |= _INDEXED
    sustained = domain.sustained
    frequency, level = (sustained.frequency, sustained.level) if sustained else (0, 0)
    return _ATTRIBUTES(word, domain.rate_limit, frequency, level, short_name(domain))


def describe_levels(agent: "Agent", domain: "PerformanceDomain", _: int, index: int) -> bytes:
    """PERFORMANCE_DESCRIBE_LEVELS: ascending; from version 4 with frequency and index."""
    past_the_end = Status.INVALID_PARAMETERS if agent.legacy else Status.OUT_OF_RANGE
    require(index < len(domain.levels), past_the_end)
    message = _LEVELS[agent.legacy]
    assert message.entries is not None
    room = agent.room - message.reply.size
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
    """PERFORMANCE_LIMITS_SET: the agent's vote. From release 3.1 a zero leaves that limit; where
    levels have indices, 0 is the lowest of them."""
    if domain.indexed and not agent.legacy:
        maximum, minimum = _level(agent, domain, maximum), _level(agent, domain, minimum)
    elif not agent.legacy:
        require(maximum != 0 or minimum != 0, Status.OUT_OF_RANGE)
        had_maximum, had_minimum = domain.limits_of(agent.id)
        maximum, minimum = maximum or had_maximum, minimum or had_minimum
    require(minimum <= maximum)
    require(domain.lowest <= minimum and maximum <= domain.highest, Status.OUT_OF_RANGE)
    domain.limit(agent.id, maximum, minimum)
    return DONE


def limits_get(agent: "Agent", domain: "PerformanceDomain", _: int) -> bytes:
    """PERFORMANCE_LIMITS_GET: the limits that hold, of all agents together."""
    legacy = agent.legacy
    return _LIMITS(domain.outward(domain.maximum, legacy), domain.outward(domain.minimum, legacy))


def _level(agent: "Agent", domain: "PerformanceDomain", name: int) -> int:
    """The level an agent means."""
    level = domain.inward(name, agent.legacy)
    if level is None:
        raise RequestError(Status.OUT_OF_RANGE)
    return level


def level_set(agent: "Agent", domain: "PerformanceDomain", _: int, name: int) -> bytes:
    """PERFORMANCE_LEVEL_SET: one of the described levels, within the limits."""
    level = _level(agent, domain, name)
    require(domain.minimum <= level <= domain.maximum, Status.OUT_OF_RANGE)
    domain.set_level(level)
    return DONE


def level_get(agent: "Agent", domain: "PerformanceDomain", _: int) -> bytes:
    """PERFORMANCE_LEVEL_GET: the level the domain runs at."""
    return _LEVEL(domain.outward(domain.level, agent.legacy))


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
        0xB: describe_fastchannel(Protocol.PERFORMANCE),
        0xC: name_get,
    }
)
