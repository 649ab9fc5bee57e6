"""The end of the command: at once, but for those who look on."""

import json
import subprocess
import sys

import pytest
from conftest import REPOSITORY

BOARD = str(REPOSITORY / "examples" / "dts" / "minimal.dts")

#: Says what the command does at its end.
WATCHED = """
import atexit, os, sys
real = os._exit
os._exit = lambda status: (os.write(2, b"at once\\n"), real(status))
atexit.register(print, "at exit", file=sys.stderr)
"""


def ended(words: list[str], before: str = "") -> tuple[int, str, list[str]]:
    """The status of the command, and what it writes: as a whole, and the lines of errors."""
    program = f"{before}\nfrom scmigen.__main__ import command\ncommand()"
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["check", BOARD], 0),
        (["check", f"{BOARD}.not"], 1),
        (["check", BOARD, "--nothing"], 2),
        (["--help"], 0),
    ],
)
def test_the_status_is_that_of_the_command(words: list[str], status: int) -> None:
    found, _, problems = ended(words)
    assert found == status
    assert not any("Traceback" in line for line in problems)


def test_all_is_written_before_it() -> None:
    status, written, _ = ended(["schema", "runtime"])
    assert status == 0
    assert json.loads(written)["$ref"] == "#/$defs/Runtime"


@pytest.mark.parametrize("tool", ["", "sys.setprofile(lambda *_: None)", "import threading"])
def test_who_looks_on_sees_the_end(tool: str) -> None:
    """What others asked for at the end is done in any case."""
    status, _, problems = ended(["check", "-q", BOARD], f"{WATCHED}{tool}")
    assert (status, problems) == (0, ["at exit", *([] if tool else ["at once"])])
