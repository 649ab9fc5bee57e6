"""``scmigen build`` and ``scmigen check``."""

import sys
from pathlib import Path

import click

from scmigen.cli.common import ERRORS, board_options, compiled, report
from scmigen.compile import DEFAULT_OUTPUTS, OUTPUTS, Compiled, Request, emit_outputs, lock_text
from scmigen.diagnostics import InputError, has_errors
from scmigen.emit.files import File, Written, write


def _outputs(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> tuple[str, ...]:
    """The names in ``--emit a,b``; the default set where it is absent."""
    if text is None:
        return ()
    names = tuple(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in OUTPUTS]
    if unknown:
        known = ", ".join(OUTPUTS)
        raise click.BadParameter(f"no output {unknown[0]!r}; one of: {known}", context, parameter)
    return names


@click.command()
@board_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to write."
)
@click.option(
    "--emit", callback=_outputs, metavar="A,B,…", help="Outputs to make: " + ", ".join(OUTPUTS)
)
@click.option("--depfile", type=click.Path(path_type=Path), help="Make rule with all files read.")
@click.option("-v", "--verbose", is_flag=True, help="List the files that changed.")
def build(
    request: Request,
    output: Path,
    emit: tuple[str, ...],
    depfile: Path | None,
    verbose: bool,
    style: str,
    quiet: bool,
) -> None:
    """Compile BOARD (DTS or DTB) into its outputs below the folder given with -o.

    Where anything is wrong with the input, nothing is written and the exit status is 1.
    """
    found = compiled(request, style, quiet)
    files, problems = emit_outputs(found.model, emit or DEFAULT_OUTPUTS, bool(emit))
    report((*found.diagnostics, *problems), style, quiet, sys.stderr)
    if has_errors(problems):
        raise SystemExit(ERRORS)
    try:
        written = write(output, files)
        if request.ids is not None:
            write_one(request.ids, lock_text(found))
        if depfile is not None:
            write_one(depfile, _make_rule(output, files, found))
    except InputError as problem:
        report(problem.diagnostics, style, quiet, sys.stderr)
        raise SystemExit(ERRORS) from None
    if not quiet and style == "text":
        _summary(found, output, files, written, verbose)


def write_one(path: Path, text: str) -> None:
    """Replace one file of the user's, all or nothing, where its content differs."""
    write(path.parent, [File(path.name, text.encode())], manifest=False)


def _make_rule(output: Path, files: tuple[File, ...], found: Compiled) -> str:
    def escape(text: str) -> str:
        return text.replace("\\", "\\\\").replace(" ", "\\ ").replace("#", "\\#").replace("$", "$$")

    targets = " ".join(escape(str(output / file.path)) for file in files)
    sources = " ".join(escape(name) for name in found.files)
    return f"{targets}: {sources}\n"


def _summary(
    found: Compiled, output: Path, files: tuple[File, ...], written: Written, verbose: bool
) -> None:
    for platform in found.model.platforms:
        counts = [
            f"{len(resources)} {kind}"
            for kind, resources in platform.resources.items()
            if resources
        ]
        agents = ", ".join(agent.name for agent in platform.agents)
        click.echo(f"{platform.name}: {', '.join(counts) or 'no resources'} for {agents}")
    click.echo(f"{output}: {len(files)} files, {len(written.changed)} changed")
    if verbose:
        for path in written.changed:
            click.echo(f"  {path}")
        for path in written.removed:
            click.echo(f"  {path} (removed)")


@click.command()
@board_options
def check(request: Request, style: str, quiet: bool) -> None:
    """Check BOARD and print what is found; the exit status is 1 where there are errors."""
    found = compiled(request, style, quiet, sys.stdout)
    report(found.diagnostics, style, quiet, sys.stdout)
