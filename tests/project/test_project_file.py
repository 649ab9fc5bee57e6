"""A project file read: what is right, and every wrong key and value at its place."""

import os
import tomllib
from pathlib import Path
from random import Random

import pytest
from support import marked, written
from text_damage import damaged_file

from scmigen import InputError
from scmigen.project.file import MAX_LINE, MAX_SIZE, read_project
from scmigen.project.positions import Positions

WHOLE = """\
[defaults]
include = ["include", "../more"]
define = ["A", "B=2"]

[board.evk]
source = "boards/evk.dts"
overlays = ["a.dtso", "b.dtso"]
agents = ["agents.yaml"]
trees = {linux = "linux.dtb", "vm 1" = "vm.dts"}
lock = "evk.ids"
numbering = "per-agent"
output = "out/evk"
emit = ["runtime", "headers"]
switches = ["no-rate-twice", "grant-unused"]
errors = ["critical-resource"]

[board.mini]
source = "mini.dtb"
include = []
"""

SOURCE = '[board.b]\nsource = "b.dts"\n'


def wrong(tmp_path: Path, text: str) -> list[tuple[str, str | None, int, int]]:
    """Message, hint, line and column of every error in a project file."""
    path = written(tmp_path / "scmigen.toml", text)
    with pytest.raises(InputError) as caught:
        read_project(path)
    found = caught.value.diagnostics
    assert {(item.id, item.position.file) for item in found if item.position} == {
        ("project-file", str(path))
    }
    return [
        (item.message, item.hint, item.position.line, item.position.column)
        for item in found
        if item.position
    ]


def test_every_key(tmp_path: Path) -> None:
    boards = read_project(written(tmp_path / "scmigen.toml", WHOLE))
    evk = boards["evk"]
    assert list(boards) == ["evk", "mini"]
    assert evk.source == tmp_path / "boards/evk.dts"
    assert evk.overlays == (tmp_path / "a.dtso", tmp_path / "b.dtso")
    assert evk.include == (tmp_path / "include", tmp_path / "../more")
    assert evk.define == ("A", "B=2")
    assert evk.agents == (tmp_path / "agents.yaml",)
    assert evk.trees == {"linux": tmp_path / "linux.dtb", "vm 1": tmp_path / "vm.dts"}
    assert evk.lock == tmp_path / "evk.ids"
    assert evk.numbering == "per-agent"
    assert evk.output == tmp_path / "out/evk"
    assert evk.emit == ("runtime", "headers")
    assert evk.switches == ("no-rate-twice", "grant-unused")
    assert evk.errors == ("critical-resource",)


def test_a_key_of_a_board_replaces_the_default(tmp_path: Path) -> None:
    mini = read_project(written(tmp_path / "scmigen.toml", WHOLE))["mini"]
    assert (mini.include, mini.define) == ((), ("A", "B=2"))
    assert (mini.agents, mini.lock, mini.output, mini.numbering) == ((), None, None, None)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            f"^incldue = []\n{SOURCE}",
            "a project file has no key 'incldue'",
            "one of: board, defaults",
        ),
        (f"^include = []\n{SOURCE}", "a project file has no key 'include'", "below [defaults]"),
        (f"[^bord.x]\n{SOURCE}", "a project file has no key 'bord'", "did you mean board?"),
        ("board = ^3\n", "board must be a table", "[board]"),
        (f"board.x = ^3\n{SOURCE}", "x must be a table", "[board.x]"),
        ('[board.^x]\nlock = "l"\n', "board x needs a source", "source ="),
        (f"{SOURCE}^inlcude = []\n", "board b has no key 'inlcude'", "did you mean include?"),
        (f"{SOURCE}include = ^'a'\n", "include must be a list of paths", 'include = ["…"]'),
        (f"{SOURCE}include = ['a',\n  # b\n  ^3]", "an entry of include must be a path", ""),
        (f"{SOURCE}define = [^''] # empty", "an entry of define must be a string", ""),
        (f"{SOURCE}lock = ^false\n", "lock must be a path", ""),
        (f'{SOURCE}lock = ^"a\\u0000"\n', "lock must be a path", ""),
        (f"{SOURCE}numbering = ^'share'\n", "numbering cannot be 'share'", "did you mean shared?"),
        (f"{SOURCE}emit = ['scp', ^'runtim']\n", "emit cannot be 'runtim'", "runtime"),
        (f"{SOURCE}errors = [^'rate-twise']\n", "errors cannot be 'rate-twise'", "rate-twice"),
        (f"{SOURCE}errors = [^'no-rate-twice']\n", "errors cannot be 'no-rate-twice'", ""),
        (f"{SOURCE}switches = [^'no-rate-twise']", "switches cannot be 'no-rate-twise'", ""),
        (f"{SOURCE}trees = ^['a']\n", "trees must be a table of paths", "trees = {NAME"),
        (f"{SOURCE}trees = {{a = 'x', b = ^1}}\n", "an entry of trees must be a path", ""),
        (f"{SOURCE}[board.b.trees]\na = 'x'\nb = ^1\n", "an entry of trees must be a path", ""),
        (f"{SOURCE}trees.a = ^1.5\n", "an entry of trees must be a path", ""),
        (f"[defaults]\n^lock = 'l'\n{SOURCE}", "lock belongs to one board", "[board.NAME]"),
        (
            f"{SOURCE}lock = 'l'\n[board.c]\nsource='c'\nlock = ^'l'\n",
            "board c has the lock",
            "3:8",
        ),
        (
            f"{SOURCE}output = 'o'\n[board.c]\nsource='c'\noutput = ^'sub/../o'\n",
            "board c has the output",
            "first at",
        ),
        (f"{SOURCE}lock = ^\n", "this is not TOML: Invalid value", ""),
        (f"{SOURCE}lock = 'é' ^x\n", "this is not TOML", ""),
        (f"{SOURCE}source = 'c'^\n", "this is not TOML", ""),
        (f"{SOURCE}lock = [1,^", "this is not TOML", ""),
        (f"{SOURCE}#{'é' * (MAX_LINE - 1)}^éé", f"more than {MAX_LINE} characters", ""),
    ],
)
def test_one_wrong_thing(tmp_path: Path, text: str, message: str, hint: str) -> None:
    plain, where = marked(text, "")
    (found,) = wrong(tmp_path, plain)
    assert message in found[0]
    assert hint in (found[1] or "")
    assert found[2:] == (where.line, where.column)


