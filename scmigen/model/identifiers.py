"""Numbers of resources and devices, and the lock that keeps them.

First numbering: what a tree fixes already (SCMI specifiers) first, then by provider path and cells.
With a lock, known numbers stay, new resources get numbers never used before, and removed ones leave
a reserved number.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import Diagnostic, InputError, Position, error
from scmigen.scmi.protocols import Kind

_HEADER = "# scmigen identifiers 1"
_COLUMNS = "# kind\tnumber\tname\tnode\tcells"
_DEVICE = "device"
_PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class LockedId:
    """One line of a lock file: a number that was given, and the name that went with it."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Ids:
    """All identifiers one platform ever gave. ``devices`` is keyed by node path."""

    resources: Mapping[ResourceKey, LockedId] = field(default_factory=dict)
    devices: Mapping[str, LockedId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file: the identifiers of each platform of a board, by the platform's name."""

    platforms: Mapping[str, Ids] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that the tree fixes and that the lock has otherwise."""

    key: ResourceKey
    locked: int
    fixed: int


def number_resources(
    keys: Iterable[ResourceKey], fixed: Mapping[ResourceKey, int], lock: Ids
) -> tuple[dict[ResourceKey, int], tuple[Moved, ...]]:
    """The number of each resource. ``fixed`` are those the tree itself gives; they win."""
    found: dict[ResourceKey, int] = {}
    moved = []
    used: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    for key, locked in lock.resources.items():
        used[key.kind].add(locked.number)
    for key, number in fixed.items():
        used[key.kind].add(number)
    for key in sorted(keys, key=lambda key: (key.kind, key not in fixed, key)):
        if key in fixed:
            found[key] = fixed[key]
            if key in lock.resources and lock.resources[key].number != fixed[key]:
                moved.append(Moved(key, lock.resources[key].number, fixed[key]))
        elif key in lock.resources:
            found[key] = lock.resources[key].number
        else:
            found[key] = max(used[key.kind], default=-1) + 1
            used[key.kind].add(found[key])
    return found, tuple(moved)


def number_devices(paths: Iterable[str], lock: Ids) -> dict[str, int]:
    """Device ids by node path, dense from 0 at first, then as the lock has them."""
    used = {locked.number for locked in lock.devices.values()}
    found = {}
    for path in sorted(paths):
        if path in lock.devices:
            found[path] = lock.devices[path].number
        else:
            found[path] = max(used, default=-1) + 1
            used.add(found[path])
    return found


def reserved_numbers(keys: Iterable[ResourceKey], lock: Ids) -> dict[Kind, tuple[int, ...]]:
    """The numbers of the lock that none of ``keys`` has any more."""
    present = set(keys)
    found: dict[Kind, list[int]] = {}
    for key, locked in lock.resources.items():
        if key not in present:
            found.setdefault(key.kind, []).append(locked.number)
    return {kind: tuple(sorted(numbers)) for kind, numbers in found.items()}


def _escape(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace(" ", "\\x20")


def _unescape(text: str) -> str:
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


class _LockReader:
    """Reads the lines of a lock file; ``problems`` are all lines that are wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Diagnostic] = []
        self.platforms: dict[str, Ids] = {}
        self._resources: dict[ResourceKey, LockedId] = {}
        self._devices: dict[str, LockedId] = {}
        self._numbers: dict[tuple[str, int], int] = {}

    def line(self, line: int, content: str) -> None:
        word, *fields = content.split("\t")
        try:
            if word == _PLATFORM:
                self._begin(_unescape(fields[0]))
            else:
                self._identifier(line, word, fields)
        except (ValueError, IndexError):
            hint = "kind, number, name, node and cells with a tab between each"
            self._wrong("lock-syntax", "not a line of a lock file", line, hint)

    def _wrong(self, identifier: str, message: str, line: int, hint: str) -> None:
        self.problems.append(error(identifier, message, Position(self.file, line), hint=hint))

    def _begin(self, name: str) -> None:
        self._resources, self._devices, self._numbers = {}, {}, {}
        self.platforms[name] = Ids(self._resources, self._devices)

    def _identifier(self, line: int, word: str, fields: list[str]) -> None:
        number = int(fields[0])
        name, node = fields[1], _unescape(fields[2])
        cells = tuple(int(cell) for cell in " ".join(fields[3:]).split())
        first = self._numbers.setdefault((word, number), line)
        if not 0 <= number <= 0xFFFF:
            self._wrong("lock-syntax", f"{number} is no id", line, "ids are 0 to 65535")
        elif first != line:
            message = f"{word} {number} is given twice"
            self._wrong("lock-duplicate", message, line, f"the first is in line {first}")
        elif word == _DEVICE:
            self._devices[node] = LockedId(number, name)
        else:
            self._resources[ResourceKey(Kind(word), node, cells)] = LockedId(number, name)


def parse_lock(text: str, file: str) -> Lock:
    """The lock that a file holds. Raises `InputError` with every line that is wrong."""
    reader = _LockReader(file)
    for line, content in enumerate(text.splitlines(), 1):
        if content.strip() and not content.startswith("#"):
            reader.line(line, content)
    if reader.problems:
        raise InputError(reader.problems)
    return Lock(reader.platforms)
