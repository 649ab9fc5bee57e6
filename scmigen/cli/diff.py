"""``scmigen diff``: what changed between two boards, runtime configurations or lock files."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scmigen import api, runtime
from scmigen.checks.names_moved import names_moved
from scmigen.checks.ways import has, reached
from scmigen.cli import diff_forms
from scmigen.cli.choices import DEFINE, INCLUDE, TOPOLOGY, agent_trees
from scmigen.cli.common import PROJECT, BoardRequest, of_project, the_one
from scmigen.cli.declare import argument, command, option
from scmigen.cli.problems import UsageError
from scmigen.cli.report import ERRORS, MOVED, report, say, say_json
from scmigen.cli.request import typed_request
from scmigen.cli.values import PATH, OneOf
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, InputError, Severity, has_errors
from scmigen.hints import Any
from scmigen.model.verdict import Comparison, Verdict
from scmigen.pipeline import Result
from scmigen.runtime import Served

#: The exit status where ``--fail-on`` applies.
GAINED = 4

#: What ``--fail-on`` takes, and the verdict; None: whatever else changes.
_FAILS: Mapping[str, Verdict | None] = {
    "more-permissive": Verdict.MORE,
    "incomparable": Verdict.INCOMPARABLE,
    "gain": None,
}


def _release(value: str | None) -> str | None:
    """A part of names in C and of a file's name."""
    if value is not None and not re.fullmatch(r"[a-z0-9][a-z0-9_]{0,31}", value):
        raise UsageError("write lower-case letters, digits and _: sdk_4_28")
    return value


def _version(value: str | None) -> int | None:
    if value is None:
        return None
    try:
        found = int(value, 0)
    except ValueError:
        found = -1
    if not 0 <= found <= 0xFFFF_FFFF:
        raise UsageError("write a number of 32 bits: 0x010d0000")
    return found


