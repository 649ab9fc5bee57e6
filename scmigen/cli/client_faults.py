"""``scmigen client URL fault``: the faults of a server at its control address."""

from pathlib import Path

from scmigen.cli.client_options import Options, agent_command
from scmigen.cli.client_text import table
from scmigen.cli.declare import Group, argument
from scmigen.cli.problems import CommandError, LinesError, UsageError
from scmigen.cli.values import FILE
from scmigen.client import ClientError, UrlError
from scmigen.client.control import RefusedError, control
from scmigen.data import asdict
from scmigen.diagnostics import InputError
from scmigen.inputs import read_text


@agent_command(
    help="List the faults: whether each is on, and what it has hit since.",
)
def fault_list(options: Options) -> None:
    _tell(options, "list")


@agent_command(
    argument("names", "[NAME…]", many=True),
    help="Switch the faults NAME on, or all; they begin to count anew.",
)
def fault_on(options: Options, names: tuple[str, ...]) -> None:
    _tell(options, " ".join(("on", *names)))


@agent_command(
    argument("names", "[NAME…]", many=True),
    help="Switch the faults NAME off, or all.",
)
def fault_off(options: Options, names: tuple[str, ...]) -> None:
    _tell(options, " ".join(("off", *names)))


@agent_command(
    argument("file", read=FILE),
    help="Replace the faults by those of FILE, until SIGHUP.",
)
def fault_use(options: Options, file: Path) -> None:
    try:
        text = read_text(file)
    except InputError as problem:
        raise CommandError(f"{file}: {problem}") from None
    _tell(options, f"use\n{text}", file)


def _tell(options: Options, command: str, file: Path | None = None) -> None:
    """Send a command, and print the faults it is about."""
    try:
        found = control(options.url, command, options.timeout)
    except RefusedError as refusal:
        raise LinesError(refusal.problems, file) from None
    except UrlError as problem:
        raise UsageError(str(problem)) from None
    except ClientError as problem:
        raise CommandError(str(problem)) from None
    rows = [("NAME", "STATE", "SEEN", "HIT", "FAULT")]
    rows += [
        (it.name, "on" if it.on else "off", str(it.seen), str(it.hit), it.about)
        for it in found.faults
    ]
    more = [f"and {found.left} more"] if found.left else []
    options.show(asdict(found), *table(rows), *more)


fault = Group(
    """Faults of a server, to test drivers while it runs.

URL is the address that serve --control has.
""",
    {"list": fault_list, "off": fault_off, "on": fault_on, "use": fault_use},
)
