"""``scmigen diff``: what changed between two boards, runtime configurations or lock files."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from scmigen import runtime
from scmigen.cli.choices import agent_trees
from scmigen.cli.report import ERRORS, MOVED, report
from scmigen.devicetree.findings import FILE_UNREADABLE
from scmigen.diagnostics import InputError, Position, has_errors
from scmigen.model.compare import AGENT, Change, Side, What, compare, of_ids, of_runtime
from scmigen.model.lockfile import is_lock, parse_lock
from scmigen.pipeline import RUNTIME_INVALID

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.option("-a", "--agents", type=_PATH, multiple=True, help="Who owns what on the boards.")
@click.option("--old-agents", type=_PATH, multiple=True, help="The same for OLD, if it differs.")
@click.option(
    "--tree",
    "trees",
    multiple=True,
    callback=agent_trees,
    metavar="NAME=FILE",
    help="An agent's own tree (repeatable).",
)
@click.option("-I", "--include", type=_PATH, multiple=True, help="Where includes are found.")
@click.option("-D", "--define", multiple=True, metavar="NAME[=VALUE]", help="A macro.")
@click.option(
    "--numbering",
    type=click.Choice([item.value for item in runtime.Numbering]),
    default=runtime.Numbering.SHARED.value,
    show_default=True,
    help="How boards are numbered.",
)
@click.option("--ids", type=_PATH, help="Lock file that the boards are numbered with.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def diff(
    old: Path,
    new: Path,
    agents: tuple[Path, ...],
    old_agents: tuple[Path, ...],
    trees: tuple[tuple[str, Path], ...],
    include: tuple[Path, ...],
    define: tuple[str, ...],
    numbering: str,
    ids: Path | None,
    style: str,
) -> None:
    """Show what changed from OLD to NEW, for which agent.

    Each is a board (DTS or DTB), a runtime.json (or the folder of a build), or a lock file. The
    exit status is 3 where a number moved: what was built against OLD would reach something else.
    """
    boards = _Boards(trees, include, define, runtime.Numbering(numbering), ids)
    try:
        before = boards.sides(old, old_agents or agents)
        after = boards.sides(new, agents)
    except InputError as problem:
        report(problem.diagnostics, style, False, sys.stderr)
        raise SystemExit(ERRORS) from None
    found = _compared(before, after)
    if style == "json":
        click.echo(json.dumps([_plain(platform, change) for platform, change in found], indent=1))
    else:
        several = max(len(before), len(after)) > 1
        for platform, change in found:
            click.echo(f"{platform}: {_text(change)}" if several else _text(change))
    if any(change.moved for _, change in found):
        raise SystemExit(MOVED)


class _Boards:
    """Reads either side; the options are for those that are boards."""

    def __init__(
        self,
        trees: tuple[tuple[str, Path], ...],
        include: tuple[Path, ...],
        define: tuple[str, ...],
        numbering: runtime.Numbering,
        ids: Path | None,
    ) -> None:
        self._trees = trees
        self._include = include
        self._define = define
        self._numbering = numbering
        self._ids = ids

    def sides(self, path: Path, agents: tuple[Path, ...]) -> Mapping[str, Side]:
        """The platforms of a file, by name. Raises `InputError` where it cannot be read."""
        if path.is_dir():
            path /= "runtime/runtime.json"
        data = _read(path)
        if data[:1] == b"{":
            return {"scmi": _configuration(path, data)}
        text = data.decode("utf-8", "replace")
        if is_lock(text):
            lock = parse_lock(text, str(path))
            return {name: of_ids(ids) for name, ids in lock.platforms.items()}
        return self._board(path, agents)

    def _board(self, path: Path, agents: tuple[Path, ...]) -> Mapping[str, Side]:
        # The compiler is needed for boards only.
        from scmigen.pipeline import Request, compile_board
        from scmigen.targets.runtime.configuration import to_runtime

        request = Request(
            path,
            agents,
            self._include,
            self._define,
            self._numbering,
            self._ids,
            trees=self._trees,
        )
        found = compile_board(request)
        if has_errors(found.diagnostics):
            raise InputError(found.diagnostics)
        return {
            platform.name: of_runtime(to_runtime(platform)) for platform in found.model.platforms
        }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise InputError([FILE_UNREADABLE.error(reason, Position(str(path)))]) from None


def _configuration(path: Path, data: bytes) -> Side:
    try:
        return of_runtime(runtime.decode(data))
    except runtime.ConfigurationError as problem:
        raise InputError([RUNTIME_INVALID.error(str(problem), Position(str(path)))]) from None


def _compared(
    before: Mapping[str, Side], after: Mapping[str, Side]
) -> Sequence[tuple[str, Change]]:
    """The changes of each platform; where there is one only, whatever its name."""
    if len(before) == len(after) == 1:
        (old,), ((name, new),) = before.values(), after.items()
        return [(name, change) for change in compare(old, new)]
    return [
        (name, change)
        for name in dict.fromkeys((*before, *after))
        for change in compare(before.get(name), after.get(name))
    ]


def _text(change: Change) -> str:
    whose = change.agent or "every agent"
    thing = change.thing
    place = " ".join((thing.node, *map(str, thing.cells)))
    if thing.kind == AGENT:
        return f"{whose}: agent {change.number} {_what(change)}"
    return f"{whose}: {thing.kind} {change.number} {change.name} {_what(change)} ({place})"


def _what(change: Change) -> str:
    words = " ".join(change.operations)
    if change.what in (What.RENUMBERED, What.RENAMED):
        return f"{change.what}, was {change.was}"
    if change.what is What.REUSED:
        return f"has the number that {change.was} had"
    return f"{change.what}: {words}" if words else str(change.what)


def _plain(platform: str, change: Change) -> dict[str, object]:
    return {
        "platform": platform,
        "agent": change.agent,
        "change": change.what,
        "kind": change.thing.kind,
        "id": change.number,
        "name": change.name,
        "node": change.thing.node,
        "cells": change.thing.cells,
        "was": change.was,
        "operations": change.operations,
        "moved": change.moved,
    }
