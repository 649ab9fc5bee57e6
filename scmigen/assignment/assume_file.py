"""``platform.assume.values`` of an agents file: rates and levels that the tree does not have."""

from collections.abc import Iterator

from scmigen.assignment.assignment import Assumption, Values
from scmigen.assignment.findings import RESOURCE_UNKNOWN
from scmigen.assignment.located import Located
from scmigen.assignment.lookup import Lookup, kind_of
from scmigen.assignment.vocabulary import POINT, VALUES
from scmigen.bindings.facts import OperatingPoint, ResourceKey
from scmigen.scmi.protocols import Kind

#: The highest value by kind: `runtime` has rates in 63 bits and voltages in 31.
HIGHEST = {Kind.CLOCK: 2**63 - 1, Kind.VOLTAGE: 2**31 - 1}
#: The kinds whose values can be given, and the keys that give them; the first lists them all.
GIVES = {
    Kind.CLOCK: ("rates", "range"),
    Kind.VOLTAGE: ("levels", "range", "step"),
    Kind.PERFORMANCE: ("levels",),
}


def read_assumptions(lookup: Lookup, where: Located) -> Iterator[Assumption]:
    """The entries that can be used; problems of the others are reported."""
    firsts: dict[ResourceKey, Assumption] = {}
    for entry in where.items("values"):
        parts = entry.mapping("a value", VALUES)
        word = kind_of({name: parts[name] for name in parts if name in set(GIVES)}, entry)
        if word is None:
            continue
        kind = Kind(word)
        named = _named(lookup, parts[word], kind)
        given = read_values(parts, kind, entry)
        if named is None or given is None:
            continue
        keys, below, exact = named
        found = Assumption(kind, keys, below, exact, *given, entry.position)
        if exact:
            first = firsts.setdefault(next(iter(keys)), found)
            if first is not found:
                entry.wrong(f"this {kind} is assumed already", f"at {first.position}")
        yield found


def _named(
    lookup: Lookup, where: Located, kind: Kind
) -> tuple[frozenset[ResourceKey], tuple[str, ...], bool] | None:
    """The resources of an entry: those named, or with ``*`` for cells all at and below nodes."""
    text = where.text(kind)
    if text is None:
        return None
    words = text.split()
    if words[-1:] == ["*"]:
        selector = " ".join(words[:-1]) or "/"
        nodes = lookup.nodes(selector, where, RESOURCE_UNKNOWN).nodes
        return (frozenset(), tuple(node.path for node in nodes), False) if nodes else None
    found, exact = lookup.resources(text, where, kind)
    return (found, (), exact) if found else None


def read_values(parts: dict[str, Located], kind: Kind, entry: Located) -> Values | None:
    """Values, step and operating points; with a step and no values the ends are the tree's."""
    keys = [key for key in parts if key not in set(Kind)]
    wrong = [key for key in keys if key not in GIVES[kind]]
    if len(keys) != 1 or wrong:
        entry.lacks(f"a {kind} needs one of: {', '.join(GIVES[kind])}", "name just one of these")
        return None
    key, where = keys[0], parts[keys[0]]
    if kind is Kind.PERFORMANCE:
        points = tuple(filter(None, map(_point, where.items(key))))
        return ((), None, points) if points else None
    if key == "step":
        step = where.number(key, 1, HIGHEST[kind])
        return None if step is None else ((), step, ())
    numbers = [item.number(key, 1, HIGHEST[kind]) for item in where.items(key)]
    values = tuple(number for number in numbers if number is not None)
    if not values or len(values) < len(numbers):
        return None
    if key == "range":
        return _range(values, where)
    return tuple(sorted(set(values))), None, ()


def _range(values: tuple[int, ...], where: Located) -> Values | None:
    lowest, highest, step = values if len(values) == 3 else (0, 0, 1)
    if lowest >= highest or (highest - lowest) % step:
        where.wrong(
            "a range is [lowest, highest, step], and the highest is some steps above the lowest"
        )
        return None
    return (lowest, highest), step, ()


def _point(where: Located) -> OperatingPoint | None:
    """An operating point in the units of OPP tables: Hz, µV and µW; or a frequency alone."""
    if not where.is_mapping:
        rate = where.number("a level", 1, HIGHEST[Kind.CLOCK])
        return None if rate is None else OperatingPoint((rate,), None, None)
    parts = where.mapping("a level", POINT)
    if "frequency" not in parts:
        where.lacks("a level needs a frequency", "frequency: HZ")
        return None
    found = {
        key: parts[key].number(key, 1, HIGHEST[Kind.CLOCK] if key == "frequency" else 0x7FFF_FFFF)
        for key in parts
    }
    rate = found["frequency"]
    if rate is None:
        return None
    return OperatingPoint(
        (rate,), found.get("voltage"), found.get("level"), power=found.get("power")
    )
