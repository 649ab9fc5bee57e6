"""The telemetry protocol, 0x1B: the public beta of release 4.0 (DEN0056F).

What an agent switches on is its own, and ends with its connection. Values are in memory
(`scmigen.server.telemetry`); there are neither notifications, nor FastChannels, nor readings in
messages, and groups have no intervals of their own: PROTOCOL_ATTRIBUTES says so.
"""

from functools import partial

from scmigen.data import replace
from scmigen.hints import Final
from scmigen.scmi.layouts import name_field
from scmigen.scmi.protocols import SHORT_NAME_SIZE, Protocol
from scmigen.scmi.specification.telemetry import LINE_RATE, NAME
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    filled,
    part,
    reply,
    require,
)
from scmigen.server.session import Session
from scmigen.server.state.unshared import TelemetryElement
from scmigen.server.telemetry import (
    OFF,
    PLAIN,
    STAMPED,
    Setting,
    change,
    elements,
    interval_word,
    setting_of,
)

_RESET: Final = 1 << 17
_NO_GROUP: Final = 0xFFFF_FFFF
_NO_SHMTI: Final = 0xFFFF_FFFF
_SHMTI: Final = 0
#: TELEMETRY_DE_CONFIGURE flags.
_MODE: Final = 0x7
_ALL_OFF: Final = 4
_OF_GROUP: Final = 1 << 3
#: TELEMETRY_CONFIG_SET control: on; [4:1] mode; [8:5] selector. CONFIG_GET has the selector alone.
_ON: Final = 1
_ALL: Final = 2
#: TELEMETRY_LIST_UPDATE_INTERVALS flags: of one group.
_ONE_GROUP: Final = 1


