"""The sensor protocol, 0x15 (DEN0056, section 4.7): scalar sensors, read synchronously, without
trip points, timestamps or axes."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.layouts import name_field
from scmigen.scmi.protocols import SHORT_NAME_SIZE, Kind, Profile, Protocol
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
    from scmigen.server.state import Sensor

#: Descriptor: attributes_low, and the fields of attributes_high.
_EXTENDED_NAME_BIT: Final = 29
_EXPONENT: Final = 11
#: SENSOR_CONFIG: bit 0 enables; [10:9] rounding of an interval, which a sensor here has not.
_ENABLED: Final = 1
_ASYNCHRONOUS: Final = 1

_PROTOCOL: Final = row(Protocol.SENSOR, 0x1).reply.pack
_DESCRIPTION: Final = row(Protocol.SENSOR, 0x3)
_READING_V1: Final = row(Protocol.SENSOR, 0x6, Profile.V2_0).reply.pack
_READING: Final = row(Protocol.SENSOR, 0x6).reply.pack
_CONFIG: Final = row(Protocol.SENSOR, 0x9).reply.pack


def attributes(agent: "Agent") -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of sensors; no asynchronous readings, no registers."""
    return _PROTOCOL(counted(agent, Protocol.SENSOR), 0, 0)


def _descriptor(agent: "Agent", own: int) -> bytes:
    """A descriptor; agents know sensors by position, so a hidden one has an inert descriptor of
    type "none"."""
    assert _DESCRIPTION.entries is not None
    pack = _DESCRIPTION.entries.entry.pack
    sensor: Sensor | None = agent.views[Kind.SENSOR].named.get(own)  # type: ignore[assignment]
    if sensor is None:
        return pack(own, 0, 0, name_field(f"reserved-{own}", SHORT_NAME_SIZE))
    low = extended_name_bit(agent, sensor, _EXTENDED_NAME_BIT)
    high = sensor.type | (sensor.exponent & 0x1F) << _EXPONENT
    return pack(own, low, high, short_name(sensor))


def description_get(agent: "Agent", index: int) -> bytes:
    """SENSOR_DESCRIPTION_GET: descriptors of 28 bytes in all versions, since no sensor here has
    the extended attributes that make them longer."""
    total = counted(agent, Protocol.SENSOR)
    require(index < total)
    assert _DESCRIPTION.entries is not None
    room = agent.server.room - _DESCRIPTION.reply.size
    count, word = _DESCRIPTION.entries.part(total, index, room)
    part = [_descriptor(agent, own) for own in range(index, index + count)]
    return _DESCRIPTION.reply.pack(word) + b"".join(part)


def reading_get(agent: "Agent", sensor: "Sensor", _: int, flags: int) -> bytes:
    """SENSOR_READING_GET: from version 2 with a timestamp (0: none); a sensor that is switched
    off does not answer."""
    require(not flags & ~_ASYNCHRONOUS)
    require(not flags & _ASYNCHRONOUS, Status.NOT_SUPPORTED)
    if agent.legacy:
        return _READING_V1(sensor.value)
    require(sensor.enabled, Status.PROTOCOL_ERROR)
    return _READING(sensor.value, 0)


def config_get(_: "Agent", sensor: "Sensor", __: int) -> bytes:
    """SENSOR_CONFIG_GET."""
    return _CONFIG(_ENABLED if sensor.enabled else 0)


def config_set(_: "Agent", sensor: "Sensor", __: int, config: int) -> bytes:
    """SENSOR_CONFIG_SET: only bit 0, on or off."""
    require(config in (0, _ENABLED))
    sensor.enabled = config == _ENABLED
    return DONE


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: description_get,
        0x6: reading_get,
        0x9: config_get,
        0xA: config_set,
        0xC: name_get,
    }
)
