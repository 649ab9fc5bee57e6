"""Elements by number: ``platform.elements`` of an agents file, grants of ``protocol`` and ``id``.

They name what no provider of the tree does: the power domains of cores, which PSCI alone asks for,
or clocks of a firmware whose tree has no node for them. Numbers are written as ``3``, ``0-7`` or
``"0-7, 9"``, or as a list of these.
"""

import re
from collections.abc import Iterator

from scmigen.assignment.assume_file import GIVES, read_values
from scmigen.assignment.given import shown
from scmigen.assignment.located import Located
from scmigen.assignment.said import MAX_ELEMENT, ElementSaid, NumberedGrant
from scmigen.assignment.words import read_span
from scmigen.data import replace
from scmigen.diagnostics import Position
from scmigen.patterns import pattern
from scmigen.scmi.operations import OPERATIONS, Operation, with_implied
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: The kinds whose elements can be declared. Power caps and pins are facts of ``platform.extra``.
DECLARED = (Kind.POWER, Kind.PERFORMANCE, Kind.CLOCK, Kind.SENSOR, Kind.RESET, Kind.VOLTAGE)
#: A grant that says no operations has those that a device needs of such a resource.
USUAL = {
    Kind.CLOCK: (Operation.STATE, Operation.READ),
    Kind.VOLTAGE: (Operation.STATE, Operation.READ),
}
#: What an element is called, and what is known of it, by kind.
NAMES = ("name", "enumerator")
KEYS = {kind: (*NAMES, *(key for key in GIVES.get(kind, ()) if key != "step")) for kind in DECLARED}

