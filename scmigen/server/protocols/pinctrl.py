"""The pin control protocol, 0x19 (DEN0056, section 4.11): pins, groups of them, and functions.

An agent is granted pins. A group is there for an agent that sees all its pins, and does with it
what it may do with each of them; a function, for everyone. What is hidden has an inert descriptor,
since agents know pins and groups by position and give up where one is missing. Changing what
another agent has asked for is IN_USE.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scmigen.scmi.layouts import name_field
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import EXTENDED_NAME_SIZE, SHORT_NAME_SIZE, Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.base import target_of
from scmigen.server.protocols.handler import DONE, RequestError, Served, counted, require, row
from scmigen.server.state import Pin

if TYPE_CHECKING:
    from scmigen.server.agent import Agent

_PIN, _GROUP, _FUNCTION = range(3)
#: PINCTRL_ATTRIBUTES.
_EXTENDED_NAME: Final = 1 << 31
_GPIO: Final = 1 << 17
_PINS_ONLY: Final = 1 << 16
#: PINCTRL_SETTINGS_GET attributes: what to read, from where, of what.
_ONE, _ALL, _FUNCTION_ONLY = range(3)
_GET_RESERVED: Final = ~0xF_FFFF & 0xFFFF_FFFF
_NO_FUNCTION: Final = 0xFFFF_FFFF
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


@dataclass(frozen=True, slots=True)
class _Found:
    """What a message is about: its name, and the pins it stands for (none for a function)."""

    name: str
    pins: tuple[Pin, ...]
    members: tuple[int, ...] = ()
    flags: int = 0


def attributes(agent: "Agent") -> bytes:
    """PROTOCOL_ATTRIBUTES: the numbers of pins, groups and functions."""
    platform = agent.server.configuration
    pins = counted(agent, Protocol.PINCTRL)
    return _PROTOCOL(pins | len(platform.pin_groups) << 16, len(platform.pin_functions))


def _pin(agent: "Agent", number: int) -> _Found:
    view = agent.views[Kind.PIN]
    pin = view.named.get(number)
    if not isinstance(pin, Pin):
        raise RequestError(view.refusal(number))
    return _Found(pin.name, (pin,))


def _group(agent: "Agent", number: int) -> _Found:
    groups = agent.server.configuration.pin_groups
    require(number < len(groups), Status.NOT_FOUND)
    ids = agent.views[Kind.PIN].ids
    require(all(pin in ids for pin in groups[number].pins), Status.NOT_FOUND)
    members = tuple(ids[pin] for pin in groups[number].pins)
    pins = tuple(pin for own in members for pin in _pin(agent, own).pins)
    return _Found(groups[number].name, pins, members, len(members))


def _function(agent: "Agent", number: int) -> _Found:
    """A function, with all its groups, hidden ones too: agents give up on a function without. One
    of single pins has the agent's pins."""
    functions = agent.server.configuration.pin_functions
    require(number < len(functions), Status.NOT_FOUND)
    function = functions[number]
    pins = tuple(sorted(agent.views[Kind.PIN].named))
    members = pins if function.pins_only else function.groups
    flags = (_GPIO if function.gpio else 0) | (_PINS_ONLY if function.pins_only else 0)
    return _Found(function.name, (), members, flags | len(members))


def _sees(agent: "Agent", group: int) -> bool:
    ids = agent.views[Kind.PIN].ids
    return all(pin in ids for pin in agent.server.configuration.pin_groups[group].pins)


def _seen(agent: "Agent", group: int) -> tuple[int, ...]:
    """Those pins of a group that the agent can see."""
    ids = agent.views[Kind.PIN].ids
    pins = agent.server.configuration.pin_groups[group].pins
    return tuple(ids[pin] for pin in pins if pin in ids)


def _is_hidden(agent: "Agent", number: int, selector: int) -> bool:
    """Whether there is such a pin or group, and the agent cannot see it."""
    if selector == _PIN:
        view = agent.views[Kind.PIN]
        return number < view.count and number not in view.named
    return number < len(agent.server.configuration.pin_groups) and not _sees(agent, number)


_SELECT: Final = {_PIN: _pin, _GROUP: _group, _FUNCTION: _function}


def _find(agent: "Agent", number: int, selector: int) -> _Found:
    require(selector in _SELECT)
    return _SELECT[selector](agent, number)


def _open(agent: "Agent", number: int, selector: int, operation: Operation) -> _Found:
    """A pin or a group that the agent may do ``operation`` with."""
    require(selector in (_PIN, _GROUP))
    found = _find(agent, number, selector)
    view = agent.views[Kind.PIN]
    for pin in found.pins:
        if operation not in view.operations[view.ids[pin.number]]:
            raise RequestError(Status.DENIED, f"pin {view.ids[pin.number]} ({pin.name})")
    return found


def describe(agent: "Agent", number: int, flags: int) -> bytes:
    """PINCTRL_ATTRIBUTES; of what is hidden a name that says so."""
    require(flags in _SELECT)
    if flags != _FUNCTION and _is_hidden(agent, number, flags):
        count = len(_seen(agent, number)) if flags == _GROUP else 0
        return _ATTRIBUTES(count, name_field(f"reserved-{number}", SHORT_NAME_SIZE))
    found = _find(agent, number, flags)
    word = found.flags | (_EXTENDED_NAME if len(found.name) >= SHORT_NAME_SIZE else 0)
    return _ATTRIBUTES(word, name_field(found.name, SHORT_NAME_SIZE))


