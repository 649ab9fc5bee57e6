"""Standard streams that are full, closed or gone: one sentence at most, and no success."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "check": ["check", "examples/dts/orrery-board.dts"],
    "show": ["show", "resources", "examples/dts/minimal.dts"],
    "explain": ["explain", "--list"],
    "version": ["--version"],
    "help": ["--help"],
}
ROOT = Path(__file__).parents[2]


def run(command: list[str], redirection: str) -> "subprocess.CompletedProcess[str]":
    line = f'exec "$0" -m scmigen "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_sentence(name: str) -> None:
    ran = run(COMMANDS[name], "> /dev/full")
    last = ran.stderr.splitlines()[-1]
    assert (ran.returncode, last) == (1, "scmigen: the output: No space left on device")


@pytest.mark.parametrize("name", ["show", "explain"])
def test_closed_standard_output_is_one_sentence(name: str) -> None:
    ran = run(COMMANDS[name], ">&-")
    last = ran.stderr.splitlines()[-1]
    assert (ran.returncode, last) == (1, "scmigen: the output: Bad file descriptor")


@pytest.mark.parametrize("name", ["show", "explain"])
def test_closed_standard_error_changes_no_output(name: str) -> None:
    assert run(COMMANDS[name], "2>&-").stdout == run(COMMANDS[name], "2>/dev/null").stdout


def test_a_reader_that_leaves_is_no_news() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "scmigen", "explain", "--list"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_where_the_locale_has_only_ascii_everything_is_printed_in_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "é.dts"
    ran = subprocess.run(
        [sys.executable, "-m", "scmigen", "check", path],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    said = ran.stdout.decode("utf-8")
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert said.startswith(f"{path}: error[file-unreadable]: No such file or directory")
