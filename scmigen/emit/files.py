"""Files of an output, and how they get to disk: all or nothing, only what changed, no leftovers."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scmigen.diagnostics import InputError, Position, error

#: The list of files of the last run, so that those a later run does not make again go.
MANIFEST = ".scmigen-manifest.json"


@dataclass(frozen=True, slots=True)
class File:
    """One file of an output: ``path`` is relative with forward slashes, ``content`` its bytes."""

    path: str
    content: bytes

    def below(self, folder: str) -> "File":
        """The same file in a folder."""
        return File(f"{folder}/{self.path}", self.content)


@dataclass(frozen=True, slots=True)
class Written:
    """What a run changed: paths relative to the output folder."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]


def _is_inside(path: object) -> bool:
    """Whether a path of the manifest stays in the output folder."""
    if not isinstance(path, str) or not path or "\\" in path:
        return False
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _previous(folder: Path) -> set[str]:
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()
    return {path for path in listed if _is_inside(path)} if isinstance(listed, list) else set()


def _same(target: Path, content: bytes) -> bool:
    try:
        return target.read_bytes() == content
    except OSError:
        return False


def write(folder: Path, files: Iterable[File], manifest: bool = True) -> Written:
    """Put ``files`` into ``folder``: write them beside their targets, then move them in place.

    A file that is already right keeps its time stamp. Files of the last run that are not made any
    more are removed, unless ``manifest`` is off. Raises `InputError` where the folder cannot be
    written.
    """
    wanted = sorted(files, key=lambda file: file.path)
    stale = sorted(_previous(folder) - {file.path for file in wanted}) if manifest else []
    if manifest:
        listing = {"files": [file.path for file in wanted]}
        wanted.append(File(MANIFEST, json.dumps(listing, indent=1).encode() + b"\n"))
    changed = [file for file in wanted if not _same(folder / file.path, file.content)]
    ready: list[tuple[Path, Path]] = []
    try:
        for file in changed:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            ready.append((beside, target))
            beside.write_bytes(file.content)
        for beside, target in ready:
            beside.replace(target)
        for path in stale:
            (folder / path).unlink(missing_ok=True)
    except OSError as problem:
        for beside, _ in ready:
            beside.unlink(missing_ok=True)
        reason = f"cannot write {problem.filename or folder}: {problem.strerror}"
        raise InputError([error("output", reason, Position(str(folder)))]) from None
    paths = tuple(file.path for file in changed if file.path != MANIFEST)
    return Written(paths, tuple(stale))
