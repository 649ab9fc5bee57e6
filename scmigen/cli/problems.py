"""What ends a command early, as its body raises it: no click is needed to say so.

Where a command line is wrong, click prints the message below the usage of the command.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from scmigen import escape


class CommandError(Exception):
    """A command cannot do what it is asked for: ``lines`` are printed, and it ends with 1."""

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.lines = tuple(lines) or (f"Error: {message}",)

    def show(self) -> None:
        """Print the lines to standard error, whatever the names in them hold."""
        for line in self.lines:
            print(escape.line(line), file=sys.stderr, flush=True)


class UsageError(CommandError):
    """The command line is wrong; the status is 2."""


class BadValueError(UsageError):
    """A value on the command line is wrong. ``of`` is what it is given for, where that is not said
    by where this is raised."""

    def __init__(self, message: str, of: str | None = None) -> None:
        super().__init__(message)
        self.of = of


class LinesError(CommandError):
    """All that is wrong, a line for each problem; in a log, one line for all.

    A problem of ``file`` that begins with a number is at that line of it. ``start`` precedes each
    line that is printed.
    """

    def __init__(
        self, problems: Sequence[str], file: Path | None = None, start: str = "Error: "
    ) -> None:
        lines = [_placed(problem, file) for problem in problems]
        super().__init__("; ".join(lines), [f"{start}{line}" for line in lines])


def _placed(problem: str, file: Path | None) -> str:
    if file is None:
        return problem
    return f"{file}{':' if problem[:1].isdigit() else ': '}{problem}"
