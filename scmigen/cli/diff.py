"""``scmigen diff``: what changed between two boards, runtime configurations or lock files."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from scmigen import api, runtime
from scmigen.cli import diff_forms
from scmigen.cli.choices import agent_trees
from scmigen.cli.common import BoardRequest
from scmigen.cli.report import ERRORS, MOVED, report, say, say_json
from scmigen.diagnostics import Diagnostic, InputError, Severity
from scmigen.model.verdict import Comparison, Verdict
from scmigen.pipeline import Result

_PATH = click.Path(path_type=Path)

#: The exit status where ``--fail-on`` applies.
GAINED = 4

#: What ``--fail-on`` takes, and the verdict; None: whatever else changes.
_FAILS: Mapping[str, Verdict | None] = {
    "more-permissive": Verdict.MORE,
    "incomparable": Verdict.INCOMPARABLE,
    "gain": None,
}


@click.command(
    help="""Show what changed from OLD to NEW, for which agent.

Each is a board (DTS or DTB), a runtime.json (or the directory of a build), or a lock file. The
verdict says whether NEW permits more: equal, less permissive, more permissive, or incomparable
(some operations are gained and others lost).

The exit status is 1 where a board has errors, also if it can be compared; otherwise 4 if
--fail-on says so; otherwise 3 where a number moved: what was built against OLD would reach
something else.
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
    "--baseline", type=_PATH, help="File of waivers for both boards: errors in it do not count."
)
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILS)),
    multiple=True,
    help="Exit with 4 if any agent, or all together, have this verdict; gain: if any agent may do "
    "anything more (repeatable).",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
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
    baseline: Path | None,
    fail_on: tuple[str, ...],
    style: str,
) -> None:
    errors: list[Diagnostic] = []

    def side(path: Path, owners: tuple[Path, ...]) -> Path | Result:
        """What is compared: a board is compiled as the options say."""
        if not api.is_board(path):
            return path
        request = BoardRequest(
            path,
            (),
            owners,
            include,
            define,
            runtime.Numbering(numbering),
            ids,
            trees,
            baseline=baseline,
        )
        compiled = request.compile()
        errors.extend(i for i in compiled.diagnostics if i.severity is Severity.ERROR)
        return compiled

    try:
        found = api.comparison(side(old, old_agents or agents), side(new, agents))
    except InputError as problem:
        shown = dict.fromkeys((*errors, *problem.diagnostics))
        report(shown, _plain(style), False, sys.stderr)
        raise SystemExit(ERRORS) from None
    errors = list(dict.fromkeys(errors))
    if fail_on and not found.known:
        raise click.UsageError("--fail-on needs permissions, and a lock file has none")
    _say(found, errors, style)
    if errors:
        raise SystemExit(ERRORS)
    if any(_fails(found, word) for word in fail_on):
        raise SystemExit(GAINED)
    if any(change.moved for change in found.changes):
        raise SystemExit(MOVED)


def _plain(style: str) -> str:
    """The form of diagnostics that belongs to a form of the answer."""
    return "text" if style == "markdown" else style


def _say(found: Comparison, errors: list[Diagnostic], style: str) -> None:
    """Print the comparison, and the errors of the boards on standard error."""
    if errors:
        report(errors, _plain(style), False, sys.stderr)
    if style == "json":
        say_json(diff_forms.as_json(found, errors))
    elif style == "markdown":
        for line in diff_forms.as_markdown(found, errors):
            click.echo(line)
    else:
        for line in diff_forms.text(found):
            say(line)


def _fails(found: Comparison, word: str) -> bool:
    balances = (found.overall, *found.agents.values())
    verdict = _FAILS[word]
    if verdict is None:
        return any(balance.gained for balance in balances)
    return any(balance.verdict is verdict for balance in balances)
