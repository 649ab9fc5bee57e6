"""Files that change together: prepared beside their targets, put in place, or undone."""

import os
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from scmigen.data import Data
from scmigen.patterns import pattern

_TEMPORARY = pattern(r"\.scmigen-\d+-\d+\.tmp")
#: Seconds after which a temporary file is a leftover even where no lock proves it.
_AGE = 3600


class _Step(Data, frozen=False):
    """One file: ``new`` is its content to be (``None``: it goes), ``old`` what it was."""

    target: Path
    new: Path | None = None
    old: Path | None = None
    begun: bool = False


class Change:
    """``at`` is the file that was looked at last. ``check`` is called where it may raise to stop.

    The first step is the manifest: it is undone last, after the temporary files are gone, and only
    if all else is as it was. So a kill at any time, in `undo` and `finish` too, leaves either no
    temporary file or a manifest that is unfinished (or a file beside the manifest itself).
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self.at = Path()
        self._check = check
        self._steps: list[_Step] = []
        self._last: _Step | None = None
        self._folders: list[Path] = []
        self._number = 0

    def prepare(self, target: Path, content: bytes | None, aged: bool = False) -> None:
        """Write the new content of ``target`` beside it, and keep the old; none: it shall go.

        ``aged``: it is older than everything else until `fresh` is called, so that make does not
        believe a build that was killed.
        """
        self.at = target
        step = _Step(target)
        self._steps.append(step)
        mode = mode_of(target)
        if content is not None:
            self._fill(step, content, mode, aged)
        if mode is not None:
            step.old = self._beside(target)
            _keep(target, step.old)

    def prepare_last(self, target: Path, content: bytes) -> None:
        """Write the new content of the one file that `finish` puts in place."""
        self.at = target
        self._last = _Step(target)
        self._fill(self._last, content, mode_of(target), False)

    def apply(self) -> None:
        """Put in place what was prepared since the last time, once it is on the disk."""
        steps = [step for step in self._steps if not step.begun]
        last = [] if self._last is None else [self._last]
        self._flush(step.new for step in (*steps, *last) if step.new)
        for step in steps:
            self._check()
            self.at = step.target
            step.begun = True
            if step.new is None:
                step.target.unlink()
            else:
                step.new.replace(step.target)
        self._flush({step.target.parent for step in steps})

    def fresh(self, targets: Iterable[Path]) -> None:
        """Give files the time of now."""
        for target in targets:
            with suppress(OSError):
                os.utime(target)

    def touch(self, stamps: Iterable[Path]) -> None:
        """Give files the time of now. Raises `OSError` where that cannot be."""
        for self.at in stamps:
            os.utime(self.at)

    def finish(self, emptied: Iterable[Path] = ()) -> None:
        """Remove what was kept, and the folders that are empty; put the last file in place.

        Nothing is undone after this began: all else is in place.
        """
        self._clean(self._steps)
        for folder in sorted(emptied, reverse=True):
            with suppress(OSError):
                folder.rmdir()
        if self._last is not None and self._last.new is not None:
            self.at = self._last.target
            self._last.new.replace(self._last.target)

    def undo(self) -> None:
        """Put everything back, as far as it can be."""
        first, others = self._steps[:1], self._steps[1:]
        whole = not [step for step in reversed(others) if not _put_back(step)]
        self._clean((*others, *([self._last] if self._last else [])))
        if whole:
            for step in first:
                _put_back(step)
        self._clean(first)
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it where they are missing."""
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            self._folders.append(folder)

    def _fill(self, step: _Step, content: bytes, mode: int | None, aged: bool) -> None:
        self._check()
        self.make_folder(step.target.parent)
        step.new = self._beside(step.target)
        with step.new.open("xb") as file:
            file.write(content)
            file.flush()
            if mode is not None and stat.S_ISREG(mode):
                step.new.chmod(stat.S_IMODE(mode))
            if aged:
                os.utime(step.new, ns=(0, 0))
            # Begin to write now: the wait in `_flush` is less than half as long.
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _flush(self, paths: Iterable[Path]) -> None:
        """Wait until files or folders are on the disk."""
        for path in paths:
            self._check()
            try:
                handle = os.open(path, os.O_RDONLY)
            except PermissionError:
                continue  # a folder that may be written but not read, a file without rights
            try:
                os.fsync(handle)
            except OSError:
                # Some file systems cannot sync a folder; a file that cannot be is lost.
                if not path.is_dir():
                    raise
            finally:
                os.close(handle)

    def _clean(self, steps: Iterable[_Step]) -> None:
        for step in steps:
            for path in (step.new, step.old):
                if path is not None:
                    with suppress(OSError):
                        path.unlink(missing_ok=True)

    def _beside(self, target: Path) -> Path:
        while True:
            self._number += 1
            path = target.with_name(f".scmigen-{os.getpid()}-{self._number}.tmp")
            if not os.path.lexists(path):
                return path


def leftovers(folder: Path, locked: bool) -> list[Path]:
    """Temporary files of builds that were killed; all there are, if the folder is locked by us."""
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries if _TEMPORARY.fullmatch(entry.name)]
    except OSError:
        return []
    return [path for path in found if locked or _is_old(path)]


def _is_old(path: Path) -> bool:
    with suppress(OSError):
        return path.lstat().st_ctime < time.time() - _AGE
    return False


def mode_of(target: Path) -> int | None:
    """The mode of a file, ``None`` if it does not exist. Raises `OSError` if it is not a file."""
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode) or stat.S_ISREG(mode):
        return mode
    raise OSError(0, "it is not a regular file", str(target))


def _put_back(step: _Step) -> bool:
    """Undo one step; whether the file is as it was."""
    if not step.begun:
        return True
    try:
        if step.old is not None:
            step.old.replace(step.target)
        else:
            step.target.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _keep(target: Path, old: Path) -> None:
    """A second name of a file, or a copy where the file system knows no such names."""
    try:
        os.link(target, old, follow_symlinks=False)
    except OSError:
        import shutil  # only a run that replaces files needs it

        shutil.copy2(target, old, follow_symlinks=False)
