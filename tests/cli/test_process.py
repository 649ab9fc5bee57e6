"""The command in a process of its own: exit statuses, streams, and no traceback at the user."""

import signal
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
        pytest.param("check good.dts", 0, "no problems found", "", id="check-finds-nothing"),
        pytest.param("check dangling.dts", 1, "error[phandle-dangling]", "", id="check-finds"),
        pytest.param("build dangling.dts -o out", 1, "", "error[phandle-dangling]", id="refused"),
        pytest.param("show devices broken.dts", 1, "", "error[dts-syntax]", id="syntax"),
        pytest.param("build good.dts", 2, "", "'-o'", id="usage"),
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
    assert (done.stdout, done.stderr) == (
        "good.dts: no problems found\n[]\n",
        "",
    )


def test_builds_at_once_that_share_a_lock_lose_no_number(folder: Path) -> None:
    """The one that is second compiles again, with the numbers of the first."""
    boards = []
    for line in range(4):
        name = f"board{line}.dts"
        boards.append(written(folder / name, GOOD.replace("<&cru 4>", f"<&cru {line + 10}>")).name)
    words = [sys.executable, "-m", "scmigen", "build", "--ids", "ids", "-q"]
    running = [
        subprocess.Popen([*words, board, "-o", f"out-{board}"], cwd=folder) for board in boards
    ]
    assert [one.wait(timeout=120) for one in running] == [0] * len(running)
    numbers = {}
    for text in (folder / "ids").read_text().splitlines():
        fields = text.split("\t")
        if fields[0] == "clock":
            numbers[fields[4]] = int(fields[1])
    assert sorted(numbers) == ["10", "11", "12", "13"]
    assert sorted(numbers.values()) == [0, 1, 2, 3]


def test_a_build_that_is_terminated_says_so_to_its_parent(folder: Path) -> None:
    """Files are put back; the parent sees the signal (a shell: 143)."""
    program = (
        "import os, signal, sys\n"
        "from scmigen.targets.common import change\n"
        "from scmigen.cli.front import main\n"
        "change.Change.prepare_last = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.argv = ['scmigen', 'build', 'good.dts', '-o', 'out', '--ids', 'ids']\n"
        "main()\n"
    )
    before = {path.name for path in folder.iterdir()}
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, timeout=60, check=False)
    assert done.returncode == -signal.SIGTERM
    assert {path.name for path in folder.iterdir()} == before
