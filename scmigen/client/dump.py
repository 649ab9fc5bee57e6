"""Everything an agent can see, as plain data: the output of ``scmigen client URL dump``."""

from collections.abc import Callable, Iterator, Mapping

from scmigen.client.channel import ClientError, ScmiError
from scmigen.client.commands import Client
from scmigen.data import Data, asdict
from scmigen.hints import Any, Final
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.scmi.units import unit

#: The attribute bit of a pin that has an extended name.
_EXTENDED_PIN_NAME: Final = 1 << 31
#: PINCTRL_SETTINGS_GET: all settings.
_ALL_SETTINGS: Final = 1 << 18
#: The most bytes that are read for a dump: what several hundred thousand resources need.
_MOST: Final = 32 << 20
_FUNCTION: Final = 2
_UNKNOWN: Final = 0xFFFF_FFFF
_POWER_STATES: Final = {0: "on", 0x4000_0000: "off"}
_ELEMENT_MODES: Final = {0: "off", 1: "on", 2: "with timestamps"}
_VOLTAGE_STATES: Final = {0: "off", 7: "on"}
_PERFORMANCE_BITS: Final = {"limits": 1 << 31, "level": 1 << 30}
_CLOCK_BITS: Final = {
    Operation.STATE: 1 << 31,
    Operation.PARENT: 1 << 30,
    Operation.RATE: 1 << 29,
}

Item = dict[str, Any]


def dump(client: Client) -> dict[str, Any]:
    """Protocol name → its resources, each with everything that can be read without changing it.
    Values that the platform does not give are left out; ``refused`` has those that it denies.
    Raises `ClientError`."""
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
            found[item.name] = list(_bounded(client, _SPECIAL[item.id](client)))
        elif item.id in _READ:
            found[item.name] = list(_bounded(client, _resources(client, Protocol(item.id))))
    return found


def _bounded(client: Client, items: Iterator[Item]) -> Iterator[Item]:
    begin = client.bytes
    for item in items:
        yield item
        if client.bytes - begin > _MOST:
            raise ClientError(f"{client.url}: more than {_MOST >> 20} MiB of resources")


class _Resource(Data):
    """A resource, the fields of its attributes, and the messages about it that were denied."""

    client: Client
    protocol: Protocol
    number: int
    fields: tuple[Any, ...]
    denied: list[int]

    def value(self, message: int, field: int = 0) -> Any:
        """A field of the reply to a message about this resource; ``None`` if it is refused. What
        the request has besides, such as the number of a limit, is zero."""
        try:
            more = len(self.client.message(self.protocol, message).request.fields) - 1
            return self.client.call(self.protocol, message, self.number, *[0] * more)[field]
        except ScmiError as refusal:
            self._refused(message, refusal)
            return None

    def entries(self, message: int) -> list[Any] | None:
        """The entries of a multi-part reply; ``None`` if it is refused."""
        try:
            entries = list(self.client.entries(self.protocol, message, self.number))
        except ScmiError as refusal:
            self._refused(message, refusal)
            return None
        return [entry[0] if len(entry) == 1 else list(entry) for entry in entries]

    def _refused(self, message: int, refusal: ScmiError) -> None:
        if refusal.status == Status.DENIED:
            self.denied.append(message)


def _named(value: int | None, names: Mapping[int, str]) -> Any:
    return None if value is None else names.get(value, value)


def _bits(word: int | None, names: Mapping[Any, int]) -> list[str] | None:
    return None if word is None else [str(name) for name, bit in names.items() if word & bit]


def _unless_unknown(value: int) -> int | None:
    return None if value == _UNKNOWN else value


