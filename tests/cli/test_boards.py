"""``scmigen check`` for many boards."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import Done, process, scmigen, written

HEAD = "/dts-v1/;\n/ {\n"
GOOD = HEAD + "};\n"
NOTED = (
    HEAD
    + """
x { compatible = "a,b"; clocks = <&d 0>; };
d: d { compatible = "a,d"; #clock-cells = <1>; status = "disabled"; };
};
"""
)
BAD = HEAD + "};\n&none { };\n"


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    (tmp_path / "dts/sub").mkdir(parents=True)
    written(tmp_path / "dts/a.dts", GOOD)
    written(tmp_path / "dts/sub/b.dts", BAD)
    written(tmp_path / "dts/sub/c.dts", GOOD)
    written(tmp_path / "dts/part.dtsi", "nothing that is a board\n")
    return tmp_path


def each(folder: Path, *arguments: str) -> Done:
    return process("check", "--each", *arguments, cwd=folder)


def test_every_path_is_a_board(boards: Path) -> None:
    done = each(boards, "dts/a.dts", "dts/sub/b.dts", "dts/a.dts")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "dts/sub/b.dts: 1 error"
    assert done.stdout.splitlines()[1].startswith("dts/sub/b.dts:4:")
    assert done.stderr == "2 boards: 1 ok, 1 with errors\n"


def test_a_directory_stands_for_its_boards(boards: Path) -> None:
    done = each(boards, "dts", "-q")
    assert done.stderr == "3 boards: 2 ok, 1 with errors\n"


def test_the_output_does_not_depend_on_how_many_run_at_once(boards: Path) -> None:
    for name in "defg":
        written(boards / f"dts/{name}.dts", NOTED)
    one, many = (each(boards, "dts", "-j", jobs) for jobs in "18")
    assert one == many
    assert one.stderr == "7 boards: 6 ok, 1 with errors\n"
    assert one.stdout.count("dts/d.dts:4:") > 0


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_good_boards_say_nothing(boards: Path, jobs: str) -> None:
    done = each(boards, "dts/a.dts", "dts/sub/c.dts", "-j", jobs)
    assert done == Done(0, "", "2 boards: 2 ok, 0 with errors\n")


def test_data_is_one_document_that_names_the_board(boards: Path) -> None:
    written(boards / "dts/sub/c.dts", BAD)
    done = each(boards, "dts", "--format", "json")
    found = json.loads(done.stdout)
    assert [item["related"][0]["message"] for item in found] == [
        "board dts/sub/b.dts",
        "board dts/sub/c.dts",
    ]
    sarif = json.loads(each(boards, "dts", "--format", "sarif").stdout)
    assert len(sarif["runs"]) == 1
    assert len(sarif["runs"][0]["results"]) == 2


def test_junit_has_a_suite_for_each_board(boards: Path) -> None:
    """A good one has one test that passes; --quiet leaves notes out."""
    written(boards / "dts/noted.dts", NOTED)
    done = each(boards, "dts", "--format", "junit")
    assert done.returncode == 1
    assert suites(done) == [
        ("dts/a.dts", ["scmigen"], 0),
        ("dts/noted.dts", ["scmigen.provider-disabled"], 0),
        ("dts/sub/b.dts", ["scmigen.dts-reference"], 1),
        ("dts/sub/c.dts", ["scmigen"], 0),
    ]
    assert "&amp;none { };" in done.stdout  # the line of the source
    quiet = suites(each(boards, "dts", "--format", "junit", "-q"))
    assert quiet[1] == ("dts/noted.dts", ["scmigen"], 0)
    written(boards / "scmigen.toml", "[board.'the one']\nsource = 'dts/a.dts'\n")
    done = scmigen("check", "--board", "the one", "--format", "junit", cwd=boards)
    assert suites(done) == [("the one", ["scmigen"], 0)]


def suites(done: Done) -> list[tuple[str, list[str], int]]:
    """Name, classes of tests, and number of failures of each suite."""
    return [
        (suite.attrib["name"], [case.attrib["classname"] for case in suite],
         int(suite.attrib["failures"]))
        for suite in ElementTree.fromstring(done.stdout.encode("ascii"))
    ]  # fmt: skip


def test_a_board_in_place_of_an_overlay(boards: Path) -> None:
    done = scmigen("check", "dts/a.dts", "dts/sub/c.dts", cwd=boards)
    assert done.returncode == 1
    assert "see scmigen check --each" in done.stdout


def test_a_file_that_is_not_there_is_an_error_of_that_board(boards: Path) -> None:
    done = each(boards, "dts/a.dts", "no.dts")
    assert done.returncode == 1
    assert "no.dts: error[file-unreadable]" in done.stdout


def test_all_boards_of_a_project_are_checked(boards: Path) -> None:
    text = "[board.good]\nsource = 'dts/a.dts'\n[board.'bad one']\nsource = 'dts/sub/b.dts'\n"
    written(boards / "scmigen.toml", text)
    done = process("check", cwd=boards)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "bad one: 1 error"
    assert done.stderr == "2 boards: 1 ok, 1 with errors\n"


def test_only_moved_numbers_make_exit_status_3(boards: Path) -> None:
    """As for one board: numbers of the server description beat the lock."""
    fixed = HEAD + (
        'cc: cc { compatible = "a,cc"; #clock-cells = <1>; };\n'
        'scmi { compatible = "optee,scmi-server"; #address-cells = <1>; #size-cells = <0>;\n'
        ' agent@1 { compatible = "linaro,scmi-optee"; reg = <1>; scmi-channel-id = <0>;\n'
        "  #address-cells = <1>; #size-cells = <0>;\n"
        "  protocol@14 { reg = <0x14>; clocks { #address-cells = <1>; #size-cells = <0>;\n"
        '   clock@%d { reg = <%d>; domain-name = "c"; clocks = <&cc 3>; }; }; }; }; };\n};\n'
    )
    board = written(boards / "x.dts", fixed % (3, 3))
    assert scmigen("build", board, "-q", "--ids", "x.ids", "-o", "o", cwd=boards).returncode == 0
    written(board, fixed % (4, 4))
    text = "[board.x]\nsource='x.dts'\nlock='x.ids'\n[board.good]\nsource='dts/a.dts'\n"
    written(boards / "scmigen.toml", text)
    assert scmigen("check", "--board", "x", cwd=boards).returncode == 3
    assert process("check", cwd=boards).returncode == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--each", "dts/sub/b.dts", "--ids", "x"], "not with --each"),
        (["--each", "empty"], "no .dts file is below empty"),
        (["--each", "dts/a.dts", "-j", "0"], "0 is not in the range"),
    ],
)
def test_wrong_usage(boards: Path, arguments: list[str], message: str) -> None:
    (boards / "empty").mkdir()
    done = scmigen("check", *arguments, cwd=boards)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(boards: Path) -> None:
    """Standard output goes into a pipe, and has what it has without a terminal."""
    terminal, other = pty.openpty()
    command = [sys.executable, "-m", "scmigen", "check", "--each", "dts", "-q"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=other, cwd=boards, env=environment
    ) as running:
        os.close(other)
        out, _ = running.communicate(timeout=60)
    drawn = b""
    try:
        while data := os.read(terminal, 1 << 16):
            drawn += data
    except OSError:  # Linux says so at the end of a terminal
        pass
    os.close(terminal)
    assert b"3/3" in drawn
    assert drawn.endswith(b"3 boards: 2 ok, 1 with errors\r\n")
    assert out.decode() == each(boards, "dts", "-q").stdout


def test_each_needs_paths(tmp_path: Path) -> None:
    """Also where the project file has a lock file, of which nobody said anything here."""
    (tmp_path / "scmigen.toml").write_text('board = "board.dts"\nlock = "board.ids"\n')
    done = each(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--each needs paths" in done.stderr
