"""``scmigen build`` and ``scmigen check``."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from scmigen.cli import complete, complete_boards
from scmigen.cli.choices import LOCKED
from scmigen.cli.common import BoardRequest, build_command, check_command, compiled
from scmigen.cli.declare import Option, option
from scmigen.cli.problems import UsageError
from scmigen.cli.report import ERRORS, report, say
from scmigen.cli.request import Servers, Whose
from scmigen.cli.rule import Rule
from scmigen.cli.values import PATH, PATH_TEXT, OneOf
from scmigen.data import replace
from scmigen.diagnostics import InputError, counted
from scmigen.inputs import read_bytes
from scmigen.model.joint import platforms_of
from scmigen.model.places import PrefixMap
from scmigen.pipeline import (
    DEFAULT_OUTPUTS,
    Result,
    emit_outputs,
)
from scmigen.targets import registry
from scmigen.targets.common.files import Beside, File, OvertakenError, Written
from scmigen.targets.common.names import board_name

#: How often a board is compiled again because another build has changed the lock file.
_ATTEMPTS = 10


def _outputs(given: Sequence[str]) -> tuple[str, ...]:
    """The names in ``--emit a,b``, which may be given more than once; the default set where it is
    absent."""
    names = tuple(dict.fromkeys(name for text in given for name in text.split(",")))
    unknown = [name for name in names if not registry.exists(name)]
    if unknown:
        said = ", ".join(map(repr, unknown))
        known = ", ".join(registry.names())
        raise UsageError(f"no output {said}; one of: {known}")
    return names


def _emit(text: str) -> Option:
    """``--emit``, with its line of help."""
    return option(
        "--emit",
        check=_outputs,
        complete=complete.outputs,
        metavar="A,B,…",
        multiple=True,
        help=text,
    )


def _given(options: Mapping[str, str | None]) -> dict[str, str]:
    """The options that the command line has."""
    return {name: word for name, word in options.items() if word is not None}


def _prefixes(given: Sequence[str]) -> PrefixMap:
    """The pairs in ``--prefix-map OLD=NEW``."""
    pairs = [text.partition("=") for text in given]
    if not all(old and equals for old, equals, _ in pairs):
        raise UsageError("write OLD=NEW")
    return tuple((old, new) for old, _, new in pairs)


@build_command(
    LOCKED,
    option("-o", "--output", read=PATH, help="Output directory."),
    _emit(f"Outputs to make: {', '.join(registry.BUILT_IN)}, and those of other packages."),
    option(
        "--scp-target",
        read=OneOf("host", "product", "optee"),
        help="Firmware that the output scp is for; overrides its option target.",
    ),
    option(
        "--scp-version",
        read=OneOf("2.14", "2.16", "2025-11"),
        help="Version of SCP-firmware that its tables are for; overrides their option version.",
    ),
    option(
        "--for",
        "whom",
        read=OneOf("host", "guest"),
        help="What the trees of the output consumer are for; overrides its option for.",
    ),
    option(
        "--depfile",
        read=PATH,
        help="Write a make rule: the stamp, or else the first output, and all files read.",
    ),
    option(
        "--depfile-target",
        metavar="NAME",
        help="Target of that rule, as written here; where it is an output, that is always touched.",
    ),
    option(
        "--stamp",
        read=PATH,
        help="Touch this file once all is written, whether or not an output changed.",
    ),
    option(
        "--list-outputs",
        flag=True,
        help="List the files that a build makes, one path per line, and write nothing.",
    ),
    option(
        "--prefix-map",
        check=_prefixes,
        multiple=True,
        metavar="OLD=NEW",
        help="Name files below OLD with NEW in its place in outputs (repeatable; the last holds).",
    ),
    option(
        "--force",
        flag=True,
        help="Replace files that have the name of an output but are not, or were changed.",
    ),
    option("-v", "--verbose", flag=True, help="List changed files."),
    help="""Compile BOARD (DTS or DTB) into its outputs in the directory given with -o.