#: The values read from each resource, in the order of the output; ``None`` is left out.
_READ: Final[Mapping[Protocol, Mapping[str, Callable[[_Resource], Any]]]] = {
    Protocol.POWER: {"state": lambda it: _named(it.value(0x5), _POWER_STATES)},
    Protocol.PERFORMANCE: {
        "may": lambda it: _bits(it.fields[0], _PERFORMANCE_BITS),
        "level": lambda it: it.value(0x8),
        "maximum": lambda it: it.value(0x6),
        "minimum": lambda it: it.value(0x6, 1),
        "levels": lambda it: it.entries(0x4),
    },
    Protocol.CLOCK: {
        "enabled": lambda it: bool(it.fields[0] & 1),
        "rate": lambda it: it.value(0x6),
        "rates": lambda it: it.entries(0x4),
        "parent": lambda it: it.value(0xE),
        "parents": lambda it: it.entries(0xC),
        "may": lambda it: _bits(it.value(0xF), _CLOCK_BITS),
    },
    Protocol.RESET: {"latency": lambda it: _unless_unknown(it.fields[1])},
    Protocol.VOLTAGE: {
        "state": lambda it: _named(it.value(0x6), _VOLTAGE_STATES),
        "level": lambda it: it.value(0x8),
        "levels": lambda it: it.entries(0x4),
    },
    Protocol.POWERCAP: {
        "cap": lambda it: it.value(0x4),
        "caps": lambda it: list(it.fields[5:8]),
        "interval": lambda it: it.value(0x6),
        "intervals": lambda it: list(it.fields[2:5]),
        "power": lambda it: it.value(0x9),
        "parent": lambda it: _unless_unknown(it.fields[10]),
    },
}


def _resources(client: Client, protocol: Protocol) -> Iterator[Item]:
    for number, name, fields in client.each(protocol):
        resource = _Resource(client, protocol, number, fields, [])
        found: Item = {}
        refused = []
        for key, read in _READ[protocol].items():
            resource.denied.clear()
            found[key] = read(resource)
            if resource.denied:
                refused.append(key)
        yield {"id": number, "name": name} | _known(found | {"refused": refused or None})


def clock_topology(client: Client) -> list[Item]:
    """The clocks that the agent can see, and what feeds each, as far as the platform tells:
    ``parent`` now, ``parents`` all that it can be switched to. Raises `ClientError`."""

    def items() -> Iterator[Item]:
        for number, name, fields in client.each(Protocol.CLOCK):
            read = _READ[Protocol.CLOCK]
            resource = _Resource(client, Protocol.CLOCK, number, fields, [])
            found = {key: read[key](resource) for key in ("enabled", "parent", "parents")}
            yield {"id": number, "name": name} | _known(found)

    return list(_bounded(client, items()))


def _known(values: Item) -> Item:
    return {key: value for key, value in values.items() if value is not None}


def _sensors(client: Client) -> Iterator[Item]:
    for sensor in client.sensors():
        yield _known(asdict(sensor))


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
    try:
        parts = list(client.parts(Protocol.PINCTRL, 0x5, number, _ALL_SETTINGS | kind << 16))
    except ScmiError:
        return {}
    found = [[entry["type"], entry["value"]] for part in parts for entry in part["entries"]]
    function = parts[-1]["function"]
    return _known({"function": _unless_unknown(function)}) | {"settings": found}


def _telemetry(client: Client) -> Iterator[Item]:
    """The data elements, with what is switched on for this agent."""
    if client.call(Protocol.TELEMETRY, 0x1)[0] == 0:
        return
    modes = {entry[0]: entry[1] for entry in client.entries(Protocol.TELEMETRY, 0x7)}
    for part in client.parts(Protocol.TELEMETRY, 0x4):
        for entry in part["entries"]:
            number, word = entry["element"], entry["attributes"]
            exponent = word >> 13 & 0xFF
            found = {
                "group": _unless_unknown(entry["group"]),
                "size": entry["size"],
                "unit": unit(word >> 5 & 0xFF, exponent - 256 if exponent & 0x80 else exponent),
                "rate": entry.get("rate"),
                "mode": _named(modes.get(number, 0), _ELEMENT_MODES),
            }
            yield {"id": number, "name": entry.get("name")} | _known(found)


_SPECIAL: Final[Mapping[int, Callable[[Client], Iterator[Item]]]] = {
    Protocol.SENSOR: _sensors,
    Protocol.PINCTRL: _pins,
    Protocol.TELEMETRY: _telemetry,
}
