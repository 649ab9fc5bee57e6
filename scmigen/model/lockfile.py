"""The lock file: one identifier per line, fields with a tab between, in an order that merges well.

Every kind's new numbers come after its old ones, so that two branches that give one number to two
things change one place of the file, and a merge cannot miss it.
"""

import re
from collections.abc import Iterator

from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position
from scmigen.model.findings import LOCK_DUPLICATE, LOCK_SYNTAX
from scmigen.model.identifiers import Ids, Lock, LockedId
from scmigen.patterns import pattern
from scmigen.scmi.protocols import Kind
from scmigen.version import __version__

_HEADER = "# scmigen identifiers 1"
_COLUMNS = "# kind\tnumber\tname\tnode\tcells"
_DEVICE = "device"
_AGENT = "agent"
_PLATFORM = "platform"
_MAX_NUMBER = 0xFFFF
_ESCAPED = pattern(r"(?:[^\\]|\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*")
_NAME = pattern(r"[A-Za-z0-9_.+~-]{1,63}")
_DIGITS = pattern(r"[0-9]{1,10}")
#: How a conflict begins that a merge has left.
_CONFLICT = "<<<<<<<"

#: More characters than any board needs, and the problems after which reading stops.
MAX_SIZE = 16 << 20
MAX_PROBLEMS = 100


def clock_names(lock: Lock) -> dict[str, ResourceKey]:
    """The names that clocks were given, each of one clock alone."""
    found: dict[str, set[ResourceKey]] = {}
    for ids in lock.platforms.values():
        for key, locked in ids.resources.items():
            if key.kind is Kind.CLOCK:
                found.setdefault(locked.name, set()).add(key)
    return {name: keys.pop() for name, keys in found.items() if len(keys) == 1}


