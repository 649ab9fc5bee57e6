"""Entries below ``drivers``: those that cannot be right, and those that have no effect.

An entry is a compatible, a slot, a key of a driver or a number of its ``element``. Removing one
that is not reported here changes a file of an output, or makes an error; or the entry says the
default.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from scmigen.assignment.given import shown
from scmigen.assignment.words import did_you_mean
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, has_errors
from scmigen.hints import Any
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.protocols import Kind
from scmigen.targets.options import OPTION_UNUSED, OUTPUT_OPTION
from scmigen.targets.scp import powercaps, system
from scmigen.targets.scp.binding import Drivers, bind_drivers
from scmigen.targets.scp.drivers import (
    VALUES,
    Entry,
    find_entry,
    fixed_element,
    is_value,
    slots_of,
)
from scmigen.targets.scp.element_map import (
    OTHER,
    SCP_ELEMENT,
    check_map,
    element_map,
    is_kept,
    is_key,
)
from scmigen.targets.scp.kinds import HAL, SYSTEM_SLOTS, TABLED, Slot
from scmigen.targets.scp.options import (
    SYSTEM,
    Driver,
    Scalar,
    ScpOptions,
    Setup,
    slots_by_compatible,
)
from scmigen.targets.scp.product_channels import channels
from scmigen.targets.scp.variant import Variant

#: Key → the slots of the system that have a use for it; a key that is not here is of use to all.
_SYSTEM_KEYS: Mapping[str, frozenset[str]] = {
    "api": frozenset({Slot.TOP, Slot.DOORBELL, Slot.SHUTDOWN}),
    "struct": frozenset(),
    "data": frozenset(),
    "mailbox": frozenset({Slot.DOORBELL}),
    "sub-element": frozenset({Slot.ALARM, Slot.FAST_ALARM}),
    "type": frozenset(),
    "parent": frozenset(),
}


#: What a key of a doorbell could say instead, to see whether anything follows from it.
_OTHERWISE: Mapping[str, str] = {
    "api": "OTHERWISE",
    "element": "= OTHERWISE",
    "header": "otherwise.h",
    "mailbox": "= OTHERWISE",
}


def check_entries(
    platforms: Sequence[Platform], options: ScpOptions, variant: Variant
) -> Iterator[Diagnostic]:
    """Values, maps and keys of each driver, then what nothing uses."""
    named = _named(platforms)
    for entry in _entries(options):
        yield from _values(options, entry)
        if entry.name == SYSTEM:
            yield from _system_keys(options, entry)
        else:
            yield from _keys(options, entry, named)
    if platforms:
        yield from _unused(platforms, options)
        yield from _unused_of_system(platforms, options, variant)


def _named(platforms: Iterable[Platform]) -> frozenset[Slot]:
    """The slots whose elements the firmware's header is compared with: their resources have
    enumerators of its own."""
    return frozenset(
        slot
        for platform in platforms
        for resource, slot in slots_of(platform)
        if slot in (Slot.POWER, Slot.SUPPLY)
        and resource.element is not None
        and resource.element.enumerator is not None
    )


def _entries(options: ScpOptions) -> Iterator[Entry]:
    for name, drivers in options.drivers.items():
        for word, driver in drivers.items():
            yield Entry(name, word, driver)


def _values(options: ScpOptions, entry: Entry) -> Iterator[Diagnostic]:
    """Values that no resource could fill, and keys of a map that are no numbers."""
    element, driver = entry.driver.element, entry.driver
    if isinstance(element, Mapping):
        yield from check_map(options, entry, "element", element)
        yield from _misread(options, (*entry.path, "element"), element)
    elif element is not None and entry.name != SYSTEM:
        yield from _misread(options, entry.path, {"element": element})
    for field, given in (("type", driver.type), ("parent", driver.parent)):
        if isinstance(given, Mapping):
            yield from check_map(options, entry, field, given)
    yield from _misread(options, (*entry.path, "data"), driver.data or {})


def _misread(
    options: ScpOptions, path: tuple[str, ...], values: Mapping[str, Scalar]
) -> Iterator[Diagnostic]:
    for key, source in values.items():
        if not is_value(source):
            words = str(source).split()
            yield OUTPUT_OPTION.error(
                f"{shown(str(source))} is not a value; write a number, true, name, number, cell 0, "
                "property NAME 0, address, or = EXPRESSION",
                options.at(*path, key),
                hint=did_you_mean(words[0], VALUES) if words else None,
            )


def _idle(options: ScpOptions, entry: Entry, key: str, why: str) -> Diagnostic:
    """A key of a driver that has no effect."""
    return OPTION_UNUSED.warning(
        f"{key} has no effect: {why}", options.at(*entry.path, key), hint=f"remove {key}"
    )


def _given(entry: Entry) -> Iterable[str]:
    """The keys that say something else than the default."""
    driver = entry.driver
    values = {
        "api": driver.api != "0",
        "header": driver.header is not None,
        "struct": driver.struct is not None,
        "data": driver.data is not None,
        "element": driver.element is not None,
        "mailbox": driver.mailbox is not None,
        "sub-element": driver.sub_element != 0,
        "type": driver.type not in (None, "device"),
        "parent": driver.parent is not None,
    }
    return [key for key, given in values.items() if given]


def _keys(options: ScpOptions, entry: Entry, named: Collection[str]) -> Iterator[Diagnostic]:
    """Keys of a driver of resources that it has no use for."""
    driver, word = entry.driver, entry.word
    if word not in HAL:
        return
    given = _given(entry)
    for key in given:
        if key in ("mailbox", "sub-element"):
            yield _idle(options, entry, key, f"{word} is no slot of {SYSTEM}")
        elif key in ("type", "parent") and word != Slot.POWER:
            yield _idle(options, entry, key, f"it is of power domains, not of {word}")
        elif is_kept(driver, word) and key in ("api", "struct", "data", "type", "parent"):
            yield _idle(options, entry, key, _kept(driver.module))
        elif is_kept(driver, word) and word not in {*TABLED, *named} and key == "header":
            yield _idle(options, entry, key, f"{_kept(driver.module)}, without enumerators")
        elif driver.struct is not None and key == "element":
            yield _idle(options, entry, key, "struct has the elements written, one by one")
    numbered = driver.element in (None, "number")
    if is_kept(driver, word) and word not in TABLED and not numbered:
        yield SCP_ELEMENT.error(
            f"an element of {driver.module} is the SCMI number, as agents have no tables for "
            f"{word}",
            options.at(*entry.path, "element"),
            hint="remove element, and have the firmware's table in the order of the numbers",
        )


def _kept(module: str) -> str:
    return f"the table of {module} is the firmware's own"


def _system_keys(options: ScpOptions, entry: Entry) -> Iterator[Diagnostic]:
    """Keys of a driver of the system that it has no use for, and elements of a resource."""
    slot = entry.word.partition(" ")[0]
    if slot not in SYSTEM_SLOTS:
        return
    for key in _given(entry):
        if key in _SYSTEM_KEYS and slot not in _SYSTEM_KEYS[key]:
            yield _idle(options, entry, key, f"{slot} has no use for it")
    if entry.driver.element is not None and fixed_element(entry.driver) is None:
        yield OUTPUT_OPTION.error(
            f"the element of {slot} is that of no resource: it must be a number or = EXPRESSION",
            options.at(*entry.path, "element"),
        )


def _unused(platforms: Sequence[Platform], options: ScpOptions) -> Iterator[Diagnostic]:
    """Slots of providers, and numbers of maps, that no resource takes."""
    users: dict[tuple[str, str], list[Resource]] = {}
    dvfs = False
    for platform in platforms:
        for resource, slot in slots_of(platform):
            entry = find_entry(options, resource.node, slot)
            if entry is not None:
                dvfs = dvfs or (slot is Slot.SUPPLY and is_kept(entry.driver, slot))
                users.setdefault((entry.name, entry.word), []).append(resource)
    known = slots_by_compatible(platforms)
    for entry in _entries(options):
        found = users.get((entry.name, entry.word), [])
        if entry.word not in known.get(entry.name, ()):
            continue  # reported as such
        if dvfs and entry.word == Slot.SCALED:
            yield OPTION_UNUSED.warning(
                f"no driver for {entry.word} is needed: {_kept(HAL[Slot.SUPPLY])}",
                options.at(*entry.path),
                hint=f"remove {entry.word}",
            )
        elif not found:
            yield OPTION_UNUSED.warning(
                f'every provider compatible with "{entry.name}" has a driver for {entry.word} '
                "under a compatible that stands before this one",
                options.at(*entry.path),
                hint="remove one of the two",
            )
        else:
            for field, given in _maps(entry.driver):
                yield from _unused_numbers(options, entry, field, given, found)


def _maps(driver: Driver) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The keys of a driver that have a map from numbers, and are of use."""
    element = None if driver.struct is not None else driver.element
    for field, given in (
        ("element", element),
        ("type", driver.type),
        ("parent", driver.parent),
    ):
        if isinstance(given, Mapping):
            yield field, given