def test_no_board(tmp_path: Path) -> None:
    hint = 'write [board.NAME], source = "…"'
    for text in ("", "[board]\n"):
        (found,) = wrong(tmp_path, text)
        assert found[:2] == ("a project file needs a board", hint)


def test_all_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "[board.a]\nsorce = 'a'\nemit = ['x', 'y']\n[defaults]\nlock = 1\nnumbering = 2\n"
    places = [(line, column) for _, _, line, column in wrong(tmp_path, text)]
    assert places == [(1, 8), (2, 1), (3, 9), (3, 14), (5, 1), (6, 13)]


def test_an_end_is_put_to_many_errors(tmp_path: Path) -> None:
    text = SOURCE + "".join(f"k{index} = 1\n" for index in range(9000))
    assert len(wrong(tmp_path, text)) == 100


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    (found,) = wrong(tmp_path, f"{SOURCE}{'#' * 99}\n" * (MAX_SIZE // 99))
    assert found[0] == "the file has more than 128 KiB"


@pytest.mark.parametrize("deep", ["[" * 900, "{a = " * 200], ids=["arrays", "tables"])
def test_deep_nesting_is_an_error(tmp_path: Path, deep: str) -> None:
    text = "".join(deep + "\n" for _ in range(20)) if deep[0] == "[" else deep
    assert len(wrong(tmp_path, f"{SOURCE}include = {text}")) == 1


def test_a_long_number_is_an_error(tmp_path: Path) -> None:
    numbers = "9" * 900
    assert len(wrong(tmp_path, f"{SOURCE}lock = {'_'.join([numbers])}\n")) == 1


def test_keys_of_many_parts_take_no_time_and_no_memory(tmp_path: Path) -> None:
    lines = [f"x{index}.{'a.' * 500}b = 1\n" for index in range(30)]
    assert len(wrong(tmp_path, SOURCE + "".join(lines))) == 30


POSITIONS = '''\
# a comment with [x] and "quotes
"one \\"two\\"".'three' . four = """a # no comment
[not a table]
b = 1""" # five
dates = [1979-05-27 07:32:00, 1.5e3, {x = [ 1,
  2 ], "y z" = """ " "" \\""""""}, ]
[ t . 'u v' ]
k = \'\'\'a'b\'\'\'
[[arr]]
k = 1
'''


def test_positions_of_all_that_toml_has() -> None:
    tomllib.loads(POSITIONS)
    found = Positions(POSITIONS, "f")
    keys = {
        ('one "two"',): (2, 1),
        ('one "two"', "three", "four"): (2, 25),
        ("dates",): (5, 1),
        ("dates", 2, "x"): (5, 39),
        ("dates", 2, "y z"): (6, 8),
        ("t",): (7, 3),
        ("t", "u v"): (7, 7),
        ("t", "u v", "k"): (8, 1),
        ("arr",): (9, 3),
        ("arr", "k"): (10, 1),
    }
    assert {way: (found.key(way).line, found.key(way).column) for way in keys} == keys
    values = {
        ('one "two"', "three", "four"): (2, 32),
        ("dates", 0): (5, 10),
        ("dates", 1): (5, 31),
        ("dates", 2, "x", 1): (6, 3),
        ("dates", 2, "y z"): (6, 16),
        ("t", "u v", "k"): (8, 5),
    }
    assert {way: (found.value(way).line, found.value(way).column) for way in values} == values


def test_line_ends_of_other_systems(tmp_path: Path) -> None:
    path = tmp_path / "scmigen.toml"
    path.write_bytes(b"[board.a]\r\nsource = 'a'\r\nlock = 1\r\n")
    with pytest.raises(InputError) as caught:
        read_project(path)
    (found,) = caught.value.diagnostics
    assert str(found.position) == f"{path}:3:8"


def test_damaged_files_end_in_boards_or_in_errors(tmp_path: Path) -> None:
    """Every error is at a place that the file has."""
    # The names of all checks are what takes time.
    text = "".join(
        line for line in WHOLE.splitlines(True) if not line.startswith(("switches", "errors"))
    )
    words = ("board", "defaults", "source", "trees", "runtime", "no-")
    path = tmp_path / "scmigen.toml"
    for case in range(int(os.environ.get("SCMIGEN_FUZZ", "300"))):
        data = damaged_file(Random(case), text, POSITIONS, words)
        path.write_bytes(data)
        lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        try:
            assert read_project(path)
        except InputError as problem:
            for found in problem.diagnostics:
                assert found.position is not None
                line, column = found.position.line, found.position.column
                assert line <= len(lines), case
                assert column <= (len(lines[line - 1]) + 1 if line else 0), case
