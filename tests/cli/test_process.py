"""The command in a process of its own: exit statuses, streams, and no traceback at the user."""

import subprocess
import sys
from pathlib import Path

import pytest
from support import process, written

GOOD = """/dts-v1/;
/ {
	cru: clock-controller { #clock-cells = <1>; };
	uart { clocks = <&cru 4>; };
};
"""
DANGLING = GOOD.replace("<&cru 4>", "<99 4>")
BROKEN = GOOD.replace("{ clocks", "( clocks")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("good", GOOD), ("dangling", DANGLING), ("broken", BROKEN)):
        written(tmp_path / f"{name}.dts", text)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "status", "stdout", "stderr"),
    [
        pytest.param("build good.dts -o out", 0, "1 clock for ospm", "", id="build"),
        pytest.param("check good.dts", 0, "", "", id="check-finds-nothing"),
        pytest.param("check dangling.dts", 1, "error[phandle-dangling]", "", id="check-finds"),
        pytest.param("build dangling.dts -o out", 1, "", "error[phandle-dangling]", id="refused"),
        pytest.param("show devices broken.dts", 1, "", "error[dts-syntax]", id="syntax"),
        pytest.param("build good.dts", 2, "", "Missing option '-o'", id="usage"),
        pytest.param("--version", 0, "scmigen, version", "", id="version"),
    ],
)
def test_a_command_ends_with_a_status_and_writes_to_its_stream(
    folder: Path, line: str, status: int, stdout: str, stderr: str
) -> None:
    done = process(*line.split(), cwd=folder)
    assert done.returncode == status
    assert_only(done.stdout, stdout)
    assert_only(done.stderr, stderr)


def assert_only(text: str, part: str) -> None:
    """``part`` is in ``text``; where it is empty nothing is."""
    assert part in text if part else text == ""


def test_a_board_alone_is_checked_without_readers_that_it_does_not_need(folder: Path) -> None:
    """Start-up is part of speed: YAML, templates and package metadata are imported when used."""
    program = (
        "import sys; from scmigen.cli.main import cli;"
        "cli(['check', 'good.dts'], standalone_mode=False);"
        "print(sorted({'yaml', 'jinja2', 'lark', 'importlib.metadata'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
