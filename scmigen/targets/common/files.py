"""Files of an output, and how they get to disk: all or nothing, only what changed, no leftovers."""

import json
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scmigen.diagnostics import Finding, InputError, Position

OUTPUT_UNWRITABLE = Finding(
    "output-unwritable",
    "A file cannot be written; nothing else was written either.",
    "See that the folder is there and yours, and that nothing else has the file's name.",
    switchable=False,
)

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
    """The files of the last run; none of what a link leads to elsewhere."""
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()
    whole = os.path.realpath(folder)
    inside = [path for path in listed if _is_inside(path)] if isinstance(listed, list) else []
    return {
        path
        for path in inside
        if Path(os.path.realpath((folder / path).parent)).is_relative_to(whole)
    }


def write(
    folder: Path, files: Iterable[File], beside: Sequence[tuple[Path, bytes]] = ()
) -> Written:
    """Put ``files`` into ``folder`` and each of ``beside`` at its own path: all of them, or none.

    A file that is already right keeps its time stamp. Files of the last run that are not made any
    more are removed from the folder. Raises `InputError` where anything cannot be written; all is
    then as it was.
    """
    wanted = sorted(files, key=lambda file: file.path)
    now = {_followed(path) for path, _ in beside}
    gone = _previous(folder) - {file.path for file in wanted}
    stale = sorted(path for path in gone if _followed(folder / path) not in now)
    listing = {"files": [file.path for file in wanted]}
    wanted.append(File(MANIFEST, json.dumps(listing, indent=1).encode() + b"\n"))
    # The lock file is older than what is made with it, lest make begin again each time.
    pairs = [(_followed(path), content) for path, content in beside]
    pairs.extend((folder / file.path, file.content) for file in wanted)
    _check_apart(folder, [file.path for file in wanted], [path for path, _ in beside])
    changed = _replace(pairs, [folder / path for path in stale])
    paths = (file.path for file in wanted if folder / file.path in changed)
    return Written(tuple(path for path in paths if path != MANIFEST), tuple(stale))


def write_one(path: Path, content: bytes) -> None:
    """Replace one file where its content differs. Raises `InputError` where it cannot be."""
    _replace([(_followed(path), content)], [])


def _check_apart(folder: Path, inside: Iterable[str], beside: Iterable[Path]) -> None:
    """Raises `InputError` where one file is to hold two things."""
    whole = _followed(folder)
    taken = {whole / path for path in inside}
    for path in beside:
        if _followed(path) in taken:
            raise InputError(
                [
                    OUTPUT_UNWRITABLE.error(
                        "two things are to be written here",
                        Position(str(path)),
                    )
                ]
            )
        taken.add(_followed(path))


def _followed(path: Path) -> Path:
    """What a link of the user's leads to: that is replaced, not the link."""
    return Path(os.path.realpath(path))


def _replace(pairs: Iterable[tuple[Path, bytes]], stale: Iterable[Path]) -> set[Path]:
    """Give each path its content and remove what is ``stale``; the result are paths that changed.

    New and previous contents are kept next to their targets until all are in place, so
    that what can fail fails before anything changes, and the rest can be undone.
    """
    change = _Change()
    try:
        for target, content in pairs:
            change.prepare(target, content)
        for target in stale:
            change.prepare(target, None)
        change.commit()
    except BaseException as problem:
        change.undo()
        if not isinstance(problem, OSError):
            raise
        reason = f"cannot write {change.at}: {problem.strerror or problem}"
        raise InputError([OUTPUT_UNWRITABLE.error(reason, Position(str(change.at)))]) from None
    change.clean()
    return set(change.new)


class _Change:
    """Files that change together. ``at`` is the one that was looked at last."""

    def __init__(self) -> None:
        self.at = Path()
        self.new: dict[Path, Path | None] = {}
        self._before: dict[Path, Path] = {}
        self._folders: list[Path] = []
        self._begun: list[Path] = []
        self._temporary = 0

    def prepare(self, target: Path, content: bytes | None) -> None:
        """Write the new content of ``target`` beside it, and keep the old; none: it shall go."""
        self.at = target
        mode = _mode(target)
        if mode is None and content is None:
            return
        if content is not None:
            rights = stat.S_IMODE(mode) if mode is not None and stat.S_ISREG(mode) else None
            if rights is not None and target.read_bytes() == content:
                return
            self._make_folder(target.parent)
            self.new[target] = beside = self._beside(target)
            beside.write_bytes(content)
            if rights is not None:
                beside.chmod(rights)
        else:
            self.new[target] = None
        if mode is not None:
            self._before[target] = old = self._beside(target)
            _keep(target, old)

    def commit(self) -> None:
        """Move everything in place."""
        for target, beside in self.new.items():
            self.at = target
            self._begun.append(target)
            if beside is None:
                target.unlink()
            else:
                beside.replace(target)

    def undo(self) -> None:
        """Put everything back, as far as it can be."""
        for target in reversed(self._begun):
            with suppress(OSError):
                if target in self._before:
                    self._before[target].replace(target)
                else:
                    target.unlink()
        self.clean()
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()

    def clean(self) -> None:
        """Remove the temporary files next to the targets."""
        for beside in (*self.new.values(), *self._before.values()):
            if beside is not None:
                with suppress(OSError):
                    beside.unlink(missing_ok=True)

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for folder in reversed(missing):
            folder.mkdir()
            self._folders.append(folder)

    def _beside(self, target: Path) -> Path:
        self._temporary += 1
        return target.with_name(f".scmigen-{os.getpid()}-{self._temporary}.tmp")


def _mode(target: Path) -> int | None:
    """The mode of a file, ``None`` if it does not exist. Raises `OSError` if it is not a file."""
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode) or stat.S_ISREG(mode):
        return mode
    raise OSError(0, "it is not a regular file", str(target))


def _keep(target: Path, old: Path) -> None:
    """A second name of a file, or a copy where the file system knows no such names."""
    try:
        os.link(target, old, follow_symlinks=False)
    except OSError:
        import shutil  # only a run that replaces files needs it

        shutil.copy2(target, old, follow_symlinks=False)
