"""Entry points, by which other packages extend scmigen.

Three groups belong to the compiler: ``scmigen.checks``, ``scmigen.targets`` and
``scmigen.sources``. An entry point that cannot be loaded is an error in whatever would have used
it: an extension that users rely on must not be missing silently. Code of other packages runs in
`guarded`, and what it returns is compared with its declared type by `scmigen.plugin_types`.
"""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR

from scmigen.diagnostics import Diagnostic, Finding, InputError, Position
from scmigen.hints import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ResultT = TypeVar("ResultT")


class PluginError(Exception):
    """Code of another package failed; ``position`` is the place in that code, if it is known."""

    def __init__(self, problem: BaseException, position: Position | None) -> None:
        self.position = position
        super().__init__(_described(problem))


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
            state = Path(place).stat()
        except OSError:
            continue
        if not S_ISDIR(state.st_mode):
            # An archive: only the import system can look inside.
            return True
        key = (state.st_dev, state.st_ino, state.st_mtime_ns)
        if f"[{group}]".encode() in _declared(place or ".", key):
            return True
    return False


# A library's user compiles many boards, and there are some hundred packages to look at.
@lru_cache(maxsize=64)
def _declared(place: str, _state: tuple[int, int, int]) -> bytes:
    """What all packages in a folder declare, without blanks; ``_state``: what a new package
    changes of the folder, as the import system has it."""
    found = []
    with suppress(OSError):
        for entry in os.scandir(place):
            if entry.name.endswith((".dist-info", ".egg-info")):
                with suppress(OSError):
                    declared = Path(entry.path, "entry_points.txt").read_bytes()
                    found.append(declared.replace(b" ", b""))
    return b"\n".join(found)


def guarded(run: Callable[[], ResultT], function: object) -> ResultT:
    """What ``run`` returns, which calls ``function`` of another package.

    Raises `PluginError` whatever is raised, `SystemExit` too, but for `KeyboardInterrupt`, which is
    the user's. Its position is that of ``function`` where nothing in the function itself raised.
    """
    try:
        return run()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        raise PluginError(problem, _place(problem, function)) from problem


def every(made: object) -> Iterable[Any]:
    """The items that a function of another package made. Raises `TypeError` if it made none."""
    if not isinstance(made, Iterable):
        raise TypeError(f"it returns {type(made).__name__}, not an iterable")
    return made


def _described(problem: BaseException) -> str:
    try:
        text = str(problem)
    # Exceptions of others may fail to say what they are.
    except Exception:
        text = ""
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def _place(problem: BaseException, function: object) -> Position | None:
    """Where a problem was raised, if in what ``function`` ran; else where ``function`` is."""
    from inspect import unwrap  # only failures need these
    from traceback import extract_tb

    frames = extract_tb(problem.__traceback__)
    try:
        code = unwrap(function).__code__  # type: ignore[arg-type]
    except (AttributeError, ValueError):
        # A class or a partial function: the nearest that is known is where it was raised.
        return Position(frames[-1].filename, frames[-1].lineno or 0) if frames else None
    if any(frame.filename == code.co_filename for frame in frames):
        return Position(frames[-1].filename, frames[-1].lineno or 0)
    return Position(code.co_filename, code.co_firstlineno)


def load(point: "EntryPoint", finding: Finding, hint: str) -> object:
    """The object of an entry point. Raises `InputError` with ``finding`` if it cannot be loaded."""
    try:
        return guarded(point.load, None)
    except PluginError as problem:
        raise InputError([unusable(point, finding, str(problem), hint)]) from problem


def unusable(point: "EntryPoint", finding: Finding, reason: str, hint: str) -> Diagnostic:
    """The error for an unusable entry point."""
    return finding.error(f"{described(point)}: {reason}", hint=hint)


def described(point: "EntryPoint") -> str:
    """An entry point for people, with its package."""
    package = package_of(point)
    return f"entry point {point.name} = {point.value!r}{f' of {package}' if package else ''}"


def package_of(point: "EntryPoint") -> str:
    """Name and version of the package of an entry point; empty if they are not known."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""
