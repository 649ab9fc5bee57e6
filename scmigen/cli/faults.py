"""``scmigen serve --faults``: reading the file, and printing what is wrong with it."""

from pathlib import Path
from typing import IO, Any

import click

from scmigen import escape, runtime
from scmigen.diagnostics import InputError
from scmigen.inputs import read_text
from scmigen.server.faults import Fault


def faults_of(path: Path | None, platform: runtime.Runtime) -> tuple[Fault, ...]:
    """The faults in a file, for agents of ``platform``. Raises `click.ClickException`."""
    if path is None:
        return ()
    from scmigen.server.faults_file import FaultsError, read_faults

    try:
        return read_faults(read_text(path), platform)
    except InputError as problem:
        raise click.ClickException(f"{path}: {problem}") from None
    except FaultsError as problem:
        raise _WrongFaults(
            [f"{path}{':' if line[0].isdigit() else ': '}{line}" for line in problem.problems]
        ) from None


class _WrongFaults(click.ClickException):
    """All that is wrong with a file of faults, a line each; one line in the log."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self._lines = lines

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002
        """Print the lines."""
        for line in self._lines:
            click.echo(f"Error: {escape.line(line)}", err=True)
