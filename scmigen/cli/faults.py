"""``scmigen serve --faults``: reading the file, and printing what is wrong with it."""

from pathlib import Path

import click

from scmigen import runtime
from scmigen.cli.lines import LinesError
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
        raise LinesError(problem.problems, path) from None
