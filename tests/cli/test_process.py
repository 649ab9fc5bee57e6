"""The command in a process of its own: exit statuses, streams, and no traceback at the user."""

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
