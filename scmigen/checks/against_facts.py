"""What a server says of its resources and of itself, against what a build of a board would say."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from scmigen.checks.against_built import Both, Built, Difference, about
from scmigen.checks.fact_words import (
    Called,
    difference_word,
    fact_of,
    hertz,
    millivolts,
    value_word,
)
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.runtime import Served
from scmigen.runtime.facts import normal
from scmigen.scmi.protocols import Kind

RATES_DIFFER = Finding(
    "rates-differ",
    "A clock has other rates at the server than a build of the board would give it.",
    "Say the rates in the tree or by platform.assume, or correct the server's table.",
    severity=Severity.WARNING,
)

VOLTAGES_DIFFER = Finding(
    "voltages-differ",
    "A supply has other levels at the server than a build of the board would give it.",
    "See that the server sets nothing that the tree does not allow.",
    severity=Severity.WARNING,
)

BOOT_DIFFERS = Finding(
    "boot-differs",
    "The server turns on at its start what the tree does not say is on at boot, or the other way.",
    "Leave off what no device needs before its driver asks for it.",
    severity=Severity.NOTE,
)

PARENTS_DIFFER = Finding(
    "parents-differ",
    "A resource is below another one at the server than in the tree.",
    "Say it in the tree by power-domains of the provider, or correct the server's table.",
    severity=Severity.NOTE,
)

FACTS_DIFFER = Finding(
    "facts-differ",
    "A server says another thing of a resource than a build of the board would.",
    "Decide which is right: platform.extra has what no tree says.",
    severity=Severity.NOTE,
)

_VALUES: Mapping[Kind, tuple[str, Finding]] = {
    Kind.CLOCK: ("rates", RATES_DIFFER),
    Kind.VOLTAGE: ("levels", VOLTAGES_DIFFER),
}
_BOOT: Mapping[tuple[Kind, str], Finding] = {
    (Kind.CLOCK, "rate"): RATES_DIFFER,
    (Kind.VOLTAGE, "level"): VOLTAGES_DIFFER,
}
_ABOVE = ("parent", "parents", "power", "supply", "clock")


def facts_differ(
    found: Iterable[Difference], of_platform: Sequence[Related], called: Called
) -> Iterator[Diagnostic]:
    """One note for each finding, with what is ``of_platform``; a warning for each rate of the tree
    that a clock has not, and each level of a supply that the tree forbids. ``called``: what the
    resources are called that facts name."""
    alike: dict[Finding, list[tuple[Both | None, Related]]] = {}
    found = tuple(found)
    valued = {(one.both.kind, one.both.id) for one in found if one.name == _value_of(one.both)}
    for each in found:
        both, name = each.both, each.name
        if name == "step":
            if (both.kind, both.id) in valued:
                continue
            name = _value_of(both)  # both are told as one
        item = _forbidden(each)
        if item is not None:
            yield item
        else:
            said = Related(_said(name, each, called), both.position)
            alike.setdefault(_finding(both.kind, name), []).append((both, said))
    if of_platform:
        alike.setdefault(FACTS_DIFFER, []).extend((None, each) for each in of_platform)
    for finding, several in alike.items():
        (_, first), *others = several
        note = finding.note(
            f"at the server, {first.message}", first.position, [said for _, said in others]
        )
        yield about(note, [both for both, _ in several if both is not None])


def _value_of(both: Both) -> str:
    """The fact that a step belongs to."""
    return _VALUES[both.kind][0] if both.kind in _VALUES else ""


def _finding(kind: Kind, name: str) -> Finding:
    if kind in _VALUES and name == _VALUES[kind][0]:
        return _VALUES[kind][1]
    if name in _ABOVE:
        return PARENTS_DIFFER
    if name == "always_on":
        return BOOT_DIFFERS
    return _BOOT.get((kind, name), FACTS_DIFFER)


def _forbidden(each: Difference) -> Diagnostic | None:
    """What goes against the tree: a rate that it asks for and the clock has not, a level that is
    beyond what it lets a supply have."""
    both = each.both
    one = both.resource
    if one is None or each.name not in ("rates", "levels", "step") or both.kind not in _VALUES:
        return None
    name, finding = _VALUES[both.kind]
    theirs, step = _values(both, name)
    facts = one.facts
    if both.kind is Kind.CLOCK:
        wrong = [rate for rate in facts.rates if not _has(theirs, step, rate)]
        said = f"{both} has {hertz(wrong)} in the tree, which the server does not have"
        text = _range(theirs, step, hertz)
    else:
        within = facts.voltages
        wrong = [v for v in theirs if within and not min(within) <= v <= max(within)]
        said = (
            f"{both} may only have {_between(within)} by the tree; at the server, it may have "
            f"{millivolts(wrong)}"
        )
        text = _range(theirs, step, millivolts)
    if not wrong:
        return None
    item = finding.warning(
        said,
        both.place,
        [Related(f"the server has {text}", both.position)],
    )
    return about(item, [both])


def _values(both: Both, name: str) -> tuple[Sequence[int], int | None]:
    """The values that the server has, and the step where they are the ends of a range."""
    facts = both.theirs.facts
    return facts.get(name, ()), facts.get("step")


def _has(values: Sequence[int], step: int | None, value: int) -> bool:
    if step is None or len(values) != 2:
        return value in values
    low, high = values
    return low <= value <= high and (value - low) % max(step, 1) == 0


def _range(values: Sequence[int], step: int | None, text: Callable[[Sequence[int]], str]) -> str:
    if step is not None and len(values) == 2:
        return f"{text(values[:1])} to {text(values[1:])} in steps of {text((step,))}"
    return text(values)


def _between(levels: Sequence[int]) -> str:
    """The limits of a supply: ``1800 mV``, or ``700 mV to 900 mV``."""
    ends = sorted({min(levels), max(levels)}) if levels else []
    return " to ".join(millivolts([level]) for level in ends)


def _said(name: str, each: Difference, called: Called) -> str:
    """``clock 4 (uart) has rates 24 MHz; in a build, 100 MHz``."""
    both = each.both
    if both.kind in _VALUES and name == _VALUES[both.kind][0]:
        text = hertz if both.kind is Kind.CLOCK else millivolts
        here, there = (
            _range(one.facts.get(name, ()), one.facts.get("step"), text) or "none"
            for one in (both.mine, both.theirs)
        )
        return f"{both} has {there}; in a build, {here}"
    sides = ((each.there, both.theirs.facts), (each.here, both.mine.facts))
    return f"{both} {difference_word(both.kind, name, *sides, called)}"


def platform_differs(built: Built, server: Served, file: str, joint: bool) -> list[Related]:
    """Facts of the platform that are others in a build. A ``joint`` server of several platforms has
    numbers for each agent, whatever each of them has."""
    here = {**built.served.facts, _VERSION: _version(built.served)}
    there = {name: normal(None, name, value) for name, value in server.facts.items()}
    if _version(server) is not None:
        there[_VERSION] = _version(server)
    return [
        Related(
            f"{fact_of(None, name).called} is {value_word(None, name, value, {}, {})}; in a build, "
            f"{value_word(None, name, here[name], {}, {})}",
            Position(file),
        )
        for name, value in there.items()
        if value != here[name] and not (joint and name == _NUMBERING)
    ]


_VERSION, _NUMBERING = "implementation_version", "numbering"


def _version(server: Served) -> int | None:
    return None if server.vendor is None else server.vendor.version


def boot_differs(found: Sequence[Both]) -> Iterator[Diagnostic]:
    """What one side turns on at boot, and the other does not: one note for each."""
    for there in (True, False):
        those = [
            each for each in found if each.theirs.on is there and bool(each.mine.on) is not there
        ]
        if those:
            first, *others = [Related(str(each), each.position) for each in those]
            says = (
                "the server turns on at its start what the tree does not say is on at boot"
                if there
                else "the tree says that on at boot is what the server does not turn on"
            )
            item = BOOT_DIFFERS.note(f"{says}: {first.message}", first.position, others)
            yield about(item, those)
