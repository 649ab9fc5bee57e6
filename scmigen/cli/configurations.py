"""Runtime configurations with their overlays, as commands are given them."""

from collections.abc import Iterable
from pathlib import Path

import click

from scmigen import runtime
from scmigen.diagnostics import InputError
from scmigen.inputs import of_build, read_bytes


def configuration_of(path: Path, extra: Iterable[Path]) -> runtime.Runtime:
    """The platform of a file, or of the folder of a build, and of overlays. Raises
    `click.ClickException`."""
    path = of_build(path)
    try:
        data = read_bytes(path)
        for path in extra:
            data = runtime.overlay(data, read_bytes(path))
        return runtime.decode(data)
    except (InputError, runtime.ConfigurationError) as problem:
        raise click.ClickException(f"{path}: {problem}") from None
