"""The line of the source below findings that know only their place, read when they are printed."""

import os
from collections.abc import Iterable, Sequence

from scmigen.cli.declare import running
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Position


def with_excerpts(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """``found``, each with the line at its position and a caret, where that line can be read.

    A file that was changed since the command began may have another line there, and is not read.
    """
    items = list(found)
    return _filled(items) if any(map(_place, items)) else items


def _place(item: Diagnostic) -> Position | None:
    """Where to look for the line of a finding that has none yet."""
    place = item.position
    return place if place and place.line and place.column and item.excerpt is None else None


def _filled(items: Sequence[Diagnostic]) -> list[Diagnostic]:
    from scmigen.devicetree.written import Written, excerpt

    asked = running()
    begun = float("inf") if asked is None else asked.begun
    written = Written()

    def line_at(place: Position) -> str | None:
        if not _is_older(place.file, begun):
            return None
        line = next(iter(written.lines(place.file)[place.line - 1 : place.line]), "")
        return excerpt(line, place.column) if place.column <= len(line) else None

    places = ((item, _place(item)) for item in items)
    return [replace(item, excerpt=line_at(place)) if place else item for item, place in places]


def _is_older(file: str, begun: float) -> bool:
    try:
        return os.stat(file).st_mtime <= begun  # noqa: PTH116 - a name may be no path at all
    except (OSError, ValueError):
        return False
