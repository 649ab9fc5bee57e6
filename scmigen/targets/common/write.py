"""How files get to disk: all or nothing, only what changed, nothing of others, no leftovers.

The order holds against a kill or a power cut at any point. The manifest comes first and lists the
files before and after; then the lock file and the make rule, the outputs, the removals, and the
final manifest. A killed run leaves either no trace or an unfinished manifest, with which the next
one finishes, takes back or replaces what is there, and sweeps the temporary files. The lock comes
before the outputs: numbers that no output has do no harm, but outputs with numbers that no lock
has would. Outputs and new stamps keep the oldest possible time stamp until all are there, so make
runs again after a kill. What fails, SIGTERM and SIGINT among it, puts everything back.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from scmigen.data import Data, field, replace
from scmigen.diagnostics import (
    Diagnostic,
    InputError,
    Position,
    Related,
    Severity,
    counted,
)
from scmigen.targets.common.change import Change, leftovers, mode_of
from scmigen.targets.common.digest import digest_of, file_digest
from scmigen.targets.common.exclusive import Locks
from scmigen.targets.common.files import (
    OUTPUT_FOREIGN,
    OUTPUT_LEFT,
    OUTPUT_UNWRITABLE,
    Beside,
    File,
    OvertakenError,
    Written,
)
from scmigen.targets.common.manifest import MANIFEST, encode, read
from scmigen.targets.common.replace import AS_IT_IS, followed, has, sweep, undivided

#: The largest file, in bytes, that can be one of scmigen's own.
_MAX_OUTPUT = 1 << 30

#: In place of a hash, for a file that scmigen cannot have written.
_STRANGE = ""


class _Plan(Data, frozen=False):
    """What a run does to its folder. ``there``: output → hash of what has its name now."""

    there: dict[str, str | None] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def write(
    folder: Path,
    files: Iterable[File],
    beside: Sequence[Beside] = (),
    force: bool = False,
    stamps: Sequence[Path] = (),
    strict: bool = False,
) -> Written:
    """Put ``files`` into ``folder`` and each of ``beside`` at its own path: all of them, or none.

    A file that is already right keeps its time stamp. Files of earlier runs that are not made any
    more are removed, if nobody changed them. An output does not replace a file that scmigen did
    not write, or that was changed since, but with ``force``. ``stamps`` get the time of now after
    all else, whether or not anything changed, and are made where they are missing; they may be
    outputs. ``strict``: a warning is an error. Raises `InputError` with every such file, and where
    anything cannot be written; all is then as it was. Raises
    `OvertakenError` if one of ``beside`` was changed since it was read.
    """
    wanted = {str(PurePosixPath(file.path)): file.content for file in files}
    digests = {path: _digest(wanted[path]) for path in sorted(wanted)}
    final = encode({path: [digest] for path, digest in digests.items()})
    if beside:
        _check_apart(folder, [*wanted, MANIFEST], [item.path for item in beside])
    if not stamps and _is_whole(folder, wanted, beside, final):
        return Written((), ())
    apart = (*(item.path for item in beside), *stamps)
    places = [
        (folder, folder),
        *((path, path) for path in _inside(folder, wanted)),
        *((path, followed(path).parent) for path in apart),
    ]
    with undivided(places) as (change, locks):
        run = _Run(change, locks, folder, wanted, digests, beside, stamps)
        return run.go(final, force, strict)


def _is_whole(
    folder: Path, wanted: Mapping[str, bytes], beside: Sequence[Beside], final: bytes
) -> bool:
    """Whether all is as a run would leave it.

    No lock is needed to see that: the manifest is looked at first, and it is the first thing that a
    run changes. So one that has begun meanwhile comes after this one, which does nothing.
    """
    try:
        return (
            has(folder / MANIFEST, final)
            and all(has(folder / path, content) for path, content in wanted.items())
            and all(has(followed(item.path), item.content) for item in beside)
            and not leftovers(folder, locked=True)
        )
    except OSError:  # which is reported once the folder is locked
        return False


class _Run:
    """One run of `write`, while the folders are locked."""

    def __init__(
        self,
        change: Change,
        locks: Locks,
        folder: Path,
        wanted: Mapping[str, bytes],
        digests: Mapping[str, str],
        beside: Sequence[Beside],
        stamps: Sequence[Path],
    ) -> None:
        self._change = change
        self._locks = locks
        self._folder = folder
        self._wanted = wanted
        self._beside = beside
        self._stamps = stamps
        self._digests = digests
        self._before = read(folder)
        self._plan = _Plan()

    def go(self, final: bytes, force: bool, strict: bool) -> Written:
        """Do it; ``final``: the manifest that there is in the end."""
        due = [item for item in self._beside if self._is_due(item)]
        self._look_at_outputs(force)
        self._look_at_stale()
        plan, change, manifest = self._plan, self._change, self._folder / MANIFEST
        told = tuple(self._reports())
        if strict and told:
            raise InputError([replace(item, severity=Severity.ERROR) for item in told])
        missing = self._missing_stamps()
        nothing = not (due or missing or plan.changed or plan.stale)
        locked = followed(self._folder) in self._locks.held
        if nothing and self._before.data == final and not leftovers(self._folder, locked):
            change.touch(self._stamps)
            return Written((), (), told)
        sweep(self._folders(), self._locks.held)
        change.prepare(manifest, encode(self._known(), finished=False))
        change.apply()
        for place in sorted({(self._folder / path).parent for path in plan.changed}):
            change.at = place
            self._locks.take(place)
        for item in due:
            change.prepare(followed(item.path), item.content)
        for path in plan.changed:
            change.prepare(self._folder / path, self._wanted[path], aged=True)
        for path in plan.stale:
            change.prepare(self._folder / path, None)
        for target in missing:
            change.prepare(target, b"", aged=True)
        change.prepare_last(manifest, final)
        change.apply()
        change.fresh(self._folder / path for path in (*plan.changed, *self._aged()))
        change.touch(self._stamps)
        change.finish(self._emptied())
        return Written(tuple(plan.changed), tuple(plan.stale), told)

    def _is_due(self, item: Beside) -> bool:
        """Whether a file beside the outputs changes. Raises `OvertakenError`."""
        self._change.at = item.path
        now, wanted = _digest_of(followed(item.path)), _digest(item.content)
        read = now if item.was is None else _digest(item.was)
        if now not in (wanted, read) and (now is not None or item.was):
            told = "another run changed it since it was read"
            hint = "run the command again"
            raise OvertakenError(
                [OUTPUT_UNWRITABLE.error(told, Position(str(item.path)), hint=hint)]
            )
        return now != wanted

    def _missing_stamps(self) -> set[Path]:
        """The stamps to make: those that are not there, and are nothing else that is written."""
        written = [*(self._folder / path for path in self._wanted), *(b.path for b in self._beside)]
        missing = set()
        for path in self._stamps:
            self._change.at = path
            if mode_of(followed(path)) is None:
                missing.add(followed(path))
        return missing - set(map(followed, written))

    def _look_at_outputs(self, force: bool) -> None:
        """Find the outputs to write. Raises `InputError` for all those that would hit others."""
        foreign = []
        for path, digest in self._digests.items():
            self._change.at = target = self._folder / path
            now = self._plan.there[path] = _digest_of(target, (self._wanted[path], digest))
            if now == digest:
                continue
            self._plan.changed.append(path)
            if now is not None and not force and not self._is_ours(path, now):
                known = path in self._before.files
                told = "was changed since scmigen wrote it" if known else "is not of scmigen"
                text = f"the file that is here {told}, and is not replaced"
                hint = "move it away, or replace it with --force"
                foreign.append(OUTPUT_FOREIGN.error(text, Position(str(target)), hint=hint))
        if foreign:
            raise InputError(foreign)

    def _look_at_stale(self) -> None:
        """Find the files of earlier runs that are not made any more, and are as they were."""
        now = {followed(item.path) for item in self._beside}
        whole = followed(self._folder)
        for path in sorted(self._before.files.keys() - self._wanted.keys()):
            target = self._folder / path
            digest = None
            with suppress(OSError):
                digest = _digest_of(target)
            if digest is None:
                self._plan.gone.append(path)
            elif not followed(target.parent).is_relative_to(whole) or followed(target) in now:
                continue
            elif self._before.hashed and self._is_ours(path, digest) and not _is_hidden(path):
                self._plan.stale.append(path)
            else:
                self._plan.left.append(path)

    def _is_ours(self, path: str, digest: str) -> bool:
        return digest != _STRANGE and self._before.wrote(path, digest)

    def _known(self) -> Mapping[str, set[str]]:
        """The manifest of before and after: what the next run may take for scmigen's own."""
        known: dict[str, set[str]] = {}
        for path, digest in self._digests.items():
            there = self._plan.there[path]
            known[path] = {digest, *([there] if there and self._is_ours(path, there) else [])}
        for path in (*self._plan.stale, *self._plan.left, *self._plan.gone):
            known[path] = set(self._before.files[path])
        return known

    def _aged(self) -> Iterator[str]:
        """Outputs that a killed run put in place, with the time stamp of an unfinished one."""
        if not self._before.finished:
            for path in self._wanted.keys() - set(self._plan.changed):
                if (self._folder / path).stat().st_mtime_ns == 0:
                    yield path

    def _folders(self) -> set[Path]:
        """Where this run and the one before have temporary files."""
        made = {(self._folder / path).parent for path in self._wanted}
        apart = (*(item.path for item in self._beside), *self._stamps)
        beside = {followed(path).parent for path in apart}
        return {self._folder, *made, *beside, *_parents(self._folder, self._before.files)}

    def _emptied(self) -> set[Path]:
        """Folders that may be empty now, of what went in this run or in one that was killed."""
        gone = () if self._before.finished else self._plan.gone
        return _parents(self._folder, (*self._plan.stale, *gone))

    def _reports(self) -> Iterator[Diagnostic]:
        manifest = Position(str(self._folder / MANIFEST))
        if self._before.problem:
            yield OUTPUT_LEFT.warning(
                f"the list of the files of earlier runs cannot be used: {self._before.problem}; "
                "files that are not made any more stay",
                manifest,
            )
        if self._plan.left:
            why = "were changed since scmigen wrote them"
            if not self._before.hashed:
                why = "may have been changed: an earlier version of scmigen listed no hashes"
            number = counted(len(self._plan.left), "file")
            yield OUTPUT_LEFT.warning(
                f"{number} of an earlier run that this one does not make stay: they {why}",
                manifest,
                [Related(path, Position(str(self._folder / path))) for path in self._plan.left],
            )


