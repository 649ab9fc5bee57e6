"""``scmigen check``."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from scmigen.cli import complete_boards
from scmigen.cli.choices import LOCKED
from scmigen.cli.common import BoardRequest, check_command, compiled, emit_option
from scmigen.cli.declare import option
from scmigen.cli.problems import UsageError
from scmigen.cli.report import report, say
from scmigen.cli.request import Servers, Whose
from scmigen.cli.values import PATH, PATH_TEXT


def _whose(given: Sequence[str]) -> str | dict[str, str] | None:
    """What ``--as`` says: one agent of the server, or pairs of a name here and there."""
    pairs = [text.partition("=") for text in given]
    if len(pairs) == 1 and not pairs[0][1]:
        return given[0]
    if not all(mine and theirs for mine, _, theirs in pairs):
        raise UsageError("write one AGENT, or MINE=THEIRS for each")
    return {mine: theirs for mine, _, theirs in pairs} or None


@check_command(
    LOCKED,
    emit_option(
        "Outputs to check the board for, too, as build does; by default, those that the files ask "
        "for."
    ),
    option(
        "--write-baseline",
        read=PATH,
        help="Write a file of waivers that covers all that is found now, for --baseline.",
    ),
    option(
        "--against",
        read=PATH_TEXT,
        multiple=True,
        metavar="[AGENT=][FORM:]PATH",
        help="Compare BOARD with a server: a runtime.json, the directory of a build, a board that "
        "describes it, a dump of what its agents see, or another form that is read (repeatable: "
        "linux=a.json).",
    ),
    option(
        "--as",
        "agent",
        multiple=True,
        check=_whose,
        metavar="AGENT|MINE=THEIRS",
        help="Agent of that server that uses the tree BOARD; or, what it calls an agent of BOARD "
        "(repeatable).",
        complete=complete_boards.server_agents,
    ),
    help="Check BOARD and print all diagnostics; the exit status is 1 if there are errors.",
)
def check(
    request: BoardRequest,
    write_baseline: Path | None,
    against: Servers,
    agent: Whose,
    style: str,
    quiet: bool,
) -> None:
    if agent and not against:
        raise UsageError("--as names an agent of a server: name that with --against")
    if write_baseline is not None:
        from scmigen.cli.baseline import write  # seldom asked for

        write(request, write_baseline, against, agent, style, quiet)
        return
    found = compiled(partial(request.check, against, agent), style, quiet, sys.stdout)
    report(found.diagnostics, style, quiet, sys.stdout, found.waived)
    if not (found.diagnostics or found.waived or quiet) and style == "text":
        say(f"{request.board}: no problems found")
