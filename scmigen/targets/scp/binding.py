"""Elements of HAL modules bound to elements of drivers, and the tables of drivers to write."""

from collections.abc import Iterator, Mapping

from scmigen.bindings.node_kinds import nearest_compatibles
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding, Related
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import Enumerators
from scmigen.targets.common.names import origin_of, telling
from scmigen.targets.scp.drivers import (
    DriverError,
    Entry,
    constant,
    find_driver,
    find_entry,
    fixed_element,
    slots_of,
    value,
)
from scmigen.targets.scp.element_map import (
    Bindings,
    ElementMap,
    element_map,
    element_of,
    is_kept,
    missing_elements,
    shared_elements,
)
from scmigen.targets.scp.kinds import HAL, OPTIONAL_SLOTS, SYSTEM_SLOTS, Slot
from scmigen.targets.scp.options import SYSTEM, Driver, ScpOptions, Setup
from scmigen.targets.scp.variant import Mocks

SCP_DRIVER = Finding(
    "scp-driver",
    "A provider has no driver in SCP-firmware, or one that cannot be used.",
    "Name one in drivers below outputs, or build for the host, which has mocks.",
)


class Bound(Data):
    """What a HAL element names: the driver's module, the index of its element, and its API.

    ``sub`` is the sub-element, for an alarm.
    """

    module: str
    index: str
    api: str
    sub: str = "0"


class DriverRow(Data):
    """An element of a driver's table: its enumerator, name, origin, and fields in C."""

    enum: str
    name: str
    origin: str
    fields: tuple[tuple[str, str], ...]


class DriverTable(Data):
    """The table of a driver that a product has: all its elements in order."""

    module: str
    macro: str
    symbol: str
    struct: str
    header: str | None
    rows: tuple[DriverRow, ...]


class Drivers(Data):
    """All drivers of a firmware: by slot and number of the resource, and the tables to write.
    ``includes``: the headers of those ``used``."""

    slots: Mapping[tuple[Slot, int], Bound]
    used: Mapping[Slot, tuple[Driver, ...]]
    includes: Mapping[Slot, set[str]]
    tables: tuple[DriverTable, ...]

    def of(self, slot: Slot, number: int) -> Bound | None:
        """The driver of a resource; of the first one where the number is a filler's."""
        found = self.slots.get((slot, number))
        if found is None:
            others = sorted(key[1] for key in self.slots if key[0] is slot)
            found = self.slots[slot, others[0]] if others else None
        return found

    def mocked(self, slot: Slot) -> bool:
        """Whether the slot has mocks for all its elements."""
        return slot not in self.used

    def kept(self, slot: Slot) -> bool:
        """Whether the firmware has the HAL's table itself, and only its elements are named."""
        return any(is_kept(driver, slot) for driver in self.used.get(slot, ()))


