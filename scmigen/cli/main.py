"""The ``scmigen`` command: finds the subcommand and keeps tracebacks from people."""

import errno
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from time import time
from typing import Any, NoReturn

import click

from scmigen import escape
from scmigen.version import __version__

#: Subcommand → the module and object that define it, and its line in the list of commands.
COMMANDS = {
    "build": ("scmigen.cli.build:build", "Compile a board into its outputs."),
    "check": ("scmigen.cli.build:check", "Check a board and write nothing."),
    "show": ("scmigen.cli.show:show", "Show providers, devices, resources, agents, permissions."),
    "why": ("scmigen.cli.why:why", "Show the uses behind a grant."),
    "diff": ("scmigen.cli.diff:diff", "Show what changed between two boards, for which agent."),
    "audit": ("scmigen.cli.audit:audit", "Show what a server lets its agents do."),
    "import": ("scmigen.cli.import_server:import_server", "Move a board to what a server has."),
    "explain": ("scmigen.cli.show:explain", "Explain a check."),
    "schema": ("scmigen.cli.schema:schema", "Print the JSON Schema of a file format."),
    "convert": ("scmigen.cli.convert:convert", "Convert between DTS and DTB."),
    "serve": ("scmigen.cli.serve:serve", "Serve a runtime configuration over SCMI."),
    "client": ("scmigen.cli.client:client", "Talk to an SCMI server as an agent."),
    "compare-server": (
        "scmigen.cli.compare_server:compare_server",
        "Send the same messages to two servers, and compare the answers.",
    ),
    "telemetry": (
        "scmigen.cli.telemetry:telemetry",
        "Print what data elements of telemetry mean.",
    ),
    "dissector": ("scmigen.cli.dissector:dissector", "Print a dissector of SCMI for Wireshark."),
}


#: What commands need that Python has on Linux, and not everywhere else.
_NEEDED = {
    "serve": (
        ("fcntl", "F_ADD_SEALS"),
        ("grp", "getgrnam"),
        ("mmap", "mmap"),
        ("os", "eventfd"),
        ("os", "memfd_create"),
        ("signal", "SIGHUP"),
        ("socket", "AF_UNIX"),
        ("socket", "SOCK_SEQPACKET"),
    ),
    "client": (("socket", "AF_UNIX"), ("socket", "SOCK_SEQPACKET"), ("os", "eventfd")),
    "compare-server": (("socket", "AF_UNIX"), ("socket", "SOCK_SEQPACKET"), ("os", "eventfd")),
}

#: What is wrong with the output, where no file is named.
_OUTPUT = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EBADF}

#: What is wrong with the machine, not with scmigen.
_MACHINE = {*_OUTPUT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS, errno.EAGAIN}


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


class _Lazy(click.Group):
    """Imports a subcommand only when it is the one that runs."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Parse the options that precede the subcommand."""
        with _one_line():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        with _one_line():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand; of a misspelt one, say which is meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            from scmigen.assignment.words import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or f"one of: {', '.join(COMMANDS)}"
            raise click.UsageError(f"{problem.message.rstrip('.')}; {hint}", ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        _require(cmd_name)
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), name)
        if not gc.isenabled():
            gc.freeze()  # what is imported stays, and is not looked at again
            gc.enable()
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _require(command: str) -> None:
    """Raise `click.ClickException` where the system lacks what a command needs."""
    for module, name in _NEEDED.get(command, ()):
        try:
            found = hasattr(import_module(module), name)
        except ImportError:
            found = False
        if not found:
            raise click.ClickException(f"{command} needs Linux: Python has no {module}.{name} here")


def _print_cmake_dir(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from scmigen.resources import directory

        click.echo(directory("cmake"))
        context.exit()


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Compile device trees into SCMI platforms, check them, and serve them.",
)
@click.version_option(__version__, prog_name="scmigen")
@click.option(
    "--cmake-dir",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_cmake_dir,
    help="Print the folder of ScmigenConfig.cmake and scmigen.mk, and exit.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    # A file that is younger than its command is not what the command has read.
    context.obj = time()


def main() -> None:
    """The entry point; what ends a command early is one sentence, unless SCMIGEN_DEBUG is set."""
    _hold_streams()
    try:
        try:
            cli()
        finally:
            # At its end, the interpreter says what it could not write in words of its own.
            sys.stdout.flush()
    except Exception as problem:
        if os.environ.get("SCMIGEN_DEBUG"):
            raise
        _end(1, None if isinstance(problem, BrokenPipeError) else _sentence(problem))


def _hold_streams() -> None:
    """Put something in place of closed streams, lest a file be opened as one of them.

    What is written to standard output then fails, as it does in other programs.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            held = os.open(os.devnull, mode)
            how = "r" if name == "stdin" else "w"
            setattr(sys, name, open(held, how, encoding="utf-8", closefd=False))  # noqa: SIM115


def _sentence(problem: Exception) -> str:
    """What ended the command: the machine, or a bug."""
    if isinstance(problem, MemoryError):
        return "out of memory"
    if isinstance(problem, ImportError):
        return f"cannot import {problem.name}: {problem}"
    if isinstance(problem, OSError) and problem.errno in _MACHINE:
        where = f"{problem.filename!r}: " if problem.filename is not None else ""
        if not where and problem.errno in _OUTPUT:
            where = "the output: "
        return f"{where}{problem.strerror}"
    return (
        f"internal error: {type(problem).__name__}: {problem}\n"
        "  hint: this is a bug of scmigen; SCMIGEN_DEBUG=1 shows where"
    )


def _end(status: int, sentence: str | None = None) -> NoReturn:
    """End without a word of the interpreter's, whatever state standard output is in."""
    with suppress(OSError, ValueError):
        if sentence is not None:
            print(f"scmigen: {sentence}", file=sys.stderr, flush=True)
    os._exit(status)
