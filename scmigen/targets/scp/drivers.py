"""Which driver stands behind each HAL element: a mock, or what the agents file says.

``platform.drivers`` of the agents file maps the ``compatible`` of a provider to a driver for each
slot; `SYSTEM` in place of a compatible has what belongs to no provider. Without an entry the host
gets a mock, and a product an error that names the provider.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scmigen.bindings.addresses import regions
from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import string

#: In place of a compatible: drivers that belong to no provider.
SYSTEM = "system"


class Slot(StrEnum):
    """What a driver is for; the words of the agents file."""

    CLOCK = "clock"
    POWER = "power"
    RESET = "reset"
    VOLTAGE = "voltage"
    SENSOR = "sensor"
    SUPPLY = "performance-supply"
    SCALED = "performance-clock"
    TOP = "top-domain"
    DOORBELL = "doorbell"
    SHUTDOWN = "shutdown"
    ALARM = "system-power-alarm"
    FAST_ALARM = "fast-channel-alarm"


#: Slots of `SYSTEM`; a product must have the first two.
SYSTEM_SLOTS = (Slot.TOP, Slot.DOORBELL, Slot.SHUTDOWN, Slot.ALARM, Slot.FAST_ALARM)
#: Slots of `SYSTEM` that only some firmware needs.
OPTIONAL_SLOTS = frozenset({Slot.SHUTDOWN, Slot.ALARM, Slot.FAST_ALARM})
#: Slot → the HAL module above it. A driver that is this module: the firmware has that table, too.
HAL: Mapping[Slot, str] = {
    Slot.CLOCK: "clock",
    Slot.POWER: "power-domain",
    Slot.RESET: "reset-domain",
    Slot.VOLTAGE: "voltage-domain",
    Slot.SENSOR: "sensor",
    Slot.SUPPLY: "dvfs",
    Slot.SCALED: "dvfs",
}
#: Kind → the slots that each of its resources fills.
SLOTS: Mapping[Kind, tuple[Slot, ...]] = {
    Kind.POWER: (Slot.POWER,),
    Kind.CLOCK: (Slot.CLOCK,),
    Kind.PERFORMANCE: (Slot.SUPPLY, Slot.SCALED),
    Kind.SENSOR: (Slot.SENSOR,),
    Kind.RESET: (Slot.RESET,),
    Kind.VOLTAGE: (Slot.VOLTAGE,),
}


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver module as SCP_MODULES names it, the index of its API, its header.

    ``struct``: the type of an element's data, ``data``: field → what it holds, see `value`; without
    them the module's table is the firmware's own, and ``element`` says which of its elements it is;
    an alarm is one of its sub-elements. ``mailbox``: of a doorbell, where the firmware sees its
    memory, in C.
    """

    module: str
    api: str = "0"
    header: str | None = None
    struct: str | None = None
    data: Mapping[str, object] | None = None
    element: object = "number"
    mailbox: str | None = None
    sub_element: int = 0

    @property
    def macro(self) -> str:
        """The module in ``FWK_MODULE_IDX_``."""
        return self.module.upper().replace("-", "_")


#: The drivers of a firmware for the build machine.
MOCKS: Mapping[Slot, Driver] = {
    Slot.CLOCK: Driver("mock-clock", "MOD_MOCK_CLOCK_API_TYPE_DRIVER", "mod_mock_clock.h"),
    Slot.SCALED: Driver("mock-clock", "MOD_MOCK_CLOCK_API_TYPE_DRIVER", "mod_mock_clock.h"),
    Slot.POWER: Driver("mock-ppu", "0", "mod_mock_ppu.h"),
    Slot.TOP: Driver("mock-ppu", "0", "mod_mock_ppu.h"),
    Slot.RESET: Driver("mock-reset"),
    Slot.VOLTAGE: Driver(
        "mock-voltage-domain",
        "MOD_MOCK_VOLTAGE_DOMAIN_API_IDX_VOLTD",
        "mod_mock_voltage_domain.h",
    ),
    Slot.SENSOR: Driver("reg-sensor"),
    Slot.SUPPLY: Driver("mock-psu", "MOD_MOCK_PSU_API_IDX_DRIVER", "mod_mock_psu.h"),
    Slot.DOORBELL: Driver("mock-doorbell"),
    Slot.SHUTDOWN: Driver("mock-system"),
    Slot.ALARM: Driver("timer"),
    Slot.FAST_ALARM: Driver("timer"),
}

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODULE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,18}|0[xX][0-9a-fA-F]{1,16})")
_HEADER = re.compile(r"[a-z0-9_]+\.h")
_STRUCT = re.compile(r"struct [A-Za-z_][A-Za-z0-9_]*")
#: A C expression: what can neither end the initialiser nor begin a comment.
_EXPRESSION = re.compile(r"(?!.*(?:/\*|\*/|//))[A-Za-z0-9_ ()|&<>*+~/.-]+")
_KEYS = frozenset(
    {"module", "api", "header", "struct", "data", "element", "sub-element", "mailbox"}
)
#: Sub-elements of one element: 8 bits of an identifier.
_SUB_ELEMENTS = 256


class DriverError(Exception):
    """A driver of the agents file that cannot be used; the message says why."""


