"""What the sources of a product name: SCMI services, protocols of its own, and identifiers.

Modules of a product subscribe to services by index at start, and the firmware stops where one does
not exist. The sources are text that others wrote: only ``.c``, ``.h`` and ``Firmware.cmake`` files
below the directory are read, of bounded number and size, and nothing is followed or run.
Enumerators are counted as they stand; of the preprocessor only ``#ifdef
BUILD_HAS_SCMI_NOTIFICATIONS`` is known.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePath

from scmigen.data import Data, field, replace
from scmigen.diagnostics import Position
from scmigen.inputs import read_part
from scmigen.patterns import pattern
from scmigen.tuples import NamedTuple

#: What a service's enumerator has in its name.
MARK = "SCMI_SERVICE_IDX_"
#: Files, entries of directories and bytes that are read of a product; more of a file is left out.
_MAX_FILES, _MAX_ENTRIES, _MAX_FILE, _MAX_BYTES = 4000, 50_000, 1 << 20, 32 << 20
#: Characters of a name; what is longer is none that a product has.
_MAX_NAME = 255
_NOTIFICATIONS = "BUILD_HAS_SCMI_NOTIFICATIONS"
_WITHOUT = pattern(rf"!\s*defined\s*\(?\s*{_NOTIFICATIONS}\b")

_COMMENT = pattern(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_ENUM = pattern(r"\benum\b[^{};]{0,200}\{([^{}]*)\}")
_DIRECTIVE = pattern(r"^[ \t]*#[ \t]*(\w*)[ \t]*(.*)$", re.MULTILINE)
_ENUMERATOR = pattern(r"([A-Za-z_]\w*)\s*(?:=\s*(.*))?", re.DOTALL)
_LITERAL = pattern(r"\(*\s*(?:([0-9]{1,5})[uU]?|([A-Za-z_]\w*))\s*\)*")


#: The file that lists the modules of a firmware in the order in which they start.
_MODULES = "Firmware.cmake"
_LISTED = pattern(r'^[ \t]*list\(APPEND SCP_MODULES "([a-z0-9-]{1,64})"\)', re.MULTILINE)

#: The file with a product's permissions, and the functions in it for protocols of its own.
_PERMISSIONS = "config_resource_perms.c"
_HOOK = pattern(r"\bmod_res_plat_agent_(?:protocol|message|resource)_permissions\s*\(")
_PROTOCOL_MARK = "MOD_SCMI_PROTOCOL_ID_"
_PROTOCOL = pattern(rf"\b{_PROTOCOL_MARK}(\w{{1,64}})")
_PROTOCOL_NUMBER = pattern(
    rf"^[ \t]*#[ \t]*define[ \t]+{_PROTOCOL_MARK}(\w{{1,64}})"
    r"[ \t(]+(?:UINT32_C[ \t]*\([ \t]*)?(0[xX][0-9A-Fa-f]{1,8})\b",
    re.MULTILINE,
)
#: Platform protocols of SCP-firmware itself, and the names it has for the standard's.
_PLATFORM_PROTOCOLS: Mapping[str, int] = {"APCORE": 0x90}
_STANDARD = frozenset(
    {
        "BASE",
        "CLOCK",
        "PERF",
        "POWER_CAPPING",
        "POWER_DOMAIN",
        "RESET_DOMAIN",
        "SENSOR",
        "SYS_POWER",
        "VOLTAGE_DOMAIN",
    }
)


class _ProductError(Exception):
    """A directory that cannot be read, or is more than a product."""


class Use(Data):
    """A service that a module names; ``optional``: only with SCMI notifications."""

    name: str
    module: str
    position: Position
    optional: bool


class PlatformProtocol(Data):
    """A protocol of the product's own: its name after ``MOD_SCMI_PROTOCOL_ID_``, its number where
    that is known, and where the product's permissions allow it."""

    name: str
    number: int | None = None
    position: Position | None = None


