"""Single files get to disk: all or nothing, only what changed. Whole outputs: see `write`."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from scmigen.diagnostics import InputError, Position
from scmigen.targets.common.change import Change, leftovers, mode_of
from scmigen.targets.common.exclusive import Locks, stoppable
from scmigen.targets.common.files import OUTPUT_UNWRITABLE

#: Flags that Windows lacks, and the one that only Windows has.
AS_IT_IS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def write_one(path: Path, content: bytes) -> None:
    """Replace one file where its content differs. Raises `InputError` where it cannot be."""
    target = followed(path)
    with undivided([(path, target.parent)]) as (change, locks):
        sweep([target.parent], locks.held)
        change.at = path
        if not has(target, content):
            change.prepare_last(target, content)
            change.apply()
            change.finish()


def write_several(files: Sequence[tuple[Path, bytes]]) -> None:
    """Replace files where their content differs, and make their folders: all of them, or none.
    Raises `InputError` where one cannot be."""
    wanted = [(path, followed(path), content) for path, content in files]
    with undivided([(path, target.parent) for path, target, _ in wanted]) as (change, locks):
        sweep({target.parent for _, target, _ in wanted}, locks.held)
        for path, target, content in wanted:
            change.at = path
            if not has(target, content):
                change.prepare(target, content)
        change.apply()
        change.finish()


@contextmanager
def undivided(places: Sequence[tuple[Path, Path]]) -> Iterator[tuple[Change, Locks]]:
    """A change that the body makes whole or not at all, and the folders locked for it.

    ``places``: what is to be written, and the folder to lock for it.
    """
    with stoppable() as check, ExitStack() as stack:
        change = Change(check)
        locks = Locks(stack, change.make_folder, check)
        try:
            # In the same order in every process, so that no two wait for each other.
            for at, folder in sorted(places, key=lambda place: os.path.realpath(place[1])):
                change.at = at
                locks.take(folder)
            yield change, locks
        except BaseException as problem:
            change.undo()
            if not isinstance(problem, OSError):
                raise
            reason = f"cannot write {change.at}: {problem.strerror or problem}"
            raise InputError([OUTPUT_UNWRITABLE.error(reason, Position(str(change.at)))]) from None


def sweep(folders: Iterable[Path], held: set[Path]) -> None:
    """Remove what builds that were killed left."""
    for folder in folders:
        for path in leftovers(folder, followed(folder) in held):
            with suppress(OSError):
                path.unlink()


def followed(path: Path) -> Path:
    """What a link of the user's leads to: that is replaced, not the link."""
    return Path(os.path.realpath(path))


def has(path: Path, content: bytes) -> bool:
    """Whether it is a file with that content, and no link to one. Raises `OSError`."""
    mode = mode_of(path)
    if mode is None or stat.S_ISLNK(mode):
        return False
    # What takes the file's place meanwhile is neither followed nor waited for.
    handle = os.open(path, os.O_RDONLY | AS_IT_IS)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size != len(content):
            return False
        return file.read() == content
