"""Which element of a module stands behind each resource: one rule for all, or a map of numbers.

``element`` of a driver is a value (`drivers.value`), or a mapping to values from the number of a
resource, from a range of numbers (``0-7``), from several (``0-7, 9``), or from `OTHER`, the rest. A
number comes before the range that it is in.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scmigen.assignment.given import shown
from scmigen.assignment.words import did_you_mean, read_span
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.model.platform import Platform, Resource
from scmigen.targets.common.names import origin_of
from scmigen.targets.options import OUTPUT_OPTION
from scmigen.targets.scp.drivers import Entry, value
from scmigen.targets.scp.kinds import HAL, TABLED, Slot
from scmigen.targets.scp.options import Driver, ScpOptions, Setup
from scmigen.tuples import NamedTuple

SCP_ELEMENT = Finding(
    "scp-element",
    "A resource has no element of its own in the table of a firmware's module.",
    'Write which element each number is: element: {3: "= ACME_CLOCK_IDX_UART", 4-7: number}.',
)

#: In place of numbers: all that no other entry names.
OTHER = "other"


class Span(NamedTuple):
    """The numbers of an entry, ``last`` included, and the entry's key as written."""

    first: int
    last: int
    key: str


class ElementMap(Data):
    """The entries of a mapping, looked up by number: ``ranges`` ascend and do not overlap."""

    singles: Mapping[int, str]
    ranges: tuple[Span, ...]
    other: bool

    def key(self, number: int) -> str | None:
        """The key of the entry for a number."""
        if number in self.singles:
            return self.singles[number]
        index = bisect_right(self.ranges, number, key=lambda span: span.first) - 1
        if index >= 0 and number <= self.ranges[index].last:
            return self.ranges[index].key
        return OTHER if self.other else None


def _spans(key: str) -> list[Span]:
    """The numbers that a key such as ``0-7, 9`` means; none where it is wrong or one goes down."""
    found = [read_span(part.strip()) for part in key.split(",")]
    spans = [Span(*span, key) for span in found if span is not None and span[0] <= span[1]]
    return spans if len(spans) == len(found) else []


def is_key(key: str) -> bool:
    """Whether a key of a map means numbers, or the rest of them."""
    return key == OTHER or bool(_spans(key))


def element_map(element: Mapping[str, object]) -> ElementMap:
    """The entries of a mapping that are right; of two for one number the first."""
    spans = sorted(span for key in element for span in _spans(key))
    ranges: list[Span] = []
    for span in spans:
        if span.first < span.last and (not ranges or ranges[-1].last < span.first):
            ranges.append(span)
    singles = {span.first: span.key for span in reversed(spans) if span.first == span.last}
    return ElementMap(singles, tuple(ranges), OTHER in element)


def is_kept(driver: Driver, word: str) -> bool:
    """Whether the driver of a slot is the HAL module itself, whose table the firmware then has."""
    return driver.module == HAL.get(word)


def element_of(entry: Entry, resource: Resource, numbers: ElementMap | None) -> str | None:
    """The element of a resource in the driver's own table, in C; ``None``: nothing says which.

    ``numbers``: the map of the driver, if it has one. The enumerator of a declared resource comes
    before a rule for all. Raises `DriverError`.
    """
    driver = entry.driver
    declared = resource.element.enumerator if resource.element is not None else None
    own = declared if is_kept(driver, entry.word) else None
    if isinstance(driver.element, Mapping):
        key = None if numbers is None else numbers.key(resource.number)
        if own is not None and key in (None, OTHER):
            return own
        return None if key is None else value(resource, driver.element[key])
    if own is not None:
        return own
    if driver.element is None and is_kept(driver, entry.word) and entry.word in TABLED:
        return None
    return value(resource, "number" if driver.element is None else driver.element)


