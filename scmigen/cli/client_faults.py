"""``scmigen client URL fault``: the faults of a server at its control address."""

from pathlib import Path

import click

from scmigen.cli.client_options import Options, agent_command
from scmigen.cli.client_text import table
from scmigen.cli.lines import LinesError
from scmigen.client import ClientError, UrlError
from scmigen.client.control import RefusedError, control
from scmigen.data import asdict
from scmigen.diagnostics import InputError
from scmigen.inputs import read_text


@click.group(
    help="""Faults of a server, to test drivers while it runs.

URL is the address that serve --control has.
"""
)
def fault() -> None:
    pass


@fault.command("list", help="List the faults: whether each is on, and what it has hit since.")
@agent_command
def fault_list(options: Options) -> None:
    _tell(options, "list")


@fault.command("on", help="Switch the faults NAME on, or all; they begin to count anew.")
@click.argument("names", metavar="[NAME…]", nargs=-1)
@agent_command
def fault_on(options: Options, names: tuple[str, ...]) -> None:
    _tell(options, " ".join(("on", *names)))


@fault.command("off", help="Switch the faults NAME off, or all.")
@click.argument("names", metavar="[NAME…]", nargs=-1)
@agent_command
def fault_off(options: Options, names: tuple[str, ...]) -> None:
    _tell(options, " ".join(("off", *names)))


@fault.command("use", help="Replace the faults by those of FILE, until SIGHUP.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@agent_command
def fault_use(options: Options, file: Path) -> None:
    try:
        text = read_text(file)
    except InputError as problem:
        raise click.ClickException(f"{file}: {problem}") from None
    _tell(options, f"use\n{text}", file)


def _tell(options: Options, command: str, file: Path | None = None) -> None:
    """Send a command, and print the faults it is about."""
    try:
        found = control(options.url, command, options.timeout)
    except RefusedError as refusal:
        raise LinesError(refusal.problems, file) from None
    except UrlError as problem:
        raise click.UsageError(str(problem)) from None
    except ClientError as problem:
        raise click.ClickException(str(problem)) from None
    rows = [("NAME", "STATE", "SEEN", "HIT", "FAULT")]
    rows += [
        (it.name, "on" if it.on else "off", str(it.seen), str(it.hit), it.about)
        for it in found.faults
    ]
    more = [f"and {found.left} more"] if found.left else []
    options.show(asdict(found), *table(rows), *more)
