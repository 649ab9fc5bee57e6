"""The sensor protocol, 0x15 (DEN0056, section 4.7)."""

from functools import partial

from scmigen.hints import Final
from scmigen.runtime import Axis, Interval
from scmigen.runtime import Sensor as About
from scmigen.scmi.features import Feature
from scmigen.scmi.layouts import name_field
from scmigen.scmi.messages import commands, extended_names
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import EXTENDED_NAME_SIZE, SHORT_NAME_SIZE, Kind, Protocol
from scmigen.scmi.specification.sensor import EXTENDED_RANGE, EXTENDED_SENSOR
from scmigen.scmi.status import Status
from scmigen.server.polling import reading, trip_points_of, updates_of
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    counted,
    extended_name_bit,
    filled,
    name_get,
    part,
    pending_field,
    require,
    reserved_name,
    row,
    short_name,
    switched,
)
from scmigen.server.session import Deferred, Session
from scmigen.server.state import SENSOR_ENABLED, SENSOR_TIMESTAMPS, Sensor

#: Descriptor: bits of attributes_low, and fields of attributes_high.
_ASYNCHRONOUS_READ: Final = 1 << 31
_UPDATE_NOTIFICATION: Final = 1 << 30
_EXTENDED_NAME_BIT: Final = 29
_AXIS_EXTENDED_NAME: Final = 1 << 9
_STAMP_EXPONENT: Final = 10
_STAMPS: Final = 1 << 9
_EXTENDED: Final = 1 << 8
_EXPONENT: Final = 11
_AXES: Final = 1 << 8
_AXIS_COUNT: Final = 16
#: Readings are stamped in µs.
_MICROSECONDS: Final = -6
#: SENSOR_CONFIG: [31:16] and [15:11] the interval, [10:9] its rounding.
_ROUNDING: Final = 9
_ROUND_DOWN, _ROUND_UP, _ROUND_AUTO = range(3)
_CONFIG_RESERVED: Final = 0x1FC
#: SENSOR_TRIP_POINT_CONFIG: [11:4] which, [1:0] mode.
_TRIP_RESERVED: Final = ~0xFF3 & 0xFFFF_FFFF
#: SENSOR_LIST_UPDATE_INTERVALS: shortest, longest and step.
_SEGMENTED: Final = 1 << 12
_ASYNCHRONOUS: Final = 1

_PROTOCOL: Final = row(Protocol.SENSOR, 0x1).reply.pack
_DESCRIPTION: Final = row(Protocol.SENSOR, 0x3)
_READING_V1: Final = commands(Protocol.SENSOR, 0x10000)[0x6].reply.pack
_AXIS: Final = row(Protocol.SENSOR, 0x7)
_INTERVALS: Final = row(Protocol.SENSOR, 0x8)
_CONFIG: Final = row(Protocol.SENSOR, 0x9).reply.pack
_AXIS_NAMES: Final = row(Protocol.SENSOR, 0xD)


