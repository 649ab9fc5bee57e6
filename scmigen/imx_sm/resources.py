"""The names that imx-sm's headers have for resources, and the numbers they stand for.

They are macros: of the device in ``devices/SOC/sm/dev_sm_*.h``, made of those of its drivers in
``devices/SOC/drivers/fsl_*.h``, and of the board in ``boards/BOARD/sm/brd_sm_*.h``. The comments
beside them have numbers, too, which are not always right, so that the macros are evaluated.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from scmigen.data import Data
from scmigen.diagnostics import Finding, InputError, Position
from scmigen.imx_sm.levels import NUMBERED, PROTOCOLS, WHOLE
from scmigen.inputs import is_directory, read_bytes
from scmigen.patterns import pattern
from scmigen.tuples import NamedTuple

IMX_SM_TREE = Finding(
    "imx-sm-tree",
    "The headers of imx-sm that number its resources are not found, or not understood.",
    "Name the folder of imx-sm's sources, with devices/ and boards/.",
    switchable=False,
)

#: Files of one tree, and how deep one macro is made of others.
_FILES = 200
_DEPTH = 16
_LONGEST = 1000

_DEFINE = pattern(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+((?:[^\n\\]|\\\n|\\.)+)", re.M)
_COMMENT = pattern(r"/\*.*?\*/|//[^\n]*", re.S)
_TOKEN = pattern(r"\s*(?:(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})[uUlL]*\b|([A-Za-z_]\w*)|(<<|.))")
_RESOURCE = pattern(rf"(?:DEV|BRD)_SM_({'|'.join(sorted(word.upper() for word in PROTOCOLS))})_\w+")
#: Names in `PROTOCOLS` that are values of settings, no resources.
_SETTINGS = pattern(
    r"DEV_SM_(?:PERF_LVL_|SENSOR_TP_|VOLT_MODE_|RST_RE[AC]|RST_COLD$|CPU_(?:RUN|SLEEP)_|PIN_TYPE_)"
)


class Macro(NamedTuple):
    """What a macro expands to, and where it is."""

    text: str
    position: Position


class Resources(Data, slots=False):
    """The resources of a device and its board: ``macros`` by name, ``folder`` where they are."""

    folder: Path
    macros: Mapping[str, Macro]
    files: tuple[str, ...]

    @cached_property
    def ids(self) -> Mapping[str, Mapping[str, int]]:
        """Protocol word → name of a resource → its number, in the order of the headers."""
        found: dict[str, dict[str, int]] = {word: {} for word in PROTOCOLS}
        for name in self.macros:
            match = _RESOURCE.fullmatch(name)
            if match is None or _SETTINGS.match(name):
                continue
            number = self.number(name)
            if number is not None:
                found[match[1].lower()][name] = number
        return found

    @cached_property
    def names(self) -> Mapping[tuple[str, int], str]:
        """Protocol word and number → the first name of the resource."""
        found: dict[tuple[str, int], str] = {}
        for protocol, ids in self.ids.items():
            for name, number in ids.items():
                found.setdefault((protocol, number), name)
        return found

    def number(self, name: str) -> int | None:
        """What the macro is, or None where it is no number."""
        try:
            return _Evaluator(self.macros).value(name, _DEPTH)
        except (ValueError, RecursionError):
            return None

    def known(self, name: str) -> bool:
        """Whether a resource as configurations write it in full exists."""
        return self.id_of(name) is not None

    def id_of(self, name: str) -> int | None:
        """The number of a resource by its full name; those of whole protocols have the number 0."""
        _, _, rest = name.partition("_SM_")
        word, _, number = rest.partition("_")
        protocol = word.lower()
        if protocol in WHOLE and number == "0":
            return 0
        if protocol in NUMBERED and number.isdecimal() and len(number) < 4:
            return int(number)
        return self.ids.get(protocol, {}).get(name)


def root_of(path: Path, soc: str) -> Path | None:
    """The nearest folder above ``path`` that has the headers of ``soc``."""
    above = path.absolute().parents
    return next((up for up in above if is_directory(up / "devices" / soc / "sm")), None)


def read_resources(folder: Path, soc: str, board: str | None, at: Position | None) -> Resources:
    """The resources of a device and board in the sources of imx-sm. Raises `InputError`."""
    if not is_directory(folder / "devices" / soc / "sm"):
        near = _socs(folder)
        hint = f"it has {', '.join(near)}" if near else "it is the one with devices/ and boards/"
        raise InputError(
            [IMX_SM_TREE.error(f"{folder} has no devices/{soc}/sm with headers", at, hint=hint)]
        )
    macros: dict[str, Macro] = {}
    files: list[str] = []
    for path in _headers(folder, soc, board):
        files.append(str(path))
        text = read_bytes(path).decode("utf-8", "replace")
        for name, macro in _macros(text, str(path)):
            macros.setdefault(name, macro)
    return Resources(folder, macros, tuple(files))


def socs(folder: Path) -> tuple[str, ...]:
    """The devices that a tree has headers of."""
    return _socs(folder)


def _socs(folder: Path) -> tuple[str, ...]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder / "devices"))[:_FILES]
    except (OSError, ValueError):
        return ()
    return tuple(name for name in names if is_directory(folder / "devices" / name / "sm"))


def _headers(folder: Path, soc: str, board: str | None) -> list[Path]:
    places = [(folder / "devices" / soc / "sm", "dev_sm_"), (_drivers(folder, soc), "fsl_")]
    if board is not None:
        places.append((folder / "boards" / board / "sm", "brd_sm_"))
    found: list[Path] = []
    for place, prefix in places:
        try:
            names = sorted(entry.name for entry in os.scandir(place))
        except (OSError, ValueError):
            continue
        found += [place / one for one in names if one.startswith(prefix) and one.endswith(".h")]
    return found[:_FILES]


def _drivers(folder: Path, soc: str) -> Path:
    return folder / "devices" / soc / "drivers"


def _macros(text: str, file: str) -> Iterator[tuple[str, Macro]]:
    bare = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    line, last = 1, 0
    for found in _DEFINE.finditer(bare):
        line += bare.count("\n", last, found.start())
        last = found.start()
        body = found[2].replace("\\\n", " ").strip()
        if body and len(body) <= _LONGEST:
            yield found[1], Macro(body, Position(file, line))


class _Evaluator:
    """C's constant expressions, as far as the headers use them: ``+ - * | <<`` and parentheses."""

    def __init__(self, macros: Mapping[str, Macro]) -> None:
        self._macros = macros

    def value(self, name: str, depth: int) -> int:
        macro = self._macros.get(name)
        if macro is None or not depth:
            raise ValueError(name)
        tokens = [found.groups() for found in _TOKEN.finditer(macro.text)]
        value, at = self._sum(tokens, 0, depth)
        if at != len(tokens):
            raise ValueError(macro.text)
        return value

    def _sum(self, tokens: list[tuple[str | None, ...]], at: int, depth: int) -> tuple[int, int]:
        """Without precedence but that of ``*``, which is all that the headers mix."""
        value, at = self._product(tokens, at, depth)
        while at < len(tokens) and tokens[at][2] in ("+", "-", "|", "<<"):
            other, after = self._product(tokens, at + 1, depth)
            value = _apply(str(tokens[at][2]), value, other)
            at = after
        return value, at

    def _product(
        self, tokens: list[tuple[str | None, ...]], at: int, depth: int
    ) -> tuple[int, int]:
        value, at = self._one(tokens, at, depth)
        while at < len(tokens) and tokens[at][2] == "*":
            other, at = self._one(tokens, at + 1, depth)
            value *= other
        return value, at

    def _one(self, tokens: list[tuple[str | None, ...]], at: int, depth: int) -> tuple[int, int]:
        if at >= len(tokens):
            raise ValueError
        number, name, sign = tokens[at]
        if number is not None:
            return int(number, 0 if number[:2] in ("0x", "0X") else 10), at + 1
        if name is not None:
            return self.value(name, depth - 1), at + 1
        if sign != "(":
            raise ValueError(sign)
        value, at = self._sum(tokens, at + 1, depth)
        if at >= len(tokens) or tokens[at][2] != ")":
            raise ValueError
        return value, at + 1


def _apply(sign: str, left: int, right: int) -> int:
    if sign == "<<":
        if not 0 <= right < 64:
            raise ValueError
        return left << right
    return left + right if sign == "+" else left - right if sign == "-" else left | right
