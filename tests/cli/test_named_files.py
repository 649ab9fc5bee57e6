"""Files that a command names are regular ones of bounded size, whatever they are for: a device or a
FIFO is refused before it is read."""

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support import SOC, scmigen

from scmigen.cli.main import cli

BOARD = f"/dts-v1/; / {{ #address-cells = <1>; #size-cells = <0>; {SOC} }};\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "board.dts").write_text(BOARD)
    (tmp_path / "trace").write_text("")
    os.mkfifo(tmp_path / "fifo")
    os.mkfifo(tmp_path / "fifo.dts")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 1 << 34)
    return tmp_path


@pytest.mark.parametrize("file", ["/dev/zero", "fifo", "huge", ".", "missing"])
@pytest.mark.parametrize(
    "command",
    [
        ("check", "@"),
        ("check", "board.dts", "@"),
        ("check", "board.dts", "-a", "@"),
        ("check", "board.dts", "--tree", "a=@"),
        ("check", "board.dts", "--against", "@"),
        ("diff", "@", "board.dts"),
        ("client", "unix:nowhere", "replay", "@"),
        ("convert", "@", "out.dtb"),
    ],
    ids=lambda words: " ".join(words),
)
def test_it_is_refused(command: tuple[str, ...], file: str, folder: Path) -> None:
    done = scmigen(*(word.replace("@", file) for word in command), cwd=folder)
    assert done.returncode in (1, 2)
    said = done.stdout + done.stderr
    assert file in said
    assert "internal error" not in said


def drained(path: str) -> bool:
    """Whether a file of the kernel can be read, and now has nothing that has not been read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        while os.read(file, 1 << 16):
            pass
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


@pytest.mark.parametrize(
    "lines", ['/include/ "@"', '/ { a = /incbin/("@"); };', "/ { };"], ids=["source", "bytes", "-a"]
)
def test_a_file_of_the_kernel_that_would_be_waited_for(lines: str, folder: Path) -> None:
    file = "/proc/kmsg" if drained("/proc/kmsg") else "fifo"
    (folder / "board.dts").write_text(f"/dts-v1/;\n{lines}\n".replace("@", file))
    done = scmigen("check", "board.dts", "-a", file, cwd=folder)
    assert done.returncode == 1
    assert file in done.stdout
    assert file == "fifo" or "is not a regular file" in done.stdout


@pytest.mark.parametrize("file", ["/dev/zero", "fifo", "huge", "."])
def test_a_lock_file_is_one_too(file: str, folder: Path) -> None:
    done = scmigen("build", "board.dts", "-o", "out", "--ids", file, cwd=folder)
    assert done.returncode == 1
    assert file in done.stderr
    assert not (folder / "out").exists()


#: The words of a command, with a board where it takes one.
WORDS = {
    "build": ["-o", "out", "board.dts"],
    "check": ["board.dts"],
    "show": ["resources", "board.dts"],
    "why": ["ospm", "clock:0", "board.dts"],
    "diff": ["board.dts", "board.dts"],
    "convert": ["board.dts", "out.dtb"],
}
LONG = "a" * 5000


def lines(command: str) -> Iterator[list[str]]:
    """The command with one file after the other replaced by a name that is too long."""
    words = WORDS[command]
    for at, word in enumerate(words):
        if "." in word:
            yield [*words[:at], LONG, *words[at + 1 :]]
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    for item in found.params:
        if isinstance(item, click.Option) and isinstance(item.type, click.Path):
            yield [item.opts[-1], LONG, *words]
        if "--tree" in item.opts:
            yield ["--tree", f"a={LONG}", *words]
        if "--each" in item.opts:
            yield ["--each", LONG]


@pytest.mark.parametrize("command", WORDS)
def test_a_name_that_is_too_long_is_told(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for line in lines(command):
        result = CliRunner().invoke(cli, [command, *line])
        assert result.exception is None or isinstance(result.exception, SystemExit), line
        assert result.exit_code in (0, 1, 2), line
        assert result.exit_code != 1 or "File name too long" in result.output, line


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("check", "bord.dts"), "did you mean board.dts?"),
        (("check", "board.dts", "-a", "bord.dts"), "did you mean board.dts?"),
        (("check", "board.dts", "--tree", "a=bord.dts"), "did you mean board.dts?"),
        (("check", "nowhere/board.dts"), "there is no folder nowhere"),
        (("check", "quite-different"), None),
    ],
)
def test_a_missing_file_hints_at_its_neighbours(
    folder: Path, words: tuple[str, ...], hint: str | None
) -> None:
    done = scmigen(*words, cwd=folder)
    assert done.returncode == 1
    assert "No such file or directory" in done.stdout
    assert ("hint:" in done.stdout) is (hint is not None)
    assert hint is None or f"hint: {hint}" in done.stdout


def test_a_folder_to_search_that_does_not_exist_is_a_warning(folder: Path) -> None:
    (folder / "include").mkdir()
    done = scmigen("check", "board.dts", "-I", "inclde", "-I", "include", cwd=folder)
    assert done.returncode == 0
    assert "inclde: warning[file-unreadable]: there is no such folder" in done.stdout
    assert "did you mean include?" in done.stdout
    assert done.stdout.count("warning[file-unreadable]") == 1


def test_a_project_file_that_names_a_missing_file_is_named(folder: Path) -> None:
    (folder / "scmigen.toml").write_text(
        '[board.a]\nsource = "board.dts"\ninclude = ["none"]\nagents = [\n  "who.yaml"]\n'
    )
    done = scmigen("check", cwd=folder)
    assert done.returncode == 1
    told = done.stdout
    assert "who.yaml: error[file-unreadable]: No such file or directory" in told
    assert "named here (scmigen.toml:5:3)" in told
    assert "named here (scmigen.toml:3:12)" in told


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("check", "board.dts", "--format", "jsno"), "json"),
        (("diff", "board.dts", "board.dts", "--fail-on", "gian"), "gain"),
        (("schema", "agent"), "agents"),
        (("show", "agnts", "board.dts"), "agents"),
        (("build", "board.dts", "--numbering", "per-agnt"), "per-agent"),
    ],
)
def test_a_misspelt_word_hints_at_the_right_one(
    folder: Path, words: tuple[str, ...], meant: str
) -> None:
    done = scmigen(*words, cwd=folder)
    assert done.returncode == 2
    assert f"; did you mean {meant}?" in done.stderr
