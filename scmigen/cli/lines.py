"""Errors of several lines."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import click

from scmigen import escape


class LinesError(click.ClickException):
    """All that is wrong, a line for each problem; in a log, one line for all.

    A problem of ``file`` that begins with a number is at that line of it. ``start`` precedes each
    line that is printed.
    """

    def __init__(
        self, problems: Sequence[str], file: Path | None = None, start: str = "Error: "
    ) -> None:
        self.lines = tuple(_placed(problem, file) for problem in problems)
        self._start = start
        super().__init__("; ".join(self.lines))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines."""
        for line in self.lines:
            click.echo(f"{self._start}{escape.line(line)}", err=True, file=file)


def _placed(problem: str, file: Path | None) -> str:
    if file is None:
        return problem
    return f"{file}{':' if problem[:1].isdigit() else ': '}{problem}"
