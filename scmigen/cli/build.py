"""``scmigen build``."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scmigen.cli.choices import LOCKED
from scmigen.cli.common import BoardRequest, build_command, compiled, emit_option
from scmigen.cli.declare import option
from scmigen.cli.problems import UsageError
from scmigen.cli.report import ERRORS, report, say
from scmigen.cli.rule import Rule
from scmigen.cli.values import PATH, OneOf
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
    emit_option(f"Outputs to make: {', '.join(registry.BUILT_IN)}, and those of other packages."),
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
