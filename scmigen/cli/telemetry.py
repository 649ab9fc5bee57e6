"""``scmigen telemetry``: what the data elements of a platform mean."""

from pathlib import Path

from scmigen.cli.configurations import configuration_of
from scmigen.cli.declare import argument, command, option
from scmigen.cli.report import say_document
from scmigen.cli.values import PATH
from scmigen.runtime.telemetry import describe


@command(
    argument("configuration", read=PATH),
    option(
        "--extra",
        multiple=True,
        read=PATH,
        help="Merge an overlay into the configuration. Repeatable, in order.",
    ),
    help="""Print what the data elements of telemetry mean, as JSON, for the tools that read them.

CONFIGURATION is a runtime.json, or the folder of a build. Telemetry is of release 4.0 of the
specification, which is a beta.
""",
)
def telemetry(configuration: Path, extra: tuple[Path, ...]) -> None:
    say_document(describe(configuration_of(configuration, extra)).decode())
