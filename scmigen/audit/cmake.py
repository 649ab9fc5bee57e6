"""What CMake files set: variables, lists, conditions and the properties of targets.

Nothing is run. Of the language that is read which products of SCP-firmware use: ``set``, ``list``,
``if``, ``include``, ``target_sources``, ``target_include_directories``, and what defines macros for
the compiler. A condition that is not understood does not hold; its place is kept, and that of what
is not followed.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scmigen.data import Data, field
from scmigen.diagnostics import Position
from scmigen.inputs import read_part
from scmigen.patterns import pattern
from scmigen.tuples import NamedTuple

_MAX_FILE = 1 << 20
_MAX_COMMANDS = 20_000
_MAX_TEXT = 1 << 16
_MAX_INCLUDES = 20
#: How deep brackets in a condition are.
_MAX_DEPTH = 50
_TOKEN = pattern(
    r"(?P<newline>\n)|(?P<blank>[ \t\r;]+|#\[\[.*?\]\]|\#[^\n]*)"
    r'|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<bracket>[()])|(?P<word>[^\s()"#;]+)|(?P<other>.)',
    re.DOTALL,
)
_VARIABLE = pattern(r"\$\{([\w.+/-]{1,200})\}")
#: What is not followed: what it does is not known without running it.
_SKIPPED = frozenset(("foreach", "while", "function", "macro"))
#: Variables that say what is built.
_MATTER = frozenset(("SCP_MODULES", "SCP_MODULE_PATHS", "CMAKE_C_FLAGS"))
_FALSE = frozenset(("", "0", "OFF", "NO", "FALSE", "N", "IGNORE", "NOTFOUND"))
_TRUE = frozenset(("1", "ON", "YES", "TRUE", "Y"))


class Argument(NamedTuple):
    """An argument as written; ``quoted``: in quotes, which are left out."""

    text: str
    quoted: bool


class _Command(NamedTuple):
    name: str
    arguments: tuple[Argument, ...]
    position: Position


class Settings(Data, frozen=False):
    """What CMake files have set so far; ``problems``: what they say stops the build, or is not
    understood; ``skipped``: what is not followed, and may matter."""

    variables: dict[str, str] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    places: dict[str, Position] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    problems: list[tuple[str, Position]] = field(default_factory=list)
    skipped: list[tuple[str, Position]] = field(default_factory=list)
    turns: int = 0

    def list_of(self, name: str) -> list[str]:
        """The entries of a list."""
        return [entry for entry in self.variables.get(name, "").split(";") if entry]

    def is_on(self, name: str) -> bool:
        """Whether a variable holds as a condition."""
        return self.variables.get(name, "").upper() in _TRUE


def run(path: Path, settings: Settings, depth: int = 0) -> bool:
    """Follows a file; whether there is one."""
    try:
        text = read_part(path, _MAX_FILE).decode("utf-8", "replace")
    except (OSError, ValueError):
        return False
    settings.files.append(str(path))
    settings.variables["CMAKE_CURRENT_LIST_DIR"] = str(path.parent)
    settings.variables.setdefault("CMAKE_CURRENT_SOURCE_DIR", str(path.parent))
    _run(tuple(_commands(text, str(path))), settings, path, depth)
    return True


def _run(commands: Sequence["_Command"], settings: Settings, path: Path, depth: int) -> None:
    conditions: list[tuple[bool, bool]] = []
    at = 0
    while at < len(commands):
        command, at = commands[at], at + 1
        reads = all(holds for holds, _ in conditions)
        if command.name in _SKIPPED:
            end = _end_of(commands, at - 1)
            body, at = commands[at:end], end + 1
            values = _items(command, settings) if reads else ()
            if values is not None:
                _repeat(command, values, body, settings, path, depth)
            elif any(map(_matters, body)):
                _skip(command.name, settings, command.position)
        elif not _is_condition(command, settings, conditions) and reads:
            _follow(command, settings, path, depth)


def _end_of(commands: Sequence["_Command"], first: int) -> int:
    """The place of the command that ends a block, or of the end where none does."""
    name, nested = commands[first].name, 0
    for at in range(first, len(commands)):
        nested += (commands[at].name == name) - (commands[at].name == f"end{name}")
        if not nested:
            return at
    return len(commands)


def _items(command: "_Command", settings: Settings) -> Sequence[str] | None:
    """What a loop goes through; None for a block that is not followed."""
    if command.name != "foreach":
        return None
    _, *words = _words(command, settings) or [""]
    match words:
        case ["IN", "LISTS", *names]:
            return [value for name in names for value in settings.list_of(name)]
        case ["IN", "ITEMS", *items]:
            return items
        case ["IN" | "RANGE", *_]:
            return None
    return words


def _repeat(
    command: "_Command",
    values: Sequence[str],
    body: Sequence["_Command"],
    settings: Settings,
    path: Path,
    depth: int,
) -> None:
    """Follows the body of a loop for each value, as far as it goes in all."""
    variable = command.arguments[0].text if command.arguments else ""
    before = settings.variables.get(variable)
    for value in values:
        told = settings.turns > _MAX_COMMANDS
        settings.turns += 1 + len(body)
        if settings.turns > _MAX_COMMANDS:
            if not told:
                _skip(command.name, settings, command.position)
            break
        settings.variables[variable] = value
        _run(body, settings, path, depth)
    settings.variables.pop(variable, None)
    if before is not None:
        settings.variables[variable] = before


def _matters(command: _Command) -> bool:
    """Whether a command that is skipped would change what is read."""
    lists = command.name in ("list", "set") and any(
        argument.text in _MATTER for argument in command.arguments
    )
    return lists or (command.name in _ACTS and command.name not in ("list", "set", "message"))


def _skip(what: str, settings: Settings, at: Position) -> None:
    if (what, at) not in settings.skipped:
        settings.skipped.append((what, at))


def _is_condition(
    command: _Command, settings: Settings, conditions: list[tuple[bool, bool]]
) -> bool:
    """Follows a condition; whether the command is one."""
    if command.name == "if":
        around = all(reads for reads, _ in conditions)
        holds = around and _holds(command, settings)
        conditions.append((holds, holds or not around))
    elif command.name == "elseif" and conditions:
        _, taken = conditions[-1]
        holds = not taken and _holds(command, settings)
        conditions[-1] = (holds, taken or holds)
    elif command.name == "else" and conditions:
        _, taken = conditions[-1]
        conditions[-1] = (not taken, True)
    elif command.name == "endif" and conditions:
        conditions.pop()
    else:
        return False
    return True


def _commands(text: str, file: str) -> Iterator[_Command]:
    line, name, depth = 1, "", 0
    at = Position(file, 1)
    arguments: list[Argument] = []
    for count, found in enumerate(_TOKEN.finditer(text)):
        if count > 20 * _MAX_COMMANDS:
            return
        kind, word = found.lastgroup, found[0]
        if kind == "bracket" and word == "(":
            if depth:
                arguments.append(Argument("(", False))
            depth += 1
        elif kind == "bracket":
            depth -= 1
            if depth > 0:
                arguments.append(Argument(")", False))
            elif depth == 0 and name:
                yield _Command(name.lower(), tuple(arguments), at)
                name, arguments = "", []
            depth = max(depth, 0)
        elif kind == "word" and not depth:
            name, at, arguments = word, Position(file, line), []
        elif kind == "word":
            arguments.append(Argument(word, False))
        elif kind == "quoted" and depth:
            arguments.append(Argument(word[1:-1], True))
        line += word.count("\n")


def _filled(text: str, settings: Settings) -> str:
    for _ in range(8):
        filled = _VARIABLE.sub(lambda found: settings.variables.get(found[1], ""), text)
        if filled == text or len(filled) > _MAX_TEXT:
            break
        text = filled
    return text[:_MAX_TEXT]


def _words(command: _Command, settings: Settings) -> list[str]:
    found: list[str] = []
    for argument in command.arguments:
        text = _filled(argument.text, settings)
        found.extend([text] if argument.quoted else filter(None, text.split(";")))
    return found


def _follow(command: _Command, settings: Settings, path: Path, depth: int) -> None:
    words = _words(command, settings)
    act = _ACTS.get(command.name)
    if act is not None:
        act(words, settings, command.position)
        return
    is_file = bool(words) and ("/" in words[0] or words[0].endswith(".cmake"))
    if command.name == "include" and is_file and depth < _MAX_INCLUDES:
        run(Path(words[0]), settings, depth + 1)
        settings.variables["CMAKE_CURRENT_LIST_DIR"] = str(path.parent)


def _set(words: Sequence[str], settings: Settings, at: Position) -> None:
    if not words:
        return
    name, values = words[0], list(words[1:])
    if "CACHE" in values:
        values = values[: values.index("CACHE")]
        # A cache entry does not change what is set before.
        if settings.variables.get(name):
            return
    if values and values[-1] == "PARENT_SCOPE":
        values.pop()
    settings.variables[name] = ";".join(values)[: 16 * _MAX_TEXT]
    settings.places[name] = at


def _list(words: Sequence[str], settings: Settings, at: Position) -> None:
    if len(words) < 2:
        return
    action, name, *values = words
    entries = settings.list_of(name)
    if action == "APPEND":
        entries += values
    elif action == "PREPEND":
        entries = [*values, *entries]
    elif action == "REMOVE_ITEM":
        entries = [entry for entry in entries if entry not in values]
    settings.variables[name] = ";".join(entries)
    for value in values:
        settings.places.setdefault(f"{name}:{value}", at)


#: How much of a word is shown.
_MAX_SHOWN = 60
_SCOPES = frozenset(("PUBLIC", "PRIVATE", "INTERFACE", "BEFORE", "SYSTEM", "AFTER"))


def _of_target(words: Sequence[str]) -> list[str]:
    return [word for word in words[1:] if word not in _SCOPES and not word.startswith("$<")]


def _expressions(words: Sequence[str], settings: Settings, at: Position) -> None:
    """Tells words that only a build works out."""
    for word in words:
        if "$<" in word:
            _skip(word[:_MAX_SHOWN], settings, at)


def _sources(words: Sequence[str], settings: Settings, at: Position) -> None:
    _expressions(words, settings, at)
    here = settings.variables.get("CMAKE_CURRENT_SOURCE_DIR", "")
    settings.sources.extend(
        word if word.startswith("/") else f"{here}/{word}" for word in _of_target(words)
    )


def _folders(words: Sequence[str], settings: Settings, _: Position) -> None:
    here = settings.variables.get("CMAKE_CURRENT_SOURCE_DIR", "")
    settings.folders.extend(
        word if word.startswith("/") else f"{here}/{word}" for word in _of_target(words)
    )


def _define(words: Sequence[str], settings: Settings, at: Position) -> None:
    _define_all(words[1:], settings, at)


def _define_all(words: Sequence[str], settings: Settings, at: Position) -> None:
    _expressions(words, settings, at)
    for word in words:
        name, sign, value = word.removeprefix("-D").partition("=")
        if word not in _SCOPES and re.fullmatch(r"\w{1,200}", name):
            settings.definitions[name] = value if sign else "1"


def _options(words: Sequence[str], settings: Settings, at: Position) -> None:
    """Options of the compiler, of which those count that define."""
    _define_all([word for word in words if word.startswith("-D") or "-D" in word[2:]], settings, at)


def _message(words: Sequence[str], settings: Settings, at: Position) -> None:
    if words[:1] in (["FATAL_ERROR"], ["SEND_ERROR"]):
        settings.problems.append((" ".join(" ".join(words[1:]).split()), at))


_ACTS: dict[str, Callable[[Sequence[str], Settings, Position], None]] = {
    "set": _set,
    "list": _list,
    "target_sources": _sources,
    "target_include_directories": _folders,
    "target_compile_definitions": _define,
    "target_compile_options": _options,
    "add_compile_options": _options,
    "add_definitions": _options,
    "add_compile_definitions": _define_all,
    "message": _message,
}
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "STREQUAL": lambda one, other: one == other,
    "EQUAL": lambda one, other: one.strip() == other.strip(),
    "MATCHES": lambda one, other: re.escape(other) == other and other in one,
    "IN_LIST": lambda one, other: one in other.split(";"),
}


class _Condition:
    """A condition, read from left to right."""

    def __init__(self, arguments: Sequence[Argument], settings: Settings) -> None:
        self._left = deque(arguments)
        self._settings = settings
        self._depth = 0
        self.understood = True

    def any_of(self) -> bool:
        found = self._all_of()
        while self._accept("OR"):
            found = self._all_of() or found
        return found

    def _all_of(self) -> bool:
        found = self._one()
        while self._accept("AND"):
            found = self._one() and found
        return found

    def _accept(self, word: str) -> bool:
        if self._left and not self._left[0].quoted and self._left[0].text == word:
            self._left.popleft()
            return True
        return False

    def _one(self) -> bool:
        negated = False
        while self._accept("NOT"):
            negated = not negated
        return self._plain() != negated

    def _plain(self) -> bool:
        if self._accept("("):
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                self.understood = False
                self._left.clear()
                return False
            found = self.any_of()
            self._accept(")")
            self._depth -= 1
            return found
        if not self._left:
            self.understood = False
            return False
        if self._accept("DEFINED"):
            return bool(self._left) and self._left.popleft().text in self._settings.variables
        first = self._left.popleft()
        compare = _COMPARISONS.get(self._left[0].text) if self._left else None
        if compare is not None and len(self._left) > 1:
            self._left.popleft()
            other = self._left.popleft()
            return compare(self._value(first), self._value(other))
        if self._left and self._left[0].text not in ("AND", "OR", ")"):
            self.understood = False
            self._left.clear()
            return False
        return self._truth(first)

    def _value(self, argument: Argument) -> str:
        text = _filled(argument.text, self._settings)
        return text if argument.quoted else self._settings.variables.get(text, text)

    def _truth(self, argument: Argument) -> bool:
        text = _filled(argument.text, self._settings)
        if text.upper() in _TRUE:
            return True
        if text.upper() in _FALSE or argument.quoted:
            return False
        value = self._settings.variables.get(text, "").upper()
        return value not in _FALSE and not value.endswith("-NOTFOUND")


def _holds(command: _Command, settings: Settings) -> bool:
    condition = _Condition(command.arguments, settings)
    found = condition.any_of()
    if not condition.understood:
        settings.problems.append(("the condition is not understood", command.position))
        return False
    return found
