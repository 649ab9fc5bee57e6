"""Printing diagnostics, and the exit statuses of all commands."""

import json
from collections.abc import Iterable
from typing import IO

import click

from scmigen import escape
from scmigen.diagnostics import Diagnostic, Severity, format_text

#: Exit statuses: errors in the input, wrong usage (click's), identifiers that moved.
ERRORS, USAGE, MOVED = 1, 2, 3

#: What ``--format`` takes where diagnostics are printed.
FORMATS = ("text", "json", "sarif", "github")


def report(diagnostics: Iterable[Diagnostic], style: str, quiet: bool, stream: IO[str]) -> None:
    """Print diagnostics in the form asked for, one of `FORMATS`."""
    shown = [item for item in diagnostics if not quiet or item.severity is Severity.ERROR]
    if style != "text":
        from scmigen.cli.formats import WRITERS

        text = WRITERS[style](shown)
        if text:
            print(text, file=stream)
    elif shown and stream.isatty():
        _report_in_colour(shown, stream)
    else:
        for item in shown:
            print(format_text(item), file=stream)


def say(text: str, *, err: bool = False) -> None:
    """Print one line, whatever the names in it hold."""
    click.echo(escape.line(text), err=err)


def say_json(value: object) -> None:
    """Print a JSON document."""
    click.echo(escape.json_text(json.dumps(value, indent=1)))


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
