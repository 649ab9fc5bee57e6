"""Agents files in other forms: readers of other packages, the group ``scmigen.sources``.

A reader is chosen by the ending of the file's name; YAML needs none. It returns what the file says
(`scmigen.assignment.said.SourceSaid`), with ``None`` where it is silent: comparing sources and
filling in defaults is not its task.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from scmigen.assignment.said import SourceSaid
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Finding, InputError, Position
from scmigen.plugins import entry_points_of, load, unusable

#: The group of entry points.
GROUP = "scmigen.sources"

SOURCE_UNLOADABLE = Finding(
    "source-unloadable",
    "A reader of agents files of another package cannot be loaded, or fails.",
    "Repair, update or uninstall the package that the message names.",
    switchable=False,
)

_HINT = "it must name a scmigen.Source"
_YAML = ("", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Source:
    """A reader of agents files whose names end in ``suffix``, such as ``".toml"``.

    ``read`` is given the text, the name for positions, and the board, and raises `InputError` with
    everything that is wrong.
    """

    suffix: str
    read: Callable[[str, str, DeviceTree], SourceSaid]


def reader_of(name: str) -> Source | None:
    """The reader of another package for a file. Raises `InputError` if it cannot be loaded."""
    suffix = PurePath(name).suffix
    if suffix in _YAML:
        return None
    for point in entry_points_of(GROUP):
        found = load(point, SOURCE_UNLOADABLE, _HINT)
        if not isinstance(found, Source):
            reason = f"it is {type(found).__name__!r}, not a Source"
            raise InputError([unusable(point, SOURCE_UNLOADABLE, reason, _HINT)])
        if found.suffix == suffix:
            return found
    return None


def read_foreign(source: Source, text: str, name: str, tree: DeviceTree) -> SourceSaid:
    """Read a file. Raises `InputError`, also for a reader that fails in other ways."""
    try:
        said = source.read(text, name, tree)
    except InputError:
        raise
    # The code of others may raise anything.
    except Exception as problem:
        message = f"its reader failed with {type(problem).__name__}: {problem}"
        raise InputError([SOURCE_UNLOADABLE.error(message, Position(name))]) from problem
    if not isinstance(said, SourceSaid):
        message = f"its reader returned {type(said).__name__!r}, not SourceSaid"
        raise InputError([SOURCE_UNLOADABLE.error(message, Position(name))])
    return said