def attributes(session: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: elements and groups, the revision of their meaning, what there is."""
    found = elements(session).values()
    groups = [item.about.group for item in found if item.about.group is not None]
    memory = session.services.telemetry.memory(session) is not None
    return reply(
        session,
        Protocol.TELEMETRY,
        0x1,
        len(found),
        max(groups, default=-1) + 1,
        *session.services.configuration.telemetry_revision,
        _RESET | int(memory),
        0,
    )


def list_shmti(session: Session, index: int) -> bytes:
    """TELEMETRY_LIST_SHMTI: the memory of the agent, if it has any."""
    memory = session.services.telemetry.memory(session)
    areas = [] if memory is None else [(_SHMTI, *memory, 0)]
    require(index < len(areas), Status.OUT_OF_RANGE)
    message = session.row(Protocol.TELEMETRY, 0x3)
    assert message.entries is not None
    pack = message.entries.entry.pack
    return part(session, message, areas, index, lambda area: pack(*area))


def _descriptor(session: Session, item: TelemetryElement) -> bytes:
    entries = session.row(Protocol.TELEMETRY, 0x4).entries
    assert entries is not None
    about = item.about
    word = 1 << 31 | about.type << 22 | about.persistent << 21
    word |= (about.exponent & 0xFF) << 13 | about.unit << 5 | (1 if about.rate else 0)
    instances = about.instance << 24 | about.component_instance << 8 | about.component
    group = _NO_GROUP if about.group is None else about.group
    fixed = entries.entry.pack(about.element, group, about.size, word, instances, 0)
    rate = LINE_RATE.pack(about.rate) if about.rate else b""
    return fixed + rate + NAME.pack(name_field(item.name, SHORT_NAME_SIZE))


def description(session: Session, index: int) -> bytes:
    """TELEMETRY_DE_DESCRIPTION: the elements that the agent may read, with their names."""
    found = list(elements(session).values())
    require(index < len(found), Status.OUT_OF_RANGE)
    message = session.row(Protocol.TELEMETRY, 0x4)
    return filled(session, message, found, index, partial(_descriptor, session))


def list_intervals(session: Session, index: int, group: int, flags: int) -> bytes:
    """TELEMETRY_LIST_UPDATE_INTERVALS: the same for all groups."""
    require(flags in (0, _ONE_GROUP, _ALL))
    groups = {item.about.group for item in elements(session).values()}
    require(flags != _ONE_GROUP or group in groups, Status.NOT_FOUND)
    words = [interval_word(each) for each in session.services.configuration.telemetry_intervals]
    require(index < len(words), Status.OUT_OF_RANGE)
    return part(session, session.row(Protocol.TELEMETRY, 0x5), words, index)


def _chosen(session: Session, number: int, flags: int) -> list[int]:
    """The agent's ids of the elements that TELEMETRY_DE_CONFIGURE is about."""
    found = elements(session)
    if flags & _MODE == _ALL_OFF:
        return list(found)
    if flags & _OF_GROUP:
        chosen = [own for own, item in found.items() if item.about.group == number]
    else:
        chosen = [own for own, item in found.items() if item.about.element == number]
    if not chosen:
        raise RequestError(Status.NOT_FOUND)
    return chosen


def configure(session: Session, number: int, flags: int) -> bytes:
    """TELEMETRY_DE_CONFIGURE: switch an element or a group on or off; where its line is."""
    require(not flags & ~(_MODE | _OF_GROUP))
    mode = flags & _MODE
    require(mode in (OFF, PLAIN, STAMPED, _ALL_OFF))
    chosen, found = _chosen(session, number, flags), elements(session)
    stamps = {own: bool(found[own].about.rate) for own in chosen}
    # Of a group, those that have timestamps get them.
    require(mode != STAMPED or any(stamps.values()), Status.NOT_SUPPORTED)
    setting = setting_of(session)
    modes = dict(setting.modes)
    for own in chosen:
        modes[own] = PLAIN if mode == STAMPED and not stamps[own] else mode
    on = {own: each for own, each in modes.items() if each in (PLAIN, STAMPED)}
    telemetry = session.services.telemetry
    change(session, replace(setting, modes=on))
    shown = mode in (PLAIN, STAMPED) and telemetry.memory(session) is not None
    one = shown and not flags & _OF_GROUP
    return reply(
        session,
        Protocol.TELEMETRY,
        0x6,
        _SHMTI if shown else _NO_SHMTI,
        telemetry.offset(session, chosen[0]) if one else 0,
        0,
    )


def enabled_list(session: Session, index: int, flags: int) -> bytes:
    """TELEMETRY_DE_ENABLED_LIST: what the agent has switched on."""
    require(flags == 0)
    found, modes = elements(session), setting_of(session).modes
    on = [(found[own].about.element, mode) for own, mode in sorted(modes.items()) if own in found]
    require(index < max(len(on), 1), Status.OUT_OF_RANGE)
    message = session.row(Protocol.TELEMETRY, 0x7)
    assert message.entries is not None
    pack = message.entries.entry.pack
    return part(session, message, on, index, lambda each: pack(*each))


def config_set(session: Session, group: int, control: int, interval: int) -> bytes:
    """TELEMETRY_CONFIG_SET: collect values in memory, or not; 0 as interval is the first one."""
    del group  # groups have no configuration of their own
    require(not control & ~0x1FF)
    require(control >> 5 == _ALL and control >> 1 & 0xF == 0, Status.NOT_SUPPORTED)
    known = [interval_word(each) for each in session.services.configuration.telemetry_intervals]
    require(interval in (0, *known), Status.OUT_OF_RANGE)
    setting = replace(setting_of(session), on=bool(control & _ON), interval=interval)
    change(session, setting)
    return DONE


def config_get(session: Session, group: int, flags: int) -> bytes:
    """TELEMETRY_CONFIG_GET."""
    del group
    require(not flags & ~0xF)
    require(flags == _ALL, Status.NOT_SUPPORTED)
    setting = setting_of(session)
    known = session.services.configuration.telemetry_intervals
    interval = setting.interval or interval_word(known[0])
    control = int(setting.on) | _ALL << 5
    return reply(session, Protocol.TELEMETRY, 0x9, control, interval)


def reset(session: Session, flags: int) -> bytes:
    """TELEMETRY_RESET: as when the agent connected."""
    require(flags == 0)
    change(session, Setting())
    return DONE


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: list_shmti,
        0x4: description,
        0x5: list_intervals,
        0x6: configure,
        0x7: enabled_list,
        0x8: config_set,
        0x9: config_get,
        0xA: reset,
    }
)
