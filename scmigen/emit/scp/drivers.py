"""Which driver stands behind each HAL element: a mock, or what the agents file says.

``platform.drivers`` of the agents file maps the ``compatible`` of a provider to a driver for each
slot; `SYSTEM` in place of a compatible has what belongs to no provider. Without an entry the host
gets a mock, and a product an error that names the provider.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scmigen.devicetree.tree import Node
from scmigen.emit.ctext import string
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.protocols import Kind

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


#: Slots of `SYSTEM`.
SYSTEM_SLOTS = frozenset({Slot.TOP, Slot.DOORBELL})
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
    them the module's table is the firmware's own, and ``element`` says which of its elements it is.
    """

    module: str
    api: str = "0"
    header: str | None = None
    struct: str | None = None
    data: Mapping[str, object] | None = None
    element: object = "number"

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
}

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODULE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_HEADER = re.compile(r"[a-z0-9_]+\.h")
_STRUCT = re.compile(r"struct [A-Za-z_][A-Za-z0-9_]*")
#: A C expression: what can neither end the initialiser nor begin a comment.
_EXPRESSION = re.compile(r"(?!.*(?:/\*|\*/|//))[A-Za-z0-9_ ()|&<>*+~/.-]+")
_KEYS = frozenset({"module", "api", "header", "struct", "data", "element"})


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
        data=data,
        element=entry.get("element", "number"),
    )


def _matching(value: object, pattern: re.Pattern[str], what: str, like: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DriverError(f"{what} is {value!r}; it must be {like}")
    return value


def find_driver(platform: Platform, node: Node | None, slot: Slot) -> Driver | None:
    """The driver that the agents file has for a provider (none: for the system) and a slot.

    A node without ``compatible`` takes that of the nearest node above it. Raises `DriverError`.
    """
    drivers = platform.options.drivers or {}
    for name in (SYSTEM,) if node is None else compatibles(node):
        entry = drivers.get(name, {}).get(slot.value)
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


def region(node: Node) -> tuple[int, int] | None:
    """The first address and size of ``reg``, both of one or two cells; none where it has none."""
    parent = node.parent
    cells = node.cells("reg") or ()
    while parent is not None and not cells:
        node, parent = parent, parent.parent
        cells = node.cells("reg") or ()
    if parent is None:
        return None
    wide, sizes = parent.cell("#address-cells") or 2, parent.cell("#size-cells") or 0
    if wide > 2 or sizes > 2 or len(cells) < wide + sizes:
        return None
    number = int.from_bytes(b"".join(c.to_bytes(4, "big") for c in cells[:wide]), "big")
    size = b"".join(c.to_bytes(4, "big") for c in cells[wide : wide + sizes])
    return number, int.from_bytes(size, "big")


def address(node: Node) -> str:
    """Where the registers of a node, or of the nearest one above that has any, begin."""
    found = region(node)
    if found is None:
        raise DriverError("no reg, at the provider or above it")
    return f"UINT64_C(0x{found[0]:X})" if found[0] > 0xFFFF_FFFF else f"0x{found[0]:X}U"


def slots_of(platform: Platform) -> Iterator[tuple[Resource, Slot]]:
    """Every slot of every resource that SCP-firmware gets tables for."""
    for kind, slots in SLOTS.items():
        for resource in platform.resources.get(kind, ()):
            for slot in slots:
                yield resource, slot
