"""Reading a project file: every wrong key and value is reported, with its position."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from scmigen.assignment.given import shown
from scmigen.assignment.words import did_you_mean
from scmigen.data import Data, field
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position
from scmigen.inputs import read_text
from scmigen.patterns import pattern
from scmigen.project.keys import BOARD, TOP, Form, Key
from scmigen.project.positions import Positions, Way
from scmigen.version import format_problem

#: The name of the file that is looked for.
NAME = "scmigen.toml"

#: Bounds on what is read: tomllib takes quadratic time for a key of many parts.
MAX_SIZE, MAX_LINE = 1 << 17, 1 << 10

#: Reading stops after so many errors.
MAX_PROBLEMS = 100

PROJECT_FILE = Finding(
    "project-file",
    "A project file (scmigen.toml) is not TOML, or has a wrong key or value.",
    "Compare it with scmigen schema project, or with docs/reference/project.md.",
    switchable=False,
)

_KEYS: Mapping[str, Key] = {key.name: key for key in BOARD}
_SYNTAX = pattern(r"(.+?) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


class Settings(Data):
    """What a project file says about one board; paths are as seen from the working folder.

    ``None`` and empty: not stated. ``named``: where the file names each path.
    """

    source: Path
    overlays: tuple[Path, ...] = ()
    include: tuple[Path, ...] = ()
    define: tuple[str, ...] = ()
    agents: tuple[Path, ...] = ()
    trees: Mapping[str, Path] = field(default_factory=dict)
    lock: Path | None = None
    numbering: str | None = None
    output: Path | None = None
    emit: tuple[str, ...] = ()
    reference: Path | None = None
    baseline: Path | None = None
    topology: tuple[Path, ...] = ()
    switches: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    named: Mapping[str, Position] = field(default_factory=dict)


class _TooManyError(Exception):
    """There are `MAX_PROBLEMS` errors."""


def read_project(path: Path) -> Mapping[str, Settings]:
    """The boards of a project file, by name. Raises `InputError` with all that is wrong."""
    text = read_text(path)
    _check_bounds(text, path)
    try:
        data = tomllib.loads(text)
        reader = _Reader(path, Positions(text.replace("\r\n", "\n"), str(path)))
    except tomllib.TOMLDecodeError as problem:
        raise InputError([_not_toml(str(problem), text, path)]) from None
    except (ValueError, RecursionError):
        message = "this cannot be read: a number is too long, or values are nested too deeply"
        raise InputError([PROJECT_FILE.error(message, Position(str(path)))]) from None
    found = reader.boards(data)
    if reader.problems:
        raise InputError(sorted(reader.problems, key=_place))
    return found


def _check_bounds(text: str, path: Path) -> None:
    if len(text) > MAX_SIZE:
        message = f"the file has more than {MAX_SIZE >> 10} KiB"
        raise InputError([PROJECT_FILE.error(message, Position(str(path)))])
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            where = Position(str(path), number, MAX_LINE + 1)
            message = f"the line has more than {MAX_LINE} characters"
            raise InputError([PROJECT_FILE.error(message, where)])


def _not_toml(words: str, text: str, path: Path) -> Diagnostic:
    """The words are tomllib's; it counts columns from 1."""
    match = _SYNTAX.fullmatch(words)
    where = Position(str(path))
    if match is not None:
        lines = text.replace("\r\n", "\n").split("\n")
        place = (match[2], match[3]) if match[2] else (len(lines), len(lines[-1]) + 1)
        where = Position(str(path), *map(int, place))
    return PROJECT_FILE.error(f"this is not TOML: {match[1] if match else words}", where)


