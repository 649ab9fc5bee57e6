"""--help says the same however Python runs."""

import subprocess
import sys

import click
import pytest
from support import process

from scmigen.cli.main import cli

#: Prints the help of every command and subcommand.
_ALL = """
import click
from scmigen.cli.main import cli

def show(command, context):
    print(command.get_help(context))
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        below = command.get_command(context, name)
        show(below, click.Context(below, info_name=name, parent=context))

show(cli, click.Context(cli, info_name="scmigen"))
"""


def _help(*options: str) -> str:
    ran = subprocess.run(
        [sys.executable, *options, "-c", _ALL], capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_without_docstrings_help_is_complete() -> None:
    assert _help("-OO") == _help()


def _commands(command: click.Command, context: click.Context) -> list[click.Command]:
    below = command.list_commands(context) if isinstance(command, click.Group) else []
    found = [command.get_command(context, name) for name in below]  # type: ignore[attr-defined]
    return [command, *(each for one in found if one for each in _commands(one, context))]


def test_every_command_has_help() -> None:
    commands = _commands(cli, click.Context(cli))
    assert len(commands) > 20
    assert [command.name for command in commands if not command.help] == []


@pytest.mark.parametrize("words", [(), ("client",), ("client", "unix:x", "clock")])
def test_a_group_without_a_command_prints_its_help(words: tuple[str, ...]) -> None:
    done = process(*words)
    assert done.returncode == 2
    assert done.stderr == process(*words, "--help").stdout
    assert "\\n" not in done.stderr
    assert "Commands:" in done.stderr.splitlines()
