"""Sources and headers of others: found in given folders, read once, in bounds.

Nothing is followed out of the folders ``below`` which everything is: neither by a link nor by
``..`` in a header's name.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scmigen.csource.limits import MAX_FILE, MAX_FILES, Budget, TooMuchError
from scmigen.csource.tokens import Line, lines
from scmigen.data import Data
from scmigen.inputs import read_part


class Source(Data):
    """A file: its lines, and the macro that keeps it from being read twice."""

    path: Path
    lines: tuple[Line, ...]
    guard: str | None = None


class Sources:
    """Reads files; ``built_in`` are headers by name for those that no folder has."""

    def __init__(
        self,
        folders: Sequence[Path],
        below: Sequence[Path],
        budget: Budget,
        built_in: Mapping[str, str] | None = None,
    ) -> None:
        self.budget = budget
        self._folders = folders
        self._below = tuple(Path(os.path.realpath(folder)) for folder in below)
        self._built_in = built_in or {}
        self._read: dict[Path, Source | None] = {}
        self._found: dict[tuple[str, Path | None], Source | None] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """All that was read."""
        return tuple(str(path) for path, source in self._read.items() if source is not None)

    def has(self, name: str) -> bool:
        """Whether there is a header of that name."""
        return self._locate(name, self._folders) is not None or name in self._built_in

    def header(self, name: str, wanted_by: Source) -> Source | None:
        """The header that a source includes, first beside it."""
        beside = wanted_by.path.parent
        key = (name, beside)
        if key not in self._found:
            path = self._locate(name, (beside, *self._folders))
            found = self.read(path) if path is not None else None
            self._found[key] = found if found is not None else self._stock(name)
        return self._found[key]

    def _stock(self, name: str) -> Source | None:
        text = self._built_in.get(name)
        if text is None:
            return None
        path = Path(name)
        if path not in self._read:
            self._read[path] = None
            self._found[name, None] = _source(path, text, self.budget)
        return self._found[name, None]

    def _locate(self, name: str, folders: Iterable[Path]) -> Path | None:
        if not name or "\0" in name or name.startswith("/"):
            return None
        for folder in folders:
            path = folder / name
            if path.is_file() and self._is_below(path):
                return Path(os.path.normpath(path))
        return None

    def _is_below(self, path: Path) -> bool:
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(folder) for folder in self._below)

    def read(self, path: Path) -> Source | None:
        """A file, None where it cannot be read. Raises `TooMuchError`."""
        if path in self._read:
            return self._read[path]
        if len(self._read) >= MAX_FILES:
            raise TooMuchError(f"there are more than {MAX_FILES} sources and headers")
        text = self._text(path)
        self._read[path] = None if text is None else _source(path, text, self.budget)
        return self._read[path]

    def _text(self, path: Path) -> str | None:
        if not self._is_below(path):
            return None
        try:
            data = read_part(path, MAX_FILE + 1)
        except (OSError, ValueError):
            return None
        if len(data) > MAX_FILE:
            raise TooMuchError(f"{path}: the file has more than {MAX_FILE >> 20} MiB")
        self.budget.read(len(data))
        return data.decode("utf-8", "replace")

    def text(self, path: Path) -> str | None:
        """The text of a file that is only looked through, None where it cannot be read."""
        return self._text(path)


def _source(path: Path, text: str, budget: Budget) -> Source:
    kept: list[Line] = []
    for line in lines(text, str(path)):
        budget.token(len(line.tokens))
        kept.append(line)
    found = tuple(kept)
    return Source(path, found, _guard(found))


def _guard(found: Sequence[Line]) -> str | None:
    """The macro of ``#ifndef`` around a whole header."""
    if len(found) < 3 or not (found[0].directive and found[1].directive and found[-1].directive):
        return None
    first, second = found[0].tokens, found[1].tokens
    if [token.text for token in first[:1] + second[:1]] != ["ifndef", "define"]:
        return None
    if len(first) < 2 or len(second) < 2 or first[1].text != second[1].text:
        return None
    depth = 0
    for line in found[:-1]:
        word = line.tokens[0].text if line.directive and line.tokens else ""
        depth += word in ("if", "ifdef", "ifndef")
        depth -= word == "endif"
        if not depth or (depth == 1 and word in ("else", "elif")):
            return None
    return first[1].text
