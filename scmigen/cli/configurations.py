"""Runtime configurations with their overlays, as commands are given them."""

from collections.abc import Iterable
from pathlib import Path

from scmigen import runtime
from scmigen.cli.problems import CommandError
from scmigen.diagnostics import InputError
from scmigen.inputs import of_build, read_bytes


def configuration_of(path: Path, extra: Iterable[Path]) -> runtime.Runtime:
    """The platform of a file, or of the folder of a build, and of overlays. Raises
    `CommandError`."""
    path = of_build(path)
    try:
        data = read_bytes(path)
        for path in extra:
            data = runtime.overlay(data, read_bytes(path))
        return runtime.decode(data)
    except (InputError, runtime.ConfigurationError) as problem:
        raise CommandError(f"{path}: {problem}") from None