def list_associations(agent: "Agent", number: int, flags: int, index: int) -> bytes:
    """PINCTRL_LIST_ASSOCIATIONS: the pins of a group, the groups of a function."""
    require(flags in (_GROUP, _FUNCTION))
    if flags == _GROUP and _is_hidden(agent, number, flags):
        members = _seen(agent, number)
    else:
        members = _find(agent, number, flags).members
    require(index < len(members) or index == 0, Status.OUT_OF_RANGE)
    assert _ASSOCIATIONS.entries is not None
    room = (agent.room - _ASSOCIATIONS.reply.size) // 4 * 4
    count, word = _ASSOCIATIONS.entries.part(len(members), index, room)
    pack = _ASSOCIATIONS.entries.entry.pack
    part = b"".join([pack(member) for member in members[index : index + count]])
    return _ASSOCIATIONS.reply.pack(word) + part + bytes(-len(part) % 4)


def _common_function(pins: tuple[Pin, ...]) -> int:
    functions = {pin.function for pin in pins}
    found = functions.pop() if len(functions) == 1 else None
    return _NO_FUNCTION if found is None else found


def settings_get(agent: "Agent", number: int, word: int) -> bytes:
    """PINCTRL_SETTINGS_GET: one setting, all (by type, ascending), or the function. A group has
    what all its pins have."""
    what, selector = word >> 18 & 3, word >> 16 & 3
    skip, wanted = word >> 8 & 0xFF, word & 0xFF
    require(not word & _GET_RESERVED and what <= _FUNCTION_ONLY)
    found = _open(agent, number, selector, Operation.READ)
    function = _common_function(found.pins)
    if what == _FUNCTION_ONLY:
        return _SETTINGS.reply.pack(function, 0)
    settings = sorted(set.intersection(*(set(pin.settings.items()) for pin in found.pins)))
    if what == _ONE:
        settings = [setting for setting in settings if setting[0] == wanted]
        require(bool(settings), Status.NOT_SUPPORTED)
        skip = 0
    require(skip < len(settings) or skip == 0)
    assert _SETTINGS.entries is not None
    room = agent.room - _SETTINGS.reply.size
    count, part = _SETTINGS.entries.part(len(settings), skip, room)
    pack = _SETTINGS.entries.entry.pack
    pairs = b"".join([pack(*setting) for setting in settings[skip : skip + count]])
    return _SETTINGS.reply.pack(function, part) + pairs


def _pairs(tail: bytes) -> Iterator[tuple[int, int]]:
    assert _SETTING.request_tail is not None
    for at in range(0, len(tail), _SETTING.request_tail.size):
        kind, value = _SETTING.request_tail.unpack_from(tail, at)
        yield kind, value


def settings_configure(
    agent: "Agent", number: int, function: int, word: int, tail: bytes = b""
) -> bytes:
    """PINCTRL_SETTINGS_CONFIGURE: all of it, or nothing. A pin can be given the settings and the
    functions it has."""
    selector, pairs = word & 3, tuple(_pairs(tail))
    require(not word & _SET_RESERVED and len(pairs) == (word >> 2 & 0xFF))
    found = _open(agent, number, selector, Operation.CONFIG)
    _in_use(agent, found)
    require(
        all(kind in pin.settings for pin in found.pins for kind, _ in pairs), Status.NOT_SUPPORTED
    )
    if word & _SET_FUNCTION:
        functions = agent.server.configuration.pin_functions
        require(function < len(functions), Status.NOT_FOUND)
        wanted = functions[function]
        require(wanted.pins_only == (selector == _PIN), Status.NOT_SUPPORTED)
        require(selector == _PIN or number in wanted.groups, Status.NOT_SUPPORTED)
    for pin in found.pins:
        for kind, value in pairs:
            pin.configure(kind, value)
        if word & _SET_FUNCTION:
            pin.use(function)
    return DONE


def _in_use(agent: "Agent", found: _Found) -> None:
    if any(pin.owner not in (None, agent.id) for pin in found.pins):
        raise RequestError(Status.IN_USE)


def request(agent: "Agent", number: int, flags: int) -> bytes:
    """PINCTRL_REQUEST: nobody else may change it until it is released."""
    found = _open(agent, number, flags, Operation.CONFIG)
    _in_use(agent, found)
    for pin in found.pins:
        pin.owner = agent.id
    return DONE


def release(agent: "Agent", number: int, flags: int) -> bytes:
    """PINCTRL_RELEASE: of what the agent has asked for."""
    found = _open(agent, number, flags, Operation.CONFIG)
    require(all(pin.owner == agent.id for pin in found.pins))
    for pin in found.pins:
        pin.owner = None
    return DONE


def set_permissions(agent: "Agent", target: int, number: int, flags: int) -> bytes:
    """PINCTRL_SET_PERMISSIONS: open pins to an agent, or close them, by the sender's ids. What the
    configuration does not grant is DENIED, and NOT_FOUND where it is to be taken away."""
    require(not flags & ~(_SELECTOR | _ALLOW) and flags & _SELECTOR in (_PIN, _GROUP))
    found = target_of(agent, target)
    pins = _find(agent, number, flags & _SELECTOR).pins
    granted = {grant.resource for grant in found.configuration.grants.get(Kind.PIN, ())}
    allow = bool(flags & _ALLOW)
    for pin in pins:
        if pin.number not in granted:
            status = Status.DENIED if allow else Status.NOT_FOUND
            raise RequestError(status, f"pin {pin.number} ({pin.name}) for {found.name}")
    agent.server.permissions.open_pins(found.id, [pin.number for pin in pins], allow)
    agent.server.permissions_changed(found)
    return DONE


def name_get(agent: "Agent", number: int, flags: int) -> bytes:
    """PINCTRL_NAME_GET."""
    return bytes(4) + name_field(_find(agent, number, flags).name, EXTENDED_NAME_SIZE)


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