class _Collector:
    """Binds slots one after the other; what has no element is in ``unnamed``, by its driver."""

    def __init__(self, setup: Setup) -> None:
        self.platform = platform = setup.platform
        self.macros = telling(platform)
        self.slots: dict[tuple[Slot, int], Bound] = {}
        self.used: dict[Slot, dict[str, Driver]] = {}
        self.headers: dict[Slot, set[str]] = {}
        self.rows: dict[str, list[DriverRow]] = {}
        self.drivers: dict[str, Driver] = {}
        self.enums: dict[str, Enumerators] = {}
        self.maps: dict[tuple[str, str], ElementMap] = {}
        self.unnamed: dict[tuple[str, str], Bindings] = {}
        self.named: dict[tuple[Slot, str, str], Bindings] = {}

    def use(self, slot: Slot, driver: Driver) -> None:
        """Have the module of a driver in the build, and its header in the tables of the slot."""
        self.used.setdefault(slot, {})[driver.module] = driver
        self.headers.setdefault(slot, set()).update([driver.header] if driver.header else [])

    def kept(self, slot: Slot) -> bool:
        """Whether a driver of the slot is the HAL module itself."""
        return any(is_kept(driver, slot) for driver in self.used.get(slot, {}).values())

    def bind(self, entry: Entry, slot: Slot, resource: Resource) -> None:
        """Bind one slot of a resource. Raises `DriverError`."""
        driver = entry.driver
        self.use(slot, driver)
        if len({is_kept(found, slot) for found in self.used[slot].values()}) > 1:
            raise DriverError(
                f"{driver.module} here, and {HAL[slot]}, the table above it, elsewhere"
            )
        if slot is Slot.SCALED:
            self._check_scaled(driver)
        first = self.drivers.setdefault(driver.module, driver)
        if first.struct != driver.struct:
            raise DriverError(f"{driver.module} has elements of {first.struct} elsewhere")
        index = self._index(entry, slot, resource)
        if index is not None:
            self.slots[slot, resource.number] = Bound(driver.macro, index, driver.api)

    def _index(self, entry: Entry, slot: Slot, resource: Resource) -> str | None:
        """The element of a resource: in the driver's own table, or a new row of ours."""
        driver = entry.driver
        if driver.struct is not None:
            enums = self.enums.setdefault(driver.module, Enumerators(f"{driver.macro}_IDX"))
            rows = self.rows.setdefault(driver.module, [])
            macro = self.macros.get(resource.key)
            index = enums.name(len(rows), resource.name, resource.short_name, macro=macro)
            said = origin_of(self.platform, resource)
            fields = tuple((name, value(resource, f)) for name, f in (driver.data or {}).items())
            rows.append(DriverRow(index, resource.short_name, said, fields))
            return index
        where = entry.name, entry.word
        if isinstance(driver.element, Mapping) and where not in self.maps:
            self.maps[where] = element_map(driver.element)
        found = element_of(entry, resource, self.maps.get(where))
        empty = Bindings(slot, [], [])
        if found is None:
            bindings = self.unnamed.setdefault(where, empty)
        else:
            from scmigen.targets.scp.expressions import known_value

            bindings = self.named.setdefault((slot, driver.module, str(known_value(found))), empty)
        bindings.entries.append(entry)
        bindings.resources.append(resource)
        return found

    def _check_scaled(self, driver: Driver) -> None:
        """The clock of a performance domain is in the table of clocks, whoever has that."""
        table = HAL[Slot.CLOCK]
        kept = table in self.used.get(Slot.CLOCK, {})
        if kept != (driver.module == table) and self.used.get(Slot.CLOCK):
            raise DriverError(
                f"the firmware has the table of clocks: name its element, {{module: {table}, "
                "element: …}"
                if kept
                else f"{driver.module} is the table of clocks, which is written here: name a driver"
            )

    def tables(self) -> Iterator[DriverTable]:
        """The tables of drivers whose elements are described."""
        for module, rows in self.rows.items():
            driver = self.drivers[module]
            yield DriverTable(
                module,
                driver.macro,
                module.replace("-", "_"),
                driver.struct or "",
                driver.header,
                tuple(rows),
            )


def bind_drivers(setup: Setup) -> tuple[Drivers, tuple[Diagnostic, ...]]:
    """The drivers of a firmware, and the problems that prevent them."""
    collector = _Collector(setup)
    problems: list[Diagnostic] = []
    missing: dict[tuple[str, Slot], Resource] = {}
    for resource, slot in slots_of(setup.platform):
        entry = find_entry(setup.options, resource.node, slot)
        if slot is Slot.SCALED and collector.kept(Slot.SUPPLY):
            continue
        if entry is None:
            missing.setdefault((resource.key.provider, slot), resource)
            continue
        try:
            collector.bind(entry, slot, resource)
        except DriverError as problem:
            problems.append(_unusable(setup, resource, entry, problem))
    problems += missing_elements(setup, collector.unnamed.values())
    problems += shared_elements(setup, collector.named)
    problems += _missing(setup, collector, missing)
    problems += _system(setup, collector)
    problems += _fillers(setup.platform, collector)
    used = {slot: tuple(found.values()) for slot, found in collector.used.items()}
    tables = tuple(collector.tables())
    return Drivers(collector.slots, used, collector.headers, tables), tuple(problems)


