"""Command lines made at random: a result or errors, never an exception.

SCMIGEN_FUZZ raises how many are tried.
"""

import gc
import os
import random
from io import UnsupportedOperation
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from scmigen.cli.main import cli

LINES = int(os.environ.get("SCMIGEN_FUZZ", "80"))
BOARD = Path(__file__).parents[2] / "examples/dts/minimal.dts"

#: Values for any option and argument; a process cannot be given NUL.
#: No runtime configuration that could be served is among them.
VALUES = (
    *("", " ", "-", "--", "-1", "0", "0x10", "1e400", "nan", "inf", "9" * 40, "a" * 5000),
    *("\udcff", "a\udcffb", "é☃", "\x1b[2J", "a\nb", "=", "a=b", "=b", "a=", ":"),
    *("a:b:c", "%s{}", "*", "[", "&", "&cru", "&cru 4", "clock", "clock:0", "ospm", "on", "list"),
    *("/proc/none", ".", "none/none", "folder", "good.dts", "good.dts", "bad.dts", "agents.yaml"),
    *(
        "text",
        "json",
        "sarif",
        "github",
        "all",
        "runtime",
        "headers,scp",
        "unix:none",
        "smt:folder",
    ),
    *(
        "unix:",
        "unix-dgram:none",
        "vhost-user:none",
        "ospm=unix:none",
        "3.2",
        "shared",
        "per-agent",
    ),
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "good.dts").write_bytes(BOARD.read_bytes())
    (tmp_path / "bad.dts").write_text("/dts-v1/; / { a = <&none>; }")
    (tmp_path / "agents.yaml").write_text("domains: {a: {}}\n")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(random_: random.Random, command: click.Command) -> list[str]:
    """Words for a command: some subcommand, options with or without values, arguments."""
    found: list[str] = []
    for item in command.params:
        for _ in range(random_.choice((0, 0, 0, 1, 1, 2))):
            if isinstance(item, click.Option):
                found.append(random_.choice(item.opts))
            if not getattr(item, "is_flag", False) or random_.random() < 0.1:
                found.append(random_.choice(VALUES))
    if isinstance(command, click.Group):
        context = click.Context(command)
        name = random_.choice(command.list_commands(context))
        below = command.get_command(context, name)
        assert below is not None
        return [*found, name, *words(random_, below)]
    if random_.random() < 0.2:
        random_.shuffle(found)
    return found


@pytest.mark.usefixtures("here")
def test_no_command_line_is_an_internal_error() -> None:
    random_ = random.Random(1)
    for _ in range(LINES):
        line = words(random_, cli)
        result = CliRunner().invoke(cli, line)
        gc.enable()
        if isinstance(result.exception, UnsupportedOperation):
            continue  # serve logs to a file descriptor, and the streams of CliRunner have none
        told = (line, result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit), told
        assert result.exit_code in (0, 1, 2, 3), told