def attributes(session: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of sensors, and how many readings may be pending; there are
    no registers."""
    word = counted(session, Protocol.SENSOR) | pending_field(session, Kind.SENSOR)
    return _PROTOCOL(word, 0, 0)


def _high(about: About | Axis) -> int:
    return about.type | (about.exponent & 0x1F) << _EXPONENT


def _range(about: About | Axis) -> bytes:
    """Resolution, least and greatest value; a resolution of 0 is unknown."""
    scaled = about.resolution
    word = scaled.value | (scaled.exponent & 0x1F) << 27 if scaled is not None else 0
    return EXTENDED_RANGE.pack(word, about.minimum, about.maximum)


def _is_extended(about: About | Axis) -> bool:
    return about.resolution is not None


def _descriptor(session: Session, own: int) -> bytes:
    """A descriptor. Agents know sensors by position, so a hidden one gets a placeholder of type
    "none"."""
    assert _DESCRIPTION.entries is not None
    pack = _DESCRIPTION.entries.entry.pack
    sensor = session.views[Kind.SENSOR].named.get(own)
    if not isinstance(sensor, Sensor):
        return pack(own, 0, 0, reserved_name(own))
    about = sensor.about
    low = about.trip_points | (_ASYNCHRONOUS_READ if about.asynchronous else 0)
    if Feature.SENSOR_CONFIGURATION not in session.features:
        return pack(own, low, _high(about), short_name(sensor))
    low |= extended_name_bit(session, sensor, _EXTENDED_NAME_BIT)
    low |= _UPDATE_NOTIFICATION if about.updates else 0
    if about.timestamps:
        low |= _STAMPS | (_MICROSECONDS & 0x1F) << _STAMP_EXPONENT
    high = _high(about)
    if about.axes:
        high |= _AXES | len(about.axes) << _AXIS_COUNT
    more = b""
    if _is_extended(about) or about.power:
        low |= _EXTENDED
        more = EXTENDED_SENSOR.pack(about.power) + (b"" if about.axes else _range(about))
    return pack(own, low, high, short_name(sensor)) + more


def description_get(session: Session, index: int) -> bytes:
    """SENSOR_DESCRIPTION_GET: descriptors of 28 bytes or more."""
    total = counted(session, Protocol.SENSOR)
    require(index < total)
    return filled(session, _DESCRIPTION, range(total), index, partial(_descriptor, session))


def trip_point_notify(session: Session, sensor: Sensor, own: int, control: int) -> bytes:
    """SENSOR_TRIP_POINT_NOTIFY."""
    on = switched(control)
    require(bool(sensor.trip_points) and sensor.notifications, Status.NOT_SUPPORTED)
    session.services.subscribe(session, trip_points_of(sensor), own, on)
    if on:
        session.services.poller.trip_points(sensor)
    return DONE


def trip_point_config(session: Session, sensor: Sensor, _: int, control: int, value: int) -> bytes:
    """SENSOR_TRIP_POINT_CONFIG: a trip point, its direction (0: off) and its value."""
    point = control >> 4 & 0xFF
    require(not control & _TRIP_RESERVED and point < len(sensor.trip_points))
    sensor.set_trip_point(point, control & 3, value, session.id)
    session.services.poller.trip_points(sensor)
    return DONE


def _reading(session: Session, sensor: Sensor, old: bool) -> bytes:
    if old:
        return _READING_V1(sensor.read()[0])
    return reading(session.services.timers, sensor)


def reading_get(session: Session, sensor: Sensor, own: int, flags: int) -> bytes | Deferred:
    """SENSOR_READING_GET: from version 2 on with a timestamp, which is 0 while timestamps are
    disabled. Reading a disabled sensor is an error."""
    require(not flags & ~_ASYNCHRONOUS)
    require(not flags & _ASYNCHRONOUS or sensor.about.asynchronous, Status.NOT_SUPPORTED)
    old = Feature.SENSOR_CONFIGURATION not in session.features  # and always on
    require(old or sensor.enabled, Status.PROTOCOL_ERROR)
    if not flags & _ASYNCHRONOUS:
        session.services.context.latency = sensor.about.latency
        return _reading(session, sensor, old)
    found: list[bytes] = []
    return Deferred(
        sensor,
        own,
        Operation.READ,
        sensor.about.latency,
        lambda: found.append(_reading(session, sensor, old)),
        lambda: (own,),
        lambda: found[0],
        exclusive=False,
    )


def _axes(sensor: Sensor) -> tuple[Axis, ...]:
    """The axes of a sensor; a sensor without any does not support the message."""
    require(bool(sensor.about.axes), Status.NOT_SUPPORTED)
    return sensor.about.axes


def _axis(number: int, axis: Axis, names: bool) -> bytes:
    assert _AXIS.entries is not None
    low = _EXTENDED if _is_extended(axis) else 0
    low |= _AXIS_EXTENDED_NAME if names and len(axis.name) >= SHORT_NAME_SIZE else 0
    name = name_field(axis.name, SHORT_NAME_SIZE)
    entry = _AXIS.entries.entry.pack(number, low, _high(axis), name)
    return entry + (_range(axis) if _is_extended(axis) else b"")


def axis_description_get(session: Session, sensor: Sensor, _: int, index: int) -> bytes:
    """SENSOR_AXIS_DESCRIPTION_GET."""
    axes = _axes(sensor)
    require(index < len(axes))
    names = extended_names(Protocol.SENSOR, session.versions[Protocol.SENSOR])
    numbered = list(enumerate(axes))
    return filled(session, _AXIS, numbered, index, lambda each: _axis(*each, names))


def axis_name_get(session: Session, sensor: Sensor, _: int, index: int) -> bytes:
    """SENSOR_AXIS_NAME_GET: only the axes with extended names."""
    axes = _axes(sensor)
    require(index < len(axes))
    assert _AXIS_NAMES.entries is not None
    pack = _AXIS_NAMES.entries.entry.pack
    found = [
        (number, name_field(axis.name, EXTENDED_NAME_SIZE))
        for number, axis in enumerate(axes)
        if len(axis.name) >= SHORT_NAME_SIZE
    ]
    return part(session, _AXIS_NAMES, found, min(index, len(found)), lambda each: pack(*each))


def list_update_intervals(session: Session, sensor: Sensor, _: int, index: int) -> bytes:
    """SENSOR_LIST_UPDATE_INTERVALS: ascending; or shortest, longest and step."""
    intervals = sensor.about.intervals
    require(bool(intervals), Status.NOT_SUPPORTED)
    require(index < len(intervals))
    words = [interval.value << 5 | (interval.exponent & 0x1F) for interval in intervals]
    if not sensor.about.segmented:
        return part(session, _INTERVALS, words, index)
    require(index == 0)
    assert _INTERVALS.entries is not None
    triplet = b"".join([_INTERVALS.entries.entry.pack(word) for word in words])
    return _INTERVALS.reply.pack(3 | _SEGMENTED) + triplet


def config_get(_: Session, sensor: Sensor, __: int) -> bytes:
    """SENSOR_CONFIG_GET."""
    return _CONFIG(sensor.config)


def _seconds(interval: Interval) -> float:
    return float(interval.value) * 10.0**interval.exponent


def _chosen(sensor: Sensor, value: int, exponent: int, rounding: int) -> Interval:
    """The supported interval that the requested one is rounded to."""
    intervals = sensor.about.intervals
    wanted = value * 10.0**exponent
    if sensor.about.segmented:
        shortest, longest, step = intervals
        require(_seconds(shortest) <= wanted <= _seconds(longest))
        steps = (wanted - _seconds(shortest)) / (_seconds(step) or 1.0)
        whole = int(steps) + (rounding == _ROUND_UP and steps > int(steps))
        return type(shortest)(
            value=min(shortest.value + whole * step.value, 0xFFFF), exponent=shortest.exponent
        )
    below = [it for it in intervals if _seconds(it) <= wanted]
    above = [it for it in intervals if _seconds(it) >= wanted]
    if rounding == _ROUND_AUTO and below and above:
        near = wanted - _seconds(below[-1]) <= _seconds(above[0]) - wanted
        return below[-1] if near else above[0]
    found = above[:1] if rounding == _ROUND_UP else below[-1:]
    if not found:
        raise RequestError(Status.INVALID_PARAMETERS)
    return found[0]


def config_set(session: Session, sensor: Sensor, _: int, config: int) -> bytes:
    """SENSOR_CONFIG_SET: enabled or not, timestamps, and the update interval (0: unchanged)."""
    rounding = config >> _ROUNDING & 3
    require(not config & _CONFIG_RESERVED and rounding <= _ROUND_AUTO)
    require(not config & SENSOR_TIMESTAMPS or sensor.about.timestamps, Status.NOT_SUPPORTED)
    word = config & (SENSOR_ENABLED | SENSOR_TIMESTAMPS)
    value, exponent = config >> 16, config >> _EXPONENT & 0x1F
    if value:
        require(bool(sensor.about.intervals), Status.NOT_SUPPORTED)
        signed = exponent - 32 if exponent & 0x10 else exponent
        interval = _chosen(sensor, value, signed, rounding)
        word |= interval.value << 16 | (interval.exponent & 0x1F) << _EXPONENT
    else:
        require(exponent == 0)
        word |= sensor.config & ~0x7FF
    sensor.configure(word, session.id)
    session.services.poller.updates(sensor, restart=True)
    return DONE


def continuous_update_notify(session: Session, sensor: Sensor, own: int, control: int) -> bytes:
    """SENSOR_CONTINUOUS_UPDATE_NOTIFY."""
    on = switched(control)
    require(sensor.about.updates and sensor.notifications, Status.NOT_SUPPORTED)
    session.services.subscribe(session, updates_of(sensor), own, on)
    if on:
        session.services.poller.updates(sensor)
    return DONE


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: description_get,
        0x4: trip_point_notify,
        0x5: trip_point_config,
        0x6: reading_get,
        0x7: axis_description_get,
        0x8: list_update_intervals,
        0x9: config_get,
        0xA: config_set,
        0xB: continuous_update_notify,
        0xC: name_get,
        0xD: axis_name_get,
    }
)