def _unusable(setup: Setup, resource: Resource, entry: Entry, problem: DriverError) -> Diagnostic:
    """A driver that does not fit a resource, reported at the driver."""
    origin = origin_of(setup.platform, resource)
    return SCP_DRIVER.error(
        f"the driver for {entry.word} of {origin} cannot be used: {problem}",
        setup.options.at(*entry.path) or resource.node.position,
        [Related(origin, resource.node.position)],
    )


def _hint(options: ScpOptions, entry: str) -> str:
    """Where an entry of ``drivers`` is to be written; who has some already knows the file."""
    where = "drivers" if options.drivers else "outputs, scp, drivers in the agents file"
    return f"write under {where}, {entry}"


def _missing(
    setup: Setup, collector: _Collector, missing: Mapping[tuple[str, Slot], Resource]
) -> Iterator[Diagnostic]:
    """Providers without a driver: mocks where the whole slot has none and the variant has them."""
    mocks = setup.variant.mocks
    for (path, slot), resource in missing.items():
        if mocks is Mocks.REFUSED or slot in collector.used:
            names = (
                " or ".join(f'"{name}"' for name in nearest_compatibles(resource.node))
                or "COMPATIBLE"
            )
            yield SCP_DRIVER.error(
                f"{path} has no driver for {slot}, and a {setup.variant.name} has no mock"
                if mocks is Mocks.REFUSED
                else f"{path} has no driver for {slot}, while others have one",
                resource.node.position,
                hint=_hint(setup.options, f"{names}: {slot}: {{module: …}}"),
            )
        elif mocks is Mocks.REPORTED:
            yield SCP_DRIVER.warning(
                f"{path} has no driver for {slot}: it gets a mock",
                resource.node.position,
            )


def _fillers(platform: Platform, collector: _Collector) -> Iterator[Diagnostic]:
    """A placeholder shares the driver of another element; a power domain would switch it off."""
    resources = platform.resources.get(Kind.POWER, ())
    numbers = {resource.number for resource in resources}
    kept = collector.kept(Slot.POWER)
    if Slot.POWER in collector.used and not kept and len(numbers) <= max(numbers, default=-1):
        free = next(number for number in range(max(numbers)) if number not in numbers)
        yield SCP_DRIVER.error(
            f"there is no power domain {free}, but SCP-firmware needs an element with a driver "
            "of its own for each number",
            resources[0].node.position,
            hint="number the power domains without gaps, or grant none above the gap",
        )


def _system(setup: Setup, collector: _Collector) -> Iterator[Diagnostic]:
    """The drivers that belong to no provider, but for those of channels."""
    platform, options = setup.platform, setup.options
    kept = collector.kept(Slot.POWER)
    left_out = {Slot.DOORBELL}
    if not platform.resources.get(Kind.POWER) or kept:
        left_out.add(Slot.TOP)
    for slot in SYSTEM_SLOTS:
        driver = None if slot in left_out else find_driver(options, None, slot)
        if driver is not None:
            collector.use(slot, driver)
            none = "" if slot is Slot.SHUTDOWN else "0"
            index, sub = fixed_element(driver) or none, constant(driver.sub_element) or "0"
            collector.slots[slot, 0] = Bound(driver.macro, index, driver.api, sub)
        elif (
            setup.variant.mocks is Mocks.REFUSED
            and slot not in OPTIONAL_SLOTS
            and slot not in left_out
        ):
            yield SCP_DRIVER.error(
                f"no driver for {slot}",
                options.at("drivers", SYSTEM),
                hint=_hint(options, f"{SYSTEM}: {slot}: {{module: …, element: 0}}"),
            )