def _inside(folder: Path, wanted: Iterable[str]) -> set[Path]:
    """The folders below an output folder that a run may change files in, as far as they are there.

    Another build may have one for its output folder. What is missing is made, and locked, once the
    manifest has what will be in it.
    """
    before: Iterable[str] = ()
    with suppress(OSError):  # which is reported once the folder is locked
        before = read(folder).files
    made = {(folder / path).parent for path in wanted}
    return {path for path in made if path.is_dir()} | _parents(folder, before)


def _parents(folder: Path, paths: Iterable[str]) -> set[Path]:
    """The folders below an output folder that lead to files, but none that a link leads to."""
    whole = followed(folder)
    names = {parent for path in paths for parent in PurePosixPath(path).parents}
    found = {folder / name for name in names if name.parts}
    return {
        path
        for path in found
        if os.path.isdir(path)  # noqa: PTH112 (it takes names that no file can have)
        and followed(path) == whole / path.relative_to(folder)
    }


def _check_apart(folder: Path, inside: Iterable[str], beside: Iterable[Path]) -> None:
    """Raises `InputError` where one file is to hold two things."""
    whole = followed(folder)
    taken = {whole / path for path in inside}
    for path in beside:
        if followed(path) in taken:
            told = "two things are to be written here"
            raise InputError([OUTPUT_UNWRITABLE.error(told, Position(str(path)))])
        taken.add(followed(path))


def _is_hidden(path: str) -> bool:
    """Whether a name on the way is hidden; such files (.git/HEAD) are never removed."""
    return any(part.startswith(".") for part in path.split("/"))


def _digest(content: bytes) -> str:
    return digest_of(content).hex()


def _digest_of(path: Path, like: tuple[bytes, str] | None = None) -> str | None:
    """The hash of a file, ``None`` if there is none, `_STRANGE` for a link and a very large one.

    ``like``: what it probably has, and the hash of that, which is then not worked out again. Raises
    `OSError` if it cannot be read, or is neither a file nor a link.
    """
    mode = mode_of(path)
    if mode is None:
        return None
    if stat.S_ISLNK(mode):
        return _STRANGE
    # What takes the file's place meanwhile is neither followed nor waited for.
    handle = os.open(path, os.O_RDONLY | AS_IT_IS)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_OUTPUT:
            return _STRANGE
        if like is not None and status.st_size == len(like[0]):
            content = file.read()
            return like[1] if content == like[0] else _digest(content)
        return file_digest(file).hex()
