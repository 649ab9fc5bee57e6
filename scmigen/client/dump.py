"""Everything an agent can see, as plain data: what ``scmigen client URL dump`` prints."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from scmigen.client.agent import Client
from scmigen.client.channel import ClientError, ScmiError
from scmigen.scmi.layouts import name_text
from scmigen.scmi.messages import EXTENDED_RANGE, EXTENDED_SENSOR
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Protocol

_TRIPLET: Final = 1 << 12
_EXTENDED: Final = 1 << 8
_AXES: Final = 1 << 8
_EXTENDED_NAME: Final = 1 << 29
_OFF: Final = {0: "on", 0x4000_0000: "off"}
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
        reader = _READERS.get(item.id)
        if reader is not None:
            found[item.name] = list(reader(client))
    return found


def _ask(client: Client, protocol: Protocol, message: int, *words: int) -> tuple[Any, ...] | None:
    try:
        return client.call(protocol, message, *words)
    except ScmiError:
        return None


def _first(client: Client, protocol: Protocol, message: int, *words: int) -> Any:
    found = _ask(client, protocol, message, *words)
    return None if found is None else found[0]


def _list(client: Client, protocol: Protocol, message: int, number: int) -> list[Any] | None:
    try:
        entries = list(client.parts(protocol, message, number))
    except ScmiError:
        return None
    return [entry[0] if len(entry) == 1 else list(entry) for entry in entries]


def _known(**values: Any) -> Item:
    return {key: value for key, value in values.items() if value is not None}


def _bits(permissions: int | None) -> list[str] | None:
    if permissions is None:
        return None
    return [str(operation) for operation, bit in _PERMISSIONS if permissions & bit]


def _clocks(client: Client) -> Iterator[Item]:
    for number, name, fields in client.each(Protocol.CLOCK):
        permissions = _first(client, Protocol.CLOCK, 0xF, number)
        yield _known(
            id=number,
            name=name,
            enabled=bool(fields[0] & 1),
            rate=_first(client, Protocol.CLOCK, 0x6, number),
            rates=_list(client, Protocol.CLOCK, 0x4, number),
            parent=_first(client, Protocol.CLOCK, 0xE, number),
            parents=_list(client, Protocol.CLOCK, 0xC, number),
            may=None
            if permissions is None
            else [o for o, bit in _PERMISSIONS if permissions & bit],
        )


def _power(client: Client) -> Iterator[Item]:
    for number, name, _ in client.each(Protocol.POWER):
        state = _first(client, Protocol.POWER, 0x5, number)
        yield _known(id=number, name=name, state=_OFF.get(state, state))


def _performance(client: Client) -> Iterator[Item]:
    for number, name, fields in client.each(Protocol.PERFORMANCE):
        limits = _ask(client, Protocol.PERFORMANCE, 0x6, number)
        yield _known(
            id=number,
            name=name,
            may=[o for o, bit in (("limits", 1 << 31), ("level", 1 << 30)) if fields[0] & bit],
            level=_first(client, Protocol.PERFORMANCE, 0x8, number),
            maximum=limits and limits[0],
            minimum=limits and limits[1],
            levels=_list(client, Protocol.PERFORMANCE, 0x4, number),
        )


def _resets(client: Client) -> Iterator[Item]:
    for number, name, fields in client.each(Protocol.RESET):
        latency = None if fields[1] == 0xFFFF_FFFF else fields[1]
        yield _known(id=number, name=name, latency=latency)


def _voltage(client: Client) -> Iterator[Item]:
    for number, name, _ in client.each(Protocol.VOLTAGE):
        config = _first(client, Protocol.VOLTAGE, 0x6, number)
        yield _known(
            id=number,
            name=name,
            state={0: "off", 7: "on"}.get(config, config),
            level=_first(client, Protocol.VOLTAGE, 0x8, number),
            levels=_list(client, Protocol.VOLTAGE, 0x4, number),
        )


def _powercaps(client: Client) -> Iterator[Item]:
    for number, name, fields in client.each(Protocol.POWERCAP):
        measured = _ask(client, Protocol.POWERCAP, 0x9, number)
        yield _known(
            id=number,
            name=name,
            cap=_first(client, Protocol.POWERCAP, 0x4, number),
            caps=list(fields[5:8]),
            interval=_first(client, Protocol.POWERCAP, 0x6, number),
            intervals=list(fields[2:5]),
            power=measured and measured[0],
            parent=None if fields[10] == 0xFFFF_FFFF else fields[10],
        )


def _sensors(client: Client) -> Iterator[Item]:
    total, index = client.count(Protocol.SENSOR), 0
    while index < total:
        found = list(_descriptors(client, index))
        if not found:
            raise ClientError(f"{client.url}: the list of sensors ends early")
        yield from found
        index += len(found)


def _descriptors(client: Client, index: int) -> Iterator[Item]:
    """The sensors of one reply, whose descriptors differ in length."""
    message = client.message(Protocol.SENSOR, 0x3)
    assert message.entries is not None
    (word,), rest = client.exchange(Protocol.SENSOR, message, (index,))
    at = 0
    for _ in range(word & 0xFFF):
        if len(rest) < at + message.entries.entry.size:
            raise ClientError(f"{client.url}: {message.name} has fewer entries than it says")
        number, low, high, name = message.entries.entry.unpack_from(rest, at)
        at += message.entries.entry.size
        if client.version(Protocol.SENSOR) >= 0x20000 and low & _EXTENDED:
            at += EXTENDED_SENSOR.size + (0 if high & _AXES else EXTENDED_RANGE.size)
        longer = _ask(client, Protocol.SENSOR, 0xC, number) if low & _EXTENDED_NAME else None
        yield _known(
            id=number,
            name=name_text(longer[1] if longer else name),
            type=high & 0xFF,
            exponent=(high >> 11 & 0x1F) - (32 if high >> 11 & 0x10 else 0),
            reading=_reading(client, number),
        )


def _reading(client: Client, number: int) -> list[int] | None:
    message = client.message(Protocol.SENSOR, 0x6)
    try:
        fields, rest = client.exchange(Protocol.SENSOR, message, (number, 0))
    except ScmiError:
        return None
    if message.reply_tail is None:
        return [fields[0]]
    size = message.reply_tail.size
    whole = range(0, len(rest) - size + 1, size)
    return [message.reply_tail.unpack_from(rest, at)[0] for at in whole]


def _pins(client: Client) -> Iterator[Item]:
    low, high = client.call(Protocol.PINCTRL, 0x1)
    counts = (low & 0xFFFF, low >> 16, high & 0xFFFF)
    for selector, (what, count) in enumerate(
        zip(("pin", "group", "function"), counts, strict=True)
    ):
        for number in range(count):
            found = _ask(client, Protocol.PINCTRL, 0x3, number, selector)
            if found is not None:
                yield {"id": number, "what": what, "name": name_text(found[1])}


_READERS: Final[dict[int, Callable[[Client], Iterator[Item]]]] = {
    Protocol.POWER: _power,
    Protocol.PERFORMANCE: _performance,
    Protocol.CLOCK: _clocks,
    Protocol.SENSOR: _sensors,
    Protocol.RESET: _resets,
    Protocol.VOLTAGE: _voltage,
    Protocol.POWERCAP: _powercaps,
    Protocol.PINCTRL: _pins,
}
