"""Options of targets: from what the agents file says, as written, to the typed options of a target.

Every key and value is compared with the fields of the target's `Options`; each problem is reported
at its own line. Several files are united; an option that is given twice is a problem.
"""

import re
from collections.abc import Mapping, Sequence

from scmigen.assignment.findings import OPTION_DIFFERS
from scmigen.assignment.given import Given, Outputs, shown
from scmigen.assignment.words import did_you_mean
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.hints import Any, TypeVar
from scmigen.patterns import pattern
from scmigen.targets.base import Group, Options, Path
from scmigen.targets.option_types import (
    Either,
    Grouped,
    Listed,
    Mapped,
    Number,
    Text,
    Truth,
    Type,
    Words,
    options_of,
    unreadable,
)
from scmigen.tuples import NamedTuple

OUTPUT_OPTION = Finding(
    "output-option",
    "An option of an output is misspelt, or its value is wrong.",
    "Correct it; docs/reference/agents.md and the page of the output list its options.",
    switchable=False,
)
OUTPUT_UNKNOWN = Finding(
    "output-unknown",
    "The agents file has options for an output that does not exist.",
    "Correct the name, or install the package that brings the output.",
    switchable=False,
)
OPTION_UNUSED = Finding(
    "option-unused",
    "An option of an output applies to nothing on the board.",
    "Correct its name, or remove it.",
    Severity.WARNING,
)
OPTION_MOVED = Finding(
    "option-moved",
    "A key of platform is an option of an output now.",
    "Move it below outputs, as the message says; until then it keeps working.",
    Severity.NOTE,
)

#: Key of ``platform`` → the outputs whose option it is now, under the same name.
MOVED: Mapping[str, tuple[str, ...]] = {
    "target": ("scp",),
    "trip-points": ("scp", "runtime"),
    "fast-channels": ("scp",),
    "drivers": ("scp",),
}

OptionsT = TypeVar("OptionsT", bound=Options)

_PLAIN = pattern(r"[A-Za-z0-9_-]+")
_TRUTH = {"true": True, "false": False}


class Raw(NamedTuple):
    """Options by output, as written, and problems of their place in the file."""

    given: Mapping[str, Given]
    problems: tuple[Diagnostic, ...]


def raw_options(outputs: Outputs) -> Raw:
    """The options of all files in one, those that were keys of ``platform`` among them."""
    problems: list[Diagnostic] = []
    found = Given({})
    for file in outputs.given:
        if not isinstance(file.value, Mapping):
            problems.append(_no_mapping("outputs", file))
        for name, given in file.entries.items():
            if isinstance(given.value, Mapping):
                found = _united(found, Given({name: given}), problems)
            else:
                problems.append(_no_mapping(f"outputs.{name}", given))
    for file in outputs.former:
        for key, given in file.entries.items():
            problems.append(_moved(key, given))
            for name in MOVED[key]:
                found = _united(found, Given({name: Given({key: given})}), problems)
    return Raw(found.entries, tuple(dict.fromkeys(problems)))


def _no_mapping(what: str, given: Given) -> Diagnostic:
    return OUTPUT_OPTION.error(
        f"{what} must be a mapping", given.position, hint="write key: value pairs"
    )


def _moved(key: str, given: Given) -> Diagnostic:
    new = ", ".join(f"{name}: {{{key}: …}}" for name in MOVED[key])
    return OPTION_MOVED.note(
        f"platform.{key} is an option of {' and '.join(MOVED[key])} now",
        given.key,
        hint=f"outputs: {{{new}}}",
    )


