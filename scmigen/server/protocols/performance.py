"""The performance protocol, 0x13 (DEN0056, section 4.5). Levels are the abstract numbers of the
configuration; a domain in level indexing mode uses their indices instead."""

from scmigen.hints import Final
from scmigen.runtime import PerformanceLevel, PowerUnit
from scmigen.scmi.features import Feature
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    counted,
    describe_fastchannel,
    extended_name_bit,
    fastchannel_bit,
    name_get,
    notify,
    part,
    require,
    row,
    short_name,
)
from scmigen.server.session import Session
from scmigen.server.state import PerformanceDomain
from scmigen.server.votes import limits_read

#: PROTOCOL_ATTRIBUTES: the unit of power.
_UNIT_SHIFT: Final = 16
_UNITS: Final = {PowerUnit.ABSTRACT: 0, PowerUnit.MILLIWATT: 1, PowerUnit.MICROWATT: 2}
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
_LIMITS: Final = row(Protocol.PERFORMANCE, 0x6).reply.pack
_LEVEL: Final = row(Protocol.PERFORMANCE, 0x8).reply.pack


def attributes(session: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of domains and the unit of power; no statistics."""
    unit, _ = _power(session)
    return _PROTOCOL(_UNITS[unit] << _UNIT_SHIFT | counted(session, Protocol.PERFORMANCE), 0, 0)


def _power(session: Session) -> tuple[PowerUnit, int]:
    """The unit of power that the agent is told, and the divisor of the configured one. Versions
    before 3.0 have no µW: they get mW."""
    unit = session.services.configuration.performance_power
    if unit is PowerUnit.MICROWATT and Feature.MICROWATTS not in session.features:
        return PowerUnit.MILLIWATT, 1000
    return unit, 1


def domain_attributes(session: Session, domain: PerformanceDomain, own: int) -> bytes:
    """PERFORMANCE_DOMAIN_ATTRIBUTES: bits 31 and 30 say what this agent may set."""
    operations = session.views[Kind.PERFORMANCE].attributes[own]
    word = sum(bit for operation, bit in _BITS if operation in operations)
    if Operation.READ in operations and domain.notifications:
        word |= _NOTIFICATIONS
    word |= extended_name_bit(session, domain, _EXTENDED_NAME_BIT)
    word |= fastchannel_bit(session, Protocol.PERFORMANCE, own, _FASTCHANNELS)
    if domain.indexed and not session.plain_levels:
        word |= _INDEXED
    sustained = domain.sustained
    frequency, level = (sustained.frequency, sustained.level) if sustained else (0, 0)
    return _ATTRIBUTES(word, domain.rate_limit, frequency, level, short_name(domain))


def describe_levels(session: Session, domain: PerformanceDomain, _: int, index: int) -> bytes:
    """PERFORMANCE_DESCRIBE_LEVELS: ascending; from version 4 with frequency and index."""
    known = Feature.LEVEL_OUT_OF_RANGE in session.features
    past_the_end = Status.OUT_OF_RANGE if known else Status.INVALID_PARAMETERS
    require(index < len(domain.levels), past_the_end)
    message = session.row(Protocol.PERFORMANCE, 0x4)
    assert message.entries is not None
    layout = message.entries.entry
    divisor = _power(session)[1]

    def entry(item: tuple[int, PerformanceLevel]) -> bytes:
        number, level = item
        power = -(-level.power // divisor)
        words = (level.level, power, level.latency, level.frequency, number)
        return layout.pack(*words[: len(layout.fields)])

    return part(session, message, list(enumerate(domain.levels)), index, entry)


def limits_set(
    session: Session, domain: PerformanceDomain, _: int, maximum: int, minimum: int
) -> bytes:
    """PERFORMANCE_LIMITS_SET: the agent's vote. From version 3.0 on, zero leaves that limit as it
    is; in level indexing mode, 0 is the lowest level."""
    if domain.indexed and not session.plain_levels:
        maximum, minimum = _level(session, domain, maximum), _level(session, domain, minimum)
    elif Feature.LIMITS_KEPT in session.features:
        require(maximum != 0 or minimum != 0, Status.OUT_OF_RANGE)
        had_maximum, had_minimum = domain.limits_of(session.id)
        maximum, minimum = maximum or had_maximum, minimum or had_minimum
    require(minimum <= maximum)
    require(domain.lowest <= minimum and maximum <= domain.highest, Status.OUT_OF_RANGE)
    domain.limit(session.id, maximum, minimum)
    if session.services.fastchannels is not None:
        session.services.fastchannels.changed(Protocol.PERFORMANCE, domain.number)
    return DONE


def limits_get(session: Session, domain: PerformanceDomain, own: int) -> bytes:
    """PERFORMANCE_LIMITS_GET."""
    maximum, minimum = limits_read(session, domain, own)
    plain = session.plain_levels
    return _LIMITS(domain.outward(maximum, plain), domain.outward(minimum, plain))


def _level(session: Session, domain: PerformanceDomain, name: int) -> int:
    """The level with this number or index."""
    level = domain.inward(name, session.plain_levels)
    if level is None:
        raise RequestError(Status.OUT_OF_RANGE)
    return level


def level_set(session: Session, domain: PerformanceDomain, _: int, name: int) -> bytes:
    """PERFORMANCE_LEVEL_SET: one of the described levels, within the limits."""
    level = _level(session, domain, name)
    require(domain.minimum <= level <= domain.maximum, Status.OUT_OF_RANGE)
    domain.set_level(level, session.id)
    latency = next(it.latency for it in domain.levels if it.level == level)
    session.services.context.latency = latency
    return DONE


def level_get(session: Session, domain: PerformanceDomain, _: int) -> bytes:
    """PERFORMANCE_LEVEL_GET: the level the domain runs at."""
    return _LEVEL(domain.outward(domain.level, session.plain_levels))


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
