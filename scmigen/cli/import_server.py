"""``scmigen import``: the agents file and lock file that move a board to what a server has."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from scmigen import api
from scmigen.cli.choices import DEFINE, INCLUDE, QUIET
from scmigen.cli.declare import argument, command, option
from scmigen.cli.report import ERRORS, FORMATS, report, say
from scmigen.cli.rule import Rule
from scmigen.cli.values import PATH, PATH_TEXT, OneOf
from scmigen.diagnostics import Diagnostic, InputError, Position, Severity, counted, has_errors
from scmigen.inputs import is_missing, read_bytes, read_text
from scmigen.migration.carried import Carried
from scmigen.runtime import Numbering
from scmigen.targets.common.files import OUTPUT_FOREIGN
from scmigen.targets.common.replace import write_several

#: The files that are written.
AGENTS, LOCK = "agents.yaml", "scmigen.ids"


@command(
    argument("server", "SERVER", read=PATH_TEXT),
    argument("board", read=PATH),
    argument("overlays", "[OVERLAY]...", read=PATH, many=True),
    option("-o", "--output", read=PATH, required=True, help="Directory of the two files."),
    option(
        "--map",
        "map_file",
        read=PATH,
        help='File that says which resource of the tree a number is: clock: {12: "&cru 5"}.',
    ),
    INCLUDE,
    DEFINE,
    option("--force", flag=True, help="Replace files that are there."),
    option("--depfile", read=PATH, help="Write a make rule: the agents file, and all read."),
    option(
        "--format",
        "style",
        read=OneOf(*FORMATS),
        default="text",
        shown=True,
        help="Form of diagnostics.",
    ),
    QUIET,
    help="""Write the agents file and the lock file with which BOARD gets what SERVER has: the same
numbers, names and permissions.

SERVER is [FORM:]PATH, as for audit. What could not be carried over is printed, each with its place.
The files are agents.yaml and scmigen.ids in the directory given with -o; files of that name that
differ are kept, unless --force is given. The exit status is 1 where the board has an error with
these files.
""",
)
def import_server(
    server: str,
    board: Path,
    overlays: tuple[Path, ...],
    output: Path,
    map_file: Path | None,
    include: tuple[Path, ...],
    define: tuple[str, ...],
    force: bool,
    depfile: Path | None,
    style: str,
    quiet: bool,
) -> None:
    files = [output / AGENTS, output / LOCK]
    try:
        tree = api.load(board, overlays=overlays, include=include, define=define)
        said = None if map_file is None else api.Text(str(map_file), read_text(map_file))
        carried, read = api.carry(server, tree, said, output)
        texts = [carried.agents.encode(), carried.lock.encode()]
        if not force:
            _keep(zip(files, texts, strict=True))
        rule = Rule(None, depfile, None).beside(files, read)
        beside = [(item.path, item.content) for item in rule]
        write_several([*zip(files, texts, strict=True), *beside])
    except InputError as problem:
        report(problem.diagnostics, style, quiet, sys.stderr)
        raise SystemExit(ERRORS) from None
    report((*carried.told, *carried.left), style, quiet, sys.stderr)
    if not quiet and style == "text":
        _summary(carried, files)
    if has_errors(carried.left):
        raise SystemExit(ERRORS)


def _keep(wanted: Iterable[tuple[Path, bytes]]) -> None:
    """Raises `InputError` where a file is there that has something else in it."""
    wrong: list[Diagnostic] = []
    for path, text in wanted:
        if not is_missing(path) and read_bytes(path) != text:
            message = "this file is there, and has something else in it"
            hint = "move it away, or replace it with --force"
            wrong.append(OUTPUT_FOREIGN.error(message, Position(str(path)), hint=hint))
    if wrong:
        raise InputError(wrong)


def _summary(carried: Carried, files: Sequence[Path]) -> None:
    joins = ", ".join(f"{count} {how}" for how, count in carried.joins.items())
    say(f"resources: {joins}")
    kept = f"; {carried.in_outputs} besides in outputs" if carried.in_outputs else ""
    say(f"permissions: {carried.equal} of {carried.cells} carried over, {carried.more} more{kept}")
    say(f"names: {carried.same_names} of {carried.names} carried over")
    # Notes say what is carried over, and how.
    left = sum(item.severity is not Severity.NOTE for item in carried.left)
    named = ", the warnings above" if left else ""
    say(f"not carried over: {counted(left, 'thing')}{named}")
    options = f" -a {files[0]} --ids {files[1]}"
    if carried.numbering is Numbering.PER_AGENT:
        options += f" --numbering {carried.numbering}"
    say(f"build the board with{options}")
    if carried.by_hand:
        say("then give the devices to an agent: default: true in its entry (docs/howto/migrate.md)")
