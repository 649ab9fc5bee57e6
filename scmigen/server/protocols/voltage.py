"""The voltage domain protocol, 0x17 (DEN0056, section 4.9)."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.delayed import Change, begin
from scmigen.server.protocols.handler import (
    DONE,
    Served,
    counts,
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
_ASYNCHRONOUS_LEVEL: Final = 1 << 31
#: VOLTAGE_DESCRIBE_LEVELS: lowest, highest and step.
_TRIPLET: Final = 3 | 1 << 12
#: VOLTAGE_CONFIG_SET and _GET: the architectural modes.
_OFF: Final = 0
_ON: Final = 7
_ASYNCHRONOUS: Final = 1

_ATTRIBUTES: Final = row(Protocol.VOLTAGE, 0x3).reply.pack
_LEVELS: Final = row(Protocol.VOLTAGE, 0x4)
_CONFIG: Final = row(Protocol.VOLTAGE, 0x6).reply.pack
_LEVEL: Final = row(Protocol.VOLTAGE, 0x8).reply.pack


def domain_attributes(agent: "Agent", domain: "VoltageDomain", own: int) -> bytes:
    """VOLTAGE_DOMAIN_ATTRIBUTES."""
    word = extended_name_bit(agent, domain, _EXTENDED_NAME_BIT)
    if domain.asynchronous and Operation.LEVEL in agent.views[Kind.VOLTAGE].attributes[own]:
        word |= _ASYNCHRONOUS_LEVEL
    return _ATTRIBUTES(word, short_name(domain))


def describe_levels(agent: "Agent", domain: "VoltageDomain", _: int, index: int) -> bytes:
    """VOLTAGE_DESCRIBE_LEVELS: discrete levels in µV, ascending; or lowest, highest and step."""
    assert _LEVELS.entries is not None
    pack = _LEVELS.entries.entry.pack
    if domain.step is not None:
        require(index == 0, Status.OUT_OF_RANGE)
        triplet = (*domain.levels, domain.step)
        return _LEVELS.reply.pack(_TRIPLET) + b"".join([pack(level) for level in triplet])
    require(index < len(domain.levels), Status.OUT_OF_RANGE)
    room = agent.room - _LEVELS.reply.size
    count, word = _LEVELS.entries.part(len(domain.levels), index, room)
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


def level_set(agent: "Agent", domain: "VoltageDomain", own: int, flags: int, level: int) -> bytes:
    """VOLTAGE_LEVEL_SET: one of the described levels."""
    require(not flags & ~_ASYNCHRONOUS and domain.can_have(level))
    require(not flags & _ASYNCHRONOUS or domain.asynchronous, Status.NOT_SUPPORTED)
    require(not domain.busy, Status.BUSY)
    if not flags & _ASYNCHRONOUS:
        domain.set_level(level)
        return DONE
    change = Change(
        domain,
        own,
        Operation.LEVEL,
        domain.latency,
        lambda: domain.set_level(level),
        lambda: (own, domain.level),
    )
    return begin(agent, change)


def level_get(_: "Agent", domain: "VoltageDomain", __: int) -> bytes:
    """VOLTAGE_LEVEL_GET: µV."""
    return _LEVEL(domain.level)


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
