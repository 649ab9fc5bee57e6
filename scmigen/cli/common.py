"""What the commands share: options, printing diagnostics, exit statuses."""

import functools
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import click

from scmigen.compile import Compiled, Request, compile_board
from scmigen.diagnostics import (
    Diagnostic,
    InputError,
    Severity,
    format_text,
    has_errors,
    to_dict,
)
from scmigen.runtime import Numbering

#: Exit statuses: errors in the input, wrong usage (click's), identifiers that moved.
ERRORS, USAGE, MOVED = 1, 2, 3

_Command = Callable[..., Any]


def board_options(command: _Command) -> _Command:
    """The options of every command that reads a board; it is called with a `Request`."""

    @functools.wraps(command)
    def with_request(
        board: Path,
        agents: tuple[Path, ...],
        include: tuple[Path, ...],
        define: tuple[str, ...],
        numbering: str,
        ids: Path | None,
        **others: Any,
    ) -> Any:
        request = Request(board, agents, include, define, Numbering(numbering), ids)
        return command(request=request, **others)

    path = click.Path(path_type=Path)
    for option in (
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
        click.option(
            "--format",
            "style",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="Form of diagnostics.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    ):
        with_request = option(with_request)
    return with_request


def report(diagnostics: Iterable[Diagnostic], style: str, quiet: bool, stream: IO[str]) -> None:
    """Print diagnostics in the form asked for."""
    shown = [item for item in diagnostics if not quiet or item.severity is Severity.ERROR]
    if style == "json":
        print(json.dumps([to_dict(item) for item in shown], indent=1), file=stream)
    elif shown and stream.isatty():
        _report_in_colour(shown, stream)
    else:
        for item in shown:
            print(format_text(item), file=stream)


def _report_in_colour(shown: Iterable[Diagnostic], stream: IO[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    colours = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
    console = Console(file=stream, highlight=False, soft_wrap=True)
    for item in shown:
        text = Text(format_text(item))
        text.highlight_regex(rf"{item.severity.word}\[[^\]]*\]", colours[item.severity])
        text.highlight_regex(r"(?m)^  hint: .*$", "green")
        console.print(text)


def compiled(request: Request, style: str, quiet: bool, stream: IO[str] | None = None) -> Compiled:
    """The checked board; where there are errors, they are printed and the program ends.

    Diagnostics go to ``stream``, standard error by default.
    """
    stream = stream or sys.stderr
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
