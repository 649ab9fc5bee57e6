"""The driver of each HAL element: a mock, or the one in the options.

``drivers`` of the options maps the ``compatible`` of a provider to a driver for each slot;
`options.SYSTEM` in place of a compatible has those that belong to no provider.
"""

from collections.abc import Iterator, Mapping

from scmigen.assignment.words import whole_number
from scmigen.bindings.addresses import nearest_regions
from scmigen.bindings.node_kinds import nearest_compatibles
from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Platform, Resource
from scmigen.patterns import pattern
from scmigen.targets.common.ctext import string
from scmigen.targets.common.values import own_number
from scmigen.targets.scp.kinds import KINDS, Slot
from scmigen.targets.scp.options import EXPRESSION, SYSTEM, Driver, Scalar, ScpOptions
from scmigen.tuples import NamedTuple


def _mock(module: str, api: str) -> Driver:
    """A mock driver of SCP-firmware, with its header."""
    return Driver(module=module, api=api, header=f"mod_{module.replace('-', '_')}.h")


#: The drivers of a firmware for the build machine.
MOCKS: Mapping[Slot, Driver] = {
    Slot.CLOCK: _mock("mock-clock", "MOD_MOCK_CLOCK_API_TYPE_DRIVER"),
    Slot.SCALED: _mock("mock-clock", "MOD_MOCK_CLOCK_API_TYPE_DRIVER"),
    Slot.POWER: _mock("mock-ppu", "0"),
    Slot.TOP: _mock("mock-ppu", "0"),
    Slot.RESET: Driver(module="mock-reset"),
    Slot.VOLTAGE: _mock("mock-voltage-domain", "MOD_MOCK_VOLTAGE_DOMAIN_API_IDX_VOLTD"),
    Slot.SENSOR: Driver(module="reg-sensor"),
    Slot.SUPPLY: _mock("mock-psu", "MOD_MOCK_PSU_API_IDX_DRIVER"),
    Slot.DOORBELL: Driver(module="mock-doorbell"),
    Slot.SHUTDOWN: Driver(module="mock-system"),
    Slot.ALARM: Driver(module="timer"),
    Slot.FAST_ALARM: Driver(module="timer"),
}

#: The driver of all supplies of performance domains where some are voltage domains, too.
MOCK_SUPPLY = _mock("mock-supply", "0")
#: The HAL module of clocks in C: as the driver for the clock of a performance domain it says that
#: the firmware has that element in a table of its own.
CLOCK_TABLE = "CLOCK"

_EXPRESSION = pattern(EXPRESSION)


class DriverError(Exception):
    """A driver of the agents file that cannot be used; the message says why."""


class Entry(NamedTuple):
    """A driver of the options, and the keys below ``drivers`` that lead to it."""

    name: str
    word: str
    driver: Driver

    @property
    def path(self) -> tuple[str, str, str]:
        """The keys, from ``drivers`` on."""
        return "drivers", self.name, self.word


def mailbox_address(text: str) -> str:
    """Where the firmware sees the mailbox of a doorbell, in C: a number, or ``= EXPRESSION``."""
    number = whole_number(text)
    is_address = number is not None and 0 <= number < 1 << 64
    return f"UINT64_C(0x{number:X})" if is_address else text.removeprefix("=").strip()


def find_entry(
    options: ScpOptions, node: Node | None, slot: Slot, agent: str | None = None
) -> Entry | None:
    """The driver that the options have for a slot of a provider; without ``node`` that of the
    system, with the name of an ``agent`` the one for it alone.

    A node without ``compatible`` takes that of the nearest node above it.
    """
    word = f"{slot} {agent}" if agent is not None else str(slot)
    names = (SYSTEM,) if node is None else nearest_compatibles(node)
    for name in names:
        driver = options.drivers.get(name, {}).get(word)
        if driver is not None:
            return Entry(name, word, driver)
    return None


def find_driver(
    options: ScpOptions, node: Node | None, slot: Slot, agent: str | None = None
) -> Driver | None:
    """The driver of `find_entry` alone."""
    found = find_entry(options, node, slot, agent)
    return None if found is None else found.driver


#: The words that a value may begin with, besides numbers and ``= EXPRESSION``.
VALUES = ("name", "number", "cell", "property", "address")


def is_value(source: Scalar) -> bool:
    """Whether `value` knows what ``source`` means, whatever a resource has of it."""
    if not isinstance(source, str):
        return True
    match source.split():
        case ["name" | "number" | "address"] | ["property", _]:
            return True
        case ["cell", index] | ["property", _, index]:
            return index.isdecimal()
    return source.startswith("=") and bool(_EXPRESSION.fullmatch(source[1:].strip()))


def constant(source: object) -> str | None:
    """A value that no resource has a part in, in C: a number, or ``= EXPRESSION``; else ``None``.

    Raises `DriverError` where the expression is none.
    """
    if isinstance(source, int) and not isinstance(source, bool):
        return str(source)
    if not isinstance(source, str) or not source.startswith("="):
        return None
    text = source.removeprefix("=").strip()
    if not _EXPRESSION.fullmatch(text):
        raise DriverError(f"a value is {text!r}; it must be a C expression")
    return text


def fixed_element(driver: Driver) -> str | None:
    """The element of a driver that belongs to no resource, in C: a number or ``= EXPRESSION``.

    `entries` reports anything else.
    """
    element = driver.element
    fixed = not isinstance(element, Mapping) and element is not None and is_value(element)
    return constant(element) if fixed else None


def value(resource: Resource, source: object) -> str:
    """A field of a driver's element, in C. Raises `DriverError` where the tree has no such value.

    A number; ``cell N``: of the specifier; ``property NAME [N]``: a cell of the provider's
    property; ``address``: where its registers begin; ``name``; or ``= EXPRESSION``.
    """
    if isinstance(source, bool):
        return "true" if source else "false"
    if isinstance(source, int):
        return f"{source}U" if source >= 0 else str(source)
    expression = constant(source)
    if expression is not None:
        return expression
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
    raise DriverError(
        f"{source!r} is not a value; write a number, true, name, number, cell 0, property NAME 0, "
        "address, or = EXPRESSION"
    )


def _cell(cells: tuple[int, ...], index: str, what: str) -> str:
    if len(index) > 4 or int(index) >= len(cells):
        raise DriverError(f"{what} has {len(cells)} cells, and no cell {index}")
    return f"0x{cells[int(index)]:X}U"


def address(node: Node) -> str:
    """Where the registers of a node, or of the nearest one above that has any, begin."""
    found = nearest_regions(node)
    if not found:
        raise DriverError("no reg that the CPU can reach, at the provider or above it")
    start = found[0].start
    return f"UINT64_C(0x{start:X})" if start > 0xFFFF_FFFF else f"0x{start:X}U"


def slots_of(platform: Platform) -> Iterator[tuple[Resource, Slot]]:
    """Every slot of every resource that SCP-firmware gets tables for."""
    for kind, row in KINDS.items():
        for resource in platform.resources.get(kind, ()):
            for slot in row.slots:
                # A clock that the platform serves has one element, and one driver.
                if slot is Slot.SCALED and own_number(platform, resource.facts.clock) is not None:
                    continue
                yield resource, slot
