"""Printing diagnostics, and the exit statuses of all commands."""

import json
import re
from collections.abc import Iterable
from typing import IO

import click

from scmigen import escape
from scmigen.cli.excerpts import with_excerpts
from scmigen.cli.terminal import has_colour
from scmigen.diagnostics import Diagnostic, Severity, format_text

#: Exit statuses: errors in the input, wrong usage (click's), identifiers that moved.
ERRORS, USAGE, MOVED = 1, 2, 3

_COLOURS = {
    Severity.ERROR: ("red", True),
    Severity.WARNING: ("yellow", None),
    Severity.NOTE: ("cyan", None),
}
_HINT = re.compile(r"^  hint: .*$", re.MULTILINE)

#: What ``--format`` takes where diagnostics are printed.
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


def report(diagnostics: Iterable[Diagnostic], style: str, quiet: bool, stream: IO[str]) -> None:
    """Print diagnostics in the form asked for, one of `FORMATS`."""
    shown = with_excerpts(
        item for item in diagnostics if not quiet or item.severity is Severity.ERROR
    )
    if style != "text":
        from scmigen.cli.formats import WRITERS

        text = WRITERS[style](shown)
        if text:
            print(text, file=stream)
    else:
        colour = has_colour(stream)
        for item in shown:
            print(_in_colour(item) if colour else format_text(item), file=stream)


def say(text: str, *, err: bool = False) -> None:
    """Print one line, whatever the names in it hold."""
    click.echo(escape.line(text), err=err)


def say_json(value: object) -> None:
    """Print a JSON document."""
    click.echo(escape.json_text(json.dumps(value, indent=1)))


def _in_colour(item: Diagnostic) -> str:
    word = f"{item.severity.word}[{item.id}]"
    colour, bold = _COLOURS[item.severity]
    text = format_text(item).replace(word, click.style(word, fg=colour, bold=bold), 1)
    return _HINT.sub(lambda hint: click.style(hint[0], fg="green"), text)