class _Reader:
    """Reads the tables of one file; problems are collected in ``problems``."""

    def __init__(self, path: Path, positions: Positions) -> None:
        self._folder = path.parent
        self._positions = positions
        self._words: dict[str, Collection[str]] = {}
        self._named: dict[str, Position] = {}
        self.problems: list[Diagnostic] = []

    def boards(self, data: Mapping[str, object]) -> Mapping[str, Settings]:
        """All boards; where there are problems, what is returned is not complete."""
        found: dict[str, Settings] = {}
        problem = format_problem("project", data["format"]) if "format" in data else None
        if problem is not None:
            self._wrong(("format",), *problem)
            return found
        try:
            top = dict(self._known(data, (), TOP, "a project file"))
            defaults = self._table(top.get("defaults", {}), ("defaults",))
            common = {} if defaults is None else self._settings(defaults, ("defaults",))
            boards = self._table(top.get("board", {}), ("board",))
            if boards == {}:
                self._wrong(
                    ("board",), "a project file needs a board", 'write [board.NAME], source = "…"'
                )
            for name, entry in (boards or {}).items():
                table = self._table(entry, ("board", name))
                own = {} if table is None else self._settings(table, ("board", name))
                if table is not None and "source" not in table:
                    self._wrong(
                        ("board", name), f"board {name} needs a source", 'write source = "FILE.dts"'
                    )
                elif "source" in own:
                    stated = {**common, **own, "named": self._named}
                    found[name] = Settings(**stated)  # type: ignore[arg-type]
            self._apart(found)
        except _TooManyError:
            pass
        return found

    def _apart(self, boards: Mapping[str, Settings]) -> None:
        """Boards do not share what a build writes."""
        for key in ("output", "lock"):
            first: dict[Path, str] = {}
            for name, settings in boards.items():
                path = getattr(settings, key)
                if path is None:
                    continue
                other = first.setdefault(path.resolve(), name)  # whatever its spelling
                if other != name:
                    where = self._positions.value(("board", other, key))
                    message = f"board {name} has the {key} of board {other}"
                    self._wrong(("board", name, key), message, f"first at {where}")

    def _wrong(self, way: Way, message: str, hint: str | None = None, key: bool = False) -> None:
        where = self._positions.key(way) if key else self._positions.value(way)
        self.problems.append(PROJECT_FILE.error(message, where, hint=hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _TooManyError

    def _table(self, value: object, way: Way) -> dict[str, object] | None:
        if isinstance(value, dict):
            return value
        self._wrong(way, f"{way[-1]} must be a table", f"write [{'.'.join(map(str, way))}]")
        return None

    def _known(
        self, table: Mapping[str, object], way: Way, known: Mapping[str, object], what: str
    ) -> Iterator[tuple[str, object]]:
        for name, value in table.items():
            if name in known:
                yield name, value
            else:
                self._wrong(
                    (*way, name), f"{what} has no key {shown(name)}", _near(name, way, known), True
                )

    def _settings(self, table: Mapping[str, object], way: Way) -> dict[str, object]:
        """The settings in a table, by the names of `Settings`."""
        found: dict[str, object] = {}
        what = " ".join(map(str, way))
        for name, value in self._known(table, way, _KEYS, what):
            key = _KEYS[name]
            if key.own and way == ("defaults",):
                self._wrong(
                    (*way, name),
                    f"{name} belongs to one board, so it cannot be a default",
                    f"write it below [board.NAME]: {key.about}",
                    True,
                )
                continue
            read = self._read(key, value, (*way, name))
            if read is not None:
                found[name] = read
        return found

    def _read(self, key: Key, value: object, way: Way) -> object:
        """The value of a key; ``None`` if it is wrong."""
        if key.form in (Form.PATH, Form.TEXT):
            return self._one(key, value, way, key.name)
        what = f"an entry of {key.name}"
        if key.form is Form.NAMED_PATHS:
            if not isinstance(value, dict):
                hint = f'write {key.name} = {{NAME = "FILE"}}'
                self._wrong(way, f"{key.name} must be {key.form.value}", hint)
                return None
            named = {name: self._one(key, item, (*way, name), what) for name, item in value.items()}
            return None if None in named.values() else named
        if not isinstance(value, list):
            hint = f'write {key.name} = ["…"]'
            self._wrong(way, f"{key.name} must be {key.form.value}", hint)
            return None
        items = [self._one(key, item, (*way, index), what) for index, item in enumerate(value)]
        return None if None in items else tuple(items)

    def _one(self, key: Key, value: object, way: Way, what: str) -> str | Path | None:
        """One path or string."""
        if not isinstance(value, str) or not value or "\0" in value:
            self._wrong(way, f"{what} must be {key.single}")
            return None
        if key.single == "a path":
            path = self._folder / value
            self._named.setdefault(str(path), self._positions.value(way))
            return path
        return value if key.known is None else self._word(key, key.known, value, way)

    def _word(
        self, key: Key, known: Callable[[], Collection[str]], value: str, way: Way
    ) -> str | None:
        """One of the words of a key; all findings are imported for them, so only once."""
        words = self._words.get(key.name) or self._words.setdefault(key.name, known())
        word = value.removeprefix(key.prefix)
        if word in words:
            return value
        self._wrong(way, f"{key.name} cannot be {shown(value)}", did_you_mean(word, words))
        return None


def _place(problem: Diagnostic) -> tuple[int, int]:
    where = problem.position
    return (where.line, where.column) if where else (0, 0)


def _near(name: str, way: Way, known: Mapping[str, object]) -> str | None:
    """What a key that is not known may have been meant as."""
    if not way and name in _KEYS:
        return f"write it below [defaults] or [board.NAME]: {_KEYS[name].about}"
    return did_you_mean(name, known) or "one of: " + ", ".join(known)