def read_driver(entry: object) -> Driver:
    """A driver as the agents file has it. Raises `DriverError`."""
    if not isinstance(entry, Mapping):
        raise DriverError("a driver is a mapping with a module")
    unknown = sorted(str(key) for key in entry if key not in _KEYS)
    if unknown:
        raise DriverError(f"no key {unknown[0]!r}; there are {', '.join(sorted(_KEYS))}")
    data = entry.get("data")
    if data is not None and (not isinstance(data, Mapping) or "struct" not in entry):
        raise DriverError("data is a mapping of fields, and needs the struct they belong to")
    for field in data or ():
        _matching(field, _WORD, "a field", "a C identifier")
    sub_element = _scalar(entry.get("sub-element", 0))
    if type(sub_element) is not int or not 0 <= sub_element < _SUB_ELEMENTS:
        raise DriverError(f"sub-element is {sub_element!r}; it must be 0 to {_SUB_ELEMENTS - 1}")
    header = entry.get("header")
    struct = entry.get("struct")
    return Driver(
        module=_matching(entry.get("module"), _MODULE, "module", "as in SCP_MODULES: acme-clock"),
        api=_matching(str(entry.get("api", "0")), _EXPRESSION, "api", "a C expression"),
        header=None
        if header is None
        else _matching(header, _HEADER, "header", "a file: mod_acme_clock.h"),
        struct=None
        if struct is None
        else _matching(struct, _STRUCT, "struct", "struct mod_acme_clock_config"),
        data=None if data is None else {name: _scalar(item) for name, item in data.items()},
        element=_scalar(entry.get("element", "number")),
        mailbox=_mailbox(_scalar(entry.get("mailbox"))),
        sub_element=sub_element,
    )


def _scalar(entry: object) -> object:
    """A number or truth value that a file has as text."""
    if isinstance(entry, str) and _NUMBER.fullmatch(entry):
        return int(entry, 0)
    return {"true": True, "false": False}.get(entry, entry) if isinstance(entry, str) else entry


def _mailbox(entry: object) -> str | None:
    """Where the firmware sees the mailbox that rings: an address, or ``= EXPRESSION``."""
    if entry is None:
        return None
    if isinstance(entry, int) and not isinstance(entry, bool):
        return f"UINT64_C(0x{entry:X})"
    text = str(entry).removeprefix("=").strip()
    return _matching(text, _EXPRESSION, "mailbox", "a number or = EXPRESSION")


def _matching(value: object, pattern: re.Pattern[str], what: str, like: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DriverError(f"{what} is {value!r}; it must be {like}")
    return value


def find_driver(
    platform: Platform, node: Node | None, slot: Slot, agent: str | None = None
) -> Driver | None:
    """The driver that the agents file has for a provider (none: for the system) and a slot; with
    the name of an ``agent``: the one for it alone.

    A node without ``compatible`` takes that of the nearest node above it. Raises `DriverError`.
    """
    drivers = platform.options.drivers or {}
    key = f"{slot.value} {agent}" if agent is not None else slot.value
    for name in (SYSTEM,) if node is None else compatibles(node):
        entry = drivers.get(name, {}).get(key)
        if entry is not None:
            return read_driver(entry)
    return None


def compatibles(node: Node) -> tuple[str, ...]:
    """The ``compatible`` of a node, or of the nearest one above that has any."""
    while node.parent is not None:
        found = node.strings("compatible")
        if found:
            return found
        node = node.parent
    return ()


def value(resource: Resource, source: object) -> str:
    """A field of a driver's element, in C. Raises `DriverError` where the tree has no such value.

    A number; ``cell N``: of the specifier; ``property NAME [N]``: a cell of the provider's
    property; ``address``: where its registers begin; ``name``; or ``= EXPRESSION``.
    """
    if isinstance(source, bool):
        return "true" if source else "false"
    if isinstance(source, int):
        return f"{source}U" if source >= 0 else str(source)
    words = source.split() if isinstance(source, str) else []
    match words:
        case ["name"]:
            return string(resource.short_name)
        case ["number"]:
            return f"{resource.number}U"
        case ["cell", index] if index.isdecimal():
            return _cell(resource.key.cells, index, "specifier")
        case ["property", name]:
            return _cell(resource.node.cells(name) or (), "0", name)
        case ["property", name, index] if index.isdecimal():
            return _cell(resource.node.cells(name) or (), index, name)
        case ["address"]:
            return address(resource.node)
        case ["=", *_]:
            return _matching(
                str(source).split("=", 1)[1].strip(), _EXPRESSION, "a value", "a C expression"
            )
    raise DriverError(
        f"{source!r} is no value; write a number, true, name, number, cell 0, property NAME 0, "
        "address, or = EXPRESSION"
    )


def _cell(cells: tuple[int, ...], index: str, what: str) -> str:
    if len(index) > 4 or int(index) >= len(cells):
        raise DriverError(f"{what} has {len(cells)} cells, and no cell {index}")
    return f"0x{cells[int(index)]:X}U"


def address(node: Node) -> str:
    """Where the registers of a node, or of the nearest one above that has any, begin."""
    while node.parent is not None and node.get("reg") is None:
        node = node.parent
    found = regions(node)
    if not found:
        raise DriverError("no reg that the CPU can reach, at the provider or above it")
    start = found[0].start
    return f"UINT64_C(0x{start:X})" if start > 0xFFFF_FFFF else f"0x{start:X}U"


def slots_of(platform: Platform) -> Iterator[tuple[Resource, Slot]]:
    """Every slot of every resource that SCP-firmware gets tables for."""
    for kind, slots in SLOTS.items():
        for resource in platform.resources.get(kind, ()):
            for slot in slots:
                yield resource, slot
