"""--locked: numbers come from the lock file, or nothing is made; a lock file not there is told."""

import json
from pathlib import Path

import pytest
from support import SOC, Done, scmigen, source

import scmigen as library

UART = 'uart@{0}000 {{ compatible = "acme,uart"; reg = <0x{0}000>; clocks = <&cc {0}>; }};'


def board(folder: Path, *uarts: int) -> Path:
    body = "#address-cells = <1>; #size-cells = <0>;" + SOC
    body += "".join(map(UART.format, uarts))
    path = folder / "board.dts"
    path.write_text(source(body))
    return path


def run(folder: Path, command: str, *options: str, ids: str = "ids") -> Done:
    output = ("-o", "out", "--emit", "runtime") if command == "build" else ()
    return scmigen(command, "board.dts", *output, "--ids", ids, *options, cwd=folder)


@pytest.mark.parametrize("command", ["build", "check"])
def test_with_the_numbers_of_the_lock_all_is_well(tmp_path: Path, command: str) -> None:
    board(tmp_path, 5, 7)
    run(tmp_path, "build")
    lock = (tmp_path / "ids").read_bytes()
    board(tmp_path, 5)  # a number that is reserved changes nothing
    done = run(tmp_path, command, "--locked")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ids").read_bytes() == lock


@pytest.mark.parametrize("command", ["build", "check"])
def test_what_is_new_is_status_3_and_nothing_is_written(tmp_path: Path, command: str) -> None:
    board(tmp_path, 5)
    run(tmp_path, "build", "--stamp", "stamp")
    board(tmp_path, 5, 7)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    stamp = ("--stamp", "stamp") if command == "build" else ()
    done = run(tmp_path, command, "--locked", *stamp)
    assert done.returncode == 3
    told = done.stderr + done.stdout
    assert "ids: error[lock-outdated]: the lock file would change: 2 lines" in told
    assert "  + clock 1 uart-7000 /clock-controller@1000 7\n" in told
    assert "  + device 1 uart-7000 /uart@7000\n" in told
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_lock_of_another_order_is_not_written(tmp_path: Path) -> None:
    board(tmp_path, 5, 7)
    run(tmp_path, "build")
    lines = (tmp_path / "ids").read_text().splitlines()
    lines[3:5] = reversed(lines[3:5])
    other = "\r\n".join(lines).encode()
    (tmp_path / "ids").write_bytes(other)
    assert run(tmp_path, "build", "--locked").returncode == 0
    assert (tmp_path / "ids").read_bytes() == other


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_lock_that_does_not_exist_is_an_error_with_locked(tmp_path: Path, command: str) -> None:
    board(tmp_path, 5)
    done = run(tmp_path, command, "--locked", ids="typo/ids")
    assert done.returncode == 1
    assert "typo/ids: error[lock-missing]: " in done.stderr + done.stdout
    assert "hint: build without --locked makes it: " in done.stderr + done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["board.dts"]


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_lock_that_does_not_exist_is_a_note_otherwise(tmp_path: Path, command: str) -> None:
    board(tmp_path, 5)
    done = run(tmp_path, command)
    assert done.returncode == 0
    assert "ids: note[lock-missing]: " in done.stderr + done.stdout
    assert "hint: build makes it: commit it; else correct the name\n" in done.stderr + done.stdout
    assert run(tmp_path, command, "-W", "no-lock-missing", ids="2").stderr == ""


def test_an_empty_lock_file_is_there(tmp_path: Path) -> None:
    board(tmp_path, 5)
    (tmp_path / "ids").touch()
    done = run(tmp_path, "check", "--locked")
    assert done.returncode == 3
    assert "lock-missing" not in done.stdout


def test_another_error_is_status_1(tmp_path: Path) -> None:
    path = board(tmp_path, 5)
    run(tmp_path, "build")
    path.write_text(board(tmp_path, 5, 7).read_text().replace("<&cc 5>", "<&cc>"))
    done = run(tmp_path, "check", "--locked")
    assert "lock-outdated" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("options", [("--locked",), ("--locked", "--ids", "i", "--repack")])
def test_what_cannot_be_asked_together_is_wrong_usage(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert scmigen("check", board(tmp_path, 5), *options).returncode == 2


def test_numbers_of_agents_are_locked_too(tmp_path: Path) -> None:
    board(tmp_path, 5)
    run(tmp_path, "build")
    done = run(tmp_path, "check", "--locked", "--numbering", "per-agent", "--format", "json")
    assert done.returncode == 3
    (found,) = (item for item in json.loads(done.stdout) if item["id"] == "lock-outdated")
    assert found["related"][0]["message"] == "+ agent ospm clock 0 /clock-controller@1000 5"


def test_the_library_has_the_same(tmp_path: Path) -> None:
    path = board(tmp_path, 5)
    (found,) = library.check(path, lock=tmp_path / "ids", locked=True)
    assert found.id == "lock-missing"
    (found,) = library.check(path, lock=library.Text("ids", ""), locked=True)
    assert found.id == "lock-outdated"
