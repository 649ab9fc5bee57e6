"""``scmigen diff --remap``: the numbers of one release of a firmware as those of another."""

import json
import sys
from pathlib import Path

from scmigen import api
from scmigen.assignment.words import did_you_mean
from scmigen.audit.registry import named
from scmigen.cli.problems import UsageError
from scmigen.cli.report import report, say
from scmigen.diagnostics import InputError, has_errors
from scmigen.inputs import is_missing, read_bytes
from scmigen.model.remap import WhoseError, remaps
from scmigen.pipeline import Result
from scmigen.runtime import Served, served_of
from scmigen.targets.common.remap import remap_files, remap_problems
from scmigen.targets.common.replace import write_several
from scmigen.targets.runtime.configuration import to_runtime


def remap(
    sides: tuple[Path | Result | Served, Path | Result | Served],
    files: tuple[Path, Path],
    folder: Path,
    called: tuple[str | None, int | None],
    agent: str | None,
    quiet: bool,
) -> None:
    """Write the tables and print what they have. ``sides`` are compiled boards, or descriptions of
    a server, and ``files`` where they are from, as typed. ``called``: the name and version of the
    new one, if they are said. Raises `InputError`."""
    old, new = map(_served, sides)
    release, version = called
    if version is None and not isinstance(sides[1], Result):
        version = _version(_path(files[1]))
    if release is None:
        release = "new" if version is None else f"v{version:08x}"
    try:
        found = remaps(old, new, agent)
    except WhoseError as unclear:
        hint = did_you_mean(agent, unclear.agents) if agent is not None else None
        known = hint or f"agents: {', '.join(unclear.agents)}"
        raise UsageError(f"say with --as whose numbers they are; {known}") from None
    names = (_called(files[0]), _called(files[1]))
    tables = remap_files(found, release, version, names)
    write_several([(folder / file.path, file.content) for file in tables])
    report(remap_problems(found, str(files[1])), "text", quiet, sys.stderr)
    for each in () if quiet else found:
        say(
            f"{each.kind}: {len(each.rows)} of {len(each.every)} in the table, {each.moved} moved, "
            f"{len(each.vanished)} gone, {len(each.ambiguous)} ambiguous, {len(each.added)} new"
        )


def described(side: Path | Result | Served) -> Served | None:
    """A side as the description of a server; None for what is none: a lock file, a board with
    errors or with several SCMI instances."""
    if isinstance(side, Result):
        whole = not has_errors(side.diagnostics) and len(side.platforms) == 1
        return served_of(to_runtime(side.platforms[0])) if whole else None
    try:
        return _served(side)
    except InputError:
        return None


def _called(path: Path) -> str:
    """A path as a file has it that is not only for this machine."""
    path = _path(path)
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


def _path(typed: Path) -> Path:
    """Without the form in front."""
    return named(str(typed)).path if is_missing(typed) else typed


def _served(side: Path | Result | Served) -> Served:
    if isinstance(side, Served):
        return side
    if not isinstance(side, Result):
        return api.read_server(side)
    if has_errors(side.diagnostics):
        raise InputError(side.diagnostics)
    if len(side.platforms) != 1:
        count = len(side.platforms)
        raise UsageError(f"the board has {count} SCMI instances; name a runtime.json of one")
    found = to_runtime(side.platforms[0])
    return served_of(found)


def _version(path: Path) -> int | None:
    """The version of the firmware that a dump of a live server has."""
    try:
        found = json.loads(read_bytes(path))["implementation_version"]
    except (InputError, ValueError, KeyError, TypeError, RecursionError):
        return None
    is_word = type(found) is int and 0 <= found <= 0xFFFF_FFFF
    return found if is_word else None
