"""docs/man: the pages are those of the commands as they are, and whole."""

import re
import runpy
import subprocess
from collections.abc import Callable, Iterator

import click
import pytest
from conftest import REPOSITORY

from scmigen.cli.main import cli

FOLDER = REPOSITORY / "docs" / "man"


def test_the_pages_are_those_of_the_commands() -> None:
    made = runpy.run_path(str(REPOSITORY / "docs" / "gen" / "man.py"))["pages"]()
    committed = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert committed == made, "python docs/gen/man.py writes them anew"


def option_names(command: click.Command, *, below: bool) -> Iterator[str]:
    """The options of a command, and of the commands below it."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from parameter.opts
    if below and isinstance(command, click.Group):
        for other in command.commands.values():
            yield from option_names(other, below=True)


@pytest.mark.parametrize("name", [None, *cli.list_commands(click.Context(cli))])
def test_a_page_is_valid_and_shows_every_option(
    name: str | None, tool: Callable[[str], str]
) -> None:
    def mandoc(*options: str) -> str:
        run = [tool("mandoc"), *options, FOLDER / (f"scmigen-{name}.1" if name else "scmigen.1")]
        return subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout

    assert mandoc("-Tlint", "-Wwarning") == ""
    shown = re.sub(".\b", "", mandoc("-Tutf8"))
    command = cli.get_command(click.Context(cli), name) if name else cli
    assert command is not None
    for option in option_names(command, below=name is not None):
        assert re.search(rf"(?m)^ +(\S+, )?{re.escape(option)}(?=[ ,\n])", shown), option
