"""What the commands that read a board share: their options, and how they end."""

import functools
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import click

from scmigen.cli.choices import OPTIONS, asked
from scmigen.cli.report import ERRORS, FORMATS, MOVED, report
from scmigen.diagnostics import InputError, Severity, has_errors
from scmigen.pipeline import Compiled, Request, compile_board
from scmigen.runtime import Numbering

_Command = Callable[..., Any]


def board_options(command: _Command, formats: Sequence[str] = FORMATS) -> _Command:
    """The options of every command that reads a board; it is called with a `Request`."""

    @functools.wraps(command)
    def with_request(
        board: Path,
        overlays: tuple[Path, ...],
        agents: tuple[Path, ...],
        include: tuple[Path, ...],
        define: tuple[str, ...],
        numbering: str,
        ids: Path | None,
        **others: Any,
    ) -> Any:
        repack = others.pop("repack")
        if repack and ids is None:
            raise click.UsageError("--repack renumbers a lock file: name it with --ids")
        request = Request(
            board,
            agents,
            include,
            define,
            Numbering(numbering),
            ids,
            trees=others.pop("trees"),
            repack=repack,
            asked=asked(others.pop("switches"), others.pop("errors")),
            overlays=overlays,
        )
        return command(request=request, **others)

    path = click.Path(path_type=Path)
    for option in (
        # Click takes what is given last for what comes first.
        click.argument("overlays", metavar="[OVERLAY]...", type=path, nargs=-1),
        click.argument("board", type=path),
        click.option(
            "-a", "--agents", type=path, multiple=True, help="Who owns what (repeatable)."
        ),
        click.option("-I", "--include", type=path, multiple=True, help="Where includes are found."),
        click.option("-D", "--define", multiple=True, metavar="NAME[=VALUE]", help="A macro."),
        click.option(
            "--numbering",
            type=click.Choice([item.value for item in Numbering]),
            default=Numbering.SHARED.value,
            show_default=True,
            help="One number a resource, or dense numbers for each agent.",
        ),
        click.option("--ids", type=path, help="Lock file that keeps every number once given."),
        click.option("--repack", is_flag=True, help="Give the numbers of the lock file anew."),
        *OPTIONS,
        click.option(
            "--format",
            "style",
            type=click.Choice(formats),
            default="text",
            show_default=True,
            help="Form of diagnostics.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    ):
        with_request = option(with_request)
    return with_request


#: The same for a command whose own answer comes as text or JSON.
view_options = functools.partial(board_options, formats=("text", "json"))


def compiled(request: Request, style: str, quiet: bool, stream: IO[str] | None = None) -> Compiled:
    """The checked board; where there are errors, they are printed and the program ends.

    Diagnostics go to ``stream``, standard error by default.
    """
    stream = stream or sys.stderr
    # A board is read, told about and gone: there is no garbage to look for on the way.
    gc.disable()
    try:
        found = compile_board(request)
    except InputError as problem:
        report(problem.diagnostics, style, quiet, stream)
        raise SystemExit(ERRORS) from None
    if has_errors(found.diagnostics):
        report(found.diagnostics, style, quiet, stream)
        raise SystemExit(MOVED if found.moved and _only_moved(found) else ERRORS)
    return found


def _only_moved(found: Compiled) -> bool:
    return all(
        item.id == "id-moved" for item in found.diagnostics if item.severity is Severity.ERROR
    )
