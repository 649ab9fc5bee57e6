"""What outputs call the files that they refer to: the same wherever a board is checked out.

Diagnostics have the paths that the user typed; outputs have no part of a path that comes from this
machine alone.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property

from scmigen.data import Data
from scmigen.diagnostics import Position

#: What a prefix of a path is to be replaced by, as with ``-ffile-prefix-map``.
PrefixMap = Sequence[tuple[str, str]]


class Places(Data, slots=False):
    """The names of files in outputs.

    ``files`` were read; ``folders`` are those that their names start from, the board's first. Of
    several entries of ``prefix_map`` that match, the last one holds.
    """

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    prefix_map: PrefixMap = ()

    def of(self, position: Position) -> str:
        """A position for an output: ``board.dts:12:3``."""
        return str(Position(self.name(position.file), position.line, position.column))

    @cached_property
    def name(self) -> Callable[[str], str]:
        """`_name`, which is worked out once for each file."""
        return cache(self._name)

    def _name(self, file: str) -> str:
        """The name of a file.

        Mapped, or relative to the folder that is left by the fewest ``..``; the whole path where it
        has no folder in common with any. What was not read is a word of a line marker: it stays.
        Outputs are UTF-8, names need not be: other bytes are escaped.
        """
        name = self._names.get(file) or self._names.get(_whole(file)) or self._mapped(file) or file
        return name.encode("utf-8", "backslashreplace").decode("utf-8")

    @cached_property
    def _names(self) -> dict[str, str]:
        """The names of the files that were read, by path and by whole path."""
        folders = [_whole(folder) for folder in self.folders]
        wholes = {file: _whole(file) for file in self.files}
        names = {
            whole: self._mapped(whole) or _relative(whole, folders) for whole in wholes.values()
        }
        return names | {file: names[whole] for file, whole in wholes.items()}

    def _mapped(self, path: str) -> str | None:
        for old, new in reversed(self.prefix_map):
            rest = _below(path, _whole(old))
            if rest is not None:
                return os.path.join(new, rest) if rest else new or os.curdir  # noqa: PTH118
        return None


#: Every name as it is.
NO_PLACES = Places()


def _whole(path: str) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100 - links are names, too
    except OSError:  # the working directory was removed
        return path


def _below(path: str, folder: str) -> str | None:
    """What follows ``folder`` in a path; None where that is not below it."""
    if path == folder:
        return ""
    start = folder.rstrip("/") + "/"
    return path[len(start) :] if path.startswith(start) else None


def _relative(path: str, folders: Iterable[str]) -> str:
    if not os.path.isabs(path):  # noqa: PTH117
        return path
    found = []
    for folder in folders:
        name = os.path.relpath(path, folder)
        climbs = name.split("/").count("..")
        if climbs == 0 or climbs < len([part for part in folder.split("/") if part]):
            found.append((climbs, name))
    return min(found, key=lambda one: one[0])[1] if found else path
