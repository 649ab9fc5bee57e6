"""Everything an agent can see, as plain data: what ``scmigen client URL dump`` prints."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from scmigen.client.agent import Client
from scmigen.client.channel import ClientError, ScmiError
from scmigen.scmi.layouts import name_text
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Protocol

#: Attributes of a sensor, and of a pin, that say its name is longer.
_EXTENDED_NAME: Final = 1 << 29
_EXTENDED_PIN_NAME: Final = 1 << 31
#: PINCTRL_SETTINGS_GET: all settings; the most that a part can begin at.
_ALL_SETTINGS: Final = 1 << 18
_SETTINGS: Final = 0xFF
_FUNCTION: Final = 2
_PERMISSIONS: Final = (
    (Operation.STATE, 1 << 31),
    (Operation.PARENT, 1 << 30),
    (Operation.RATE, 1 << 29),
)

Item = dict[str, Any]


def dump(client: Client) -> dict[str, Any]:
    """Protocol name → its resources, each with all that can be asked for without changing it; what
    is refused is left out. Raises `ClientError`."""
    info = client.info()
    found: dict[str, Any] = {
        "vendor": info.vendor,
        "sub_vendor": info.sub_vendor,
        "implementation_version": info.implementation_version,
        "agent": info.agent,
        "agents": {str(number): name for number, name in info.agents.items()},
        "protocols": {item.name: ".".join(map(str, item.version)) for item in info.protocols},
    }
    for item in info.protocols:
        if item.id in _SPECIAL:
            found[item.name] = list(_SPECIAL[item.id](client))
        elif item.id in _READ:
            found[item.name] = list(_resources(client, Protocol(item.id)))
    return found


#: What reads one thing of a resource: given its id and the fields of its attributes. ``None`` is
#: left out.
Reader = Callable[[Client, int, tuple[Any, ...]], Any]


def _value(protocol: Protocol, message: int, field: int = 0) -> Reader:
    """A field of the reply to a message with the id alone."""

    def read(client: Client, number: int, _: tuple[Any, ...]) -> Any:
        try:
            return client.call(protocol, message, number)[field]
        except ScmiError:
            return None

    return read


def _state(protocol: Protocol, message: int, names: Mapping[int, str]) -> Reader:
    """The same, by a name where it has one."""
    value = _value(protocol, message)

    def read(client: Client, number: int, fields: tuple[Any, ...]) -> Any:
        found = value(client, number, fields)
        return names.get(found, found)

    return read


def _entries(protocol: Protocol, message: int) -> Reader:
    """The entries of a multi-part reply."""

    def read(client: Client, number: int, _: tuple[Any, ...]) -> Any:
        try:
            entries = list(client.parts(protocol, message, number))
        except ScmiError:
            return None
        return [entry[0] if len(entry) == 1 else list(entry) for entry in entries]

    return read


def _bits(read: Reader, names: Sequence[tuple[str, int]]) -> Reader:
    """The names of the bits that a word has."""

    def found(client: Client, number: int, fields: tuple[Any, ...]) -> Any:
        word = read(client, number, fields)
        return None if word is None else [str(name) for name, bit in names if word & bit]

    return found


def _attribute(field: int, missing: int | None = None) -> Reader:
    """A field of the attributes; one value stands for "none"."""
    return lambda _, __, fields: None if fields[field] == missing else fields[field]


_UNKNOWN: Final = 0xFFFF_FFFF
#: What is read of the resources of a protocol, in the order it is shown.
_READ: Final[Mapping[Protocol, Mapping[str, Reader]]] = {
    Protocol.POWER: {"state": _state(Protocol.POWER, 0x5, {0: "on", 0x4000_0000: "off"})},
    Protocol.PERFORMANCE: {
        "may": _bits(_attribute(0), (("limits", 1 << 31), ("level", 1 << 30))),
        "level": _value(Protocol.PERFORMANCE, 0x8),
        "maximum": _value(Protocol.PERFORMANCE, 0x6),
        "minimum": _value(Protocol.PERFORMANCE, 0x6, 1),
        "levels": _entries(Protocol.PERFORMANCE, 0x4),
    },
    Protocol.CLOCK: {
        "enabled": lambda _, __, fields: bool(fields[0] & 1),
        "rate": _value(Protocol.CLOCK, 0x6),
        "rates": _entries(Protocol.CLOCK, 0x4),
        "parent": _value(Protocol.CLOCK, 0xE),
        "parents": _entries(Protocol.CLOCK, 0xC),
        "may": _bits(_value(Protocol.CLOCK, 0xF), _PERMISSIONS),
    },
    Protocol.RESET: {"latency": _attribute(1, _UNKNOWN)},
    Protocol.VOLTAGE: {
        "state": _state(Protocol.VOLTAGE, 0x6, {0: "off", 7: "on"}),
        "level": _value(Protocol.VOLTAGE, 0x8),
        "levels": _entries(Protocol.VOLTAGE, 0x4),
    },
    Protocol.POWERCAP: {
        "cap": _value(Protocol.POWERCAP, 0x4),
        "caps": lambda _, __, fields: list(fields[5:8]),
        "interval": _value(Protocol.POWERCAP, 0x6),
        "intervals": lambda _, __, fields: list(fields[2:5]),
        "power": _value(Protocol.POWERCAP, 0x9),
        "parent": _attribute(10, _UNKNOWN),
    },
}


def _resources(client: Client, protocol: Protocol) -> Iterator[Item]:
    for number, name, fields in client.each(protocol):
        found = {key: read(client, number, fields) for key, read in _READ[protocol].items()}
        yield {"id": number, "name": name} | _known(found)


def _known(values: Item) -> Item:
    return {key: value for key, value in values.items() if value is not None}


def _sensors(client: Client) -> Iterator[Item]:
    longer = _value(Protocol.SENSOR, 0xC, 1)
    index, total = 0, client.count(Protocol.SENSOR)
    while index < total:
        found = client.ask("SENSOR_DESCRIPTION_GET", index=index)["entries"]
        if not found:
            raise ClientError(f"{client.url}: the list of sensors ends early")
        index += len(found)
        for sensor in found:
            number, high = sensor["sensor"], sensor["attributes_high"]
            name = sensor["name"]
            if sensor["attributes_low"] & _EXTENDED_NAME:
                long_name = longer(client, number, ())
                name = name_text(long_name) if long_name is not None else name
            exponent = high >> 11 & 0x1F
            about = {
                "type": high & 0xFF,
                "exponent": exponent - (32 if exponent & 0x10 else 0),
                "reading": _reading(client, number),
            }
            yield {"id": number, "name": name} | _known(about)


def _reading(client: Client, number: int) -> list[int] | None:
    try:
        found = client.ask("SENSOR_READING_GET", sensor=number)
    except ScmiError:
        return None
    return [entry["value"] for entry in found.get("entries", [found])]


def _pins(client: Client) -> Iterator[Item]:
    low, high = client.call(Protocol.PINCTRL, 0x1)
    counts = (low & 0xFFFF, low >> 16, high & 0xFFFF)
    for kind, (what, count) in enumerate(zip(("pin", "group", "function"), counts, strict=True)):
        for number in range(count):
            try:
                about = client.ask("PINCTRL_ATTRIBUTES", id=number, flags=kind)
            except ScmiError:
                continue
            name = about["name"]
            if about["attributes"] & _EXTENDED_PIN_NAME:
                name = client.ask("PINCTRL_NAME_GET", id=number, flags=kind)["name"]
            item = {"id": number, "what": what, "name": name}
            yield item if kind == _FUNCTION else item | _settings(client, number, kind)


def _settings(client: Client, number: int, kind: int) -> Item:
    """The function of a pin or group, and its settings."""
    found: list[list[int]] = []
    while True:
        word = _ALL_SETTINGS | kind << 16 | len(found) << 8
        try:
            part = client.ask("PINCTRL_SETTINGS_GET", id=number, attributes=word)
        except ScmiError:
            return {}
        found += [[entry["type"], entry["value"]] for entry in part["entries"]]
        if not part["entries"] or not part["count"] >> 24 or len(found) > _SETTINGS:
            function = part["function"]
            return _known({"function": None if function == _UNKNOWN else function}) | {
                "settings": found
            }


_SPECIAL: Final[Mapping[int, Callable[[Client], Iterator[Item]]]] = {
    Protocol.SENSOR: _sensors,
    Protocol.PINCTRL: _pins,
}