def _unused_numbers(
    options: ScpOptions,
    entry: Entry,
    field: str,
    element: Mapping[str, object],
    resources: list[Resource],
) -> Iterator[Diagnostic]:
    numbers = element_map(element)
    used = {numbers.key(resource.number) for resource in resources}
    has = ", ".join(f"{r.number} {r.name}" for r in sorted(resources, key=lambda r: r.number)[:8])
    for key in element:
        if key in used or not is_key(key):
            continue
        if key == OTHER:
            message = f'every {entry.word} of "{entry.name}" has an entry of its own'
        else:
            message = f'no {entry.word} of "{entry.name}" has the number {key}'
        yield OPTION_UNUSED.warning(
            message, options.at(*entry.path, field, key), hint=f"there are {has}"
        )


def _unused_of_system(
    platforms: Sequence[Platform], options: ScpOptions, variant: Variant
) -> Iterator[Diagnostic]:
    """Drivers of the system that no firmware of the variant needs."""
    drivers = options.drivers.get(SYSTEM, {})
    if not drivers:
        return
    setups = [Setup(platform, options, variant) for platform in platforms]
    bound = [(setup, bind_drivers(setup)[0]) for setup in setups]
    bells = {f"{Slot.DOORBELL} {agent.name}" for setup in setups for agent in setup.platform.agents}
    for word, driver in drivers.items():
        if word not in SYSTEM_SLOTS and word not in bells:
            continue  # reported as such
        reasons = [_no_use(setup, found, word) for setup, found in bound]
        if not all(reasons):
            yield from _settled(setups, Entry(SYSTEM, word, driver))
        else:
            yield OPTION_UNUSED.warning(
                f"no driver for {word} is needed: {reasons[0]}",
                options.at("drivers", SYSTEM, word),
                hint=f"remove {word}, or name what it needs",
            )