@command(
    argument("old", read=PATH, required=False),
    argument("new", read=PATH, required=False),
    option(
        "-a", "--agents", read=PATH, multiple=True, help="Agents file for both boards (repeatable)."
    ),
    option(
        "--old-agents",
        read=PATH,
        multiple=True,
        help="Agents file for OLD, if it differs (repeatable).",
    ),
    option(
        "--tree",
        "trees",
        multiple=True,
        check=agent_trees,
        metavar="NAME=FILE",
        help="An agent's own tree (repeatable).",
    ),
    TOPOLOGY,
    INCLUDE,
    DEFINE,
    option(
        "--numbering",
        read=OneOf(*(item.value for item in runtime.Numbering)),
        usual=runtime.Numbering.SHARED.value,
        help="How boards are numbered.",
    ),
    option("--ids", read=PATH, help="Lock file to number the boards with."),
    option(
        "--baseline", read=PATH, help="File of waivers for both boards: errors in it do not count."
    ),
    option(
        "--fail-on",
        read=OneOf(*_FAILS),
        multiple=True,
        help="Exit with 4 if any agent, or all together, have this verdict; gain: if any agent "
        "may do anything more (repeatable).",
    ),
    option(
        "--format",
        "style",
        read=OneOf("text", "markdown", "json"),
        default="text",
        shown=True,
    ),
    option(
        "--remap",
        "folder",
        read=PATH,
        metavar="FOLDER",
        help="Write the tables from the numbers of OLD to those of NEW there.",
    ),
    option(
        "--release",
        check=_release,
        metavar="NAME",
        help="What NEW is called in the tables: sdk_4_28. By default its version, if it is a dump.",
    ),
    option(
        "--implementation-version",
        "version",
        check=_version,
        metavar="NUMBER",
        help="The version that NEW reports in the base protocol; a dump has it.",
    ),
    option("--as", "whose", metavar="AGENT", help="Whose numbers the tables have."),
    option("-q", "--quiet", flag=True, help="Print errors only; the exit status says more."),
    *PROJECT,
    help="""Show what changed from OLD to NEW, for which agent.

Each is a board (DTS or DTB), a runtime.json (or the directory of a build), a lock file, or another
description of a server that scmigen audit reads, FORM: in front where that has to be said; where a
side has no providers, as the dump of a live server, resources go by their names. Without NEW, it is
a board of scmigen.toml, and without OLD, the reference that is written for it there. The verdict
says whether NEW permits more: equal, less permissive, more permissive, or incomparable (some
operations are gained and others lost).

The exit status is 1 where a board has errors, also if it can be compared; otherwise 4 if
--fail-on says so; otherwise 3 where a number moved: what was built against OLD would reach
something else.

With --remap, the answer is C: the numbers of OLD, which device trees have, as those of NEW, for
drivers that serve several releases of a firmware. The exit status is 0 then, whatever has moved.
""",
)
def diff(
    old: Path | None,
    new: Path | None,
    old_agents: tuple[Path, ...],
    fail_on: tuple[str, ...],
    style: str,
    folder: Path | None,
    release: str | None,
    version: int | None,
    whose: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    _go_together(folder, (release, version, whose), fail_on)
    now = _new(old, new, options, style)
    before = now.reference if old is None else old
    if before is None:
        here = f'write reference = "…" below [board.{now.name}]'
        raise UsageError(f"board {now.name} has no reference: name OLD, or {here}")
    was = replace(now, board=before, overlays=(), agents=old_agents or now.agents)
    problems: list[Diagnostic] = []
    try:
        sides = (_side(was, problems), _side(now, problems))
        if folder is not None:
            from scmigen.cli.diff_remap import remap  # few ask for tables

            report(_once(problems), "text", quiet, sys.stderr, counts=False)
            remap(sides, (was.board, now.board), folder, (release, version), whose, quiet)
            return
        found = api.comparison(*sides)
        problems.extend(_by_name(sides, str(now.board)))
    except InputError as problem:
        report(_once((*problems, *problem.diagnostics)), _plain(style), quiet, sys.stderr)
        raise SystemExit(ERRORS) from None
    shown = _once(problems)
    if fail_on and not found.known:
        raise UsageError("--fail-on needs permissions, and a lock file has none")
    _say(found, _affected(sides), shown, style, quiet)
    if has_errors(shown):
        raise SystemExit(ERRORS)
    if any(_fails(found, word) for word in fail_on):
        raise SystemExit(GAINED)
    if any(change.moved for change in found.changes):
        raise SystemExit(MOVED)


def _once(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    return list(dict.fromkeys(problems))


def _go_together(folder: Path | None, tables: tuple[object, ...], fail_on: tuple[str, ...]) -> None:
    if folder is None and any(each is not None for each in tables):
        raise UsageError("--release, --implementation-version and --as are for --remap")
    if folder is not None and fail_on:
        raise UsageError("--fail-on is for the comparison, which --remap takes the place of")


def _new(
    old: Path | None, new: Path | None, options: Mapping[str, Any], style: str
) -> BoardRequest:
    """What NEW is, and how it is compiled if it is a board: as typed, or as a project file says."""
    typed = typed_request({**options, "board": new})
    project, named = options["project"], options["named"]
    if new is None:
        from scmigen.project.file import NAME  # read only where it is needed

        if project is None and named is None and not Path(NAME).exists():
            word = "OLD and NEW" if old is None else "NEW"
            raise UsageError(f"name {word}, or write a {NAME} in this folder")
        numbered = options["numbering"] is not None
        return the_one(of_project(typed, project, named, numbered, _plain(style), False))
    if project is not None or named is not None:
        raise UsageError("NEW is given, so --project and --board do not apply")
    return typed


def _side(request: BoardRequest, problems: list[Diagnostic]) -> Path | Result | Served:
    """What is compared. A board is compiled as the request says, and adds its errors; another
    description adds all that its reader has to say."""
    if api.described(request.board):
        from scmigen.audit.registry import named, read

        audit = read([named(str(request.board))])
        problems.extend(audit.diagnostics)
        if has_errors(audit.diagnostics):
            raise InputError(audit.diagnostics)
        return audit.served
    if not api.is_board(request.board):
        return request.board
    compiled = request.compile()
    problems.extend(item for item in compiled.diagnostics if item.severity is Severity.ERROR)
    return compiled


def _by_name(
    sides: tuple[Path | Result | Served, Path | Result | Served], file: str
) -> Iterator[Diagnostic]:
    """What names say of two boards whose resources are behind SCMI nodes."""
    from scmigen.cli.diff_remap import described

    old, new = map(described, sides)
    if old is not None and new is not None:
        yield from names_moved(old, new, file)


def _plain(style: str) -> str:
    """The form of diagnostics that belongs to a form of the answer."""
    return "text" if style == "markdown" else style


def _affected(sides: tuple[Path | Result | Served, Path | Result | Served]) -> diff_forms.Affected:
    """The devices of others that agents affect on one of two boards only."""
    old, new = sides
    if not (isinstance(old, Result) and isinstance(new, Result)):
        return diff_forms.Affected()
    before, after = reached(old.model), reached(new.model)
    return diff_forms.Affected(
        tuple(reach for key, reach in after.items() if key not in before),
        tuple(
            reach
            for key, reach in before.items()
            if key not in after and not has(new.model, reach.agent, reach.device)
        ),
    )


def _say(
    found: Comparison,
    affected: diff_forms.Affected,
    errors: list[Diagnostic],
    style: str,
    quiet: bool,
) -> None:
    """Print the comparison, and what is wrong with its sides on standard error."""
    if errors:
        report(errors, _plain(style), quiet, sys.stderr)
    errors = [each for each in errors if each.severity is Severity.ERROR]
    if quiet:
        return
    if style == "json":
        say_json(diff_forms.as_json(found, affected, errors))
    elif style == "markdown":
        for line in diff_forms.as_markdown(found, affected, errors):
            print(line, flush=True)
    else:
        for line in diff_forms.text(found, affected):
            say(line)


def _fails(found: Comparison, word: str) -> bool:
    balances = (found.overall, *found.agents.values())
    verdict = _FAILS[word]
    if verdict is None:
        return any(balance.gained for balance in balances)
    return any(balance.verdict is verdict for balance in balances)
