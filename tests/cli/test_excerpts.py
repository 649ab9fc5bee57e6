"""Below a finding of a check are the line of the source and a caret, where these can be read."""

import json
import os
import time
from pathlib import Path

import pytest
from support import scmigen, written

BOARD = """/dts-v1/;
/ {
	cc: cc { compatible = "acme,cc"; reg = <0>; #clock-cells = <1>; };
	a { compatible = "acme,a"; clocks = <&cc 1>, <99 2>; };
};
"""
LINE = '\ta { compatible = "acme,a"; clocks = <&cc 1>, <99 2>; };'
CARET = "\t" + " " * LINE[1:].index("99") + "^"


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return written(tmp_path / "board.dts", BOARD)


def test_the_caret_is_below_the_entry(board: Path) -> None:
    head, line, caret, *_ = scmigen("check", board).stdout.splitlines()
    assert head.startswith(f"{board}:4:{LINE.index('99') + 1}: error[phandle-dangling]")
    assert (line, caret) == (f"    {LINE}", f"    {CARET}")
    (item,) = json.loads(scmigen("check", board, "--format", "json").stdout)
    assert item["excerpt"] == f"{LINE}\n{CARET}"


def test_a_line_of_the_agents_file(board: Path, tmp_path: Path) -> None:
    line = '  vm: {id: 2, access: [{dev: "&gone"}]}'
    text = f"domains:\n  linux: {{id: 1, default: true}}\n{line}\n"
    done = scmigen("check", board, "-a", written(tmp_path / "agents.yaml", text))
    caret = " " * line.index('"&gone') + "^"
    assert f"\n    {line}\n    {caret}\n" in done.stdout


def test_a_file_that_came_after_the_command_is_not_read(board: Path) -> None:
    os.utime(board, (time.time() + 60,) * 2)
    done = scmigen("check", board)
    assert "error[phandle-dangling]" in done.stdout
    assert "compatible" not in done.stdout


CONTENTS = {"short": b"one\n", "narrow": b"1\n2\n3\n4\n", "binary": b"\xff" * 9}


@pytest.mark.parametrize("other", ["fifo", "folder", "absent", *CONTENTS])
def test_what_does_not_have_the_line_shows_none(tmp_path: Path, other: str) -> None:
    """A line marker may name anything."""
    named = tmp_path / "named.dts"
    if other == "fifo":
        os.mkfifo(named)
    elif other == "folder":
        named.mkdir()
    elif other != "absent":
        named.write_bytes(
            {"short": b"one\n", "narrow": b"1\n2\n3\n4\n", "binary": b"\xff" * 9}[other]
        )
    text = BOARD.replace("/dts-v1/;\n", f'/dts-v1/;\n# 2 "{named}"\n')
    done = scmigen("check", written(tmp_path / "board.dts", text))
    assert f"{named}:4:" in done.stdout
    assert "^" not in done.stdout


def test_a_long_hostile_line_is_cut_and_escaped(tmp_path: Path) -> None:
    hostile = BOARD.replace("clocks", "/*" + " x" * 100_000 + " \x1b \u202e */ clocks")
    done = scmigen("check", written(tmp_path / "board.dts", hostile))
    assert not set(done.stdout) & {"\x1b", "\u202e"}
    line = next(line for line in done.stdout.splitlines() if "<99 2>" in line)
    assert len(line) <= 104


def test_a_blob_has_no_lines(board: Path, tmp_path: Path) -> None:
    blob = tmp_path / "board.dtb"
    assert scmigen("convert", board, blob).returncode == 0
    done = scmigen("check", blob)
    assert "error[phandle-dangling]" in done.stdout
    assert "^" not in done.stdout
