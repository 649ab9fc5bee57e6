"""Paths in agents files: they are relative to the file that has them."""

from pathlib import Path, PurePath

from scmigen.diagnostics import Position


def folder_of(path: str, said_at: Position | None) -> Path:
    """The directory that an agents file names, from its own directory."""
    here = Path(said_at.file).parent if said_at is not None else Path()
    return here / PurePath(path)
