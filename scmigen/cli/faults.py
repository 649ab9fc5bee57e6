"""``scmigen serve --faults``: reading the file, and printing what is wrong with it."""

from pathlib import Path

from scmigen import runtime
from scmigen.cli.problems import CommandError, LinesError
from scmigen.diagnostics import InputError
from scmigen.inputs import read_text
from scmigen.server.faults import Fault


def faults_of(path: Path | None, platform: runtime.Runtime) -> tuple[Fault, ...]:
    """The faults in a file, for agents of ``platform``. Raises `CommandError`."""
    if path is None:
        return ()
    from scmigen.server.faults_file import FaultsError, read_faults

    try:
        return read_faults(read_text(path), platform)
    except InputError as problem:
        raise CommandError(f"{path}: {problem}") from None
    except FaultsError as problem:
        raise LinesError(problem.problems, path) from None