def _united(one: Given, other: Given, problems: list[Diagnostic]) -> Given:
    """Two mappings in one; two different values of one option are a problem."""
    found = dict(one.entries)
    for key, given in other.entries.items():
        first = found.setdefault(key, given)
        if first is given:
            continue
        if isinstance(first.value, Mapping) and isinstance(given.value, Mapping):
            found[key] = _united(first, given, problems)
        elif not _same(first, given):
            problems.append(
                OPTION_DIFFERS.error(
                    f"{key} is given twice with different values",
                    given.key,
                    [Related("the first", first.key)],
                    "say it once, or the same in both",
                )
            )
    return replace(one, value=found)


def _same(one: Given, other: Given) -> bool:
    if isinstance(one.value, tuple) and isinstance(other.value, tuple):
        return len(one.value) == len(other.value) and all(map(_same, one.value, other.value))
    return one.value == other.value


def read_options(given: Given, kind: type[OptionsT]) -> tuple[OptionsT, tuple[Diagnostic, ...]]:
    """The options in a mapping; a wrong one gets its default and a diagnostic."""
    reader = _Reader()
    values = reader.fields(given, kind, ())
    return kind(**values, positions=reader.positions), tuple(reader.problems)


def options_in(
    outputs: Outputs, name: str, kind: type[OptionsT], above: str | None = None
) -> OptionsT:
    """The options of one output, wrong ones at their defaults.

    ``above``: the output whose options apply where this one has none of its own.
    """
    given = raw_options(outputs).given
    own = given.get(name, Given({}))
    if above is not None and above in given:
        keys = {option.key for option in options_of(kind)}
        wider = {key: value for key, value in given[above].entries.items() if key in keys}
        own = replace(own, value=wider | dict(own.entries))
    return read_options(own, kind)[0]


def unsupported(kind: type[Options]) -> str | None:
    """Why a class cannot be the options of a target; ``None`` if it can."""
    if not issubclass(kind, Options):
        return f"its options are {kind.__name__}, not a class of Options"
    for option in options_of(kind):
        if option.required:
            return f"its option {option.key} has no default"
    wrong = next(unreadable(Grouped(of=kind), "", ()), None)
    if wrong is None:
        kind()
    return wrong


class _Invalid:
    """Placeholder for a value whose problem has been reported."""


_INVALID = _Invalid()