class Product(Data):
    """What the sources of a product say, all from one reading: the enumerators of services with
    their values, None where that is not known, and the uses in the product's modules: the first of
    each name, one without a condition before others. ``orders`` are the modules of each firmware in
    the order in which they start. ``constants`` are all enumerators that have one value wherever
    they are, whatever the build; ``identifiers`` are all of the headers. ``protocols`` are those
    from 0x80 on that the product's tables of permissions allow, or whose modules its firmware has.

    ``files`` are the sources; ``problem`` says why nothing is known of them."""

    values: Mapping[str, int | None] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)
    orders: tuple[tuple[str, ...], ...] = ()
    constants: Mapping[str, int] = field(default_factory=dict)
    identifiers: frozenset[str] = frozenset()
    protocols: tuple[PlatformProtocol, ...] = ()
    files: tuple[str, ...] = ()
    problem: str | None = None

    def starts_late(self, module: str) -> bool:
        """Whether a module starts after the SCMI module in each firmware that has both."""
        places = [
            (order.index(module), order.index("scmi"))
            for order in self.orders
            if module in order and "scmi" in order
        ]
        return bool(places) and all(mine > scmi for mine, scmi in places)


#: Where the options name no product.
NO_PRODUCT = Product()


class _Source(NamedTuple):
    """A file that is read: where it is below the product, its text, and that without comments where
    it can say something."""

    path: Path
    below: PurePath
    text: str
    code: str

    @property
    def is_header(self) -> bool:
        return self.path.suffix == ".h"


def read_product(folder: Path) -> Product:
    """What the sources below a directory say."""
    files: tuple[str, ...] = ()
    try:
        paths = sorted(_sources(folder))
        files = tuple(map(str, paths[:_MAX_FILES]))
        sources = tuple(_read(folder, paths))
    except _ProductError as problem:
        return Product(files=files, problem=str(problem))
    listed = tuple(tuple(_LISTED.findall(each.text)) for each in sources if _lists(each))
    rest = [each for each in sources if not _lists(each)]
    headers = [each for each in rest if each.is_header]
    values, constants = _numbers(headers)
    return Product(
        values,
        _first_uses(rest),
        listed,
        constants,
        frozenset(name for each in headers for name in _NAME.findall(each.code)),
        _protocols(rest, listed),
        files,
    )


def _lists(source: _Source) -> bool:
    return source.path.name == _MODULES


def _numbers(
    headers: Iterable[_Source],
) -> tuple[Mapping[str, int | None], Mapping[str, int]]:
    """The enumerators of services, and all that are constants."""
    services: dict[str, int | None] = {}
    others: dict[str, int | None] = {}
    for header in headers:
        for name, value, fixed in _enumerators(header.code):
            if MARK in name:
                _agree(services, name, value)
            _agree(others, name, value if fixed else None)
    return services, {name: value for name, value in others.items() if value is not None}


def _first_uses(sources: Iterable[_Source]) -> Mapping[str, Use]:
    uses: dict[str, Use] = {}
    for source in sources:
        folders = source.below.parts[:-1]
        if source.is_header or MARK not in source.text or "module" not in folders:
            continue
        module = "".join(folders[folders.index("module") + 1 :][:1]).replace("_", "-")
        for use in _uses(source.code, module, str(source.path)):
            known_use = uses.setdefault(use.name, use)
            if known_use.optional and not use.optional:
                uses[use.name] = use
    return uses


def _agree(known: dict[str, int | None], name: str, value: int | None) -> None:
    """Notes the value of a name; one that has two has none."""
    if known.setdefault(name, value) != value:
        known[name] = None


def _protocols(
    sources: Iterable[_Source], orders: Iterable[Sequence[str]]
) -> tuple[PlatformProtocol, ...]:
    """The protocols of a product's own, by name."""
    found: dict[str, PlatformProtocol] = {}
    numbers = dict(_PLATFORM_PROTOCOLS)
    for module in chain.from_iterable(orders):
        name = module.removeprefix("scmi-").upper().replace("-", "_")
        if name in _PLATFORM_PROTOCOLS and module.startswith("scmi-"):
            found.setdefault(name, PlatformProtocol(name))
    for source in sources:
        if source.is_header:
            numbered = _PROTOCOL_NUMBER.findall(source.code)
            numbers |= {name: int(value, 0) for name, value in numbered}
        elif source.path.name == _PERMISSIONS:
            found |= {each.name: each for each in _allowed(source.code, str(source.path))}
    protocols = (replace(each, number=numbers.get(name)) for name, each in sorted(found.items()))
    return tuple(each for each in protocols if each.number is None or each.number >= 0x80)


