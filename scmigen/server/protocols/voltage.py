"""The voltage domain protocol, 0x17 (DEN0056, section 4.9)."""

from scmigen.hints import Final
from scmigen.scmi.features import Feature
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    Served,
    counts,
    extended_name_bit,
    name_get,
    now_or_later,
    require,
    row,
    short_name,
    values_part,
)
from scmigen.server.session import Deferred, Session
from scmigen.server.state import VoltageDomain
from scmigen.server.votes import may_read, reads_on

_EXTENDED_NAME_BIT: Final = 30
_ASYNCHRONOUS_LEVEL: Final = 1 << 31
#: VOLTAGE_CONFIG_SET and _GET: the architectural modes.
_OFF: Final = 0
_ON: Final = 7
_ASYNCHRONOUS: Final = 1

_ATTRIBUTES: Final = row(Protocol.VOLTAGE, 0x3).reply.pack
_LEVELS: Final = row(Protocol.VOLTAGE, 0x4)
_CONFIG: Final = row(Protocol.VOLTAGE, 0x6).reply.pack
_LEVEL: Final = row(Protocol.VOLTAGE, 0x8).reply.pack


def domain_attributes(session: Session, domain: VoltageDomain, own: int) -> bytes:
    """VOLTAGE_DOMAIN_ATTRIBUTES."""
    word = extended_name_bit(session, domain, _EXTENDED_NAME_BIT)
    later = domain.asynchronous and Feature.VOLTAGE_ASYNCHRONOUS in session.features
    if later and Operation.LEVEL in session.views[Kind.VOLTAGE].attributes[own]:
        word |= _ASYNCHRONOUS_LEVEL
    return _ATTRIBUTES(word, short_name(domain))


def describe_levels(session: Session, domain: VoltageDomain, _: int, index: int) -> bytes:
    """VOLTAGE_DESCRIBE_LEVELS: discrete levels in µV, ascending; or lowest, highest and step."""
    return values_part(session, _LEVELS, domain.levels, domain.step, index)


def config_set(session: Session, domain: VoltageDomain, _: int, config: int) -> bytes:
    """VOLTAGE_CONFIG_SET: the agent's vote."""
    require(config in (_OFF, _ON))
    domain.vote(session.id, config == _ON)
    return DONE


def config_get(session: Session, domain: VoltageDomain, own: int) -> bytes:
    """VOLTAGE_CONFIG_GET."""
    return _CONFIG(_ON if reads_on(session, domain, own) else _OFF)


def level_set(
    session: Session, domain: VoltageDomain, own: int, flags: int, level: int
) -> bytes | Deferred:
    """VOLTAGE_LEVEL_SET: one of the described levels."""
    known = _ASYNCHRONOUS if Feature.VOLTAGE_ASYNCHRONOUS in session.features else 0
    require(not flags & ~known and domain.can_have(level))
    require(not flags & _ASYNCHRONOUS or domain.asynchronous, Status.NOT_SUPPORTED)
    require(not domain.busy, Status.BUSY)
    change = Deferred(
        domain,
        own,
        Operation.LEVEL,
        domain.latency,
        lambda: domain.set_level(level, session.id),
        lambda: (own, domain.level),
    )
    return now_or_later(session, change, later=bool(flags & _ASYNCHRONOUS))


def level_get(session: Session, domain: VoltageDomain, own: int) -> bytes:
    """VOLTAGE_LEVEL_GET: µV."""
    return _LEVEL(domain.level if may_read(session, domain, own) else domain.boot_level)


SERVED: Final = Served(
    {
        0x1: counts(Protocol.VOLTAGE),
        0x3: domain_attributes,
        0x4: describe_levels,
        0x5: config_set,
        0x6: config_get,
        0x7: level_set,
        0x8: level_get,
        0x9: name_get,
    }
)
