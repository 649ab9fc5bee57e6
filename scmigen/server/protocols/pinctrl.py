"""The pin control protocol, 0x19 (DEN0056, section 4.11): pins, groups of pins, and functions.

Grants are on pins. An agent has a group if it is granted all of its pins (`scmigen.server.pins`),
and may do with the group what it may do with each of them. Hidden pins, and groups with pins that
are closed at run time, have placeholder names, because agents know them by position and give up if
one is missing. A pin that another agent has requested is IN_USE.
"""

from collections.abc import Iterator

from scmigen.data import Data
from scmigen.hints import Final
from scmigen.scmi.layouts import name_field
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import EXTENDED_NAME_SIZE, SHORT_NAME_SIZE, Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.base import target_of
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    counted,
    part,
    require,
    reserved_name,
    row,
)
from scmigen.server.session import Session
from scmigen.server.state import NO_FUNCTION, Pin

_PIN, _GROUP, _FUNCTION = range(3)
#: PINCTRL_ATTRIBUTES.
_EXTENDED_NAME: Final = 1 << 31
_GPIO: Final = 1 << 17
_PINS_ONLY: Final = 1 << 16
#: PINCTRL_SETTINGS_GET attributes: what to read, where to start, and of which kind of item.
_ONE, _ALL, _FUNCTION_ONLY = range(3)
_GET_RESERVED: Final = ~0xF_FFFF & 0xFFFF_FFFF
#: PINCTRL_SET_PERMISSIONS flags.
_SELECTOR: Final = 3
_ALLOW: Final = 1 << 2
#: PINCTRL_SETTINGS_CONFIGURE attributes.
_SET_FUNCTION: Final = 1 << 10
_SET_RESERVED: Final = ~0x7FF & 0xFFFF_FFFF

_PROTOCOL: Final = row(Protocol.PINCTRL, 0x1).reply.pack
_ATTRIBUTES: Final = row(Protocol.PINCTRL, 0x3).reply.pack
_ASSOCIATIONS: Final = row(Protocol.PINCTRL, 0x4)
_SETTINGS: Final = row(Protocol.PINCTRL, 0x5)
_SETTING: Final = row(Protocol.PINCTRL, 0x6)


class _Item(Data):
    """A pin, group or function: its name and pins (none for a function), its ``members`` (pins of a
    group, groups of a function) and its attribute ``flags``."""

    name: str
    pins: tuple[Pin, ...]
    members: tuple[int, ...] = ()
    flags: int = 0


