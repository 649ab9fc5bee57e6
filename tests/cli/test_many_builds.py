"""``scmigen build`` of the boards of a project file, several at once."""

from pathlib import Path

import pytest
from support import Done, process, scmigen, source, written

CC = 'cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };'
DEVICE = 'd%d { compatible = "acme,d"; clocks = <&cc %d>; };'
COUNT = 5


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Boards with a clock more each; every output lies in that of the board before it."""
    text = ""
    for number in range(COUNT):
        devices = "".join(DEVICE % (cell, 9 - cell) for cell in range(number + 1))
        written(tmp_path / f"{number}.dts", source(CC + devices))
        inside = "/".join(f"out{before}" for before in range(number + 1))
        text += f'[board.b{number}]\nsource = "{number}.dts"\nlock = "{number}.ids"\n'
        text += f'output = "{inside}"\nemit = ["runtime", "headers"]\n'
    written(tmp_path / "scmigen.toml", text)
    return tmp_path


def built(folder: Path, *words: str) -> tuple[Done, dict[str, bytes]]:
    """What a build in an empty folder prints, and the files that it leaves."""
    done = process("build", *words, cwd=folder)
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".dts", ".toml")]
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    for path in files:
        path.unlink()
    return done, found


def test_files_and_words_do_not_depend_on_how_many_run_at_once(project: Path) -> None:
    """Locks of outputs inside others do not get in each other's way, and nothing is swept away."""
    one, files = built(project, "-j", "1")
    many, same = built(project, "-j", "8")
    assert one == many
    assert same == files
    assert many.returncode == 0
    summary = [line for line in many.stdout.splitlines() if line.endswith(" for ospm")]
    assert summary == [f"scmi: {n + 1} clock for ospm" for n in range(COUNT)]
    locks = {name: files[name] for name in files if name.endswith(".ids")}
    assert [text.count(b"\nclock\t") for _, text in sorted(locks.items())] == [1, 2, 3, 4, 5]


def test_boards_keep_to_the_numbers_of_their_lock_files(project: Path) -> None:
    """With the clock of 0.dts first, as it was before, though its cells come last now."""
    assert process("build", "-q", "-j", "3", cwd=project).returncode == 0
    for number in range(COUNT):
        written(project / f"{number}.dts", source(CC + DEVICE % (8, 1) + DEVICE % (0, 9)))
    done = process("build", "-q", "-j", "3", "--locked", cwd=project)
    assert (done.returncode, done.stderr.count("error[lock-outdated]")) == (3, COUNT)
    assert process("build", "-q", "-j", "3", cwd=project).returncode == 0
    for number in range(COUNT):
        (old,) = [
            line for line in (project / f"{number}.ids").read_text().splitlines()
            if "/cc\t9" in line or "/cc 9" in line
        ]  # fmt: skip
        assert old.split("\t")[:2] == ["clock", str(number)]


def test_two_boards_cannot_have_one_lock_file(project: Path) -> None:
    """By no spelling: each would give its numbers to what the other one has."""
    text = (project / "scmigen.toml").read_text()
    written(project / "scmigen.toml", text.replace('"0.ids"', '"./x/../4.ids"'))
    (project / "x").mkdir()
    done = process("build", "-q", "-j", "8", cwd=project)
    assert done.returncode == 1
    assert "has the lock of board b0" in done.stderr


def test_a_board_that_fails_is_told_at_the_end(project: Path) -> None:
    written(project / "1.dts", "nothing")
    done, files = built(project, "-j", "8")
    assert done.returncode == 1
    assert "\n1.dts:1:" in done.stderr
    assert done.stderr.splitlines()[-1] == "board b1 is not built"
    assert done.stdout.count(" for ospm\n") == COUNT - 1
    assert {"0.ids", "2.ids", "4.ids"} <= files.keys()
    assert "1.ids" not in files


@pytest.mark.parametrize("option", [["--depfile", "d"], ["--depfile-target", "x"], ["-o", "o"]])
def test_what_is_of_one_board_needs_its_name(project: Path, option: list[str]) -> None:
    done = scmigen("build", *option, cwd=project)
    assert done.returncode == 2
    assert "name one board of the project file with --board" in done.stderr


def test_a_board_without_an_output_is_told_before_any_is_built(project: Path) -> None:
    with (project / "scmigen.toml").open("a") as file:
        file.write('[board.last]\nsource = "0.dts"\n')
    done, files = built(project)
    assert (done.returncode, files) == (2, {})
    assert "the output directory of last" in done.stderr
