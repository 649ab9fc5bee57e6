"""The voltage domain protocol, 0x17 (DEN0056, section 4.9). Levels are discrete; a change is done
when the response is sent."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    Served,
    counted,
    extended_name_bit,
    name_get,
    require,
    row,
    short_name,
)

if TYPE_CHECKING:
    from scmigen.server.agent import Agent
    from scmigen.server.state import VoltageDomain

_EXTENDED_NAME_BIT: Final = 30
#: VOLTAGE_CONFIG_SET and _GET: the architectural modes.
_OFF: Final = 0
_ON: Final = 7
_ASYNCHRONOUS: Final = 1

_ATTRIBUTES: Final = row(Protocol.VOLTAGE, 0x3).reply.pack
_LEVELS: Final = row(Protocol.VOLTAGE, 0x4)
_CONFIG: Final = row(Protocol.VOLTAGE, 0x6).reply.pack
_LEVEL: Final = row(Protocol.VOLTAGE, 0x8).reply.pack


def attributes(agent: "Agent") -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of domains."""
    return counted(agent, Protocol.VOLTAGE).to_bytes(4, "little")


def domain_attributes(agent: "Agent", domain: "VoltageDomain", _: int) -> bytes:
    """VOLTAGE_DOMAIN_ATTRIBUTES."""
    return _ATTRIBUTES(extended_name_bit(agent, domain, _EXTENDED_NAME_BIT), short_name(domain))


def describe_levels(agent: "Agent", domain: "VoltageDomain", _: int, index: int) -> bytes:
    """VOLTAGE_DESCRIBE_LEVELS: discrete levels in µV, ascending."""
    require(index < len(domain.levels), Status.OUT_OF_RANGE)
    assert _LEVELS.entries is not None
    room = agent.server.room - _LEVELS.reply.size
    count, word = _LEVELS.entries.part(len(domain.levels), index, room)
    pack = _LEVELS.entries.entry.pack
    levels = domain.levels[index : index + count]
    return _LEVELS.reply.pack(word) + b"".join([pack(level) for level in levels])


def config_set(agent: "Agent", domain: "VoltageDomain", _: int, config: int) -> bytes:
    """VOLTAGE_CONFIG_SET: the agent's vote."""
    require(config in (_OFF, _ON))
    domain.vote(agent.id, config == _ON)
    return DONE


def config_get(_: "Agent", domain: "VoltageDomain", __: int) -> bytes:
    """VOLTAGE_CONFIG_GET: the state the supply is in, whoever wants it."""
    return _CONFIG(_ON if domain.on else _OFF)


def level_set(_: "Agent", domain: "VoltageDomain", __: int, flags: int, level: int) -> bytes:
    """VOLTAGE_LEVEL_SET: one of the described levels."""
    require(not flags & ~_ASYNCHRONOUS and level in domain.levels)
    require(not flags & _ASYNCHRONOUS, Status.NOT_SUPPORTED)
    domain.level = level
    return DONE


def level_get(_: "Agent", domain: "VoltageDomain", __: int) -> bytes:
    """VOLTAGE_LEVEL_GET: µV."""
    return _LEVEL(domain.level)


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: domain_attributes,
        0x4: describe_levels,
        0x5: config_set,
        0x6: config_get,
        0x7: level_set,
        0x8: level_get,
        0x9: name_get,
    }
)