If there are errors in the input, nothing is written and the exit status is 1.
""",
)
def build(
    request: BoardRequest,
    output: Path,
    emit: tuple[str, ...],
    scp_target: str | None,
    scp_version: str | None,
    whom: str | None,
    depfile: Path | None,
    depfile_target: str | None,
    stamp: Path | None,
    list_outputs: bool,
    prefix_map: PrefixMap,
    force: bool,
    verbose: bool,
    style: str,
    quiet: bool,
) -> None:
    if depfile_target is not None and depfile is None:
        raise UsageError("--depfile-target names the target of a rule: ask for --depfile")
    rule = Rule(stamp, depfile, depfile_target)
    request = replace(request, prefix_map=prefix_map)
    said = {
        "scp": {"target": scp_target, "version": scp_version},
        "scp-product": {"version": scp_version},
        "scp-optee": {"version": scp_version},
        "consumer": {"whom": whom},
    }
    given = {name: _given(options) for name, options in said.items()}
    overrides = {name: options for name, options in given.items() if options}
    for attempt in range(_ATTEMPTS):
        # Another build may replace the lock file while this one compiles: take that one's numbers.
        lock = _lock(request.ids)
        found = compiled(request.compile, style, quiet, sys.stderr)
        made = emit_outputs(
            found.model,
            emit or DEFAULT_OUTPUTS,
            bool(emit),
            found.asked,
            overrides,
            found.baseline,
        )
        told = [*found.diagnostics, *made.diagnostics]
        outputs = [output / file.path for file in made.files]
        if list_outputs and made.ok:
            _list(outputs)
            return
        written = None
        try:
            if made.ok:
                read = [*found.files, *made.read]
                beside = _beside(rule, outputs, read, found, lock, request.locked)
                stamps, strict = rule.stamps(outputs), found.asked.strict
                written = made.write(output, beside, force, stamps, strict)
                told.extend(written.diagnostics)
        except OvertakenError as problem:
            if attempt < _ATTEMPTS - 1:
                continue
            told.extend(problem.diagnostics)
        except InputError as problem:
            told.extend(problem.diagnostics)
        break
    report(told, style, quiet, sys.stderr, (*found.waived, *made.waived))
    if written is None:
        raise SystemExit(ERRORS)
    if not quiet and style == "text":
        values = _have_values(emit or DEFAULT_OUTPUTS, made.files)
        _summary(found, output, made.files, written, verbose, values)


def _lock(path: Path | None) -> tuple[Path, bytes] | None:
    """A lock file and what is in it; nothing where it is to be made, or cannot be read."""
    if path is None:
        return None
    try:
        return path, read_bytes(path)
    except InputError:
        # What is there but cannot be read is reported where it is read as a lock.
        return path, b""


def _list(outputs: Sequence[Path]) -> None:
    for path in outputs:
        say(str(path))


def _beside(
    rule: Rule,
    outputs: Sequence[Path],
    files: Sequence[str],
    found: Result,
    lock: tuple[Path, bytes] | None,
    locked: bool,
) -> list[Beside]:
    """The files that are written with the outputs: the lock file, and the make rule."""
    if lock is None:
        return rule.beside(outputs, files)
    path, was = lock
    written = [] if locked else [Beside(path, found.lock.encode(), was)]
    return [*written, *rule.beside(outputs, [*files, str(path)])]


def _have_values(names: Sequence[str], files: Sequence[File]) -> bool:
    """Whether an output that was made has rates, levels or voltages."""
    folders = {part for file in files for part in Path(file.path).parts[:-1]}
    return any(name in folders and registry.find(name).values for name in names)


def _summary(
    found: Result,
    output: Path,
    files: tuple[File, ...],
    written: Written,
    verbose: bool,
    values: bool,
) -> None:
    for platform in platforms_of(found.model):
        counts = [
            f"{len(resources)} {kind}"
            for kind, resources in platform.resources.items()
            if resources
        ]
        every = found.model.assignment.agents
        agents = ", ".join(agent.name for agent in every)
        name = board_name(platform)
        say(f"{name}: {', '.join(counts) or 'no resources'} for {agents}")
        assumed = [
            f"{number} {kind}"
            for kind, resources in platform.resources.items()
            if (number := sum(bool(item.assumed) for item in resources))
        ]
        if assumed and values:
            say(f"{name}: assumed values: {', '.join(assumed)} (platform.assume)")
    say(f"{output}: {counted(len(files), 'file')}, {len(written.changed)} changed")
    if verbose:
        for path in written.changed:
            say(f"  {path}")
        for path in written.removed:
            say(f"  {path} (removed)")


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
    _emit(
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