class _Reader:
    """Reads options; ``problems`` and ``positions`` grow as it goes."""

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.positions: dict[Path, Position] = {}

    def fields(self, given: Given, group: type[Group], path: Path) -> dict[str, Any]:
        """The values of the keys of a mapping, by the names of fields; those that are right."""
        known = {option.key: option for option in options_of(group)}
        found: dict[str, Any] = {}
        for key, entry in given.entries.items():
            option = known.get(key)
            if option is None:
                message = f"{_dotted(path) or 'the output'} has no option {shown(key)}"
                hint = did_you_mean(key, known)
                self.problems.append(OUTPUT_OPTION.error(message, entry.key, hint=hint))
                continue
            value = self._value(entry, option.type, (*path, key))
            if value is not _INVALID:
                found[option.name] = value
        return found

    def _value(self, given: Given, kind: Type, path: Path) -> Any:
        """One value, or `_INVALID` after the problem was reported."""
        where = given.key or given.position
        if where is not None:
            self.positions[path] = where
        match kind:
            case Either():
                return self._either(given, kind, path)
            case Grouped(of=group) if group is not None:
                return self._group(given, group, path)
            case Mapped():
                return self._mapping(given, kind, path)
            case Listed():
                return self._list(given, kind, path)
            case _:
                return self._scalar(given, (kind,), path, kind.like)

    def _either(self, given: Given, kind: Either, path: Path) -> Any:
        """One of several scalars, or a mapping in place of them."""
        members = list(kind.members)
        mapping = next((each for each in members if isinstance(each, Mapped)), None)
        if mapping is not None:
            if isinstance(given.value, Mapping):
                return self._mapping(given, mapping, path)
            members.remove(mapping)
        members.sort(key=lambda each: isinstance(each, Text))
        return self._scalar(given, members, path, kind.like)

    def _group(self, given: Given, group: type[Group], path: Path) -> Any:
        if not isinstance(given.value, Mapping):
            return self._wrong(path, given, "a mapping")
        values = self.fields(given, group, path)
        for option in options_of(group):
            if option.required and option.key not in given.entries:
                self.problems.append(
                    OUTPUT_OPTION.error(
                        f"{_dotted(path)} needs {option.key}", given.key or given.position
                    )
                )
            if option.required and option.name not in values:
                return _INVALID
        return group(**values)

    def _mapping(self, given: Given, kind: Mapped, path: Path) -> Any:
        if not isinstance(given.value, Mapping):
            return self._wrong(path, given, "a mapping")
        found = {
            key: self._value(entry, kind.item, (*path, key)) for key, entry in given.value.items()
        }
        return {key: value for key, value in found.items() if value is not _INVALID}

    def _list(self, given: Given, kind: Listed, path: Path) -> Any:
        if not isinstance(given.value, tuple):
            return self._wrong(path, given, "a list")
        found = (
            self._value(entry, kind.item, (*path, index)) for index, entry in enumerate(given.value)
        )
        return tuple(value for value in found if value is not _INVALID)

    def _scalar(self, given: Given, kinds: Sequence[Type], path: Path, like: str | None) -> Any:
        if isinstance(given.value, str):
            for kind in kinds:
                value = _parsed(given.value, kind)
                if value is not _INVALID:
                    return value
        words = _words(kinds[-1])
        hint = did_you_mean(given.value, words) if isinstance(given.value, str) else None
        return self._wrong(path, given, like or _expected(kinds[-1]), hint)

    def _wrong(self, path: Path, given: Given, expected: str, hint: str | None = None) -> _Invalid:
        is_text = isinstance(given.value, str)
        told = f"must be {expected}" + (f", not {shown(str(given.value))}" if is_text else "")
        message = f"{_dotted(path)} {told}"
        self.problems.append(OUTPUT_OPTION.error(message, given.position or given.key, hint=hint))
        return _INVALID


def _parsed(text: str, kind: Type) -> Any:
    """The value of a text, or `_INVALID`."""
    match kind:
        case Truth():
            return _TRUTH.get(text, _INVALID)
        case Number(low=low, high=high):
            number = whole_number(text)
            if number is None or (low is not None and number < low):
                return _INVALID
            return _INVALID if high is not None and number > high else number
        case Text(pattern=pattern, shortest=shortest, longest=longest):
            right = pattern is None or re.fullmatch(pattern, text)
            fits = shortest <= len(text) <= (longest or len(text))
            return text if right and fits else _INVALID
        case Words(words=words, value=value):
            return value(text) if text in words else _INVALID
    raise TypeError(f"options cannot have the type {kind}")


def whole_number(text: str) -> int | None:
    """The number in a text, decimal or with 0x before it."""
    try:
        return int(text.replace("_", ""), 0)
    except ValueError:
        return None


def _words(kind: Type) -> tuple[str, ...]:
    return kind.words if isinstance(kind, Words) else ()


def _expected(kind: Type) -> str:
    """What a right value looks like, for people."""
    match kind:
        case Truth():
            return "true or false"
        case Number(low=None, high=None):
            return "a whole number"
        case Number(low=low, high=high):
            return f"a number from {'…' if low is None else low} to {'…' if high is None else high}"
        case Text(pattern=None, shortest=shortest, longest=longest):
            most = f" of at most {longest} characters" if longest else ""
            return f"a string{' that is not empty' if shortest else ''}{most}"
        case Text(pattern=pattern):
            return f"a string like {pattern}"
    return "one of " + ", ".join(_words(kind))


def _dotted(path: Path) -> str:
    """Keys and indices as people write them: ``drivers."acme,cc".clock``."""
    words = (str(part) for part in path)
    return ".".join(word if _PLAIN.fullmatch(word) else f'"{word}"' for word in words)
