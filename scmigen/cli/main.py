"""The ``scmigen`` command: finds the subcommand and keeps tracebacks from people."""

import os
import sys
from importlib import import_module

import click

from scmigen.version import __version__

#: Subcommand → the module and object that define it, and its line in the list of commands.
_COMMANDS = {
    "build": ("scmigen.cli.build:build", "Compile a board into its outputs."),
    "check": ("scmigen.cli.build:check", "Check a board and write nothing."),
    "show": ("scmigen.cli.show:show", "Show providers, devices, resources, agents, permissions."),
    "why": ("scmigen.cli.show:why", "Show the uses behind a grant."),
    "diff": ("scmigen.cli.diff:diff", "Show what changed between two boards, for which agent."),
    "explain": ("scmigen.cli.show:explain", "Explain a check."),
    "convert": ("scmigen.cli.convert:convert", "Convert between DTS and DTB."),
    "serve": ("scmigen.cli.serve:serve", "Serve a runtime configuration over SCMI."),
    "client": ("scmigen.cli.client:client", "Talk to an SCMI server as an agent."),
}


class _Lazy(click.Group):
    """Imports a subcommand only when it is the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Compile device trees into SCMI platforms, check them, and serve them.",
)
@click.version_option(__version__, prog_name="scmigen")
def cli() -> None:
    pass


def main() -> None:
    """The entry point; an error of our own is one line, unless SCMIGEN_DEBUG is set."""
    try:
        cli()
    except BrokenPipeError:
        # The reader of our output has gone; keep the interpreter from saying so at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as problem:
        if os.environ.get("SCMIGEN_DEBUG"):
            raise
        print(
            f"scmigen: internal error: {type(problem).__name__}: {problem}\n"
            "  hint: this is a bug of scmigen; SCMIGEN_DEBUG=1 shows where",
            file=sys.stderr,
        )
        sys.exit(1)