def check_map(
    options: ScpOptions, entry: Entry, field: str, element: Mapping[str, object]
) -> Iterator[Diagnostic]:
    """Keys of a ``field`` that are no numbers, and numbers that two entries name."""
    path = (*entry.path, field)
    spans = []
    for key in element:
        found = _spans(key)
        spans += found
        if not found and key != OTHER:
            span = read_span(key)
            yield OUTPUT_OPTION.error(
                f'{shown(key)} is not a number, a range such as 0-7, several as in "0-7, 9", or '
                f"{OTHER}",
                options.at(*path, key),
                hint=f"write {span[1]}-{span[0]}" if span else did_you_mean(key, [OTHER]),
            )
    for one, two in _twice(spans):
        yield OUTPUT_OPTION.error(
            f"{one.key} and {two.key} name the same number",
            options.at(*path, two.key),
            [Related("the other", options.at(*path, one.key))],
            "a range may contain numbers with an entry of their own, but no other range",
        )


def _twice(spans: list[Span]) -> Iterator[tuple[Span, Span]]:
    """Spans of one form that overlap, each with the one before that reaches furthest."""
    for single in (True, False):
        furthest: Span | None = None
        alike = [span for span in spans if (span.first == span.last) is single]
        for span in sorted(alike, key=lambda span: span[:2]):
            if furthest is not None and span.first <= furthest.last:
                yield furthest, span
            if furthest is None or span.last > furthest.last:
                furthest = span


class Bindings(NamedTuple):
    """What is bound to one element, or to none: resources, with the drivers' entries."""

    slot: Slot
    entries: list[Entry]
    resources: list[Resource]


#: Resources that a message names; the others are counted.
_NAMED = 3


def _numbers(resources: Sequence[Resource]) -> str:
    said = [f"{resource.name} (number {resource.number})" for resource in resources[:_NAMED]]
    rest = len(resources) - len(said)
    if rest:
        return f"{', '.join(said)} and {counted(rest, 'other')}"
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def _lines(resources: Sequence[Resource]) -> str:
    """The entries of a map for some resources, to be filled in."""
    lines = [f'{resource.number}: "= …"' for resource in resources[:_NAMED]]
    return ", ".join([*lines, "…"] if len(resources) > _NAMED else lines)


def _places(platform: Platform, resources: Iterable[Resource]) -> tuple[Related, ...]:
    return tuple(
        Related(
            f"number {resource.number}: {origin_of(platform, resource)}", resource.node.position
        )
        for resource in resources
    )


def missing_elements(setup: Setup, unnamed: Iterable[Bindings]) -> Iterator[Diagnostic]:
    """Resources for which a driver names no element: one error for each driver."""
    for slot, (entry, *_), resources in unnamed:
        found = sorted(resources, key=lambda resource: resource.number)
        lines = _lines(found)
        if isinstance(entry.driver.element, Mapping):
            why, hint = "", f"add {lines} to element, or {OTHER}: number"
        else:
            why = ": the table is the firmware's own, and its order need not be that of the numbers"
            hint = (
                f"element: {{{lines}}} there, with the enumerators of the product and their header;"
                " element: number, if the two orders are one"
            )
        yield SCP_ELEMENT.error(
            f"no element of {entry.driver.module} for {slot} {_numbers(found)}{why}",
            setup.options.at(*entry.path, "element"),
            _places(setup.platform, found),
            hint,
        )


def shared_elements(
    setup: Setup, named: Mapping[tuple[Slot, str, str], Bindings]
) -> Iterator[Diagnostic]:
    """Elements (slot, module, index) that several resources would be; two performance domains can
    have one supply."""
    for (slot, module, index), bindings in named.items():
        entries, resources = bindings.entries, bindings.resources
        if len(resources) < 2:
            continue
        yield SCP_ELEMENT.at(
            Severity.WARNING if slot is Slot.SUPPLY else Severity.ERROR,
            f"{slot} {_numbers(resources)} are one element of {module}, {index}",
            _key_position(setup.options, entries[-1], resources[-1]),
            _places(setup.platform, resources),
            f"element: {{{_lines(resources)}}} gives each its own",
        )


def _key_position(options: ScpOptions, entry: Entry, resource: Resource) -> Position | None:
    """Where the options name the element of a resource."""
    element = entry.driver.element
    key = element_map(element).key(resource.number) if isinstance(element, Mapping) else None
    return options.at(*entry.path, "element", *([] if key is None else [key]))
