"""Entry points, by which other packages extend scmigen.

Three groups belong to the compiler: ``scmigen.checks``, ``scmigen.targets`` and
``scmigen.sources``. An entry point that cannot be loaded is an error in whatever would have used
it: an extension that users rely on must not be missing silently.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scmigen.diagnostics import Diagnostic, Finding, InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def entry_points_of(group: str) -> "tuple[EntryPoint, ...]":
    """The entry points of a group, by name."""
    if not _mentioned(group):
        return ()
    from importlib.metadata import entry_points  # 20 ms, and few have such packages

    points = entry_points(group=group)
    return tuple(sorted(points, key=lambda point: (point.name, point.value)))


def _mentioned(group: str) -> bool:
    """Whether any installed package may have an entry point of a group, by its files."""
    for place in dict.fromkeys(sys.path):
        try:
            entries = list(os.scandir(place or "."))
        except NotADirectoryError:
            # An archive: only the import system can look inside.
            return True
        except OSError:
            continue
        for entry in entries:
            if entry.name.endswith((".dist-info", ".egg-info")):
                with suppress(OSError):
                    declared = Path(entry.path, "entry_points.txt").read_bytes()
                    if f"[{group}]".encode() in declared.replace(b" ", b""):
                        return True
    return False


def load(point: "EntryPoint", finding: Finding, hint: str) -> object:
    """The object of an entry point. Raises `InputError` with ``finding`` if it cannot be loaded."""
    try:
        found: object = point.load()
    # Importing a package runs its code, which may raise anything.
    except Exception as problem:
        reason = f"{type(problem).__name__}: {problem}"
        raise InputError([unusable(point, finding, reason, hint)]) from problem
    return found


def unusable(point: "EntryPoint", finding: Finding, reason: str, hint: str) -> Diagnostic:
    """The error for an unusable entry point."""
    package = f" of {point.dist.name} {point.dist.version}" if point.dist is not None else ""
    return finding.error(
        f"entry point {point.name} = {point.value!r}{package}: {reason}", hint=hint
    )
