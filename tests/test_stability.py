"""What docs/reference/versions.md calls stable is still there.

tests/data/stable has lists of it, as of the last release. A line is removed only with what was
deprecated for long enough. `python tests/test_stability.py` adds what is new, before a release.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import scmigen
from scmigen.cli.diff import GAINED
from scmigen.cli.main import cli
from scmigen.cli.report import ERRORS, MOVED, USAGE
from scmigen.explain import findings

DATA = Path(__file__).parent / "data"
BOARD = ("board.dts", "-a", "agents.yaml")

#: Commands that print JSON, in the folder of the board.
JSON = (
    ("check", *BOARD),
    *(("show", what, *BOARD) for what in ("providers", "devices", "resources", "agents")),
    ("show", "permissions", *BOARD),
    ("why", "vm1", "&cru 48", *BOARD),
    ("why", "vm1", "&gpu", *BOARD),
    ("why", "--not", "vm1", "&cru 51", *BOARD),
    ("diff", "board.dts", "runtime.json"),
)


def commands(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, f"{words} {name}")


def options() -> Iterator[str]:
    for words, command in commands(cli, "scmigen"):
        yield words
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield from (f"{words} {name}" for name in parameter.opts)


def paths(value: object, path: str) -> Iterator[str]:
    """Each place in a JSON value, with the type of what is there; null says nothing."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from paths(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from paths(each, f"{path}[]")
    elif value is not None:
        yield f"{path} {type(value).__name__}"


def json_keys() -> Iterator[str]:
    here = Path.cwd()
    os.chdir(DATA / "formats" / "0.1.0")
    try:
        for words in JSON:
            told = CliRunner().invoke(cli, [*words, "--format", "json"])
            name = " ".join(word for word in words if word not in BOARD)
            yield from paths(json.loads(told.stdout), f"{name}: ")
    finally:
        os.chdir(here)


LISTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "findings.txt": lambda: iter(findings()),
    "options.txt": options,
    "library.txt": lambda: iter(scmigen.__all__),
    "json.txt": json_keys,
}


@pytest.mark.parametrize("name", LISTS)
def test_what_was_released_is_still_there(name: str) -> None:
    released = set((DATA / "stable" / name).read_text().splitlines())
    assert released - set(LISTS[name]()) == set()


def test_exit_statuses_keep_their_meaning() -> None:
    assert (ERRORS, USAGE, MOVED, GAINED) == (1, 2, 3, 4)


if __name__ == "__main__":
    for name, make in LISTS.items():
        path = DATA / "stable" / name
        path.parent.mkdir(exist_ok=True)
        known = path.read_text().splitlines() if path.exists() else []
        path.write_text("\n".join(sorted({*known, *make()})) + "\n")