def _allowed(code: str, file: str) -> Iterator[PlatformProtocol]:
    """The protocols that the functions for platform protocols name, each once."""
    hook = _HOOK.search(code)
    seen = set(_STANDARD)
    for found in _PROTOCOL.finditer(code, hook.start()) if hook is not None else ():
        if found[1] not in seen:
            seen.add(found[1])
            line = code.count("\n", 0, found.start()) + 1
            column = found.start() - code.rfind("\n", 0, found.start())
            yield PlatformProtocol(found[1], position=Position(file, line, column))


def _blank(found: re.Match[str]) -> str:
    """A comment without its text; lines keep their numbers."""
    return "\n" * found[0].count("\n") or " "


def _read(folder: Path, paths: Sequence[Path]) -> Iterator[_Source]:
    """The files, in the order of their paths. Raises `_ProductError`."""
    read = 0
    for count, path in enumerate(paths, 1):
        if count > _MAX_FILES:
            raise _ProductError(f"there are more than {_MAX_FILES} sources below it")
        try:
            data = read_part(path, _MAX_FILE)
        except (OSError, ValueError):
            continue
        read += len(data)
        if read > _MAX_BYTES:
            raise _ProductError(f"its sources have more than {_MAX_BYTES >> 20} MiB")
        text = data.decode("utf-8", "replace")
        says = path.suffix == ".h" or MARK in text or _PROTOCOL_MARK in text
        code = _COMMENT.sub(_blank, text) if says else ""
        yield _Source(path, path.relative_to(folder), text, code)


def _sources(folder: Path) -> Iterator[Path]:
    """The C sources below a directory. Links are not followed."""
    entries = 0
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            listed = [*os.scandir(here)]
        except (OSError, ValueError) as problem:
            if here is folder:
                raise _ProductError(getattr(problem, "strerror", None) or str(problem)) from None
            continue
        for entry in listed:
            entries += 1
            if entries > _MAX_ENTRIES:
                raise _ProductError(f"there are more than {_MAX_ENTRIES} files below it")
            if entry.is_dir(follow_symlinks=False):
                waiting.append(here / entry.name)
            elif entry.name.endswith((".c", ".h", _MODULES)) and entry.is_file(
                follow_symlinks=False
            ):
                yield here / entry.name


def _enumerators(code: str) -> Iterator[tuple[str, int | None, bool]]:
    """The enumerators of a header, with their values as far as these can be counted, and whether
    those are the same in each build."""
    for body in _ENUM.findall(code):
        fixed = "#" not in body
        known: dict[str, int | None] = {}
        following: int | None = 0
        for part in _DIRECTIVE.sub("", body).split(","):
            found = _ENUMERATOR.fullmatch(part.strip())
            if found is None or len(found[1]) > _MAX_NAME:
                continue
            value = following if found[2] is None else _value(found[2], known)
            known[found[1]] = value
            following = None if value is None else value + 1
            yield found[1], value, fixed


def _value(text: str, known: Mapping[str, int | None]) -> int | None:
    found = _LITERAL.fullmatch(text.strip())
    if found is None:
        return None
    return int(found[1]) if found[1] is not None else known.get(found[2])


def _uses(code: str, module: str, file: str) -> Iterator[Use]:
    """The services that a source names."""
    #: Whether what follows is only built with notifications; the same after `#else`.
    conditions: list[tuple[bool, bool]] = []
    for number, line in enumerate(code.split("\n"), 1):
        directive = _DIRECTIVE.match(line)
        if directive is not None:
            word, rest = directive[1], directive[2]
            if word in ("if", "ifdef", "ifndef"):
                named = _NOTIFICATIONS in rest
                without = word == "ifndef" or _WITHOUT.search(rest) is not None
                conditions.append((named and not without, named and without))
            elif word in ("else", "elif") and conditions:
                conditions[-1] = (conditions[-1][1] and word == "else", False)
            elif word == "endif" and conditions:
                conditions.pop()
            continue
        for found in _NAME.finditer(line) if MARK in line else ():
            if MARK in found[0] and len(found[0]) <= _MAX_NAME:
                where = Position(file, number, found.start() + 1)
                yield Use(found[0], module, where, any(here for here, _ in conditions))
