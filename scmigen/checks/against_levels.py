"""The levels of performance domains at a server, against those that the tree has, or a build."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from scmigen.bindings.facts import OperatingPoint
from scmigen.checks.against_built import Both, about
from scmigen.checks.fact_words import hertz, millivolts
from scmigen.checks.served_view import place_of
from scmigen.diagnostics import Diagnostic, Finding, Related, Severity
from scmigen.runtime import ServedLevel, ServedLevels
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

LEVELS_DIFFER = Finding(
    "levels-differ",
    "A performance domain has other levels at the server than in the tree.",
    "Take the levels of the one that is right; platform.assume has those that no tree has.",
    severity=Severity.WARNING,
)


class _Aspect(NamedTuple):
    """One thing that levels have: its name, what one level has of it, and whether the tree says it
    of such a point."""

    name: str
    of: Callable[[ServedLevel], int | None]
    in_tree: Callable[[OperatingPoint], bool]


#: What is told by neither side is None; what a build does not have is 0 as well.
_ASPECTS = (
    _Aspect("frequency", lambda one: _kilohertz(one.frequency), lambda one: any(one.rates)),
    _Aspect("level", lambda one: one.level, lambda one: one.level is not None),
    _Aspect("voltage", lambda one: one.voltage, lambda one: one.voltage is not None),
    _Aspect("power", lambda one: one.power, lambda one: one.power is not None),
    _Aspect("latency", lambda one: one.latency, lambda one: one.latency is not None),
)
#: What the whole table is shown for.
_OF_TABLE = ("frequency", "level")
#: How the values of levels are said; their numbers have no unit.
_TEXTS: Mapping[str, Callable[[int], str]] = {
    "voltage": lambda value: millivolts([value]),
    "power": lambda value: f"{value} µW",
    "latency": lambda value: f"{value} µs",
    "frequency": lambda value: hertz([1000 * value]),
}


def levels_differ(found: Sequence[Both]) -> Iterator[Diagnostic]:
    """Levels of performance domains: a warning for each that goes against the tree, and notes for
    all of which a build has others that no tree says."""
    unknown: list[tuple[Both, str]] = []
    aside: list[tuple[Both, str]] = []
    for each in found:
        tables, points = each.theirs.levels, _points(each)
        if each.kind is not Kind.PERFORMANCE or not tables:
            continue
        mine = each.mine.levels[0]
        against, more = min((_differing(points, mine, table) for table in tables), key=_weight)
        if not points:
            # Where frequencies are those that a build assumes, it is another thing that differs.
            words = [word for word in (*against, *more) if word]
            if against or more:
                unknown.append((each, "" if "" in against or not words else words[0]))
        elif against:
            yield _against(each, against, more)
        else:
            aside.extend((each, word) for word in more)
    if aside:
        first, *others = [Related(f"{each} has {word}", each.position) for each, word in aside]
        note = LEVELS_DIFFER.note(f"at the server, {first.message}", first.position, others)
        yield about(note, [each for each, _ in aside])
    if unknown:
        yield _of_no_tree(unknown)


def _points(each: Both) -> Sequence[OperatingPoint]:
    return () if each.resource is None else each.resource.facts.points


def _weight(said: tuple[Sequence[str], Sequence[str]]) -> tuple[int, int]:
    return len(said[0]), len(said[1])


def _differing(
    points: Sequence[OperatingPoint], mine: ServedLevels, theirs: ServedLevels
) -> tuple[list[str], list[str]]:
    """How a table is other than that of a build: where the tree says so, and where it does not."""
    against: list[str] = []
    aside: list[str] = []
    if len(mine.levels) != len(theirs.levels):
        against.append("")
    for aspect in _ASPECTS if not against else ():
        if aspect.name == "voltage" and _is_one_for_all(mine, theirs):
            continue
        said = any(map(aspect.in_tree, points))
        for here, there in zip(mine.levels, theirs.levels, strict=True):
            ours, other = aspect.of(here), aspect.of(there)
            if other is None or ours == other:
                continue
            if ours is None and other == 0:
                continue
            # For frequencies the whole table is shown, and for numbers where the tree has none.
            whole = aspect.name in (_OF_TABLE if not points else _OF_TABLE[:1] if said else ())
            word = "" if whole else _word(aspect.name, here, ours, other)
            (against if said else aside).append(word)
    latency = max((one.latency or 0 for one in mine.levels), default=0)
    if theirs.latency is not None and theirs.latency != latency:
        said = any(point.latency is not None for point in points)
        word = f"latency {theirs.latency} µs; in a build, {latency} µs"
        (against if said else aside).append(word)
    if theirs.sustained is not None and theirs.sustained != mine.sustained:
        aside.append(f"{_sustained(theirs)} sustained; in a build, {_sustained(mine)}")
    if theirs.abstract is not mine.abstract and any(one.power for one in theirs.levels):
        aside.append("powers of an abstract scale" if theirs.abstract else "powers in µW")
    return against, aside


def _is_one_for_all(mine: ServedLevels, theirs: ServedLevels) -> bool:
    """Whether a table has one voltage for all levels, and a build none: what tables have where no
    voltage is known."""
    known = any(one.voltage is not None for one in mine.levels)
    return not known and len({one.voltage for one in theirs.levels}) == 1


def _sustained(table: ServedLevels) -> str:
    """The level that can be held: ``500 MHz``, or ``level 3``."""
    if table.sustained is None or table.sustained >= len(table.levels):
        return "none of the levels"
    one = table.levels[table.sustained]
    return hertz([one.frequency]) if one.frequency else f"level {one.level}"


def _word(name: str, here: ServedLevel, ours: int | None, other: int) -> str:
    text = _TEXTS.get(name, str)
    told = "none" if ours is None else text(ours)
    if name == "level":
        return f"level {text(other)}; in a build, {told}"
    # Where the tree has no numbers, those of a build are the kHz.
    by_rate = here.frequency is not None and here.level == _kilohertz(here.frequency)
    level = hertz([here.frequency or 0]) if by_rate else f"level {here.level}"
    return f"{name} {text(other)} at {level}; in a build, {told}"


def _against(each: Both, against: Sequence[str], more: Sequence[str]) -> Diagnostic:
    """The warning of one domain: other frequencies, or the first other thing."""
    tables, points = each.theirs.levels, _points(each)
    places = [Related("the server", place_of(one.source, each.position)) for one in tables]
    words = [word for word in against if word]
    if len(words) < len(against):
        said = f"{each} has {hertz(_rates(points))} in the tree; the server has {_tables(tables)}"
    else:
        said = f"at the server, {each} has {words.pop(0)}, by the tree"
    told = [Related(f"it has {word}") for word in (*words, *more)]
    return about(LEVELS_DIFFER.warning(said, each.place, [*places, *told]), [each])


def _of_no_tree(unknown: Sequence[tuple[Both, str]]) -> Diagnostic:
    first, *others = [
        Related(
            f"{each.kind} {each.id} ({each.theirs.name}) has {word or _tables(each.theirs.levels)}",
            place_of(each.theirs.levels[0].source, each.position),
        )
        for each, word in unknown
    ]
    item = LEVELS_DIFFER.note(
        f"the tree has no levels, and a build assumes them; at the server {first.message}",
        first.position,
        others,
        "platform: {assume: {values: [{performance: …, levels: […]}]}} says them",
    )
    return about(item, [each for each, _ in unknown])


def _kilohertz(rate: int | None) -> int | None:
    return None if rate is None else rate // 1000


def _rates(points: Sequence[OperatingPoint]) -> tuple[int, ...]:
    return tuple(sorted({rate for point in points for rate in point.rates[:1] if rate}))


def _tables(tables: Sequence[ServedLevels]) -> str:
    """``5 levels, 450 to 850 MHz, 700 MHz sustained; or 1 level, 650 MHz``."""
    return "; or ".join(map(_table, tables)) + (
        f" ({len(tables)} tables, of which one is used at run time)" if len(tables) > 1 else ""
    )


def _table(table: ServedLevels) -> str:
    rates = [one.frequency for one in table.levels if one.frequency is not None]
    if not table.levels:
        return "no levels"
    if len(rates) < len(table.levels):
        return f"levels {', '.join(str(one.level) for one in table.levels)}"
    said = hertz(rates)
    if table.sustained is not None and table.sustained < len(rates) > 1:
        said += f" ({hertz([rates[table.sustained]])} sustained)"
    return said
