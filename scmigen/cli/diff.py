"""``scmigen diff``: what changed between two boards, runtime configurations or lock files."""

import sys
from pathlib import Path

import click

from scmigen import api, runtime
from scmigen.cli.choices import agent_trees
from scmigen.cli.common import BoardRequest
from scmigen.cli.report import ERRORS, MOVED, report, say, say_json
from scmigen.diagnostics import InputError
from scmigen.model.compare import AGENT, Change, What
from scmigen.pipeline import Result

_PATH = click.Path(path_type=Path)


@click.command(
    help="""Show what changed from OLD to NEW, for which agent.

Each is a board (DTS or DTB), a runtime.json (or the directory of a build), or a lock file. The
exit status is 3 where a number moved: what was built against OLD would reach something else.
"""
)
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.option(
    "-a", "--agents", type=_PATH, multiple=True, help="Agents file for both boards (repeatable)."
)
@click.option(
    "--old-agents",
    type=_PATH,
    multiple=True,
    help="Agents file for OLD, if it differs (repeatable).",
)
@click.option(
    "--tree",
    "trees",
    multiple=True,
    callback=agent_trees,
    metavar="NAME=FILE",
    help="An agent's own tree (repeatable).",
)
@click.option("-I", "--include", type=_PATH, multiple=True, help="Include directory (repeatable).")
@click.option(
    "-D", "--define", multiple=True, metavar="NAME[=VALUE]", help="Define a macro (repeatable)."
)
@click.option(
    "--numbering",
    type=click.Choice([item.value for item in runtime.Numbering]),
    default=runtime.Numbering.SHARED.value,
    show_default=True,
    help="How boards are numbered.",
)
@click.option("--ids", type=_PATH, help="Lock file to number the boards with.")
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
    def side(path: Path, owners: tuple[Path, ...]) -> Path | Result:
        """What is compared: a board is compiled as the options say."""
        if not api.is_board(path):
            return path
        request = BoardRequest(
            path, (), owners, include, define, runtime.Numbering(numbering), ids, trees
        )
        return request.compile()

    try:
        found = api.diff(side(old, old_agents or agents), side(new, agents))
    except InputError as problem:
        report(problem.diagnostics, style, False, sys.stderr)
        raise SystemExit(ERRORS) from None
    if style == "json":
        say_json([_plain(change) for change in found])
    else:
        several = len({change.platform for change in found}) > 1
        for change in found:
            say(f"{change.platform}: {_text(change)}" if several else _text(change))
    if any(change.moved for change in found):
        raise SystemExit(MOVED)


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


def _plain(change: Change) -> dict[str, object]:
    return {
        "platform": change.platform,
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
