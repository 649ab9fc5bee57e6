"""Numbers of resources and devices, and the lock that keeps them.

First numbering: what a tree fixes already (SCMI specifiers) first, then by provider path and cells.
With a lock, known numbers stay, new resources get numbers never used before, and removed ones leave
a reserved number. Where agents have numbers of their own, the lock keeps those in the same way.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import Diagnostic, InputError, Position, error
from scmigen.scmi.protocols import Kind

_HEADER = "# scmigen identifiers 1"
_COLUMNS = "# kind\tnumber\tname\tnode\tcells"
_DEVICE = "device"
_AGENT = "agent"
_PLATFORM = "platform"
_MAX_NUMBER = 0xFFFF
_ESCAPED = re.compile(r"(?:[^\\]|\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*")
_NAME = re.compile(r"[A-Za-z0-9_.+~-]{1,63}")


@dataclass(frozen=True, slots=True)
class LockedId:
    """One line of a lock file: a number that was given, and the name that went with it."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Ids:
    """All identifiers one platform ever gave. ``devices`` is keyed by node path.

    ``agents`` has the numbers that agents know resources by, where each has its own.
    """

    resources: Mapping[ResourceKey, LockedId] = field(default_factory=dict)
    devices: Mapping[str, LockedId] = field(default_factory=dict)
    agents: Mapping[tuple[str, ResourceKey], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file: the identifiers of each platform of a board, by the platform's name."""

    platforms: Mapping[str, Ids] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that the tree fixes and that the lock has otherwise.

    ``agent``: whose number it is, where agents have their own. ``before``: what had the number
    ``fixed`` and is no more, where the tree gives that to something else.
    """

    key: ResourceKey
    locked: int
    fixed: int
    agent: str | None = None
    before: ResourceKey | None = None


def number_resources(
    keys: Iterable[ResourceKey], fixed: Mapping[ResourceKey, int], lock: Ids
) -> tuple[dict[ResourceKey, int], tuple[Moved, ...]]:
    """The number of each resource. ``fixed`` are those the tree itself gives; they win."""
    wanted = sorted(keys, key=lambda key: (key.kind, key not in fixed, key))
    present = set(wanted)
    gone = {
        (key.kind, locked.number): key
        for key, locked in lock.resources.items()
        if key not in present
    }
    found: dict[ResourceKey, int] = {}
    moved = []
    last = dict.fromkeys(Kind, -1)
    for key, locked in lock.resources.items():
        last[key.kind] = max(last[key.kind], locked.number)
    for key, number in fixed.items():
        last[key.kind] = max(last[key.kind], number)
    for key in wanted:
        if key in fixed:
            found[key] = number = fixed[key]
            if key in lock.resources and lock.resources[key].number != number:
                moved.append(Moved(key, lock.resources[key].number, number))
            elif (key.kind, number) in gone:
                before = gone[key.kind, number]
                moved.append(Moved(key, number, number, before=before))
        elif key in lock.resources:
            found[key] = lock.resources[key].number
        else:
            found[key] = last[key.kind] = last[key.kind] + 1
    return found, tuple(moved)


def number_for_agents(
    wanted: Iterable[tuple[str, ResourceKey]],
    fixed: Mapping[tuple[str, ResourceKey], int],
    lock: Ids,
) -> tuple[dict[tuple[str, ResourceKey], int], tuple[Moved, ...]]:
    """The number of each resource for each agent; first numbers go by the order of ``wanted``.

    Dense from 0 for each agent and kind at first, then as ``fixed`` and the lock have them.
    """
    used: dict[tuple[str, Kind], int] = {}
    for (agent, key), number in (*lock.agents.items(), *fixed.items()):
        place = agent, key.kind
        used[place] = max(used.get(place, -1), number)
    pairs = tuple(wanted)
    present = set(pairs)
    gone = {
        (agent, key.kind, number): key
        for (agent, key), number in lock.agents.items()
        if (agent, key) not in present
    }
    found: dict[tuple[str, ResourceKey], int] = {}
    moved = []
    for pair in pairs:
        agent, key = pair
        if pair in fixed:
            found[pair] = number = fixed[pair]
            if lock.agents.get(pair, number) != number:
                moved.append(Moved(key, lock.agents[pair], number, agent))
            elif (agent, key.kind, number) in gone:
                before = gone[agent, key.kind, number]
                moved.append(Moved(key, number, number, agent, before))
        elif pair in lock.agents:
            found[pair] = lock.agents[pair]
        else:
            found[pair] = used[agent, key.kind] = used.get((agent, key.kind), -1) + 1
    return found, tuple(moved)


def number_devices(
    paths: Iterable[str], lock: Ids, fixed: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Device ids by node path, dense from 0 at first, then as the lock and the tree have them.

    ``fixed`` are the ids that the tree itself gives; they win.
    """
    given = {path: locked.number for path, locked in lock.devices.items()} | dict(fixed or {})
    last = max(given.values(), default=-1)
    found = {}
    for path in sorted(paths):
        if path in given:
            found[path] = given[path]
        else:
            found[path] = last = last + 1
    return found


def reserved_numbers(numbers: Mapping[ResourceKey, int], lock: Ids) -> dict[Kind, tuple[int, ...]]:
    """The numbers of the lock that none of the resources in ``numbers`` has any more."""
    used = {(key.kind, number) for key, number in numbers.items()}
    found: dict[Kind, list[int]] = {}
    for key, locked in lock.resources.items():
        if key not in numbers and (key.kind, locked.number) not in used:
            found.setdefault(key.kind, []).append(locked.number)
    return {kind: tuple(sorted(numbers)) for kind, numbers in found.items()}


def together(before: Ids, now: Ids) -> Ids:
    """``before`` with all of ``now``; what had a number that is another's now is forgotten."""
    numbers = {(key.kind, locked.number) for key, locked in now.resources.items()}
    devices = {locked.number for locked in now.devices.values()}
    own = {(agent, key.kind, number) for (agent, key), number in now.agents.items()}
    return Ids(
        {k: v for k, v in before.resources.items() if (k.kind, v.number) not in numbers}
        | dict(now.resources),
        {k: v for k, v in before.devices.items() if v.number not in devices} | dict(now.devices),
        {k: v for k, v in before.agents.items() if (k[0], k[1].kind, v) not in own}
        | dict(now.agents),
    )


def _escape(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace(" ", "\\x20")


def _unescape(text: str) -> str:
    if not _ESCAPED.fullmatch(text):
        raise ValueError(text)
    return text.encode("ascii").decode("unicode_escape")


def format_lock(lock: Lock) -> str:
    """The text of a lock file: one identifier a line, in an order that merges well."""
    lines = [_HEADER, _COLUMNS]
    for name, ids in sorted(lock.platforms.items()):
        lines.append(f"{_PLATFORM}\t{_escape(name)}")
        lines.extend(_lines(ids))
    return "\n".join(lines) + "\n"


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
                self._wrong("lock-syntax", "the line belongs to no platform", line, hint)
            elif word == _AGENT:
                self._agent(line, fields)
            else:
                self._identifier(line, word, fields)
        except (ValueError, IndexError):
            hint = "kind, number, name, node and cells with a tab between each"
            self._wrong("lock-syntax", "not a line of a lock file", line, hint)

    def _wrong(self, identifier: str, message: str, line: int, hint: str) -> None:
        self.problems.append(error(identifier, message, Position(self.file, line), hint=hint))

    def _once(self, line: int, *things: str) -> bool:
        """Whether none of ``things`` was given before; the first that was is reported."""
        for thing in things:
            first = self._seen.setdefault(thing, line)
            if first != line:
                hint = f"the first is in line {first}"
                self._wrong("lock-duplicate", f"{thing} is given twice", line, hint)
                return False
        return True

    def _begin(self, line: int, name: str) -> None:
        if self._once(line, f"platform {name}"):
            self._seen = {thing: at for thing, at in self._seen.items() if _is_platform(thing)}
            self._resources, self._devices, self._agents = {}, {}, {}
            self.platforms[name] = Ids(self._resources, self._devices, self._agents)

    def _agent(self, line: int, fields: list[str]) -> None:
        agent, kind, number = _unescape(fields[0]), Kind(fields[1]), int(fields[2])
        key = ResourceKey(kind, _unescape(fields[3]), _cells(fields[4:]))
        if not 0 <= number <= _MAX_NUMBER:
            self._wrong("lock-syntax", f"{number} is no id", line, "ids are 0 to 65535")
        elif self._once(line, f"{agent}: {kind} {number}", f"{agent}: {kind} <{key}>"):
            self._agents[agent, key] = number

    def _identifier(self, line: int, word: str, fields: list[str]) -> None:
        number = int(fields[0])
        name, node = fields[1], _unescape(fields[2])
        cells = _cells(fields[3:])
        locked = LockedId(number, name)
        if not 0 <= number <= _MAX_NUMBER:
            self._wrong("lock-syntax", f"{number} is no id", line, "ids are 0 to 65535")
        elif not _NAME.fullmatch(name):
            hint = "names have 1 to 63 letters, digits and _.+-~"
            self._wrong("lock-syntax", f"{name!r} is no name", line, hint)
        elif word == _DEVICE:
            if self._once(line, f"device {number}", f"device <{node}>"):
                self._devices[node] = locked
        else:
            key = ResourceKey(Kind(word), node, cells)
            if self._once(line, f"{word} {number}", f"{word} <{key}>", f"{word} name {name}"):
                self._resources[key] = locked


def _cells(fields: list[str]) -> tuple[int, ...]:
    """The cells of a line. Raises `ValueError` where one is none."""
    cells = tuple(int(cell) for cell in " ".join(fields).split())
    if not all(0 <= cell <= 0xFFFF_FFFF for cell in cells):
        raise ValueError(cells)
    return cells


def _is_platform(thing: str) -> bool:
    return thing.startswith(f"{_PLATFORM} ")


def is_lock(text: str) -> bool:
    """Whether a text is that of a lock file, of this version or another."""
    return text.startswith(_HEADER.rstrip("0123456789"))


def parse_lock(text: str, file: str) -> Lock:
    """The lock that a file holds. Raises `InputError` with every line that is wrong."""
    reader = _LockReader(file)
    lines = text.splitlines()
    if lines and lines[0] != _HEADER:
        where = Position(file, 1)
        message = "not a lock file of this version"
        raise InputError([error("lock-syntax", message, where, hint=f"it begins with: {_HEADER}")])
    for line, content in enumerate(lines, 1):
        if content.strip() and not content.startswith("#"):
            reader.line(line, content)
    if reader.problems:
        raise InputError(reader.problems)
    return Lock(reader.platforms)
