"""``scmigen telemetry``: what the data elements of a platform mean."""

from pathlib import Path

import click

from scmigen.cli.configurations import configuration_of
from scmigen.runtime.telemetry import describe


@click.command(
    help="""Print what the data elements of telemetry mean, as JSON, for the tools that read them.

CONFIGURATION is a runtime.json, or the folder of a build. Telemetry is of release 4.0 of the
specification, which is a beta.
"""
)
@click.argument("configuration", type=click.Path(path_type=Path))
@click.option(
    "--extra",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Merge an overlay into the configuration. Repeatable, in order.",
)
def telemetry(configuration: Path, extra: tuple[Path, ...]) -> None:
    click.echo(describe(configuration_of(configuration, extra)), nl=False)
