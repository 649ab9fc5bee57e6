"""The typed options of a target, or of a group of them, from what an agents file says.

Only those that say something need this, and the types of `scmigen.targets.option_types`.
"""

import re
from collections.abc import Mapping, Sequence

from scmigen.assignment.given import Given, shown
from scmigen.assignment.words import did_you_mean, whole_number
from scmigen.diagnostics import Position
from scmigen.hints import Any
from scmigen.patterns import pattern
from scmigen.targets.base import Group, Path
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
)
from scmigen.tuples import NamedTuple

_PLAIN = pattern(r"[A-Za-z0-9_-]+")
_TRUTH = {"true": True, "false": False}


class _Invalid:
    """Placeholder for a value whose problem has been reported."""


_INVALID = _Invalid()


class Problem(NamedTuple):
    """What is wrong with an option."""

    message: str
    position: Position | None
    hint: str | None = None


class Reader:
    """Reads options; ``problems`` and ``positions`` grow as it goes."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
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
                self.problems.append(Problem(message, entry.key, hint))
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
                told = f"{_dotted(path)} needs {option.key}"
                self.problems.append(Problem(told, given.key or given.position))
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
        self.problems.append(Problem(message, given.position or given.key, hint))
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