def attributes(session: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: the agent's numbers of pins, groups and functions."""
    pins, tables = counted(session, Protocol.PINCTRL), session.pins
    return _PROTOCOL(pins | len(tables.groups) << 16, len(tables.functions))


def _pin(session: Session, number: int) -> _Item:
    view = session.views[Kind.PIN]
    pin = view.named.get(number)
    if not isinstance(pin, Pin):
        raise RequestError(view.refusal(number), view.describe(number))
    return _Item(pin.name, (pin,))


def _group(session: Session, number: int) -> _Item:
    require(number < len(session.pins.groups), Status.NOT_FOUND)
    group, named = session.pins.groups[number], session.views[Kind.PIN].named
    if not all(own in named for own in group.pins):
        raise RequestError(Status.NOT_FOUND, f"pin group {number} ({group.name})")
    pins = tuple(pin for own in group.pins for pin in _pin(session, own).pins)
    return _Item(group.name, pins, group.pins, len(group.pins))


def _function(session: Session, number: int) -> _Item:
    require(number < len(session.pins.functions), Status.NOT_FOUND)
    function = session.pins.functions[number]
    about, members = function.about, function.members
    flags = (_GPIO if about.gpio else 0) | (_PINS_ONLY if about.pins_only else 0)
    return _Item(about.name, (), members, flags | len(members))


def _is_hidden(session: Session, number: int, selector: int) -> bool:
    """Whether the agent has the number of a pin or group that it may not see, or not now."""
    view, groups = session.views[Kind.PIN], session.pins.groups
    if selector == _PIN:
        return number < view.count and number not in view.named
    return number < len(groups) and any(own not in view.named for own in groups[number].pins)


_SELECT: Final = {_PIN: _pin, _GROUP: _group, _FUNCTION: _function}


def _find(session: Session, number: int, selector: int) -> _Item:
    require(selector in _SELECT)
    return _SELECT[selector](session, number)


def _open(session: Session, number: int, selector: int, operation: Operation) -> _Item:
    """The pin or group, on which the agent is allowed ``operation``."""
    require(selector in (_PIN, _GROUP))
    found = _find(session, number, selector)
    view = session.views[Kind.PIN]
    for pin in found.pins:
        if operation not in view.operations[view.ids[pin.number]]:
            raise RequestError(Status.DENIED, f"pin {view.ids[pin.number]} ({pin.name})")
    return found


def describe(session: Session, number: int, flags: int) -> bytes:
    """PINCTRL_ATTRIBUTES; a placeholder name for hidden pins and groups."""
    require(flags in _SELECT)
    if flags != _FUNCTION and _is_hidden(session, number, flags):
        count = len(session.pins.groups[number].pins) if flags == _GROUP else 0
        return _ATTRIBUTES(count, reserved_name(number))
    found = _find(session, number, flags)
    word = found.flags | (_EXTENDED_NAME if len(found.name) >= SHORT_NAME_SIZE else 0)
    return _ATTRIBUTES(word, name_field(found.name, SHORT_NAME_SIZE))


def list_associations(session: Session, number: int, flags: int, index: int) -> bytes:
    """PINCTRL_LIST_ASSOCIATIONS: the pins of a group, the groups of a function; an odd number of
    them is not padded."""
    require(flags in (_GROUP, _FUNCTION))
    if flags == _GROUP and _is_hidden(session, number, flags):
        members = session.pins.groups[number].pins
    else:
        members = _find(session, number, flags).members
    require(index < len(members) or index == 0, Status.OUT_OF_RANGE)
    return part(session, _ASSOCIATIONS, members, index)


def _common_function(session: Session, pins: tuple[Pin, ...]) -> int:
    """The agent's number of the function that all pins have, if it has that function."""
    functions = {pin.function for pin in pins}
    found = functions.pop() if len(functions) == 1 else None
    return NO_FUNCTION if found is None else session.pins.functions_of.get(found, NO_FUNCTION)


def settings_get(session: Session, number: int, word: int) -> bytes:
    """PINCTRL_SETTINGS_GET: one setting, all settings (ascending by type), or the function. A group
    has the settings that all its pins share."""
    what, selector = word >> 18 & 3, word >> 16 & 3
    skip, wanted = word >> 8 & 0xFF, word & 0xFF
    require(not word & _GET_RESERVED and what <= _FUNCTION_ONLY)
    found = _open(session, number, selector, Operation.READ)
    function = _common_function(session, found.pins)
    if what == _FUNCTION_ONLY:
        return _SETTINGS.reply.pack(function, 0)
    settings = sorted(set.intersection(*(set(pin.settings.items()) for pin in found.pins)))
    if what == _ONE:
        settings = [setting for setting in settings if setting[0] == wanted]
        require(bool(settings), Status.NOT_SUPPORTED)
        skip = 0
    require(skip < len(settings) or skip == 0)
    assert _SETTINGS.entries is not None
    pack = _SETTINGS.entries.entry.pack
    return part(session, _SETTINGS, settings, skip, lambda it: pack(*it), (function,))


def _pairs(tail: bytes) -> Iterator[tuple[int, int]]:
    assert _SETTING.request_tail is not None
    for at in range(0, len(tail), _SETTING.request_tail.size):
        kind, value = _SETTING.request_tail.unpack_from(tail, at)
        yield kind, value


def settings_configure(
    session: Session, number: int, function: int, word: int, tail: bytes = b""
) -> bytes:
    """PINCTRL_SETTINGS_CONFIGURE: everything or nothing, limited to the settings and functions that
    the pins have."""
    selector, pairs = word & 3, tuple(_pairs(tail))
    require(not word & _SET_RESERVED and len(pairs) == (word >> 2 & 0xFF))
    found = _open(session, number, selector, Operation.CONFIG)
    _in_use(session, found)
    require(
        all(kind in pin.settings for pin in found.pins for kind, _ in pairs), Status.NOT_SUPPORTED
    )
    wanted = None
    if word & _SET_FUNCTION:
        require(function < len(session.pins.functions), Status.NOT_FOUND)
        wanted = session.pins.functions[function]
        require(wanted.about.pins_only == (selector == _PIN), Status.NOT_SUPPORTED)
        require(number in wanted.members, Status.NOT_SUPPORTED)
    for pin in found.pins:
        for kind, value in pairs:
            pin.configure(kind, value, session.id)
        if wanted is not None:
            pin.use(wanted.number, session.id)
    return DONE


def _in_use(session: Session, found: _Item) -> None:
    if any(pin.owner not in (None, session.id) for pin in found.pins):
        raise RequestError(Status.IN_USE)


def request(session: Session, number: int, flags: int) -> bytes:
    """PINCTRL_REQUEST: no other agent may change the pins until they are released."""
    found = _open(session, number, flags, Operation.CONFIG)
    _in_use(session, found)
    for pin in found.pins:
        pin.owner = session.id
    return DONE


def release(session: Session, number: int, flags: int) -> bytes:
    """PINCTRL_RELEASE: pins that the agent has requested."""
    found = _open(session, number, flags, Operation.CONFIG)
    require(all(pin.owner == session.id for pin in found.pins))
    for pin in found.pins:
        pin.owner = None
    return DONE


def set_permissions(session: Session, target: int, number: int, flags: int) -> bytes:
    """PINCTRL_SET_PERMISSIONS: open pins to an agent or close them, by the sender's ids. For pins
    that the configuration does not grant, opening is DENIED and closing NOT_FOUND."""
    require(not flags & ~(_SELECTOR | _ALLOW) and flags & _SELECTOR in (_PIN, _GROUP))
    found = target_of(session, target)
    pins = _find(session, number, flags & _SELECTOR).pins
    granted = {grant.resource for grant in found.configuration.grants.get(Kind.PIN, ())}
    allow = bool(flags & _ALLOW)
    for pin in pins:
        if pin.number not in granted:
            status = Status.DENIED if allow else Status.NOT_FOUND
            raise RequestError(status, f"pin {pin.number} ({pin.name}) for {found.name}")
    session.services.permissions.open_pins(found.id, [pin.number for pin in pins], allow)
    session.services.permissions_changed(found)
    return DONE


def name_get(session: Session, number: int, flags: int) -> bytes:
    """PINCTRL_NAME_GET."""
    return bytes(4) + name_field(_find(session, number, flags).name, EXTENDED_NAME_SIZE)


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: describe,
        0x4: list_associations,
        0x5: settings_get,
        0x6: settings_configure,
        0x7: request,
        0x8: release,
        0x9: name_get,
        0xA: set_permissions,
    }
)
