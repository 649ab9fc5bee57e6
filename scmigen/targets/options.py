"""Options of targets: from what the agents file says, as written, to the typed options of a target.

Every key and value is compared with the fields of the target's `Options`; each problem is reported
at its own line. Several files are united; an option that is given twice is a problem.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from scmigen.assignment.findings import OPTION_DIFFERS
from scmigen.assignment.given import Given, Outputs, shown
from scmigen.assignment.words import did_you_mean
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.targets.base import Options, Path
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

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_TRUTH = {"true": True, "false": False}
_FIELDS_OF_BASE = frozenset(field.name for field in msgspec.structs.fields(Options))


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
    values = reader.fields(given, _struct(kind), ())
    options = kind(**values)
    return msgspec.structs.replace(options, positions=reader.positions), tuple(reader.problems)


def options_in(
    outputs: Outputs, name: str, kind: type[OptionsT], above: str | None = None
) -> OptionsT:
    """The options of one output, wrong ones at their defaults.

    ``above``: the output whose options apply where this one has none of its own.
    """
    given = raw_options(outputs).given
    own = given.get(name, Given({}))
    if above is not None and above in given:
        keys = {field.encode_name for field in _options_of(_struct(kind))}
        wider = {key: value for key, value in given[above].entries.items() if key in keys}
        own = replace(own, value=wider | dict(own.entries))
    return read_options(own, kind)[0]


@cache
def _struct(kind: type[Options]) -> inspect.StructType:
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return found


def _options_of(struct: inspect.StructType) -> Iterator[inspect.Field]:
    """The fields that are options; those of `Options` itself are not."""
    return (field for field in struct.fields if field.name not in _FIELDS_OF_BASE)


def unsupported(kind: type[Options]) -> str | None:
    """Why a class cannot be the options of a target; ``None`` if it can."""
    if not issubclass(kind, Options):
        return f"its options are {kind.__name__}, not a class of Options"
    for field in _options_of(_struct(kind)):
        if field.required:
            return f"its option {field.encode_name} has no default"
    wrong = next(_unreadable(_struct(kind), (), (kind,)), None)
    if wrong is None:
        kind()
    return wrong


def _unreadable(kind: inspect.Type, path: Path, around: tuple[type, ...]) -> Iterator[str]:
    """Types in options that agents files cannot express; ``around`` are the groups passed."""
    match kind:
        case inspect.Metadata():
            yield from _unreadable(kind.type, path, around)
        case inspect.StructType():
            for field in _options_of(kind):
                inner = getattr(field.type, "cls", None)
                if inner not in around or not isinstance(field.type, inspect.StructType):
                    groups = (*around, inner) if isinstance(inner, type) else around
                    yield from _unreadable(field.type, (*path, field.encode_name), groups)
        case inspect.UnionType():
            members = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
            maps = [each for each in members if isinstance(each, inspect.DictType)]
            for each in members:
                scalar = isinstance(each, inspect.Metadata) or _is_scalar(each)
                if len(members) > 1 and not scalar and maps != [each]:
                    yield (
                        f"its option {_dotted(path)} has a union of other types than scalars and "
                        "one mapping"
                    )
                else:
                    yield from _unreadable(each, path, around)
        case inspect.DictType():
            if not isinstance(kind.key_type, inspect.StrType):
                yield f"its option {_dotted(path)} has keys other than strings"
            yield from _unreadable(kind.value_type, path, around)
        case inspect.VarTupleType():
            yield from _unreadable(kind.item_type, path, around)
        case _ if not _is_scalar(kind):
            name = type(kind).__name__.removesuffix("Type").lower()
            yield f"its option {_dotted(path)} has a type that options cannot have: {name}"


def _is_scalar(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.EnumType):
        return all(isinstance(item.value, str) for item in kind.cls)
    if isinstance(kind, inspect.LiteralType):
        return all(isinstance(value, str) for value in kind.values)
    return isinstance(kind, inspect.BoolType | inspect.IntType | inspect.StrType)


class _Invalid:
    """Placeholder for a value whose problem has been reported."""


_INVALID = _Invalid()


class _Reader:
    """Reads options; ``problems`` and ``positions`` grow as it goes."""

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.positions: dict[Path, Position] = {}

    def fields(self, given: Given, struct: inspect.StructType, path: Path) -> dict[str, Any]:
        """The values of the keys of a mapping, by the names of fields; those that are right."""
        known = {field.encode_name: field for field in _options_of(struct)}
        found: dict[str, Any] = {}
        for key, entry in given.entries.items():
            field = known.get(key)
            if field is None:
                message = f"{_dotted(path) or 'the output'} has no option {shown(key)}"
                hint = did_you_mean(key, known)
                self.problems.append(OUTPUT_OPTION.error(message, entry.key, hint=hint))
                continue
            value = self._value(entry, field.type, (*path, key))
            if value is not _INVALID:
                found[field.name] = value
        return found

    def _value(self, given: Given, kind: inspect.Type, path: Path, like: str | None = None) -> Any:
        """One value, or `_INVALID` after the problem was reported."""
        where = given.key or given.position
        if where is not None:
            self.positions[path] = where
        match kind:
            case inspect.Metadata():
                like = (kind.extra_json_schema or {}).get("description", like)
                return self._value(given, kind.type, path, like)
            case inspect.UnionType():
                return self._union(given, kind, path, like)
            case inspect.StructType():
                return self._struct(given, kind, path)
            case inspect.DictType():
                return self._mapping(given, kind, path)
            case inspect.VarTupleType():
                return self._list(given, kind, path)
            case _:
                return self._scalar(given, (kind,), path, like)

    def _union(self, given: Given, kind: inspect.UnionType, path: Path, like: str | None) -> Any:
        """An optional value, or one of several scalars, or a mapping in place of them."""
        members = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        if len(members) == 1:
            return self._value(given, members[0], path, like)
        mapping = next((each for each in members if isinstance(each, inspect.DictType)), None)
        if mapping is not None:
            if isinstance(given.value, Mapping):
                return self._mapping(given, mapping, path)
            members.remove(mapping)
        members.sort(key=lambda each: isinstance(each, inspect.StrType))
        return self._scalar(given, members, path, like)

    def _struct(self, given: Given, kind: inspect.StructType, path: Path) -> Any:
        if not isinstance(given.value, Mapping):
            return self._wrong(path, given, "a mapping")
        values = self.fields(given, kind, path)
        for field in _options_of(kind):
            if field.required and field.encode_name not in given.entries:
                self.problems.append(
                    OUTPUT_OPTION.error(
                        f"{_dotted(path)} needs {field.encode_name}", given.key or given.position
                    )
                )
            if field.required and field.name not in values:
                return _INVALID
        return kind.cls(**values)

    def _mapping(self, given: Given, kind: inspect.DictType, path: Path) -> Any:
        if not isinstance(given.value, Mapping):
            return self._wrong(path, given, "a mapping")
        found = {
            key: self._value(entry, kind.value_type, (*path, key))
            for key, entry in given.value.items()
        }
        return {key: value for key, value in found.items() if value is not _INVALID}

    def _list(self, given: Given, kind: inspect.VarTupleType, path: Path) -> Any:
        if not isinstance(given.value, tuple):
            return self._wrong(path, given, "a list")
        found = (
            self._value(entry, kind.item_type, (*path, index))
            for index, entry in enumerate(given.value)
        )
        return tuple(value for value in found if value is not _INVALID)

    def _scalar(
        self, given: Given, kinds: Sequence[inspect.Type], path: Path, like: str | None
    ) -> Any:
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


def _parsed(text: str, kind: inspect.Type) -> Any:
    """The value of a text, or `_INVALID`."""
    match kind:
        case inspect.Metadata():
            return _parsed(text, kind.type)
        case inspect.BoolType():
            return _TRUTH.get(text, _INVALID)
        case inspect.IntType():
            number = whole_number(text)
            low, high = kind.ge, kind.le
            if number is None or (low is not None and number < low):
                return _INVALID
            return _INVALID if high is not None and number > high else number
        case inspect.StrType():
            right = kind.pattern is None or re.fullmatch(kind.pattern, text)
            fits = (kind.min_length or 0) <= len(text) <= (kind.max_length or len(text))
            return text if right and fits else _INVALID
        case inspect.EnumType():
            return kind.cls(text) if text in _words(kind) else _INVALID
        case inspect.LiteralType():
            return text if text in kind.values else _INVALID
    raise TypeError(f"options cannot have the type {kind}")


def whole_number(text: str) -> int | None:
    """The number in a text, decimal or with 0x before it."""
    try:
        return int(text.replace("_", ""), 0)
    except ValueError:
        return None


def _words(kind: inspect.Type) -> tuple[str, ...]:
    if isinstance(kind, inspect.EnumType):
        return tuple(str(item.value) for item in kind.cls)
    return tuple(map(str, kind.values)) if isinstance(kind, inspect.LiteralType) else ()


def _expected(kind: inspect.Type) -> str:
    """What a right value looks like, for people."""
    match kind:
        case inspect.Metadata():
            return _expected(kind.type)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            low, high = kind.ge, kind.le
            if low is None and high is None:
                return "a whole number"
            return f"a number from {'…' if low is None else low} to {'…' if high is None else high}"
        case inspect.StrType():
            if kind.pattern is not None:
                return f"a string like {kind.pattern}"
            most = f" of at most {kind.max_length} characters" if kind.max_length else ""
            return f"a string{' that is not empty' if kind.min_length else ''}{most}"
    return "one of " + ", ".join(_words(kind))


def _dotted(path: Path) -> str:
    """Keys and indices as people write them: ``drivers."acme,cc".clock``."""
    words = (str(part) for part in path)
    return ".".join(word if _PLAIN.fullmatch(word) else f'"{word}"' for word in words)