#: The name of an element, and its enumerator in the firmware.
NAME = pattern(r"[A-Za-z0-9_.+-]{1,63}")
ENUMERATOR = pattern(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class _Entry(NamedTuple):
    """What is said of one number; ``alone``: by an entry that is for this number only."""

    alone: bool
    where: Located
    said: ElementSaid


def read_elements(where: Located) -> tuple[ElementSaid, ...]:
    """The elements of every protocol, each number once; problems are reported."""
    found: list[ElementSaid] = []
    for word, given in where.mapping("elements", tuple(map(str, DECLARED))).items():
        entries = _listed(given, Kind(word)) if given.is_list else _numbered(given, Kind(word))
        found.extend(_once(list(entries)))
    return tuple(found)


def _listed(where: Located, kind: Kind) -> Iterator[_Entry]:
    """``[BIG_CPU0, BIG_CPU1]``: names or entries of 0, 1, and so on."""
    for number, item in enumerate(where.items(f"elements of {kind}")):
        if number > MAX_ELEMENT:
            item.wrong(f"numbers of elements end at {MAX_ELEMENT}")
            return
        yield _Entry(True, item, _element(item, item.position, kind, number))


def _numbered(where: Located, kind: Kind) -> Iterator[_Entry]:
    """Entries by number, or by several numbers at once."""
    for key, item in where.pairs(f"elements of {kind}"):
        numbers = _numbers(key, f"the number of a {kind} element")
        if not numbers:
            continue
        said = _element(item, key.position, kind, numbers[0])
        alone = len(numbers) == 1
        if not alone and (said.name or said.enumerator):
            item.wrong(
                f"{len(numbers)} elements cannot have one name",
                f"write {numbers[0]}: {{name: …}} and so on, or a list of names from 0",
            )
            continue
        for number in numbers:
            yield _Entry(alone, key, replace(said, number=number))


def _once(entries: list[_Entry]) -> Iterator[ElementSaid]:
    """Each number once: an entry for it alone comes before one for several."""
    first: dict[tuple[int, bool], ElementSaid] = {}
    for alone, where, said in entries:
        other = first.setdefault((said.number, alone), said)
        if other is not said:
            where.wrong(
                f"{said.kind} {said.number} is declared twice", f"first at {other.position}"
            )
    for number in sorted({number for number, _ in first}):
        found = [first[place] for place in ((number, True), (number, False)) if place in first]
        yield replace(found[0], values=found[0].values or found[-1].values)


def _element(where: Located, position: Position, kind: Kind, number: int) -> ElementSaid:
    """What an entry says of an element: nothing, its name, or several things."""
    said = ElementSaid(kind, number, position)
    if where.is_null:
        return said
    if not where.is_mapping:
        return replace(said, name=_word(where, "name", NAME))
    parts = where.mapping(f"a {kind} element", KEYS[kind])
    values = {key: parts[key] for key in GIVES.get(kind, ()) if key in parts}
    return replace(
        said,
        name=_word(parts.get("name"), "name", NAME),
        enumerator=_word(parts.get("enumerator"), "enumerator", ENUMERATOR),
        values=read_values(values, kind, where) if values else None,
    )


def _word(where: Located | None, what: str, pattern: re.Pattern[str]) -> str | None:
    text = where.text(what) if where is not None else None
    if where is None or text is None or pattern.fullmatch(text):
        return text
    rule = (
        "1 to 63 letters, digits and _.+-"
        if pattern is NAME
        else "an enumerator of the firmware: letters, digits and _"
    )
    where.wrong(f"{what} cannot be {shown(text)}", rule)
    return None


def read_numbered(agent: str, parts: dict[str, Located], entry: Located) -> NumberedGrant | None:
    """A grant with ``protocol``: of the numbers in ``id``, or without it of the whole protocol."""
    word = parts["protocol"].choice("protocol", tuple(map(str, DECLARED)))
    if word is None:
        return None
    kind = Kind(word)
    numbers = tuple(_ids(parts["id"])) if "id" in parts else None
    known = tuple(operation.value for operation in OPERATIONS[kind])
    if "id" in parts:
        parts["id"].some("id", "leave it out to grant all that there are")
    operations = frozenset(USUAL.get(kind, OPERATIONS[kind]))
    if "operations" in parts:
        parts["operations"].some("operations", f"of {', '.join(known)}")
        items = parts["operations"].items("operations")
        chosen = [item.choice(f"an operation on a {word}", known) for item in items]
        operations = with_implied(Operation(text) for text in chosen if text)
    if numbers == () or not operations:
        return None
    where = parts["id"] if "id" in parts else parts["protocol"]
    reason = reason_of(parts)
    return NumberedGrant(agent, kind, numbers, operations, entry.position, where.position, reason)


def reason_of(parts: dict[str, Located]) -> str:
    """Why a grant is there; empty if it does not say."""
    if "reason" not in parts:
        return ""
    text = parts["reason"].text("reason")
    if text is not None and not text.strip():
        parts["reason"].wrong("reason is empty", 'write reason: "why the agent may"')
    return " ".join((text or "").split())


def _ids(where: Located) -> Iterator[int]:
    """The numbers of ``id``, each once; ``id`` is a number, a text of them, or a list."""
    first: dict[int, Position] = {}
    for item in where.items("id") if where.is_list else (where,):
        for number in _numbers(item, "id"):
            if number in first:
                item.wrong(f"{number} is in id twice", f"first at {first[number]}")
            else:
                first[number] = item.position
                yield number


def _numbers(where: Located, what: str) -> tuple[int, ...]:
    """The numbers in a text such as ``0-7, 9``, ascending; none if it is wrong."""
    text = where.text(what)
    found: set[int] = set()
    for part in () if text is None else map(str.strip, text.split(",")):
        span = read_span(part)
        if span is None:
            where.wrong(f'{what} must be as in "0-7, 9", not {shown(text or "")}')
            return ()
        first, last = span
        if last < first:
            where.wrong(f"{what} is {part}, which goes down", f"write {last}-{first}")
        elif last > MAX_ELEMENT:
            where.wrong(f"{what} is {part}; the numbers of elements end at {MAX_ELEMENT}")
        elif not found.isdisjoint(range(first, last + 1)):
            where.wrong(f"{what} has {part} twice: {shown(text or '')}")
        else:
            found.update(range(first, last + 1))
            continue
        return ()
    return tuple(sorted(found))
