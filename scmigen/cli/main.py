"""``scmigen`` as click has it: its help, its errors, and what a shell completes."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from scmigen import escape
from scmigen.cli.commands import COMMANDS, SCMIGEN, lacking
from scmigen.cli.declare import Call
from scmigen.cli.problems import UsageError
from scmigen.cli.with_click import Act, ClickGroup
from scmigen.hints import Any
from scmigen.version import VERSION, __version__


@contextmanager
def _one_line() -> Iterator[None]:
    """Errors of usage repeat arguments and file names: they stay in one line of plain text.

    The help of a group without a command is raised as an error, too, and has lines.
    """
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.ClickException as problem:
        vars(problem).update(message=escape.line(problem.message))
        raise


class _Scmigen(ClickGroup):
    """Imports a subcommand only when it is the one that runs."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Parse the options that precede the subcommand."""
        with _one_line():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        with _one_line():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand. Raises `click.ClickException` where the system lacks what it needs."""
        if missing := lacking(cmd_name):
            raise click.ClickException(f"{cmd_name} needs Linux: Python has no {missing} here")
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _print_cmake_dir(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from scmigen.resources import directory

        click.echo(directory("cmake"))
        context.exit()


def with_act(act: Act) -> click.Group:
    """The command of click that does ``act`` with what a command line asks for."""
    group = _Scmigen("scmigen", SCMIGEN, act)
    group.context_settings = {"help_option_names": ["-h", "--help"]}
    click.version_option(__version__, prog_name="scmigen", message=VERSION)(group)
    click.option(
        "--cmake-dir",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_cmake_dir,
        help="Print the folder of ScmigenConfig.cmake and scmigen.mk, and exit.",
    )(group)
    return group


cli = with_act(Call.run)


def refuse(problem: UsageError) -> None:
    """Say that a command line is wrong, as click does, which has not parsed it yet. This ends the
    program."""

    def fail(_: Call) -> None:
        raise problem

    with_act(fail)()
