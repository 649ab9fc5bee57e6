"""Printing diagnostics, and the exit statuses of all commands."""

import re
import sys
from collections.abc import Iterable, Sequence

from scmigen import escape
from scmigen.cli.colour import Style, has_colour, styled
from scmigen.cli.excerpts import with_excerpts
from scmigen.diagnostics import Diagnostic, Position, Severity, counted, format_text
from scmigen.hints import IO
from scmigen.patterns import pattern

#: Exit statuses: errors in the input, wrong usage (click's), identifiers that moved.
ERRORS, USAGE, MOVED = 1, 2, 3

_STYLES = {
    Severity.ERROR: (Style.RED, Style.BOLD),
    Severity.WARNING: (Style.YELLOW,),
    Severity.NOTE: (Style.CYAN,),
}
_HINT = pattern(r"^  hint: .*$", re.MULTILINE)

#: What ``--format`` takes where diagnostics are printed.
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


#: What ``--quiet`` does not hide besides errors: about what was written, not about the board.
_TOLD = ("output-left-out",)

#: The forms that list waived diagnostics, too.
_LIST_WAIVED = ("json", "sarif")


def report(
    diagnostics: Iterable[Diagnostic],
    style: str,
    quiet: bool,
    stream: IO[str],
    waived: Sequence[Diagnostic] = (),
    counts: bool = True,
) -> None:
    """Print diagnostics in the form asked for, one of `FORMATS`, or as text where that is a form of
    answers.

    As text, errors come last, where people look, and with ``counts`` a line that says how many
    there are of each severity. ``waived`` are listed as such for programs, and counted for people.
    """
    every = (*diagnostics, *waived) if style in _LIST_WAIVED else diagnostics
    shown = with_excerpts(
        item for item in every if not quiet or item.severity is Severity.ERROR or item.id in _TOLD
    )
    as_text = style == "text" or style not in FORMATS
    if not as_text:
        from scmigen.cli.formats import WRITERS

        text = WRITERS[style](shown)
        if text:
            print(text, file=stream)
    else:
        colour = has_colour(stream)
        for item in sorted(shown, key=lambda item: (item.severity, item.position or Position(""))):
            print(_in_colour(item) if colour else format_text(item), file=stream)
        if counts and shown and not quiet:
            print(_tally(shown), file=stream)
    if waived and as_text and not quiet:
        print(f"{counted(len(waived), 'finding')} waived", file=stream)


def _tally(shown: Sequence[Diagnostic]) -> str:
    """``0 errors, 2 warnings, 3 notes``."""
    found = [item.severity for item in shown]
    return ", ".join(counted(found.count(each), each.word) for each in reversed(Severity))


def say(text: str, *, err: bool = False) -> None:
    """Print one line, whatever the names in it hold."""
    print(escape.line(text), file=sys.stderr if err else sys.stdout, flush=True)


def say_document(text: str) -> None:
    """Print a document of several lines, as it is."""
    print(text, end="", flush=True)


def say_json(value: object) -> None:
    """Print a JSON document."""
    from json import dumps

    say_document(f"{escape.json_text(dumps(value, indent=1))}\n")


def say_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table as CSV."""
    for row in escape.csv_table(columns, rows).splitlines():
        say(row)


def _in_colour(item: Diagnostic) -> str:
    word = f"{item.severity.word}[{item.id}]"
    style = _STYLES[item.severity]
    text = format_text(item).replace(word, styled(word, *style), 1)
    return _HINT.sub(lambda hint: styled(hint[0], Style.GREEN), text)
