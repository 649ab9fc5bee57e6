"""``-I NAME=DIR``: the include directories of one agent's tree, or of the server's board."""

from pathlib import Path

import pytest
from support import scmigen, written

BOARD = """/dts-v1/;
#include "board.h"
/ { #address-cells = <1>; #size-cells = <1>; compatible = "acme,board";
	cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 0x1000>;
		#clock-cells = <1>; };
	uart@2000 { compatible = "acme,uart"; reg = <0x2000 0x1000>; clocks = <&cc CLOCK>; };
};
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two kernels, whose headers number the clock otherwise."""
    for name in ("one", "two", "vm2=x"):
        (tmp_path / name).mkdir()
    written(tmp_path / "one/board.h", "#define CLOCK 3\n")
    written(tmp_path / "two/board.h", "#define CLOCK 5\n")
    written(tmp_path / "board.dts", BOARD)
    written(tmp_path / "vm1.dts", BOARD)
    return tmp_path


def resources(folder: Path, *include: str) -> str:
    words = ("show", "resources", "board.dts", "--tree", "vm1=vm1.dts")
    done = scmigen(*words, *(w for each in include for w in ("-I", each)), cwd=folder)
    return done.stdout + done.stderr


def test_the_tree_of_an_agent_has_its_own_instead_of_the_others(folder: Path) -> None:
    both = resources(folder, "one")
    assert "tree-differs" not in both
    apart = resources(folder, "one", "vm1=two")
    assert both != apart
    assert "5" in apart


def test_a_name_that_is_no_tree_is_part_of_a_path(folder: Path) -> None:
    written(folder / "vm2=x/board.h", "#define CLOCK 3\n")
    done = scmigen("check", "board.dts", "-I", "vm2=x", cwd=folder)
    assert done.returncode == 0


def test_the_board_of_a_server_has_its_own(folder: Path) -> None:
    server = ("--against", "vm1.dts")
    same = scmigen("check", "board.dts", "-I", "one", *server, cwd=folder)
    assert "id-unserved" not in same.stdout
    other = scmigen("check", "board.dts", "-I", "one", "-I", "against=two", *server, cwd=folder)
    assert other.stdout != same.stdout


def test_a_folder_of_one_tree_that_is_not_there_is_told(folder: Path) -> None:
    done = scmigen(
        *("check", "board.dts", "-I", "one", "--tree", "vm1=vm1.dts", "-I", "vm1=three"),
        cwd=folder,
    )
    assert "three: warning[file-unreadable]" in done.stdout