def _settled(setups: Sequence[Setup], entry: Entry) -> Iterator[Diagnostic]:
    """Keys of a doorbell whose place is taken by settings of every channel that has it."""
    if not entry.word.startswith(Slot.DOORBELL):
        return
    before = [channels(setup) for setup in setups]
    if any(has_errors(found.problems) for found in before):
        return  # what a key changes may not be there yet
    for key in _given(entry):
        if key in _OTHERWISE and before == [
            channels(_otherwise(setup, entry.word, key)) for setup in setups
        ]:
            why = "each channel that has this doorbell says that itself"
            yield _idle(setups[0].options, entry, key, why)


def _no_use(setup: Setup, drivers: Drivers, word: str) -> str | None:
    """Why a firmware has no use for a driver of the system."""
    platform, variant = setup.platform, setup.variant
    match word.partition(" ")[0]:
        case Slot.TOP if not platform.resources.get(Kind.POWER):
            return "there are no power domains"
        case Slot.TOP if drivers.kept(Slot.POWER):
            return _kept(HAL[Slot.POWER])
        case Slot.DOORBELL if variant.indexed_by_channel:
            return "the channels are OP-TEE's own"
        case Slot.DOORBELL if channels(setup) == channels(_without(setup, word)):
            return "the channels have all that it says from elsewhere"
        case Slot.SHUTDOWN | Slot.ALARM:
            return system.no_protocol(setup, drivers)
        case Slot.FAST_ALARM if variant.no_fast_channels is not None:
            return variant.no_fast_channels
        case Slot.FAST_ALARM if setup.options.fast_channels is None:
            return "the option fast-channels is not given"
        case Slot.CAPS:
            return powercaps.no_use(setup)
    return None


def _without(setup: Setup, word: str) -> Setup:
    """The same without a driver of the system."""
    drivers = {name: found for name, found in setup.options.drivers[SYSTEM].items() if name != word}
    return _with_system(setup, drivers)


def _otherwise(setup: Setup, word: str, key: str) -> Setup:
    """The same with something else at a key of a driver of the system."""
    drivers = setup.options.drivers[SYSTEM]
    other: Mapping[str, Any] = {key: _OTHERWISE[key]}
    changed = replace(drivers[word], **other)
    return _with_system(setup, {**drivers, word: changed})


def _with_system(setup: Setup, drivers: Mapping[str, Driver]) -> Setup:
    """The same with other drivers of the system."""
    options = {**setup.options.drivers, SYSTEM: drivers}
    return replace(setup, options=replace(setup.options, drivers=options))