def _escape(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace(" ", "\\x20")


def _unescape(text: str) -> str:
    if not _ESCAPED.fullmatch(text):
        raise ValueError(text)
    found = text.encode("ascii").decode("unicode_escape")
    found.encode()  # halves of characters are none
    return found


def format_lock(lock: Lock) -> str:
    """The text of a lock file: one identifier per line, in an order that merges well."""
    lines = [_HEADER, _COLUMNS]
    for name, ids in sorted(lock.platforms.items()):
        lines.append(f"{_PLATFORM}\t{_escape(name)}")
        lines.extend(_lines(ids))
    return "\n".join(lines) + "\n"


def changed_lines(before: Lock, after: Lock) -> tuple[str, ...]:
    """What the lines of two lock files differ in, as ``+ clock 5 serial0 /soc/cc 1``."""
    old, new = (format_lock(lock).splitlines() for lock in (before, after))
    gone = [f"- {line}" for line in old if line not in set(new)]
    added = [f"+ {line}" for line in new if line not in set(old)]
    return tuple(line.replace("\t", " ") for line in (*gone, *added))


def _lines(ids: Ids) -> Iterator[str]:
    for key, locked in sorted(
        ids.resources.items(), key=lambda item: (item[0].kind, item[1].number, item[0])
    ):
        cells = " ".join(map(str, key.cells))
        fields = (key.kind, str(locked.number), locked.name, _escape(key.provider), cells)
        yield "\t".join(fields).rstrip("\t")
    for path, locked in sorted(ids.devices.items(), key=lambda item: item[1].number):
        yield "\t".join((_DEVICE, str(locked.number), locked.name, _escape(path)))
    for (agent, key), number in sorted(
        ids.agents.items(), key=lambda item: (item[0][0], item[0][1].kind, item[1], item[0][1])
    ):
        cells = " ".join(map(str, key.cells))
        own = (_AGENT, _escape(agent), key.kind, str(number), _escape(key.provider), cells)
        yield "\t".join(own).rstrip("\t")


class _LockReader:
    """Reads the lines of a lock file; ``problems`` are all lines that are wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Diagnostic] = []
        self.platforms: dict[str, Ids] = {}
        self._resources: dict[ResourceKey, LockedId] = {}
        self._devices: dict[str, LockedId] = {}
        self._agents: dict[tuple[str, ResourceKey], int] = {}
        self._seen: dict[str, int] = {}

    def line(self, line: int, content: str) -> None:
        word, *fields = content.split("\t")
        try:
            if word == _PLATFORM:
                self._begin(line, _unescape(fields[0]))
            elif not self.platforms:
                hint = "a line with platform and its name comes first"
                self._wrong(LOCK_SYNTAX, "the line belongs to no platform", line, hint)
            elif word == _AGENT:
                self._agent(line, fields)
            else:
                self._identifier(line, word, fields)
        except (ValueError, IndexError):
            hint = "kind, number, name, node and cells with a tab between each"
            self._wrong(LOCK_SYNTAX, "not a line of a lock file", line, hint)

    def _wrong(self, finding: Finding, message: str, line: int, hint: str) -> None:
        self.problems.append(finding.error(message, Position(self.file, line), hint=hint))

    def _once(self, line: int, *things: str) -> bool:
        """Whether none of ``things`` was given before; the first that was is reported."""
        for thing in things:
            first = self._seen.setdefault(thing, line)
            if first != line:
                hint = f"the first is in line {first}"
                self._wrong(LOCK_DUPLICATE, f"{thing} is given twice", line, hint)
                return False
        return True

    def _begin(self, line: int, name: str) -> None:
        if self._once(line, f"platform {name}"):
            self._seen = {thing: at for thing, at in self._seen.items() if _is_platform(thing)}
            self._resources, self._devices, self._agents = {}, {}, {}
            self.platforms[name] = Ids(self._resources, self._devices, self._agents)

    def _agent(self, line: int, fields: list[str]) -> None:
        agent, kind, number = _unescape(fields[0]), Kind(fields[1]), _number(fields[2])
        key = ResourceKey(kind, _path(fields[3]), _cells(fields[4:]))
        if number > _MAX_NUMBER:
            self._wrong(LOCK_SYNTAX, f"{number} is not an id", line, "ids are 0 to 65535")
        elif self._once(line, f"{agent}: {kind} {number}", f"{agent}: {kind} <{key}>"):
            self._agents[agent, key] = number

    def _identifier(self, line: int, word: str, fields: list[str]) -> None:
        number = _number(fields[0])
        name, node = fields[1], _path(fields[2])
        cells = _cells(fields[3:])
        locked = LockedId(number, name)
        if number > _MAX_NUMBER:
            self._wrong(LOCK_SYNTAX, f"{number} is not an id", line, "ids are 0 to 65535")
        elif not _NAME.fullmatch(name):
            hint = "names have 1 to 63 letters, digits and _.+-~"
            self._wrong(LOCK_SYNTAX, f"{name!r} is not a name", line, hint)
        elif word == _DEVICE:
            if self._once(line, f"device {number}", f"device <{node}>"):
                self._devices[node] = locked
        else:
            key = ResourceKey(Kind(word), node, cells)
            if self._once(line, f"{word} {number}", f"{word} <{key}>", f"{word} name {name}"):
                self._resources[key] = locked


def _path(text: str) -> str:
    """The path of a node. Raises `ValueError` where it is none."""
    path = _unescape(text)
    if not path.startswith("/"):
        raise ValueError(text)
    return path


def _cells(fields: list[str]) -> tuple[int, ...]:
    """The cells of a line. Raises `ValueError` where one is none."""
    cells = tuple(_number(cell) for cell in " ".join(fields).split())
    if any(cell > 0xFFFF_FFFF for cell in cells):
        raise ValueError(cells)
    return cells


def _number(text: str) -> int:
    """A number as `format_lock` writes it. Raises `ValueError` where it is none."""
    if not _DIGITS.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _is_platform(thing: str) -> bool:
    return thing.startswith(f"{_PLATFORM} ")


def is_lock(text: str) -> bool:
    """Whether a text is that of a lock file, of this version or another."""
    return text.startswith(_HEADER.rstrip("0123456789"))


def _not_read(header: str, where: Position) -> Diagnostic:
    if re.fullmatch(_HEADER.rstrip("0123456789") + "[0-9]{1,9}", header):
        message = f"scmigen {__version__} reads lock files that begin with: {_HEADER}"
        hint = "use the scmigen that the file was written with, or a newer one"
        return LOCK_SYNTAX.error(message, where, hint=hint)
    return LOCK_SYNTAX.error("not a lock file", where, hint=f"it begins with: {_HEADER}")


def parse_lock(text: str, file: str) -> Lock:
    """The lock that a file holds. Raises `InputError` with every line that is wrong."""
    reader = _LockReader(file)
    if len(text) > MAX_SIZE:
        large = f"larger than {MAX_SIZE} characters"
        raise InputError([LOCK_SYNTAX.error(large, Position(file))])
    # Lines as editors count them: str.splitlines also ends them at form feeds and U+2028.
    lines = text.replace("\r\n", "\n").split("\n")
    if text and lines[0] != _HEADER:
        raise InputError([_not_read(lines[0], Position(file, 1))])
    conflicts = [line for line, content in enumerate(lines, 1) if content.startswith(_CONFLICT)]
    if conflicts:
        hint = "keep the lines of one side; the next build gives the other's numbers anew"
        message = "a merge has left a conflict"
        raise InputError(
            LOCK_SYNTAX.error(message, Position(file, line), hint=hint)
            for line in conflicts[:MAX_PROBLEMS]
        )
    for line, content in enumerate(lines, 1):
        if len(reader.problems) >= MAX_PROBLEMS:
            break
        if content.strip() and not content.startswith("#"):
            reader.line(line, content)
    if reader.problems:
        raise InputError(reader.problems)
    return Lock(reader.platforms, file)
